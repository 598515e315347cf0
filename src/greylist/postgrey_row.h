// SPDX-License-Identifier: Apache-2.0
// greylist: a row of postgrey's databases, as db_dump -p of Berkeley DB prints it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "greylist/judge.h"
#include "greylist/key.h"

namespace gatepost::greylist {

/// A triplet of postgrey.db, "net/sender/recipient" and "first,last", or a client of
/// postgrey_clients.db, "address" and "count,last".
struct PostgreyRow {
  Key key;  ///< Of a client that alone.
  std::optional<Triplet> triplet;
  Client client;  ///< Without a triplet.
};

/// Both as printed: octets past the printable ones as \HH, a backslash as two; without the blank at
/// the beginning of the line. `delay` tells triplets that passed. What postgrey hashed (--privacy) is
/// an error.
[[nodiscard]] Result<PostgreyRow> read_postgrey_row(const KeySettings& settings,
                                                    std::int64_t delay,
                                                    std::string_view key,
                                                    std::string_view value);

}  // namespace gatepost::greylist
