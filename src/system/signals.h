// SPDX-License-Identifier: Apache-2.0
// system: signals as events of the loop.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace gatepost::system {

enum class Signal : std::uint8_t {
  Hangup,     ///< SIGHUP: reload.
  Terminate,  ///< SIGTERM: drain.
  Interrupt,  ///< SIGINT: drain.
  User1,      ///< SIGUSR1: open the log file anew.
};

/// Turns these signals into a readable descriptor, so that nothing ever runs inside a handler.
///
/// Made before any thread is started: threads inherit that the signals are blocked.
class Signals {
 public:
  /// Also ignores SIGPIPE: a peer that went away is an error of the write.
  [[nodiscard]] static Result<Signals> open();
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  /// Readable when a signal has come; non-blocking. Stays the property of this object, so a
  /// wrapper must release it rather than close it.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// The next signal that has come, or nothing.
  [[nodiscard]] std::optional<Signal> next();

 private:
  explicit Signals(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace gatepost::system
