// SPDX-License-Identifier: Apache-2.0
// app: the file of the control socket, or of another: made, guarded by a lock, and removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/access.h"

namespace gatepost::app {

struct ControlSettings {
  std::string path;  ///< As control_socket.
  /// Who may ask: the user the service runs as once privileges are dropped, and control_group.
  control::Access access;
  std::uint32_t owner_group = 0;  ///< The owner's primary group.
  std::uint32_t mode = 0660;      ///< The socket's.
};

/// A listening socket at `path`. Its directory is made when it is missing, with mode 0750, or 0755
/// where others may ask; one that is there is left as it is. Beside it lies PATH.lock, which says as long as this
/// process lives that the socket is in use: a socket file found without it being locked is what
/// a crash left, and is replaced, unless somebody answers there all the same.
class ControlSocket {
 public:
  /// As root, before privileges are dropped, or as the owner. What is made belongs to the owner
  /// and the group.
  [[nodiscard]] static Result<ControlSocket> open(const ControlSettings& settings);
  /// A socket of the service manager, owned from here on. Its file is not ours to remove.
  [[nodiscard]] static ControlSocket adopt(int descriptor);

  ControlSocket(ControlSocket&& other) noexcept;
  ControlSocket& operator=(ControlSocket&& other) noexcept;
  ~ControlSocket();

  /// The listening descriptor; belongs to the caller from here on. Once.
  [[nodiscard]] int release();
  /// Removes the file, so that clients learn at once that there is no service.
  void remove();

 private:
  ControlSocket() = default;
  void swap(ControlSocket& other) noexcept;

  std::string path_;  ///< Empty: nothing to remove.
  int descriptor_ = -1;
  int lock_ = -1;
};

}  // namespace gatepost::app
