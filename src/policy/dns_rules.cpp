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

std::string_view class_of(Subject subject) {
  constexpr std::array<std::string_view, 6> kWords{
      "Client host",  "Client host",    "Unverified Client host",
      "Helo command", "Sender address", "Recipient address"};
  return kWords[static_cast<std::size_t>(subject)];
}

std::string rejected(std::string_view what, Subject subject, std::string_view why) {
  std::string out("<");
  out += what;
  out += ">: ";
  out += class_of(subject);
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

/// The names of default_rbl_reply.
class ListedNames final : public MacroNames {
 public:
  ListedNames(const Listed& listed, const MacroNames& session, std::uint16_t code)
      : listed_(listed), session_(session), code_(code) {}

  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const override {
    const Restriction& rule = listed_.rule;
    if (name == "rbl_code") return format_number(code_);
    if (name == "rbl_class") return std::string(class_of(row_of(rule.rule).subject));
    if (name == "rbl_what") return std::string(listed_.subject);
    if (name == "rbl_domain") return rule.list.zone;
    if (name == "rbl_reason" || name == "rbl_txt") return std::string(listed_.reason);
    return session_.value_of(name);
  }

 private:
  const Listed& listed_;
  const MacroNames& session_;
  std::uint16_t code_;
};

/// default_rbl_reply with its names replaced. Nothing: it does not begin with the code of a refusal.
std::optional<smtp::Reply> parse_rbl_reply(std::string_view words) {
  const std::string_view code = words.substr(0, 3);
  const bool refusal = code.size() == 3 && (code[0] == '4' || code[0] == '5') &&
                       is_digit(code[1]) && is_digit(code[2]);
  if (!refusal) return std::nullopt;
  words = trim(words.substr(3));
  // RFC 3463 section 2, as far as a reply needs it.
  std::string_view rest = words;
  const std::string_view status = take_word(rest, " ");
  const bool enhanced = status.size() >= 5 && status[1] == '.' && is_digit(status[0]) &&
                        status.find_first_not_of("0123456789.") == status.npos &&
                        std::count(status.begin(), status.end(), '.') == 2 && is_digit(status[2]) &&
                        is_digit(status.back());
  const auto number =
      static_cast<std::uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  return make_reply(number, enhanced ? status : "5.7.1",
                    std::string(enhanced ? trim(rest) : words));
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

smtp::Reply refuse_listed(const Listed& listed,
                          const RblWords& words,
                          const DnsRuleSettings& settings) {
  const ListedNames names(listed, words.session, settings.maps_rbl_code);
  const auto expand = [&](std::string_view text) {
    return parse_rbl_reply(expand_macros(text, names, words.allowed));
  };
  std::optional<smtp::Reply> out;
  if (words.own) out = expand(*words.own);
  if (!out) out = expand(settings.rbl_reply);
  return out ? *std::move(out) : make_reply(settings.maps_rbl_code, "5.7.1", "Service unavailable");
}

Verdict decide_vouched(const Restriction& rule, Finding finding, std::string_view subject) {
  if (finding == Finding::Yes) return {Verdict::Kind::Permit};
  if (finding != Finding::Unknown) return {};
  std::string text = rejected(subject, row_of(rule.rule).subject, "Service unavailable");
  return {Verdict::Kind::DeferIfRefuse, make_reply(450, "4.7.1", std::move(text))};
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
