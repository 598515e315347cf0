// SPDX-License-Identifier: Apache-2.0
// screen: the tests of one connection: which are to be done, failed, passed, and what follows.
#include "screen/trial.h"

#include <algorithm>
#include <utility>

namespace gatepost::screen {
namespace {

Seconds seconds(Duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

/// A deep failure that is ignored is not looked for again before some other result expires.
Seconds shortest_ttl(const Settings& settings) {
  Seconds out = seconds(settings.dnsbl_min_ttl);
  for (const TestRow& row : kTests) {
    if (row.test != Test::Dnsbl) out = std::min(out, seconds(settings.of(row.test).ttl));
  }
  return out;
}

}  // namespace

Trial::Trial(const Settings& settings, const Record& known, bool may_earn, Seconds now)
    : settings_(settings), known_record_(known), may_earn_(may_earn) {
  bool any_due = false;
  for (const TestRow& row : kTests) {
    const TestSettings& test = settings.of(row.test);
    Seconds& until = known_record_.of(row.test);
    // A clock that fell back does not make a pass last longer.
    const Seconds ttl = seconds(row.test == Test::Dnsbl ? settings.dnsbl_max_ttl : test.ttl);
    if (until > now + ttl) until = now + ttl;
    if (!test.enabled) continue;
    const bool due = until <= now;
    due_[index_of(row.test)] = due;
    known_ = true;
    any_due = any_due || due;
    new_ = new_ || until == Record::kNever;
  }
  known_ = known_ && !any_due;
}

bool Trial::is_due(When when) const {
  return !vouched_ && std::any_of(kTests.begin(), kTests.end(), [this, when](const TestRow& row) {
    return row.when == when && is_due(row.test);
  });
}

bool Trial::is_watched(Test test) const {
  return is_due(test) || (early_failure_ && kTests[index_of(test)].when == When::After);
}

std::optional<Action> Trial::fail(Test test) {
  if (std::exchange(failed_[index_of(test)], true)) return std::nullopt;
  const Action action = settings_.of(test).action;
  if (action == Action::Ignore) return action;
  early_failure_ = early_failure_ || kTests[index_of(test)].when == When::Before;
  refused_for_ = test;
  ++refusals_;
  return action;
}

Action Trial::fail_denylist() {
  if (settings_.denylist_action != Action::Ignore) {
    ++refusals_;
    early_failure_ = true;
  }
  return settings_.denylist_action;
}

void Trial::pass(Test test, Seconds until) {
  if (!failed_[index_of(test)]) passed_[index_of(test)] = until;
}

void Trial::pass_deep(Seconds now) {
  for (const TestRow& row : kTests) {
    if (row.when != When::After || !is_due(row.test)) continue;
    const bool ignored = failed_[index_of(row.test)];
    const Seconds ttl = ignored ? shortest_ttl(settings_) : seconds(settings_.of(row.test).ttl);
    passed_[index_of(row.test)] = now + ttl;
  }
}

void Trial::vouch(Seconds until) {
  vouched_ = true;
  for (Seconds& one : passed_) one = std::max(one, until);
}

Trial::Outcome Trial::conclude() const {
  Outcome out;
  if (known_ && !is_refused()) return out;
  Record record = known_record_;
  bool all = true;
  bool any = false;
  for (const TestRow& row : kTests) {
    const std::size_t i = index_of(row.test);
    if (passed_[i] > 0 && !is_refused() && may_earn_) {
      record.until[i] = passed_[i];
      any = true;
    } else {
      all = all && !due_[i];
      // What is remembered of a test that is off tells later that the client is not new.
      if (!settings_.of(row.test).enabled && record.until[i] == Record::kNever) {
        record.until[i] = Record::kDisabled;
      }
    }
  }
  if (is_refused()) {
    // Who fails begins anew, with the tests it had passed before as well.
    for (Seconds& one : record.until) one = Record::kNever;
    if (known_record_ != Record{}) out.record = record;
    return out;
  }
  if (any) out.record = record;
  if (all && any) out.pass = new_ ? Outcome::Pass::New : Outcome::Pass::Old;
  return out;
}

}  // namespace gatepost::screen
