// SPDX-License-Identifier: Apache-2.0
// server: the throw-away addresses that one message uses.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "mail/path.h"
#include "mail/throwaway.h"
#include "server/directory.h"

namespace gatepost::server {

/// What is not kept is taken back at the end.
class Claims {
 public:
  /// `directory` outlives the claims.
  explicit Claims(Directory& directory) : directory_(directory) {}
  Claims(Claims&& other) noexcept;
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;
  Claims& operator=(Claims&&) = delete;
  ~Claims() { take_back(); }

  [[nodiscard]] bool has(std::string_view throwaway) const;
  /// False when there is no such address any more.
  bool add(std::string_view throwaway, const mail::Mailbox& sender);
  /// The message is durable.
  Task<Result<void>> keep();
  void take_back();

 private:
  Directory& directory_;
  std::vector<mail::ThrowawayUse> uses_;
};

}  // namespace gatepost::server
