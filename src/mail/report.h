// SPDX-License-Identifier: Apache-2.0
// mail: reports about delivery, for the sender of a message (RFC 3464).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "mail/envelope.h"
#include "mail/trace.h"

namespace gatepost::mail {

/// RFC 3464 section 2.3.3.
enum class Action : std::uint8_t { Failed, Delayed, Delivered, Relayed, Expanded };

/// What became of one recipient. Everything is borrowed for the call.
struct Outcome {
  const Recipient* recipient =
      nullptr;  ///< As in the envelope; `original` gives Original-Recipient.
  Action action = Action::Failed;
  std::string_view status = "5.0.0";  ///< RFC 3463
  std::string_view diagnostic{};      ///< What was said, without its code when `remote` is empty.
  std::string_view remote{};          ///< Name of the host that said it; empty: this one.
  std::string_view
      retry_until_field{};  ///< A date: Will-Retry-Until, of delayed ones; empty: none.
};

/// Everything is borrowed for the call.
struct Report {
  std::string_view hostname;
  std::string_view origin;      ///< The domain of MAILER-DAEMON and of the Message-ID.
  std::string_view id;          ///< Queue id of the report itself.
  std::string_view item;        ///< Queue id of the message it is about.
  const Mailbox* to = nullptr;  ///< Its sender; the report's own sender is <>.
  std::string_view envelope_id;
  Return ret = Return::Unstated;
  bool smtputf8 = false;  ///< The message came with it.
  Moment arrived{};
  Moment at{};
  Zone zone;
  std::span<const Outcome> outcomes;
};

/// Octets of a message that go back with a report about it (Postfix's bounce_size_limit); of a
/// longer one the header goes back.
inline constexpr std::size_t kMostReturned = 50'000;

/// Keeps as much of a text that passes as a report can return.
class ReturnedText {
 public:
  void feed(std::string_view text);
  /// The header, or the whole where `ret` does not forbid it and it was short enough.
  [[nodiscard]] std::string_view choose(Return ret) const;
  /// What choose() gives is the whole message.
  [[nodiscard]] bool is_whole(Return ret) const { return !cut_ && ret != Return::Headers; }

 private:
  std::string kept_;
  bool cut_ = false;
};

/// Whether the sender wants to hear of it (RFC 3461 section 4.1); unstated means failure and delay.
[[nodiscard]] bool wants_report(const Notify& notify, Action action);

/// The whole text of the report, with LF line ends, from its first header field on: words for
/// people, fields for programs, and the message. At least one outcome. Lines of any length and
/// octets past ASCII in `returned` go back unchanged, so it is sent as 8BITMIME.
[[nodiscard]] std::string format_report(const Report& report, const ReturnedText& returned);

}  // namespace gatepost::mail
