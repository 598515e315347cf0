// SPDX-License-Identifier: Apache-2.0
// app: bans as a file that the packet filter is fed with.
#include "app/ban_export.h"

#include <utility>
#include <vector>

#include "log/events.h"
#include "system/read_file.h"
#include "system/write_file.h"

namespace gatepost::app {
namespace {

/// As many bans as the ledger holds are a quarter of it.
constexpr std::size_t kMostScript = 4 * 1024 * 1024;

}  // namespace

void BanExport::open() {
  const auto script = system::read_file(path_, kMostScript);
  if (script) firewall_ = bans::Firewall::of_script(*script);
}

void BanExport::configure(const bans::Firewall& firewall, Duration interval) {
  interval_ = std::chrono::duration_cast<std::chrono::seconds>(interval).count();
  if (firewall == firewall_) return;
  due_ = true;
  // Nobody would end the bans in the old sets.
  if (firewall_.is_set()) left_ = firewall_;
  firewall_ = firewall;
}

void BanExport::tick() {
  due_ = parts_.warden.take_changed() || due_;
  if ((!firewall_.is_set() && !left_.is_set()) || !due_ || writing_) return;
  const Stamp now = parts_.warden.now();
  const bool early = now >= written_ && now < written_ + interval_;
  if (early) return;
  written_ = now;
  due_ = false;
  writing_ = true;
  std::vector<bans::Ban> bans;
  for (bans::Ban& ban : parts_.warden.ledger().list(now)) {
    // Sets hold no exceptions. One of ban_exceptions inside a wider network is the owner's rule to
    // make; for who is let in while the service runs the ban is left to the service.
    const server::Warden& warden = parts_.warden;
    if (warden.has_let_in(ban.network) || warden.is_exempt(ban.network.address)) continue;
    bans.push_back(std::move(ban));
  }
  std::string text;
  if (firewall_.is_set()) text = bans::format_nft(firewall_, bans, now);
  if (left_.is_set() && left_ != firewall_) text += bans::format_nft(left_, {}, now);
  parts_.tasks.spawn("bans.nft", write(std::move(text), !firewall_.is_set()));
}

Task<void> BanExport::write(std::string text, bool last) {
  auto job = [path = path_, text = std::move(text)] { return system::write_file(path, text); };
  const Result<void> done = co_await parts_.clerk.run(std::move(job));
  writing_ = false;
  if (done) {
    failed_ = false;
    if (last) left_ = {};
    co_return;
  }
  // It is tried again after the interval.
  due_ = true;
  if (!std::exchange(failed_, true)) parts_.log.emit(log::StateProblem{done.error().detail});
}

}  // namespace gatepost::app
