// SPDX-License-Identifier: Apache-2.0
#include "screen/trial.h"

#include <catch2/catch_test_macros.hpp>

#include "screen/stress.h"

using namespace gatepost;
using screen::Action;
using screen::Record;
using screen::Test;
using screen::Trial;
using screen::When;

namespace {

constexpr screen::Seconds kNow = 1'790'000'000;
constexpr screen::Seconds kDay = 86'400;

screen::Settings settings(Action action = Action::Enforce) {
  screen::Settings out;
  for (const screen::TestRow& row : screen::kTests) {
    auto& test = out.tests[index_of(row.test)];
    test = {true, action, Duration(1000 * (row.when == When::After ? 30 * kDay : kDay))};
  }
  return out;
}

void pass_all(Trial& trial) {
  trial.pass(Test::Pregreet, kNow + kDay);
  trial.pass(Test::Dnsbl, kNow + 3600);
  trial.pass_deep(kNow);
}

}  // namespace

TEST_CASE("who passes all tests is new once, known while they last, and old after", "[screen]") {
  const screen::Settings all = settings();
  Trial first(all, {}, true, kNow);
  CHECK(first.is_due(Test::Pregreet));
  CHECK_FALSE(first.is_known());
  CHECK(first.conclude().pass == Trial::Outcome::Pass::None);
  pass_all(first);
  const auto outcome = first.conclude();
  CHECK(outcome.pass == Trial::Outcome::Pass::New);
  REQUIRE(outcome.record);
  CHECK(outcome.record->passes(all, kNow + 3599));
  Trial known(all, *outcome.record, true, kNow + 10);
  CHECK(known.is_known());
  CHECK_FALSE(known.conclude().record);

  // Only what has expired is done again.
  Trial later(all, *outcome.record, true, kNow + 3600);
  CHECK(later.is_due(Test::Dnsbl));
  CHECK_FALSE(later.is_due(Test::Pregreet));
  CHECK_FALSE(later.is_due(When::After));
  later.pass(Test::Dnsbl, kNow + 7200);
  CHECK(later.conclude().pass == Trial::Outcome::Pass::Old);
  CHECK(later.conclude().record->of(Test::Pregreet) == kNow + kDay);
  CHECK_FALSE(outcome.record->is_stale(all, kNow + 30 * kDay));
  CHECK(outcome.record->is_stale(all, kNow + 38 * kDay));
}

TEST_CASE("a failure that is enforced refuses, and takes every pass back", "[screen]") {
  const screen::Settings all = settings();
  Record before;
  before.until.fill(kNow + 60);
  before.of(Test::Dnsbl) = kNow;
  Trial trial(all, before, true, kNow);
  CHECK(trial.fail(Test::Dnsbl) == Action::Enforce);
  CHECK_FALSE(trial.fail(Test::Dnsbl));
  CHECK(trial.is_refused());
  CHECK(trial.refused_for() == Test::Dnsbl);
  CHECK(trial.is_only_listed());
  // Deep tests that were passed are looked at again, for the log.
  CHECK(trial.is_watched(Test::Pipelining));
  CHECK(trial.fail(Test::Pipelining) == Action::Enforce);
  // What recipients are told is about the last of them.
  CHECK(trial.refused_for() == Test::Pipelining);
  CHECK_FALSE(trial.is_only_listed());
  CHECK(trial.conclude().record == Record{});
  CHECK(trial.conclude().pass == Trial::Outcome::Pass::None);

  Trial deep(all, {}, true, kNow);
  pass_all(deep);
  CHECK(deep.conclude().pass == Trial::Outcome::Pass::New);
  deep.fail(Test::BareNewline);
  CHECK(deep.conclude().pass == Trial::Outcome::Pass::None);
}

TEST_CASE("an early failure that is ignored is no pass, a deep one is a short pass", "[screen]") {
  const screen::Settings all = settings(Action::Ignore);
  Trial trial(all, {}, true, kNow);
  CHECK(trial.fail(Test::Pregreet) == Action::Ignore);
  trial.pass(Test::Pregreet, kNow + kDay);
  trial.pass(Test::Dnsbl, kNow + 3600);
  CHECK(trial.fail(Test::NonSmtp) == Action::Ignore);
  CHECK_FALSE(trial.is_refused());
  trial.pass_deep(kNow);
  const auto outcome = trial.conclude();
  CHECK(outcome.pass == Trial::Outcome::Pass::None);
  REQUIRE(outcome.record);
  CHECK(outcome.record->of(Test::Pregreet) == Record::kNever);
  // postscreen_dnsbl_min_ttl is the shortest.
  CHECK(outcome.record->of(Test::NonSmtp) == kNow + 60);
  CHECK(outcome.record->of(Test::Pipelining) == kNow + 30 * kDay);
}

TEST_CASE("at an address where no pass is earned nobody is remembered", "[screen]") {
  const screen::Settings all = settings();
  Trial trial(all, {}, false, kNow);
  pass_all(trial);
  CHECK_FALSE(trial.conclude().record);
  CHECK(trial.conclude().pass == Trial::Outcome::Pass::None);
}

TEST_CASE("who is vouched for passes tests that are off, too", "[screen]") {
  screen::Settings some = settings();
  some.tests[index_of(Test::Pipelining)].enabled = false;
  Trial trial(some, {}, true, kNow);
  trial.vouch(kNow + 600);
  CHECK_FALSE(trial.is_due(When::After));
  const auto outcome = trial.conclude();
  CHECK(outcome.pass == Trial::Outcome::Pass::New);
  CHECK(outcome.record->of(Test::Pipelining) == kNow + 600);
}

TEST_CASE("a test that was off when the client passed does not make it new", "[screen]") {
  screen::Settings some = settings();
  some.tests[index_of(Test::Pipelining)].enabled = false;
  Trial first(some, {}, true, kNow);
  pass_all(first);
  CHECK(first.conclude().record->of(Test::Pipelining) == Record::kDisabled);
  const screen::Settings all = settings();
  Trial second(all, *first.conclude().record, true, kNow + 1);
  CHECK(second.is_due(Test::Pipelining));
  second.pass_deep(kNow + 1);
  CHECK(second.conclude().pass == Trial::Outcome::Pass::Old);
}

TEST_CASE("a clock that fell back does not lengthen a pass", "[screen]") {
  const screen::Settings all = settings();
  Record far;
  far.until.fill(kNow + 54 * 365 * kDay);
  Trial trial(all, far, true, kNow);
  CHECK(trial.is_known());
  far = Record{};
  far.of(Test::Pregreet) = kNow + 400 * kDay;
  Trial other(all, far, true, kNow);
  other.pass(Test::Dnsbl, kNow + 60);
  CHECK(other.conclude().record->of(Test::Pregreet) == kNow + kDay);
}

TEST_CASE("records are text as in postscreen's cache", "[screen]") {
  Record record;
  record.until = {1'700'000'000, 1, 0, 1'700'000'001, 5};
  CHECK(record.text() == "1700000000;1;0;1700000001;5");
  CHECK(Record::parse(record.text()) == record);
  CHECK(Record::parse("7;8")->of(Test::Pipelining) == Record::kDisabled);
  for (const char* bad : {"", ";", "1;2;3;4;5;6", "1;x", "-1", "1;2;", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(Record::parse(bad));
  }
}

TEST_CASE("stress begins at 90 % and ends at 70 %", "[screen]") {
  screen::Stress stress;
  CHECK_FALSE(stress.update(89, 100));
  CHECK(stress.update(90, 100) == true);
  CHECK_FALSE(stress.update(71, 100));
  CHECK(stress.update(70, 100) == false);
  CHECK_FALSE(stress.update(1'000'000, 0));
  // The limit is taken away meanwhile.
  CHECK(stress.update(90, 100) == true);
  CHECK(stress.update(90, 0) == false);
}

TEST_CASE("without tests nobody has passed them", "[screen]") {
  screen::Settings none = settings();
  for (auto& test : none.tests) test.enabled = false;
  Trial trial(none, {}, true, kNow);
  CHECK_FALSE(trial.is_known());
  CHECK_FALSE(trial.is_due(When::Before));
  CHECK(trial.conclude().pass == Trial::Outcome::Pass::None);
  CHECK_FALSE(trial.conclude().record);
}
