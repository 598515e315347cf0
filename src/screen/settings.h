// SPDX-License-Identifier: Apache-2.0
// screen: the tests, and what they go by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gatepost::screen {

enum class Test : std::uint8_t {
#define GP_SCREEN_TEST(name, label, when, enhanced, text, farewell) name,
#include "screen/tests.def"
};

/// Before the 220, or after it: the deep tests.
enum class When : std::uint8_t { Before, After };

struct TestRow {
  Test test;
  std::string_view label;
  When when;
  std::string_view enhanced, text, farewell;
};
inline constexpr std::array kTests{
#define GP_SCREEN_TEST(name, label, when, enhanced, text, farewell) \
  TestRow{Test::name, label, When::when, enhanced, text, farewell},
#include "screen/tests.def"
};
inline constexpr std::size_t kTestCount = kTests.size();

[[nodiscard]] constexpr std::size_t index_of(Test test) {
  return static_cast<std::size_t>(test);
}

/// postscreen_*_action
enum class Action : std::uint8_t {
  Ignore,   ///< It is logged.
  Enforce,  ///< Recipients are refused.
  Drop,     ///< The connection ends with 521.
};

struct TestSettings {
  bool enabled = false;
  Action action = Action::Ignore;
  Duration ttl{};  ///< How long a pass is good for; of Dnsbl the answers say, between bounds.
};

struct Settings {
  std::array<TestSettings, kTestCount> tests{};
  Action denylist_action = Action::Ignore;
  std::string greet_banner;              ///< After `220-`; empty: no teaser.
  Duration greet_wait{6000};             ///< postscreen_greet_wait
  Duration proven_wait{0};               ///< postscreen_proven_greet_wait
  Duration stress_greet_wait{2000};      ///< The same under stress.
  Duration command_time{300'000};        ///< postscreen_command_time_limit
  Duration stress_command_time{10'000};  ///< The same under stress.
  Duration dnsbl_min_ttl{60'000};
  Duration dnsbl_max_ttl{3'600'000};
  Duration retention{604'800'000};  ///< postscreen_cache_retention_time
  std::uint32_t command_limit = 20;
  std::uint32_t pre_queue_limit = 0;  ///< Connections under test; 0: no limit.
  bool deep_handoff_450 = false;      ///< postscreen_deep_handoff = 450
  bool respectful = true;             ///< respectful_logging

  [[nodiscard]] const TestSettings& of(Test test) const { return tests[index_of(test)]; }
};

}  // namespace gatepost::screen
