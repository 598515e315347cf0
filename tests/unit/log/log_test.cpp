// SPDX-License-Identifier: Apache-2.0
// tests: one line and one counter for each event.
#include "log/log.h"

#include <set>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::Desk;

static_assert(!std::is_invocable_v<JsonFields&, std::string_view, const Secret&>);
static_assert(std::is_invocable_v<JsonFields&, std::string_view, std::string_view>);

TEST_CASE("a full line carries local time, short host name, program and process id", "[log]") {
  Desk desk;
  desk.log.emit(ClientConnected{"smtp", "unknown[192.0.2.7]"});
  const auto& kept = desk.paper.records.at(0);
  CHECK(kept.whole == "Nov 21 06:40:07 mx gatepost/smtpd[412]: connect from unknown[192.0.2.7]\n");
  CHECK(kept.tail == "gatepost/smtpd[412]: connect from unknown[192.0.2.7]\n");
  CHECK(kept.program == "gatepost/smtpd");
  CHECK(kept.text == "connect from unknown[192.0.2.7]");
  CHECK(kept.level == Level::Info);
}

TEST_CASE("days of one digit are padded with a space as syslog does", "[log]") {
  Desk desk;
  desk.clock.time = Moment(std::chrono::sys_days(std::chrono::year(2027) / 3 / 1));
  desk.clock.offset = std::chrono::seconds{-3600};
  desk.log.emit(ServiceStopped{});
  CHECK(desk.paper.records.at(0).whole == "Feb 28 23:00:00 mx gatepost/master[412]: stopped\n");
  desk.clock.time = Moment(std::chrono::sys_days(std::chrono::year(2027) / 3 / 2));
  desk.log.emit(ServiceStopped{});
  CHECK(desk.paper.records.at(1).whole == "Mar  1 23:00:00 mx gatepost/master[412]: stopped\n");
}

TEST_CASE("the time zone is asked for once a second", "[log]") {
  Desk desk;
  for (int i = 0; i < 10; ++i) desk.log.emit(ServiceStopped{});
  CHECK(desk.clock.asked == 1);
  desk.clock.time += std::chrono::seconds{1};
  desk.log.emit(ServiceStopped{});
  CHECK(desk.clock.asked == 2);
}

TEST_CASE("a JSON line carries the time with its zone, the event and its level", "[log]") {
  Desk desk(test::settings(Form::Json));
  desk.log.emit(ItemRemoved{"4A1B"});
  CHECK(desk.paper.records.at(0).whole ==
        "{\"time\":\"2026-11-21T06:40:07.000250+01:00\",\"event\":\"item_removed\","
        "\"level\":\"info\",\"item\":\"4A1B\"}\n");
  CHECK(desk.paper.records.at(0).program == "gatepost");
}

TEST_CASE("a zone west of Greenwich with half hours is written with its sign", "[log]") {
  Desk desk(test::settings(Form::Json));
  desk.clock.offset = std::chrono::seconds{-12600};
  desk.log.emit(ServiceStopped{});
  CHECK(desk.paper.records.at(0).whole.starts_with(
      "{\"time\":\"2026-11-21T02:10:07.000250-03:30\","));
}

TEST_CASE("events below the wanted level are counted and not written", "[log]") {
  Settings wanted = test::settings();
  wanted.least = Level::Warning;
  Desk desk(wanted);
  desk.log.emit(ClientConnected{"smtp", "x"});
  CHECK(desk.paper.records.empty());
  CHECK(desk.counters.of<ClientConnected>() == 1);
  CHECK(desk.counters.total(Family::Connections, "smtp") == 1);
  desk.log.emit(AcceptFailed{"EMFILE"});
  CHECK(desk.paper.records.size() == 1);
}

TEST_CASE("lost lines are counted and told once lines can be written again", "[log]") {
  Desk desk;
  desk.paper.broken = true;
  for (int i = 0; i < 3; ++i) desk.log.emit(ServiceStopped{});
  desk.log.flush();
  desk.log.flush();
  CHECK(desk.paper.records.empty());
  desk.paper.broken = false;
  desk.log.flush();
  REQUIRE(desk.paper.records.size() == 1);
  CHECK(desk.last() == "master: warning: 3 log lines could not be written");
  desk.log.flush();
  CHECK(desk.paper.records.size() == 1);
  CHECK(desk.counters.lost_lines() >= 3);
}

TEST_CASE("the last errors are kept for the owner's eyes, warnings are not", "[log]") {
  Desk desk;
  desk.log.emit(AcceptFailed{"EMFILE"});
  CHECK(desk.log.problems().empty());
  for (int i = 0; i < 9; ++i) desk.log.emit(ReloadFailed{std::to_string(i)});
  REQUIRE(desk.log.problems().size() == 8);
  CHECK(desk.log.problems().front() == "Nov 21 06:40:07 error: reload refused: 1");
  CHECK(desk.log.problems().back() == "Nov 21 06:40:07 error: reload refused: 8");
  desk.log.emit(StorageFailed{"", "queue", "no space"});
  desk.log.emit(ServiceReloaded{"nothing"});
  REQUIRE(desk.log.problems().size() == 1);
  CHECK(desk.log.problems().front().find("no space") != std::string::npos);
  desk.clock.time += std::chrono::hours(23);
  CHECK(desk.log.problems().size() == 1);
  desk.clock.time += std::chrono::hours(1);
  CHECK(desk.log.problems().empty());
}

TEST_CASE("another configuration is in force with the next line", "[log]") {
  Desk desk;
  desk.log.emit(ServiceStopped{});
  Settings wanted = test::settings(Form::Json);
  wanted.syslog_name = "postfix";
  desk.log.configure(wanted, nullptr);
  desk.log.emit(ServiceStopped{});
  CHECK(desk.paper.records.at(1).whole.starts_with("{\"time\":\"2026-11-21T06:40:07"));
  wanted.form = Form::Postfix;
  desk.log.configure(wanted, nullptr);
  desk.log.emit(ServiceStopped{});
  CHECK(desk.paper.records.at(2).whole == "Nov 21 06:40:07 mx postfix/master[412]: stopped\n");
}

TEST_CASE("no octet a peer sends can begin a second line", "[log]") {
  Desk desk;
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  desk.log.emit(ClientDisconnected{all, all, all});
  desk.log.emit(MessageIdSeen{all, all});
  for (const auto& kept : desk.paper.records) {
    CHECK(kept.whole.find('\n') == kept.whole.size() - 1);
    CHECK(kept.whole.find('\0') == std::string::npos);
    CHECK(kept.whole.find('\x9b') == std::string::npos);
  }
}

TEST_CASE("delays have two significant digits and at most two decimals", "[log]") {
  const auto shown = [](int ms) {
    std::string out;
    append_seconds(out, Duration{ms});
    return out;
  };
  CHECK(shown(-5) == "0");
  CHECK(shown(0) == "0");
  CHECK(shown(4) == "0");
  CHECK(shown(5) == "0.01");
  CHECK(shown(100) == "0.1");
  CHECK(shown(124) == "0.12");
  CHECK(shown(994) == "0.99");
  CHECK(shown(995) == "1");
  CHECK(shown(1249) == "1.2");
  CHECK(shown(9949) == "9.9");
  CHECK(shown(9950) == "10");
  CHECK(shown(12499) == "12");
  CHECK(shown(345678) == "346");
}

TEST_CASE("JSON text keeps what is UTF-8, escapes what must be and replaces the rest", "[log]") {
  const auto shown = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  CHECK(shown("") == R"("")");
  CHECK(shown("plain ~") == R"("plain ~")");
  CHECK(shown("a\"b\\c") == R"("a\"b\\c")");
  CHECK(shown(std::string_view("\0\x1f\x7f\n", 4)) == R"("\u0000\u001f\u007f\u000a")");
  CHECK(shown("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  CHECK(shown("\x80 \xc3 \xed\xa0\x80 \xff") == R"("? ? ??? ?")");
  CHECK(shown("\xe2\x82") == R"("??")");
}

TEST_CASE("every event has a name of its own and a sentence for the owner", "[log]") {
  std::set<std::string_view> names;
  for (const About& about : kAbout) {
    CHECK(names.insert(about.name).second);
    CHECK(about.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK_FALSE(about.tag.empty());
    CHECK(about.text.ends_with('.'));
    CHECK(about.text.find("  ") == std::string_view::npos);
  }
}
