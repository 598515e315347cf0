// SPDX-License-Identifier: Apache-2.0
// app: the tables of aliases: where an address leads, and what is wrong with them as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "policy/expansion.h"
#include "tables/files.h"
#include "tables/table_set.h"

namespace gatepost::app {

/// port: what is known of addresses besides the tables of aliases.
class KnownAddresses {
 public:
  virtual ~KnownAddresses() = default;
  [[nodiscard]] virtual Result<policy::DomainClass> domain_class(std::string_view domain) = 0;
  /// Somebody gets what is sent to this leaf.
  [[nodiscard]] virtual Result<bool> has_taker(const policy::Leaf& leaf) = 0;
};

class AliasMaps final : private policy::AddressTables {
 public:
  /// Both outlive the maps.
  AliasMaps(tables::TableSet& tables, KnownAddresses& known) : tables_(tables), known_(known) {}

  /// hash:/etc/aliases, the default, may be missing.
  [[nodiscard]] Result<void> open(const config::Settings& settings, tables::Files& files);

  /// Where an address leads; `domain` is the class of its own domain.
  [[nodiscard]] Result<policy::Expansion> expand(const mail::Mailbox& address,
                                                 policy::DomainClass domain);
  /// A line of the tables has this very address, whatever it leads to.
  [[nodiscard]] Result<bool> is_named(const mail::Mailbox& address, policy::DomainClass domain);
  /// Some domain of mydestination.
  [[nodiscard]] const std::string& local_domain() const { return local_domain_; }
  [[nodiscard]] const policy::ExpansionSettings& settings() const { return settings_; }

  /// What all tables whose keys can be listed say together, each with file and line.
  struct Lint {
    std::vector<std::string> errors;    ///< Circles, and right sides nobody can understand.
    std::vector<std::string> warnings;  ///< Names of ours that lead to nobody.
  };
  [[nodiscard]] Lint lint();

 private:
  using Opened = std::vector<std::pair<tables::Spec, tables::TableHandle>>;
  class Linter;

  Result<std::optional<std::string>> find_virtual(std::string_view key) override;
  Result<std::optional<std::string>> find_alias(std::string_view name) override;
  Result<std::optional<std::string>> find_moved(std::string_view key) override;
  Result<std::string> read_include(const std::string& path) override;
  Result<policy::DomainClass> domain_class(std::string_view domain) override;

  tables::TableSet& tables_;
  KnownAddresses& known_;
  policy::ExpansionSettings settings_;
  std::string local_domain_;  // Some domain in mydestination.
  Opened virtual_;
  Opened aliases_;
  Opened moved_;
  std::string asked_domain_;  // Of the address being expanded, with its class.
  policy::DomainClass asked_class_ = policy::DomainClass::Other;
};

}  // namespace gatepost::app
