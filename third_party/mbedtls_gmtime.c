// SPDX-License-Identifier: Apache-2.0
// third_party: the calendar day of a moment, for mbedTLS. libc's gmtime_r() brings its reader of time zones with it, and
// scanf() with that (decision 0021).
#include <stdint.h>
#include <time.h>

#include "mbedtls/platform_util.h"

// Moments outside the years 0 to 9999 have no calendar day: certificates know no others (RFC 5280 section 4.1.2.5).
static const int64_t first_moment = -62167219200;
static const int64_t last_moment = 253402300799;

// Days are counted from 1 March of the year 0, so that a leap day is the last of its year. 400 years are 146097 days.
struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *when, struct tm *out) {
  const int64_t moment = (int64_t) *when;
  if (moment < first_moment || moment > last_moment) return NULL;
  const uint64_t seconds = (uint64_t) (moment - first_moment);
  const uint32_t clock = (uint32_t) (seconds % 86400);
  // 1 January of the year 0 lies 306 days behind the 1 March of the year before; a whole period keeps that positive.
  const uint32_t day = (uint32_t) (seconds / 86400) + 146097 - 60;
  const uint32_t in_period = day % 146097;
  const uint32_t year_of_period = (in_period - in_period / 1460 + in_period / 36524 - in_period / 146096) / 365;
  const uint32_t in_year = in_period - (365 * year_of_period + year_of_period / 4 - year_of_period / 100);
  const uint32_t march_month = (5 * in_year + 2) / 153;
  const uint32_t month = march_month < 10 ? march_month + 2 : march_month - 10;
  const uint32_t year = day / 146097 * 400 + year_of_period - 400 + (month < 2);
  const uint32_t leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  *out = (struct tm){
      .tm_sec = (int) (clock % 60),
      .tm_min = (int) (clock / 60 % 60),
      .tm_hour = (int) (clock / 3600),
      .tm_mday = (int) (in_year - (153 * march_month + 2) / 5 + 1),
      .tm_mon = (int) month,
      .tm_year = (int) year - 1900,
      .tm_wday = (int) ((seconds / 86400 + 6) % 7),
      .tm_yday = (int) (month < 2 ? in_year - 306 : in_year + 59 + leap),
  };
  return out;
}
