// SPDX-License-Identifier: Apache-2.0
// unit: the lists of networks, kept by a running service.
#include "app/spf_keeper.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "server/spf_questions.h"
#include "support/server_doubles.h"
#include "support/spf_zone.h"
#include "support/temp_folder.h"

using namespace gatepost;
using namespace std::chrono_literals;

namespace {

struct Failures final : net::TaskWatch {
  void task_failed(std::string_view, std::string_view detail) override {
    FAIL(std::string(detail));
  }
};

struct TableDns final : Dns {
  Task<DnsAnswer> look_up(std::string name, DnsType type) override {
    co_return zone.ask({std::move(name), type});
  }
  test::SpfZone zone;
};

struct House {
  explicit House(std::string folder) {
    settings.state_directory = std::move(folder);
    settings.spf_refresh_time = 1h;
    settings.spf_keep_time = std::chrono::hours(24 * 14);
    settings.spf_invalid_networks = "remove";
    dns.zone.add("a.example", "TXT v=spf1 include:n.a.example ptr -all");
    dns.zone.add("n.a.example", "TXT v=spf1 ip4:192.0.2.0/24 -all");
    dns.zone.add("bad.example", "TXT v=spf1 ip4:203.0.113.0/24 -all");
  }
  ~House() {
    keeper.stop();
    deadlines.stop();
    clerk.stop();
  }

  void walk_all() {
    loop.restart();
    while (tasks.running() > 0) loop.run_one_for(1s);
    clerk.settle();
  }
  Task<void> ask(std::vector<std::string> words,
                 bool json,
                 std::optional<Result<std::string>>& into) {
    Result<std::string> told = co_await keeper.perform(std::move(words), json);
    into.emplace(std::move(told));
  }
  Result<std::string> perform(std::vector<std::string> words, bool json = false) {
    std::optional<Result<std::string>> out;
    tasks.spawn("ask", ask(std::move(words), json, out));
    walk_all();
    REQUIRE(out);
    return *std::move(out);
  }
  std::string said(std::vector<std::string> words, bool json = false) {
    const auto told = perform(std::move(words), json);
    return told ? *told : told.error().detail;
  }
  [[nodiscard]] bool allows(std::string_view address) const {
    return keeper.allows(IpAddress::parse(address).value());
  }
  [[nodiscard]] bool blocks(std::string_view address) const {
    return keeper.blocks(IpAddress::parse(address).value());
  }

  asio::io_context loop;
  net::Deadlines deadlines{loop};
  test::StoppedClock clock;
  log::Counters counters;
  std::vector<std::string> lines;
  log::Log log{{}, std::make_unique<test::Lines>(lines), clock, counters};
  test::MemoryStore store;
  server::Floor floor{log, store, nullptr, deadlines, clock};
  Failures failures;
  net::TaskGroup tasks{loop, failures};
  storage::Clerk clerk{loop, storage::Clerk::Settings{.threads = 1}};
  TableDns dns;
  config::Settings settings;
  app::SpfKeeper keeper{{dns, floor, clerk, tasks}};
};

Task<void> check(House& house,
                 spf::Identity identity,
                 Duration time,
                 std::optional<spf::Outcome>& into) {
  spf::Outcome out = co_await server::check_spf(house.dns, house.clock, std::move(identity), time);
  into.emplace(std::move(out));
}

}  // namespace

TEST_CASE("listed domains are walked at the start, and their files written", "[app][spf]") {
  const tests::TempFolder folder;
  House house(folder.path());
  house.settings.spf_allowlist_domains = {"a.example"};
  house.settings.spf_blocklist_domains = {"bad.example"};
  house.keeper.open(house.settings);
  house.walk_all();
  CHECK(house.allows("192.0.2.7"));
  CHECK_FALSE(house.blocks("192.0.2.7"));
  CHECK(house.blocks("203.0.113.1"));
  CHECK(folder.read("spf_allowlist.cidr").ends_with("\n192.0.2.0/24\tpermit\n"));
  CHECK(folder.read("spf_blocklist.cidr").ends_with("\n203.0.113.0/24\treject\n"));
  CHECK(house.lines.empty());
}

TEST_CASE("after a restart the files count, and nothing is asked before its time", "[app][spf]") {
  const tests::TempFolder folder;
  {
    House house(folder.path());
    house.settings.spf_allowlist_domains = {"a.example"};
    house.keeper.open(house.settings);
    house.walk_all();
  }
  House house(folder.path());
  house.settings.spf_allowlist_domains = {"a.example"};
  house.keeper.open(house.settings);
  house.walk_all();
  CHECK(house.allows("192.0.2.7"));
  CHECK(house.dns.zone.asked == 0);
  CHECK(house.said({"refresh"}) == "1 domain is walked now");
  CHECK(house.dns.zone.asked == 2);
}

TEST_CASE("a broken file is told and written anew", "[app][spf]") {
  const tests::TempFolder folder;
  folder.write("spf_allowlist.cidr", "mooh\n");
  House house(folder.path());
  house.settings.spf_allowlist_domains = {"a.example"};
  house.keeper.open(house.settings);
  house.walk_all();
  REQUIRE(house.lines.size() == 1);
  CHECK(house.lines[0].find("spf_allowlist.cidr: not a line of ours: mooh") != std::string::npos);
  CHECK(folder.read("spf_allowlist.cidr").ends_with("\n192.0.2.0/24\tpermit\n"));
}

TEST_CASE("new settings count at once, in the file too", "[app][spf]") {
  const tests::TempFolder folder;
  House house(folder.path());
  house.settings.spf_allowlist_domains = {"a.example"};
  house.keeper.open(house.settings);
  house.walk_all();
  house.settings.spf_allowlist_domains = {};
  house.keeper.configure(house.settings);
  house.walk_all();
  CHECK_FALSE(house.allows("192.0.2.7"));
  CHECK(folder.read("spf_allowlist.cidr").find("192.0.2.0") == std::string::npos);
  house.settings.spf_allowlist_domains = {"bad.example"};
  house.keeper.configure(house.settings);
  house.walk_all();
  CHECK(house.allows("203.0.113.1"));
}

TEST_CASE("a domain that cannot be walked is told", "[app][spf]") {
  const tests::TempFolder folder;
  House house(folder.path());
  house.settings.spf_allowlist_domains = {"none.example"};
  house.keeper.open(house.settings);
  house.walk_all();
  REQUIRE(house.lines.size() == 1);
  CHECK(house.lines[0].find("none.example: has no SPF record") != std::string::npos);
  CHECK(house.said({"list"}) ==
        "permit none.example: 0 networks; the last walk failed: none.example: has no SPF record\n");
}

TEST_CASE("the verb spf tells what is listed, and why", "[app][spf]") {
  const tests::TempFolder folder;
  House house(folder.path());
  CHECK(house.said({"list"}) == "no domains are listed\n");
  house.settings.spf_allowlist_domains = {"a.example"};
  house.settings.spf_blocklist_domains = {"bad.example"};
  house.keeper.open(house.settings);
  house.walk_all();
  CHECK(house.said({"list"}) ==
        "permit a.example: 1 network, as of 2026-11-21T05:40:00Z\n"
        "reject bad.example: 1 network, as of 2026-11-21T05:40:00Z\n");
  CHECK(house.said({"list"}, true).starts_with(R"({"domain":"a.example","action":"permit",)"));
  CHECK(house.said({"why", "192.0.2.44"}) == "permit 192.0.2.0/24 a.example > n.a.example\n");
  CHECK(
      house.said({"why", "203.0.113.4"}, true) ==
      R"({"address":"203.0.113.4","action":"reject","network":"203.0.113.0/24","from":"bad.example"})"
      "\n");
  CHECK(house.said({"why", "192.0.3.1"}) == "192.0.3.1 is in no network of a listed domain");
  CHECK(house.said({"why", "mooh"}) == "no address: mooh");
  CHECK(house.said({"mooh"}).starts_with("expected: spf list"));
}

TEST_CASE("the verb spf walks domains that are not listed", "[app][spf]") {
  const tests::TempFolder folder;
  House house(folder.path());
  house.keeper.open(house.settings);
  CHECK(house.said({"walk", "bad.example", "a.example"}) ==
        "# a.example: ptr depends on the client\n192.0.2.0/24\n203.0.113.0/24\n");
  CHECK(house.said({"walk", "format=cidr", "action=reject", "bad.example"}) ==
        "# from bad.example\n203.0.113.0/24\treject\n");
  CHECK(house.said({"walk", "a.example"}, true) ==
        R"({"network":"192.0.2.0/24","from":"a.example > n.a.example"})"
        "\n"
        R"({"note":"a.example: ptr depends on the client"})"
        "\n");
  CHECK(house.said({"walk", "none.example"}) == "none.example: has no SPF record");
  CHECK_FALSE(house.perform({"walk", "format=mooh", "a.example"}));
  CHECK_FALSE(house.perform({"walk", "format=cidr"}));
  CHECK_FALSE(house.allows("192.0.2.7"));
}

TEST_CASE("a check of a sender puts its questions, within its time", "[server][spf]") {
  const tests::TempFolder folder;
  House house(folder.path());
  spf::Identity identity;
  identity.client = IpAddress::parse("203.0.113.9").value();
  identity.helo = "mail.bad.example";
  identity.sender = "x@bad.example";
  std::optional<spf::Outcome> out;
  house.tasks.spawn("check", check(house, identity, 20s, out));
  house.walk_all();
  REQUIRE(out);
  CHECK(out->verdict == spf::Verdict::Pass);
  CHECK(out->domain == "bad.example");
  house.tasks.spawn("check", check(house, identity, 0s, out));
  house.walk_all();
  CHECK(out->verdict == spf::Verdict::TempError);
}
