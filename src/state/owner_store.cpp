// SPDX-License-Identifier: Apache-2.0
// state: what the owner said while the service ran, in state.db: a few words, each until a time.
#include "state/owner_store.h"

#include <string_view>
#include <utility>

#include "base/limits.h"

namespace gatepost::state {
namespace {

constexpr std::string_view kLoadAllow = "SELECT network, until FROM allow ORDER BY rowid LIMIT ?1";
constexpr std::string_view kLoadExpect = "SELECT scope, until FROM expect ORDER BY rowid LIMIT ?1";
constexpr std::string_view kKeepAllow =
    "INSERT INTO allow VALUES(?1, ?2) ON CONFLICT(network) DO UPDATE SET until = ?2";
constexpr std::string_view kKeepExpect =
    "INSERT INTO expect VALUES(?1, ?2) ON CONFLICT(scope) DO UPDATE SET until = ?2";
constexpr std::string_view kForgetAllow = "DELETE FROM allow WHERE network = ?1";
constexpr std::string_view kForgetExpect = "DELETE FROM expect WHERE scope = ?1";

}  // namespace

Task<Result<std::vector<OwnerStore::Row>>> OwnerStore::load(Kind kind, std::uint32_t most) {
  auto job = [kind, most](StateDatabase& state) -> Result<std::vector<Row>> {
    GP_TRY(Statement * rows, state.prepared(kind == Kind::Allow ? kLoadAllow : kLoadExpect));
    rows->bind(1, std::int64_t{most});
    std::vector<Row> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      if (const auto word = rows->text(0, limits::kControlLine)) {
        out.push_back({std::string(*word), rows->number(1).value_or(0)});
      }
    }
    rows->reset();
    return out;
  };
  return state_.run(std::move(job));
}

void OwnerStore::keep(Kind kind, std::string word, Stamp until) {
  state_.leave([kind, word = std::move(word), until](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * keep, state.prepared(kind == Kind::Allow ? kKeepAllow : kKeepExpect));
    keep->bind(1, word);
    keep->bind(2, until);
    return keep->perform();
  });
}

void OwnerStore::forget(Kind kind, std::string word) {
  state_.leave([kind, word = std::move(word)](StateDatabase& state) -> Result<void> {
    GP_TRY(Statement * erase, state.prepared(kind == Kind::Allow ? kForgetAllow : kForgetExpect));
    erase->bind(1, word);
    return erase->perform();
  });
}

}  // namespace gatepost::state
