// SPDX-License-Identifier: Apache-2.0
// scenarios: plays every dialogue through the pure core, whole and in every cut.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/play.h"
#include "support/scenario.h"

namespace {

using gatepost::Result;
using gatepost::support::Outcome;
using gatepost::support::Play;
using gatepost::support::Scenario;

// Positions tried in a long scenario; a short one is cut everywhere.
constexpr std::size_t kMostCuts = 2000;
// Octets up to which every pair of cuts is tried.
constexpr std::size_t kPairs = 160;

struct Count {
  std::size_t played = 0;
  std::size_t failed = 0;
  std::size_t replays = 0;
};

struct Take {
  Outcome outcome;
  std::string problem;
};

Take play(const Scenario& scenario,
          const gatepost::smtp::SessionSettings& settings,
          const std::vector<std::size_t>& cuts) {
  Play stage(settings, {.trusted = scenario.trusted});
  const Result<void> result = play_scenario(scenario, stage, cuts);
  return {stage.outcome(), result ? std::string() : result.error().detail};
}

std::string replay(const Scenario& scenario,
                   const gatepost::smtp::SessionSettings& settings,
                   const Outcome& expected,
                   const std::vector<std::size_t>& cuts) {
  const Take take = play(scenario, settings, cuts);
  std::string problem = take.problem;
  if (problem.empty() && take.outcome != expected) {
    problem = scenario.file + ": another outcome (" + scenario.name + ")";
  }
  if (problem.empty()) return {};
  for (const std::size_t cut : cuts) {
    problem += " [cut at " + std::to_string(cut) + "]";
    if (cuts.size() > 2) return problem + " and everywhere after";
  }
  return problem;
}

std::vector<std::vector<std::size_t>> all_cuts(std::size_t octets) {
  std::vector<std::vector<std::size_t>> ways;
  const std::size_t stride = octets / kMostCuts + 1;
  for (std::size_t at = 1; at < octets; at += stride) ways.push_back({at});
  if (octets <= kPairs) {
    for (std::size_t a = 1; a < octets; ++a) {
      for (std::size_t b = a + 1; b < octets; ++b) ways.push_back({a, b});
    }
  }
  std::vector<std::size_t> every;
  for (std::size_t at = 1; at < octets; ++at) every.push_back(at);
  if (octets <= 4 * kMostCuts) ways.push_back(every);
  return ways;
}

std::string check(const Scenario& scenario, Count& count) {
  const auto settings = session_settings(scenario);
  if (!settings) return settings.error().detail;
  const Take whole = play(scenario, *settings, {});
  if (!whole.problem.empty() || scenario.timing) return whole.problem;
  for (const auto& cuts : all_cuts(octets_sent(scenario))) {
    ++count.replays;
    const std::string problem = replay(scenario, *settings, whole.outcome, cuts);
    if (!problem.empty()) return problem;
  }
  return {};
}

void check_file(const std::filesystem::path& path, Count& count) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto scenarios = gatepost::support::parse_scenarios(text, path.filename().string());
  if (!scenarios) {
    std::fprintf(stderr, "%s\n", scenarios.error().detail.c_str());
    ++count.failed;
    return;
  }
  for (const Scenario& scenario : *scenarios) {
    const std::string problem = check(scenario, count);
    ++(problem.empty() ? count.played : count.failed);
    if (!problem.empty()) std::fprintf(stderr, "FAILED %s\n", problem.c_str());
  }
}

}  // namespace

/// Arguments: scenario files; without any, all of tests/scenarios under the working directory.
int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files(argv + 1, argv + argc);
  if (files.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator("tests/scenarios")) {
      if (entry.path().extension() == ".scn") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  Count count;
  for (const auto& file : files) check_file(file, count);
  std::printf("%zu replays in other cuts\n%zu passed, %zu failed\n", count.replays, count.played,
              count.failed);
  return count.failed == 0 && count.played > 0 ? 0 : 1;
}
