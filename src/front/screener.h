// SPDX-License-Identifier: Apache-2.0
// front: what the screening of all connections shares.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "base/address.h"
#include "base/dns.h"
#include "front/client_memory.h"
#include "front/list_inquiry.h"
#include "net/task_group.h"
#include "screen/expected.h"
#include "screen/let_in.h"
#include "screen/stress.h"
#include "server/floor.h"
#include "server/gate.h"
#include "server/profile.h"

namespace gatepost::front {

/// Makes the gates of connections to the service smtp. All calls from the loop's thread.
class Screener final : public server::Gates {
 public:
  struct World {
    server::Floor& floor;
    net::TaskGroup& tasks;
    Dns* dns = nullptr;            ///< Null: no lists, no names.
    ListInquiry* lists = nullptr;  ///< Null without `dns`.
    ClientMemory& memory;
    const screen::LetIn& let_in;
    const screen::Expected& expected;
  };

  /// What `world` names outlives the screener, and it outlives its gates.
  explicit Screener(const World& world) : world_(world) {}

  /// What new gates go by.
  void configure(std::shared_ptr<const server::Profile> profile);
  [[nodiscard]] std::unique_ptr<server::Gate> make_gate() override;

  /// While true nobody is tested any more, for memory is short: who is not known is turned away.
  void shed(bool yes) { shedding_ = yes; }

  /// Connections under test.
  [[nodiscard]] std::uint32_t under_test() const { return under_test_; }
  [[nodiscard]] bool stressed() const { return stress_.on(); }
  [[nodiscard]] ClientMemory& memory() { return world_.memory; }

 private:
  friend class ScreenGate;

  /// False: there are too many already.
  bool begin_test();
  void end_test();
  void update_stress();
  /// One mail to postmaster or abuse each minute for a network that is refused otherwise.
  [[nodiscard]] bool may_use_lane(const IpAddress& client, Instant now);

  /// Names of clients that are looked up at a time: of what a resolver can be asked, the smaller
  /// part. Who hangs up at once leaves its name's look-up behind.
  static constexpr std::uint32_t kMostNames = 512;
  static constexpr std::size_t kMostLanes = 1024;
  static constexpr Duration kLaneTime{60'000};

  World world_;
  std::shared_ptr<const server::Profile> profile_;
  screen::Stress stress_;
  std::uint32_t under_test_ = 0;
  std::shared_ptr<std::uint32_t> names_ = std::make_shared<std::uint32_t>(0);  // Shared with tasks.
  bool shedding_ = false;
  std::map<IpAddress, Instant> lanes_;  // When each network used it last.
};

}  // namespace gatepost::front
