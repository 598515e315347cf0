// SPDX-License-Identifier: Apache-2.0
// base: the one place where the coroutine type is named.
#pragma once

#include <asio/awaitable.hpp>

namespace gatepost {

/// A lazily started computation on the event loop's thread. References passed to a
/// task must outlive it; see architecture, lifetimes.
template <class T>
using Task = asio::awaitable<T>;

}  // namespace gatepost
