// SPDX-License-Identifier: Apache-2.0
// policy: how much a user's mailbox may hold, in the words of Dovecot's quota rules.
#include "policy/quota_rule.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace gatepost::policy {
namespace {

constexpr unsigned kMostRules = 9;

Error unclear(std::string_view rule, std::string_view why) {
  std::string detail("quota rule ");
  detail.append(printable(rule, 100)).append(": ").append(why);
  return Error{Cause::Permanent, std::move(detail), 0};
}

/// `number` times two to `shift`, kept within what a file's size can be.
std::optional<std::uint64_t> scaled(std::uint64_t number, unsigned shift) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (number > (kMost >> shift)) return std::nullopt;
  return number << shift;
}

std::optional<std::uint64_t> parse_amount(std::string_view text, unsigned shift) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return scaled(number, shift);
  constexpr std::string_view kSuffixes = "bkmgt";
  const auto suffix = kSuffixes.find(static_cast<char>(text.front() | 0x20));
  if (text.size() != 1 || suffix == kSuffixes.npos) return std::nullopt;
  return scaled(number, static_cast<unsigned>(suffix) * 10);
}

std::string_view take_part(std::string_view& text) {
  const auto colon = text.find(':');
  const std::string_view part = text.substr(0, colon);
  text = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  return part;
}

}  // namespace

Result<mail::QuotaLimits> parse_quota_rule(std::string_view rule) {
  std::string_view rest = rule;
  const std::string_view mailbox = take_part(rest);
  mail::QuotaLimits limits;
  if (mailbox.empty() || rest.empty()) return unclear(rule, "expected MAILBOX:LIMIT");
  if (mailbox != "*" && mailbox != "?") return limits;
  while (!rest.empty()) {
    const std::string_view part = take_part(rest);
    const auto equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = equals == part.npos ? "" : part.substr(equals + 1);
    if (name == "noquota" || name == "ignore") return mail::QuotaLimits();
    if (name == "backend") continue;
    std::optional<std::uint64_t> amount;
    if (name == "storage") {
      amount = parse_amount(value, 10);
    } else if (name == "bytes") {
      amount = parse_amount(value, 0);
    } else if (name == "messages") {
      std::uint64_t number = 0;
      const char* const last = value.data() + value.size();
      const auto [end, error] = std::from_chars(value.data(), last, number);
      if (error == std::errc() && end == last) amount = scaled(number, 0);
    } else {
      return unclear(rule, "expected storage=, bytes= or messages=");
    }
    if (!amount) return unclear(rule, "not an amount: " + printable(value, 40));
    (name == "messages" ? limits.messages : limits.octets) = *amount;
  }
  return limits;
}

namespace {

/// Dovecot 2.4's fields: an amount in octets unless a suffix says otherwise, and a count.
Result<std::optional<mail::QuotaLimits>> plain_limits(const User& user) {
  const auto storage = user.extra_field("userdb_quota_storage_size");
  const auto messages = user.extra_field("userdb_quota_message_count");
  if (!storage && !messages) return std::optional<mail::QuotaLimits>();
  mail::QuotaLimits limits;
  for (const auto& [field, to] :
       {std::pair(storage, &limits.octets), {messages, &limits.messages}}) {
    if (!field || *field == "unlimited") continue;
    const auto amount = parse_amount(*field, 0);
    if (!amount) return unclear(*field, "not an amount");
    *to = *amount;
  }
  return std::optional<mail::QuotaLimits>(limits);
}

}  // namespace

Result<mail::QuotaLimits> quota_of(const User& user, const mail::QuotaLimits& fallback) {
  GP_TRY(const std::optional<mail::QuotaLimits> plain, plain_limits(user));
  if (plain) return *plain;
  for (const std::string_view key : {"userdb_quota_rule", "quota_rule"}) {
    auto first = user.extra_field(key);
    if (!first) continue;
    GP_TRY(mail::QuotaLimits limits, parse_quota_rule(*first));
    for (unsigned n = 2; n <= kMostRules; ++n) {
      const auto more = user.extra_field(std::string(key) + static_cast<char>('0' + n));
      if (!more) break;
      GP_TRY(const mail::QuotaLimits also, parse_quota_rule(*more));
      if (also.octets != 0) limits.octets = also.octets;
      if (also.messages != 0) limits.messages = also.messages;
    }
    return limits;
  }
  return fallback;
}

}  // namespace gatepost::policy
