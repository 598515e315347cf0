// SPDX-License-Identifier: Apache-2.0
// policy: where an address leads: virtual(5), then aliases(5), again and again.
#include "policy/expansion.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "policy/alias_members.h"

namespace gatepost::policy {
namespace {

std::string key_of(const mail::Mailbox& address) {
  return lower(address.local) + "@" + lower(address.domain);
}

mail::Mailbox with_extension(mail::Mailbox to, std::string_view extension) {
  // The delimiter is part of it. What has one of its own is not given another.
  to.local += extension;
  return to;
}

}  // namespace

std::optional<Extended> split_extension(std::string_view local, std::string_view delimiters) {
  if (delimiters.empty()) return std::nullopt;
  if (iequals(local, "mailer-daemon") || iequals(local, "double-bounce")) return std::nullopt;
  const std::size_t at = local.find_first_of(delimiters, 1);
  if (at == local.npos || local.empty()) return std::nullopt;
  if (local[at] == '-') {
    const bool request = local.size() > 8 && iequals(local.substr(local.size() - 8), "-request");
    if (istarts_with(local, "owner-") || request) return std::nullopt;
  }
  return Extended{local.substr(0, at), local.substr(at + 1), local[at]};
}

void Expander::fail(Expansion::Fault fault, std::string at, std::string detail) {
  if (out_.fault != Expansion::Fault::None) return;
  out_.fault = fault;
  out_.at = std::move(at);
  out_.detail = std::move(detail);
}

Result<Expansion> Expander::expand(const mail::Mailbox& address) {
  out_ = {};
  path_.clear();
  ended_.clear();
  if (!remembering_) followed_.clear();
  GP_CHECK(follow({address, false, {}}, 0));
  return std::exchange(out_, {});
}

/// Keys as in virtual(5) and relocated(5), the whole address first.
Result<Expander::Found> Expander::look_up(const mail::Mailbox& address,
                                          DomainClass domain,
                                          Find find) {
  const std::string local = lower(address.local);
  const std::string at_domain = "@" + lower(address.domain);
  const auto extended = split_extension(local, settings_.delimiters);
  const std::string user(extended ? extended->user : std::string_view());
  const std::string left = extended ? local.substr(user.size()) : std::string();
  const bool ours = domain == DomainClass::Local || iequals(address.domain, settings_.myorigin);
  struct Key {
    std::string text;
    bool keeps;  // The extension is not matched.
  };
  std::vector<Key> keys{{local + at_domain, false}};
  if (extended) keys.push_back({user + at_domain, true});
  if (ours) keys.push_back({local, false});
  if (ours && extended) keys.push_back({user, true});
  keys.push_back({at_domain, false});
  for (const Key& key : keys) {
    GP_TRY(auto value, (tables_.*find)(key.text));
    if (value) return Found({*std::move(value), key.keeps ? left : std::string()});
  }
  return Found();
}

Result<void> Expander::follow(const Node& node, std::size_t depth) {
  if (out_.fault != Expansion::Fault::None) return {};
  const std::string key = key_of(node.address);
  if (depth > settings_.deepest) {
    fail(Expansion::Fault::TooMany, key, "more than " + format_number(settings_.deepest) + " deep");
    return {};
  }
  const auto before = std::find(path_.begin(), path_.end(), key);
  if (before != path_.end() && !node.exact) {
    std::string circle;
    for (auto at = before; at != path_.end(); ++at) circle += *at + " -> ";
    fail(Expansion::Fault::Loop, path_.back(), circle + key);
    return {};
  }
  if (!node.exact && followed_.contains(key)) return {};
  path_.push_back(key);
  GP_TRY(const DomainClass domain, tables_.domain_class(node.address.domain));
  GP_TRY(const Found found, node.exact
                                ? Result<Found>(Found())
                                : look_up(node.address, domain, &AddressTables::find_virtual));
  if (found) {
    const std::string_view left =
        settings_.propagate_virtual ? std::string_view(found->second) : std::string_view();
    GP_CHECK(follow_members(found->first, node, Edge::Virtual, left, depth));
  } else {
    GP_CHECK(follow_local(node, depth));
  }
  path_.pop_back();
  if (out_.fault == Expansion::Fault::None && !node.exact) followed_.insert(key);
  return {};
}

/// What local(8) does with an address that virtual_alias_maps do not hold, or hold as itself.
Result<void> Expander::follow_local(const Node& node, std::size_t depth) {
  GP_TRY(const DomainClass domain, tables_.domain_class(node.address.domain));
  if (domain != DomainClass::Other && domain != DomainClass::Relay) {
    GP_TRY(Found moved, look_up(node.address, domain, &AddressTables::find_moved));
    if (moved) return end_at(node, domain, std::move(moved->first));
  }
  if (domain != DomainClass::Local || node.exact) return end_at(node, domain, {});
  const std::string local = lower(node.address.local);
  const auto extended = split_extension(local, settings_.delimiters);
  std::string name = local;
  GP_TRY(auto value, tables_.find_alias(name));
  std::string_view left;
  if (!value && extended) {
    name = extended->user;
    left = std::string_view(local).substr(name.size());
    GP_TRY(value, tables_.find_alias(name));
  }
  if (!value) return end_at(node, domain, {});
  Node list = node;
  GP_TRY(const mail::Mailbox owner, owner_of(name, node));
  if (!owner.empty()) list.owner = owner;
  if (!settings_.propagate_alias) left = {};
  return follow_members(*value, list, Edge::Alias, left, depth);
}

Result<mail::Mailbox> Expander::owner_of(std::string_view name, const Node& node) {
  if (istarts_with(name, "owner-")) return mail::Mailbox{};
  const std::string owner = "owner-" + std::string(name);
  GP_TRY(const auto value, tables_.find_alias(owner));
  if (!value) return mail::Mailbox{};
  if (settings_.expand_owner_alias) {
    const auto members = parse_alias_members(*value);
    const bool one =
        members && members->size() == 1 && members->front().kind == AliasMember::Kind::Address;
    if (one) {
      mail::Mailbox out = members->front().mailbox;
      if (out.domain.empty()) out.domain = settings_.myorigin;
      return out;
    }
  }
  return mail::Mailbox{owner, node.address.domain};
}

Result<void> Expander::follow_members(std::string_view value,
                                      const Node& from,
                                      Edge edge,
                                      std::string_view extension,
                                      std::size_t depth) {
  const auto members = parse_alias_members(value);
  if (!members || members->empty()) {
    fail(Expansion::Fault::Broken, path_.back(),
         members ? "leads to nobody: expected addresses" : members.error().detail);
    return {};
  }
  for (const AliasMember& member : *members) {
    if (out_.fault != Expansion::Fault::None) return {};
    if (member.kind == AliasMember::Kind::Include) {
      if (edge != Edge::Alias) {
        fail(Expansion::Fault::Broken, path_.back(), "expected addresses, not :include:");
        return {};
      }
      GP_TRY(const std::string list, tables_.read_include(member.path));
      if (parse_alias_members(list).value_or({}).empty()) {
        fail(Expansion::Fault::Broken, path_.back(), member.path + ": expected addresses");
        return {};
      }
      const std::string_view left = settings_.propagate_include ? extension : std::string_view();
      GP_CHECK(follow_members(list, from, Edge::Include, left, depth));
      continue;
    }
    Node to{member.mailbox, member.exact, from.owner};
    if (member.kind == AliasMember::Kind::Domain) to.address.local = from.address.local;
    if (to.address.domain.empty()) {
      // aliases(5) name users of this host: where $myorigin is another's, its users are not meant.
      // A name that is the alias's own is the user of the domain that was asked for.
      GP_TRY(const DomainClass origin, tables_.domain_class(settings_.myorigin));
      const bool here = edge != Edge::Virtual &&
                        (origin == DomainClass::Other || is_name_of(from, to.address.local));
      to.address.domain = here ? from.address.domain : settings_.myorigin;
    }
    GP_CHECK(follow_member(std::move(to), from, edge, extension, depth));
  }
  return {};
}

Result<void> Expander::follow_member(
    Node to, const Node& from, Edge edge, std::string_view extension, std::size_t depth) {
  // What leads to itself means itself from here on: the user behind an alias of that name.
  const std::string own = key_of(from.address);
  std::string key = key_of(to.address);
  const bool with_own = key_of(with_extension(to.address, extension)) == own;
  if (!extension.empty() && (with_own || key != own)) {
    to.address = with_extension(std::move(to.address), extension);
    key = key_of(to.address);
  }
  if (edge == Edge::Virtual) return key == own ? follow_local(from, depth) : follow(to, depth + 1);
  const bool self =
      iequals(to.address.domain, from.address.domain) && is_name_of(from, to.address.local);
  return self ? end_at(to, DomainClass::Local, {}) : follow(to, depth + 1);
}

/// `local` is that of the node, with or without its extension.
bool Expander::is_name_of(const Node& node, std::string_view local) const {
  if (iequals(node.address.local, local)) return true;
  const auto extended = split_extension(node.address.local, settings_.delimiters);
  return extended && iequals(extended->user, local);
}

Result<void> Expander::end_at(const Node& node, DomainClass domain, std::string moved) {
  const std::string key = key_of(node.address);
  if (!ended_.insert(key).second) return {};
  if (out_.leaves.size() >= settings_.most) {
    fail(Expansion::Fault::TooMany, path_.front(),
         "more than " + format_number(settings_.most) + " addresses");
    return {};
  }
  out_.leaves.push_back({node.address, domain, std::move(moved), node.owner});
  return {};
}

}  // namespace gatepost::policy
