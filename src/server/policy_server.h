// SPDX-License-Identifier: Apache-2.0
// server: greylisting lent to another mail server, over Postfix's policy protocol.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "greylist/policy_request.h"
#include "net/connection.h"
#include "net/listener.h"
#include "net/task_group.h"
#include "server/floor.h"
#include "server/greylisting.h"

namespace gatepost::server {

/// Answers as postgrey does: DEFER_IF_PERMIT, PREPEND once a message, DUNNO. All calls from the
/// loop's thread.
class PolicyServer final : private net::Acceptor {
 public:
  /// All outlive it.
  PolicyServer(Floor& floor, Greylisting& greylisting, net::TaskGroup& tasks)
      : floor_(floor), greylisting_(greylisting), tasks_(tasks) {}

  void open(net::Listener listener);
  /// Closes the listeners and ends the connections, which waits for nothing.
  void close();

 private:
  using Connections = std::list<std::unique_ptr<net::Connection>>;

  void accepted(TcpSocket socket, const Endpoint& peer, const Endpoint& local) override;
  void refused(TcpSocket& socket, int number) override;
  void accept_failed(int number) override;

  Task<void> serve(Connections::iterator place);
  /// What stands behind "action=".
  Task<std::string> answer(greylist::PolicyRequest request);
  /// A header goes before a message once, though it is asked about for each recipient.
  bool is_new_instance(std::string_view instance);

  Floor& floor_;
  Greylisting& greylisting_;
  net::TaskGroup& tasks_;
  std::list<net::Listener> listeners_;
  Connections connections_;  ///< The one idle longest is the last.
  bool told_full_ = false;
  std::array<std::size_t, 256> instances_{};  ///< Hashes of those that had their header last.
  std::size_t next_instance_ = 0;
};

}  // namespace gatepost::server
