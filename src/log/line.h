// SPDX-License-Identifier: Apache-2.0
// log: the two writers an event renders itself into: a line in Postfix's grammar, or JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/secret.h"
#include "base/time.h"

namespace gatepost::log {

/// Appends the text of one line to a buffer it borrows. Never writes a control character or
/// an octet past ASCII: what is not printable becomes '?', so a line stays one line.
class Line {
 public:
  explicit Line(std::string& out) : out_(out) {}

  /// At most `most` octets of `text`.
  Line& add(std::string_view text, std::size_t most = std::string_view::npos);
  /// Text a peer chose, cut to limits::kLogText.
  Line& peer_text(std::string_view text) { return add(text, limits::kLogText); }
  /// An address in angle brackets, cut to limits::kPath.
  Line& path(std::string_view text) { return add("<").add(text, limits::kPath).add(">"); }
  Line& number(std::uint64_t value);
  /// Seconds with two significant digits and at most two decimals, as Postfix's delays=.
  Line& seconds(Duration time);
  /// "NOQUEUE: " when `item` is empty, else "ITEM: ".
  Line& item(std::string_view item);

 private:
  std::string& out_;
};

/// Appends `,"name":value` for each field to a buffer it borrows. Text is cut to
/// kMostText octets; octets that are not UTF-8 become '?'.
class JsonFields {
 public:
  static constexpr std::size_t kMostText = 1024;

  explicit JsonFields(std::string& out) : out_(out) {}

  void operator()(std::string_view name, std::string_view value);
  void operator()(std::string_view name, const char* value) {
    (*this)(name, std::string_view(value));
  }
  void operator()(std::string_view name, std::uint64_t value);
  void operator()(std::string_view name, std::int64_t value);
  void operator()(std::string_view name, std::uint32_t value) {
    (*this)(name, std::uint64_t{value});
  }
  void operator()(std::string_view name, bool value);
  /// In seconds, with milliseconds.
  void operator()(std::string_view name, Duration value);
  /// A secret is nobody's field.
  void operator()(std::string_view name, const Secret& value) = delete;

 private:
  void name_field(std::string_view name);

  std::string& out_;
};

/// `text` as a JSON string with its quotes (RFC 8259 section 7).
void append_json_string(std::string& out, std::string_view text);

/// Seconds as Postfix writes them in delay= and delays=: 0, 0.01, 0.12, 1.2, 12, 345.
void append_seconds(std::string& out, Duration time);

/// "smtpd" for the service smtp, else "SERVICE/smtpd", as Postfix's master.cf makes it.
[[nodiscard]] std::string_view smtpd_tag(std::string_view service);

}  // namespace gatepost::log
