// SPDX-License-Identifier: Apache-2.0
// cli: the options all commands share, read by getopt_long(3).
#include "cli/options.h"

#include <array>
#include <getopt.h>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::cli {

namespace {

/// Values past every character, for options without a short form.
enum Long : int { Socket = 256, NoColor };

constexpr std::array<option, 6> kLong{{
    {"config", required_argument, nullptr, 'c'},
    {"json", no_argument, nullptr, 'j'},
    {"help", no_argument, nullptr, 'h'},
    {"socket", required_argument, nullptr, Socket},
    {"no-color", no_argument, nullptr, NoColor},
    {nullptr, 0, nullptr, 0},
}};

Error usage(std::string detail) {
  return {.cause = Cause::Permanent, .detail = std::move(detail), .system = 0};
}

}  // namespace

Result<Options> parse_options(Arguments arguments) {
  // getopt_long wants a program's argv, and may write into neither the texts nor beyond the null.
  std::vector<std::string> texts{"gatepost"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(texts.size() + 1);
  for (std::string& text : texts) argv.push_back(text.data());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);

  Options options;
  optind = 0;  // Forgets an earlier call, in glibc and in musl.
  opterr = 0;
  for (;;) {
    const int found = ::getopt_long(argc, argv.data(), ":c:jh", kLong.data(), nullptr);
    if (found == -1) break;
    const int at = optind > 0 ? optind - 1 : 0;
    const std::string shown = printable(argv[static_cast<std::size_t>(at)], limits::kLogText);
    switch (found) {
      case 'c':
        options.configuration = optarg;
        break;
      case 'j':
        options.json = true;
        break;
      case 'h':
        options.help = true;
        break;
      case Socket:
        options.socket = optarg;
        break;
      case NoColor:
        options.color = false;
        break;
      case ':':
        return usage(format("{} needs a value", shown));
      default:
        return usage(format("unknown option {}", shown));
    }
  }
  for (int i = optind; i < argc; ++i) options.words.emplace_back(argv[static_cast<std::size_t>(i)]);
  return options;
}

}  // namespace gatepost::cli
