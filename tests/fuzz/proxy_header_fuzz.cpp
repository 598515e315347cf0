// SPDX-License-Identifier: Apache-2.0
// fuzz: what a proxy says first: bounded, never read past its end, and the same however it is cut.
#include <algorithm>

#include "fuzz/input.h"
#include "smtp/proxy_header.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
namespace smtp = gatepost::smtp;

namespace {

struct End {
  std::size_t octets = 0;
  bool whole = false;
  bool proxied = false;
  bool wrong = false;
};

/// Takes what is missing, `step` octets at most at a time.
End read(std::string_view text, std::size_t step) {
  End out;
  for (;;) {
    const smtp::ProxyReading reading = smtp::read_proxy_header(text.substr(0, out.octets));
    must(out.octets <= smtp::kProxyHeader);
    must(reading.missing == 0 || (reading.fault.empty() && !reading.ends));
    if (reading.missing == 0) {
      out.whole = reading.fault.empty();
      out.proxied = reading.ends.has_value();
      out.wrong = !out.whole;
      return out;
    }
    must(out.octets + reading.missing <= smtp::kProxyHeader);
    const std::size_t left = text.size() - out.octets;
    if (left == 0) return out;
    out.octets += std::min({reading.missing, step, left});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string text = gatepost::fuzz::copy(input.rest());
  const End by_ones = read(text, 1);
  const End at_once = read(text, smtp::kProxyHeader);
  must(by_ones.whole == at_once.whole && by_ones.proxied == at_once.proxied);
  must(by_ones.wrong == at_once.wrong);
  // The header that was read ends at the same octet.
  if (by_ones.whole) must(by_ones.octets == at_once.octets);
  return 0;
}
