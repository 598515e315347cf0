// SPDX-License-Identifier: Apache-2.0
// fuzz: the completed header is the same in every cut, complete, and without Bcc.
#include "fuzz/input.h"
#include "mail/header.h"
#include "mail/header_fixer.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
using gatepost::mail::HeaderFixer;
using gatepost::mail::HeaderFixes;

namespace {

std::string fix(const HeaderFixes& fixes, std::string_view text, std::size_t piece) {
  HeaderFixer fixer(fixes);
  std::string out;
  while (!text.empty()) {
    const std::string part = gatepost::fuzz::copy(text.substr(0, piece));
    fixer.feed(part, out);
    text.remove_prefix(part.size());
  }
  fixer.finish(out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t piece = input.octet() % 32U + 1;
  const std::string_view text = input.rest();
  const HeaderFixes fixes{"now", "<1@a>", "b@a"};
  const std::string whole = fix(fixes, text, text.size() + 1);
  must(whole == fix(fixes, text, piece));
  // Done once, there is nothing left to do.
  must(fix(fixes, whole, whole.size() + 1) == whole);
  gatepost::mail::HeaderScanner scanner(1'000'000);
  scanner.feed(whole);
  scanner.finish();
  must(!scanner.message_id().empty() || text.find(':') != text.npos);
  return 0;
}
