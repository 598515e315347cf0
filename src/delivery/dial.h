// SPDX-License-Identifier: Apache-2.0
// delivery: a connection that begins here.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/transport.h"
#include "net/deadlines.h"

namespace gatepost::delivery {

/// Connects until `until`. The socket is of the family the transport asks for, whatever its type
/// says: only net::Connection, which calls the system itself, uses it. All but the transport,
/// which is copied, outlive the task.
[[nodiscard]] Task<Result<asio::ip::tcp::socket>> dial(asio::io_context& loop,
                                                       net::Deadlines& deadlines,
                                                       Transport to,
                                                       Instant until);

}  // namespace gatepost::delivery
