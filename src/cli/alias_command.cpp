// SPDX-License-Identifier: Apache-2.0
// cli: gatepost alias: addresses made and revoked in seconds.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/socket_path.h"
#include "control/protocol.h"

namespace gatepost::cli {

namespace {

using control::Verb;

struct Action {
  std::string_view name;
  Verb verb;
  std::size_t least;  // Words after the action.
  std::size_t most;
};
constexpr std::array<Action, 5> kActions{{
    {"add", Verb::AliasAdd, 2, 100},
    {"mint", Verb::AliasMint, 0, 1},
    {"del", Verb::AliasDel, 1, 1},
    {"list", Verb::AliasList, 0, 0},
    {"report", Verb::AliasReport, 0, 1},
}};

constexpr char kAliasHelp[] = R"(
  add ADDRESS TARGET ...
      an address of a domain of ours that leads to others, as a line of alias_maps
      does. It must not be a user's, nor in a table.
  mint [LABEL] --for USER
      a throw-away address for USER, to give to one shop or list; it is printed.
      LABEL becomes part of it.
      --expires TIME       takes mail for so long only, such as 90d
      --bind DOMAIN        takes mail from senders of DOMAIN only
      --bind first-sender  the same for the domain that writes to it first
      --uses N             takes N messages only
  del ADDRESS
      revokes it at once. A throw-away address becomes a trap; with --forget, as
      with one that was added, nothing is kept of it.
  list
      the addresses in force, with what each is limited to and how often it was
      used; with --traps the traps.
  report [ADDRESS]
      the leaks.

A trap is refused as an unknown user is; who writes to it has it from a list. A
throw-away address becomes one when it is revoked, and 30 days after it expired.
A leak is mail to a bound address from a sender of another domain: whoever it was
given to has passed it on.

Exit statuses: 0 done, 64 usage, 67 no such address or user, 69 refused, or the
service does not run, 75 try again, 77 not permitted.
)";

/// Takes what only this command knows out of the arguments, as words of the request.
Result<std::vector<std::string>> take_own(Arguments arguments,
                                          std::vector<std::string_view>& others) {
  constexpr std::array<std::string_view, 4> kValued{"--for", "--expires", "--bind", "--uses"};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view one = arguments[i];
    if (one == "--forget" || one == "--traps") {
      out.emplace_back(one.substr(2));
      continue;
    }
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view name = one.substr(0, equals);
    if (std::find(kValued.begin(), kValued.end(), name) == kValued.end()) {
      others.push_back(one);
      continue;
    }
    const bool inside = equals < one.size();
    if (!inside && i + 1 >= arguments.size()) {
      return Error{Cause::Permanent, std::string(name) + " needs a value"};
    }
    const std::string_view value = inside ? one.substr(equals + 1) : arguments[++i];
    out.push_back(std::string(name.substr(2)) + "=" + std::string(value));
  }
  return out;
}

int ask_alias(const Options& options, const control::Request& request) {
  const auto socket = find_socket(options);
  if (!socket) return fail(exits::kConfig, socket.error().detail);
  const Asked asked = ask(*socket, request);
  switch (asked.reached) {
    case Reached::Answered:
      break;
    case Reached::NotRunning:
      return fail(exits::kUnavailable, asked.text);
    case Reached::NotPermitted:
      return fail(exits::kNotPermitted, asked.text);
    case Reached::Broken:
      return fail(exits::kTemporary, asked.text);
  }
  // A list in JSON may have no lines.
  if (asked.text.empty() && request.json) return exits::kOk;
  const control::Answer answer = control::read_answer(asked.text);
  return answer.code != 0 ? fail(answer.code, answer.text) : print(answer.text);
}

}  // namespace

int alias_command(Arguments arguments) {
  std::vector<std::string_view> others;
  auto own = take_own(arguments, others);
  if (!own) return fail(exits::kUsage, "alias: " + own.error().detail);
  const auto options = parse_options(others);
  if (!options) return fail(exits::kUsage, "alias: " + options.error().detail);
  if (options->help) return print(help_for("alias") + kAliasHelp);
  const std::string wanted = options->words.empty() ? std::string() : options->words.front();
  const auto action = std::find_if(kActions.begin(), kActions.end(),
                                   [&wanted](const Action& one) { return one.name == wanted; });
  if (action == kActions.end()) {
    return fail(exits::kUsage,
                "alias: expected add, mint, del, list or report; see gatepost alias --help");
  }
  const std::size_t count = options->words.size() - 1;
  if (count < action->least || count > action->most) {
    return fail(exits::kUsage, format("alias {}: too {} words; see gatepost alias --help", wanted,
                                      count < action->least ? "few" : "many"));
  }
  const bool has_user = std::any_of(own->begin(), own->end(), [](const std::string& word) {
    return word.starts_with("for=") && word.size() > 4;
  });
  if (action->verb == Verb::AliasMint && !has_user) {
    return fail(exits::kUsage, "alias mint: --for USER is missing");
  }
  control::Request request{.verb = action->verb, .json = options->json};
  for (std::size_t i = 1; i < options->words.size(); ++i) {
    const std::string& word = options->words[i];
    request.words.push_back(action->verb == Verb::AliasMint ? "label=" + word : word);
  }
  for (std::string& word : *own) request.words.push_back(std::move(word));
  if (std::any_of(request.words.begin(), request.words.end(), [](const std::string& word) {
        return word.find_first_of(" \t\r\n") != word.npos || word.empty();
      })) {
    return fail(exits::kUsage, "alias: words cannot hold blanks");
  }
  if (control::format_request(request).size() > limits::kControlLine) {
    return fail(exits::kUsage, "alias: too much at once");
  }
  return ask_alias(*options, request);
}

}  // namespace gatepost::cli
