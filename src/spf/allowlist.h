// SPDX-License-Identifier: Apache-2.0
// spf: the networks of several mailers, each as it was last known to be good, and the file that keeps them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "spf/network_set.h"
#include "spf/walk.h"

namespace gatepost::spf {

/// Decides when a mailer is walked again, and what its networks are until then. What a walk that
/// failed found counts only where there is nothing better: a question nobody answered must not
/// shorten the list.
class Allowlist {
 public:
  struct Settings {
    Duration keep = std::chrono::days(14);   ///< How long a set is good while walks fail.
    Duration least = std::chrono::hours(1);  ///< Between walks that went well, whatever the TTL.
    Duration most = std::chrono::days(1);
  };
  /// Until the next try of a walk that failed.
  static constexpr Duration kRetry = std::chrono::minutes(15);

  struct Mailer {
    std::string domain;
    NetworkSet networks;
    Moment taken{};  ///< When they were good; none yet: 1970.
    Moment due{};    ///< When it is walked next.
    Duration ttl{};
    std::string fault;               ///< Of the last walk; empty: it went well.
    std::vector<std::string> notes;  ///< The same.
  };
  struct Taken {
    bool changed = false;  ///< Networks, or when they were good: the file is to be written.
    std::string told;  ///< A line for the log: a walk began to fail, goes well again, or is lapsed.
  };
  /// A view of one network, valid until the next change.
  struct Found {
    Network network;
    std::string_view chain;  ///< "google.com > _netblocks.google.com"
  };

  void configure(Settings settings) { settings_ = settings; }
  /// Those that were there before keep what is known of them; new ones are due at once.
  void set_domains(const std::vector<std::string>& domains);

  /// A mailer to walk now; null when none is due. One that was walked later than `now` is.
  [[nodiscard]] const Mailer* due(Moment now) const;
  /// When the next one is; nothing without mailers.
  [[nodiscard]] std::optional<Moment> next() const;
  /// All are due.
  void hurry();
  /// What a walk of `domain` brought. One that is no mailer any more is let go.
  Taken take(std::string_view domain, WalkResult result, Moment now);

  [[nodiscard]] bool contains(const IpAddress& address) const { return find(address).has_value(); }
  [[nodiscard]] std::optional<Found> find(const IpAddress& address) const;
  [[nodiscard]] const std::vector<Mailer>& mailers() const { return mailers_; }
  [[nodiscard]] std::size_t networks() const;

  /// A cidr table of Postfix: `address TAB action`, with comments that restore() reads.
  [[nodiscard]] std::string text(std::string_view action) const;
  /// Takes over what text() wrote of the mailers there are. An error says which line is not such a
  /// text's; then nothing was taken over.
  [[nodiscard]] Result<void> restore(std::string_view text);

 private:
  [[nodiscard]] Mailer* mailer(std::string_view domain);
  [[nodiscard]] Moment due_after(const Mailer& one) const;

  Settings settings_;
  std::vector<Mailer> mailers_;
};

/// The lines of one set, in the order of their sources.
void append_table(std::string& out, const NetworkSet& set, std::string_view action);

}  // namespace gatepost::spf
