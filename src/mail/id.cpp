// SPDX-License-Identifier: Apache-2.0
// mail: queue ids.
#include "mail/id.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/format.h"

namespace gatepost::mail {

std::string IdMaker::next(Moment now) {
  constexpr std::uint64_t kMillion = 1'000'000;
  last_ = std::max(now, last_ + std::chrono::microseconds(1));
  const auto stamp = static_cast<std::uint64_t>(last_.time_since_epoch().count());
  // Seconds keep 8 digits until 2106.
  return format("{:05X}{:08X}", stamp % kMillion, (stamp / kMillion) & 0xFFFFFFFFU);
}

}  // namespace gatepost::mail
