// SPDX-License-Identifier: Apache-2.0
// policy: restrictions that ask the domain name system: what they ask, and what answers come to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/dns_answer.h"
#include "policy/access.h"
#include "policy/macros.h"

namespace gatepost::policy {

/// What an owner may change about them.
struct DnsRuleSettings {
  std::uint16_t maps_rbl_code = 554;          ///< maps_rbl_reject_code
  std::string rbl_reply;                      ///< default_rbl_reply
  std::uint16_t unknown_client_code = 450;    ///< unknown_client_reject_code
  std::uint16_t unknown_hostname_code = 450;  ///< unknown_hostname_reject_code
  std::uint16_t unknown_address_code = 450;   ///< unknown_address_reject_code
  // Where nobody can say: refused at once, instead of when nothing else refuses.
  bool defer_helo = false;     ///< unknown_helo_hostname_tempfail_action = defer
  bool defer_address = false;  ///< unknown_address_tempfail_action = defer
};

/// What came out of all questions of one rule.
enum class Finding : std::uint8_t {
  No,
  Yes,
  Unknown,  ///< Nobody could say now.
  NullMx,   ///< It is a domain that takes no mail (RFC 7505).
};

/// The domain of an address, or the name itself. Empty where the domain name system cannot know
/// it: a literal, a number, no name of a host.
[[nodiscard]] std::string_view host_in(std::string_view subject);

/// The name to ask a list for, which is about `client` or `subject`. Empty: there is nothing to ask.
[[nodiscard]] std::string list_question(const Restriction& rule,
                                        std::string_view subject,
                                        const IpAddress& client);

/// What a list says by its A records.
struct Listing {
  Finding finding = Finding::No;
  /// The first that is an error code, or no address of a list at all: then it lists nobody.
  std::optional<IpAddress> odd;
};
[[nodiscard]] Listing read_listing(const screen::Site& list, const DnsAnswer& answer);

/// The words of a list for a reply: its TXT records, cut as Postfix does.
[[nodiscard]] std::string listing_reason(const DnsAnswer& answer);

/// What a list has found.
struct Listed {
  const Restriction& rule;
  std::string_view subject;  ///< The client's address, a name, or an address of mail.
  std::string_view reason;
};
/// How an owner words the refusal of it.
struct RblWords {
  const std::optional<std::string>&
      own;                    ///< Of rbl_reply_maps. Nothing, or not of this form: the default.
  const MacroNames& session;  ///< The names that are not about the list.
  std::string_view allowed;   ///< smtpd_expansion_filter
};
/// The words begin with the code of a refusal, and perhaps an enhanced one.
[[nodiscard]] smtp::Reply refuse_listed(const Listed& listed,
                                        const RblWords& words,
                                        const DnsRuleSettings& settings);

/// Of a list of the good ones. `subject` is shown: the client's address, a name, or an address of
/// mail.
[[nodiscard]] Verdict decide_vouched(const Restriction& rule,
                                     Finding finding,
                                     std::string_view subject);

/// The same of a rule that asks whether its subject is known; for the names of a client `subject` is
/// its address.
[[nodiscard]] Verdict decide_known(AccessRule rule,
                                   Finding finding,
                                   std::string_view subject,
                                   const DnsRuleSettings& settings);

}  // namespace gatepost::policy
