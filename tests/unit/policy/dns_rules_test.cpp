// SPDX-License-Identifier: Apache-2.0
// unit: restrictions that ask the domain name system.
#include "policy/dns_rules.h"

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::policy;

namespace {

const IpAddress kClient = IpAddress::v4({192, 0, 2, 1});

Restriction rule(std::string_view text) {
  return parse_restriction(text).value();
}

DnsAnswer listed(std::vector<IpAddress> addresses) {
  DnsAnswer out;
  out.kind = DnsAnswer::Kind::Found;
  out.addresses = std::move(addresses);
  return out;
}

std::string shown(const Verdict& verdict) {
  std::string out;
  switch (verdict.kind) {
    case Verdict::Kind::Dunno:
      return "dunno";
    case Verdict::Kind::Permit:
      return "permit";
    case Verdict::Kind::Refuse:
      break;
    case Verdict::Kind::DeferIfPermit:
      out = "if permitted: ";
      break;
    case Verdict::Kind::DeferIfRefuse:
      out = "if refused: ";
      break;
  }
  const smtp::Reply& reply = verdict.reply;
  return out + std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

std::string known(std::string_view name,
                  Finding finding,
                  std::string_view subject,
                  const DnsRuleSettings& settings = {}) {
  return shown(decide_known(rule(name).rule, finding, subject, settings));
}

}  // namespace

TEST_CASE("lists are asked for addresses backwards, and for domains", "[policy][dns_rules]") {
  CHECK(list_question(rule("reject_rbl_client bl.example"), "192.0.2.1", kClient) ==
        "1.2.0.192.bl.example");
  const IpAddress v6 = IpAddress::parse("2001:db8::1").value();
  CHECK(list_question(rule("permit_dnswl_client wl.example"), "2001:db8::1", v6) ==
        v6.reversed_labels() + ".wl.example");
  const Restriction sender = rule("reject_rhsbl_sender dbl.example");
  CHECK(list_question(sender, "a@b@Spam.Example", kClient) == "spam.example.dbl.example");
  CHECK(list_question(rule("reject_rhsbl_helo dbl.example"), "mx.spam.example", kClient) ==
        "mx.spam.example.dbl.example");
  // What a list cannot hold: an address is no domain, and neither are junk and UTF-8.
  for (const std::string_view what :
       {"a@[192.0.2.1]", "192.0.2.1", "a@", "", "-x.example", "a@b c", "a@\xc3\xa9.example"}) {
    CAPTURE(what);
    CHECK(list_question(sender, what, kClient).empty());
  }
}

TEST_CASE("a listing is one of the pattern's, and no error code", "[policy][dns_rules]") {
  const screen::Site any = rule("reject_rbl_client bl.example").list;
  const screen::Site some = rule("reject_rbl_client bl.example=127.0.0.[2..11]").list;
  const auto read = [](const screen::Site& list, std::vector<IpAddress> addresses) {
    return read_listing(list, listed(std::move(addresses))).finding;
  };
  CHECK(read(any, {IpAddress::v4({127, 0, 0, 2})}) == Finding::Yes);
  CHECK(read(any, {}) == Finding::No);
  CHECK(read(some, {IpAddress::v4({127, 0, 0, 12})}) == Finding::No);
  CHECK(read(some, {IpAddress::v4({127, 0, 0, 12}), IpAddress::v4({127, 0, 0, 11})}) ==
        Finding::Yes);
  for (const IpAddress& odd :
       {IpAddress::v4({127, 255, 255, 254}), IpAddress::v4({192, 0, 2, 8})}) {
    const Listing found = read_listing(any, listed({IpAddress::v4({127, 0, 0, 2}), odd}));
    CHECK(found.finding == Finding::No);
    CHECK(found.odd == odd);
  }
  CHECK(read_listing(any, DnsAnswer{}).finding == Finding::Unknown);
}

namespace {

/// $rbl_reason is no name of a session's.
struct Session final : MacroNames {
  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const override {
    if (name == "client_address") return "192.0.2.1";
    return std::nullopt;
  }
};

constexpr std::string_view kReply =
    "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using "
    "$rbl_domain${rbl_reason?; $rbl_reason}";

std::string listed_says(const Restriction& rule,
                        std::string_view subject,
                        std::string_view reason,
                        std::optional<std::string> own,
                        std::uint16_t code = 554) {
  DnsRuleSettings settings;
  settings.rbl_reply = kReply;
  settings.maps_rbl_code = code;
  const smtp::Reply reply = refuse_listed(
      {rule, subject, reason},
      {own, Session(), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .@"},
      settings);
  return shown({Verdict::Kind::Refuse, reply});
}

}  // namespace

TEST_CASE("the words of a refusal are the list's, or the default", "[policy][dns_rules]") {
  const Restriction one = rule("reject_rbl_client BL.example=127.0.0.2");
  CHECK(one.word == "bl.example=127.0.0.2");
  const auto says = [&](std::optional<std::string> own, std::uint16_t code = 554) {
    return listed_says(one, "192.0.2.1", "go <away>", std::move(own), code);
  };
  CHECK(says("$rbl_code 4.7.99 no: $rbl_class $rbl_domain $rbl_txt ($client_address$nothing)") ==
        "554 5.7.99 no: Client host bl.example go _away_ (192.0.2.1)");
  CHECK(says("450 see https://bl.example/${rbl_what}") ==
        "450 4.7.1 see https://bl.example/192.0.2.1");
  // What is no refusal is not said.
  for (const char* bad : {"250 Ok", "", "no", "$rbl_class 554", "5x4 no"}) {
    CAPTURE(bad);
    CHECK(says(bad, 521).starts_with("521 5.7.1 Service unavailable; Client host"));
  }
}

TEST_CASE("listings are refused or permitted in Postfix's words", "[policy][dns_rules]") {
  struct Row {
    std::string_view rule;
    Finding finding;
    std::string_view subject, reason, said;
  };
  const std::vector<Row> rows{
      {"reject_rbl_client bl.example=127.0.0.2", Finding::Yes, "192.0.2.1", "see bl.example",
       "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example; see "
       "bl.example"},
      {"reject_rhsbl_client d.example", Finding::Yes, "mx.example", "",
       "554 5.7.1 Service unavailable; Client host [mx.example] blocked using d.example"},
      {"reject_rhsbl_reverse_client d.example", Finding::Yes, "mx.example", "",
       "554 5.7.1 Service unavailable; Unverified Client host [mx.example] blocked using "
       "d.example"},
      {"reject_rhsbl_helo d.example", Finding::Yes, "mx.example", "",
       "554 5.7.1 Service unavailable; Helo command [mx.example] blocked using d.example"},
      {"reject_rhsbl_sender d.example", Finding::Yes, "a@b.example", "",
       "554 5.7.1 Service unavailable; Sender address [a@b.example] blocked using d.example"},
      {"reject_rhsbl_recipient d.example", Finding::Yes, "a@b.example", "",
       "554 5.7.1 Service unavailable; Recipient address [a@b.example] blocked using d.example"},
      {"permit_dnswl_client wl.example", Finding::Yes, "192.0.2.1", "", "permit"},
      {"permit_dnswl_client wl.example", Finding::No, "192.0.2.1", "", "dunno"},
      {"permit_dnswl_client wl.example", Finding::Unknown, "192.0.2.1", "",
       "if refused: 450 4.7.1 <192.0.2.1>: Client host rejected: Service unavailable"},
      {"permit_rhswl_client wl.example", Finding::Yes, "mx.example", "", "permit"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    const Restriction one = rule(row.rule);
    if (row_of(one.rule).test == DnsTest::Vouched) {
      CHECK(shown(decide_vouched(one, row.finding, row.subject)) == row.said);
    } else {
      CHECK(listed_says(one, row.subject, row.reason, std::nullopt) == row.said);
    }
  }
  CHECK(listed_says(rule(rows[1].rule), "mx.example", "", std::nullopt, 450)
            .starts_with("450 4.7.1 Service"));
}

TEST_CASE("what nobody knows is refused, what nobody can say put off", "[policy][dns_rules]") {
  CHECK(known("reject_unknown_client_hostname", Finding::No, "192.0.2.1") ==
        "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]");
  CHECK(known("reject_unknown_reverse_client_hostname", Finding::No, "192.0.2.1") ==
        "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]");
  CHECK(known("reject_unknown_helo_hostname", Finding::No, "x.example") ==
        "450 4.7.1 <x.example>: Helo command rejected: Host not found");
  CHECK(known("reject_unknown_sender_domain", Finding::No, "a@x.example") ==
        "450 4.1.8 <a@x.example>: Sender address rejected: Domain not found");
  CHECK(known("reject_unknown_recipient_domain", Finding::No, "a@x.example") ==
        "450 4.1.2 <a@x.example>: Recipient address rejected: Domain not found");
  CHECK(known("reject_unknown_sender_domain", Finding::NullMx, "a@x.example") ==
        "550 5.7.27 <a@x.example>: Sender address rejected: Domain x.example does not accept mail "
        "(nullMX)");
  CHECK(known("reject_unknown_recipient_domain", Finding::NullMx, "a@x.example")
            .starts_with("556 5.1.10 <a@x.example>: Recipient address rejected: Domain x.example"));
  CHECK(known("reject_unknown_helo_hostname", Finding::Yes, "x.example") == "dunno");

  DnsRuleSettings hard;
  hard.unknown_client_code = hard.unknown_hostname_code = hard.unknown_address_code = 550;
  CHECK(known("reject_unknown_client_hostname", Finding::No, "192.0.2.1", hard)
            .starts_with("550 5.7.25 "));
  CHECK(known("reject_unknown_client_hostname", Finding::Unknown, "192.0.2.1", hard)
            .starts_with("450 4.7.25 "));
  CHECK(known("reject_unknown_sender_domain", Finding::No, "a@x.example", hard)
            .starts_with("550 5.1.8 "));
  CHECK(known("reject_unknown_sender_domain", Finding::Unknown, "a@x.example", hard) ==
        "if permitted: 450 4.1.8 <a@x.example>: Sender address rejected: Domain not found");
  CHECK(known("reject_unknown_helo_hostname", Finding::Unknown, "x.example", hard)
            .starts_with("if permitted: 450 4.7.1 "));
  hard.defer_helo = hard.defer_address = true;
  CHECK(known("reject_unknown_helo_hostname", Finding::Unknown, "x.example", hard)
            .starts_with("450 4.7.1 "));
  CHECK(known("reject_unknown_recipient_domain", Finding::Unknown, "a@x.example", hard)
            .starts_with("450 4.1.2 "));
}

TEST_CASE("a list's reason is one short line", "[policy][dns_rules]") {
  DnsAnswer texts;
  texts.kind = DnsAnswer::Kind::Found;
  CHECK(listing_reason(texts).empty());
  texts.texts = {"one\r\n250 ok", "two"};
  CHECK(listing_reason(texts) == "one??250 ok / two");
  texts.texts = {std::string(440, 'a'), std::string(440, 'b'), "c"};
  CHECK(listing_reason(texts).size() == 450);
}
