// SPDX-License-Identifier: Apache-2.0
// app: serves the control socket: one request a connection.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

#include "app/control_socket.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "control/access.h"
#include "control/backend.h"
#include "log/log.h"
#include "net/deadlines.h"
#include "net/task_group.h"
#include "queue/item.h"

namespace gatepost::app {

/// port: the running service, with what has to be waited for.
class ControlBackend : public control::Backend {
 public:
  /// Oldest first. The implementation bounds how many.
  virtual Task<Result<std::vector<queue::Item>>> queue() = 0;
  /// Reads configuration and certificates anew. Gives one line about what changed; an error's
  /// detail names file and line of what is wrong, and the old settings stay in force.
  virtual Task<Result<std::string>> reload() = 0;
  /// Carries out a verb that takes arguments; one line about what was done. Permanent: there is
  /// nothing like what was asked for.
  virtual Task<Result<std::string>> perform(control::Request request) = 0;
};

class ControlServer {
 public:
  /// What the server works with; all of it outlives the server.
  struct Parts {
    asio::io_context& loop;
    net::TaskGroup& tasks;
    net::Deadlines& deadlines;
    ControlBackend& backend;
    log::Log& log;
  };

  ControlServer(ControlSocket socket, control::Access access, Parts parts);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  /// Only when tasks.running() is zero after close().
  ~ControlServer();

  /// Begins to accept.
  [[nodiscard]] Result<void> start();
  /// Who may ask, after a reload.
  void configure(control::Access access) { access_ = access; }
  /// Ends accepting and every conversation, and removes the socket's file.
  void close();

 private:
  class Conversation;
  using Stream = LocalSocket;

  Task<void> accept_all();
  void admit(Stream stream);
  /// True when there is a place, or one was made by hanging up on who is silent for longest.
  bool make_room(bool trusted);
  Task<void> serve(std::unique_ptr<Conversation> place, control::Asker asker);
  /// What is to be said to this asker.
  Task<std::string> reply_to(std::string line, control::Asker asker);

  ControlSocket socket_;
  control::Access access_;
  Parts parts_;
  LocalAcceptor acceptor_;
  Timer pause_;
  std::list<Conversation*> conversations_;  // As they came.
};

}  // namespace gatepost::app
