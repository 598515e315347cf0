// SPDX-License-Identifier: Apache-2.0
// app: random keys of this machine, kept in state_directory.
#include "app/key_file.h"

#include <array>
#include <cstdint>

#include "log/events.h"
#include "system/random.h"
#include "system/read_file.h"
#include "system/write_file.h"

namespace gatepost::app {
namespace {

constexpr std::size_t kKey = 32;

}  // namespace

Secret open_key_file(const std::string& path, log::Log& log) {
  auto key = system::read_file(path, kKey);
  if (key && key->size() == kKey) return Secret(*std::move(key));
  std::array<std::uint8_t, kKey> random{};
  if (!system::fill_random(random)) return {};
  Secret made(std::string(random.begin(), random.end()));
  const Result<void> written = system::write_file(path, made.reveal());
  if (!written) log.emit(log::ConfigNote{written.error().detail});
  return made;
}

}  // namespace gatepost::app
