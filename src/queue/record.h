// SPDX-License-Identifier: Apache-2.0
// queue: an item as octets, for the queue's index and for the end of its text file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "queue/item.h"

namespace gatepost::queue {

// A record, all numbers big-endian, a text as its length in 4 octets and its octets:
//
//   1  version, 4; of version 1 the three fields marked (2) are missing, before version 4 the one
//      marked (4)
//   t  id
//   8  arrival, microseconds since 1970 UTC
//   8  octets of the text
//   t  t  sender: local part, domain
//   1  body (0 unstated, 1 7bit, 2 8bitmime)
//   1  smtputf8 (0, 1)
//   1  ret (0 unstated, 1 full, 2 headers)
//   t  envelope id
//   8  size as declared
//   1  hold (0 none, 1 a person's, 2 the login's); in version 2 1 is either: the login's if it has
//      one (2)
//   t  login (2)
//   8  next attempt, microseconds since 1970 UTC (2)
//   4  number of destinations; for each:
//        t  t  local part, domain
//        1     notify: 1 never, 2 success, 4 failure, 8 delay, added up
//        t     original recipient
//        1     state (0 waiting, 1 delivered, 2 failed)
//        t     reason
//        1     it was given as another address (0, 1) (4)
//        t  t  local part, domain of that, after 1 (4)
//
// A queue file is the text, the record, and a footer of fixed size:
//
//   8  "GPQTEXT1"
//   8  octets of the text
//   4  octets of the record
//   4  FNV-1a of the record
//
// The record stands at the end because the text's length is not known when its writing
// begins, and because a file that was not written to its end then has no valid footer.

/// No text in a record is longer; a longer reason is cut when written.
inline constexpr std::size_t kMostText = 4096;
inline constexpr std::size_t kFooterOctets = 24;
/// Larger records are refused. A thousand recipients with the longest addresses and original
/// recipients the standards allow make 850 kB, unless all of them lead to others as long; SQLite is
/// built to take rows of a megabyte.
inline constexpr std::size_t kMostRecord = 900 * 1000;

/// True for what may be an item's id and so a file's name: 1 to 64 letters and digits.
[[nodiscard]] bool is_item_id(std::string_view text);

[[nodiscard]] std::string format_record(const Item& item);
/// Nothing unless `octets` is one whole record, of this version or an earlier one, with every
/// value in its range.
[[nodiscard]] std::optional<Item> parse_record(std::string_view octets);

/// The record and footer that follow a text of item.octets octets.
[[nodiscard]] std::string format_trailer(const Item& item);

struct Footer {
  std::uint64_t text_octets = 0;
  std::uint32_t record_octets = 0;
  std::uint32_t checksum = 0;
};

/// `octets`: the last kFooterOctets of a file of `file_octets`. Nothing unless the lengths
/// add up to the file's.
[[nodiscard]] std::optional<Footer> parse_footer(std::string_view octets,
                                                 std::uint64_t file_octets);
/// The item of a queue file; nothing when the record is not the one the footer tells of.
[[nodiscard]] std::optional<Item> parse_trailer(const Footer& footer, std::string_view record);

}  // namespace gatepost::queue
