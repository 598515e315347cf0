// SPDX-License-Identifier: Apache-2.0
// main: argv to sub-command; nothing else.
#include <string_view>
#include <vector>

#include "cli/dispatch.h"

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv, argv + argc);
  const std::string_view program = words.empty() ? std::string_view("gatepost") : words.front();
  const auto arguments = gatepost::cli::Arguments(words).subspan(words.empty() ? 0 : 1);
  return gatepost::cli::dispatch(program, arguments);
}
