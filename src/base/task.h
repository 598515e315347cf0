// SPDX-License-Identifier: Apache-2.0
// base: the one place where the coroutine type is named.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

namespace gatepost {

/// There is one loop, and all runs on it.
using Executor = asio::io_context::executor_type;

/// A lazily started computation on the event loop's thread. References passed to a
/// task must outlive it; see architecture, lifetimes.
template <class T>
using Task = asio::awaitable<T, Executor>;

}  // namespace gatepost
