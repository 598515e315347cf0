// SPDX-License-Identifier: Apache-2.0
// fuzz: addresses of a header are sound, completing them loses nothing, and the rest stays.
#include "fuzz/input.h"
#include "mail/address_list.h"
#include "mail/compose.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
namespace mail = gatepost::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string text = gatepost::fuzz::copy(input.rest());
  const mail::AddressList list = mail::parse_address_list(text);
  std::size_t last = 0;
  for (const mail::ListedAddress& one : list.addresses) {
    must(!one.mailbox.local.empty());
    must(one.local_end > last && one.local_end <= text.size());
    last = one.local_end;
    // What is sent to is what is written again.
    const auto again = mail::parse_address_list(one.mailbox.text());
    must(again.addresses.size() == 1 && again.faults.empty());
    must(again.addresses.front().mailbox == one.mailbox);
  }
  must(mail::header_octets(text) <= text.size());
  const std::string completed = mail::complete_addresses(text, "o.example");
  must(completed.size() >= text.size());
  // A second time there is nothing left to complete.
  must(mail::complete_addresses(completed, "o.example") == completed);
  const auto found = mail::find_recipients(text);
  must(found || !found.error().detail.empty());
  return 0;
}
