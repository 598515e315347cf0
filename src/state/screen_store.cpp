// SPDX-License-Identifier: Apache-2.0
// state: the rows of screening in state.db: what is remembered of clients.
#include "state/screen_store.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace gatepost::state {
namespace {

constexpr std::size_t kMostText = 200;
/// 10 MB on the disk. The first to end go first.
constexpr std::int64_t kMostRows = 100'000;
/// Rows a step: a tenth of a millisecond.
constexpr std::int64_t kSweepRows = 200;

/// From there on it takes too many for seen.
constexpr std::size_t kMostNoted = 300'000;

constexpr std::string_view kFind = "SELECT record FROM screen WHERE client = ?1";
constexpr std::string_view kPut = "INSERT OR REPLACE INTO screen VALUES(?1, ?2, ?3)";
constexpr std::string_view kDelete = "DELETE FROM screen WHERE client = ?1";
constexpr std::string_view kDeleteAll = "DELETE FROM screen";
constexpr std::string_view kSweep =
    "DELETE FROM screen WHERE client IN (SELECT client FROM screen WHERE until < ?1 LIMIT ?2)";
constexpr std::string_view kTrim =
    "DELETE FROM screen WHERE client IN (SELECT client FROM screen ORDER BY until "
    "LIMIT ?1)";
constexpr std::string_view kList =
    "SELECT client, record, until FROM screen ORDER BY until DESC LIMIT ?1";
constexpr std::string_view kClients = "SELECT client FROM screen";
constexpr std::string_view kCount = "SELECT count(*) FROM screen";

Result<std::int64_t> count_rows(StateDatabase& state) {
  GP_TRY(Statement * count, state.prepared(kCount));
  GP_TRY(const bool row, count->step());
  const std::int64_t found = row ? count->number(0).value_or(0) : 0;
  count->reset();
  return found;
}

}  // namespace

Task<std::optional<std::string>> ScreenStore::find(std::string client) {
  if (seen_ && !seen_->may_have(client)) co_return std::nullopt;
  auto job = [client =
                  std::move(client)](StateDatabase& state) -> Result<std::optional<std::string>> {
    GP_TRY(Statement * find, state.prepared(kFind));
    find->bind(1, client);
    GP_TRY(const bool row, find->step());
    std::optional<std::string> out;
    if (row) {
      if (const auto text = find->text(0, kMostText)) out.emplace(*text);
    }
    find->reset();
    return out;
  };
  Result<std::optional<std::string>> found = co_await state_.run(std::move(job));
  if (!found) co_return std::nullopt;
  co_return *std::move(found);
}

void ScreenStore::note(std::string_view client) {
  if (seen_) seen_->note(client);
  if (meanwhile_) meanwhile_->note(client);
}

bool ScreenStore::wants_to_learn() const {
  return !meanwhile_ && (!seen_ || seen_->noted() > kMostNoted);
}

Task<void> ScreenStore::learn() {
  meanwhile_.emplace();
  auto job = [](StateDatabase& state) -> Result<MaybeSeen> {
    GP_TRY(Statement * rows, state.prepared(kClients));
    MaybeSeen out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      if (const auto client = rows->text(0, kMostText)) out.note(*client);
    }
    rows->reset();
    return out;
  };
  Result<MaybeSeen> found = co_await state_.run(std::move(job));
  if (found) {
    found->note_all(*meanwhile_);
    seen_ = *std::move(found);
  }
  meanwhile_.reset();
}

void ScreenStore::keep(std::string client, std::string record, Stamp until) {
  note(client);
  state_.leave([client = std::move(client), record = std::move(record),
                until](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * put, state.prepared(kPut));
    put->bind(1, client);
    put->bind(2, record);
    put->bind(3, until);
    return put->perform();
  });
}

void ScreenStore::forget(std::string client) {
  state_.leave([client = std::move(client)](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * erase, state.prepared(kDelete));
    erase->bind(1, client);
    return erase->perform();
  });
}

void ScreenStore::forget_all() {
  state_.leave([](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * erase, state.prepared(kDeleteAll));
    return erase->perform();
  });
}

void ScreenStore::sweep(Stamp before, bool begin) {
  if (begin) cleaning_ = true;
  state_.leave([this, before](StateDatabase& state) -> Result<void> {
    if (cleaning_.load()) {
      GP_TRY(Statement * sweep, state.prepared(kSweep));
      sweep->bind(1, before);
      sweep->bind(2, kSweepRows);
      const std::int64_t so_far = state.changes();
      GP_CHECK(sweep->perform());
      cleaning_ = state.changes() - so_far >= kSweepRows;
    }
    GP_TRY(const std::int64_t rows, count_rows(state));
    known_.store(static_cast<std::uint64_t>(rows));
    if (rows <= kMostRows) return {};
    GP_TRY(Statement * trim, state.prepared(kTrim));
    trim->bind(1, std::min(kSweepRows, rows - kMostRows));
    return trim->perform();
  });
}

Task<Result<std::vector<ScreenStore::Row>>> ScreenStore::list(std::uint32_t most) {
  auto job = [most](StateDatabase& state) -> Result<std::vector<Row>> {
    GP_TRY(Statement * rows, state.prepared(kList));
    rows->bind(1, std::int64_t{most});
    std::vector<Row> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      const auto client = rows->text(0, kMostText);
      if (!client) continue;
      Row row{std::string(*client), {}, rows->number(2).value_or(0)};
      if (const auto record = rows->text(1, kMostText)) row.record = *record;
      out.push_back(std::move(row));
    }
    rows->reset();
    return out;
  };
  return state_.run(std::move(job));
}

Task<Result<std::uint64_t>> ScreenStore::count() {
  auto job = [](StateDatabase& state) -> Result<std::uint64_t> {
    GP_TRY(const std::int64_t found, count_rows(state));
    return static_cast<std::uint64_t>(found);
  };
  return state_.run(std::move(job));
}

}  // namespace gatepost::state
