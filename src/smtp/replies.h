// SPDX-License-Identifier: Apache-2.0
// smtp: every reply the server machine gives of its own, as rows, and their form on the wire.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "smtp/steps.h"

namespace gatepost::smtp {

/// Where a detail stands in the text of a row.
enum class Detail : std::uint8_t { None, Before, After };

struct ReplyRow {
  std::uint16_t code;
  std::string_view enhanced;
  std::string_view text;
  Detail detail = Detail::None;
};

/// The reply of a row; `detail` is the host name or the thing complained about.
[[nodiscard]] Reply make_reply(const ReplyRow& row, std::string_view detail = {});

/// soft_bounce: a lasting refusal becomes one for now.
void soften(Reply& reply);

/// Appends the wire form (RFC 5321 section 4.2.1): each line of the text with code and
/// enhanced code, at most 512 octets with CRLF; control characters become spaces, octets that
/// are not UTF-8 become `?`, and the class of the enhanced code follows the code.
void append_reply(std::string& out, const Reply& reply);

/// One line for logs: "550 5.1.1 text". Line breaks become spaces.
[[nodiscard]] std::string format_reply(const Reply& reply);

/// A heading, whose row is null, or a reply.
struct ReplyEntry {
  std::string_view heading;
  const ReplyRow* row = nullptr;
};
/// All of them in the order of replies.def, for the manual.
[[nodiscard]] std::span<const ReplyEntry> reply_entries();

namespace replies {

#define GP_REPLIES(heading)
#define GP_REPLY(name, code, enhanced, text, detail) \
  inline constexpr ReplyRow name{code, enhanced, text, Detail::detail};
#include "smtp/replies.def"
#undef GP_REPLIES
#undef GP_REPLY

}  // namespace replies
}  // namespace gatepost::smtp
