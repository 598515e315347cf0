// SPDX-License-Identifier: Apache-2.0
// state: the tables of greylisting, row by row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "greylist/judge.h"
#include "greylist/key.h"
#include "state/grey_store.h"
#include "state/state_database.h"

namespace gatepost::state {

/// 20 MB on the disk. A flood from networks without number ends here; it is over, and its rows
/// are gone, when the retry window is.
inline constexpr std::uint64_t kMostTriplets = 200'000;
inline constexpr std::string_view kCountTriplets = "SELECT count(*) FROM grey";

/// Of a column in which an unsigned number was put.
[[nodiscard]] std::uint32_t count_of(std::optional<std::int64_t> number);
/// Bounded: the owner may have written in the file.
[[nodiscard]] std::string text_of(Statement& row, int column);
/// `sql` asks for one number.
[[nodiscard]] Result<std::uint64_t> count_rows(StateDatabase& state, std::string_view sql);
/// Parameters 1 to 4 of `... WHERE ?4 OR net = ?1 OR sender = ?2 OR recipient = ?3`.
void bind_filter(Statement& statement, const GreyStore::Filter& filter);

/// `exists`: mail for the recipient is accepted, so that it is no trap that was learned.
[[nodiscard]] Result<greylist::Known> known_of(StateDatabase& state,
                                               const greylist::Key& key,
                                               bool exists);
[[nodiscard]] Result<bool> has_triplet(StateDatabase& state, const greylist::Key& key);
/// Of the key's network.
[[nodiscard]] Result<greylist::Waiting> count_waiting(StateDatabase& state,
                                                      const GreyStore::Question& question);

/// In the place of `known`, which may be another row.
[[nodiscard]] Result<void> put_triplet(
    StateDatabase& state,
    const greylist::Key& key,
    const greylist::Triplet& triplet,
    const std::optional<greylist::Triplet>& known = std::nullopt);
[[nodiscard]] Result<void> put_client(StateDatabase& state,
                                      std::string_view client,
                                      const greylist::Client& seen);
[[nodiscard]] Result<void> put_trapped(StateDatabase& state, std::string_view net, Stamp until);

}  // namespace gatepost::state
