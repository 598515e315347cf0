// SPDX-License-Identifier: Apache-2.0
// smtp: from a server's octets to its replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/steps.h"

namespace gatepost::smtp {

/// Reads replies (RFC 5321 section 4.2), of one line or more. Lines are joined by a blank; the
/// enhanced code (RFC 2034) is taken off the first line and, where it is the same, off the others.
/// Lines may be longer than the standard's 512 octets, for many are; what passes kMostText octets
/// of one reply is dropped, and a peer that never comes to an end is broken.
class ReplyReader {
 public:
  static constexpr std::size_t kMostText = 2048;
  static constexpr std::size_t kMostOctets = 64 * 1024;  ///< Of one reply.

  /// Takes octets off `input`, up to the end of a reply at most. The reply when there is one.
  [[nodiscard]] std::optional<Reply> feed(std::string_view& input);
  /// What came was no reply; nothing more can be read.
  [[nodiscard]] bool broken() const { return broken_; }
  /// What EHLO and LHLO told: the lines after the first, each ended by LF.
  [[nodiscard]] const std::string& extensions() const { return extensions_; }

 private:
  /// True at the last line of a reply.
  bool take_line();
  void begin();

  std::string line_;
  std::string extensions_;
  Reply reply_;
  std::size_t octets_ = 0;
  bool begun_ = false;
  bool broken_ = false;
};

/// "550 5.1.1 no such user", as logs and reports show a reply.
[[nodiscard]] std::string format_said(const Reply& reply);

}  // namespace gatepost::smtp
