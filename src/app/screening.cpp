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
      screener_({parts.floor, parts.tasks, &parts.dns, &lists_, memory_}),
      floor_(parts.floor),
      identities_(parts.dns, parts.floor.clocks) {}

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
  retention_ =
      std::chrono::duration_cast<std::chrono::seconds>(settings.postscreen_cache_retention_time)
          .count();
  screener_.configure(std::move(profile));
  floor_.identities = settings.greylist_identity == "spf" ? &identities_ : nullptr;
}

void Screening::tick(Stamp now) {
  if (!is_sane(now) || now < swept_ + kSweepEvery) return;
  swept_ = now;
  store_.sweep(now - retention_);
}

}  // namespace gatepost::app
