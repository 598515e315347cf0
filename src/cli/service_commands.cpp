// SPDX-License-Identifier: Apache-2.0
// cli: the commands that ask the running service.
#include <algorithm>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/colors.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/greylist_import.h"
#include "cli/help.h"
#include "cli/socket_path.h"
#include "control/protocol.h"
#include "queue/record.h"

namespace gatepost::cli {

namespace {

/// LSB's numbers for `status`.
constexpr int kStopped = 3;
constexpr int kUnknown = 4;

/// What a command has to work with, or the exit status it ends with at once.
struct Start {
  Options options;
  std::string socket;
  int status = exits::kOk;
  bool go_on = false;
};

Start begin(std::string_view command, Arguments arguments, bool takes_words = false) {
  Start start;
  auto options = parse_options(arguments);
  if (!options) {
    start.status = fail(exits::kUsage, format("{}: {}; see gatepost {} --help", command,
                                              options.error().detail, command));
    return start;
  }
  start.options = *std::move(options);
  if (start.options.help) {
    start.status = print(help_for(command));
    return start;
  }
  if (!start.options.words.empty() && !takes_words) {
    start.status =
        fail(exits::kUsage, format("{} takes no argument such as {}; see gatepost {} --help",
                                   command, start.options.words.front(), command));
    return start;
  }
  auto socket = find_socket(start.options);
  if (!socket) {
    start.status = fail(exits::kConfig, socket.error().detail);
    return start;
  }
  start.socket = *std::move(socket);
  start.go_on = true;
  return start;
}

int status_of(Reached reached) {
  switch (reached) {
    case Reached::Answered:
      return exits::kOk;
    case Reached::NotRunning:
      return exits::kUnavailable;
    case Reached::NotPermitted:
      return exits::kNotPermitted;
    case Reached::Broken:
      return exits::kTemporary;
  }
  __builtin_unreachable();
}

int ask_and_print(const Start& start, const control::Request& request) {
  const Asked asked = ask(start.socket, request);
  if (asked.reached != Reached::Answered) return fail(status_of(asked.reached), asked.text);
  const control::Answer answer = control::read_answer(asked.text);
  // An empty list has no JSON lines; of all other answers, an empty one is none.
  const bool lists = request.verb == control::Verb::Queue ||
                     (request.verb >= control::Verb::GreylistList && request.words.size() < 2);
  const bool empty_list = asked.text.empty() && lists && request.json;
  if (answer.code != 0 && !empty_list) return fail(answer.code, answer.text);
  return print(empty_list ? std::string_view() : answer.text);
}

int ask_and_print(std::string_view command, control::Verb verb, Arguments arguments) {
  const Start start = begin(command, arguments);
  if (!start.go_on) return start.status;
  return ask_and_print(start, {.verb = verb, .json = start.options.json});
}

int change_queue(const Start& start) {
  const std::vector<std::string>& words = start.options.words;
  const std::string& action = words.front();
  const auto rows = control::verb_rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&action](const control::VerbRow& one) {
    return one.name == action && one.verb >= control::Verb::Hold &&
           one.verb <= control::Verb::Delete;
  });
  if (row == rows.end()) {
    return fail(exits::kUsage, format("queue: no action {}; see gatepost queue --help",
                                      printable(action, limits::kLogText)));
  }
  const bool all = words.size() == 1 && row->verb == control::Verb::Flush;
  if (words.size() == 1 && !all) {
    return fail(exits::kUsage, format("queue {} needs {}", action, row->arguments));
  }
  control::Request request{.verb = row->verb, .json = start.options.json};
  request.words.assign(words.begin() + 1, words.end());
  if (all) request.words.emplace_back("ALL");
  if (control::format_request(request).size() > limits::kControlLine) {
    return fail(exits::kUsage, "queue: too many ids at once");
  }
  for (const std::string& word : request.words) {
    if (queue::is_item_id(word)) continue;
    return fail(exits::kUsage, "queue: not a queue id: " + printable(word, limits::kLogText));
  }
  return ask_and_print(start, request);
}

}  // namespace

int status_command(Arguments arguments) {
  const Start start = begin("status", arguments);
  if (!start.go_on) return start.status == exits::kConfig ? kUnknown : start.status;
  const Asked asked =
      ask(start.socket, {.verb = control::Verb::Status, .json = start.options.json});
  if (asked.reached == Reached::NotRunning) {
    if (!start.options.json) return fail(kStopped, asked.text);
    const int printed = print("{\"phase\":\"stopped\"}\n");
    return printed == exits::kOk ? kStopped : printed;
  }
  if (asked.reached != Reached::Answered) return fail(kUnknown, asked.text);
  const control::Answer answer = control::read_answer(asked.text);
  if (answer.code != 0) return fail(kUnknown, answer.text);
  const bool colored = !start.options.json && start.options.color && may_color();
  return colored ? print(color_status(answer.text)) : print(answer.text);
}

int metrics_command(Arguments arguments) {
  return ask_and_print("metrics", control::Verb::Metrics, arguments);
}

int queue_command(Arguments arguments) {
  const Start start = begin("queue", arguments, /*takes_words=*/true);
  if (!start.go_on) return start.status;
  if (!start.options.words.empty()) return change_queue(start);
  return ask_and_print(start, {.verb = control::Verb::Queue, .json = start.options.json});
}

namespace {

/// A word that a request can carry.
bool is_odd(std::string_view word) {
  return word.empty() || word.size() > limits::kPath ||
         std::any_of(word.begin(), word.end(), is_space);
}

/// `gatepost COMMAND ACTION [WORD ...]`, whose verb is COMMAND-ACTION; with at most `most` words,
/// the action counted.
int act(const Start& start,
        std::string_view command,
        std::string_view usual,
        std::size_t most = 2) {
  if (!start.go_on) return start.status;
  const std::vector<std::string>& words = start.options.words;
  const std::string action(words.empty() ? usual : std::string_view(words.front()));
  const std::string name = format("{}-{}", command, action);
  const auto rows = control::verb_rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&name](const control::VerbRow& one) { return one.name == name; });
  if (row == rows.end()) {
    return fail(exits::kUsage, format("{}: no action {}; see gatepost {} --help", command,
                                      printable(action, limits::kLogText), command));
  }
  const bool needs = !row->arguments.starts_with('[');
  if (words.size() > most || (needs && words.size() < 2)) {
    return fail(exits::kUsage, format("{} {} takes {}", command, action, row->arguments));
  }
  control::Request request{.verb = row->verb, .json = start.options.json};
  if (words.size() > 1) request.words.assign(words.begin() + 1, words.end());
  for (const std::string& word : request.words) {
    if (!is_odd(word)) continue;
    return fail(exits::kUsage,
                format("{}: not an address: {}", command, printable(word, limits::kLogText)));
  }
  return ask_and_print(start, request);
}

int act(std::string_view command,
        Arguments arguments,
        std::string_view usual,
        std::size_t most = 2) {
  const Start start = begin(command, arguments, /*takes_words=*/true);
  return act(start, command, usual, most);
}

}  // namespace

int greylist_command(Arguments arguments) {
  const Start start = begin("greylist", arguments, /*takes_words=*/true);
  const std::vector<std::string>& words = start.options.words;
  const bool imports = start.go_on && !words.empty() && words.front() == "import";
  if (!imports) return act(start, "greylist", "list");
  if (words.size() > 2) return fail(exits::kUsage, "greylist import takes one FILE");
  return import_greylist(start.socket, words.size() > 1 ? words[1] : "", start.options.json);
}

int trap_command(Arguments arguments) {
  return act("trap", arguments, "list");
}

int screen_command(Arguments arguments) {
  return act("screen", arguments, "show", 3);
}

int dnsbl_command(Arguments arguments) {
  return act("dnsbl", arguments, "status");
}

int allow_command(Arguments arguments) {
  return act("allow", arguments, "list", 4);
}

int expect_command(Arguments arguments) {
  const Start start = begin("expect", arguments, /*takes_words=*/true);
  if (!start.go_on) return start.status;
  const std::vector<std::string>& words = start.options.words;
  const bool timed = !words.empty() && !words.front().empty() && is_digit(words.front().front());
  if (!timed) return act(start, "expect", "list", 5);
  control::Request request{.verb = control::Verb::Expect, .json = start.options.json};
  for (const std::string& word : words) {
    if (is_odd(word) || words.size() > 5) {
      return fail(exits::kUsage, "expect: expected TIME [from DOMAIN] [to USER]");
    }
    request.words.push_back(word);
  }
  return ask_and_print(start, request);
}

int ban_command(Arguments arguments) {
  return act("ban", arguments, "list", 3);
}

int login_command(Arguments arguments) {
  const Start start = begin("login", arguments, /*takes_words=*/true);
  if (!start.go_on) return start.status;
  control::Request request{.verb = control::Verb::Login, .json = start.options.json};
  for (const std::string_view word : start.options.words) request.words.emplace_back(word);
  if (request.words.empty()) request.words.emplace_back("list");
  const std::string& action = request.words.front();
  const bool lists = action == "list";
  if (!lists && action != "release" && action != "discard") {
    return fail(exits::kUsage, format("login: no action {}; see gatepost login --help",
                                      printable(action, limits::kLogText)));
  }
  if (request.words.size() != (lists ? 1 : 2)) {
    return fail(exits::kUsage, format("login {} takes {}", action, lists ? "no NAME" : "one NAME"));
  }
  return ask_and_print(start, request);
}

int spf_command(Arguments arguments) {
  std::vector<std::string_view> others;
  std::vector<std::string> own;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view one = arguments[i];
    const bool valued = one == "--format" || one == "--action";
    if (valued && i + 1 < arguments.size()) {
      own.push_back(format("{}={}", one.substr(2), arguments[++i]));
    } else if (one.starts_with("--format=") || one.starts_with("--action=")) {
      own.emplace_back(one.substr(2));
    } else {
      others.push_back(one);
    }
  }
  for (const std::string& word : own) {
    if (word == "format=cidr" || word == "action=reject" || word == "action=permit") continue;
    return fail(exits::kUsage, "spf: expected --format cidr, --action permit or --action reject");
  }
  const Start start = begin("spf", others, /*takes_words=*/true);
  if (!start.go_on) return start.status;
  control::Request request{.verb = control::Verb::Spf, .json = start.options.json};
  for (const std::string_view word : start.options.words) request.words.emplace_back(word);
  if (request.words.empty()) request.words.emplace_back("list");
  request.words.insert(request.words.end(), own.begin(), own.end());
  if (control::format_request(request).size() > limits::kControlLine) {
    return fail(exits::kUsage, "spf: too many domains at once");
  }
  return ask_and_print(start, request);
}

int reload_command(Arguments arguments) {
  return ask_and_print("reload", control::Verb::Reload, arguments);
}

}  // namespace gatepost::cli
