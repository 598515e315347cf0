// SPDX-License-Identifier: Apache-2.0
// screen: the tests of one connection: which are to be done, failed, passed, and what follows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "screen/record.h"
#include "screen/settings.h"

namespace gatepost::screen {

/// Keeps the books of postscreen's tests for one connection (README of screening, A1.2 and A1.3).
/// Knows no clock and no socket.
class Trial {
 public:
  /// `settings` outlives it. `known`: what is remembered of the client. `may_earn`: it speaks to an
  /// address at which clients earn passes (postscreen_allowlist_interfaces).
  Trial(const Settings& settings, const Record& known, bool may_earn, Seconds now);

  /// The test is on, and the client has no pass for it.
  [[nodiscard]] bool is_due(Test test) const { return due_[index_of(test)]; }
  [[nodiscard]] bool is_due(When when) const;
  /// To be watched for: due, or on because an early test failed, which makes better logs.
  [[nodiscard]] bool is_watched(Test test) const;
  /// There are tests, and all were passed before: PASS OLD, nothing to do.
  [[nodiscard]] bool is_known() const { return known_; }

  /// The client failed. What follows from the test's action, Ignore included; nothing when it
  /// failed this test before.
  std::optional<Action> fail(Test test);
  /// On postscreen_access_list with a reject.
  Action fail_denylist();
  /// Passed until `until`. A failure of any test takes it back.
  void pass(Test test, Seconds until);
  /// The deep tests that are due and were not failed are passed: the client reached RCPT.
  void pass_deep(Seconds now);
  /// Lists vouch for it: every test counts as passed until `until`, those that are off as well, and
  /// no phase has any to do.
  void vouch(Seconds until);

  /// Some failure has to be enforced: recipients are refused.
  [[nodiscard]] bool is_refused() const { return refusals_ > 0; }
  /// The test whose reply recipients get, the last that was failed; nothing for the denylist and
  /// where none is refused.
  [[nodiscard]] std::optional<Test> refused_for() const { return refused_for_; }
  /// It is on DNS lists, and nothing else is held against it.
  [[nodiscard]] bool is_only_listed() const {
    return refusals_ == 1 && refused_for_ == Test::Dnsbl;
  }
  [[nodiscard]] bool may_earn() const { return may_earn_; }

  struct Outcome {
    enum class Pass { None, Old, New };
    Pass pass = Pass::None;        ///< All tests that were due are passed now.
    std::optional<Record> record;  ///< What is to be remembered; nothing: as it was.
  };
  /// What to remember. May be asked again after more happened.
  [[nodiscard]] Outcome conclude() const;

 private:
  const Settings& settings_;
  Record known_record_;
  std::array<bool, kTestCount> due_{};
  std::array<bool, kTestCount> failed_{};
  std::array<Seconds, kTestCount> passed_{};  // Until when; 0: not in this session.
  std::optional<Test> refused_for_;
  bool may_earn_;
  bool known_ = false;
  bool new_ = false;
  std::uint8_t refusals_ = 0;  // Failures that are enforced.
  bool early_failure_ = false;
  bool vouched_ = false;
};

}  // namespace gatepost::screen
