// SPDX-License-Identifier: Apache-2.0
// tests: time zones: files of the tz database, and rules as POSIX writes them.
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "input.h"
#include "log/zone.h"

using namespace gatepost;
using namespace gatepost::log;
using fuzz::must;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

constexpr seconds kDay{26 * 3600};

template <class Zone>
void ask(const Zone& zone) {
  for (const std::int64_t second :
       {INT64_MIN, std::int64_t{-62'167'219'200}, std::int64_t{-1}, std::int64_t{1'772'323'200},
        std::int64_t{1'790'000'000}, std::int64_t{253'402'300'800}, INT64_MAX}) {
    const seconds offset = offset_at(zone, sys_seconds{seconds{second}});
    must(offset < kDay && offset > -kDay);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::copy(fuzz::Input(data, size).rest());
  if (const auto rule = parse_zone_rule(text)) ask(*rule);
  if (const auto zone = parse_zone_file(text)) {
    // Five octets each in version 1, nine in the others.
    must(zone->changes.size() * 5 < size);
    ask(*zone);
  }
  return 0;
}
