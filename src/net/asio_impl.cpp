// SPDX-License-Identifier: Apache-2.0
// net: the one file that compiles Asio (ASIO_SEPARATE_COMPILATION).

// What Asio prints to streams would bring the C++ library's locales; nobody calls it.
#define ASIO_NO_IOSTREAM
#include <asio/impl/src.hpp>
