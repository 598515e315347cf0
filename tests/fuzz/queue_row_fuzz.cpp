// SPDX-License-Identifier: Apache-2.0
// fuzz: what the queue reads back from its index and its files.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "queue/record.h"

using namespace gatepost::queue;

/// The input as a record, and as the end of a file. What is read is written and read again:
/// there is one form for an item.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto item = parse_record(input)) {
    const std::string written = format_record(*item);
    if (input[0] == written[0] && written != input) std::abort();
    // An earlier version becomes the present one, and stays what it then is.
    const auto again = parse_record(written);
    if (!again || format_record(*again) != written) std::abort();
  }
  if (input.size() < kFooterOctets) return 0;
  const auto end = input.substr(input.size() - kFooterOctets);
  const auto footer = parse_footer(end, input.size());
  if (!footer) return 0;
  const auto record = input.substr(footer->text_octets, footer->record_octets);
  if (const auto item = parse_trailer(*footer, record)) {
    const std::string written = format_trailer(*item);
    const bool present = record[0] == written[0];
    if (present && written != input.substr(footer->text_octets)) std::abort();
  }
  return 0;
}
