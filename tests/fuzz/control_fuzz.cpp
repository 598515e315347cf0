// SPDX-License-Identifier: Apache-2.0
// tests: the readers of the control socket: the daemon's of requests, the client's of answers.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "control/protocol.h"

using namespace gatepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto request = control::parse_request(octets)) {
    // What was understood is said again in one way only, and understood the same.
    const auto again = control::parse_request(control::format_request(*request));
    GP_ASSERT(again && *again == *request);
  } else {
    const std::string refusal =
        control::format_refusal(control::exits::kUsage, request.error().detail);
    GP_ASSERT(refusal.size() < 2 * limits::kControlLine);
    GP_ASSERT(refusal.find('\n') == refusal.size() - 1);
    GP_ASSERT(control::read_answer(refusal).code == control::exits::kUsage);
  }
  const control::Answer answer = control::read_answer(octets);
  GP_ASSERT(answer.code >= 0 && answer.code <= 255);
  GP_ASSERT(answer.text.size() <= size || size == 0);
  return 0;
}
