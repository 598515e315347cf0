// SPDX-License-Identifier: Apache-2.0
// server: the throw-away addresses that one message uses.
#include "server/claims.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace gatepost::server {

Claims::Claims(Claims&& other) noexcept
    : directory_(other.directory_), uses_(std::exchange(other.uses_, {})) {}

bool Claims::has(std::string_view throwaway) const {
  return std::any_of(uses_.begin(), uses_.end(), [throwaway](const mail::ThrowawayUse& use) {
    return use.address == throwaway;
  });
}

bool Claims::add(std::string_view throwaway, const mail::Mailbox& sender) {
  std::optional<mail::ThrowawayUse> use = directory_.claim(throwaway, sender);
  if (!use) return false;
  uses_.push_back(*std::move(use));
  return true;
}

Task<Result<void>> Claims::keep() {
  std::vector<mail::ThrowawayUse> uses = std::exchange(uses_, {});
  if (uses.empty()) co_return Result<void>();
  Result<void> kept = co_await directory_.keep_uses(std::move(uses));
  co_return kept;
}

void Claims::take_back() {
  // The last first: each then finds the count as it left it.
  while (!uses_.empty()) {
    const mail::ThrowawayUse use = std::move(uses_.back());
    uses_.pop_back();
    directory_.take_back(use);
  }
}

}  // namespace gatepost::server
