// SPDX-License-Identifier: Apache-2.0
// dns: answers questions, each once, and remembers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include "base/address.h"
#include "base/dns.h"
#include "base/time.h"
#include "dns/cache.h"
#include "dns/channel.h"

namespace gatepost::dns {

/// port: how answers age.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

struct Settings {
  std::vector<Endpoint> servers;  ///< Empty: those of `resolv_conf`.
  /// Looked at again every few seconds when something is asked. Missing, or without a server: the last
  /// ones go on, at first 127.0.0.1.
  std::string resolv_conf = "/etc/resolv.conf";
  Channel::Settings tries{std::chrono::seconds(3), 2};
  Duration limit = std::chrono::seconds(10);  ///< Within which every question is answered.
  /// Under way; more are Failed at once. Half of them for common().
  std::size_t questions = 2200;
};

struct Totals {
  std::uint64_t questions = 0;  ///< All.
  std::uint64_t known = 0;      ///< Answered from what was remembered.
  std::uint64_t joined = 0;     ///< Waited for the answer to the same question.
  std::uint64_t sent = 0;       ///< Went to the servers.
  std::uint64_t failed = 0;     ///< Of those sent, the ones nobody could answer.
};

class Resolver final : public Dns {
 public:
  /// `loop` and `clock` outlive this.
  Resolver(asio::io_context& loop,
           const Clock& clock,
           Settings settings,
           Cache::Bounds bounds = {});
  /// Tasks under way are answered, and do not look back.
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  Task<DnsAnswer> look_up(std::string name, DnsType type) override;
  /// The same for questions whose servers a stranger chooses, as those of a client's own zone: these
  /// may be silent to all of them, and others still have room.
  [[nodiscard]] Dns& common() { return common_; }

  /// Questions under way go on with the new servers, but fail when times and tries change. What is
  /// remembered is forgotten when the servers change: others may know other names.
  void configure(Settings settings);
  /// Answers all that is under way and everything later: Failed.
  void stop();

  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] std::size_t under_way() const { return questions_.size(); }
  [[nodiscard]] const Cache& cache() const { return cache_; }
  /// As c-ares has them, separated by commas.
  [[nodiscard]] const std::string& servers() const { return servers_; }

 private:
  struct Question;
  class Common final : public Dns {
   public:
    explicit Common(Resolver& resolver) : resolver_(resolver) {}
    Task<DnsAnswer> look_up(std::string name, DnsType type) override {
      return resolver_.find(std::move(name), type, true);
    }

   private:
    Resolver& resolver_;
  };
  using Questions = std::vector<std::shared_ptr<Question>>;
  /// By which the same file is known again.
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t octets = -1, modified = 0, modified_ns = 0;
    bool operator==(const Stamp&) const = default;
  };

  Task<DnsAnswer> find(std::string name, DnsType type, bool common);
  Questions::iterator place_of(std::string_view key);
  /// Null: too many. `key` is the name with the type behind it.
  std::shared_ptr<Question> ask(const std::string& key, DnsType type, bool common);
  void take(const Question& question, DnsAnswer answer);
  void follow_resolv_conf();
  void use_servers(std::string servers);

  asio::io_context& loop_;
  const Clock& clock_;
  Settings settings_;
  Cache cache_;
  std::unique_ptr<Channel> channel_;  ///< Null: stopped.
  Questions questions_;               ///< Under way, by key.
  std::size_t commons_ = 0;           ///< Of these, the common ones.
  Common common_{*this};
  std::string servers_;
  Stamp stamp_;
  Instant looked_{};
  Totals totals_;
};

}  // namespace gatepost::dns
