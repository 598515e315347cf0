// SPDX-License-Identifier: Apache-2.0
// tests: time zones as POSIX writes them.
#include "log/zone_rule.h"

#include <cstdlib>
#include <ctime>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::log;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

namespace {

// NOLINTBEGIN(concurrency-mt-unsafe): tests have one thread
/// libc's answers while it lives.
class LibcZone {
 public:
  explicit LibcZone(const std::string& zone) {
    ::setenv("TZ", zone.c_str(), 1);
    ::tzset();
  }
  ~LibcZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  LibcZone(const LibcZone&) = delete;
  LibcZone& operator=(const LibcZone&) = delete;

  [[nodiscard]] static seconds at(sys_seconds when) {
    const std::time_t second = when.time_since_epoch().count();
    std::tm local{};
    ::localtime_r(&second, &local);
    return seconds{local.tm_gmtoff};
  }
};
// NOLINTEND(concurrency-mt-unsafe)

seconds offset(const char* rule, sys_seconds when) {
  const auto parsed = parse_zone_rule(rule);
  REQUIRE(parsed);
  return offset_at(*parsed, when);
}

}  // namespace

TEST_CASE("summer time begins and ends at the second", "[log]") {
  constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";
  const sys_seconds begins = sys_days{year{2026} / 3 / 29} + std::chrono::hours{1};
  const sys_seconds ends = sys_days{year{2026} / 10 / 25} + std::chrono::hours{1};
  CHECK(offset(kBerlin, begins - seconds{1}) == std::chrono::hours{1});
  CHECK(offset(kBerlin, begins) == std::chrono::hours{2});
  CHECK(offset(kBerlin, ends - seconds{1}) == std::chrono::hours{2});
  CHECK(offset(kBerlin, ends) == std::chrono::hours{1});
}

TEST_CASE("rules mean what libc takes them for", "[log]") {
  for (const char* rule :
       {"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30", "UTC0",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "NZST-12NZDT,M9.5.0,M4.1.0/3",
        "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "IST-2IDT,M3.4.4/26,M10.5.0", "AAA3BBB,J60,J300",
        "AAA3BBB,59,299/1:30:15", "AAA-3:20:10BBB-4:30,J2/0,J365/3",
        "<-04>4<-03>,M9.1.6/24,M4.1.6/24", "EET-2EEST,M3.5.0/3,M10.5.0/4"}) {
    const LibcZone libc(rule);
    const auto parsed = parse_zone_rule(rule);
    REQUIRE(parsed);
    // A step that meets every hour of the day in turn.
    std::size_t wrong = 0;
    for (sys_seconds at = sys_days{year{1971} / 1 / 1}; at < sys_days{year{2071} / 1 / 1};
         at += seconds{3 * 3600 + 61}) {
      if (offset_at(*parsed, at) != LibcZone::at(at)) ++wrong;
    }
    INFO(rule);
    CHECK(wrong == 0);
  }
}

TEST_CASE("summer time without days is that of the United States", "[log]") {
  const sys_seconds begins = sys_days{year{2026} / 3 / 8} + std::chrono::hours{7};
  const sys_seconds ends = sys_days{year{2026} / 11 / 1} + std::chrono::hours{6};
  CHECK(offset("AAA5BBB", begins - seconds{1}) == -std::chrono::hours{5});
  CHECK(offset("AAA5BBB", begins) == -std::chrono::hours{4});
  CHECK(offset("AAA5BBB", ends - seconds{1}) == -std::chrono::hours{4});
  CHECK(offset("AAA5BBB", ends) == -std::chrono::hours{5});
}

TEST_CASE("a year of local time begins when it begins there", "[log]") {
  // Half past eight in the evening of the day before, by UTC: libc waits for midnight.
  constexpr const char* kEast = "AAA-3:30BBB-4:30,J1/0,J180";
  const sys_seconds begins = sys_days{year{2025} / 12 / 31} + std::chrono::minutes{20 * 60 + 30};
  CHECK(offset(kEast, begins - seconds{1}) == std::chrono::minutes{210});
  CHECK(offset(kEast, begins) == std::chrono::minutes{270});
}

TEST_CASE("summer time may last all the year", "[log]") {
  // RFC 9636 section 3.3.2: it begins at the moment it ends.
  constexpr const char* kAlways = "XXX3EDT4,0/0,J365/23";
  for (sys_seconds at = sys_days{year{2023} / 1 / 1}; at < sys_days{year{2029} / 1 / 1};
       at += std::chrono::hours{1}) {
    if (offset(kAlways, at) != -std::chrono::hours{4}) FAIL(at.time_since_epoch().count());
  }
}

TEST_CASE("no moment is too far away", "[log]") {
  constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";
  CHECK(offset(kBerlin, sys_seconds::max()) == std::chrono::hours{1});
  CHECK(offset(kBerlin, sys_seconds::min()) == std::chrono::hours{1});
}

TEST_CASE("what is no rule is refused", "[log]") {
  for (const char* text : {"",
                           "C",
                           "CE-1",
                           "CET",
                           "CET-",
                           "CET-25",
                           "CET-1:60",
                           "CET-1 ",
                           "<CET-1",
                           "<>1",
                           "<a b>1",
                           "Europe/Berlin",
                           "CET-1CE",
                           "CET-1CEST,",
                           "CET-1CEST,M3.5.0",
                           "CET-1CEST,M3.5.0,",
                           "CET-1CEST,M0.5.0,M10.5.0",
                           "CET-1CEST,M13.5.0,M10.5.0",
                           "CET-1CEST,M3.6.0,M10.5.0",
                           "CET-1CEST,M3.5.7,M10.5.0",
                           "CET-1CEST,M3.5,M10.5.0",
                           "CET-1CEST,J0,J1",
                           "CET-1CEST,J366,J1",
                           "CET-1CEST,366,1",
                           "CET-1CEST,M3.5.0/168,M10.5.0",
                           "CET-1CEST,M3.5.0/,M10.5.0",
                           "CET-1CEST,M3.5.0,M10.5.0x",
                           "CET-1CEST,M3.5.0,M10.5.0,",
                           "CET-99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_zone_rule(text));
  }
}
