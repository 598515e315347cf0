// SPDX-License-Identifier: Apache-2.0
// fuzz: rows of postgrey's databases: bounded, and what comes of one is one again.
#include "fuzz/input.h"
#include "greylist/postgrey_row.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
namespace greylist = gatepost::greylist;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string text = gatepost::fuzz::copy(input.rest());
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view key = std::string_view(text).substr(0, end);
  const std::string_view value = std::string_view(text).substr(std::min(end + 1, text.size()));
  const auto row = greylist::read_postgrey_row({}, 300, key, value);
  if (!row) return 0;
  must(row->key.net.size() <= 64 && row->key.client.size() <= 64);
  must(row->key.sender.size() + row->key.recipient.size() <= 1024);
  if (!row->triplet) return 0;
  must(!row->key.recipient.empty() && row->triplet->first >= 0);
  return 0;
}
