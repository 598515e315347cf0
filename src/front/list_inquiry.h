// SPDX-License-Identifier: Apache-2.0
// front: asks all DNS lists about a client, once for all its connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/dns.h"
#include "base/loop.h"
#include "base/task.h"
#include "base/time.h"
#include "log/log.h"
#include "net/deadlines.h"
#include "net/task_group.h"
#include "screen/guard.h"
#include "screen/score.h"
#include "screen/sites.h"

namespace gatepost::front {

/// What a list is asked about a client.
[[nodiscard]] std::string question_name(const IpAddress& client, std::string_view zone);

/// Every list is asked about every client by tasks of its own, kMostAtOnce at a time: what waits for
/// one that is slow does not hold up the others, and no question is left out because there are
/// many. One that waits while its clients hang up is not asked. Probes of the lists' health go on
/// beside it.
class ListInquiry final : private net::Waiter {
  struct Set;

 public:
  /// Tasks of one list: 256 answers in 50 ms are 5,000 clients in a second, in less than a MiB.
  static constexpr std::uint32_t kMostAtOnce = 256;
  /// Of all lists: a resolver refuses what is too much for it, and then nobody asks again.
  static constexpr std::uint32_t kMostTogether = 1024;
  /// Who connects later than this is asked about anew, though others still hold the answers.
  static constexpr Duration kShared = std::chrono::minutes(1);

  struct Settings {
    screen::Sites sites;
    screen::GuardSettings guard;
    Duration timeout{10'000};  ///< postscreen_dnsbl_timeout
  };

  class Observer {
   public:
    /// A client's answers are complete, perhaps once more: a list came into doubt meanwhile. On the
    /// loop's thread. Must neither make nor destroy an Asked.
    virtual void lists_answered() = 0;

   protected:
    ~Observer() = default;
  };

  /// One connection's share in what is asked about its client. Kept until the verdict.
  class Asked {
   public:
    /// Asks, unless another connection has. The inquiry and the observer, which may be null, outlive
    /// it. An observer is not told of what is complete from the beginning.
    Asked(ListInquiry& inquiry, const IpAddress& client, Observer* observer);
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;
    ~Asked();

    /// Nothing more will be answered that could count.
    [[nodiscard]] bool is_complete() const;
    /// As it is now; partial before all is answered.
    [[nodiscard]] screen::Score score() const;
    /// What the list said, by its place in the guard's sites.
    [[nodiscard]] screen::Finding finding(std::size_t zone) const;
    /// Until all is answered, or `until`. One wait at a time.
    Task<void> wait(Instant until);

   private:
    friend ListInquiry;

    ListInquiry& inquiry_;
    Set* set_;
    Observer* observer_;
    Timer* bell_ = nullptr;  // Of the wait under way.
    Asked* next_;            // Of the same set.
  };

  /// All outlive it, and it outlives the tasks in `tasks`.
  ListInquiry(net::TaskGroup& tasks, net::Deadlines& deadlines, Dns& dns, log::Log& log);

  /// Before the first question, and when settings change: what is known of lists of the same name,
  /// and what they answered, is kept. Begins to probe the lists that are new.
  void configure(Settings settings);

  [[nodiscard]] const screen::Guard& guard() const { return guard_; }
  /// How long the lists have to answer.
  [[nodiscard]] Duration timeout() const { return timeout_; }
  /// Probes the list's health now. False: there is no such list.
  bool probe_now(std::string_view zone);
  /// Clients with answers in memory.
  [[nodiscard]] std::size_t clients() const { return sets_.size(); }

 private:
  /// What is known of one client, while an Asked holds it.
  struct Set {
    IpAddress client;
    std::uint64_t number = 0;
    Instant begun{};
    Instant until{};             // When what is open is given up.
    screen::ZoneSet queued = 0;  // Not asked yet.
    screen::ZoneSet open = 0;    // Not answered yet, whether asked or not.
    bool told = false;
    std::vector<screen::Finding> findings;
    Asked* holders = nullptr;
  };
  /// The tasks that ask one list.
  struct Lane {
    std::uint32_t workers = 0;
    std::uint64_t next = 0;  // Sets before this one do not wait for the list.
  };
  struct Question {
    bool any = false;
    std::uint64_t set = 0;
    IpAddress client;
  };
  class Shift;

  [[nodiscard]] Set& join(const IpAddress& client);
  [[nodiscard]] Set& begin(const IpAddress& client);
  void leave(Set& set);
  void hire(screen::ZoneSet zones);
  [[nodiscard]] Question take(std::string_view name);
  Task<void> work(std::string zone);
  void hear(std::string_view name, const Question&, const DnsAnswer&, Instant begun);
  void log_listing(const Set& set, std::size_t zone, const screen::ListAnswer& answer);
  void close(Set& set, std::size_t zone, const screen::Finding& finding);

  Task<void> probe(std::string name);
  void begin_probes();
  void tell();

  [[nodiscard]] bool is_complete(const Set& set) const;
  void settle(Set& set);
  void settle_all();
  void give_up(Set& set, Instant now);
  void arm();
  void time_is_up() override;

  net::TaskGroup& tasks_;
  net::Deadlines& deadlines_;
  Dns& dns_;
  log::Log& log_;
  screen::Guard guard_{{}};
  Duration timeout_{};
  std::vector<Lane> lanes_;            // As the zones of the guard's sites.
  std::map<std::uint64_t, Set> sets_;  // As they began; deadlines follow the same order.
  std::map<IpAddress, Set*> of_client_;
  std::uint64_t last_ = 0;     // Number of the latest set.
  std::uint64_t pending_ = 0;  // Sets before this one have been given up.
  std::uint64_t chance_;
  Instant armed_ = kNever;
  std::optional<net::Deadlines::Ticket> ticket_;
};

}  // namespace gatepost::front
