// SPDX-License-Identifier: Apache-2.0
// tests: the lines about limits are those of Postfix's smtpd, those about bans like fail2ban's.
#include "log/ban_events.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::json_of;
using test::line_of;

TEST_CASE("limits of events have smtpd's lines", "[log][bans]") {
  CHECK(line_of(RateLimit{"Connection", "smtp", "unknown[1.2.3.4]", 31}) ==
        "smtpd: warning: Connection rate limit exceeded: 31 from unknown[1.2.3.4] for service "
        "smtp");
  CHECK(line_of(RateLimit{"New TLS session", "submission", "a.example[1.2.3.4]", 2}) ==
        "submission/smtpd: warning: New TLS session rate limit exceeded: 2 from a.example[1.2.3.4] "
        "for service submission");
}

TEST_CASE("a ban and its end are a line each", "[log][bans]") {
  CHECK(line_of(BanBegun{"192.0.2.1", "auth=5", Duration{600'000}, 1}) ==
        "ban: Ban 192.0.2.1 for 600s (1): auth=5");
  CHECK(line_of(BanBegun{"192.0.2.0/24", "by\nhand", {}, 1}) ==
        "ban: Ban 192.0.2.0/24 (1): by?hand");
  CHECK(line_of(BanEnded{"192.0.2.1", 7}) == "ban: Unban 192.0.2.1 (7 connections refused)");
  CHECK(json_of(BanEnded{"192.0.2.1", 7}) ==
        R"({"event":"ban_ended","level":"info","network":"192.0.2.1","refused":7})");
}
