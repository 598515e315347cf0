// SPDX-License-Identifier: Apache-2.0
// app: where the settings say that mail goes.
#include "app/transports.h"

#include <string_view>

namespace gatepost::app {

Result<delivery::Transport> local_transport(const config::Settings& settings) {
  const std::string& own = settings.mailbox_transport;
  return delivery::parse_transport(own.empty() ? settings.local_transport : own);
}

std::vector<std::string> find_transport_faults(const config::Settings& settings) {
  std::vector<std::string> out;
  const auto check = [&out](std::string_view name, const std::string& value) {
    const auto parsed = delivery::parse_transport(value);
    if (!parsed) out.push_back(std::string(name) + ": " + parsed.error().detail);
  };
  check("virtual_transport", settings.virtual_transport);
  check("local_transport", settings.local_transport);
  check("mailbox_transport", settings.mailbox_transport);
  return out;
}

}  // namespace gatepost::app
