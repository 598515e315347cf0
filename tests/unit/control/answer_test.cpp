// SPDX-License-Identifier: Apache-2.0
// tests: each verb asks the service what it needs and answers with it.
#include "control/answer.h"

#include <catch2/catch_test_macros.hpp>

#include "snapshots.h"

using namespace gatepost;
using namespace gatepost::control;

namespace {

class FakeBackend final : public Backend {
 public:
  StatusSnapshot status() override { return test::snapshot(); }
  const log::Counters& counters() const override { return numbers; }

  log::Counters numbers;
  Result<std::vector<queue::Item>> items{std::vector<queue::Item>{test::item("4A1B", 1)}};
};

std::string ask(FakeBackend& backend, Verb verb, bool json) {
  return answer({.verb = verb, .json = json}, backend, backend.items);
}

}  // namespace

TEST_CASE("help names every verb", "[control]") {
  FakeBackend backend;
  for (const VerbRow& row : verb_rows()) {
    CHECK(ask(backend, Verb::Help, false).find(row.name) != std::string::npos);
    CHECK(ask(backend, Verb::Help, true).find("\"verb\":\"" + std::string(row.name)) !=
          std::string::npos);
  }
}

TEST_CASE("status, metrics and queue answer in both forms", "[control]") {
  FakeBackend backend;
  CHECK(ask(backend, Verb::Status, false).starts_with("gatepost 0.1.0 is running"));
  CHECK(ask(backend, Verb::Status, true).starts_with("{\"version\":"));
  CHECK(ask(backend, Verb::Metrics, false).ends_with("# EOF\n"));
  CHECK(ask(backend, Verb::Metrics, true).starts_with("{\"gatepost_build_info\":"));
  CHECK(ask(backend, Verb::Queue, false).find("Sat Nov 21 06:40:07") != std::string::npos);
  CHECK(ask(backend, Verb::Queue, true).starts_with("{\"queue_name\":"));
}

TEST_CASE("a queue that cannot be read is a temporary refusal", "[control]") {
  FakeBackend backend;
  backend.items = Error{.cause = Cause::Temporary, .detail = "database is locked"};
  CHECK(ask(backend, Verb::Queue, false) == "error 75: database is locked\n");
  CHECK(ask(backend, Verb::Queue, true) == "error 75: database is locked\n");
}

TEST_CASE("a reload answers what changed, or why not with the code for configurations",
          "[control]") {
  const Result<std::string> done(std::string("changed: myhostname"));
  CHECK(answer_reload(false, done) == "changed: myhostname\n");
  CHECK(answer_reload(true, done) == "{\"reloaded\":\"changed: myhostname\"}\n");
  const Result<std::string> refused(
      Error{.cause = Cause::Permanent, .detail = "c:3: unknown name"});
  CHECK(answer_reload(false, refused) == "error 78: c:3: unknown name\n");
}

TEST_CASE("what was carried out is told, and what was not found is told apart from what failed",
          "[control]") {
  const Request plain{.verb = Verb::Hold, .words = {"A1"}};
  const Request json{.verb = Verb::Hold, .json = true, .words = {"A1"}};
  CHECK(answer_done(plain, std::string("Placed on hold: 1 message")) ==
        "Placed on hold: 1 message\n");
  CHECK(answer_done(json, std::string("Placed on hold: 1 message")) ==
        "{\"done\":\"Placed on hold: 1 message\"}\n");
  CHECK(answer_done(plain, Error{Cause::Permanent, "no such message in the queue", 0}) ==
        "error 69: no such message in the queue\n");
  CHECK(answer_done(plain, Error{Cause::Temporary, "locked", 0}) == "error 75: locked\n");
}
