// SPDX-License-Identifier: Apache-2.0
// unit: the networks of a domain.
#include "spf/walk.h"

#include <algorithm>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/spf_zone.h"

using namespace gatepost;
using spf::HostBits;
using spf::Walk;
using spf::WalkLimits;
using spf::WalkResult;
using test::SpfZone;

namespace {

WalkResult walk(SpfZone& zone, std::string_view domain, WalkLimits limits = {}) {
  Walk machine(domain, limits);
  zone.play(machine);
  return std::move(machine.result());
}

std::string text(const WalkResult& result) {
  std::string out;
  for (const auto& one : result.networks.networks()) out += spf::format_network(one.network) + ' ';
  return out;
}

std::string source(const WalkResult& result, std::string_view address) {
  const auto* found = result.networks.find(IpAddress::parse(address).value());
  return found == nullptr ? "" : result.networks.sources()[found->source];
}

bool noted(const WalkResult& result, const std::string& note) {
  return std::find(result.notes.begin(), result.notes.end(), note) != result.notes.end();
}

}  // namespace

TEST_CASE("includes, redirects and networks are followed, with where they come from",
          "[spf][walk]") {
  SpfZone zone;
  zone.add("Big.example", "TXT v=spf1 redirect=_spf.big.example.");
  zone.add("_spf.big.example", "TXT v=spf1 include:_n1.big.example include:_n2.big.example ~all");
  zone.add("_n1.big.example", "TXT v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 ip4:192.0.2.9 -all");
  zone.add("_n2.big.example", "TXT v=spf1 ip6:2001:db8:4::/48 ?all");
  const auto out = walk(zone, "big.example.");
  CHECK(out.fault.empty());
  CHECK(out.notes.empty());
  CHECK(text(out) == "192.0.2.0/24 2001:db8:4::/48 ");
  CHECK(source(out, "192.0.2.200") == "big.example > _spf.big.example > _n1.big.example");
}

TEST_CASE("hosts of a and mx are looked up in both families", "[spf][walk]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 a/28//64 mx:m.example -all");
  zone.add("a.example", "A 192.0.2.17");
  zone.add("a.example", "AAAA 2001:db8::7");
  zone.add("m.example", "MX 10 h1.example");
  zone.add("m.example", "MX 0 ");
  zone.add("h1.example", "A 198.51.100.1");
  zone.add("h1.example", "AAAA 2001:db8:1::1");
  const auto out = walk(zone, "a.example");
  CHECK(out.fault.empty());
  CHECK(text(out) == "192.0.2.16/28 198.51.100.1 2001:db8::/64 2001:db8:1::1 ");
  CHECK(source(out, "198.51.100.1") == "a.example > mx:m.example");
}

TEST_CASE("what depends on the client is noted, what says no is passed over", "[spf][walk]") {
  SpfZone zone;
  zone.add("a.example",
           "TXT v=spf1 exists:%{i}.e.example ptr include:%{l}.i.example a:%{h} -ip4:203.0.113.1 "
           "~include:never.example ip4:192.0.2.1 all ip4:198.51.100.1 redirect=never.example");
  const auto out = walk(zone, "a.example");
  CHECK(text(out) == "192.0.2.1 ");
  CHECK(zone.asked == 1);
  CHECK(out.notes.size() == 5);
  CHECK(noted(out, "a.example: exists:%{i}.e.example depends on the client"));
  CHECK(noted(out, "a.example: ptr depends on the client"));
  CHECK(noted(out, "a.example: include:%{l}.i.example depends on the client"));
  CHECK(noted(out, "a.example: a:%{h} depends on the client"));
  CHECK(noted(out, "a.example: allows everybody"));
}

TEST_CASE("a network that is too wide is left out", "[spf][walk]") {
  SpfZone zone;
  zone.add("a.example",
           "TXT v=spf1 ip4:8.0.0.0/13 ip4:20.0.0.0/14 ip6:2a00::/23 ip6:2a01:100::/24 a/8 "
           "ip6:::ffff:192.0.2.1");
  zone.add("a.example", "A 192.0.2.1");
  const auto out = walk(zone, "a.example");
  CHECK(text(out) == "20.0.0.0/14 2a01:100::/24 ");
  CHECK(noted(out, "a.example: 8.0.0.0/13 is too wide"));
  CHECK(noted(out, "a.example: 2a00::/23 is too wide"));
  CHECK(noted(out, "a.example > a/8: 192.0.0.0/8 is too wide"));
  CHECK(noted(out, "a.example: ip6:192.0.2.1 is no network of IPv6"));
}

TEST_CASE("a network with host bits set is left out, mended or kept", "[spf][walk]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 ip4:192.0.2.7/24 ip4:198.51.100.1 -all");
  WalkLimits limits;
  const auto removed = walk(zone, "a.example", limits);
  CHECK(text(removed) == "198.51.100.1 ");
  CHECK(noted(removed, "a.example: ip4:192.0.2.7/24 has host bits set"));
  limits.host_bits = HostBits::Fix;
  CHECK(text(walk(zone, "a.example", limits)) == "192.0.2.0/24 198.51.100.1 ");
  limits.host_bits = HostBits::Keep;
  const auto kept = walk(zone, "a.example", limits);
  CHECK(text(kept) == "192.0.2.7/24 198.51.100.1 ");
  CHECK(source(kept, "192.0.2.200") == "a.example");
}

TEST_CASE("loops end", "[spf][walk]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 include:b.example ip4:192.0.2.1 -all");
  zone.add("b.example", "TXT v=spf1 include:A.example redirect=b.example");
  const auto out = walk(zone, "a.example");
  CHECK(text(out) == "192.0.2.1 ");
  CHECK(out.fault.empty());
  CHECK(zone.asked == 2);
}

TEST_CASE("depth, lookups and networks are bounded, and that is told", "[spf][walk]") {
  SpfZone zone;
  for (int i = 0; i < 20; ++i) {
    zone.add("d" + std::to_string(i) + ".example", "TXT v=spf1 ip4:192.0.2." +
                                                       std::to_string(2 * i) + " include:d" +
                                                       std::to_string(i + 1) + ".example");
  }
  const auto deep = walk(zone, "d0.example");
  CHECK(zone.asked == 11);
  CHECK(deep.networks.size() == 11);
  CHECK(deep.fault.ends_with("d11.example: lies too deep"));

  std::string wide = "TXT v=spf1 ip4:192.0.2.1";
  for (int i = 0; i < 150; ++i) wide += " include:w" + std::to_string(i) + ".example";
  zone.add("wide.example", wide);
  zone.asked = 0;
  const auto out = walk(zone, "wide.example");
  CHECK(zone.asked == 100);
  CHECK(out.fault == "wide.example > w99.example: is one lookup too many");
  CHECK(out.notes.size() == Walk::kMostNotes);
  CHECK(text(out) == "192.0.2.1 ");

  WalkLimits limits;
  limits.networks = 2;
  zone.add("many.example", "TXT v=spf1 ip4:192.0.2.1 ip4:192.0.2.3 ip4:192.0.2.5 ip4:192.0.2.7");
  CHECK(walk(zone, "many.example", limits).fault == "many.example: names too many networks");
}

TEST_CASE("a question nobody answers is a fault, and so is a part without a record",
          "[spf][walk]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 include:slow.example ip4:192.0.2.1 include:none.example");
  zone.add("slow.example", "TIMEOUT");
  const auto slow = walk(zone, "a.example");
  CHECK(slow.fault == "a.example > slow.example: slow.example: timeout");
  CHECK(text(slow) == "192.0.2.1 ");
  zone.add("b.example", "TXT v=spf1 include:broken.example ip4:192.0.2.1 include:none.example");
  zone.add("broken.example", "TXT v=spf1 mooh");
  const auto broken = walk(zone, "b.example");
  CHECK(broken.fault == "b.example > broken.example: SPF record has a broken mechanism: mooh");
  CHECK(text(broken) == "192.0.2.1 ");
  CHECK(noted(broken, "b.example > none.example: has no SPF record"));
  zone.add("c.example", "TXT v=spf1 ip4:192.0.2.1 redirect=none.example");
  CHECK(walk(zone, "c.example").fault == "c.example > none.example: has no SPF record");
}

TEST_CASE("a domain without networks is a fault", "[spf][walk]") {
  SpfZone zone;
  zone.add("all.example", "TXT v=spf1 -all");
  zone.add("broken.example", "TXT v=spf1 mooh");
  CHECK(walk(zone, "none.example").fault == "none.example: has no SPF record");
  CHECK(walk(zone, "all.example").fault == "its SPF record names no networks");
  CHECK(walk(zone, "broken.example").fault ==
        "broken.example: SPF record has a broken mechanism: mooh");
  CHECK(walk(zone, "a..b").fault == "a..b: is no domain");
}

TEST_CASE("the least time to live is told", "[spf][walk]") {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 ip4:192.0.2.1 include:b.example");
  zone.add("b.example", "TXT v=spf1 ip4:192.0.2.3");
  Walk machine("a.example");
  DnsAnswer first = zone.ask(*machine.question());
  first.ttl = std::chrono::hours(3);
  machine.answer(first);
  DnsAnswer second = zone.ask(*machine.question());
  second.ttl = std::chrono::minutes(5);
  machine.answer(second);
  CHECK(machine.question() == nullptr);
  CHECK(machine.result().ttl == std::chrono::minutes(5));
}
