// SPDX-License-Identifier: Apache-2.0
// tests: the lines of local mail are those of Postfix's pickup, bounce and local.
#include "log/local_events.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::json_of;
using test::line_of;

TEST_CASE("a picked up message is told with its uid", "[log]") {
  CHECK(line_of(MessagePickedUp{"4A1B", "s@y.example", 1000}) ==
        "pickup: 4A1B: uid=1000 from=<s@y.example>");
  CHECK(json_of(MessagePickedUp{"4A1B", "", 0}) ==
        R"({"event":"message_picked_up","level":"info","item":"4A1B","uid":0,"sender":""})");
  CHECK(line_of(MaildropProblem{"x\ny", "set aside: no footer"}) ==
        "pickup: warning: maildrop file x?y: set aside: no footer");
}

TEST_CASE("a bounced recipient and the report have their lines", "[log]") {
  RecipientBounced event{.item = "4A1B",
                         .transport = "local",
                         .recipient = "r@x.example",
                         .original = {},
                         .status = "5.1.1",
                         .detail = "unknown",
                         .before = Duration{20}};
  CHECK(line_of(event) ==
        "local: 4A1B: to=<r@x.example>, relay=local, delay=0.02, delays=0.02/0/0/0, dsn=5.1.1, "
        "status=bounced (unknown)");
  event.transport = "relay";
  event.original = "o@x.example";
  CHECK(line_of(event) ==
        "relay: 4A1B: to=<r@x.example>, orig_to=<o@x.example>, relay=none, delay=0.02, "
        "delays=0.02/0/0/0, dsn=5.1.1, status=bounced (unknown)");
  test::Desk desk;
  desk.log.emit(event);
  CHECK(desk.counters.total(Family::Deliveries) == 1);
  CHECK(line_of(ReportSent{"4A1B", "4A1C", false}) ==
        "bounce: 4A1B: sender non-delivery notification: 4A1C");
  CHECK(line_of(ReportSent{"4A1B", "4A1C", false, true}) ==
        "bounce: 4A1B: sender delivery status notification: 4A1C");
  CHECK(line_of(ReportSent{"4A1B", "4A1C", true}) ==
        "bounce: 4A1B: postmaster non-delivery notification: 4A1C");
}
