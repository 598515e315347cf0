// SPDX-License-Identifier: Apache-2.0
// base: what libraries put into each file without use, left out; put before every file of a shipped binary.
//
// Never included by name (CMakeLists.txt, GP_STATIC).
#pragma once

#include <cstddef>
#include <system_error>

// g++ 12 passes file, function and condition to each failing assertion. The checks stay, the words go: a shipped binary
// stops at the faulty instruction, a development build says where.
#if defined(__GLIBCXX__) && defined(_GLIBCXX_ASSERTIONS) && defined(__glibcxx_assert_impl) && \
    defined(__glibcxx_constexpr_assert)
#undef __glibcxx_assert_impl
#define __glibcxx_assert_impl(condition)           \
  if (__builtin_expect(!bool(condition), false)) { \
    __glibcxx_constexpr_assert(false);             \
    __builtin_trap();                              \
  }
#endif

// Asio's numbers of services need no destructor, but the base that keeps them from being copied has one, so each file registers
// them to be destroyed; this one stands in for it, and has none. Each file also asks for references to Asio's categories of
// errors, which nobody uses; told that asking changes nothing, the compiler leaves that out.
#define ASIO_DETAIL_NONCOPYABLE_HPP
namespace asio {
namespace detail {
class noncopyable {
 public:
  noncopyable(const noncopyable&) = delete;
  noncopyable& operator=(const noncopyable&) = delete;

 protected:
  constexpr noncopyable() = default;
  ~noncopyable() = default;
};
}  // namespace detail
using detail::noncopyable;
using error_category = std::error_category;
[[gnu::const]] const error_category& system_category();
namespace error {
[[gnu::const]] const error_category& get_netdb_category();
[[gnu::const]] const error_category& get_addrinfo_category();
[[gnu::const]] const error_category& get_misc_category();
}  // namespace error
}  // namespace asio
