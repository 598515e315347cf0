// SPDX-License-Identifier: Apache-2.0
// delivery: asks, before a recipient is accepted, whether the server its mail goes to takes it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <asio/io_context.hpp>

#include "base/task.h"
#include "base/time.h"
#include "delivery/dial.h"
#include "delivery/transport.h"
#include "mail/path.h"
#include "net/connection.h"
#include "net/deadlines.h"
#include "smtp/client_session.h"
#include "smtp/steps.h"

namespace gatepost::delivery {

/// So that a report about failure is rare: it is the client's task to tell its user. Only a clear
/// no counts; a server that is down, slow or undecided gets the mail later, from the queue.
class Prober {
 public:
  /// Both outlive the prober.
  Prober(asio::io_context& loop, net::Deadlines& deadlines) : loop_(loop), deadlines_(deadlines) {}
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  void configure(std::string hostname) { hostname_ = std::move(hostname); }
  /// Ends what is under way.
  void stop();

  /// The refusal. What is said of the recipient is remembered for a minute, a yes as well as a no;
  /// what is said of the sender is not. A server that cannot be asked is left alone for a while.
  Task<std::optional<smtp::Reply>> ask(Transport transport, mail::Mailbox sender, mail::Mailbox to);

 private:
  struct Known {
    Instant until{};
    std::optional<smtp::Reply> refusal;
  };
  void remember(const std::string& key, const std::optional<smtp::Reply>& refusal);
  Task<void> talk(Transport transport, smtp::ClientSession& session);

  asio::io_context& loop_;
  net::Deadlines& deadlines_;
  std::string hostname_;
  std::map<std::string, Known> known_;
  /// Servers that could not be asked, and until when they are not.
  std::map<std::string, Instant> silent_;
  std::set<net::Connection*> connections_;
  Dials dials_;
  std::size_t asking_ = 0;
  bool stopped_ = false;
};

}  // namespace gatepost::delivery
