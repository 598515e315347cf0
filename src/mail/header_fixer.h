// SPDX-License-Identifier: Apache-2.0
// mail: completes the header of a message that begins its journey here (RFC 6409 section 8).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace gatepost::mail {

/// Values of the fields to add where the message lacks them; an empty one is not added. They are
/// our own: one line each, without a line end.
struct HeaderFixes {
  std::string date;        ///< format_date()
  std::string message_id;  ///< With its angle brackets: make_message_id()
  std::string from;        ///< "alice@example.com"
};

/// A filter over a text that arrives in pieces, cut anywhere, with LF line ends. What is added
/// stands at the end of the header, in front of the empty line; all else passes unchanged.
///
/// Fields that are not for the recipients go: Bcc and Resent-Bcc (RFC 5322 section 3.6.3), and what
/// some other system's delivery has added, Return-Path (RFC 5321 section 4.4) and Content-Length.
///
/// A first line that a mailbox file begins a message with ("From " or ">From ") is no part of the
/// message, and goes.
///
/// Bounded whatever comes: at most kMostHeld octets are held back. The header ends where
/// HeaderScanner ends it; a text that goes on without the empty line gets one, so that no field is
/// added to a body and no body becomes a header.
class HeaderFixer {
 public:
  /// A field name with the white space after it; what is longer is no field.
  static constexpr std::size_t kMostHeld = 998;

  explicit HeaderFixer(HeaderFixes fixes) : fixes_(std::move(fixes)) {}

  /// Appends to `out` what of the text so far is settled.
  void feed(std::string_view text, std::string& out);
  /// The text is over. An unended last line of the header is ended.
  void finish(std::string& out);

  /// Past the header: from here on feed() copies.
  [[nodiscard]] bool ended() const { return at_ == At::Body; }
  /// The message came without a Message-ID of its own, and has the one of the fixes now. Known
  /// when ended().
  [[nodiscard]] bool added_message_id() const { return added_message_id_; }

 private:
  enum class At : std::uint8_t { LineStart, Name, Gap, Value, Body };
  enum class Field : std::uint8_t { None, Kept, Dropped };

  std::size_t step(std::string_view text, std::string& out);
  std::size_t begin_line(char c, std::string& out);
  std::size_t name(char c, std::string& out);
  std::size_t value(std::string_view text, std::string& out);
  [[nodiscard]] bool is_mbox_line() const;
  void name_over(std::string& out);
  void end_header(std::string& out);
  void open_body(std::string& out);

  HeaderFixes fixes_;
  At at_ = At::LineStart;
  Field field_ = Field::None;
  bool begun_ = false;
  bool first_line_ = false;  ///< The line under way is the text's first.
  bool open_line_ = false;   ///< What was put out last is a field's line without its end.
  bool has_date_ = false;
  bool has_message_id_ = false;
  bool has_from_ = false;
  bool added_message_id_ = false;
  std::size_t name_size_ = 0;  ///< Of held_: the name without the gap.
  std::string held_;
};

/// "<20261121094000.0A1B2@mail.example.com>", as Postfix makes it; unique because `id` is.
[[nodiscard]] std::string make_message_id(Moment at,
                                          std::string_view id,
                                          std::string_view hostname);

}  // namespace gatepost::mail
