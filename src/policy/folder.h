// SPDX-License-Identifier: Apache-2.0
// policy: which folder of a mailbox the detail of an address names.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::policy {

/// The Maildir++ name, without its first dot, of the folder that `detail` (the text between the
/// delimiter and the @ of user+Folder@domain) names: parts divided by dots, what is not ASCII in
/// the modified UTF-7 of RFC 3501 section 5.1.3, as Dovecot names folders on the disk. Empty for
/// INBOX, for Trash and below (what is there counts for no quota, so it is not for strangers to fill), and for all that could lead elsewhere or that no mail program could show: slashes, empty
/// parts, control characters, wildcards of IMAP, broken UTF-8, more than 200 octets or 16 parts.
[[nodiscard]] std::string folder_of(std::string_view detail);

}  // namespace gatepost::policy
