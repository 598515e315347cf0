// SPDX-License-Identifier: Apache-2.0
// spf: the networks that a domain's record names, without a client in view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "spf/machine.h"
#include "spf/network_set.h"
#include "spf/record.h"

namespace gatepost::spf {

/// What becomes of a network whose host bits are set: it is unclear which one was meant.
enum class HostBits : std::uint8_t {
  Remove,  ///< It is left out.
  Fix,     ///< They are cleared.
  Keep,    ///< It stands in texts as it was written, and counts as if they were cleared.
};

/// Wider than for a check (RFC 7208 section 4.6.4): nobody waits, and large mailers are past it.
struct WalkLimits {
  HostBits host_bits = HostBits::Remove;
  unsigned questions = 100;
  unsigned depth = 10;
  std::size_t networks = 20000;
  unsigned widest4 = 14;  ///< A network with a shorter prefix is left out: one typing error in a
  unsigned widest6 = 24;  ///< stranger's record must not let in a continent.
};

struct WalkResult {
  NetworkSet networks;             ///< Settled.
  std::vector<std::string> notes;  ///< What was left out, and why. Bounded.
  /// Empty: the record was walked to its end. Otherwise why not; networks are those found.
  std::string fault;
  /// The least TTL of what was found; zero when nothing said.
  Duration ttl{};
};

/// include, redirect, a, mx, ip4 and ip6 are followed; exists, ptr and what has macros depends on
/// the client, and is noted. Mechanisms with - ~ ? say nothing for a client, and are passed over.
class Walk final : public Machine {
 public:
  static constexpr std::size_t kMostNotes = 64;

  explicit Walk(std::string_view domain, WalkLimits limits = {});

  void answer(const DnsAnswer& answer) override;
  /// Of use when there is no question; may be moved from.
  [[nodiscard]] WalkResult& result() { return result_; }

 private:
  struct Visit {
    DnsType type = DnsType::Txt;
    std::string name;
    std::string chain;
    unsigned depth = 0;
    std::uint8_t prefix4 = 32;
    std::uint8_t prefix6 = 128;

    [[nodiscard]] bool same_as(const Visit& other) const;
  };

  void next();
  void visit(Visit where);
  void take_record(const Visit& from, const DnsAnswer& answer);
  void take_terms(const Visit& from, const Record& record);
  void take_term(const Visit& from, const Term& term);
  void take_network(const Visit& from, const Term& term);
  void take_addresses(const Visit& from, const DnsAnswer& answer);
  void take_exchanges(const Visit& from, const DnsAnswer& answer);
  void follow(const Visit& from, std::string_view spec, std::string_view word);
  void add(const Visit& from, const Network& network);
  void note(const Visit& from, std::string_view what);
  void fail(const Visit& from, std::string_view what);

  WalkLimits limits_;
  WalkResult result_;
  std::vector<Visit> visits_;  // All of them, so that none is made twice.
  std::size_t at_ = 0;
};

}  // namespace gatepost::spf
