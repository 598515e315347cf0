// SPDX-License-Identifier: Apache-2.0
// base: what runs on the event loop, by names of our own.
#pragma once

#include <chrono>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/use_awaitable.hpp>

#include "base/task.h"

namespace gatepost {

// Asio's own names stand for objects that can be with any executor, which costs 40 octets in each of
// them and in each operation under way.
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using LocalSocket = asio::basic_stream_socket<asio::local::stream_protocol, Executor>;
using LocalAcceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, Executor>;
using WatchedDescriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         Executor>;

using UseTask = asio::use_awaitable_t<Executor>;
inline constexpr UseTask kUseTask;

}  // namespace gatepost
