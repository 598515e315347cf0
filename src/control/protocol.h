// SPDX-License-Identifier: Apache-2.0
// control: the language of the control socket: one request line, then the answer, then the end.
//
//   request = VERB [ "json" ] *WORD LF        at most limits::kControlLine octets; CR LF does as well
//   answer  = what was asked for, or one line "error CODE: TEXT" LF
//
// CODE is a number of sysexits(3), so that a program has its exit status and a person a reason.
// No other answer begins with "error ". After the answer the socket is closed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatepost::control {

enum class Verb : std::uint8_t {
#define GP_VERB(name, verb, who, arguments, text) name,
#include "control/commands.def"
#undef GP_VERB
};

/// Who may use a verb.
enum class Who : std::uint8_t {
  Reader,  ///< Root, the owner, and the members of control_group.
  Owner,   ///< Root and the user the service runs as.
};

struct VerbRow {
  Verb verb;
  std::string_view name;
  Who who;
  std::string_view arguments;  ///< As shown in help; empty: it takes none; [: it needs none.
  std::string_view text;
};

[[nodiscard]] std::span<const VerbRow> verb_rows();
[[nodiscard]] const VerbRow& describe(Verb verb);

struct Request {
  Verb verb = Verb::Help;
  bool json = false;
  std::vector<std::string> words = {};  ///< Arguments: printable, without blanks.
  bool operator==(const Request&) const = default;
};

/// What an answer is for the asker: the text, or the refusal it carries.
struct Answer {
  int code = 0;           ///< 0, or that of the refusal.
  std::string_view text;  ///< Without "error CODE: " and its LF. Borrowed from the octets.
};

/// sysexits(3), as far as the control socket uses it.
namespace exits {
inline constexpr int kUsage = 64;
inline constexpr int kNoUser = 67;
inline constexpr int kUnavailable = 69;
inline constexpr int kSoftware = 70;
inline constexpr int kTemporary = 75;
inline constexpr int kProtocol = 76;
inline constexpr int kNotPermitted = 77;
inline constexpr int kConfig = 78;
}  // namespace exits

/// Reads a request line, with or without its line end. The error's detail is for the asker;
/// it holds nothing unprintable.
[[nodiscard]] Result<Request> parse_request(std::string_view line);
/// The request line for `request`, with its LF.
[[nodiscard]] std::string format_request(const Request& request);

/// "error CODE: TEXT" LF; TEXT on one line.
[[nodiscard]] std::string format_refusal(int code, std::string_view text);
/// Tells refusals from other answers. An empty answer is a refusal with kProtocol: the
/// service went away before it could answer.
[[nodiscard]] Answer read_answer(std::string_view octets);

}  // namespace gatepost::control
