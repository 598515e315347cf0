// SPDX-License-Identifier: Apache-2.0
// policy: restrictions that ask the domain name system: what they ask, and what answers come to.
#include "policy/dns_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "screen/guard.h"

namespace gatepost::policy {
namespace {

/// As Postfix: the rest of a reply has to fit beside it.
constexpr std::size_t kMostReason = 450;

std::string_view words_of(Subject subject) {
  constexpr std::array<std::string_view, 6> kWords{
      "Client host",  "Client host",    "Unverified Client host",
      "Helo command", "Sender address", "Recipient address"};
  return kWords[static_cast<std::size_t>(subject)];
}

std::string rejected(std::string_view what, Subject subject, std::string_view why) {
  std::string out("<");
  out += what;
  out += ">: ";
  out += words_of(subject);
  out += " rejected: ";
  out += why;
  return out;
}

Verdict refuse(std::uint16_t code, std::string_view status, std::string text) {
  return {Verdict::Kind::Refuse, make_reply(code, status, std::move(text))};
}

Verdict defer(bool at_once, std::string_view status, std::string text) {
  const auto kind = at_once ? Verdict::Kind::Refuse : Verdict::Kind::DeferIfPermit;
  return {kind, make_reply(450, status, std::move(text))};
}

Verdict decide_mail_domain(Subject about,
                           Finding finding,
                           std::string_view subject,
                           const DnsRuleSettings& settings) {
  const bool sender = about == Subject::Sender;
  if (finding == Finding::NullMx) {
    std::string why("Domain ");
    why += host_in(subject);
    why += " does not accept mail (nullMX)";
    const std::uint16_t code = sender ? 550 : 556;
    return refuse(code, sender ? "5.7.27" : "5.1.10", rejected(subject, about, why));
  }
  const std::string_view status = sender ? "4.1.8" : "4.1.2";
  std::string text = rejected(subject, about, "Domain not found");
  if (finding == Finding::Unknown) return defer(settings.defer_address, status, std::move(text));
  return refuse(settings.unknown_address_code, status, std::move(text));
}

}  // namespace

std::string_view host_in(std::string_view subject) {
  const std::size_t at = subject.rfind('@');
  if (at != subject.npos) subject.remove_prefix(at + 1);
  return screen::is_host_name(subject) ? subject : std::string_view();
}

std::string list_question(const Restriction& rule,
                          std::string_view subject,
                          const IpAddress& client) {
  std::string out;
  out = row_of(rule.rule).subject == Subject::Address ? client.reversed_labels()
                                                      : lower(host_in(subject));
  if (!out.empty()) out += "." + rule.list.zone;
  return out;
}

Listing read_listing(const screen::Site& list, const DnsAnswer& answer) {
  if (answer.kind == DnsAnswer::Kind::Failed) return {Finding::Unknown, {}};
  Listing out;
  for (const IpAddress& address : answer.addresses) {
    if (screen::find_code(list.zone, address) != screen::Fault::None) {
      return {Finding::No, address};
    }
    if (list.pattern.matches(address)) out.finding = Finding::Yes;
  }
  return out;
}

std::string listing_reason(const DnsAnswer& answer) {
  std::string out;
  for (const std::string& text : answer.texts) {
    if (out.size() + 3 >= kMostReason) break;
    if (!out.empty()) out += " / ";
    out += printable(text, kMostReason - out.size());
  }
  return out;
}

Verdict decide_listing(const Restriction& rule,
                       Finding finding,
                       std::string_view subject,
                       std::string_view reason,
                       const DnsRuleSettings& settings) {
  const AccessRuleRow& row = row_of(rule.rule);
  if (row.test == DnsTest::Vouched) {
    if (finding == Finding::Yes) return {Verdict::Kind::Permit};
    if (finding != Finding::Unknown) return {};
    std::string text = rejected(subject, row.subject, "Service unavailable");
    return {Verdict::Kind::DeferIfRefuse, make_reply(450, "4.7.1", std::move(text))};
  }
  if (finding != Finding::Yes) return {};
  std::string text("Service unavailable; ");
  text += words_of(row.subject);
  text += " [";
  text += subject;
  text += "] blocked using " + rule.list.zone;
  if (!reason.empty()) text += "; ";
  text += reason;
  return refuse(settings.maps_rbl_code, "5.7.1", std::move(text));
}

Verdict decide_known(AccessRule rule,
                     Finding finding,
                     std::string_view subject,
                     const DnsRuleSettings& settings) {
  if (finding == Finding::Yes) return {};
  const Subject about = row_of(rule).subject;
  if (about == Subject::Sender || about == Subject::Recipient) {
    return decide_mail_domain(about, finding, subject, settings);
  }
  if (about == Subject::Helo) {
    std::string text = rejected(subject, about, "Host not found");
    if (finding == Finding::Unknown) return defer(settings.defer_helo, "4.7.1", std::move(text));
    return refuse(settings.unknown_hostname_code, "4.7.1", std::move(text));
  }
  const bool reverse = about == Subject::ReverseName;
  std::string text("Client host rejected: cannot find your ");
  if (reverse) text += "reverse ";
  text += "hostname, [";
  text += subject;
  text += "]";
  const std::uint16_t code = finding == Finding::Unknown ? 450 : settings.unknown_client_code;
  return refuse(code, reverse ? "4.7.1" : "4.7.25", std::move(text));
}

}  // namespace gatepost::policy
