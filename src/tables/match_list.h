// SPDX-License-Identifier: Apache-2.0
// tables: lists such as mydestination and mynetworks with their tables open: is this in it?
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "tables/pattern.h"
#include "tables/table_set.h"

namespace gatepost::tables {

/// How a domain is compared.
enum class Parents : std::uint8_t {
  No,   ///< The name itself: mydestination, virtual_mailbox_domains.
  Yes,  ///< Also every domain it lies in: relay_domains, as parent_domain_matches_subdomains has it.
};

class MatchList {
 public:
  MatchList() = default;
  /// Opens the tables of the patterns.
  [[nodiscard]] static Result<MatchList> open(const Patterns& patterns, TableSet& tables);

  /// The first pattern that matches decides: true, or false when it begins with `!`; false when
  /// none does. `.example.com` matches what lies below it. An error is Temporary: a table
  /// could not say.
  [[nodiscard]] Result<bool> has_domain(std::string_view domain, Parents parents) const;
  [[nodiscard]] Result<bool> has_address(const IpAddress& address) const;

  /// The blocks that are in the list without a table, not negated.
  [[nodiscard]] std::vector<Network> networks() const;

 private:
  struct Entry {
    Pattern pattern;
    TableHandle table;  // Of a pattern that is a table.
  };
  std::vector<Entry> entries_;
};

/// The keys under which an address is looked up in recipient tables, in order: the whole
/// address, the local part alone where `domain_is_ours`, and @domain.
[[nodiscard]] std::vector<std::string> recipient_keys(std::string_view local,
                                                      std::string_view domain,
                                                      bool domain_is_ours);
/// True when any of the tables has any of the keys.
[[nodiscard]] Result<bool> has_any_key(const std::vector<TableHandle>& tables,
                                       const std::vector<std::string>& keys);

}  // namespace gatepost::tables
