// SPDX-License-Identifier: Apache-2.0
// server: under which address a copy waits in the queue while its mailbox cannot be opened.
#pragma once

#include "server/directory.h"
#include "server/recipients.h"
#include "storage/mail_store.h"

namespace gatepost::server {

/// Fills in LocalCopy::later for what Recipients::fill() added. Only addresses that lead to that
/// one mailbox and nowhere else: the queue looks an address up again, and a list would send
/// everybody else the message once more.
void name_waiting(const Recipients& recipients,
                  Directory& directory,
                  storage::IntakeRequest& request);

}  // namespace gatepost::server
