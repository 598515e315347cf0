// SPDX-License-Identifier: Apache-2.0
// server: the books of bans and the rows of them, whatever the clock does.
#include "server/warden.h"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "support/server_doubles.h"
#include "unit/storage/doubles.h"
#include "unit/storage/house.h"

using namespace gatepost;

namespace {

namespace disk = gatepost::storage::test;

constexpr Stamp kNow = kEarliest + 86'400;

struct Hands final : server::Clocks {
  [[nodiscard]] Instant instant() const override { return Instant(); }
  [[nodiscard]] Moment moment() const override { return disk::at_second(now); }
  [[nodiscard]] int utc_offset_minutes(Moment) const override { return 0; }
  Stamp now = kNow;
};

struct Place {
  std::size_t rows() {
    const auto content = disk::run_task(loop, rows_of.load());
    REQUIRE(content);
    return content->bans.size();
  }

  Hands clocks;
  disk::Scratch scratch;
  std::unique_ptr<storage::Files> files = storage::make_system_files();
  asio::io_context loop{1};
  std::vector<std::string> lines;
  test::StoppedClock clock;
  log::Counters counters;
  log::Log log{{}, std::make_unique<test::Lines>(lines), clock, counters};
  state::StateStore state{loop, *files, scratch.path(), Instant()};
  state::BanStore rows_of{state};
  server::Warden warden{state, log, clocks};
};

}  // namespace

TEST_CASE("bans that are forgotten go from the file, also after the clock was ahead", "[bans]") {
  Place place;
  place.clocks.now = kNow + 365 * 86'400;
  place.warden.tick();
  place.clocks.now = kNow;
  place.warden.mend();
  place.warden.ledger().add(*Network::parse("192.0.2.1/32"), 60, "", kNow);
  place.warden.write_anew();
  CHECK(place.rows() == 1);
  place.clocks.now = kNow + 3 * 86'400;
  place.warden.tick();
  CHECK(place.rows() == 0);
}
