// SPDX-License-Identifier: Apache-2.0
// unit: the last good sets of mailers.
#include "spf/allowlist.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/spf_zone.h"

using namespace gatepost;
using namespace std::chrono_literals;
using spf::Allowlist;
using test::SpfZone;

namespace {

constexpr Moment kStart{std::chrono::hours(500'000)};

Allowlist::Taken walk(Allowlist& list, SpfZone& zone, std::string_view domain, Moment now) {
  spf::Walk machine(domain);
  zone.play(machine);
  return list.take(domain, std::move(machine.result()), now);
}

std::string chain(const Allowlist& list, std::string_view address) {
  const auto found = list.find(IpAddress::parse(address).value());
  return found ? std::string(found->chain) : "";
}

SpfZone two_mailers() {
  SpfZone zone;
  zone.add("a.example", "TXT v=spf1 include:n.a.example ip6:2001:db8::/32 -all");
  zone.add("n.a.example", "TXT v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.7 -all");
  zone.add("b.example", "TXT v=spf1 ip4:203.0.113.0/25 -all");
  return zone;
}

}  // namespace

TEST_CASE("a new mailer is due at once, and then by its TTL within bounds", "[spf][allowlist]") {
  SpfZone zone = two_mailers();
  Allowlist list;
  CHECK_FALSE(list.next());
  list.set_domains({"A.example.", "a.example", "b.example"});
  REQUIRE(list.mailers().size() == 2);
  REQUIRE(list.due(kStart) != nullptr);
  zone.set_ttl(2h);
  CHECK(walk(list, zone, "a.example", kStart).changed);
  CHECK(list.due(kStart)->domain == "b.example");
  zone.set_ttl(1min);
  CHECK(walk(list, zone, "b.example", kStart).changed);
  CHECK(list.due(kStart) == nullptr);
  CHECK(list.next() == kStart + 1h);
  CHECK(list.mailers()[0].due == kStart + 2h);
  zone.set_ttl(std::chrono::hours(24 * 30));
  walk(list, zone, "b.example", kStart);
  CHECK(list.mailers()[1].due == kStart + 24h);
  list.hurry();
  CHECK(list.due(kStart) != nullptr);
  CHECK(list.networks() == 4);
  CHECK(chain(list, "198.51.100.7") == "a.example > n.a.example");
  CHECK_FALSE(list.contains(IpAddress::parse("198.51.100.8").value()));
}

TEST_CASE("a failed walk keeps the last good set for its time", "[spf][allowlist]") {
  SpfZone zone = two_mailers();
  Allowlist list;
  list.set_domains({"a.example"});
  walk(list, zone, "a.example", kStart);
  SpfZone broken;
  broken.add("a.example", "TXT v=spf1 include:n.a.example ip4:203.0.113.1");
  broken.add("n.a.example", "TIMEOUT");
  const Moment later = kStart + 2h;
  const auto first = walk(list, broken, "a.example", later);
  CHECK_FALSE(first.changed);
  CHECK(first.told.starts_with("a.example: its 3 networks are kept: "));
  CHECK(list.next() == later + Allowlist::kRetry);
  CHECK(chain(list, "192.0.2.1") == "a.example > n.a.example");
  CHECK_FALSE(list.contains(IpAddress::parse("203.0.113.1").value()));
  SECTION("told once") {
    CHECK(walk(list, broken, "a.example", later + 1h).told.empty());
  }
  SECTION("until it is too old; then what was found is better than nothing") {
    const Moment lapse = kStart + 24h * 14 + 1s;
    const auto last = walk(list, broken, "a.example", lapse);
    CHECK(last.changed);
    CHECK(last.told.starts_with("a.example: its 3 networks are too old and no more in force: "));
    CHECK_FALSE(list.contains(IpAddress::parse("192.0.2.1").value()));
    CHECK(list.contains(IpAddress::parse("203.0.113.1").value()));
    CHECK(walk(list, broken, "a.example", lapse + 1h).told.empty());
  }
  SECTION("and recovers") {
    const auto again = walk(list, zone, "a.example", later + 1h);
    CHECK(again.changed);
    CHECK(again.told == "a.example: 3 networks, after walks that failed");
  }
}

TEST_CASE("a part that is gone from the zone does not shorten the list", "[spf][allowlist]") {
  SpfZone zone = two_mailers();
  Allowlist list;
  list.set_domains({"a.example"});
  walk(list, zone, "a.example", kStart);
  SpfZone shrunk;
  shrunk.add("a.example", "TXT v=spf1 include:n.a.example ip6:2001:db8::/32 -all");
  const auto taken = walk(list, shrunk, "a.example", kStart + 2h);
  CHECK_FALSE(taken.changed);
  CHECK(taken.told ==
        "a.example: its 3 networks are kept: a.example > n.a.example: has no SPF record");
  CHECK(list.contains(IpAddress::parse("192.0.2.1").value()));
}

TEST_CASE("a list taken while the clock was ahead is walked and ages like others",
          "[spf][allowlist]") {
  SpfZone zone = two_mailers();
  Allowlist ahead;
  ahead.set_domains({"b.example"});
  walk(ahead, zone, "b.example", kStart + std::chrono::hours(24 * 365 * 10));
  Allowlist list;
  list.set_domains({"b.example"});
  REQUIRE(list.restore(ahead.text("permit")));
  for (Allowlist* one : {&ahead, &list}) {
    REQUIRE(one->due(kStart) != nullptr);
    SpfZone silent;
    silent.add("b.example", "TIMEOUT");
    // Of unknown age: good from now on, and the file says so.
    CHECK(walk(*one, silent, "b.example", kStart).changed);
    CHECK(one->mailers()[0].taken == kStart);
    CHECK(one->networks() == 1);
    CHECK(one->due(kStart) == nullptr);
    walk(*one, silent, "b.example", kStart + 24h * 14 + 1s);
    CHECK(one->networks() == 0);
    walk(*one, zone, "b.example", kStart + 24h * 20);
    CHECK(one->next() == kStart + 24h * 20 + 2h);
  }
  // The try of a walk that failed then is due, too.
  walk(list, zone, "b.example", kStart);
  SpfZone silent;
  silent.add("b.example", "TIMEOUT");
  walk(list, silent, "b.example", kStart + 24h * 300);
  CHECK(list.due(kStart + 1min) != nullptr);
}

TEST_CASE("a mailer that is struck off is gone, others stay", "[spf][allowlist]") {
  SpfZone zone = two_mailers();
  Allowlist list;
  list.set_domains({"a.example", "b.example"});
  walk(list, zone, "a.example", kStart);
  walk(list, zone, "b.example", kStart);
  list.set_domains({"b.example", "c.example"});
  CHECK_FALSE(list.contains(IpAddress::parse("192.0.2.1").value()));
  CHECK(list.contains(IpAddress::parse("203.0.113.1").value()));
  CHECK(list.due(kStart)->domain == "c.example");
  CHECK_FALSE(walk(list, zone, "a.example", kStart).changed);
}

TEST_CASE("the file is a cidr table and holds all that is known", "[spf][allowlist]") {
  SpfZone zone = two_mailers();
  Allowlist list;
  list.set_domains({"a.example", "b.example", "none.example"});
  walk(list, zone, "a.example", kStart);
  walk(list, zone, "b.example", kStart);
  walk(list, zone, "none.example", kStart);
  const std::string text = list.text("permit");
  const std::size_t body = text.find("# domain");
  CHECK(text.substr(body) ==
        "# domain a.example 1800000000 7200\n"
        "# from a.example\n"
        "2001:db8::/32\tpermit\n"
        "# from a.example > n.a.example\n"
        "192.0.2.0/24\tpermit\n"
        "198.51.100.7\tpermit\n"
        "# domain b.example 1800000000 7200\n"
        "# from b.example\n"
        "203.0.113.0/25\tpermit\n");
  CHECK(list.text("reject").find("203.0.113.0/25\treject\n") != std::string::npos);

  Allowlist again;
  again.set_domains({"b.example", "a.example", "none.example"});
  REQUIRE(again.restore(text));
  CHECK(chain(again, "198.51.100.7") == "a.example > n.a.example");
  CHECK(again.networks() == list.networks());
  CHECK(again.due(kStart)->domain == "none.example");
  CHECK(again.mailers()[0].due == kStart + 2h);
}

TEST_CASE("a file that is not ours is refused as a whole", "[spf][allowlist]") {
  for (const char* text :
       {"192.0.2.1\tpermit\n", "# from a.example\n", "# domain a.example\n",
        "# domain a.example x 1\n", "# domain a.example 1 99999999999999999999\n",
        "# domain a.example 1 1\n192.0.2.1\tpermit\n",
        "# domain a.example 1 1\n# from a.example\n192.0.2.1/24\tpermit\n192.0.2.0/33\tpermit\n",
        "# domain a.example 1 1\n# from a.example\nmooh\n"}) {
    INFO(text);
    Allowlist list;
    list.set_domains({"a.example"});
    CHECK_FALSE(list.restore(text));
    CHECK(list.networks() == 0);
  }
}
