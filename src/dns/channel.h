// SPDX-License-Identifier: Apache-2.0
// dns: c-ares on the loop: its sockets and its timer.
#pragma once

#include <ares.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <asio/io_context.hpp>

#include "base/dns.h"
#include "base/loop.h"
#include "base/time.h"

namespace gatepost::dns {

/// Whoever asked. Told exactly once, on the loop's thread, possibly before ask() returns.
class Asker {
 public:
  /// Nothing of the channel may be called from here.
  virtual void answered(DnsAnswer answer) = 0;

 protected:
  ~Asker() = default;
};

/// Asks the servers in their order, again by TCP where an answer is cut off.
class Channel {
 public:
  struct Settings {
    Duration timeout{};  ///< Of one try.
    int tries = 1;       ///< Of each server; more while these are over sooner.
    bool operator==(const Settings&) const = default;
  };
  Channel(asio::io_context& loop, const Settings& settings);
  /// Every asker is told before it returns.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// "127.0.0.1,[::1]:5353,fe80::1%eth0": asked from now on, questions under way included. False, and
  /// nothing changed, when it cannot be understood.
  bool use_servers(const std::string& servers);
  /// `name` is as parse_name() gives it; `asker` lives until it was told.
  void ask(std::string_view name, DnsType type, Asker& asker);
  /// All askers are told now.
  void cancel();

 private:
  /// A socket of c-ares', which closes it. Waits that were over when it closed still find it.
  struct Socket {
    Socket(asio::io_context& loop, ares_socket_t descriptor) : wire(loop, descriptor) {}
    WatchedDescriptor wire;
    bool open = true;
    bool reads = false, writes = false;     ///< Wanted.
    bool reading = false, writing = false;  ///< Waited for.
  };

  static void on_socket(void* self, ares_socket_t descriptor, int reads, int writes);
  void set_socket(ares_socket_t descriptor, bool reads, bool writes);
  void wait_for(const std::shared_ptr<Socket>& socket);
  void on_ready(const std::shared_ptr<Socket>& socket, unsigned event);
  void arm();

  asio::io_context& loop_;
  /// Null inside when the channel is gone: a timer that went off is told of after that too.
  std::shared_ptr<Channel*> self_;
  Timer timer_;
  Duration patience_;  ///< Of all tries.
  std::vector<std::shared_ptr<Socket>> sockets_;
  ares_channel_t* channel_ = nullptr;  ///< Null: no memory for it.
};

}  // namespace gatepost::dns
