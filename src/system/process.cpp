// SPDX-License-Identifier: Apache-2.0
// system: what the kernel says about this machine and this process.
#include "system/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"

namespace gatepost::system {

std::string host_name() {
  utsname about{};
  if (::uname(&about) != 0) return "localhost";
  std::string name = lower(about.nodename);
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '.';
  });
  return plain && name != "(none)" ? name : "localhost";
}

Result<std::uint64_t> raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return system_error("getrlimit", errno);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return system_error("setrlimit", errno);
  }
  return static_cast<std::uint64_t>(limit.rlim_cur);
}

std::optional<std::uint64_t> memory_used() {
  const int fd = ::open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  // One short page; the figure stands near its beginning.
  std::array<char, 4096> buffer{};
  const auto got = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  if (got <= 0) return std::nullopt;
  std::string_view text(buffer.data(), static_cast<std::size_t>(got));
  constexpr std::string_view kLabel = "\nPss:";
  const auto at = text.find(kLabel);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kLabel.size());
  const auto kibi = parse_number(take_word(text, " \n"));
  if (!kibi) return std::nullopt;
  return *kibi * 1024;
}

}  // namespace gatepost::system
