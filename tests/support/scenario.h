// SPDX-License-Identifier: Apache-2.0
// support: the scenario language: dialogues that two runners play (tests/scenarios/README.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "smtp/server_session.h"

namespace gatepost::support {

struct Action {
  enum class Kind : std::uint8_t {
    Send,        ///< text: octets
    Line,        ///< text: a reply line, exactly
    Prefix,      ///< text: how a reply line begins
    Reply,       ///< text: the code of a reply of any number of lines
    Stored,      ///< text: the whole text of the newest message
    StoredPart,  ///< text: found in it
    Messages,    ///< number: how many were stored so far
    Log,         ///< text: a log line, `*` standing for anything; looked for at the end
    Tls,         ///< the handshake
    Closed,      ///< the session has ended
    Pass,        ///< number: milliseconds since the start
    ShutDown,
    RuleText,    ///< text: the reply to the next AskText
    RuleCommit,  ///< text: the reply to the next AskCommit
    Pauses,      ///< number: how many slow replies so far
  };
  Kind kind;
  int line = 0;
  std::string text;
  std::uint64_t number = 0;
};

struct Scenario {
  std::string name;  ///< A sentence.
  std::string file;
  int line = 0;
  std::vector<std::pair<std::string, std::string>> settings;  ///< Names as in the configuration.
  bool trusted = false;
  bool timing = false;  ///< The outcome depends on what arrives together.
  std::vector<std::string> knows;
  std::vector<Action> actions;
};

/// All scenarios of one file.
[[nodiscard]] Result<std::vector<Scenario>> parse_scenarios(std::string_view text,
                                                            const std::string& file);
/// What the settings of a scenario mean to a session.
[[nodiscard]] Result<smtp::SessionSettings> session_settings(const Scenario& scenario);

/// Plays it with every Send cut into pieces at `cuts`, positions counted over all sent octets.
/// An error is the first expectation that failed.
class Play;
[[nodiscard]] Result<void> play_scenario(const Scenario& scenario,
                                         Play& play,
                                         const std::vector<std::size_t>& cuts);
/// All octets it sends.
[[nodiscard]] std::size_t octets_sent(const Scenario& scenario);

}  // namespace gatepost::support
