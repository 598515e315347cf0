// SPDX-License-Identifier: Apache-2.0
// mail: limits compared, maildirsize read and written.
#include "mail/quota.h"

#include <charconv>
#include <limits>

#include "base/format.h"

namespace gatepost::mail {
namespace {

constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

bool past(std::uint64_t use, std::uint64_t limit, unsigned percent) {
  // In hundredths of the limit, so that no product can wrap.
  return limit != 0 && use >= limit / 100 * percent + limit % 100 * percent / 100;
}

/// Takes a number and the character after it off `text`.
template <class Number>
bool take(std::string_view& text, Number& number, char& after) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return false;
  after = text.front();
  text.remove_prefix(1);
  return true;
}

/// The first line with its LF.
bool take_limits(std::string_view& text, QuotaLimits& limits) {
  if (text.starts_with('\n')) {
    text.remove_prefix(1);
    return true;
  }
  for (;;) {
    std::uint64_t number = 0;
    char kind = 0;
    if (!take(text, number, kind)) return false;
    if (kind == 'S') {
      limits.octets = number;
    } else if (kind == 'C') {
      limits.messages = number;
    }
    // Other letters are for the future, says Maildir++.
    if (text.empty()) return false;
    const char next = text.front();
    text.remove_prefix(1);
    if (next == '\n') return true;
    if (next != ',') return false;
  }
}

bool add(std::int64_t& sum, std::int64_t more) {
  return !__builtin_add_overflow(sum, more, &sum);
}

}  // namespace

bool fits(const QuotaUse& use, const QuotaLimits& limits, std::uint64_t octets) {
  if (limits.messages != 0 && use.messages >= limits.messages) return false;
  return limits.octets == 0 ||
         (use.octets <= limits.octets && octets <= limits.octets - use.octets);
}

bool reaches(const QuotaUse& use, const QuotaLimits& limits, unsigned percent) {
  return past(use.octets, limits.octets, percent) || past(use.messages, limits.messages, percent);
}

std::optional<MaildirSize> parse_maildirsize(std::string_view text) {
  if (text.size() >= kMostMaildirSize) return std::nullopt;
  MaildirSize size;
  if (!take_limits(text, size.limits)) return std::nullopt;
  std::int64_t octets = 0;
  std::int64_t messages = 0;
  bool any = false;
  while (!text.empty()) {
    std::int64_t more_octets = 0;
    std::int64_t more_messages = 0;
    char blank = 0;
    char end = 0;
    // Some programs write the numbers in columns.
    const auto skip = [&text] {
      while (text.starts_with(' ')) text.remove_prefix(1);
    };
    skip();
    if (!take(text, more_octets, blank) || blank != ' ') return std::nullopt;
    skip();
    if (!take(text, more_messages, end)) return std::nullopt;
    while (end == ' ' && !text.empty()) {
      end = text.front();
      text.remove_prefix(1);
    }
    if (end != '\n' || !add(octets, more_octets) || !add(messages, more_messages)) {
      return std::nullopt;
    }
    any = true;
  }
  if (!any || octets < 0 || messages < 0 || octets == kMost) return std::nullopt;
  size.use = {static_cast<std::uint64_t>(octets), static_cast<std::uint64_t>(messages)};
  return size;
}

std::string format_maildirsize(const MaildirSize& size) {
  std::string out;
  if (size.limits.octets != 0) append_format(out, "{}S", size.limits.octets);
  if (size.limits.messages != 0) {
    append_format(out, "{}{}C", out.empty() ? "" : ",", size.limits.messages);
  }
  append_format(out, "\n{} {}\n", size.use.octets, size.use.messages);
  return out;
}

std::optional<std::uint64_t> size_in_name(std::string_view name) {
  const auto at = name.find(",S=");
  if (at == std::string_view::npos) return std::nullopt;
  name.remove_prefix(at + 3);
  std::uint64_t octets = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), octets);
  if (error != std::errc()) return std::nullopt;
  name.remove_prefix(static_cast<std::size_t>(end - name.data()));
  if (!name.empty() && name.front() != ',' && name.front() != ':') return std::nullopt;
  return octets;
}

}  // namespace gatepost::mail
