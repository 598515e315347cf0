// SPDX-License-Identifier: Apache-2.0
// app: what the owner allows and expects has its length, whatever the clock does.
#include "app/owner_words.h"

#include <memory>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "unit/storage/doubles.h"
#include "unit/storage/house.h"

using namespace gatepost;
using namespace gatepost::app;
using control::Verb;

namespace {

namespace test = gatepost::storage::test;

constexpr Stamp kNow = kEarliest + 86'400;
constexpr Stamp kAhead = 365 * 86'400;

struct Hands final : server::Clocks {
  [[nodiscard]] Instant instant() const override { return Instant(); }
  [[nodiscard]] Moment moment() const override { return test::at_second(now); }
  [[nodiscard]] int utc_offset_minutes(Moment) const override { return 0; }
  Stamp now = kNow + kAhead;
};

struct Place {
  Place() { open(); }
  void open() {
    words.reset();
    state = std::make_unique<state::StateStore>(loop, *files, scratch.path(), Instant());
    words = std::make_unique<OwnerWords>(*state, clocks);
    test::run_task(loop, words->load());
  }
  void stop() { state->stop(clocks.moment(), Instant()); }
  void tell(Verb verb, std::vector<std::string> arguments) {
    CHECK(words->perform({verb, false, std::move(arguments)}, View{}));
  }
  void tell_all() {
    tell(Verb::AllowAdd, {"192.0.2.1", "for", "1h"});
    tell(Verb::AllowAdd, {"192.0.2.2"});
    tell(Verb::Expect, {"1h"});
  }
  /// How many last at a time after kNow: allowed, and expected.
  [[nodiscard]] std::pair<std::size_t, std::size_t> at(Stamp after) {
    clocks.now = kNow + after;
    words->tick();
    return {words->let_in().entries().size(), words->expected().entries().size()};
  }

  Hands clocks;
  test::Scratch scratch;
  std::unique_ptr<storage::Files> files = storage::make_system_files();
  asio::io_context loop{1};
  std::unique_ptr<state::StateStore> state;
  std::unique_ptr<OwnerWords> words;
};

using Counts = std::pair<std::size_t, std::size_t>;

}  // namespace

TEST_CASE("a clock that is set back leaves what the owner said its length", "[app][state]") {
  Place place;
  place.tell_all();
  place.words->mend(kAhead);
  CHECK(place.at(3599) == Counts(2, 1));
  CHECK(place.at(3600) == Counts(1, 0));
}

TEST_CASE("a clock that is right again after a restart leaves what the owner said its length",
          "[app][state]") {
  Place place;
  place.tell_all();
  place.stop();
  place.clocks.now = kNow;
  place.open();
  CHECK(place.at(3599) == Counts(2, 1));
  place.stop();
  // It is mended once.
  place.open();
  CHECK(place.at(3599) == Counts(2, 1));
  CHECK(place.at(3600) == Counts(1, 0));
}
