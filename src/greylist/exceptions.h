// SPDX-License-Identifier: Apache-2.0
// greylist: clients and recipients that are never put off, in the syntax of postgrey's files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "tables/rules.h"

namespace gatepost::greylist {

/// What stands in postgrey_whitelist_clients: one in a line, `#` begins a comment.
///
///   /regex/            against the client's name, without regard to case (PCRE)
///   192.0.2.1[/24]     an address or a block; 192.0.2 is a /24, 192.0 a /16
///   2001:db8::[/32]    the same
///   example.com        the client's name, or what it ends with after a dot
class ClientExceptions {
 public:
  /// An error says what was expected; nothing is added then. Blank lines and comments are none.
  Result<void> add(std::string_view line);
  /// `name` is what DNS gives for the address both ways, or "unknown".
  [[nodiscard]] bool has(const IpAddress& client, std::string_view name) const;
  [[nodiscard]] bool empty() const {
    return networks_.empty() && names_.empty() && patterns_.empty();
  }

 private:
  std::vector<Network> networks_;
  std::vector<std::string> names_;  // In lower case.
  std::vector<std::unique_ptr<tables::Matcher>> patterns_;
};

/// What stands in postgrey_whitelist_recipients.
///
///   /regex/        against the whole address, without regard to case
///   user@domain    also user+extension@domain
///   user@          in every domain, with and without an extension
///   domain         and every domain below it
class RecipientExceptions {
 public:
  Result<void> add(std::string_view line);
  [[nodiscard]] bool has(std::string_view address) const;

 private:
  struct Address {
    std::string user;    // In lower case, as is the domain.
    std::string domain;  // Empty: every one.
  };
  std::vector<Address> addresses_;
  std::vector<std::string> domains_;
  std::vector<std::unique_ptr<tables::Matcher>> patterns_;
};

/// Adds every line of a file. Those that cannot be understood are left out, and told of:
/// "/etc/x:12: ...".
template <class Exceptions>
void add_file(std::string_view path,
              std::string_view text,
              Exceptions& to,
              std::vector<std::string>& problems);

extern template void add_file(std::string_view,
                              std::string_view,
                              ClientExceptions&,
                              std::vector<std::string>&);
extern template void add_file(std::string_view,
                              std::string_view,
                              RecipientExceptions&,
                              std::vector<std::string>&);

}  // namespace gatepost::greylist
