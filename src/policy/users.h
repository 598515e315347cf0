// SPDX-License-Identifier: Apache-2.0
// policy: who has a mailbox and a password: the users of a Dovecot passwd-file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "mail/path.h"

namespace gatepost::policy {

/// One line of the file: user:password:uid:gid:gecos:home:shell:extra. Moves, and is copied only
/// where copy() says so, because of the secret.
struct User {
  /// In lower case: `alice@example.com`, or `alice` for every domain of mydestination.
  std::string name = {};
  Secret secret = {};      ///< The second field, as it stands: {SCHEME}data; may be empty.
  std::string home = {};   ///< The sixth field; may be empty.
  std::string extra = {};  ///< All after the seventh colon: `key=value` words, colons among them.

  /// The value of an extra field, as Dovecot reads them: the first word `key=value`, or an empty
  /// value for a bare `key`. Nothing when the user has no such field. Borrowed from `extra`.
  [[nodiscard]] std::optional<std::string_view> extra_field(std::string_view key) const;
  [[nodiscard]] User copy() const { return {name, secret.copy(), home, extra}; }
};

/// What a user may do here.
enum class UserMode : std::uint8_t {
  Normal,
  SendOnly,     ///< Logs in and sends; mail to it is refused.
  ReceiveOnly,  ///< Mail to it is taken; it may not log in to send.
  Disabled,     ///< Neither.
};

/// By the extra field `gatepost_mode` (send-only, receive-only, disabled) and Dovecot's `nologin`,
/// which takes the right to send away. A word that is none of these disables: what an owner wrote
/// to restrain a user must not free them for a slip of the pen.
[[nodiscard]] UserMode user_mode(const User& user);

/// The word of a mode in `gatepost_mode`; "normal" for Normal.
[[nodiscard]] std::string_view format_user_mode(UserMode mode);
/// Nothing for a word that is none of the four.
[[nodiscard]] std::optional<UserMode> parse_user_mode(std::string_view word);

/// A comment that tells a file without users from one that is being written.
inline constexpr std::string_view kNoUsersLine = "# There are no users.";

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
  /// All of them, sorted by name. Borrowed from the set.
  [[nodiscard]] const std::vector<User>& all() const { return users_; }

 private:
  std::vector<User> users_;  // Sorted by name.
};

struct Users::Parsed {
  Users users;
  std::vector<std::string> problems;  ///< "line 3: user name holds a slash"; the first ten.
  bool empty_on_purpose = false;      ///< No user, no problem, and kNoUsersLine among the lines.
};

/// Why this cannot be a user's name, or null. A name becomes part of a path: one that could lead
/// out of the mail root is refused here, wherever it comes from.
[[nodiscard]] const char* find_name_fault(std::string_view name);

/// Where a user's mail lies: `pattern` with %u (whole name), %n (before the @), %d (after it,
/// empty for a bare name), %h (home) and %% replaced, as Dovecot does. A leading `maildir:` is
/// dropped. Nothing when the result is not an absolute path: such mail must not be accepted.
[[nodiscard]] Result<std::string> expand_mail_location(std::string_view pattern, const User& user);

}  // namespace gatepost::policy
