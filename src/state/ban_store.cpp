// SPDX-License-Identifier: Apache-2.0
// state: the rows of bans in state.db: networks that are kept out, and those that are not to be.
#include "state/ban_store.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace gatepost::state {
namespace {

constexpr std::size_t kMostText = 300;

constexpr std::string_view kPut = "INSERT OR REPLACE INTO ban VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
constexpr std::string_view kDelete = "DELETE FROM ban WHERE network = ?1";
constexpr std::string_view kPutLogin = "INSERT OR REPLACE INTO ban_login VALUES(?1, ?2)";
constexpr std::string_view kSweepLogins = "DELETE FROM ban_login WHERE at < ?1";
constexpr std::string_view kTrim =
    "DELETE FROM ban WHERE network IN (SELECT network FROM ban ORDER BY until LIMIT "
    "max(0, (SELECT count(*) FROM ban) - ?1))";
constexpr std::string_view kTrimLogins =
    "DELETE FROM ban_login WHERE network IN (SELECT network FROM ban_login ORDER BY at LIMIT "
    "max(0, (SELECT count(*) FROM ban_login) - ?1))";
constexpr std::string_view kList =
    "SELECT network, begun, until, count, by_hand, reason FROM ban ORDER BY until DESC LIMIT ?1";
constexpr std::string_view kListLogins =
    "SELECT network, at FROM ban_login ORDER BY at DESC LIMIT ?1";

Result<void> perform(StateDatabase& state, std::string_view query, std::int64_t number) {
  GP_TRY(Statement * statement, state.prepared(query));
  statement->bind(1, number);
  return statement->perform();
}

}  // namespace

void BanStore::keep(Row row) {
  state_.leave([row = std::move(row)](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * put, state.prepared(kPut));
    put->bind(1, row.network);
    put->bind(2, row.begun);
    put->bind(3, row.until);
    put->bind(4, std::int64_t{row.count});
    put->bind(5, std::int64_t{row.by_hand});
    put->bind(6, row.reason);
    return put->perform();
  });
}

void BanStore::forget(std::string network) {
  state_.leave([network = std::move(network)](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * erase, state.prepared(kDelete));
    erase->bind(1, network);
    return erase->perform();
  });
}

void BanStore::keep_login(std::string network, Stamp at) {
  state_.leave([network = std::move(network), at](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * put, state.prepared(kPutLogin));
    put->bind(1, network);
    put->bind(2, at);
    return put->perform();
  });
}

void BanStore::sweep(Stamp before) {
  state_.leave([before](StateDatabase& state) -> Result<void> {
    GP_CHECK(perform(state, kSweepLogins, before));
    GP_CHECK(perform(state, kTrim, kMostRows));
    return perform(state, kTrimLogins, kMostRows);
  });
}

Task<Result<BanStore::Content>> BanStore::load() {
  auto job = [](StateDatabase& state) -> Result<Content> {
    Content out;
    GP_TRY(Statement * rows, state.prepared(kList));
    rows->bind(1, kMostRows);
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      const auto network = rows->text(0, kMostText);
      if (!network) continue;
      Row row{std::string(*network), rows->number(1).value_or(0), rows->number(2).value_or(0)};
      const std::int64_t count = rows->number(3).value_or(0);
      row.count = static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, 1'000'000));
      row.by_hand = rows->number(4).value_or(0) != 0;
      if (const auto reason = rows->text(5, kMostText)) row.reason = *reason;
      out.bans.push_back(std::move(row));
    }
    rows->reset();
    GP_TRY(Statement * logins, state.prepared(kListLogins));
    logins->bind(1, kMostRows);
    for (;;) {
      GP_TRY(const bool more, logins->step());
      if (!more) break;
      const auto network = logins->text(0, kMostText);
      if (network) out.logins.push_back({std::string(*network), logins->number(1).value_or(0)});
    }
    logins->reset();
    return out;
  };
  return state_.run(std::move(job));
}

}  // namespace gatepost::state
