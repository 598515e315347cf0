// SPDX-License-Identifier: Apache-2.0
// policy: where an address leads: virtual(5), then aliases(5), again and again.
#include "policy/expansion.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {
namespace {

/// Ways to leaves beyond which none are added up.
constexpr std::size_t kMostCounted = std::size_t{1} << 30U;

/// Members looked at for each address that an alias may lead to, and for each step on the way.
/// Extensions that grow on the way make each way's addresses new ones, so that a line of 15 octets
/// has 2^50 of them.
constexpr std::size_t kMembers = 32;

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
  if (!remembering_) followed_.clear();
  GP_CHECK(run({address, false, {}}));
  const bool doubtful = reached_.leaves > settings_.most || reached_.steps > settings_.deepest;
  if (out_.fault != Expansion::Fault::None || !doubtful) return std::exchange(out_, {});
  // What was followed before was not counted in, and what is reached by two ways was counted twice.
  Expansion first = std::exchange(out_, {});
  auto known = std::exchange(followed_, {});
  GP_CHECK(run({address, false, {}}));
  followed_ = std::move(known);
  if (out_.fault != Expansion::Fault::None) return std::exchange(out_, {});
  followed_.insert_or_assign(key_of(address), Reach{out_.leaves.size(), reached_.steps});
  return first;
}

Result<void> Expander::run(const Node& node) {
  out_ = {};
  path_.clear();
  on_path_.clear();
  ended_.clear();
  frames_.clear();
  reached_ = {};
  looked_at_ = 0;
  GP_CHECK(follow(node, 0));
  while (!frames_.empty() && out_.fault == Expansion::Fault::None) {
    GP_CHECK(step());
  }
  return {};
}

/// The next member of the right side at hand, or its end.
Result<void> Expander::step() {
  Frame& top = frames_.back();
  if (top.next == top.members.size()) {
    const Frame done = std::move(top);
    frames_.pop_back();
    if (done.closes) {
      close(*done.closes, done.from.exact, done.reach);
    } else {
      reach(done.reach);
    }
    return {};
  }
  const std::size_t most = (settings_.most + settings_.deepest) * kMembers;
  if (++looked_at_ > most) {
    fail(Expansion::Fault::TooMany, path_.front(),
         "more than " + format_number(most) + " addresses on the way");
    return {};
  }
  const AliasMember& member = top.members[top.next++];
  if (member.kind == AliasMember::Kind::Include) return include(member.path);
  Node to{member.mailbox, member.exact, top.from.owner};
  if (member.kind == AliasMember::Kind::Domain) to.address.local = top.user;
  if (to.address.domain.empty()) {
    // aliases(5) name users of this host: where $myorigin is another's, its users are not meant.
    // A name that is the alias's own is the user of the domain that was asked for.
    GP_TRY(const DomainClass origin, tables_.domain_class(settings_.myorigin));
    const bool here = top.edge != Edge::Virtual &&
                      (origin == DomainClass::Other || is_name_of(top.from, to.address.local));
    to.address.domain = here ? top.from.address.domain : settings_.myorigin;
  }
  return follow_member(std::move(to));
}

/// Of the right side at hand, or of the address asked for.
void Expander::reach(Reach more) {
  Reach& sum = frames_.empty() ? reached_ : frames_.back().reach;
  // Ways multiply, and would wrap.
  sum.leaves = std::min(sum.leaves + more.leaves, kMostCounted);
  sum.steps = std::max(sum.steps, more.steps);
}

/// All behind the last of the path has been looked at.
void Expander::close(const std::string& key, bool exact, Reach behind) {
  path_.pop_back();
  if (const auto at = on_path_.find(key); at != on_path_.end()) on_path_.erase(at);
  if (out_.fault == Expansion::Fault::None && !exact) followed_.emplace(key, behind);
  if (!frames_.empty()) ++behind.steps;
  reach(behind);
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
  if (!node.exact && on_path_.contains(key)) {
    std::string circle;
    for (auto at = std::find(path_.begin(), path_.end(), key); at != path_.end(); ++at)
      circle += *at + " -> ";
    fail(Expansion::Fault::Loop, path_.back(), circle + key);
    return {};
  }
  if (const auto known = followed_.find(key); !node.exact && known != followed_.end()) {
    Reach behind = known->second;
    if (!frames_.empty()) ++behind.steps;
    reach(behind);
    return {};
  }
  path_.push_back(key);
  on_path_.insert(key);
  const std::size_t frames = frames_.size();
  GP_TRY(const DomainClass domain, tables_.domain_class(node.address.domain));
  GP_TRY(const Found found, node.exact
                                ? Result<Found>(Found())
                                : look_up(node.address, domain, &AddressTables::find_virtual));
  if (found) {
    const std::string_view left = found->second;
    const bool propagates = settings_.propagate_virtual;
    open(found->first, {node, Edge::Virtual, without(node, left), propagates ? left : "", depth});
  } else {
    GP_CHECK(follow_local(node, depth));
  }
  if (frames_.size() > frames) {
    frames_.back().closes = key;
  } else {
    close(key, node.exact, {1, 0});
  }
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
  const std::string_view user = without(list, left);
  open(*value, {list, Edge::Alias, user, settings_.propagate_alias ? left : "", depth});
  return {};
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

/// Its local part but for `left`, the end that the key did not match.
std::string_view Expander::without(const Node& node, std::string_view left) {
  const std::string_view local = node.address.local;
  return local.substr(0, local.size() - left.size());
}

void Expander::open(std::string_view value, const Opening& from) {
  auto members = parse_alias_members(value);
  if (!members || members->empty()) {
    fail(Expansion::Fault::Broken, path_.back(),
         members ? "leads to nobody: expected addresses" : members.error().detail);
    return;
  }
  frames_.push_back({from.node, from.edge, std::string(from.user), std::string(from.extension),
                     *std::move(members), from.depth});
}

Result<void> Expander::include(const std::string& path) {
  const Frame& top = frames_.back();
  if (top.edge != Edge::Alias) {
    fail(Expansion::Fault::Broken, path_.back(), "expected addresses, not :include:");
    return {};
  }
  GP_TRY(const std::string list, tables_.read_include(path));
  if (parse_alias_members(list).value_or({}).empty()) {
    fail(Expansion::Fault::Broken, path_.back(), path + ": expected addresses");
    return {};
  }
  const std::string_view extension =
      settings_.propagate_include ? std::string_view(top.extension) : std::string_view();
  open(list, {top.from, Edge::Include, top.user, extension, top.depth});
  return {};
}

Result<void> Expander::follow_member(Node to) {
  const Frame& top = frames_.back();
  const Node& from = top.from;
  // What leads to itself means itself from here on: the user behind an alias of that name.
  const std::string own = key_of(from.address);
  std::string key = key_of(to.address);
  const bool with_own = key_of(with_extension(to.address, top.extension)) == own;
  if (!top.extension.empty() && (with_own || key != own)) {
    to.address = with_extension(std::move(to.address), top.extension);
    key = key_of(to.address);
  }
  if (key.size() > limits::kPath) {
    fail(Expansion::Fault::TooMany, path_.back(),
         "an address longer than " + format_number(limits::kPath) + " octets");
    return {};
  }
  if (top.edge == Edge::Virtual && key == own) {
    const std::size_t frames = frames_.size();
    GP_CHECK(follow_local(from, top.depth));
    if (frames_.size() == frames) reach({1, 0});
    return {};
  }
  const bool self = top.edge != Edge::Virtual && iequals(to.address.domain, from.address.domain) &&
                    is_name_of(from, to.address.local);
  if (!self) return follow(to, top.depth + 1);
  reach({1, 0});
  return end_at(to, DomainClass::Local, {});
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
