// SPDX-License-Identifier: Apache-2.0
// unit: check_host(), past what the community's test suite asks for.
#include "spf/evaluation.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/spf_zone.h"

using namespace gatepost;
using spf::Evaluation;
using spf::Verdict;
using test::SpfZone;

namespace {

spf::Identity identity(std::string_view client, std::string sender) {
  spf::Identity out;
  out.client = IpAddress::parse(client).value();
  out.helo = "helo.example";
  out.sender = std::move(sender);
  return out;
}

spf::Outcome check(SpfZone& zone, std::string_view client, std::string sender) {
  Evaluation evaluation(identity(client, std::move(sender)));
  zone.play(evaluation);
  return evaluation.outcome();
}

}  // namespace

TEST_CASE("the outcome names the mechanism and whose record has it", "[spf][evaluation]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 include:no.example redirect=Pool.example");
  zone.add("no.example", "TXT v=spf1 ip4:203.0.113.0/24 -all");
  zone.add("pool.example", "TXT v=spf1 include:b.pool.example ~all");
  zone.add("b.pool.example", "TXT v=spf1 ip4:192.0.2.0/24 -all");
  auto out = check(zone, "192.0.2.9", "x@a.example");
  CHECK(out.verdict == Verdict::Pass);
  CHECK(out.mechanism == "ip4:192.0.2.0/24");
  CHECK(out.domain == "b.pool.example");
  out = check(zone, "198.51.100.1", "x@a.example");
  CHECK(out.verdict == Verdict::SoftFail);
  CHECK(out.mechanism == "~all");
  CHECK(out.domain == "pool.example");
}

TEST_CASE("without any match there is no mechanism", "[spf][evaluation]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 include:b.example");
  zone.add("b.example", "TXT v=spf1 ip4:192.0.2.0/24 -all");
  const auto out = check(zone, "198.51.100.1", "x@a.example");
  CHECK(out.verdict == Verdict::Neutral);
  CHECK(out.mechanism.empty());
  CHECK(out.domain.empty());
}

TEST_CASE("errors say in which record, and why", "[spf][evaluation]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 include:b.example -all");
  zone.add("b.example", "TXT v=spf1 mooh");
  zone.add("slow.example", "TXT v=spf1 a:t.example -all");
  zone.add("t.example", "TIMEOUT");
  zone.add("lost.example", "TXT v=spf1 include:gone.example");
  CHECK(check(zone, "192.0.2.1", "x@a.example").problem ==
        "b.example: SPF record has a broken mechanism: mooh");
  CHECK(check(zone, "192.0.2.1", "x@slow.example").problem == "t.example: timeout");
  CHECK(check(zone, "192.0.2.1", "x@lost.example").problem ==
        "gone.example: has no SPF record, but another refers to it");
}

TEST_CASE("the null sender and a bare domain are judged too", "[spf][evaluation]") {
  SpfZone zone;
  zone.add("helo.example", "TXT v=spf1 exists:%{l}.%{o}.l.example -all");
  zone.add("postmaster.helo.example.l.example", "A 127.0.0.2");
  CHECK(check(zone, "192.0.2.1", "").verdict == Verdict::Pass);
  CHECK(check(zone, "192.0.2.1", "helo.example.").verdict == Verdict::Pass);
}

TEST_CASE("the most a record can make us ask is bounded", "[spf][evaluation]") {
  SpfZone zone;
  std::string record = "TXT v=spf1 exp=x.%{p}.e.example";
  for (int i = 0; i < 12; ++i) record += " mx:m.example";
  zone.add("a.example", record);
  zone.add("b.example", "TXT v=spf1 -all exp=x.%{p}.e.example");
  for (int i = 0; i < 10; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example";
    zone.add("m.example", "MX 1 " + host);
    zone.add("1.2.0.192.in-addr.arpa", "PTR " + host);
    zone.add(host, "A 198.51.100.1");
  }
  CHECK(check(zone, "192.0.2.1", "x@a.example").verdict == Verdict::PermError);
  CHECK(zone.asked == 1 + 10 * 11);
  zone.asked = 0;
  CHECK(check(zone, "192.0.2.1", "x@b.example").verdict == Verdict::Fail);
  CHECK(zone.asked == 1 + 11 + 1);
}

TEST_CASE("an explanation that is no line of a reply is left out", "[spf][evaluation]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 -all exp=e.example");
  zone.add("e.example", "TXT for %{l}");
  CHECK(check(zone, "192.0.2.1", "bob@a.example").explanation == "for bob");
  CHECK(check(zone, "192.0.2.1",
              "b\xc3\xb6"
              "b@a.example")
            .explanation.empty());
  zone.add("long.example", "TXT v=spf1 -all exp=l.example");
  std::string text = "TXT ";
  for (int i = 0; i < 400; ++i) text += "%{S}%{S}";
  zone.add("l.example", text);
  CHECK(check(zone, "192.0.2.1", std::string(64, '!') + "@long.example").explanation.empty());
}

TEST_CASE("out of time is an error, but not once the verdict is known", "[spf][evaluation]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 -all exp=e.example");
  Evaluation evaluation(identity("192.0.2.1", "x@a.example"));
  REQUIRE(evaluation.question() != nullptr);
  SECTION("before") {
    evaluation.abandon();
    CHECK(evaluation.outcome().verdict == Verdict::TempError);
  }
  SECTION("while the explanation is missing") {
    evaluation.answer(zone.ask(*evaluation.question()));
    REQUIRE(evaluation.question() != nullptr);
    evaluation.abandon();
    CHECK(evaluation.outcome().verdict == Verdict::Fail);
  }
  CHECK(evaluation.question() == nullptr);
}
