// SPDX-License-Identifier: Apache-2.0
// app: what has to be done while the process still may: ports, directories, keys; then it may less.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <asio/io_context.hpp>

#include "app/control_socket.h"
#include "app/disk_files.h"
#include "app/settings_directory.h"
#include "config/settings.h"
#include "log/clock.h"
#include "log/counters.h"
#include "log/log.h"
#include "net/listener.h"
#include "server/profile.h"
#include "system/service.h"
#include "system/signals.h"
#include "tls/server_context.h"

namespace gatepost::app {

/// What start-up hands to the app. The loop stands first: what refers to it goes before it.
struct Opened {
  explicit Opened(system::ServiceManager service, system::Signals caught)
      : manager(std::move(service)), signals(std::move(caught)) {}

  asio::io_context loop{1};
  DiskFiles files;
  log::SystemClock clock;
  log::Counters counters;
  system::ServiceManager manager;
  system::Signals signals;
  std::unique_ptr<log::Log> log;
  std::string configuration;  ///< Path of the file.
  std::shared_ptr<const config::Settings> settings;
  std::shared_ptr<SettingsDirectory> directory;
  std::unique_ptr<tls::ServerContexts> contexts;  ///< Null when no service speaks TLS.
  std::vector<std::pair<server::Service, net::Listener>> listeners;
  std::vector<net::Listener> policy_listeners;  ///< greylist_policy_listen
  std::vector<ControlSocket> policy_sockets;    ///< Their locks, of those with a path.
  std::optional<ControlSocket> control;
  control::Access access;
  bool has_maildrop = false;  ///< maildrop_directory is there and ours.
};

/// Why there is nothing to run: one line each, and the sysexits code.
struct Refusal {
  std::vector<std::string> lines;
  int exit_code = 78;
};

/// Reads the configuration, opens sockets, makes directories, loads keys, and gives up every right
/// that is not needed any more. Nothing is left after a refusal but empty directories.
[[nodiscard]] std::variant<std::unique_ptr<Opened>, Refusal> start_up(const std::string& file);

}  // namespace gatepost::app
