// SPDX-License-Identifier: Apache-2.0
// server: port: what the settings, tables and user files say about names and addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/decoys.h"
#include "base/address.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/path.h"
#include "mail/quota.h"
#include "mail/throwaway.h"
#include "policy/access.h"
#include "policy/relay.h"
#include "policy/users.h"
#include "screen/access.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// A mailbox of ours to which an address leads.
struct Target {
  std::string maildir;    ///< Absolute path.
  std::string address;    ///< The final address, as in Delivered-To.
  std::string folder;     ///< Maildir++ folder below it, "Lists.asio"; empty: INBOX.
  std::string user;       ///< The user's name in passwd_file; empty: a mailbox without a user.
  std::string original;   ///< The address as it was given, where that is another one.
  std::string extension;  ///< What followed recipient_delimiter in the final address.
  policy::DomainClass domain = policy::DomainClass::Local;  ///< Local or Virtual.
  bool create_folder = false;  ///< The folder is made when it is not there.
  bool closed = false;         ///< The user's mode refuses mail; never in a Resolution.
  mail::QuotaLimits quota;     ///< Of the whole mailbox.
  /// Set where the mail goes to another program instead (virtual_transport): as this address.
  std::optional<mail::Mailbox> handed_over;
};

/// Where an address leads. Without mailboxes, others and a refusal it is unknown.
struct Resolution {
  std::vector<Target> mailboxes;       ///< No maildir and folder twice.
  std::vector<mail::Mailbox> others;   ///< Addresses of other hosts, with their domain; none twice.
  std::optional<smtp::Reply> refusal;  ///< Why it leads nowhere, where "unknown" says too little.
  /// Of each of `others`, the owner of the list it is on: the sender of what goes there; empty: it
  /// is on none. Shorter than `others` where none of the rest is.
  std::vector<mail::Mailbox> owners;
  std::vector<std::string> closed;  ///< Users it leads to whose mode refuses mail.
  std::string throwaway;            ///< The throw-away address it is; empty: none.
  bool trap = false;                ///< It is a revoked one: unknown, and worth a word.
};

/// A name somebody logs in by, and whose it is.
struct LoginName {
  /// The user's name; for an unknown one what it would be: in lower case and with the domain that
  /// completes it, so that unknown names are treated alike however they are spelled.
  std::string name;
  std::optional<policy::User> user;
};

/// port: networks that are known otherwise than by a table.
class Networks {
 public:
  virtual ~Networks() = default;
  [[nodiscard]] virtual bool allows(const IpAddress& client) const = 0;
};

/// Tables about what is said in a session.
enum class Talk : std::uint8_t {
  EhloKeywords,   ///< smtpd_discard_ehlo_keyword_address_maps, by the client's address
  CommandFilter,  ///< smtpd_command_filter, by a command line
  Footer,         ///< smtpd_reject_footer_maps, by a reply
  RblReply,       ///< rbl_reply_maps, by a DNS list
};
inline constexpr std::size_t kTalks = 4;
/// To whom: to clients of a service, by its number; to those under test (postscreen_*).
inline constexpr std::size_t kUnderTest = 3;
inline constexpr std::size_t kAudiences = 4;

/// An error of any of these is a table or file that cannot be read now: 451, never 550.
class Directory {
 public:
  virtual ~Directory() = default;

  [[nodiscard]] virtual Result<policy::DomainClass> domain_class(std::string_view domain) = 0;
  /// Follows aliases and extensions of `recipient`, which has a domain of the class `domain`, to
  /// what they lead to; an address of another host or of relay_domains leads to itself. `sender`
  /// decides where an alias is for one correspondent alone.
  [[nodiscard]] virtual Result<Resolution> resolve(const mail::Mailbox& recipient,
                                                   policy::DomainClass domain,
                                                   const mail::Mailbox& sender) = 0;
  /// A message for a throw-away address is about to be accepted, and counts from now on. Either
  /// keep_uses() or take_back() follows. Nothing when there is no such address any more.
  virtual std::optional<mail::ThrowawayUse> claim(std::string_view throwaway,
                                                  const mail::Mailbox& sender) = 0;
  /// It was accepted: all this is on the disk when it returns, unless the disk fails, and then goes
  /// with what is written next.
  virtual Task<Result<void>> keep_uses(std::vector<mail::ThrowawayUse> uses) = 0;
  virtual void take_back(const mail::ThrowawayUse& use) = 0;
  /// There is a mailbox on the disk where that of an unknown address would be: of a user who is gone.
  [[nodiscard]] virtual bool has_remains(const mail::Mailbox&) { return false; }
  [[nodiscard]] virtual bool in_mynetworks(const IpAddress& client) = 0;
  [[nodiscard]] virtual Result<LoginName> find_login(std::string_view name) = 0;
  /// What stands in for the secrets of unknown users; null: logins are not possible now.
  [[nodiscard]] virtual std::shared_ptr<const auth::Decoys> decoys() = 0;
  /// Whose a sender is: by smtpd_sender_login_maps, and by who gets the mail for it. `login` may be
  /// empty; `sender` is not the null one, and has a domain.
  [[nodiscard]] virtual Result<policy::Owner> owner_of(const mail::Mailbox& sender,
                                                       std::string_view login) = 0;
  /// smtpd_sasl_exceptions_networks
  [[nodiscard]] virtual bool hides_auth(const IpAddress& client) = 0;
  /// smtpd_client_event_limit_exceptions
  [[nodiscard]] virtual bool is_unlimited(const IpAddress& client) = 0;
  /// ban_exceptions
  [[nodiscard]] virtual bool is_never_banned(const IpAddress& client) = 0;
  /// postscreen_access_list. A table that cannot say says nothing.
  [[nodiscard]] virtual screen::Access screen_access(const IpAddress& client) = 0;
  /// postscreen_allowlist_interfaces; false where a table cannot say.
  [[nodiscard]] virtual bool may_earn(const IpAddress& local) = 0;
  /// postscreen_dnsbl_reply_map: the list's name for a client to hear.
  [[nodiscard]] virtual std::string shown_list(std::string_view zone) = 0;
  /// proxy_protocol_peers; false where a table cannot say.
  [[nodiscard]] virtual bool is_proxy(const IpAddress& peer) = 0;
  /// smtpd_forbid_bare_newline_exclusions
  [[nodiscard]] virtual bool may_send_bare_newlines(const IpAddress& client) = 0;
  /// Nothing, too, where a table cannot say.
  [[nodiscard]] virtual std::optional<std::string> find_talk(Talk which,
                                                             std::size_t audience,
                                                             std::string_view key) = 0;
};

}  // namespace gatepost::server
