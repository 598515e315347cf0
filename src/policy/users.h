// SPDX-License-Identifier: Apache-2.0
// policy: who has a mailbox: the users of a Dovecot passwd-file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/path.h"

namespace gatepost::policy {

/// One line of the file: user:password:uid:gid:gecos:home:shell:extra. Only what delivery
/// needs is kept; the secret stays in the file.
struct User {
  std::string
      name;  ///< In lower case: `alice@example.com`, or `alice` for every domain of mydestination.
  std::string home;  ///< The sixth field; may be empty.
};

/// An immutable set of users, looked up without regard to case.
class Users {
 public:
  /// What a text holds, and what is wrong with it.
  struct Parsed;

  /// Reads a whole passwd-file. A line that cannot be understood is a problem, told with its
  /// number, and left out; the others stand.
  [[nodiscard]] static Parsed parse(std::string_view text);

  /// The user of exactly this name; null when there is none. Borrowed from the set.
  [[nodiscard]] const User* find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return users_.size(); }

 private:
  std::vector<User> users_;  // Sorted by name.
};

struct Users::Parsed {
  Users users;
  std::vector<std::string> problems;  ///< "line 3: user name holds a slash"; the first ten.
};

/// Why this cannot be a user's name, or null. A name becomes part of a path: one that could lead
/// out of the mail root is refused here, wherever it comes from.
[[nodiscard]] const char* find_name_fault(std::string_view name);

/// Where a user's mail lies: `pattern` with %u (whole name), %n (before the @), %d (after it,
/// empty for a bare name), %h (home) and %% replaced, as Dovecot does. A leading `maildir:` is
/// dropped. Nothing when the result is not an absolute path: such mail must not be accepted.
[[nodiscard]] Result<std::string> expand_mail_location(std::string_view pattern, const User& user);

}  // namespace gatepost::policy
