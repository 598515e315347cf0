// SPDX-License-Identifier: Apache-2.0
// cli: gatepost user: its verbs and options.
#include <algorithm>
#include <array>
#include <getopt.h>
#include <string>
#include <vector>

#include "app/disk_files.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/user_verbs.h"
#include "config/load.h"
#include "system/process.h"

namespace gatepost::cli {

namespace {

/// Which options a verb takes, and how many words behind it.
struct Verb {
  std::string_view name;
  int (*run)(const UserTask& task);
  std::string_view usage;
  std::string_view text;
  std::string_view options;  // By their letters below.
  std::size_t least;
  std::size_t most;
};

// s: --stdin, y: --yes, f: --self, j: --json, q: --quota, m: --mode
constexpr std::array kVerbs{
    Verb{"add", add_user, "NAME [--stdin] [--quota SIZE] [--mode MODE]",
         "a new user; asks for the password twice, or reads a line of standard input", "sqm", 1, 1},
    Verb{"passwd", change_password, "NAME [--stdin] | --self",
         "a new password; --self is for sudo(8), see gatepost manual users", "sf", 0, 1},
    Verb{"del", delete_user, "NAME [-y]", "takes the user away; the mail stays where it is", "y", 1,
         1},
    Verb{"mode", set_mode, "NAME MODE",
         "what the user may do: normal, send-only, receive-only, disabled", "", 2, 2},
    Verb{"quota", quota_of_user, "NAME [SIZE | none]",
         "shows or sets how much the mailbox may hold, such as 500M or 2G", "", 1, 2},
    Verb{"list", list_users, "[--json]", "all users, with modes, quotas and password schemes", "j",
         0, 0},
    Verb{"verify", verify_user, "NAME [--stdin]",
         "checks a password; exit status 0 right, 77 wrong, 67 no such user", "s", 1, 1},
};

enum Long : int { Stdin = 256, Self, Quota, Mode };

constexpr std::array<option, 10> kLong{{
    {"config", required_argument, nullptr, 'c'},
    {"json", no_argument, nullptr, 'j'},
    {"help", no_argument, nullptr, 'h'},
    {"yes", no_argument, nullptr, 'y'},
    {"stdin", no_argument, nullptr, Stdin},
    {"self", no_argument, nullptr, Self},
    {"quota", required_argument, nullptr, Quota},
    {"mode", required_argument, nullptr, Mode},
    {"no-color", no_argument, nullptr, 'n'},
    {nullptr, 0, nullptr, 0},
}};

struct Parsed {
  UserOptions options;
  std::string configuration{kDefaultConfiguration};
  std::string used;  // Letters of the options given, as in Verb::options.
  std::vector<std::string> words;
  bool help = false;
};

Result<Parsed> parse_arguments(Arguments arguments) {
  std::vector<std::string> texts{"gatepost"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(texts.size() + 1);
  for (std::string& text : texts) argv.push_back(text.data());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  Parsed out;
  const auto use = [&out](char letter, bool& flag) {
    out.used.push_back(letter);
    flag = true;
  };
  optind = 0;  // Forgets an earlier call, in glibc and in musl.
  opterr = 0;
  for (;;) {
    const int found = ::getopt_long(argc, argv.data(), ":c:jhy", kLong.data(), nullptr);
    if (found == -1) break;
    if (found == 'c') out.configuration = optarg;
    if (found == 'h') out.help = true;
    if (found == 'j') use('j', out.options.json);
    if (found == 'y') use('y', out.options.yes);
    if (found == Stdin) use('s', out.options.from_stdin);
    if (found == Self) use('f', out.options.self);
    if (found == Quota || found == Mode) {
      out.used.push_back(found == Quota ? 'q' : 'm');
      (found == Quota ? out.options.quota : out.options.mode) = optarg;
    }
    if (found == ':' || found == '?') {
      const int at = optind > 0 ? optind - 1 : 0;
      const std::string shown = printable(argv[static_cast<std::size_t>(at)], limits::kLogText);
      return Error{Cause::Permanent, found == ':' ? format("{} needs a value", shown)
                                                  : format("unknown option {}", shown)};
    }
  }
  for (int i = optind; i < argc; ++i) out.words.emplace_back(argv[static_cast<std::size_t>(i)]);
  return out;
}

std::string usage_text() {
  std::string out = help_for("user") + "\n";
  for (const Verb& verb : kVerbs) {
    append_format(out, "  gatepost user {} {}\n      {}\n", verb.name, verb.usage, verb.text);
  }
  return out;
}

int fail_usage(std::string_view text) {
  return fail(exits::kUsage, format("user: {}; see gatepost user --help", text));
}

/// The settings, when nothing is wrong in the file; tables and users are not looked at.
Result<config::Settings> load_settings(const std::string& path) {
  app::DiskFiles files;
  config::Source source;
  source.path = path;
  GP_TRY(source.text, files.read(path, limits::kFile));
  source.host_name = system::host_name();
  config::Loaded loaded = config::load(source, files);
  for (const config::Finding& finding : loaded.findings.all()) {
    if (finding.severity == config::Severity::Error) {
      return Error{Cause::Permanent, finding.line_text()};
    }
  }
  return std::move(loaded.settings);
}

int run_verb(const Verb& verb, Parsed parsed) {
  for (const char letter : parsed.used) {
    if (verb.options.find(letter) == std::string_view::npos) {
      return fail_usage(format("{} takes no such option", verb.name));
    }
  }
  const std::size_t words = parsed.words.size() - 1;
  const std::size_t least = (verb.run == change_password && !parsed.options.self) ? 1 : verb.least;
  if (words < least) return fail_usage(format("{} needs {}", verb.name, verb.usage));
  if (words > verb.most || (parsed.options.self && words > 0)) {
    return fail_usage(format("too many words for {}", verb.name));
  }
  UserTask task;
  task.options = std::move(parsed.options);
  task.configuration = parsed.configuration;
  if (words > 0) task.name = lower(parsed.words[1]);
  if (words > 1) task.value = parsed.words[2];
  auto settings = load_settings(parsed.configuration);
  if (!settings) return fail(exits::kConfig, settings.error().detail);
  task.settings = *std::move(settings);
  if (task.settings.passwd_file.empty()) return fail(exits::kConfig, "passwd_file is empty");
  return verb.run(task);
}

}  // namespace

int user_command(Arguments arguments) {
  auto parsed = parse_arguments(arguments);
  if (!parsed) return fail_usage(parsed.error().detail);
  if (parsed->help) return print(usage_text());
  if (parsed->words.empty())
    return fail_usage("expected add, passwd, del, mode, quota, list or verify");
  const std::string& word = parsed->words.front();
  const auto* const verb = std::find_if(kVerbs.begin(), kVerbs.end(),
                                        [&word](const Verb& one) { return one.name == word; });
  if (verb == kVerbs.end()) {
    return fail_usage(format("there is no verb {}", printable(word, limits::kLogText)));
  }
  return run_verb(*verb, *std::move(parsed));
}

}  // namespace gatepost::cli
