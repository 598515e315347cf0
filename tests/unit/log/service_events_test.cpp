// SPDX-License-Identifier: Apache-2.0
// tests: the lines about the service as a whole.
#include "log/service_events.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::json_of;
using test::line_of;

TEST_CASE("a run begins, is reloaded and ends with lines of the master", "[log]") {
  CHECK(line_of(ServiceStarted{"0.1.0", 412, "/etc/gatepost/gatepost.conf"}) ==
        "master: daemon started -- version 0.1.0, configuration /etc/gatepost/gatepost.conf");
  CHECK(
      json_of(ServiceStarted{"0.1.0", 412, "/c"}) ==
      R"({"event":"service_started","level":"info","version":"0.1.0","pid":412,"configuration":"/c"})");
  CHECK(line_of(Listening{"smtp", "[::1]:2525"}) ==
        "master: listening on [::1]:2525 for service smtp");
  CHECK(json_of(Listening{"smtp", "[::1]:2525"}) ==
        R"({"event":"listening","level":"info","service":"smtp","address":"[::1]:2525"})");
  CHECK(line_of(ServiceReloaded{"myhostname"}) == "master: reload: myhostname");
  CHECK(json_of(ServiceReloaded{"myhostname"}) ==
        R"({"event":"service_reloaded","level":"info","changes":"myhostname"})");
  CHECK(line_of(ReloadFailed{"c:3: no"}) == "master: error: reload refused: c:3: no");
  CHECK(json_of(ReloadFailed{"c:3: no"}) ==
        R"({"event":"reload_failed","level":"error","detail":"c:3: no"})");
  CHECK(line_of(ServiceStopping{"SIGTERM", 3}) == "master: stopping: SIGTERM; open sessions: 3");
  CHECK(json_of(ServiceStopping{"SIGTERM", 3}) ==
        R"({"event":"service_stopping","level":"info","reason":"SIGTERM","sessions":3})");
  CHECK(line_of(ServiceStopped{}) == "master: stopped");
  CHECK(json_of(ServiceStopped{}) == R"({"event":"service_stopped","level":"info"})");
}

TEST_CASE("what became of the networks of a domain is told", "[log]") {
  CHECK(line_of(SpfListNote{"a.example: timeout"}) == "spf: warning: a.example: timeout");
  CHECK(json_of(SpfListNote{"a.example: timeout"}) ==
        R"({"event":"spf_list_note","level":"warning","detail":"a.example: timeout"})");
}

TEST_CASE("certificates are told by the manager of TLS", "[log]") {
  CHECK(line_of(CertificateLoaded{"2 chains"}) == "tlsmgr: certificate loaded: 2 chains");
  CHECK(json_of(CertificateLoaded{"2 chains"}) ==
        R"({"event":"certificate_loaded","level":"info","detail":"2 chains"})");
  CHECK(line_of(CertificateProblem{"a.pem: no key"}) ==
        "tlsmgr: error: certificate: a.pem: no key");
  CHECK(json_of(CertificateProblem{"a.pem: no key"}) ==
        R"({"event":"certificate_problem","level":"error","detail":"a.pem: no key"})");
  CHECK(line_of(SelfSignedMade{"mx.example"}) ==
        "tlsmgr: warning: self-signed certificate made: mx.example");
  CHECK(json_of(SelfSignedMade{"mx.example"}) ==
        R"({"event":"self_signed_made","level":"warning","detail":"mx.example"})");
}

TEST_CASE("what the owner should know about the process has its lines", "[log]") {
  CHECK(line_of(ConfigNote{"line 3"}) == "master: warning: line 3");
  CHECK(line_of(ConfigNote{"warning: line 3"}) == "master: warning: line 3");
  CHECK(line_of(ConfigNote{"/x:3: warning: odd"}) == "master: warning: /x:3: odd");
  CHECK(json_of(ConfigNote{"line 3"}) ==
        R"({"event":"config_note","level":"warning","detail":"line 3"})");
  CHECK(line_of(StateProblem{"state.db is damaged"}) == "master: warning: state.db is damaged");
  CHECK(json_of(StateProblem{"state.db is damaged"}) ==
        R"({"event":"state_problem","level":"warning","detail":"state.db is damaged"})");
  CHECK(line_of(ControlRefused{"reload", 1000}) ==
        "master: warning: control request reload refused for uid 1000");
  CHECK(json_of(ControlRefused{"reload", 1000}) ==
        R"({"event":"control_refused","level":"warning","verb":"reload","uid":1000})");
  CHECK(line_of(PrivilegesDropped{"gatepost"}) == "master: privileges dropped to gatepost");
  CHECK(json_of(PrivilegesDropped{"gatepost"}) ==
        R"({"event":"privileges_dropped","level":"info","owner":"gatepost"})");
  CHECK(line_of(SandboxReady{"landlock 3, seccomp"}) == "master: sandbox: landlock 3, seccomp");
  CHECK(json_of(SandboxReady{"seccomp"}) ==
        R"({"event":"sandbox_ready","level":"info","detail":"seccomp"})");
  CHECK(line_of(TaskFailed{"session", "bad_alloc"}) ==
        "master: error: task session failed: bad_alloc");
  CHECK(json_of(TaskFailed{"session", "bad_alloc"}) ==
        R"({"event":"task_failed","level":"error","task":"session","detail":"bad_alloc"})");
  CHECK(line_of(AcceptFailed{"Too many open files"}) ==
        "master: warning: accept: Too many open files");
  CHECK(json_of(AcceptFailed{"EMFILE"}) ==
        R"({"event":"accept_failed","level":"warning","detail":"EMFILE"})");
  CHECK(line_of(MemoryShed{90, 100, "refusing connections"}) ==
        "master: warning: memory 90 of 100 octets: refusing connections");
  CHECK(json_of(MemoryShed{90, 100, "x"}) ==
        R"({"event":"memory_shed","level":"warning","used":90,"limit":100,"action":"x"})");
  CHECK(line_of(LogLinesLost{7}) == "master: warning: 7 log lines could not be written");
  CHECK(json_of(LogLinesLost{7}) == R"({"event":"log_lines_lost","level":"warning","lines":7})");
}
