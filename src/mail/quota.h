// SPDX-License-Identifier: Apache-2.0
// mail: how much a mailbox may hold and does hold, and the file Maildir++ keeps it in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::mail {

/// Zero: no limit.
struct QuotaLimits {
  std::uint64_t octets = 0;
  std::uint64_t messages = 0;
  [[nodiscard]] bool any() const { return octets != 0 || messages != 0; }
  bool operator==(const QuotaLimits&) const = default;
};

struct QuotaUse {
  std::uint64_t octets = 0;
  std::uint64_t messages = 0;
  bool operator==(const QuotaUse&) const = default;
};

/// Whether one more message of `octets` keeps within the limits.
[[nodiscard]] bool fits(const QuotaUse& use, const QuotaLimits& limits, std::uint64_t octets);
/// Whether any limit is reached to `percent` or more.
[[nodiscard]] bool reaches(const QuotaUse& use, const QuotaLimits& limits, unsigned percent);

/// `maildirsize` of Maildir++: a first line such as `1000000S,500C` (octets and messages, either
/// may be missing), then lines `OCTETS MESSAGES`, each of them a difference, to be added up.
struct MaildirSize {
  QuotaLimits limits;
  QuotaUse use;
};

/// A file of this size or more is to be made anew, says Maildir++.
inline constexpr std::size_t kMostMaildirSize = 5120;

/// Nothing when the text cannot be understood, ends in the middle of a line, is too long, or adds
/// up to less than nothing: then the messages themselves have to be counted.
[[nodiscard]] std::optional<MaildirSize> parse_maildirsize(std::string_view text);
/// A new file: the limits and one line.
[[nodiscard]] std::string format_maildirsize(const MaildirSize& size);
/// The size in a Maildir file's name (`,S=1234`), as Dovecot reads it.
[[nodiscard]] std::optional<std::uint64_t> size_in_name(std::string_view name);

}  // namespace gatepost::mail
