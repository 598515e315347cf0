// SPDX-License-Identifier: Apache-2.0
// log: which time zone a process lives in: $TZ, /etc/localtime.
#include "log/zone_files.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace gatepost::log {
namespace {

// The longest of the tz database has 4 KiB.
constexpr std::size_t kMostOctets = std::size_t{64} * 1024;

/// All there is, or nothing where it is too much.
std::optional<std::string> read_all(int descriptor) {
  std::string octets;
  std::array<char, 4096> buffer{};
  while (octets.size() <= kMostOctets) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return octets;
    octets.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return std::nullopt;
}

std::optional<TimeZone> read_zone(const std::string& path) {
  // TZ is anybody's word: a FIFO would wait for its writer, a terminal become ours.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return std::nullopt;
  struct stat facts {};
  std::optional<std::string> octets;
  if (::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode)) octets = read_all(descriptor);
  ::close(descriptor);
  return octets ? parse_zone_file(*octets) : std::nullopt;
}

}  // namespace

ZonePlaces find_zone_places() {
  ZonePlaces out;
  // NOLINTBEGIN(concurrency-mt-unsafe): nothing of ours changes the environment in threads
  if (const char* zone = ::secure_getenv("TZ"); zone != nullptr) out.variable = zone;
  const char* folder = ::secure_getenv("TZDIR");
  // NOLINTEND(concurrency-mt-unsafe)
  if (folder != nullptr && *folder != '\0') out.folder = folder;
  return out;
}

TimeZone load_zone(const ZonePlaces& places) {
  if (!places.variable) return read_zone(places.local).value_or(TimeZone{});
  std::string_view name = *places.variable;
  if (name.starts_with(':')) name.remove_prefix(1);
  TimeZone out;
  if (name.empty()) return out;
  const std::string path =
      name.front() == '/' ? std::string(name) : (places.folder + "/").append(name);
  if (auto found = read_zone(path)) return *std::move(found);
  out.after = parse_zone_rule(name);
  return out;
}

}  // namespace gatepost::log
