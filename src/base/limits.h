// SPDX-License-Identifier: Apache-2.0
// base: every fixed bound of the program, with its reason. What an owner may change is a
// setting (config/keys.def), not a row here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatepost::limits {

/// RFC 5321 section 4.5.3.1: local part 64, domain 255, path 256 octets.
inline constexpr std::size_t kLocalPart = 64;
inline constexpr std::size_t kDomain = 255;
inline constexpr std::size_t kPath = 256;

/// Octets read from a socket at once; one buffer for the whole loop.
inline constexpr std::size_t kReadBuffer = 16 * 1024;

/// Message text gathered in memory before it goes to the disk in one write. An ordinary
/// message fits, so that it costs one open, one write and one sync.
inline constexpr std::size_t kTextBuffer = 64 * 1024;

/// Text buffers of all sessions together; past it they are written out early.
inline constexpr std::size_t kTextBuffersTotal = 16 * 1024 * 1024;

/// Peer text in one log line.
inline constexpr std::size_t kLogText = 100;

/// A reply, a Message-ID or a reason in one log line: addresses in it may be long.
inline constexpr std::size_t kLogReply = 512;

/// A control request line, and the answers' largest chunk.
inline constexpr std::size_t kControlLine = 4096;

/// A configuration or table file: larger ones are refused when read.
inline constexpr std::size_t kFile = 64 * 1024 * 1024;

/// A logical line of a configuration file.
inline constexpr std::size_t kConfigLine = 1024 * 1024;

}  // namespace gatepost::limits
