// SPDX-License-Identifier: Apache-2.0
// screen: which DNS lists are asked about a client, and what each answer is worth.
#include "screen/sites.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::screen {

static_assert(std::int64_t{Sites::kMostWeight} * std::int64_t{Sites::kMostEntries} < INT32_MAX);

namespace {

/// What stands before the zone in the longest question: 32 nibbles of IPv6 and their dots.
constexpr std::size_t kNibbles = 64;
constexpr std::size_t kMostName = 253;
constexpr std::size_t kMostLabel = 63;

Error refusal(std::string_view word, std::string_view what) {
  std::string text = "\"";
  text += printable(word, limits::kLogText);
  text += "\": ";
  text += what;
  return {Cause::Permanent, std::move(text)};
}

std::optional<std::uint8_t> parse_octet(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > 255 || text.size() > 3) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMostLabel || label.front() == '-' || label.back() == '-') {
    return false;
  }
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

}  // namespace

bool is_host_name(std::string_view name) {
  std::string_view label;
  do {
    const std::size_t dot = name.find('.');
    label = name.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == name.npos) break;
    name.remove_prefix(dot + 1);
  } while (true);
  return !std::all_of(label.begin(), label.end(), is_digit);
}

Result<void> AddressPattern::add(std::uint8_t octet, std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto low = parse_octet(text.substr(0, dots));
  const auto high = dots == text.npos ? low : parse_octet(text.substr(dots + 2));
  if (!low || !high) return refusal(text, "expected a number from 0 to 255, or two as 2..11");
  if (*low > *high) return refusal(text, "the first number of a range is the smaller one");
  ranges_.push_back({octet, *low, *high});
  return {};
}

Result<AddressPattern> AddressPattern::parse(std::string_view text) {
  constexpr std::string_view kForm = "expected four fields as 127.0.0.[2..11;14]";
  AddressPattern out;
  std::string_view left = text;
  for (std::uint8_t octet = 0; octet < 4; ++octet) {
    if (octet > 0) {
      if (!left.starts_with('.')) return refusal(text, kForm);
      left.remove_prefix(1);
    }
    if (!left.starts_with('[')) {
      const std::size_t end = std::min(left.find_first_not_of("0123456789"), left.size());
      GP_CHECK(out.add(octet, left.substr(0, end)));
      left.remove_prefix(end);
      continue;
    }
    const std::size_t close = left.find(']');
    if (close == left.npos) return refusal(text, "a [ without ]");
    std::string_view members = left.substr(1, close - 1);
    left.remove_prefix(close + 1);
    do {
      const std::size_t end = std::min(members.find(';'), members.size());
      GP_CHECK(out.add(octet, members.substr(0, end)));
      if (end == members.size()) break;
      members.remove_prefix(end + 1);
    } while (true);
  }
  if (!left.empty()) return refusal(text, kForm);
  return out;
}

bool AddressPattern::matches(const IpAddress& address) const {
  if (!address.is_v4()) return false;
  unsigned matched = 0;
  for (const Range& range : ranges_) {
    const std::uint8_t octet = address.octets()[range.octet];
    if (octet >= range.low && octet <= range.high) matched |= 1U << range.octet;
  }
  return ranges_.empty() || matched == 0b1111;
}

Result<Site> parse_site(std::string_view word) {
  Site out;
  std::string_view left = word;
  if (const std::size_t star = left.find('*'); star != left.npos) {
    std::string_view digits = left.substr(star + 1);
    const bool minus = digits.starts_with('-');
    if (minus || digits.starts_with('+')) digits.remove_prefix(1);
    const auto weight = parse_number(digits);
    if (!weight || *weight > std::uint64_t{Sites::kMostWeight}) {
      return refusal(word, "expected a weight after *, as 2 or -3, at most 1000000");
    }
    out.weight = static_cast<std::int32_t>(*weight) * (minus ? -1 : 1);
    left = left.substr(0, star);
  }
  if (const std::size_t equals = left.find('='); equals != left.npos) {
    GP_TRY(out.pattern, AddressPattern::parse(left.substr(equals + 1)));
    left = left.substr(0, equals);
  }
  if (left.ends_with('.')) left.remove_suffix(1);
  if (!is_host_name(left)) {
    return refusal(word, "expected the domain of a list, as zen.spamhaus.org=127.0.0.[2..11]*3");
  }
  if (left.size() > kMostName - kNibbles) {
    return refusal(word, "the domain is too long to be asked about an IPv6 address");
  }
  out.zone = lower(left);
  return out;
}

std::int32_t Sites::Zone::positive() const {
  std::int32_t sum = 0;
  for (const Entry& entry : entries) sum += std::max(entry.weight, 0);
  return sum;
}

std::int32_t Sites::Zone::negative() const {
  std::int32_t sum = 0;
  for (const Entry& entry : entries) sum += std::min(entry.weight, 0);
  return sum;
}

std::size_t Sites::find(std::string_view zone) const {
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    if (zones_[i].name == zone) return i;
  }
  return kMostZones;
}

Result<void> Sites::add(Site site) {
  std::size_t zone = find(site.zone);
  if (entries_ == kMostEntries) return refusal(site.zone, "there are more than 1024 entries");
  if (zone == kMostZones) {
    if (zones_.size() == kMostZones) return refusal(site.zone, "there are more than 64 lists");
    zone = zones_.size();
    zones_.push_back({std::move(site.zone), {}});
  }
  zones_[zone].entries.push_back({std::move(site.pattern), site.weight});
  ++entries_;
  return {};
}

Result<Sites> parse_sites(std::span<const std::string> words) {
  Sites out;
  for (const std::string& word : words) {
    GP_TRY(Site site, parse_site(word));
    GP_CHECK(out.add(std::move(site)));
  }
  return out;
}

}  // namespace gatepost::screen
