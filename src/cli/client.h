// SPDX-License-Identifier: Apache-2.0
// cli: the other end of the control socket.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "control/protocol.h"

namespace gatepost::cli {

/// How asking went.
enum class Reached : std::uint8_t {
  Answered,      ///< `text` is the answer, refusals included.
  NotRunning,    ///< Nobody listens at the path.
  NotPermitted,  ///< The socket's permissions keep us out.
  Broken,        ///< Anything else, such as no answer in time; `text` tells what.
};

struct Asked {
  Reached reached = Reached::Broken;
  std::string text;
};

/// Asks the service at the socket `path` and waits for the whole answer, at most `patience` for
/// each piece of it and no more than 256 MiB.
[[nodiscard]] Asked ask(const std::string& path,
                        const control::Request& request,
                        Duration patience = Duration{60'000});

}  // namespace gatepost::cli
