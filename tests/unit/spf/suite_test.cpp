// SPDX-License-Identifier: Apache-2.0
// unit: check_host() against the community's test suite of RFC 7208 (tests/data/spf).
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "spf/evaluation.h"
#include "support/spf_zone.h"

using namespace gatepost;

namespace {

struct Case {
  std::vector<std::string> fields;  // test NAME CLIENT HELO SENDER RESULTS EXPLANATION
};
struct Scenario {
  test::SpfZone zone;
  std::vector<Case> cases;
};

std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t used = 1;
    if (text.starts_with("\\x")) {
      out += static_cast<char>(std::stoi(std::string(text.substr(2, 2)), nullptr, 16));
      used = 4;
    } else {
      out += text.front();
    }
    text.remove_prefix(used);
  }
  return out;
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t tab = line.find('\t');
    out.push_back(unescape(line.substr(0, tab)));
    if (tab == line.npos) return out;
    line.remove_prefix(tab + 1);
  }
}

std::vector<Scenario> read_suite() {
  std::vector<Scenario> out;
  std::ifstream file(GP_SOURCE_DIR "/tests/data/spf/rfc7208.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    auto fields = fields_of(line);
    if (fields[0] == "scenario") out.emplace_back();
    if (fields[0] == "rr") out.back().zone.add(fields.at(1), fields.at(2), fields.at(3));
    if (fields[0] == "test") out.back().cases.push_back({std::move(fields)});
  }
  return out;
}

void run(test::SpfZone& zone, const Case& one) {
  const auto& fields = one.fields;
  INFO(fields[1]);
  spf::Identity identity;
  identity.client = IpAddress::parse(fields[2]).value();
  identity.helo = fields[3];
  identity.sender = fields[4];
  identity.receiver = "mx.gatepost.example";
  spf::Evaluation evaluation(identity);
  zone.play(evaluation);
  const spf::Outcome& outcome = evaluation.outcome();
  const std::string verdict(spf::format_verdict(outcome.verdict));
  INFO(outcome.problem);
  const auto allowed = split(fields[5], ",");
  CAPTURE(fields[5], verdict);
  CHECK(std::find(allowed.begin(), allowed.end(), verdict) != allowed.end());
  if (fields[6] != "-") CHECK(outcome.explanation == (fields[6] == "DEFAULT" ? "" : fields[6]));
  const bool error = verdict == "permerror" || verdict == "temperror";
  CHECK(outcome.problem.empty() == !error);
}

}  // namespace

TEST_CASE("every case of the community's test suite has its result", "[spf][suite]") {
  std::size_t count = 0;
  for (Scenario& scenario : read_suite()) {
    for (const Case& one : scenario.cases) {
      run(scenario.zone, one);
      ++count;
    }
  }
  CHECK(count == 203);
}
