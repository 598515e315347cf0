// SPDX-License-Identifier: Apache-2.0
// tests: the lines of a message are those of Postfix's cleanup, qmgr, local and virtual.
#include "log/delivery_events.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::json_of;
using test::line_of;

TEST_CASE("a message is accepted with its id, sender, size and number of recipients", "[log]") {
  CHECK(line_of(MessageIdSeen{"4A1B", "<x@y.example>"}) ==
        "cleanup: 4A1B: message-id=<x@y.example>");
  CHECK(json_of(MessageIdSeen{"4A1B", "<x@y.example>"}) ==
        R"({"event":"message_id_seen","level":"info","item":"4A1B","message_id":"<x@y.example>"})");
  const ItemAccepted event{.item = "4A1B", .sender = "s@y.example", .size = 1234, .recipients = 2};
  CHECK(line_of(event) == "qmgr: 4A1B: from=<s@y.example>, size=1234, nrcpt=2 (queue active)");
  CHECK(json_of(event) ==
        R"({"event":"item_accepted","level":"info","item":"4A1B","sender":"s@y.example",)"
        R"("size":1234,"recipients":2,"service":"smtp"})");
}

TEST_CASE("a delivery is told with its delays and the address the client gave", "[log]") {
  RecipientDelivered event{.item = "4A1B",
                           .transport = "virtual",
                           .recipient = "r@x.example",
                           .original = "alias@x.example",
                           .before = Duration{12},
                           .in_queue = Duration{0},
                           .connect = Duration{0},
                           .transmit = Duration{8},
                           .detail = "delivered to maildir"};
  CHECK(line_of(event) ==
        "virtual: 4A1B: to=<r@x.example>, orig_to=<alias@x.example>, relay=virtual, delay=0.02, "
        "delays=0.01/0/0/0.01, dsn=2.0.0, status=sent (delivered to maildir)");
  CHECK(json_of(event) ==
        R"({"event":"recipient_delivered","level":"info","item":"4A1B","transport":"virtual",)"
        R"("recipient":"r@x.example","original":"alias@x.example","before":0.012,"in_queue":0,)"
        R"("connect":0,"transmit":0.008,"status":"sent","detail":"delivered to maildir"})");
  event.transport = "local";
  event.original = event.recipient;
  CHECK(line_of(event) ==
        "local: 4A1B: to=<r@x.example>, relay=local, delay=0.02, delays=0.01/0/0/0.01, dsn=2.0.0, "
        "status=sent (delivered to maildir)");
}

TEST_CASE("the end of an item, a refusing disk and a recovered queue have their lines", "[log]") {
  CHECK(line_of(ItemRemoved{"4A1B"}) == "qmgr: 4A1B: removed");
  CHECK(json_of(ItemRemoved{"4A1B"}) == R"({"event":"item_removed","level":"info","item":"4A1B"})");
  CHECK(line_of(StorageFailed{"4A1B", "message", "write: No space left on device"}) ==
        "cleanup: warning: 4A1B: message: write: No space left on device");
  CHECK(line_of(StorageFailed{"", "/var/mail", "not enough free space"}) ==
        "cleanup: warning: /var/mail: not enough free space");
  CHECK(
      json_of(StorageFailed{"4A1B", "message", "no"}) ==
      R"({"event":"storage_failed","level":"error","item":"4A1B","what":"message","detail":"no"})");
  CHECK(line_of(QueueRecovered{"2 texts removed"}) == "qmgr: warning: 2 texts removed");
  CHECK(json_of(QueueRecovered{"2 texts removed"}) ==
        R"({"event":"queue_recovered","level":"warning","detail":"2 texts removed"})");
}

TEST_CASE("messages and deliveries are counted with their sizes and delays", "[log]") {
  test::Desk desk;
  desk.log.emit(ItemAccepted{"4A1B", "s@y.example", 1024, 1, "submission"});
  desk.log.emit(ItemAccepted{"4A1C", "s@y.example", 1025, 1, "smtp"});
  desk.log.emit(ItemAccepted{"4A1D", "s@y.example", 1ULL << 40U, 1, "smtp"});
  CHECK(desk.counters.total(Family::Messages) == 3);
  CHECK(desk.counters.total(Family::Messages, "smtp") == 2);
  CHECK(desk.counters.sizes().buckets.front() == 1);
  CHECK(desk.counters.sizes().buckets[1] == 1);
  CHECK(desk.counters.sizes().buckets.back() == 1);
  CHECK(desk.counters.sizes().count == 3);
  CHECK(desk.counters.sizes().sum == (2049 + 1099511627776) * 1000);

  RecipientDelivered event;
  event.transport = "local";
  event.before = Duration{250};
  desk.log.emit(event);
  CHECK(desk.counters.total(Family::Deliveries, "local") == 1);
  CHECK(desk.counters.series(Family::Deliveries).front().second == "sent");
  CHECK(desk.counters.delays().sum == 250);
}
