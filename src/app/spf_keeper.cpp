// SPDX-License-Identifier: Apache-2.0
// app: the networks that SPF records of chosen domains name, kept fresh while the service runs.
#include "app/spf_keeper.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/human.h"
#include "control/json.h"
#include "log/events.h"
#include "server/spf_questions.h"
#include "spf/walk.h"
#include "system/read_file.h"
#include "system/write_file.h"

namespace gatepost::app {
namespace {

constexpr std::size_t kMostFile = std::size_t{16} * 1024 * 1024;

spf::HostBits host_bits_of(std::string_view word) {
  if (word == "fix") return spf::HostBits::Fix;
  return word == "keep" ? spf::HostBits::Keep : spf::HostBits::Remove;
}

/// What the asker of `walk` wants to see.
struct WalkWish {
  bool table = false;
  std::string_view action = "permit";
  std::vector<std::string> domains;
};

std::optional<WalkWish> read_wish(const std::vector<std::string>& words) {
  WalkWish out;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "format=cidr") {
      out.table = true;
    } else if (word == "action=reject") {
      out.action = "reject";
    } else if (word.find('=') != word.npos) {
      if (word != "action=permit") return {};
    } else {
      out.domains.push_back(word);
    }
  }
  if (out.domains.empty()) return {};
  return out;
}

std::string format_walk(const WalkWish& wish,
                        const spf::NetworkSet& found,
                        const std::vector<std::string>& notes,
                        bool json) {
  std::string out;
  if (!json) {
    for (const std::string& note : notes) append_format(out, "# {}\n", note);
    if (wish.table) {
      spf::append_table(out, found, wish.action);
      return out;
    }
  }
  for (const auto& one : found.networks()) {
    const std::string network = spf::format_network(one.network);
    if (!json) {
      append_format(out, "{}\n", network);
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "network", network);
    document.put(root, "from", found.sources()[one.source]);
    out += document.write(root);
  }
  for (std::size_t i = 0; json && i < notes.size(); ++i) {
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "note", notes[i]);
    out += document.write(root);
  }
  return out;
}

}  // namespace

SpfKeeper::SpfKeeper(const Parts& parts)
    : dns_(parts.dns), floor_(parts.floor), clerk_(parts.clerk), tasks_(parts.tasks) {
  lists_[0].action = "permit";
  lists_[0].file_name = "/spf_allowlist.cidr";
  lists_[1].action = "reject";
  lists_[1].file_name = "/spf_blocklist.cidr";
  for (Kept& kept : lists_) {
    kept.written = std::make_shared<storage::Guarded<std::uint64_t>>(0U);
  }
}

void SpfKeeper::open(const config::Settings& settings) {
  set_up(settings);
  for (Kept& kept : lists_) {
    kept.path = settings.state_directory + std::string(kept.file_name);
    if (kept.list.mailers().empty()) continue;
    const auto text = system::read_file(kept.path, kMostFile);
    // Without the file all is walked anew; a broken one is told before it is written over.
    if (!text) continue;
    const Result<void> restored = kept.list.restore(*text);
    if (!restored) {
      floor_.log.emit(log::SpfListNote{kept.path + ": " + restored.error().detail});
    }
  }
  wake();
}

void SpfKeeper::configure(const config::Settings& settings) {
  set_up(settings);
  for (Kept& kept : lists_) {
    if (!kept.path.empty() && kept.changed) keep(kept);
  }
  wake();
}

void SpfKeeper::set_up(const config::Settings& settings) {
  limits_.host_bits = host_bits_of(settings.spf_invalid_networks);
  spf::Allowlist::Settings times;
  times.keep = settings.spf_keep_time;
  times.least = settings.spf_refresh_time;
  const std::array domains{&settings.spf_allowlist_domains, &settings.spf_blocklist_domains};
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    const std::size_t before = lists_[i].list.networks();
    lists_[i].list.configure(times);
    lists_[i].list.set_domains(*domains[i]);
    // The file serves others too: what was struck off has to leave it.
    lists_[i].changed = lists_[i].list.networks() != before;
  }
}

void SpfKeeper::stop() {
  stopped_ = true;
  again_.reset();
}

void SpfKeeper::time_is_up() {
  again_->spent();
  again_.reset();
  wake();
}

void SpfKeeper::wake() {
  if (walking_ || stopped_) return;
  if (find_due() != nullptr) {
    walking_ = true;
    tasks_.spawn("spf walk", walk_due());
  } else {
    wait();
  }
}

void SpfKeeper::wait() {
  again_.reset();
  std::optional<Moment> next;
  for (const Kept& kept : lists_) {
    const auto own = kept.list.next();
    if (own && (!next || *own < *next)) next = own;
  }
  if (!next || stopped_) return;
  // The calendar may be set back or forth: looked at again each hour at the latest.
  constexpr Duration kLeast = std::chrono::seconds(1);
  constexpr Duration kMost = std::chrono::hours(1);
  const auto left = std::chrono::duration_cast<Duration>(*next - floor_.clocks.moment());
  const Instant until = floor_.clocks.instant() + std::clamp(left, kLeast, kMost);
  net::Waiter& waiter = *this;
  again_.emplace(floor_.deadlines, until, waiter);
}

SpfKeeper::Kept* SpfKeeper::find_due() {
  const Moment now = floor_.clocks.moment();
  for (Kept& kept : lists_) {
    if (kept.list.due(now) != nullptr) return &kept;
  }
  return nullptr;
}

Task<void> SpfKeeper::walk_due() {
  while (!stopped_) {
    Kept* const kept = find_due();
    if (kept == nullptr) break;
    const std::string domain = kept->list.due(floor_.clocks.moment())->domain;
    spf::Walk machine(domain, limits_);
    co_await server::put_questions(dns_, machine, stopped_);
    if (stopped_) break;
    const auto taken = kept->list.take(domain, std::move(machine.result()), floor_.clocks.moment());
    if (!taken.told.empty()) floor_.log.emit(log::SpfListNote{taken.told});
    kept->changed = kept->changed || taken.changed;
  }
  walking_ = false;
  for (Kept& kept : lists_) {
    if (kept.changed) keep(kept);
  }
  wait();
}

void SpfKeeper::keep(Kept& kept) {
  kept.changed = false;
  // The clerk has many threads: what is older must not come last.
  clerk_.leave([path = kept.path, text = kept.list.text(kept.action), written = kept.written,
                state = ++kept.state] {
    written->with([&](std::uint64_t& newest) {
      if (state <= newest) return;
      newest = state;
      // What could not be written is walked again after a restart.
      [[maybe_unused]] const Result<void> done = system::write_file(path, text);
    });
  });
}

Task<Result<std::string>> SpfKeeper::perform(std::vector<std::string> words, bool json) {
  if (words.size() == 1 && words[0] == "list") co_return list(json);
  if (words.size() == 2 && words[0] == "why") co_return why(words[1], json);
  if (words.size() == 1 && words[0] == "refresh") {
    std::size_t count = 0;
    for (Kept& kept : lists_) {
      kept.list.hurry();
      count += kept.list.mailers().size();
    }
    wake();
    co_return format("{} walked now", control::format_count(count, "domain is", "domains are"));
  }
  if (words.size() > 1 && words[0] == "walk") {
    Result<std::string> found = co_await walk(std::move(words), json);
    co_return found;
  }
  co_return Error{Cause::Permanent,
                  "expected: spf list, spf refresh, spf why ADDRESS, or spf walk [format=cidr] "
                  "[action=reject] DOMAIN ...",
                  EINVAL};
}

Task<Result<std::string>> SpfKeeper::walk(std::vector<std::string> words, bool json) {
  const auto wish = read_wish(words);
  if (!wish) co_return Error{Cause::Permanent, "spf walk: no such wish", EINVAL};
  spf::NetworkSet found;
  std::vector<std::string> notes;
  std::string fault;
  for (const std::string& domain : wish->domains) {
    spf::Walk machine(domain, limits_);
    co_await server::put_questions(dns_, machine, stopped_);
    if (stopped_) co_return Error{Cause::Temporary, "the service is stopping"};
    spf::WalkResult& result = machine.result();
    found.add_all(result.networks);
    notes.insert(notes.end(), result.notes.begin(), result.notes.end());
    if (fault.empty()) fault = result.fault;
  }
  if (found.size() == 0) co_return Error{Cause::Permanent, std::move(fault), ESRCH};
  found.settle();
  co_return format_walk(*wish, found, notes, json);
}

std::string SpfKeeper::list(bool json) const {
  std::string out;
  for (const Kept& kept : lists_) {
    for (const spf::Allowlist::Mailer& one : kept.list.mailers()) {
      const bool good = one.taken != Moment{};
      if (!json) {
        append_format(out, "{} {}: {}", kept.action, one.domain,
                      control::format_count(one.networks.size(), "network", "networks"));
        if (good) append_format(out, ", as of {}", control::format_utc(one.taken));
        if (!one.fault.empty()) append_format(out, "; the last walk failed: {}", one.fault);
        out += '\n';
        continue;
      }
      control::JsonDocument document;
      const auto root = document.object();
      document.put(root, "domain", one.domain);
      document.put(root, "action", kept.action);
      document.put(root, "networks", std::uint64_t{one.networks.size()});
      if (good) document.put(root, "taken", control::format_utc(one.taken));
      if (!one.fault.empty()) document.put(root, "fault", one.fault);
      const auto notes = document.array();
      for (const std::string& note : one.notes) document.append(notes, note);
      document.put(root, "notes", notes);
      out += document.write(root);
    }
  }
  return out.empty() && !json ? "no domains are listed\n" : out;
}

Result<std::string> SpfKeeper::why(const std::string& word, bool json) const {
  const auto address = IpAddress::parse(word);
  if (!address) {
    return Error{Cause::Permanent, "no address: " + printable(word, limits::kLogText), EINVAL};
  }
  for (const Kept& kept : lists_) {
    const auto found = kept.list.find(*address);
    if (!found) continue;
    const std::string network = spf::format_network(found->network);
    if (!json) return format("{} {} {}\n", kept.action, network, found->chain);
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "address", address->text());
    document.put(root, "action", kept.action);
    document.put(root, "network", network);
    document.put(root, "from", found->chain);
    return document.write(root);
  }
  return Error{Cause::Permanent, address->text() + " is in no network of a listed domain", ESRCH};
}

}  // namespace gatepost::app
