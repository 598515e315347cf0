// SPDX-License-Identifier: Apache-2.0
// policy: the right side of an alias: aliases(5), virtual(5), and files named by :include:.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/path.h"

namespace gatepost::policy {

/// One of those an alias leads to.
struct AliasMember {
  enum class Kind : std::uint8_t {
    Address,  ///< `mailbox`; without a domain $myorigin completes it.
    Domain,   ///< `@example.com`: the same local part there.
    Include,  ///< `:include:/path`: those listed in a file.
  };
  Kind kind = Kind::Address;
  mail::Mailbox mailbox;
  bool exact = false;  ///< `\name`: the user, not an alias of that name.
  std::string path;    ///< Of Include.
};

/// Members stand between commas, line ends or white space: `bob`, `bob@example.com`,
/// `"bob smith"@example.com`, `Bob <bob@example.com>`, `\bob`, `:include:/path`, `@example.com`.
/// `|command` and `/file` are errors, since no programs are run and mail goes to Maildirs only.
[[nodiscard]] Result<std::vector<AliasMember>> parse_alias_members(std::string_view value);

}  // namespace gatepost::policy
