// SPDX-License-Identifier: Apache-2.0
// log: how far local time is from UTC: the format of /usr/share/zoneinfo (RFC 9636).
#include "log/zone.h"

#include <algorithm>

namespace gatepost::log {
namespace {

// RFC 9636 section 3.1: "TZif", a version, 15 octets for nobody, six counts.
constexpr std::size_t kHeaderSize = 44;
constexpr std::size_t kCountsAt = 20;
constexpr std::size_t kKindSize = 6;
// Section 3.2: offsets should lie between -25 and 26 hours, both left out.
constexpr std::int32_t kLeastOffset = -25 * 3600;
constexpr std::int32_t kMostOffset = 26 * 3600;

/// Big-endian, as many octets as there are.
std::uint64_t unsigned_of(std::string_view octets) {
  std::uint64_t value = 0;
  for (const char c : octets) value = value << 8U | static_cast<std::uint8_t>(c);
  return value;
}

std::int32_t short_of(std::string_view octets) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(unsigned_of(octets)));
}

/// One header and what follows it, found to be as long as it says.
struct Block {
  std::size_t time_size = 0;  ///< Octets of a moment.
  char version = 0;
  std::size_t kinds = 0;
  std::string_view moments;
  std::string_view kind_of_change;
  std::string_view kind_table;
};

/// Takes a block off the front of `octets`.
std::optional<Block> take_block(std::string_view& octets, std::size_t time_size) {
  if (octets.size() < kHeaderSize || octets.substr(0, 4) != "TZif") return std::nullopt;
  const auto count = [&](std::size_t which) {
    return static_cast<std::size_t>(unsigned_of(octets.substr(kCountsAt + 4 * which, 4)));
  };
  const std::size_t ut_flags = count(0);
  const std::size_t standard_flags = count(1);
  const std::size_t leaps = count(2);
  const std::size_t changes = count(3);
  const std::size_t kinds = count(4);
  const std::size_t letters = count(5);
  // Each is a number of things that take at least an octet; with that known no sum overflows.
  for (std::size_t which = 0; which < 6; ++which) {
    if (count(which) > octets.size()) return std::nullopt;
  }
  const std::size_t rest = changes * (time_size + 1) + kinds * kKindSize + letters +
                           leaps * (time_size + 4) + standard_flags + ut_flags;
  if (octets.size() - kHeaderSize < rest) return std::nullopt;

  Block out;
  out.time_size = time_size;
  out.version = octets[4];
  out.kinds = kinds;
  std::size_t at = kHeaderSize;
  out.moments = octets.substr(at, changes * time_size);
  at += out.moments.size();
  out.kind_of_change = octets.substr(at, changes);
  at += changes;
  out.kind_table = octets.substr(at, kinds * kKindSize);
  octets.remove_prefix(kHeaderSize + rest);
  return out;
}

std::int64_t moment_of(const Block& block, std::size_t which) {
  const auto octets = block.moments.substr(which * block.time_size, block.time_size);
  return block.time_size == 4 ? short_of(octets) : static_cast<std::int64_t>(unsigned_of(octets));
}

std::optional<std::int32_t> offset_of(const Block& block, std::size_t kind) {
  if (kind >= block.kinds) return std::nullopt;
  const std::int32_t offset = short_of(block.kind_table.substr(kind * kKindSize, 4));
  if (offset <= kLeastOffset || offset >= kMostOffset) return std::nullopt;
  return offset;
}

std::optional<TimeZone> read_block(const Block& block) {
  TimeZone out;
  const auto before = offset_of(block, 0);
  if (!before) return std::nullopt;
  out.before = *before;
  out.changes.reserve(block.kind_of_change.size());
  for (std::size_t i = 0; i < block.kind_of_change.size(); ++i) {
    const auto offset = offset_of(block, static_cast<std::uint8_t>(block.kind_of_change[i]));
    const std::int64_t from = moment_of(block, i);
    if (!offset || (i > 0 && from <= out.changes.back().from)) return std::nullopt;
    out.changes.push_back({from, *offset});
  }
  return out;
}

}  // namespace

std::optional<TimeZone> parse_zone_file(std::string_view octets) {
  auto block = take_block(octets, 4);
  if (!block) return std::nullopt;
  if (block->version == 0) return read_block(*block);
  block = take_block(octets, 8);
  if (!block) return std::nullopt;
  auto out = read_block(*block);
  // Section 3.3: the footer is one line between two ends of line.
  if (!out || octets.empty() || octets.front() != '\n') return std::nullopt;
  octets.remove_prefix(1);
  const std::size_t end = octets.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  out->after = parse_zone_rule(octets.substr(0, end));
  return out;
}

std::chrono::seconds offset_at(const TimeZone& zone, std::chrono::sys_seconds when) {
  const std::int64_t second = when.time_since_epoch().count();
  const auto next =
      std::upper_bound(zone.changes.begin(), zone.changes.end(), second,
                       [](std::int64_t s, const TimeZone::Change& c) { return s < c.from; });
  if (next == zone.changes.end() && zone.after) return offset_at(*zone.after, when);
  if (next == zone.changes.begin()) return std::chrono::seconds{zone.before};
  return std::chrono::seconds{std::prev(next)->offset};
}

}  // namespace gatepost::log
