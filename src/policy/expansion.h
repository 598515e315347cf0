// SPDX-License-Identifier: Apache-2.0
// policy: where an address leads: virtual(5), then aliases(5), again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/path.h"
#include "policy/alias_members.h"
#include "policy/relay.h"

namespace gatepost::policy {

/// port: the tables. Keys are in lower case. An error is Temporary: a table cannot say now.
class AddressTables {
 public:
  virtual ~AddressTables() = default;
  /// virtual_alias_maps
  [[nodiscard]] virtual Result<std::optional<std::string>> find_virtual(std::string_view key) = 0;
  /// alias_maps
  [[nodiscard]] virtual Result<std::optional<std::string>> find_alias(std::string_view name) = 0;
  /// relocated_maps
  [[nodiscard]] virtual Result<std::optional<std::string>> find_moved(std::string_view key) = 0;
  /// The list in the file of an :include:.
  [[nodiscard]] virtual Result<std::string> read_include(const std::string& path) = 0;
  [[nodiscard]] virtual Result<DomainClass> domain_class(std::string_view domain) = 0;
};

struct ExpansionSettings {
  std::string myorigin;           ///< Completes what aliases lead to.
  std::string delimiters;         ///< recipient_delimiter: each character of it.
  bool propagate_virtual = true;  ///< propagate_unmatched_extensions
  bool propagate_alias = false;
  bool propagate_include = false;
  std::size_t most = 1000;     ///< virtual_alias_expansion_limit
  std::size_t deepest = 1000;  ///< virtual_alias_recursion_limit
  bool expand_owner_alias = false;
};

/// An address no table leads on from.
struct Leaf {
  mail::Mailbox address;
  DomainClass domain = DomainClass::Other;
  std::string moved;    ///< Where relocated_maps say the user has gone; empty: is here.
  mail::Mailbox owner;  ///< The list's owner-NAME, sender of what goes to other hosts; or empty.
};

struct Expansion {
  enum class Fault : std::uint8_t {
    None,
    Loop,     ///< Addresses lead in a circle.
    TooMany,  ///< More than the settings allow.
    Broken,   ///< A right side that cannot be understood, or may not be.
  };
  std::vector<Leaf> leaves;  ///< None twice. Counts only without a fault.
  Fault fault = Fault::None;
  std::string detail;  ///< "a@example.com -> b@example.com -> a@example.com"
  std::string at;      ///< The address whose right side is at fault.
};

/// Local part and extension (`user`, `ext`), split at the first of `delimiters`; nothing where
/// there is none, and for names that mean themselves: mailer-daemon, double-bounce, owner-LIST and
/// LIST-request (owner_request_special).
struct Extended {
  std::string_view user, extension;
  char delimiter = 0;
};
[[nodiscard]] std::optional<Extended> split_extension(std::string_view local,
                                                      std::string_view delimiters);

/// Expands addresses. `tables` and `settings` outlive it.
class Expander {
 public:
  Expander(AddressTables& tables, const ExpansionSettings& settings)
      : tables_(tables), settings_(settings) {}

  /// Where `address` leads; it has a domain. An identity, `root: root, other` or `\root`, is the
  /// user itself (local(8)).
  [[nodiscard]] Result<Expansion> expand(const mail::Mailbox& address);

  /// The same for looking at whole tables: addresses proved to lead nowhere in circles are not
  /// followed again, so that many calls together follow each of them once, and `leaves` has those
  /// that no call before had.
  void remember() { remembering_ = true; }

 private:
  struct Node {
    mail::Mailbox address;
    bool exact = false;
    mail::Mailbox owner;
  };
  enum class Edge : std::uint8_t { Virtual, Alias, Include };
  /// What lies behind an address: addresses no table leads on from, counted once for each way there,
  /// and steps to the furthest.
  struct Reach {
    std::size_t leaves = 0;
    std::size_t steps = 0;
  };
  /// A right side whose members are looked at one after the other. They stand on a stack of our
  /// own: the tables choose how deep it gets.
  struct Frame {
    Node from;
    Edge edge;
    std::string user;       // The local part of `from` as it was matched.
    std::string extension;  // Handed on to the members.
    std::vector<AliasMember> members;
    std::size_t depth;
    std::size_t next = 0;
    Reach reach{};
    std::optional<std::string> closes{};  // The last of path_ ends with it.
  };

  Result<void> run(const Node& node);
  Result<void> step();
  Result<void> follow(const Node& node, std::size_t depth);
  Result<void> follow_local(const Node& node, std::size_t depth);
  /// Whose right side is opened.
  struct Opening {
    const Node& node;
    Edge edge;
    std::string_view user;  // As Frame's, as is the next.
    std::string_view extension;
    std::size_t depth;
  };
  static std::string_view without(const Node& node, std::string_view left);
  void open(std::string_view value, const Opening& from);
  Result<void> include(const std::string& path);
  Result<void> follow_member(Node to);
  void close(const std::string& key, bool exact, Reach behind);
  void reach(Reach more);
  Result<void> end_at(const Node& node, DomainClass domain, std::string moved);
  [[nodiscard]] bool is_name_of(const Node& node, std::string_view local) const;
  Result<mail::Mailbox> owner_of(std::string_view name, const Node& node);
  using Found = std::optional<std::pair<std::string, std::string>>;  // Right side, extension left.
  using Find = Result<std::optional<std::string>> (AddressTables::*)(std::string_view);
  Result<Found> look_up(const mail::Mailbox& address, DomainClass domain, Find find);
  void fail(Expansion::Fault fault, std::string at, std::string detail);

  AddressTables& tables_;
  const ExpansionSettings& settings_;
  Expansion out_;
  std::vector<std::string> path_;  // From the address asked for to the one at hand.
  std::multiset<std::string> on_path_;
  std::set<std::string> ended_;  // Leaves that are in out_.
  std::map<std::string, Reach> followed_;
  std::deque<Frame> frames_;
  Reach reached_{};            // Of the address asked for.
  std::size_t looked_at_ = 0;  // Members, of all right sides on the way.
  bool remembering_ = false;
};

}  // namespace gatepost::policy
