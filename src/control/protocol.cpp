// SPDX-License-Identifier: Apache-2.0
// control: the language of the control socket: one request line, then the answer, then the end.
#include "control/protocol.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::control {

namespace {

constexpr std::array kVerbs{
#define GP_VERB(name, verb, who, arguments, text) \
  VerbRow{Verb::name, verb, Who::who, arguments, text},
#include "control/commands.def"
#undef GP_VERB
};

constexpr std::string_view kRefusal = "error ";

Error not_understood(std::string detail) {
  return {.cause = Cause::Permanent, .detail = std::move(detail)};
}

/// The verb that was meant, or an empty text when none is near.
std::string_view nearest(std::string_view word) {
  const auto far = [word](const VerbRow& row) { return edit_distance(lower(word), row.name); };
  const auto& best =
      *std::min_element(kVerbs.begin(), kVerbs.end(),
                        [&far](const VerbRow& a, const VerbRow& b) { return far(a) < far(b); });
  return far(best) <= 2 ? best.name : std::string_view();
}

}  // namespace

std::span<const VerbRow> verb_rows() {
  return kVerbs;
}

const VerbRow& describe(Verb verb) {
  return kVerbs[static_cast<std::size_t>(verb)];
}

Result<Request> parse_request(std::string_view line) {
  if (line.size() > limits::kControlLine) return not_understood("the request is too long");
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return not_understood("the request is not one line of text");
  }
  const std::string_view word = take_word(line, " \t");
  if (word.empty()) return not_understood("a verb is needed; try: help");
  const auto row = std::find_if(kVerbs.begin(), kVerbs.end(),
                                [word](const VerbRow& one) { return iequals(one.name, word); });
  if (row == kVerbs.end()) {
    const std::string_view meant = nearest(word);
    return not_understood(
        format("unknown verb {}; {}{}", printable(word, limits::kLogText),
               meant.empty() ? "try: " : "did you mean: ", meant.empty() ? "help" : meant));
  }
  Request request{.verb = row->verb};
  std::string_view argument = take_word(line, " \t");
  if (iequals(argument, "json")) {
    request.json = true;
    argument = take_word(line, " \t");
  }
  if (row->arguments.empty() && !argument.empty()) {
    return not_understood(format("{} takes no argument but json, not {}", row->name,
                                 printable(argument, limits::kLogText)));
  }
  for (; !argument.empty(); argument = take_word(line, " \t")) {
    request.words.emplace_back(argument);
  }
  if (!row->arguments.empty() && row->arguments.front() != '[' && request.words.empty()) {
    return not_understood(format("{} needs {}", row->name, row->arguments));
  }
  return request;
}

std::string format_request(const Request& request) {
  std::string line = format("{}{}", describe(request.verb).name, request.json ? " json" : "");
  for (const std::string& word : request.words) line.append(" ").append(word);
  return line + "\n";
}

std::string format_refusal(int code, std::string_view text) {
  return format("{}{}: {}\n", kRefusal, code, printable(text, limits::kControlLine));
}

Answer read_answer(std::string_view octets) {
  if (octets.empty()) {
    return {.code = exits::kProtocol, .text = "the service closed the connection unanswered"};
  }
  if (!octets.starts_with(kRefusal)) return {.code = 0, .text = octets};
  std::string_view text = octets.substr(kRefusal.size());
  const std::size_t colon = text.find(": ");
  const auto code = parse_number(text.substr(0, colon));
  if (colon == std::string_view::npos || !code || *code == 0 || *code > 255) {
    return {.code = exits::kProtocol, .text = trim(text)};
  }
  return {.code = static_cast<int>(*code), .text = trim(text.substr(colon + 2))};
}

}  // namespace gatepost::control
