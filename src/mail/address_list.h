// SPDX-License-Identifier: Apache-2.0
// mail: the addresses in a header field such as To.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mail/path.h"

namespace gatepost::mail {

struct ListedAddress {
  Mailbox mailbox;  ///< Without domain where none was written.
  /// Where in the value its local part ends: there a domain may be put in.
  std::size_t local_end = 0;
};

struct AddressList {
  std::vector<ListedAddress> addresses;
  /// Elements that are no address, as written; they are not in `addresses`.
  std::vector<std::string> faults;
};

/// No list has more elements than this; the rest is one fault.
inline constexpr std::size_t kMostListed = 100'000;

/// Reads an address-list (RFC 5322 section 3.4, with UTF-8 of RFC 6532): display names, comments,
/// quoted strings, groups, routes (section 4.4), folded lines. Empty elements are passed over.
[[nodiscard]] AddressList parse_address_list(std::string_view value);

}  // namespace gatepost::mail
