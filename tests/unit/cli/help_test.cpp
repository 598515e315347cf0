// SPDX-License-Identifier: Apache-2.0
// tests: the table of commands, and what is told from it.
#include "cli/help.h"

#include <set>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::cli;

TEST_CASE("every command has a name of its own, a help page and a nearest name", "[cli]") {
  std::set<std::string_view> names;
  for (const CommandRow& row : command_rows()) {
    CHECK(names.insert(row.name).second);
    CHECK(find_command(row.name) == &row);
    CHECK(nearest_command(row.name) == row.name);
    CHECK(help_text().find("\n  " + std::string(row.name) + " ") != std::string::npos);
    const std::string page = help_for(row.name);
    CHECK(page.starts_with("usage: gatepost " + std::string(row.name)));
    CHECK(page.find(row.text) != std::string::npos);
    const bool has_json = row.arguments.find("--json") != std::string_view::npos;
    CHECK((page.find("--json   ") != std::string::npos) == has_json);
  }
}

TEST_CASE("a slip of the fingers is led back, anything else is not", "[cli]") {
  CHECK(nearest_command("statsu") == "status");
  CHECK(nearest_command("Relod") == "reload");
  CHECK(nearest_command("frobnicate").empty());
  CHECK(find_command("statsu") == nullptr);
}

TEST_CASE("only what asks the service takes a socket", "[cli]") {
  for (const char* name : {"status", "metrics", "queue", "reload"}) {
    CHECK(help_for(name).find("--socket") != std::string::npos);
  }
  CHECK(help_for("run").find("--socket") == std::string::npos);
}
