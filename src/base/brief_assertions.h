// SPDX-License-Identifier: Apache-2.0
// base: the standard library's assertions without their texts; put before every file of a shipped binary.
#pragma once

#include <cstddef>

// g++ 12 passes file, function and condition to each failing assertion. The checks stay, the words go: a shipped binary
// stops at the faulty instruction, a development build says where. Never included by name (CMakeLists.txt, GP_STATIC).
#if defined(__GLIBCXX__) && defined(_GLIBCXX_ASSERTIONS) && defined(__glibcxx_assert_impl) && \
    defined(__glibcxx_constexpr_assert)
#undef __glibcxx_assert_impl
#define __glibcxx_assert_impl(condition)           \
  if (__builtin_expect(!bool(condition), false)) { \
    __glibcxx_constexpr_assert(false);             \
    __builtin_trap();                              \
  }
#endif
