// SPDX-License-Identifier: Apache-2.0
// app: the file of the control socket, or of another: made, guarded by a lock, and removed.
#include "app/control_socket.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace gatepost::app {

namespace {

constexpr int kBacklog = 16;

Error unusable(std::string detail) {
  return {.cause = Cause::Permanent, .detail = std::move(detail), .system = 0};
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API's form
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return unusable("the path must have 1 to " + std::to_string(sizeof(address.sun_path) - 1) +
                    " octets: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

/// Gives a file to the owner and the control group, as far as this process may and must.
Result<void> hand_over(const std::string& path, const ControlSettings& settings) {
  const bool root = ::geteuid() == 0;
  if (!root && !settings.access.group) return {};
  const uid_t owner = root ? settings.access.owner : static_cast<uid_t>(-1);
  const gid_t group = settings.access.group.value_or(settings.owner_group);
  // lchown: where the folder is the owner's, a link put in our way must not lead us elsewhere.
  if (::lchown(path.c_str(), owner, group) != 0) return system_error("chown " + path, errno);
  return {};
}

Result<void> make_directory(const ControlSettings& settings) {
  const std::size_t slash = settings.path.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const std::string directory = settings.path.substr(0, slash);
  // The umask leaves others nothing, and they are to reach such a socket.
  const bool shared = (settings.mode & 07) != 0;
  const mode_t masked = ::umask(shared ? 022 : 027);
  const bool made = ::mkdir(directory.c_str(), shared ? 0755 : 0750) == 0;
  const int number = errno;
  ::umask(masked);
  if (made) return hand_over(directory, settings);
  if (number == EEXIST) return {};
  return system_error("mkdir " + directory, number);
}

/// The lock, or an error that says who has it. The file stays: removing it would let two
/// processes hold locks on two files of one name.
Result<int> take_lock(const ControlSettings& settings) {
  const std::string path = settings.path + ".lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return system_error("open " + path, errno);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    ::close(lock);
    if (number == EWOULDBLOCK) return unusable("another gatepost owns " + settings.path);
    return system_error("flock " + path, number);
  }
  if (::geteuid() == 0 && ::fchown(lock, settings.access.owner, settings.owner_group) != 0) {
    const int number = errno;
    ::close(lock);
    return system_error("chown " + path, number);
  }
  return lock;
}

/// Takes away what a crash left at the path; anything else there is an error.
Result<void> clear_path(const std::string& path, const sockaddr_un& address) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) return {};
    return system_error("stat " + path, errno);
  }
  if (!S_ISSOCK(facts.st_mode)) return unusable(path + " is there and is not a socket");
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return system_error("socket", errno);
  const bool silent =
      ::connect(probe, generic(address), sizeof(address)) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  if (!silent) return unusable("another program answers at " + path);
  if (::unlink(path.c_str()) != 0) return system_error("unlink " + path, errno);
  return {};
}

Result<void> bind_and_listen(int descriptor,
                             const sockaddr_un& address,
                             const ControlSettings& settings) {
  // The file is born with the socket's own mode, less the umask, and still with our own user and
  // group: nobody gets in early, and no chmod by name could be led astray.
  if (::fchmod(descriptor, settings.mode) != 0) return system_error("chmod socket", errno);
  const mode_t masked = ::umask(0);
  const bool bound = ::bind(descriptor, generic(address), sizeof(address)) == 0;
  const int number = errno;
  ::umask(masked);
  if (!bound) return system_error("bind " + settings.path, number);
  GP_CHECK(hand_over(settings.path, settings));
  if (::listen(descriptor, kBacklog) != 0) return system_error("listen " + settings.path, errno);
  return {};
}

}  // namespace

Result<ControlSocket> ControlSocket::open(const ControlSettings& settings) {
  GP_TRY(const sockaddr_un address, address_of(settings.path));
  GP_CHECK(make_directory(settings));
  ControlSocket made;
  GP_TRY(made.lock_, take_lock(settings));
  GP_CHECK(clear_path(settings.path, address));
  made.descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made.descriptor_ < 0) return system_error("socket", errno);
  GP_CHECK(bind_and_listen(made.descriptor_, address, settings));
  made.path_ = settings.path;
  return made;
}

ControlSocket ControlSocket::adopt(int descriptor) {
  ControlSocket made;
  made.descriptor_ = descriptor;
  return made;
}

ControlSocket::ControlSocket(ControlSocket&& other) noexcept {
  swap(other);
}

ControlSocket& ControlSocket::operator=(ControlSocket&& other) noexcept {
  ControlSocket taken(std::move(other));
  swap(taken);
  return *this;
}

ControlSocket::~ControlSocket() {
  remove();
  if (descriptor_ >= 0) ::close(descriptor_);
  if (lock_ >= 0) ::close(lock_);
}

int ControlSocket::release() {
  return std::exchange(descriptor_, -1);
}

void ControlSocket::remove() {
  if (path_.empty()) return;
  // Nothing is lost when it fails: the next start finds the file unlocked and replaces it.
  static_cast<void>(::unlink(path_.c_str()));
  path_.clear();
}

void ControlSocket::swap(ControlSocket& other) noexcept {
  path_.swap(other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(lock_, other.lock_);
}

}  // namespace gatepost::app
