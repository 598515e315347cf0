// SPDX-License-Identifier: Apache-2.0
// app: the parts of screening, put together.
#include "app/screening.h"

#include <utility>

namespace gatepost::app {
namespace {

constexpr Stamp kSweepEvery = 10;

}  // namespace

Screening::Screening(const Parts& parts)
    : store_(parts.state),
      memory_(&store_),
      lists_(parts.tasks, parts.deadlines, parts.dns, parts.floor.log),
      screener_({parts.floor, parts.tasks, parts.floor.dns, &lists_, memory_, parts.let_in,
                 parts.expected}),
      floor_(parts.floor),
      tasks_(parts.tasks),
      identities_(*parts.floor.dns, parts.floor.clocks) {}

void Screening::configure(const config::Settings& settings,
                          std::shared_ptr<const server::Profile> profile) {
  front::ListInquiry::Settings lists;
  if (settings.postscreen_enable && !settings.smtp_listen.empty()) {
    lists.sites = settings.postscreen_dnsbl_sites;
  }
  lists.guard.daily_limit = settings.dnsbl_daily_query_limit;
  lists.guard.slow = settings.postscreen_greet_wait;
  lists.timeout = settings.postscreen_dnsbl_timeout;
  lists_.configure(std::move(lists));
  const auto seconds = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
  };
  retention_ = seconds(settings.postscreen_cache_retention_time);
  cleanup_interval_ = seconds(settings.postscreen_cache_cleanup_interval);
  profile_ = profile;
  screener_.configure(std::move(profile));
  floor_.identities = settings.greylist_identity == "spf" ? &identities_ : nullptr;
}

log::ScreenGauge Screening::gauge() const {
  log::ScreenGauge out;
  out.on = profile_ && profile_->screened;
  out.under_test = screener_.under_test();
  out.stressed = screener_.stressed();
  out.clients = store_.known();
  const screen::Guard& guard = lists_.guard();
  const Instant now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < guard.sites().size(); ++i) {
    const screen::Guard::Status status = guard.status(i, now);
    out.lists.push_back({std::string(status.zone), status.fault, status.questions, status.hits,
                         status.failures, status.state == screen::Guard::State::Muted});
  }
  return out;
}

void Screening::tick(Stamp now) {
  if (!is_sane(now) || (now >= swept_ && now < swept_ + kSweepEvery)) return;
  swept_ = now;
  if (store_.wants_to_learn()) tasks_.spawn("known clients", store_.learn());
  const bool begin =
      cleanup_interval_ > 0 && (now < cleaned_ || now - cleaned_ >= cleanup_interval_);
  if (begin) {
    cleaned_ = now;
    memory_.forget_older(now - retention_);
  }
  store_.sweep(now - retention_, begin);
}

}  // namespace gatepost::app
