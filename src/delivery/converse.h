// SPDX-License-Identifier: Apache-2.0
// delivery: one conversation with a server, from its greeting to our QUIT.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/task.h"
#include "base/wire.h"
#include "smtp/client_session.h"
#include "storage/mail_store.h"

namespace gatepost::delivery {

/// The text of an item, read piece by piece.
class QueuedText {
 public:
  /// `store` outlives it.
  QueuedText(storage::MailStore& store, std::string id) : store_(store), id_(std::move(id)) {}
  /// The next piece; empty at the end.
  Task<Result<std::string>> read();

 private:
  storage::MailStore& store_;
  const std::string id_;
  std::uint64_t offset_ = 0;
};

/// Runs `session` over `wire` to its end. `text` may be null for a probe. All outlive the task.
Task<void> converse(Wire& wire, smtp::ClientSession& session, QueuedText* text);

}  // namespace gatepost::delivery
