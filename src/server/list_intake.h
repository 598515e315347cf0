// SPDX-License-Identifier: Apache-2.0
// server: one text that is stored for several envelopes: lists whose owner is the sender.
#pragma once

#include <memory>
#include <vector>

#include "storage/mail_store.h"

namespace gatepost::server {

/// An intake of `request` and all of `parts`, which have the same text and go to the queue alone.
/// They are promised together: when one cannot be, those that were are taken back. What a crash in
/// between leaves is sent twice, since the client was not told 250. `store` outlives it.
[[nodiscard]] std::unique_ptr<storage::Intake> begin_with_lists(
    storage::MailStore& store,
    storage::IntakeRequest request,
    std::vector<storage::IntakeRequest> parts);

}  // namespace gatepost::server
