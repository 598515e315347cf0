// SPDX-License-Identifier: Apache-2.0
// tests: the table of settings, and what is printed from it.
#include "config/rows.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "config/foreign.h"
#include "config/load.h"
#include "config/manual.h"
#include "unit/tables/map_files.h"

using namespace gatepost;
using namespace gatepost::config;

TEST_CASE("every row has a name of its own, a form and a sentence", "[config][rows]") {
  std::set<std::string_view> names;
  for (const Row& row : rows()) {
    CAPTURE(row.name.view());
    CHECK_FALSE(row.text.empty());
    if (row.is_title()) continue;
    CHECK(names.insert(row.name.view()).second);
    CHECK_FALSE(row.kind->form.empty());
    CHECK(row.text.view().ends_with('.'));
  }
  CHECK(names.size() > 60);
  CHECK(find_row("") == nullptr);
}

TEST_CASE("defaults of services belong to rows that may differ", "[config][rows]") {
  for (const std::string_view service : kServiceNames) {
    for (const Row& row : rows()) {
      if (service_default(service, row.name)) CHECK(row.per_service());
    }
  }
}

TEST_CASE("the sample file is accepted without a word, also with every comment taken off its rows",
          "[config][manual]") {
  test::MapFiles files;
  const std::string sample = sample_file();
  CHECK(load({"s", sample, "mx.example.com"}, files).findings.all().empty());
  std::string active;
  std::size_t count = 0;
  for (std::size_t at = 0; at < sample.size();) {
    const std::size_t end = sample.find('\n', at);
    std::string line = sample.substr(at, end - at);
    at = end + 1;
    const bool row =
        line.size() > 1 && line[0] == '#' && line[1] != ' ' && line.find(" =") != line.npos;
    // Without these two, which a default of smtp_listen beside them contradicts.
    if (!row || line.starts_with("#inet_") || line.starts_with("#myhostname") ||
        line.starts_with("#mydomain"))
      continue;
    active += line.substr(1) + "\n";
    ++count;
  }
  CHECK(count > 60);
  const Loaded loaded = load({"s", active, "mx.example.com"}, files);
  for (const Finding& finding : loaded.findings.all()) UNSCOPED_INFO(finding.line_text());
  CHECK(loaded.findings.all().empty());
}

TEST_CASE("the examples are accepted without a word", "[config][manual]") {
  test::MapFiles files;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GP_SOURCE_DIR "/config/examples")) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const Loaded loaded = load({entry.path().string(), text, "mx.example.com"}, files);
    for (const Finding& finding : loaded.findings.all()) UNSCOPED_INFO(finding.line_text());
    CHECK(loaded.findings.all().empty());
    ++count;
  }
  CHECK(count >= 4);
}

TEST_CASE("the manual names every row and is made of lines man(7) understands",
          "[config][manual]") {
  const std::string page = manual_page();
  for (const Row& row : rows()) {
    if (!row.is_title())
      CHECK(page.find("\n.BR " + std::string(row.name.view()) + " ") != page.npos);
  }
  const std::set<std::string> known{".TH", ".SH", ".PP", ".TP", ".B", ".BR", ".br", ".\\\""};
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = page.find('\n', at);
    const std::string line = page.substr(at, end - at);
    at = end + 1;
    CAPTURE(line);
    CHECK_FALSE(line.empty());
    if (line.starts_with('.')) CHECK(known.contains(line.substr(0, line.find(' '))));
    CHECK_FALSE(line.starts_with('\''));
  }
}

TEST_CASE("the table of differences names rows", "[config][manual]") {
  for (const Difference& difference : differences()) {
    CAPTURE(difference.name);
    CHECK(find_row(difference.name) != nullptr);
  }
}

TEST_CASE("parameters of Postfix are told apart from ours and from nonsense", "[config][foreign]") {
  for (const char* name :
       {"daemon_directory", "smtp_tls_policy_maps", "relay_destination_concurrency_limit",
        "tls_random_source", "smtpd_sender_restrictions", "local_destination_rate_delay",
        "2bounce_notice_recipient"}) {
    CAPTURE(name);
    CHECK(find_foreign(name) != nullptr);
  }
  CHECK(find_foreign("nonsense") == nullptr);
  CHECK(find_foreign("") == nullptr);
  for (const Row& row : rows()) {
    const Foreign* foreign = row.is_title() ? nullptr : find_foreign(row.name);
    CAPTURE(row.name.view());
    // Only a pattern may happen to fit one of ours; ours is looked up first.
    CHECK((foreign == nullptr || foreign->pattern.view().find('*') != std::string_view::npos));
  }
}
