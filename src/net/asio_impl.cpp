// SPDX-License-Identifier: Apache-2.0
// net: the one file that compiles Asio (ASIO_SEPARATE_COMPILATION).
#include <asio/impl/src.hpp>
