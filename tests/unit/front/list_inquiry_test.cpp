// SPDX-License-Identifier: Apache-2.0
// tests: lists are asked once about a client, all of them at once, and their answers come to a score.
#include "front/list_inquiry.h"

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/loop.h"
#include "unit/log/fake_log.h"

using namespace gatepost;
using namespace std::chrono_literals;
using front::ListInquiry;

namespace {

struct Failures final : net::TaskWatch {
  void task_failed(std::string_view, std::string_view detail) override {
    FAIL(std::string(detail));
  }
};

/// Says what is written here: by name, else by what the name ends with, else NXDOMAIN. Questions
/// below `held` wait until release().
class Book final : public Dns {
 public:
  std::map<std::string, std::vector<std::string>> records;
  std::map<std::string, std::string> broken;  ///< The end of a name, and what is wrong.
  bool ours = false;                          ///< And it is not the servers who are at fault.
  std::string held;
  std::vector<std::string> asked;
  std::size_t most_at_once = 0;

  Task<DnsAnswer> look_up(std::string name, DnsType type) override {
    CHECK(type == DnsType::A);
    asked.push_back(name);
    const auto executor = co_await asio::this_coro::executor;
    if (!held.empty() && name.ends_with(held)) {
      Timer timer(executor, Timer::time_point::max());
      waiting_.push_back(&timer);
      most_at_once = std::max(most_at_once, waiting_.size());
      const auto token = asio::as_tuple(asio::deferred);
      co_await timer.async_wait(token);
    }
    co_return answer(name);
  }
  void release() {
    for (Timer* timer : std::exchange(waiting_, {})) timer->cancel();
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), name));
  }

 private:
  [[nodiscard]] DnsAnswer answer(const std::string& name) const {
    DnsAnswer out;
    for (const auto& [end, fault] : broken) {
      if (!name.ends_with(end)) continue;
      out.fault = fault;
      out.ours = ours;
      return out;
    }
    const auto found = records.find(name);
    out.kind = found == records.end() ? DnsAnswer::Kind::NoName : DnsAnswer::Kind::Found;
    out.ttl = 300s;
    if (found == records.end()) return out;
    for (const std::string& text : found->second) out.addresses.push_back(*IpAddress::parse(text));
    return out;
  }

  std::vector<Timer*> waiting_;
};

struct Bell final : ListInquiry::Observer {
  int rung = 0;
  void lists_answered() override { ++rung; }
};

struct House {
  asio::io_context loop;
  Failures failures;
  net::TaskGroup tasks{loop, failures};
  net::Deadlines deadlines{loop};
  Book dns;
  log::test::Desk desk;
  ListInquiry inquiry{tasks, deadlines, dns, desk.log};

  /// All in order, so far as the book says nothing else.
  explicit House(std::vector<std::string> words,
                 Duration timeout = 10s,
                 screen::GuardSettings guard = {}) {
    configure(std::move(words), timeout, guard);
    turn();
    dns.asked.clear();
  }
  ~House() {
    dns.held.clear();
    dns.release();
    turn();
  }
  void configure(std::vector<std::string> words,
                 Duration timeout = 10s,
                 screen::GuardSettings guard = {}) {
    auto sites = screen::parse_sites(words);
    if (!sites) FAIL(sites.error().detail);
    for (const auto& zone : sites->zones())
      dns.records.try_emplace("2.0.0.127." + zone.name, 1, "127.0.0.2");
    inquiry.configure({*std::move(sites), guard, timeout});
  }
  void list(const std::string& labels, std::vector<std::string> addresses) {
    dns.records[labels] = std::move(addresses);
  }
  /// What can be done without waiting.
  void turn() {
    loop.restart();
    while (loop.poll() > 0) {
    }
  }
  /// Until `bell` has been rung.
  void run_until(const Bell& bell) {
    loop.restart();
    while (bell.rung == 0 && loop.run_one() > 0) {
    }
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& kept : desk.paper.records) out.push_back(kept.text);
    return out;
  }
  [[nodiscard]] screen::Ruling rule(const ListInquiry::Asked& asked,
                                    screen::Thresholds by = {}) const {
    return screen::rule(asked.score(), by);
  }
};

IpAddress address(std::string_view text) {
  return *IpAddress::parse(text);
}

}  // namespace

TEST_CASE("every list is asked once about a client, and its records are logged", "[front]") {
  House house({"zen.example=127.0.0.[4..7]*3", "zen.example=127.0.0.10*2", "good.example*-2"});
  house.list("4.3.2.1.zen.example", {"127.0.0.4", "127.0.0.10"});
  Bell bell;
  const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), &bell);
  CHECK_FALSE(asked.is_complete());
  CHECK(asked.score().total == 0);
  house.turn();
  CHECK(bell.rung == 1);
  CHECK(asked.is_complete());
  CHECK(asked.score().total == 5);
  CHECK(house.dns.asked.size() == 2);
  CHECK(house.dns.count("4.3.2.1.zen.example") == 1);
  CHECK(house.dns.count("4.3.2.1.good.example") == 1);
  CHECK(house.lines() ==
        std::vector<std::string>{"addr 1.2.3.4 listed by domain zen.example as 127.0.0.4",
                                 "addr 1.2.3.4 listed by domain zen.example as 127.0.0.10"});
}

TEST_CASE("a client with an IPv6 address is asked about by nibbles", "[front]") {
  House house({"zen.example"});
  const std::string name =
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.example";
  house.list(name, {"127.0.0.3"});
  const ListInquiry::Asked asked(house.inquiry, address("2001:db8::1"), nullptr);
  house.turn();
  CHECK(house.dns.count(name) == 1);
  CHECK(asked.score().total == 1);
}

TEST_CASE("connections of one client share its answers while one holds them", "[front]") {
  House house({"zen.example"});
  house.list("4.3.2.1.zen.example", {"127.0.0.4"});
  house.dns.held = "4.3.2.1.zen.example";
  Bell first_bell;
  Bell second_bell;
  auto first = std::make_unique<ListInquiry::Asked>(house.inquiry, address("1.2.3.4"), &first_bell);
  house.turn();
  const ListInquiry::Asked second(house.inquiry, address("1.2.3.4"), &second_bell);
  CHECK(house.inquiry.clients() == 1);
  first.reset();
  house.dns.held.clear();
  house.dns.release();
  house.turn();
  CHECK(second.score().total == 1);
  CHECK(second_bell.rung == 1);
  CHECK(first_bell.rung == 0);
  const ListInquiry::Asked third(house.inquiry, address("1.2.3.4"), nullptr);
  CHECK(third.is_complete());
  CHECK(third.score().total == 1);
  CHECK(house.dns.asked.size() == 1);
}

TEST_CASE("answers nobody holds are forgotten, late ones hurt nobody", "[front]") {
  House house({"zen.example"});
  house.dns.held = "zen.example";
  {
    const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), nullptr);
    house.turn();
    CHECK(house.inquiry.clients() == 1);
  }
  CHECK(house.inquiry.clients() == 0);
  house.dns.release();
  house.turn();
  CHECK(house.lines().empty());
}

TEST_CASE("a list that failed when nobody waited for it any more is told all the same", "[front]") {
  House house({"zen.example"});
  house.dns.held = "zen.example";
  house.dns.broken["zen.example"] = "server failure";
  static_cast<void>(ListInquiry::Asked(house.inquiry, address("1.2.3.4"), nullptr));
  {
    const ListInquiry::Asked asked(house.inquiry, address("1.2.3.5"), nullptr);
    house.turn();
  }
  house.dns.release();
  house.turn();
  CHECK(house.lines() ==
        std::vector<std::string>{"warning: dnsblog_query: lookup error for DNS query "
                                 "5.3.2.1.zen.example: server failure"});
}

TEST_CASE("a list that was too slow for a client that went on is told as postscreen does",
          "[front]") {
  House house({"zen.example"}, 0ms);
  house.dns.held = "zen.example";
  house.dns.broken["zen.example"] = "timeout";
  {
    const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), nullptr);
    while (house.dns.waiting() == 0) house.turn();
  }
  house.dns.release();
  house.turn();
  CHECK(house.lines().back() == "warning: dnsblog reply timeout 0s for zen.example");
}

TEST_CASE("two thousand clients at once all get their verdict", "[front]") {
  House house({"zen.example", "bl.example", "dead.example"});
  std::vector<std::unique_ptr<ListInquiry::Asked>> all;
  std::list<Bell> bells;
  house.dns.held = "dead.example";
  for (unsigned i = 0; i < 2000; ++i) {
    const auto high = static_cast<std::uint8_t>(i / 250);
    const auto low = static_cast<std::uint8_t>(i % 250);
    const IpAddress client = IpAddress::v4({10, 0, high, low});
    house.list(client.reversed_labels() + ".zen.example", {"127.0.0.2"});
    all.push_back(
        std::make_unique<ListInquiry::Asked>(house.inquiry, client, &bells.emplace_back()));
  }
  house.turn();
  // What is held up at one list is not at the others.
  CHECK(
      std::all_of(all.begin(), all.end(), [](const auto& one) { return one->score().total == 1; }));
  CHECK(std::all_of(all.begin(), all.end(),
                    [](const auto& one) { return one->score().answered == 0b011; }));
  CHECK(house.dns.most_at_once == ListInquiry::kMostAtOnce);
  // Who hangs up before the question is asked is not asked about.
  all.resize(1000);
  while (house.dns.waiting() > 0) {
    house.dns.release();
    house.turn();
  }
  CHECK(house.dns.asked.size() == 2000 + 2000 + 1000);
  all.clear();
  CHECK(house.inquiry.clients() == 0);
  CHECK(std::count_if(bells.begin(), bells.end(), [](const Bell& one) { return one.rung == 1; }) ==
        1000);
}

TEST_CASE("a list that does not answer in time is given up, with postscreen's line", "[front]") {
  House house({"zen.example*3", "slow.example*2"}, 1ms);
  house.list("4.3.2.1.zen.example", {"127.0.0.4"});
  house.dns.held = "slow.example";
  Bell bell;
  const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), &bell);
  house.run_until(bell);
  CHECK(bell.rung == 1);
  CHECK(asked.score().total == 3);
  CHECK(house.lines().back() == "warning: dnsblog reply timeout 0s for slow.example");
  CHECK(house.inquiry.guard().status(1, Instant()).failures == 1);
  CHECK(house.rule(asked, {.reject = 5}).doubtful);
  // The answer that comes too late is none.
  house.list("4.3.2.1.slow.example", {"127.0.0.4"});
  house.dns.release();
  house.turn();
  CHECK(asked.score().total == 3);
}

TEST_CASE("a lookup that fails adds nothing and has dnsblog's line", "[front]") {
  House house({"zen.example"});
  house.dns.broken["zen.example"] = "server failure";
  const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), nullptr);
  house.turn();
  CHECK(asked.is_complete());
  CHECK(asked.score().total == 0);
  CHECK(house.lines().back() ==
        "warning: dnsblog_query: lookup error for DNS query 4.3.2.1.zen.example: server failure");
}

TEST_CASE("a question that could not be asked is no failure of the list", "[front]") {
  House house({"zen.example"});
  house.dns.broken["new.example"] = "too many questions";
  house.dns.broken["zen.example"] = "too many questions";
  house.dns.ours = true;
  const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), nullptr);
  house.turn();
  CHECK(asked.is_complete());
  CHECK(asked.finding(0).kind == screen::Finding::Kind::Failed);
  CHECK(house.inquiry.guard().status(0, Instant()).failures == 0);
  house.configure({"zen.example", "new.example"});
  house.turn();
  CHECK(house.inquiry.guard().status(1, Instant()).state == screen::Guard::State::Untried);
  CHECK(house.dns.count("2.0.0.127.new.example") == 1);
  house.dns.broken.clear();
  CHECK(house.inquiry.probe_now("new.example"));
  house.turn();
  CHECK(house.inquiry.guard().status(1, Instant()).state == screen::Guard::State::Heard);
}

TEST_CASE("an error code is no listing, mutes the list and is told once", "[front]") {
  House house({"zen.example*3", "bl.example*1"});
  house.list("4.3.2.1.zen.example", {"127.255.255.254"});
  house.list("5.3.2.1.zen.example", {"127.255.255.254"});
  const ListInquiry::Asked one(house.inquiry, address("1.2.3.4"), nullptr);
  const ListInquiry::Asked two(house.inquiry, address("1.2.3.5"), nullptr);
  house.turn();
  CHECK_FALSE(house.rule(one).listed);
  CHECK_FALSE(house.rule(two).listed);
  CHECK(house.rule(one, {.reject = 3}).doubtful);
  CHECK(house.lines() ==
        std::vector<std::string>{
            "warning: DNS list zen.example is not asked any more: answers 127.255.255.254: the "
            "list refuses questions through a public resolver; use a resolver of your own"});
  house.dns.asked.clear();
  const ListInquiry::Asked three(house.inquiry, address("1.2.3.6"), nullptr);
  house.turn();
  CHECK(house.dns.asked == std::vector<std::string>{"6.3.2.1.bl.example"});
  CHECK(three.is_complete());
}

TEST_CASE("a list that lists the world condemns nobody from the first client on", "[front]") {
  House house({"zen.example*3"});
  house.list("1.0.0.127.world.example", {"127.0.0.2"});
  house.list("4.3.2.1.world.example", {"127.0.0.2"});
  house.dns.held = "0.0.127.world.example";
  house.configure({"zen.example*3", "world.example*5", "white.example*-9"});
  Bell bell;
  const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), &bell);
  house.turn();
  // All answered, but nobody knows yet what the answer is worth.
  CHECK(bell.rung == 0);
  CHECK_FALSE(house.rule(asked, {.reject = 3}).listed);
  house.dns.held.clear();
  house.dns.release();
  house.turn();
  CHECK(bell.rung == 1);
  CHECK_FALSE(house.rule(asked, {.reject = 3}).listed);
  CHECK(house.lines().back() ==
        "warning: DNS list world.example is not asked any more: it lists what no list has, as "
        "127.0.0.1");
}

TEST_CASE("that a client is not on a list whose health is not known yet does not count yet",
          "[front]") {
  House house({"old.example"});
  house.dns.held = "2.0.0.127.new.example";
  house.configure({"old.example", "new.example"});
  const screen::Thresholds by{.reject = 1, .outage = screen::OutagePolicy::GreylistInstead};
  const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), nullptr);
  house.turn();
  CHECK_FALSE(asked.is_complete());
  CHECK(house.rule(asked, by).doubtful);
  house.dns.held.clear();
  house.dns.release();
  house.turn();
  CHECK(asked.is_complete());
  CHECK_FALSE(house.rule(asked, by).doubtful);
}

TEST_CASE("a session can wait for all answers, or for its time to be up", "[front]") {
  House house({"zen.example"});
  house.dns.held = "3.2.1.zen.example";
  const ListInquiry::Asked one(house.inquiry, address("1.2.3.4"), nullptr);
  ListInquiry::Asked two(house.inquiry, address("1.2.3.5"), nullptr);
  ListInquiry::Asked three(house.inquiry, address("1.2.3.6"), nullptr);
  house.tasks.spawn("wait", two.wait(kNever));
  house.turn();
  CHECK(house.tasks.running() > 0);
  house.tasks.spawn("wait", three.wait(Instant()));
  house.turn();
  CHECK_FALSE(three.is_complete());
  house.dns.held.clear();
  house.dns.release();
  house.turn();
  CHECK(two.is_complete());
  CHECK(house.tasks.running() == 0);
}

TEST_CASE("settings that change keep the answers of lists that stay", "[front]") {
  House house({"a.example*1", "b.example*2"});
  house.list("4.3.2.1.a.example", {"127.0.0.2"});
  house.list("4.3.2.1.b.example", {"127.0.0.2"});
  house.dns.held = "4.3.2.1.a.example";
  Bell bell;
  const ListInquiry::Asked asked(house.inquiry, address("1.2.3.4"), &bell);
  house.turn();
  CHECK(asked.score().total == 2);
  house.configure({"c.example*7", "b.example*2", "a.example*1"});
  house.turn();
  CHECK(asked.score().total == 2);
  CHECK(bell.rung == 0);
  house.dns.held.clear();
  house.dns.release();
  house.turn();
  CHECK(bell.rung == 1);
  CHECK(asked.score().total == 3);
  house.configure({});
  CHECK(asked.score().total == 0);
  CHECK(asked.is_complete());
}

TEST_CASE("the limit of a day ends questions, not mail", "[front]") {
  House house({"zen.example*3"}, 10s, {.daily_limit = 4});  // The probe had three.
  house.list("4.3.2.1.zen.example", {"127.0.0.2"});
  house.list("5.3.2.1.zen.example", {"127.0.0.2"});
  const ListInquiry::Asked one(house.inquiry, address("1.2.3.4"), nullptr);
  const ListInquiry::Asked two(house.inquiry, address("1.2.3.5"), nullptr);
  house.turn();
  CHECK(house.dns.asked.size() == 1);
  CHECK(one.is_complete());
  CHECK(two.is_complete());
  // Who was asked about before is judged by it.
  CHECK(one.score().total + two.score().total == 3);
  CHECK(house.lines().back() ==
        "warning: DNS list zen.example is not asked any more: dnsbl_daily_query_limit is reached");
}

TEST_CASE("a resolver is not asked more at once than it takes, however many lists there are",
          "[front]") {
  std::vector<std::string> words;
  for (int i = 0; i < 20; ++i) words.push_back("l" + std::to_string(i) + ".example");
  House house(words);
  house.dns.held = ".example";
  std::vector<std::unique_ptr<ListInquiry::Asked>> all;
  for (std::uint8_t i = 0; i < 200; ++i) {
    all.push_back(
        std::make_unique<ListInquiry::Asked>(house.inquiry, IpAddress::v4({10, 0, 0, i}), nullptr));
  }
  house.turn();
  while (house.dns.waiting() > 0) {
    house.dns.release();
    house.turn();
  }
  CHECK(house.dns.asked.size() == 200 * 20);
  CHECK(house.dns.most_at_once <= ListInquiry::kMostTogether);
  CHECK(std::all_of(all.begin(), all.end(), [](const auto& one) { return one->is_complete(); }));
}
