// SPDX-License-Identifier: Apache-2.0
// mail: what the header of a message on its way in tells us.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::mail {

/// Reads the header of a text that arrives in pieces, cut anywhere.
///
/// The text has LF line ends, as it is stored. Memory is bounded whatever comes: a name is
/// kept as far as our longest one, two kinds of values are kept and cut. The header ends at
/// the empty line or at the first line that is neither a field nor a continuation
/// (RFC 5322 section 2.2), so a text without a header is simply all body.
class HeaderScanner {
 public:
  /// Addresses kept for loop detection; more Delivered-To fields than this are not looked at.
  static constexpr std::size_t kMostDeliveredTo = 100;
  /// Octets kept of one value.
  static constexpr std::size_t kMostValue = 998;

  /// `field_limit`: octets one logical field may have, folds and line ends included.
  explicit HeaderScanner(std::uint32_t field_limit) : field_limit_(field_limit) {}

  void feed(std::string_view text);
  /// The text is over; a field still open counts.
  void finish();

  /// Past the header.
  [[nodiscard]] bool ended() const { return at_ == At::Body; }
  /// How the text opens: with a field (or the empty line that ends an empty header), or with
  /// something that must be kept apart from the fields put before it.
  enum class Opening : std::uint8_t { Unknown, Header, Body };
  [[nodiscard]] Opening opening() const { return opening_; }
  /// A field larger than the limit was met.
  [[nodiscard]] bool too_large() const { return too_large_; }
  /// Received fields so far.
  [[nodiscard]] std::uint32_t received() const { return received_; }
  /// Value of the first Message-ID, unfolded and trimmed; empty when there is none.
  [[nodiscard]] const std::string& message_id() const { return message_id_; }
  /// Addresses of the Delivered-To fields (RFC 9228), without angle brackets.
  [[nodiscard]] const std::vector<std::string>& delivered_to() const { return delivered_to_; }

 private:
  enum class At : std::uint8_t { LineStart, Name, Gap, Value, Body };
  enum class Field : std::uint8_t { None, Other, Received, DeliveredTo, MessageId };

  std::size_t step(std::string_view text);
  std::size_t value(std::string_view text);
  void begin_line(char c);
  void enter_body(Opening opening);
  void name_over();
  void close_field();
  void count(std::size_t octets);

  static constexpr std::size_t kLongestName = 12;  // Delivered-To

  std::uint32_t field_limit_;
  std::uint32_t received_ = 0;
  std::uint64_t field_octets_ = 0;
  At at_ = At::LineStart;
  Field field_ = Field::None;
  Opening opening_ = Opening::Unknown;
  bool too_large_ = false;
  std::uint8_t name_size_ = 0;  ///< At most kLongestName + 1, which means "longer".
  std::array<char, kLongestName> name_{};
  std::string value_;
  std::string message_id_;
  std::vector<std::string> delivered_to_;
};

}  // namespace gatepost::mail
