// SPDX-License-Identifier: Apache-2.0
// tests: the lines about DNS lists are those of dnsblog and postscreen.
#include "log/dnsbl_events.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::json_of;
using test::line_of;

TEST_CASE("what lists say has dnsblog's lines", "[log]") {
  CHECK(line_of(DnsblListed{"1.2.3.4", "zen.spamhaus.org", "127.0.0.4"}) ==
        "dnsblog: addr 1.2.3.4 listed by domain zen.spamhaus.org as 127.0.0.4");
  CHECK(line_of(DnsblTimeout{"zen.spamhaus.org", Duration{10'000}}) ==
        "postscreen: warning: dnsblog reply timeout 10s for zen.spamhaus.org");
  CHECK(line_of(DnsblError{"4.3.2.1.zen.example", "server\nfailure"}) ==
        "dnsblog: warning: dnsblog_query: lookup error for DNS query 4.3.2.1.zen.example: "
        "server?failure");
  CHECK(json_of(DnsblTimeout{"zen.example", Duration{10'000}}) ==
        R"({"event":"dnsbl_timeout","level":"warning","zone":"zen.example","timeout":10})");
}

TEST_CASE("a list that is muted, and heard again, is told of", "[log]") {
  CHECK(line_of(ListMuted{"zen.example", "no answers"}) ==
        "dnsblog: warning: DNS list zen.example is not asked any more: no answers");
  CHECK(line_of(ListHeard{"zen.example", Duration{61'500}}) ==
        "dnsblog: DNS list zen.example is asked again after 61s");
  CHECK(json_of(ListHeard{"zen.example", Duration{61'500}}) ==
        R"({"event":"list_heard","level":"info","zone":"zen.example","muted":61.500})");
}
