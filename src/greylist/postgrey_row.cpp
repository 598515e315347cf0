// SPDX-License-Identifier: Apache-2.0
// greylist: a row of postgrey's databases, as db_dump -p of Berkeley DB prints it.
#include "greylist/postgrey_row.h"

#include <algorithm>
#include <cstdint>

#include "base/address.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::greylist {
namespace {

/// Two addresses with their domains, and a network.
constexpr std::size_t kMostText = 2 * limits::kPath + 64;

Error refusal(std::string_view what) {
  return {Cause::Permanent, std::string(what)};
}

int digit_of(char c) {
  if (is_digit(c)) return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
    } else if (text.starts_with('\\')) {
      out += c;
      text.remove_prefix(1);
    } else if (text.size() >= 2 && digit_of(text[0]) >= 0 && digit_of(text[1]) >= 0) {
      out += static_cast<char>(digit_of(text[0]) * 16 + digit_of(text[1]));
      text.remove_prefix(2);
    } else {
      return refusal("expected \\ and two digits, as db_dump -p prints");
    }
  }
  // Perl's library ends strings with a NUL where it is told to; postgrey does not.
  if (out.ends_with('\0')) out.pop_back();
  if (out.size() > kMostText) return refusal("too long");
  return out;
}

/// "NUMBER,NUMBER[,...]"
std::optional<std::pair<std::int64_t, std::int64_t>> two_numbers(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == text.npos) return std::nullopt;
  const std::string_view rest = text.substr(comma + 1);
  const auto first = parse_number(text.substr(0, comma));
  const auto second = parse_number(rest.substr(0, rest.find(',')));
  if (!first || !second || *first > INT64_MAX || *second > INT64_MAX) return std::nullopt;
  return std::pair(static_cast<std::int64_t>(*first), static_cast<std::int64_t>(*second));
}

}  // namespace

Result<PostgreyRow> read_postgrey_row(const KeySettings& settings,
                                      std::int64_t delay,
                                      std::string_view key,
                                      std::string_view value) {
  GP_TRY(const std::string plain, unescape(key));
  GP_TRY(const std::string numbers, unescape(value));
  const std::size_t slash = plain.find('/');
  const auto client = IpAddress::parse(std::string_view(plain).substr(0, slash));
  if (!client) return refusal("expected NET/SENDER/RECIPIENT or an address; --privacy hashes them");
  const auto stamps = two_numbers(numbers);
  if (!stamps) return refusal("expected FIRST,LAST or COUNT,LAST");
  PostgreyRow out;
  if (slash == plain.npos) {
    out.key = make_key(settings, {*client, {}, {}, {}});
    out.client.count =
        static_cast<std::uint32_t>(std::min<std::int64_t>(stamps->first, UINT32_MAX));
    out.client.last = stamps->second;
    return out;
  }
  const std::string_view rest = std::string_view(plain).substr(slash + 1);
  // A local part may have slashes, a domain has none; a sender may be without a domain.
  const std::size_t at = rest.starts_with('/') ? 0 : rest.find('@');
  std::size_t end = rest.npos;
  if (at != rest.npos) end = rest.find('/', at);
  if (end == rest.npos) end = rest.find('/');
  if (end == rest.npos || end + 1 == rest.size()) return refusal("expected NET/SENDER/RECIPIENT");
  out.key = make_key(settings, {*client, {}, rest.substr(0, end), rest.substr(end + 1)});
  out.triplet = Triplet{stamps->first, stamps->second, stamps->second - stamps->first >= delay};
  return out;
}

}  // namespace gatepost::greylist
