// SPDX-License-Identifier: Apache-2.0
// tests: the manual holds every row of the tables it is printed from.
#include "cli/manual.h"

#include <string_view>

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "cli/help.h"
#include "control/metrics.h"
#include "control/protocol.h"
#include "log/events.h"
#include "smtp/extensions.h"
#include "smtp/replies.h"

using namespace gatepost;
using namespace gatepost::cli;

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

}  // namespace

TEST_CASE("every event, metric, command, verb and extension is in the manual, in both forms",
          "[cli]") {
  for (const log::About& about : log::kAbout) {
    CHECK(holds(manual_events(false), std::string(about.name) + " ("));
    CHECK(holds(manual_events(true), quoted(about.name)));
  }
  for (const control::MetricRow& row : control::metric_rows()) {
    CHECK(holds(manual_metrics(false), row.name));
    CHECK(holds(manual_metrics(true), quoted(row.name)));
  }
  for (const CommandRow& row : command_rows()) {
    CHECK(holds(manual_commands(false), "gatepost " + std::string(row.name)));
    CHECK(holds(manual_commands(true), quoted(row.name)));
  }
  for (const control::VerbRow& row : control::verb_rows()) {
    CHECK(holds(manual_control(false), row.name));
    CHECK(holds(manual_control(true), quoted(row.name)));
  }
  for (const smtp::ExtensionRow& row : smtp::extensions()) {
    CHECK(holds(manual_extensions(false), row.keyword));
    CHECK(holds(manual_extensions(true), quoted(row.keyword)));
  }
}

TEST_CASE("every reply is in the manual, with dots for what it names", "[cli]") {
  const std::string text = manual_replies(false);
  const std::string json = manual_replies(true);
  for (const smtp::ReplyEntry& entry : smtp::reply_entries()) {
    const std::string_view wanted = entry.row == nullptr ? entry.heading : entry.row->text;
    CHECK(holds(text, wanted));
    CHECK(holds(json, wanted));
  }
  CHECK(holds(text, "\n    421 4.3.2 ... Server shutting down\n"));
  CHECK(holds(text, "\n    501 5.5.4 Syntax: ...\n"));
  CHECK_FALSE(holds(text, " \n"));
  CHECK(holds(json, R"({"code":221,"enhanced":"2.0.0","text":"Bye","where":"Session"})"));
}

TEST_CASE("the manual's lines fit a terminal, and sentences keep their words", "[cli]") {
  const std::string text = manual_events(false);
  std::string words;
  for (const std::string_view line : split(text, "\n")) {
    CHECK(line.size() <= 80);
    words += std::string(trim(line)) + " ";
  }
  for (const log::About& about : log::kAbout) CHECK(holds(words, about.text));
}
