// SPDX-License-Identifier: Apache-2.0
// tables: lists such as mydestination and mynetworks with their tables open: is this in it?
#include "tables/match_list.h"

#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace gatepost::tables {

namespace {

bool word_has(std::string_view word, std::string_view domain, Parents parents) {
  if (word == domain) return true;
  if (domain.size() <= word.size() || !domain.ends_with(word)) return false;
  if (word.starts_with('.')) return true;
  return parents == Parents::Yes && domain[domain.size() - word.size() - 1] == '.';
}

Result<bool> table_has(const Handle& table, std::string_view domain, Parents parents) {
  // An address literal has no parents, though it has dots.
  if (domain.starts_with('[')) parents = Parents::No;
  std::string_view name = domain;
  for (;;) {
    GP_TRY(const std::optional<std::string> found, table.find(name));
    if (found) return true;
    const std::size_t dot = name.find('.');
    if (parents == Parents::No || dot == name.npos) return false;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

Result<MatchList> MatchList::open(const Patterns& patterns, TableSet& tables) {
  MatchList list;
  for (const Pattern& pattern : patterns) {
    Entry entry{pattern, nullptr};
    if (const auto* spec = std::get_if<Spec>(&pattern.what)) {
      GP_TRY(entry.table, tables.open(*spec));
    }
    list.entries_.push_back(std::move(entry));
  }
  return list;
}

Result<bool> MatchList::has_domain(std::string_view domain, Parents parents) const {
  const std::string name = lower(domain);
  for (const Entry& entry : entries_) {
    if (entry.table) {
      GP_TRY(const bool found, table_has(*entry.table, name, parents));
      if (found) return !entry.pattern.negated;
    } else if (const auto* word = std::get_if<std::string>(&entry.pattern.what)) {
      if (word_has(*word, name, parents)) return !entry.pattern.negated;
    }
  }
  return false;
}

Result<bool> MatchList::has_address(const IpAddress& address) const {
  for (const Entry& entry : entries_) {
    if (entry.table) {
      GP_TRY(const std::optional<std::string> found, entry.table->find(address.text()));
      if (found) return !entry.pattern.negated;
    } else if (const auto* network = std::get_if<Network>(&entry.pattern.what)) {
      if (network->contains(address)) return !entry.pattern.negated;
    }
  }
  return false;
}

std::vector<Network> MatchList::networks() const {
  std::vector<Network> out;
  for (const Entry& entry : entries_) {
    const auto* network = std::get_if<Network>(&entry.pattern.what);
    if (network != nullptr && !entry.pattern.negated) out.push_back(*network);
  }
  return out;
}

std::vector<std::string> recipient_keys(std::string_view local,
                                        std::string_view domain,
                                        bool domain_is_ours) {
  const std::string at_domain = "@" + std::string(domain);
  std::vector<std::string> keys{std::string(local) + at_domain};
  if (domain_is_ours) keys.emplace_back(local);
  keys.push_back(at_domain);
  return keys;
}

Result<bool> has_any_key(const std::vector<TableHandle>& tables,
                         const std::vector<std::string>& keys) {
  // Keys outside, as in Postfix: a table with the whole address goes before one with @domain.
  for (const std::string& key : keys) {
    for (const TableHandle& table : tables) {
      GP_TRY(const std::optional<std::string> found, table->find(key));
      if (found) return true;
    }
  }
  return false;
}

}  // namespace gatepost::tables
