// SPDX-License-Identifier: Apache-2.0
// policy: the lists smtpd_{client,helo,sender,relay,recipient}_restrictions: their rules, and what
// each comes to.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "screen/sites.h"
#include "smtp/steps.h"

namespace gatepost::policy {

/// What a recipient's domain is to us.
enum class DomainClass : std::uint8_t {
  Local,    ///< mydestination, or an address literal of ours
  Virtual,  ///< virtual_mailbox_domains
  Relay,    ///< relay_domains
  Alias,    ///< virtual_alias_domains: addresses that lead elsewhere, and no mailboxes
  Other,    ///< Everything else: mail for strangers
};

enum class AccessRule : std::uint8_t {
  PermitMynetworks,
  PermitSaslAuthenticated,
  PermitAuthDestination,
  RejectUnauthDestination,
  DeferUnauthDestination,
  RejectSenderLoginMismatch,
  RejectAuthenticatedSenderLoginMismatch,
  RejectKnownSenderLoginMismatch,
  RejectUnauthenticatedSenderLoginMismatch,
  Permit,
  Reject,
  Defer,
  // Those that ask the domain name system: dns_rules.h.
  RejectRblClient,
  RejectRhsblClient,
  RejectRhsblReverseClient,
  RejectRhsblHelo,
  RejectRhsblSender,
  RejectRhsblRecipient,
  PermitDnswlClient,
  PermitRhswlClient,
  RejectUnknownClientHostname,
  RejectUnknownReverseClientHostname,
  RejectUnknownHeloHostname,
  RejectUnknownSenderDomain,
  RejectUnknownRecipientDomain,
};

/// What a rule asks the domain name system.
enum class DnsTest : std::uint8_t {
  None,     ///< Nothing.
  Blocked,  ///< Whether the list behind it holds its subject, which is refused then.
  Vouched,  ///< The same, and it is permitted then.
  Known,    ///< Whether its subject is known there at all.
};

/// Whom a rule is about.
enum class Subject : std::uint8_t { Address, ClientName, ReverseName, Helo, Sender, Recipient };

struct AccessRuleRow {
  AccessRule rule;
  std::string_view name;
  DnsTest test = DnsTest::None;
  Subject subject = Subject::Address;
};
/// In the order of AccessRule.
[[nodiscard]] std::span<const AccessRuleRow> access_rules();
[[nodiscard]] const AccessRuleRow& row_of(AccessRule rule);
/// The rule needs to know whose the sender is.
[[nodiscard]] bool asks_owner(AccessRule rule);
/// The rule has a DNS list behind its name.
[[nodiscard]] bool takes_list(const AccessRuleRow& row);

/// An entry of a list of restrictions.
struct Restriction {
  AccessRule rule = AccessRule::Permit;
  screen::Site list = {};  ///< Of rules that take one.
  std::string word = {};   ///< The list as it was written, which is what rbl_reply_maps know.
  bool warn = false;       ///< warn_if_reject: what it refuses is told to the log alone.
};
/// "permit_mynetworks", "reject_rbl_client bl.example=127.0.0.[2..11]", "warn_if_reject reject".
[[nodiscard]] std::optional<Restriction> parse_restriction(std::string_view text);

/// Whose a sender address is.
enum class Owner : std::uint8_t {
  Nobody,  ///< No login is known to own it.
  Self,    ///< The login's own.
  Other,   ///< Somebody's, and not this login's, if there is one.
};

/// What most rules look at.
struct RelayFacts {
  bool in_mynetworks = false;
  bool authenticated = false;
  DomainClass domain = DomainClass::Other;
};

/// Reply codes an owner may change.
struct RelayCodes {
  std::uint16_t relay_domains_reject = 554;
  std::uint16_t reject = 554;
  std::uint16_t defer = 450;
};

struct AccessFacts {
  RelayFacts relay;
  bool null_sender = false;
  bool sender_is_ours = false;  ///< Its domain has its mailboxes here, or is none.
  Owner owner = Owner::Nobody;
};

/// Which list it is, in the words of the reply.
enum class AccessClass : std::uint8_t { Client, Helo, Sender, Recipient };

/// What is shown in a reply.
struct AccessTexts {
  std::string_view client;  ///< "unknown[192.0.2.1]"
  std::string_view helo;
  std::string_view sender;
  std::string_view recipient;
  std::string_view login;  ///< Empty: not logged in.
};

/// What one rule comes to.
struct Verdict {
  enum class Kind : std::uint8_t {
    Dunno,          ///< Nothing: the next rule.
    Permit,         ///< The end of this list.
    Refuse,         ///< With `reply`.
    DeferIfPermit,  ///< Nothing yet; with `reply` where the mail would be permitted in the end.
    DeferIfRefuse,  ///< Likewise where it would be refused.
  };
  Kind kind = Kind::Dunno;
  smtp::Reply reply = {};
};

/// A reply whose enhanced code is of the class of its code (RFC 2034 section 4).
[[nodiscard]] smtp::Reply make_reply(std::uint16_t code, std::string_view status, std::string text);

/// Of a rule that asks the domain name system nothing.
[[nodiscard]] Verdict decide_access(AccessRule rule,
                                    AccessClass which,
                                    const AccessFacts& facts,
                                    const AccessTexts& texts,
                                    const RelayCodes& codes);

/// What the lists come to together, for one recipient.
class AccessTally {
 public:
  /// True: the list is over.
  bool add(Verdict verdict);
  [[nodiscard]] bool is_refused() const { return refusal_.has_value(); }
  /// At the end. Nothing means permitted.
  [[nodiscard]] std::optional<smtp::Reply> take();

 private:
  std::optional<smtp::Reply> refusal_;
  // The first of each: what may have been decided otherwise had a lookup not failed.
  std::optional<smtp::Reply> if_permit_;
  std::optional<smtp::Reply> if_refuse_;
};

}  // namespace gatepost::policy
