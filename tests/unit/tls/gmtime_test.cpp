// SPDX-License-Identifier: Apache-2.0
// tests: the calendar mbedTLS reads the validity of certificates by.
#include <array>
#include <cstdint>
#include <ctime>

#include <catch2/catch_test_macros.hpp>
#include <mbedtls/platform_util.h>

TEST_CASE("the calendar of certificates is libc's", "[tls]") {
  constexpr std::int64_t kFirst = -62'167'219'200;
  constexpr std::int64_t kLast = 253'402'300'799;
  std::size_t wrong = 0;
  // A step of a day and some, so that every day of a leap year is met.
  for (std::int64_t at = kFirst; at <= kLast; at += 86'400 + 997) {
    const std::time_t second = at;
    std::tm ours{};
    std::tm theirs{};
    if (::mbedtls_platform_gmtime_r(&second, &ours) == nullptr) ++wrong;
    ::gmtime_r(&second, &theirs);
    const auto fields = [](const std::tm& tm) {
      return std::array{tm.tm_sec, tm.tm_min,  tm.tm_hour, tm.tm_mday,
                        tm.tm_mon, tm.tm_year, tm.tm_wday, tm.tm_yday};
    };
    if (fields(ours) != fields(theirs)) ++wrong;
  }
  CHECK(wrong == 0);
  std::tm out{};
  for (const std::int64_t at : {kFirst - 1, kLast + 1, INT64_MIN, INT64_MAX}) {
    const std::time_t second = at;
    CHECK(::mbedtls_platform_gmtime_r(&second, &out) == nullptr);
  }
}
