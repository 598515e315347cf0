// SPDX-License-Identifier: Apache-2.0
// tests: the service's state for a person and for programs.
#include "control/status.h"

#include <catch2/catch_test_macros.hpp>

#include "snapshots.h"

using namespace gatepost;
using namespace gatepost::control;
using test::snapshot;

TEST_CASE("a person reads on one screen how the service is", "[control]") {
  log::Counters counters;
  counters.add(log::Family::Connections, "smtp");
  counters.add(log::Family::Messages, "smtp");
  counters.add(log::Family::Messages, "submission");
  counters.add(log::Family::Deliveries, "virtual", "sent");
  counters.add(log::Family::Rejects, "RCPT", "550");
  CHECK(format_status(snapshot(), counters) ==
        "gatepost 0.1.0 is running since 2026-11-21 03:28:07 (3 h 12 min), pid 412\n"
        "host           mx.example\n"
        "configuration  /etc/gatepost/gatepost.conf\n"
        "smtp           0.0.0.0:25\n"
        "               [::]:25\n"
        "submission     0.0.0.0:587\n"
        "sessions       3 open: 2 in command, 1 in data\n"
        "since start    1 connection, 2 messages received, 1 delivered, 1 refusal\n"
        "queue          2 messages, 4.8 KiB, the oldest since 1 min\n"
        "storage        12 GiB free\n"
        "memory         4.0 MiB\n"
        "certificate    /etc/ssl/a.pem expires in 90 d 0 h\n");
}

TEST_CASE("sessions are not split where only one phase is told", "[control]") {
  StatusSnapshot now = snapshot();
  now.gauges.sessions = {{"open", 3}};
  CHECK(format_status(now, log::Counters()).find("sessions       3 open\n") != std::string::npos);
}

TEST_CASE("problems stand at the end, marked", "[control]") {
  StatusSnapshot now = snapshot();
  now.gauges.sessions.clear();
  now.gauges.queue_items = 0;
  now.gauges.storage_free.reset();
  now.gauges.memory_limit = 64 * 1024 * 1024;
  now.gauges.certificates = {{"/etc/ssl/a.pem", -1}};
  now.problems = {"Nov 21 06:00:00 warning: write: No space left on device"};
  log::Counters counters;
  counters.count_lost_line();
  const std::string text = format_status(now, counters);
  CHECK(text.find("sessions       0 open\n") != std::string::npos);
  CHECK(text.find("queue          empty\n") != std::string::npos);
  CHECK(text.find("storage") == std::string::npos);
  CHECK(text.find("memory         4.0 MiB of 64 MiB\n") != std::string::npos);
  CHECK(text.find("certificate    /etc/ssl/a.pem HAS EXPIRED\n") != std::string::npos);
  CHECK(
      text.ends_with("! 1 log line could not be written\n"
                     "! Nov 21 06:00:00 warning: write: No space left on device\n"));
}

TEST_CASE("programs read the same as JSON with UTC times", "[control]") {
  StatusSnapshot now = snapshot();
  now.problems = {"a \"b\" \xff"};
  log::Counters counters;
  counters.add(log::Family::Messages, "smtp");
  CHECK(format_status_json(now, counters) ==
        "{\"version\":\"0.1.0\",\"pid\":412,\"phase\":\"running\",\"started\":\"2026-11-21T02:28:"
        "07Z\","
        "\"now\":\"2026-11-21T05:40:07Z\",\"uptime_seconds\":11520,\"hostname\":\"mx.example\","
        "\"configuration\":\"/etc/gatepost/gatepost.conf\",\"listeners\":["
        "{\"service\":\"smtp\",\"address\":\"0.0.0.0:25\"},"
        "{\"service\":\"smtp\",\"address\":\"[::]:25\"},"
        "{\"service\":\"submission\",\"address\":\"0.0.0.0:587\"}],"
        "\"totals\":{\"connections\":0,\"received\":1,\"delivered\":0,\"refused\":0,"
        "\"log_lines_lost\":0},"
        "\"sessions\":{\"open\":3,\"phases\":{\"command\":2,\"data\":1,\"tls\":0}},"
        "\"queue\":{\"messages\":2,\"octets\":5000,\"oldest_seconds\":90},"
        "\"dns\":{\"servers\":\"\",\"questions\":0,\"cached\":0,\"joined\":0,\"sent\":0,"
        "\"failed\":0,\"under_way\":0,\"cache_octets\":0},"
        "\"memory\":{\"resident_octets\":4194304},\"storage_free_octets\":12884901888,"
        "\"certificates\":[{\"file\":\"/etc/ssl/a.pem\",\"expires_in_seconds\":7776000}],"
        "\"problems\":[\"a \\\"b\\\" ?\"]}\n");
}

TEST_CASE("screening is told where it is on, and lists that are not heard are marked",
          "[control]") {
  StatusSnapshot now = snapshot();
  now.gauges.screen.on = true;
  now.gauges.screen.under_test = 1;
  now.gauges.screen.clients = 12;
  now.gauges.screen.lists = {{"good.test", "", 5, 1, 0, false},
                             {"bad.test", "no answers", 3, 0, 3, true}};
  now.gauges.triplets = 7;
  const std::string text = format_status(now, log::Counters());
  CHECK(text.find("screening      1 connection under test, 12 clients remembered, 2 DNS lists, 1 "
                  "muted\n") != std::string::npos);
  CHECK(text.find("greylisting    7 triplets\n") != std::string::npos);
  CHECK(text.ends_with("! DNS list bad.test is not heard: no answers\n"));
  const std::string json = format_status_json(now, log::Counters());
  CHECK(json.find("\"screening\":{\"under_test\":1,\"stress\":false,\"clients\":12,\"lists\":2,"
                  "\"muted\":[\"bad.test\"]}") != std::string::npos);
  CHECK(json.find("\"greylisting\":{\"triplets\":7}") != std::string::npos);
}
