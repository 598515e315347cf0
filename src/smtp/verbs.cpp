// SPDX-License-Identifier: Apache-2.0
// smtp: the commands, one row each, and how a command line is taken apart.
#include "smtp/verbs.h"

#include <algorithm>

#include "base/text.h"

namespace gatepost::smtp {
namespace {

// clang-format off
constexpr std::array<VerbRow, kVerbs> kRows{{
    // verb          name        syntax                     before_tls last  junk   follow
    {Verb::Helo,     "HELO",     "HELO hostname",           true,      true,  true,  false},
    {Verb::Ehlo,     "EHLO",     "EHLO hostname",           true,      true,  true,  false},
    {Verb::Starttls, "STARTTLS", "STARTTLS",                true,      true,  true,  false},
    {Verb::Auth,     "AUTH",     "AUTH mechanism",          false,     true,  false, false},
    {Verb::Mail,     "MAIL",     "MAIL FROM:<address>",     false,     false, false, false},
    {Verb::Rcpt,     "RCPT",     "RCPT TO:<address>",       false,     false, false, false},
    {Verb::Data,     "DATA",     "DATA",                    false,     true,  false, false},
    {Verb::Bdat,     "BDAT",     "BDAT count [LAST]",       false,     false, false, true},
    {Verb::Rset,     "RSET",     "RSET",                    false,     false, true,  false},
    {Verb::Noop,     "NOOP",     "NOOP",                    true,      true,  true,  false},
    {Verb::Vrfy,     "VRFY",     "VRFY address",            false,     true,  true,  false},
    {Verb::Expn,     "EXPN",     "EXPN list",               false,     true,  true,  false},
    {Verb::Help,     "HELP",     "HELP",                    true,      false, true,  false},
    {Verb::Quit,     "QUIT",     "QUIT",                    true,      false, false, true},
    {Verb::Unknown,  "UNKNOWN",  "",                        false,     false, false, true},
}};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].verb) != i) return false;
  }
  return true;
}
static_assert(in_order(), "rows are found by their number");

}  // namespace

std::span<const VerbRow, kVerbs> verbs() {
  return kRows;
}

const VerbRow& verb_row(Verb verb) {
  return kRows[static_cast<std::size_t>(verb)];
}

Command parse_command(std::string_view line) {
  Command command;
  line = trim(line);
  const auto end = std::find_if(line.begin(), line.end(), is_space);
  command.word = line.substr(0, static_cast<std::size_t>(end - line.begin()));
  command.arguments = trim(line.substr(command.word.size()));
  for (const VerbRow& row : kRows) {
    if (row.verb != Verb::Unknown && iequals(command.word, row.name)) command.verb = row.verb;
  }
  return command;
}

bool looks_like_header(std::string_view word) {
  const std::size_t colon = word.find(':');
  if (colon == 0 || colon == word.npos) return false;
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return c > ' ' && c <= '~'; });
}

// What a line is called by the machine does not matter here: a bare CR or NUL in front, or one word
// with what follows, is as likely the command of a client that cannot be relied on.
std::string hide_credentials(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size()) {
    std::string_view line = input.substr(at, input.find_first_of("\r\n", at) - at);
    const std::size_t length = line.size();
    line.remove_prefix(
        static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_alpha) - line.begin()));
    if (istarts_with(line, "AUTH")) return std::string(input.substr(0, at)).append(kNotShown);
    at += length + 1;
  }
  return std::string(input);
}

}  // namespace gatepost::smtp
