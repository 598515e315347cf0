// SPDX-License-Identifier: Apache-2.0
// fuzz: a header tells the same in every cut, within its bounds.
#include "fuzz/input.h"
#include "mail/header.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
using gatepost::mail::HeaderScanner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t piece = input.octet() % 32U + 1;
  const std::uint32_t limit = input.octet() * 4U;
  std::string_view text = input.rest();
  HeaderScanner whole(limit);
  whole.feed(text);
  whole.finish();
  HeaderScanner cut(limit);
  while (!text.empty()) {
    const std::string part = gatepost::fuzz::copy(text.substr(0, piece));
    cut.feed(part);
    text.remove_prefix(part.size());
  }
  cut.finish();
  must(whole.received() == cut.received());
  must(whole.too_large() == cut.too_large());
  must(whole.message_id() == cut.message_id());
  must(whole.delivered_to() == cut.delivered_to());
  must(whole.message_id().size() <= HeaderScanner::kMostValue + 1);
  must(whole.delivered_to().size() <= HeaderScanner::kMostDeliveredTo);
  must(whole.message_id().find('\n') == std::string::npos);
  return 0;
}
