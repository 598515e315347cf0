// SPDX-License-Identifier: Apache-2.0
// mail: what a message written by a program or a person at a terminal still lacks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/path.h"

namespace gatepost::mail {

/// The value of a From field: `Jo Doe <jo@example.com>`; the name quoted where RFC 5322 asks for
/// it, and as encoded words of RFC 2047 where it is UTF-8. A name that is neither is left out.
[[nodiscard]] std::string format_from(std::string_view full_name, const Mailbox& address);

/// Octets of the header at the front of a text with LF line ends: up to and without the empty
/// line, or the first line that is no field (RFC 5322 section 2.2).
[[nodiscard]] std::size_t header_octets(std::string_view text);

/// Who is written to: the addresses of To, Cc and Bcc; where there is a Resent-To, Resent-Cc or
/// Resent-Bcc, of the fields of the first resending alone (RFC 5322 section 3.6.6). Permanent
/// error: an element that is no address; `detail` shows it.
[[nodiscard]] Result<std::vector<Mailbox>> find_recipients(std::string_view header);

/// The header with @`origin` behind each address without a domain in the fields of RFC 5322 that
/// hold addresses (append_at_myorigin). All else, line breaks too, stays as it is.
[[nodiscard]] std::string complete_addresses(std::string_view header, std::string_view origin);

}  // namespace gatepost::mail
