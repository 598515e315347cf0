// SPDX-License-Identifier: Apache-2.0
// front: connections are screened, over loopback and with doubles for DNS, store, directory and log.
#include "front/screen_gate.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/this_coro.hpp>
#include <asio/write.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "base/loop.h"
#include "front/screener.h"
#include "server/reception.h"
#include "smtp/extensions.h"
#include "support/server_doubles.h"

using namespace gatepost;
using namespace std::literals;
using screen::Action;
using screen::Test;

namespace {

struct Failures final : net::TaskWatch {
  void task_failed(std::string_view, std::string_view detail) override {
    FAIL(std::string(detail));
  }
};

/// What is written here, else NXDOMAIN. While `silent`, nothing is answered.
struct Book final : Dns {
  std::map<std::string, DnsAnswer, std::less<>> answers;
  bool silent = false;
  std::vector<Timer*> waiting;

  void add(const std::string& name, std::string_view address) {
    answers[name].kind = DnsAnswer::Kind::Found;
    answers[name].ttl = 300s;
    answers[name].addresses.push_back(*IpAddress::parse(address));
  }
  Task<DnsAnswer> look_up(std::string name, DnsType) override {
    if (silent) {
      const auto executor = co_await asio::this_coro::executor;
      Timer timer(executor, Timer::time_point::max());
      waiting.push_back(&timer);
      const auto token = asio::as_tuple(asio::deferred);
      co_await timer.async_wait(token);
    }
    const auto found = answers.find(name);
    DnsAnswer none;
    none.kind = DnsAnswer::Kind::NoName;
    none.ttl = 60s;
    co_return found == answers.end() ? none : found->second;
  }
  void answer() {
    silent = false;
    for (Timer* timer : std::exchange(waiting, {})) timer->cancel();
  }
};

struct House {
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
  Book dns;
  front::ListInquiry lists{tasks, deadlines, dns, log};
  front::ClientMemory memory{nullptr};
  screen::LetIn let_in;
  screen::Expected expected;
  front::Screener screener{{floor, tasks, &dns, &lists, memory, let_in, expected}};
  server::Reception reception{floor, tasks};
  std::shared_ptr<server::Profile> profile = std::make_shared<server::Profile>();
  std::shared_ptr<test::MapDirectory> directory = std::make_shared<test::MapDirectory>();

  House() {
    profile->hostname = "mx.example.com";
    profile->myorigin = "example.com";
    profile->directory = directory;
    profile->screened = true;
    profile->screen.greet_banner = "wait";
    profile->screen.greet_wait = 0ms;
    for (const screen::TestRow& row : screen::kTests) {
      profile->screen.tests[index_of(row.test)] = {row.test != Test::Dnsbl, Action::Enforce,
                                                   86'400s};
    }
    for (auto& service : profile->services) {
      service.session.hostname = "mx.example.com";
      service.session.banner = "mx.example.com ESMTP";
      service.session.error_sleep_time = 0ms;
      service.relay_rules = {{policy::AccessRule::RejectUnauthDestination}};
    }
    auto listener = net::Listener::open(loop, *Endpoint::parse("127.0.0.1:0"));
    REQUIRE(listener);
    reception.use(&screener);
    reception.open(server::Service::Smtp, *std::move(listener));
    apply();
  }
  void apply() {
    screener.configure(profile);
    reception.configure(profile);
  }
  void use_lists(std::vector<std::string> words) {
    front::ListInquiry::Settings settings;
    settings.sites = *screen::parse_sites(words);
    for (const auto& zone : settings.sites.zones()) dns.add("2.0.0.127." + zone.name, "127.0.0.2");
    lists.configure(settings);
    profile->screen.tests[index_of(Test::Dnsbl)].enabled = true;
    apply();
    loop.poll();
  }
  ~House() {
    reception.shut_down();
    reception.abandon();
    dns.answer();
    for (int turns = 0; turns < 1000 && tasks.running() > 0; ++turns) loop.run_one_for(10ms);
    deadlines.stop();
    loop.poll();
  }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  [[nodiscard]] bool logged(std::string_view part) const {
    return std::any_of(lines.begin(), lines.end(),
                       [part](const std::string& line) { return line.find(part) != line.npos; });
  }
  template <class Until>
  void turn_until(Until&& until) {
    for (int turns = 0; turns < 100'000 && !until(); ++turns) loop.run_one_for(100ms);
    REQUIRE(until());
  }
};

struct Client {
  House& house;
  TcpSocket socket;
  std::string heard;
  bool closed = false;

  /// From an address that is its own.
  explicit Client(House& h, const char* from = "127.0.3.1") : house(h), socket(h.loop) {
    const auto where = house.reception.listening().front().second;
    socket.open(asio::ip::tcp::v4());
    socket.bind({asio::ip::make_address(from), 0});
    socket.connect({asio::ip::make_address(where.address.text()), where.port});
    socket.non_blocking(true);
  }
  void say(std::string_view text) { asio::write(socket, asio::buffer(text.data(), text.size())); }
  void hear() {
    std::array<char, 4096> buffer{};
    std::error_code error;
    const auto got = socket.read_some(asio::buffer(buffer), error);
    heard.append(buffer.data(), got);
    closed = closed || (error && error != asio::error::would_block);
  }
  void until(std::string_view part) {
    house.turn_until([&] {
      hear();
      return closed || heard.find(part) != heard.npos;
    });
    INFO(heard);
    REQUIRE(heard.find(part) != heard.npos);
    heard.clear();
  }
  void until_closed() {
    house.turn_until([&] {
      hear();
      return closed;
    });
  }
  /// The reply to RCPT of one first mail.
  void mail(std::string_view reply) {
    until("\r\n220 mx.example.com ESMTP\r\n");
    say("EHLO c.example\r\n");
    until("250 ");
    say("MAIL FROM:<a@x.example>\r\n");
    until("250 2.1.0");
    say("RCPT TO:<alice@example.com>\r\n");
    until(reply);
  }
};

}  // namespace

TEST_CASE("a client that behaves is remembered, and goes on in its session", "[front][gate]") {
  House house;
  Client first(house);
  first.mail("250 2.1.5");
  CHECK(house.logged("PASS NEW [127.0.3.1]"));
  first.say("QUIT\r\n");
  first.until_closed();
  CHECK_FALSE(house.logged("DISCONNECT"));
  CHECK(house.screener.under_test() == 0);
  Client again(house);
  again.until("220 mx.example.com ESMTP");
  CHECK(house.logged("PASS OLD [127.0.3.1]"));
}

TEST_CASE("who talks early is refused, or dropped", "[front][gate]") {
  House house;
  house.profile->screen.greet_wait = 10s;
  house.profile->screen.tests[index_of(Test::Pregreet)].action = Action::Drop;
  house.apply();
  Client client(house);
  client.say("EHLO x\r\n");
  client.until("521 5.5.1 Protocol error\r\n");
  client.until_closed();
  CHECK(house.logged("PREGREET 8 after 0"));
  CHECK(house.logged("DISCONNECT [127.0.3.1]"));
}

TEST_CASE("a listed client is refused, and postmaster hears it", "[front][gate]") {
  House house;
  house.use_lists({"bl.example"});
  house.dns.add("1.3.0.127.bl.example", "127.0.0.4");
  Client client(house);
  client.mail("550 5.7.1 Service unavailable; client [127.0.3.1] blocked using bl.example\r\n");
  client.say("RCPT TO:<postmaster@example.com>\r\n");
  client.until("250 2.1.5");
  client.say("RCPT TO:<abuse@example.com>\r\n");
  client.until("550 5.7.1");
  // Another of its network has to wait a minute.
  Client next(house, "127.0.3.2");
  house.dns.add("2.3.0.127.bl.example", "127.0.0.4");
  next.mail("550 5.7.1");
  next.say("RCPT TO:<postmaster@example.com>\r\n");
  next.until("550 5.7.1");
}

TEST_CASE("mail to postmaster past the lists is short", "[front][gate]") {
  House house;
  house.use_lists({"bl.example"});
  house.dns.add("1.3.0.127.bl.example", "127.0.0.4");
  Client client(house);
  client.mail("550 5.7.1");
  client.say("RCPT TO:<postmaster@example.com>\r\n");
  client.until("250 2.1.5");
  client.say("BDAT 262145\r\n");
  for (int n = 0; n < 262'145 / 65; ++n) {
    client.say(std::string(65, 'x'));
    house.loop.poll();
  }
  client.until("552 5.3.4");
}

TEST_CASE("a list that may vouch for a client is not heard: it is told to come again",
          "[front][gate]") {
  House house;
  house.use_lists({"bl.example", "good.example*-1"});
  house.dns.add("1.3.0.127.bl.example", "127.0.0.4");
  house.dns.answers["1.3.0.127.good.example"].kind = DnsAnswer::Kind::Failed;
  Client client(house);
  client.mail("450 4.7.1 Service unavailable; client [127.0.3.1] blocked using bl.example\r\n");
}

TEST_CASE("a mail is refused for what its client did since its recipient was accepted",
          "[front][gate]") {
  House house;
  Client client(house);
  client.mail("250 2.1.5");
  client.say("DATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n");
  client.until("550 5.5.1");
  CHECK(house.logged("COMMAND PIPELINING from [127.0.3.1]"));
  CHECK(house.logged("NOQUEUE: reject: DATA from [127.0.3.1]"));
}

TEST_CASE("who has passed makes room for others to be tested", "[front][gate]") {
  House house;
  house.profile->screen.pre_queue_limit = 1;
  house.apply();
  Client client(house);
  client.mail("250 2.1.5");
  CHECK(house.screener.under_test() == 0);
  Client next(house, "127.0.3.2");
  next.mail("250 2.1.5");
}

TEST_CASE("names of clients that hang up do not fill the resolver", "[front][gate]") {
  House house;
  house.profile->screen.greet_wait = 100s;
  house.apply();
  house.dns.silent = true;
  for (int n = 0; n < 600; ++n) {
    {
      Client client(house);
      client.until("220-wait\r\n");
    }
    house.turn_until([&] { return house.screener.under_test() == 0; });
  }
  CHECK(house.dns.waiting.size() == 512);
  // What an unknown name would say against it is not known: it waits, whatever is expected.
  REQUIRE(house.expected.add({}, kEarliest));
  {
    Client client(house);
    client.until("220-wait\r\n");
    house.loop.poll();
    CHECK(house.screener.under_test() == 1);
    client.hear();
    CHECK(client.heard.empty());
  }
  house.turn_until([&] { return house.screener.under_test() == 0; });
  house.expected = {};
  house.dns.answer();
  house.dns.silent = true;
  house.loop.poll();
  Client client(house);
  client.until("220-wait\r\n");
  CHECK(house.dns.waiting.size() == 1);
}

TEST_CASE("a client with a name of its own and nothing against it waits less, or not at all",
          "[front][gate]") {
  House house;
  house.profile->screen.greet_wait = 100s;
  // Longer than its name and the list's answer take.
  house.profile->screen.proven_wait = GENERATE(0ms, 50ms);
  house.use_lists({"bl.example"});
  DnsAnswer name;
  name.kind = DnsAnswer::Kind::Found;
  name.texts = {"mail.good.example"};
  house.dns.answers["1.3.0.127.in-addr.arpa"] = name;
  house.dns.add("mail.good.example", "127.0.3.1");
  Client client(house);
  client.mail("250 2.1.5");
  CHECK(house.logged("connect from mail.good.example[127.0.3.1]"));
}

TEST_CASE("under stress nobody is kept waiting for long", "[front][gate]") {
  House house;
  house.profile->screen.greet_wait = 100s;
  house.profile->screen.stress_greet_wait = 0ms;
  house.profile->screen.pre_queue_limit = 1;
  house.apply();
  Client client(house);
  client.until("\r\n220 mx.example.com ESMTP\r\n");
  CHECK(house.logged("entering STRESS mode with 1 connections"));
}

TEST_CASE("who is known is let in though it is on an ignored denylist", "[front][gate]") {
  House house;
  house.directory->access = screen::Access::Reject;
  Client first(house);
  first.mail("250 2.1.5");
  Client again(house);
  again.until("220 mx.example.com ESMTP");
  CHECK(house.logged("PASS OLD [127.0.3.1]"));
}

TEST_CASE("soft_bounce is in the log as it is in the reply", "[front][gate]") {
  House house;
  house.directory->access = screen::Access::Reject;
  house.profile->screen.denylist_action = Action::Enforce;
  house.profile->services[0].session.soft_bounce = true;
  Client client(house);
  client.mail("450 4.3.2 Service currently unavailable\r\n");
  CHECK(house.logged(": 450 4.3.2 Service currently unavailable; from=<a@x.example>, "));
}

TEST_CASE("a client that hangs up while it is looked up leaves nothing behind", "[front][gate]") {
  House house;
  house.profile->screen.greet_wait = 100s;
  house.use_lists({"bl.example"});
  house.dns.silent = true;
  {
    Client client(house);
    client.until("220-wait\r\n");
    CHECK(house.screener.under_test() == 1);
  }
  house.turn_until([&] { return house.screener.under_test() == 0; });
  CHECK(house.logged("HANGUP after 0"));
  CHECK(house.logged("in tests before SMTP handshake"));
  house.dns.answer();
  house.turn_until([&] { return house.tasks.running() == 0; });
  CHECK(house.lists.clients() == 0);
}

TEST_CASE("a stop, and an end without grace, find clients that wait", "[front][gate]") {
  for (const bool grace : {true, false}) {
    House house;
    house.profile->screen.greet_wait = 100s;
    house.dns.silent = true;
    house.apply();
    Client client(house);
    client.until("220-wait\r\n");
    if (grace) {
      house.reception.shut_down();
    } else {
      house.reception.abandon();
    }
    client.until_closed();
    CHECK((client.heard.find("421 4.3.2") != client.heard.npos) == grace);
  }
}

TEST_CASE("names say whether lines are handed out", "[front]") {
  const IpAddress client = *IpAddress::parse("192.0.2.77");
  for (const char* name : {"host-192-0-2-77.isp.example", "77.2.0.192.isp.example",
                           "p4fd.dip0.dynamic.example", "dsl-17.example", "a.pool.example"}) {
    CAPTURE(name);
    CHECK(server::looks_dynamic(name, client));
  }
  for (const char* name : {"mx1.example.com", "mail-77.example.com", "smtp2.example"}) {
    CAPTURE(name);
    CHECK_FALSE(server::looks_dynamic(name, client));
  }
}

TEST_CASE("addresses are not told to who is refused", "[front][gate]") {
  House house;
  house.directory->access = screen::Access::Reject;
  house.profile->screen.denylist_action = Action::Enforce;
  house.apply();
  Client client(house);
  client.until("\r\n220 mx.example.com ESMTP\r\n");
  client.say("VRFY alice@example.com\r\n");
  client.until("550 5.3.2 Service currently unavailable\r\n");
}

TEST_CASE("soft_bounce is about what screening refuses, too, and about what is logged of it",
          "[front][gate]") {
  House house;
  house.directory->access = screen::Access::Reject;
  house.profile->screen.denylist_action = Action::Enforce;
  for (auto& service : house.profile->services) service.session.soft_bounce = true;
  house.apply();
  Client client(house);
  client.mail("450 4.3.2 Service currently unavailable\r\n");
  CHECK(house.logged("NOQUEUE: reject: RCPT from [127.0.3.1]:"));
  CHECK(house.logged(": 450 4.3.2 Service currently unavailable; from=<a@x.example>"));
  house.profile->screen.denylist_action = Action::Drop;
  house.apply();
  Client dropped(house);
  dropped.until("421 4.3.2 Service currently unavailable\r\n");
  dropped.until_closed();
}

TEST_CASE("with postscreen_deep_handoff = 450 a pass can be lost until the session ends",
          "[front][gate]") {
  House house;
  house.profile->screen.deep_handoff_450 = true;
  house.apply();
  Client client(house);
  client.mail("450 4.3.2");
  CHECK_FALSE(house.logged("PASS NEW"));
  // Another connection is let in on the strength of it.
  Client other(house);
  other.until("220 mx.example.com ESMTP");
  CHECK(house.logged("PASS OLD [127.0.3.1]"));
  client.say("NOOP\r\nQUIT\r\n");
  client.until_closed();
  CHECK(house.memory.peek(*IpAddress::parse("127.0.3.1")) == nullptr);
  CHECK(house.logged("COMMAND PIPELINING from [127.0.3.1]"));
  CHECK_FALSE(house.logged("PASS NEW"));
}

TEST_CASE("a pass of this session is lost by what is failed after it", "[front][gate]") {
  House house;
  Client client(house);
  client.mail("250 2.1.5");
  CHECK(house.memory.peek(*IpAddress::parse("127.0.3.1")) != nullptr);
  client.say("NOOP\r\nNOOP\r\n");
  client.until("250 2.0.0");
  CHECK(house.memory.peek(*IpAddress::parse("127.0.3.1")) == nullptr);
}

TEST_CASE("of two connections of a client one is new", "[front][gate]") {
  House house;
  Client first(house);
  Client second(house);
  first.until("\r\n220 mx.example.com ESMTP\r\n");
  second.mail("250 2.1.5");
  CHECK(house.logged("PASS NEW [127.0.3.1]"));
  CHECK_FALSE(house.logged("PASS OLD"));
  first.say("EHLO c.example\r\n");
  first.until("250 ");
  first.say("MAIL FROM:<a@x.example>\r\n");
  first.until("250 2.1.0");
  first.say("RCPT TO:<alice@example.com>\r\n");
  first.until("250 2.1.5");
  CHECK(house.logged("PASS OLD [127.0.3.1]"));
}

TEST_CASE("where nothing is tested nobody passes, and no address earns a pass", "[front][gate]") {
  House house;
  for (auto& test : house.profile->screen.tests) test.enabled = false;
  house.apply();
  Client client(house);
  client.until("220 mx.example.com ESMTP\r\n");
  CHECK_FALSE(house.logged("PASS"));
  house.directory->earning = false;
  Client other(house);
  other.until("220 mx.example.com ESMTP\r\n");
  CHECK(house.logged("ALLOWLIST VETO [127.0.3.1]"));
}

TEST_CASE("a denylist that is ignored takes no pass away", "[front][gate]") {
  House house;
  Client first(house);
  first.mail("250 2.1.5");
  house.directory->access = screen::Access::Reject;
  Client again(house);
  again.until("220 mx.example.com ESMTP");
  CHECK(house.logged("DENYLISTED [127.0.3.1]"));
  CHECK(house.logged("PASS OLD [127.0.3.1]"));
}

TEST_CASE("a client under test is talked to in words of its own", "[front][gate]") {
  House house;
  server::Manners& tested = house.profile->manners[server::kUnderTest];
  tested.footer = "tested $client_port";
  tested.hidden = smtp::parse_extensions("dsn");
  house.profile->manners[0].footer = "let in";
  house.directory->talks[{server::Talk::CommandFilter, server::kUnderTest, "HALLO"}] = "NOOP";
  Client client(house);
  client.until("\r\n220 mx.example.com ESMTP\r\n");
  client.say("HALLO\r\n");
  client.until("250 2.0.0 Ok");
  CHECK(house.logged("[127.0.3.1]:"));
  CHECK(house.logged(": replacing command \"HALLO\" with \"NOOP\""));
  client.say("EHLO c.example\r\n");
  client.until("250 ");
  CHECK(house.logged("discarding EHLO keywords: DSN"));
  client.say("BOGUS\r\n");
  client.until("\r\n500 5.5.2 tested _____\r\n");
  client.say("MAIL FROM:<a@x.example>\r\n");
  client.until("250 2.1.0");
  client.say("RCPT TO:<alice@example.com>\r\n");
  client.until("250 2.1.5");
  client.say("HALLO\r\n");
  client.until("\r\n500 5.5.2 let in\r\n");
}
