// SPDX-License-Identifier: Apache-2.0
// dns: questions to a server on loopback, ages by a clock of the test's.
#include "dns/resolver.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "support/dns_server.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

using namespace gatepost;
using namespace gatepost::support;
using namespace std::literals;
using Kind = DnsAnswer::Kind;

namespace {

struct TestClock final : dns::Clock {
  ManualClock manual;
  [[nodiscard]] Instant now() const override { return manual.now(); }
};

const std::string kAddress("\xc0\x00\x02\x01", 4);

struct Asking {
  asio::io_context loop;
  DnsServer server{loop};
  TestClock clock;
  std::optional<dns::Resolver> resolver;
  std::vector<DnsAnswer> answers;

  explicit Asking(dns::Cache::Bounds bounds = {}, std::size_t questions = 100) {
    resolver.emplace(loop, clock, settings(questions), bounds);
    server.table[{"host.test", kA}] = {.answers = {a_record("host.test", 60, kAddress)}};
  }
  [[nodiscard]] dns::Settings settings(std::size_t questions = 100) const {
    dns::Settings out;
    out.servers = {*Endpoint::parse(server.address())};
    out.tries = {300ms, 1};
    out.limit = 5s;
    out.questions = questions;
    return out;
  }
  /// Not run yet.
  void ask(std::string name, DnsType type = DnsType::A) { ask(*resolver, std::move(name), type); }
  void ask(Dns& dns, std::string name, DnsType type = DnsType::A) {
    auto task = dns.look_up(std::move(name), type);
    asio::co_spawn(loop, std::move(task), [this](const std::exception_ptr& thrown, DnsAnswer got) {
      REQUIRE_FALSE(thrown);
      answers.push_back(std::move(got));
    });
  }
  void wait(std::size_t count) {
    while (answers.size() < count) loop.run_one();
  }
  DnsAnswer get(std::string name, DnsType type = DnsType::A) {
    answers.clear();
    ask(std::move(name), type);
    wait(1);
    return answers.front();
  }
};

}  // namespace

TEST_CASE("a question is answered by the server", "[dns]") {
  Asking test;
  const auto got = test.get("Host.Test.");
  REQUIRE(got.found());
  CHECK(got.addresses.at(0).text() == "192.0.2.1");
  CHECK(test.server.asked == std::vector<std::string>{"host.test 1 udp"});
}

TEST_CASE("an answer is remembered as long as it says", "[dns]") {
  Asking test;
  static_cast<void>(test.get("host.test"));
  test.clock.manual.pass(59s);
  const auto again = test.get("host.test");
  CHECK(again.found());
  CHECK(again.ttl == 1s);
  CHECK(test.server.asked.size() == 1);
  CHECK(test.resolver->totals().known == 1);
  test.clock.manual.pass(1s);
  CHECK(test.get("host.test").found());
  CHECK(test.server.asked.size() == 2);
}

TEST_CASE("that there is no such name is remembered as SOA says, and not without it", "[dns]") {
  Asking test;
  test.server.table[{"none.test", kA}] = {.code = kNxDomain,
                                          .authority = {soa_record("test", 900, 120)}};
  CHECK(test.get("none.test").kind == Kind::NoName);
  test.clock.manual.pass(119s);
  CHECK(test.get("none.test").kind == Kind::NoName);
  CHECK(test.server.asked.size() == 1);
  test.clock.manual.pass(1s);
  CHECK(test.get("none.test").kind == Kind::NoName);
  CHECK(test.server.asked.size() == 2);
  CHECK(test.get("bare.test").kind == Kind::NoName);
  CHECK(test.get("bare.test").kind == Kind::NoName);
  CHECK(test.server.asked.size() == 4);
}

TEST_CASE("the same question of many goes out once", "[dns]") {
  Asking test;
  for (int i = 0; i < 50; ++i) test.ask("host.test");
  test.wait(50);
  for (const DnsAnswer& one : test.answers) CHECK(one.found());
  CHECK(test.server.asked.size() == 1);
  CHECK(test.resolver->totals().joined == 49);
}

TEST_CASE("a failure is remembered for seconds", "[dns]") {
  Asking test;
  test.server.table[{"bad.test", kA}] = {.code = kServFail};
  CHECK(test.get("bad.test").kind == Kind::Failed);
  const std::size_t asked = test.server.asked.size();
  const auto again = test.get("bad.test");
  CHECK(again.kind == Kind::Failed);
  CHECK_FALSE(again.fault.empty());
  CHECK(test.server.asked.size() == asked);
  test.clock.manual.pass(5s);
  CHECK(test.get("bad.test").kind == Kind::Failed);
  CHECK(test.server.asked.size() > asked);
}

TEST_CASE("what is cut off comes by TCP", "[dns]") {
  Asking test;
  Reply reply{.truncated = true};
  for (int i = 0; i < 8; ++i)
    reply.answers.push_back(record("big.test", kTxt, 60, wire::strings(std::string(1500, 'x'))));
  test.server.table[{"big.test", kTxt}] = reply;
  const auto got = test.get("big.test", DnsType::Txt);
  REQUIRE(got.found());
  CHECK(got.texts.size() == 8);
  CHECK(test.server.asked == std::vector<std::string>{"big.test 16 udp", "big.test 16 tcp"});
}

TEST_CASE("silence and forged ids end as Failed", "[dns]") {
  Asking test;
  test.server.table[{"quiet.test", kA}] = {.silent = true};
  test.server.table[{"forged.test", kA}] = {.answers = {a_record("forged.test", 60, kAddress)},
                                            .add_to_id = 1};
  CHECK(test.get("quiet.test").kind == Kind::Failed);
  CHECK(test.get("forged.test").kind == Kind::Failed);
}

TEST_CASE("answers that are garbage or to another question end as Failed", "[dns]") {
  Asking test;
  test.server.table[{"junk.test", kA}] = {.garbage = true};
  test.server.table[{"other.test", kA}] = {.answers = {a_record("else.test", 60, kAddress)},
                                           .other_name = "else.test"};
  CHECK(test.get("junk.test").kind == Kind::Failed);
  CHECK(test.get("other.test").kind == Kind::Failed);
}

TEST_CASE("who answered at once is not given up at once", "[dns]") {
  Asking test;
  auto settings = test.settings();
  settings.tries = {600ms, 1};
  test.resolver->configure(settings);
  for (int i = 0; i < 5; ++i) static_cast<void>(test.get("quick" + std::to_string(i) + ".test"));
  test.server.table[{"quiet.test", kA}] = {.silent = true};
  test.server.asked.clear();
  CHECK(test.get("quiet.test").kind == Kind::Failed);
  // c-ares ended after a quarter of a second.
  CHECK(test.server.asked.size() >= 2);
}

TEST_CASE("the limit holds where the tries would take longer", "[dns]") {
  Asking test;
  auto settings = test.settings();
  settings.tries = {60s, 10};
  settings.limit = 1ms;
  test.resolver->configure(settings);
  test.server.table[{"quiet.test", kA}] = {.silent = true};
  CHECK(test.get("quiet.test").fault == "no answer in time");
}

TEST_CASE("what cannot be a name is not asked", "[dns]") {
  Asking test;
  CHECK(test.get("a..b").kind == Kind::NoName);
  CHECK(test.get(std::string(64, 'x') + ".test").kind == Kind::NoName);
  CHECK(test.server.asked.empty());
}

TEST_CASE("a name with octets that no host has is not asked for", "[dns]") {
  Asking test;
  for (const auto& odd :
       {std::string("a b.test"), std::string("a\\.b.test"), std::string("a\0b.test", 8),
        std::string("\xff.test"), std::string("\"(@;).test")}) {
    CHECK(test.get(odd).kind == Kind::NoName);
  }
  CHECK(test.server.asked.empty());
  CHECK(test.get("_dmarc.host.test").kind == Kind::NoName);
  CHECK(test.server.asked.size() == 1);
}

TEST_CASE("questions under way are bounded", "[dns]") {
  Asking test({}, 3);
  for (int i = 0; i < 5; ++i) test.ask("host" + std::to_string(i) + ".test");
  test.wait(5);
  int refused = 0;
  for (const DnsAnswer& one : test.answers) {
    CHECK(one.ours == (one.fault == "too many questions"));
    refused += one.ours ? 1 : 0;
  }
  CHECK(refused == 2);
  CHECK(test.resolver->under_way() == 0);
}

TEST_CASE("common questions leave half the room to others", "[dns]") {
  Asking test({}, 4);
  for (int round = 0; round < 2; ++round) {
    test.answers.clear();
    for (int i = 0; i < 5; ++i) {
      test.ask(test.resolver->common(), "common" + std::to_string(i) + ".test");
    }
    test.ask("host.test", DnsType::Mx);
    test.ask("host.test", DnsType::Txt);
    test.wait(7);
    const auto refused = std::count_if(test.answers.begin(), test.answers.end(),
                                       [](const DnsAnswer& one) { return one.ours; });
    CHECK(refused == 3);
  }
}

TEST_CASE("what is remembered is bounded, the last used stays", "[dns]") {
  dns::Cache cache({3, 1U << 20U});
  const Instant now{};
  DnsAnswer none;
  none.kind = Kind::NoName;
  for (const char* key : {"a", "b", "c"}) cache.put(key, none, now + 1min);
  CHECK(cache.find("a", now));
  cache.put("d", none, now + 1min);
  CHECK(cache.entries() == 3);
  CHECK(cache.find("a", now));
  CHECK_FALSE(cache.find("b", now));
  dns::Cache small({4096, 10'000});
  for (int i = 0; i < 1000; ++i) small.put("name" + std::to_string(i), none, now + 1min);
  CHECK(small.octets() <= 10'000);
  CHECK(small.find("name999", now));
  small.clear();
  CHECK(small.octets() == 0);
}

TEST_CASE("a stop answers all who wait, and those who come later", "[dns]") {
  Asking test;
  test.server.table[{"quiet.test", kA}] = {.silent = true};
  for (int i = 0; i < 3; ++i) test.ask("quiet.test");
  while (test.server.asked.empty()) test.loop.run_one();
  test.resolver->stop();
  test.ask("host.test");
  test.wait(4);
  for (const DnsAnswer& one : test.answers) {
    CHECK(one.kind == Kind::Failed);
    CHECK(one.ours);
  }
}

TEST_CASE("who waits is answered when the resolver is gone", "[dns]") {
  Asking test;
  test.server.table[{"quiet.test", kA}] = {.silent = true};
  test.ask("quiet.test");
  while (test.server.asked.empty()) test.loop.run_one();
  test.resolver.reset();
  test.wait(1);
  CHECK(test.answers[0].kind == Kind::Failed);
}

TEST_CASE("resolv.conf is followed, and the last servers stay when it is broken", "[dns]") {
  Asking test;
  const tests::TempFolder folder;
  const std::string path = folder / "resolv.conf";
  const auto write = [&folder](const std::string& text) { folder.write("resolv.conf", text); };
  auto settings = test.settings();
  settings.servers.clear();
  settings.resolv_conf = path;
  test.resolver->configure(settings);
  CHECK(test.resolver->servers() == "127.0.0.1");
  const auto look = [&test] {
    test.clock.manual.pass(5s);
    static_cast<void>(test.get("host.test"));
    return test.resolver->servers();
  };
  write("nameserver 127.0.0.99\n");
  CHECK(look() == "127.0.0.99");
  write("nameserver");
  CHECK(look() == "127.0.0.99");
  std::remove(path.c_str());
  CHECK(look() == "127.0.0.99");
}

TEST_CASE("other servers: what the last ones said is forgotten", "[dns]") {
  Asking test;
  CHECK(test.get("host.test").found());
  auto settings = test.settings();
  settings.servers = {*Endpoint::parse("127.0.0.1:1")};
  test.resolver->configure(settings);
  CHECK(test.get("host.test").kind == Kind::Failed);
}
