// SPDX-License-Identifier: Apache-2.0
// dns: what is read out of answers, and what is not.
#include "dns/answer.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "dns/names.h"
#include "dns/resolv_conf.h"
#include "support/dns_packet.h"

using namespace gatepost;
using namespace gatepost::support;
using Kind = DnsAnswer::Kind;

namespace {

DnsAnswer read(const Reply& reply, std::string_view name, DnsType type, unsigned number) {
  const std::string text = reply.text(7, name, number);
  return dns::parse_answer({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, name,
                           type);
}
DnsAnswer read_a(const Reply& reply) {
  return read(reply, "host.test", DnsType::A, kA);
}
DnsAnswer read_txt(const Reply& reply) {
  return read(reply, "host.test", DnsType::Txt, kTxt);
}

}  // namespace

TEST_CASE("addresses come with the least TTL of them", "[dns]") {
  const auto got =
      read_a({.answers = {a_record("host.test", 300, "\x7f\x00\x00\x02" + std::string()),
                          a_record("HOST.test", 60, std::string("\x7f\x00\x00\x03", 4))}});
  CHECK(got.kind == Kind::Failed);  // The first has no four octets: the answer is broken.
  const auto whole =
      read_a({.answers = {a_record("host.test", 300, std::string("\x7f\x00\x00\x02", 4)),
                          a_record("HOST.test", 60, std::string("\x7f\x00\x00\x03", 4))}});
  REQUIRE(whole.found());
  REQUIRE(whole.addresses.size() == 2);
  CHECK(whole.addresses[1].text() == "127.0.0.3");
  CHECK(whole.ttl == std::chrono::seconds(60));
}

TEST_CASE("an IPv6 address that stands for an IPv4 one is that", "[dns]") {
  const std::string mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01", 16);
  const auto got = read({.answers = {record("host.test", kAaaa, 60, mapped)}}, "host.test",
                        DnsType::Aaaa, kAaaa);
  REQUIRE(got.addresses.size() == 1);
  CHECK(got.addresses[0].text() == "192.0.2.1");
}

TEST_CASE("aliases are followed and their TTL counts", "[dns]") {
  const std::string address("\xc0\x00\x02\x01", 4);
  const auto got = read_a({.answers = {a_record("c.test", 300, address),
                                       record("host.test", kCname, 200, wire::name("B.test")),
                                       record("b.test", kCname, 20, wire::name("c.test"))}});
  REQUIRE(got.found());
  CHECK(got.addresses.size() == 1);
  CHECK(got.ttl == std::chrono::seconds(20));
}

TEST_CASE("aliases that lead in a circle are Failed", "[dns]") {
  const auto got = read_a({.answers = {record("host.test", kCname, 200, wire::name("b.test")),
                                       record("b.test", kCname, 200, wire::name("host.test"))}});
  CHECK(got.kind == Kind::Failed);
  CHECK(got.fault == "the chain of aliases is too long");
}

TEST_CASE("records of other names and types count for nothing", "[dns]") {
  const std::string address("\xc0\x00\x02\x01", 4);
  const auto got = read_a({.answers = {a_record("other.test", 300, address),
                                       record("host.test", kTxt, 300, wire::strings("text"))}});
  CHECK(got.kind == Kind::NoData);
}

TEST_CASE("an answer to another question is Failed", "[dns]") {
  CHECK(read_a({.other_name = "other.test"}).fault == "the answer is to another question");
}

TEST_CASE("a negative answer is good for the lesser of SOA's TTL and minimum", "[dns]") {
  auto got = read_a({.code = kNxDomain, .authority = {soa_record("test", 900, 120)}});
  CHECK(got.kind == Kind::NoName);
  CHECK(got.ttl == std::chrono::seconds(120));
  got = read_a({.authority = {soa_record("test", 30, 120)}});
  CHECK(got.kind == Kind::NoData);
  CHECK(got.ttl == std::chrono::seconds(30));
  CHECK(read_a({.authority = {soa_record("test", 0, 0)}}).ttl == dns::kLeastTtl);
  CHECK(read_a({.authority = {soa_record("test", 90000, 90000)}}).ttl == dns::kMostNegativeTtl);
  CHECK(read_a({.code = kNxDomain}).ttl == Duration{});
}

TEST_CASE("a server that cannot say is Failed with its word", "[dns]") {
  CHECK(read_a({.code = kServFail}).fault == "SERVFAIL");
  CHECK(read_a({.code = kRefused}).fault == "REFUSED");
}

TEST_CASE("the strings of a text are joined, octets as they are", "[dns]") {
  const std::string text = std::string(300, 'x') + std::string("\0\xff", 2);
  const auto got = read_txt({.answers = {record("host.test", kTxt, 60, wire::strings(text))}});
  REQUIRE(got.texts.size() == 1);
  CHECK(got.texts[0] == text);
}

TEST_CASE("texts past the bound are Failed, for a part would mislead", "[dns]") {
  Reply reply;
  for (int i = 0; i < 20; ++i)
    reply.answers.push_back(record("host.test", kTxt, 60, wire::strings(std::string(1000, 'x'))));
  CHECK(read_txt(reply).fault == "the texts are too long");
}

TEST_CASE("the best exchanges come first and others are left out", "[dns]") {
  Reply reply;
  for (unsigned i = 40; i > 0; --i) {
    const std::string host = "MX" + std::to_string(i) + ".test";
    reply.answers.push_back(record("host.test", kMx, 60, wire::u16(i) + wire::name(host)));
  }
  const auto got = read(reply, "host.test", DnsType::Mx, kMx);
  REQUIRE(got.exchanges.size() == dns::kMostExchanges);
  CHECK(got.exchanges[0].host == "mx1.test");
  CHECK(got.exchanges[0].preference == 1);
}

TEST_CASE("a host that takes no mail has an exchange without a name", "[dns]") {
  const auto got = read({.answers = {record("host.test", kMx, 60, wire::u16(0) + wire::name(""))}},
                        "host.test", DnsType::Mx, kMx);
  REQUIRE(got.exchanges.size() == 1);
  CHECK(got.exchanges[0].host.empty());
}

TEST_CASE("a name that could not stand in a line of text is none", "[dns]") {
  const auto got =
      read({.answers = {record("1.2.test", kPtr, 60, wire::name("evil\r\n250 ok.test"))}},
           "1.2.test", DnsType::Ptr, kPtr);
  CHECK(got.kind == Kind::Failed);
  CHECK(got.texts.empty());
}

TEST_CASE("too many records are Failed", "[dns]") {
  Reply reply;
  const std::string address("\xc0\x00\x02\x01", 4);
  for (int i = 0; i < 70; ++i) reply.answers.push_back(a_record("host.test", 60, address));
  CHECK(read_a(reply).addresses.size() == dns::kMostAddresses);
  for (int i = 0; i < 500; ++i) reply.answers.push_back(a_record("host.test", 60, address));
  CHECK(read_a(reply).fault == "the answer has too many records");
}

TEST_CASE("what cannot be a name is none", "[dns]") {
  for (const auto& bad : {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
                          std::string(64, 'x') + ".test", std::string(254, 'x')})
    CHECK_FALSE(dns::parse_name(bad));
  CHECK(dns::parse_name("Mail.Example.COM.") == "mail.example.com");
}

TEST_CASE("odd octets are escaped and read back", "[dns]") {
  std::string odd;
  for (int i = 0; i < 256; ++i)
    if (i != '.' && !(i >= 'A' && i <= 'Z')) odd += static_cast<char>(i);
  CHECK(dns::parse_escaped(dns::format_escaped(odd)) == odd);
  CHECK_FALSE(dns::parse_escaped("a\\.b"));
  CHECK_FALSE(dns::parse_escaped("a\\25"));
  CHECK_FALSE(dns::parse_escaped("a\\256"));
  CHECK_FALSE(dns::parse_escaped("a\\"));
}

TEST_CASE("servers are read from resolv.conf", "[dns]") {
  CHECK(dns::read_resolv_conf(
            "# nameserver 1.2.3.4\nnameserver 192.0.2.1\n nameserver\tfe80::1%eth0 x\n"
            "nameserver bad\nsearch a b\nnameserver ::1\nnameserver 192.0.2.9\n") ==
        "192.0.2.1,fe80::1%eth0,::1");
  CHECK(dns::read_resolv_conf("search a\nnameserver").empty());
}
