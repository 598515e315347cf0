// SPDX-License-Identifier: Apache-2.0
// base: port: a stream of octets to and from one peer, with deadlines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/task.h"
#include "base/time.h"

namespace gatepost {

/// How a wait for input ended.
enum class Fill : std::uint8_t {
  Data,     ///< At least one octet was read.
  Timeout,  ///< The deadline passed first. The wire is still usable.
  Closed,   ///< The peer closed, reset, or broke the stream. The wire is not usable any more.
};

struct FillResult {
  Fill kind = Fill::Closed;
  std::size_t octets = 0;
};

/// One peer's octets. TLS is a Wire over another Wire, so both are tested without sockets.
///
/// All calls come from the loop's thread, one at a time. A buffer passed in is borrowed
/// until the task ends; the octets are written right before the caller resumes, so a
/// buffer may be shared between wires if its reader finishes with it before it awaits again.
class Wire {
 public:
  virtual ~Wire() = default;

  /// Waits for input until `until`, then reads what is there, at most buffer.size() octets.
  virtual Task<FillResult> fill(std::span<char> buffer, Instant until) = 0;

  /// Sends all of `octets`. False when the peer is gone or `until` passed.
  virtual Task<bool> send(std::string_view octets, Instant until) = 0;

  /// True when input can be taken without waiting (a peer that talks out of turn).
  virtual bool has_input() = 0;

  /// True when the peer is known to send nothing more, unread octets or not. Does not wait.
  [[nodiscard]] virtual bool is_gone() { return false; }

  /// Hands over what the stream takes without waiting and drops the rest: for a close_notify,
  /// right before close(), when nobody would wait for it any more.
  virtual void send_at_once(std::string_view octets) { static_cast<void>(octets); }

  /// Ends the stream: TLS says close_notify. Nothing may be called afterwards.
  virtual void close() = 0;
};

}  // namespace gatepost
