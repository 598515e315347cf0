// SPDX-License-Identifier: Apache-2.0
// screen: which DNS lists are in order. No mail is refused because of one that is not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "screen/score.h"
#include "screen/sites.h"

namespace gatepost::screen {

/// Why a list is not heard.
enum class Fault : std::uint8_t {
  None,
  PublicResolver,  ///< It refuses questions that come through a resolver everybody uses.
  Overused,        ///< It says that we ask too much.
  Misspelled,      ///< It says that we ask for a list it has not.
  Refused,         ///< It refuses to answer and does not say why.
  ErrorCode,       ///< Another answer of 127.255.255.0/24.
  Outside,         ///< An answer outside 127.0.0.0/8: a parked domain, or a resolver that lies.
  ListsAll,        ///< It lists 127.0.0.1, or a name nobody ever asked for.
  ListsNothing,    ///< It does not list its test point: dead, or empty.
  Silent,          ///< No answers.
  Slow,            ///< They come too late to be of use.
  Limit,           ///< dnsbl_daily_query_limit
};

/// For the log and for status: "answers 127.255.255.254: ...". `code` where an answer was at fault.
[[nodiscard]] std::string format_fault(Fault fault, const IpAddress& code);

/// What `address` says about the question itself; None when it is about the client. Lower case.
[[nodiscard]] Fault find_code(std::string_view zone, const IpAddress& address);

/// RFC 5782 section 5: what a list in order must say, whoever asks.
enum class TestPoint : std::uint8_t {
  Listed,     ///< 127.0.0.2 is listed.
  NotListed,  ///< 127.0.0.1 is not.
  Random,     ///< Nor is a name that is none of an address.
  ListedV6,   ///< ::ffff:7f00:2, for a list of IPv6 alone: in the place of 127.0.0.2.
};
inline constexpr std::array kTestPoints{TestPoint::Listed, TestPoint::NotListed, TestPoint::Random,
                                        TestPoint::ListedV6};
/// The name to look up. `chance` is another one each time, or an old answer would be heard again.
[[nodiscard]] std::string test_name(TestPoint point, std::string_view zone, std::uint64_t chance);

struct GuardSettings {
  std::uint32_t daily_limit = 0;  ///< Questions to one list in 24 hours; 0: any number.
  Duration slow{6000};            ///< Half the answers take longer: of no use.
};

/// The health of all lists, from what they answer. A list is heard or muted:
///
/// - A probe is three questions whose answers are known. Before the first is answered, and when a
///   list condemns somebody whose last good probe is kTrust old, what it says does not count yet
///   (`undecided`). A score is added up when it is read, seconds after the questions, so that an
///   honest list loses nothing by this, while one that began to list the world since it was last
///   looked at condemns nobody.
/// - An answer that is an error code mutes at once; so do a probe that goes wrong, answers that stay
///   away, or come late, and the limit of a day.
/// - A muted list is not asked about clients. What it answered before adds nothing either, unless it
///   was in order and is only silent, slow or asked too often now. Probes go on, after 1 minute and then
///   twice as long each time up to an hour; the first good one ends it. Of one that is only silent up
///   to five minutes: it may have been our own line.
///
/// Time of the steady clock: a board without a clock of its own has a day, too.
class Guard {
 public:
  static constexpr Duration kTrust = std::chrono::minutes(5);  ///< What a good probe is good for.
  static constexpr Duration kRenew = std::chrono::minutes(4);  ///< While there are listings.
  static constexpr Duration kRoutine = std::chrono::hours(1);  ///< While there are none.
  static constexpr Duration kFirstWait = std::chrono::minutes(1);
  static constexpr Duration kLastWait = std::chrono::hours(1);
  static constexpr Duration kLastSilence = std::chrono::minutes(5);
  static constexpr Duration kAgain = std::chrono::seconds(10);  ///< After a probe that was dropped.
  static constexpr Duration kLostProbe = std::chrono::minutes(5);
  static constexpr Duration kSilence = std::chrono::seconds(10);
  static constexpr std::uint32_t kMostFailures = 5;  ///< In a row, over kSilence.

  enum class State : std::uint8_t {
    Untried,  ///< No probe was answered yet.
    Heard,
    Doubted,  ///< Heard before; has to show that it still can be.
    Muted,
  };
  /// Something to tell, once.
  struct Notice {
    std::size_t zone = 0;
    bool muted = false;  ///< Else it is heard again.
    Fault fault{};       ///< For which it is, or was.
    IpAddress code;      ///< Of an answer at fault.
    Duration lasted{};   ///< Of what it was muted for.
  };
  struct Status {
    std::string_view zone;
    std::int32_t positive = 0, negative = 0;  ///< Weights.
    State state = State::Untried;
    std::string fault;    ///< Why it is muted; empty when it is not.
    Duration for_time{};  ///< In this state.
    std::uint64_t questions = 0, hits = 0, failures = 0;
    Duration median{};       ///< Of the last answers; zero: none yet.
    std::string_view error;  ///< The last of a resolver or list; empty: none.
  };

  explicit Guard(GuardSettings settings) : settings_(settings) {}

  /// Lists of the same name keep what is known of them. Places in Sites are new after this.
  void configure(Sites sites, GuardSettings settings, Instant now);
  [[nodiscard]] const Sites& sites() const { return sites_; }

  /// Lists to ask about clients, those whose answers count, and those a probe will decide about.
  [[nodiscard]] ZoneSet asking() const;
  [[nodiscard]] ZoneSet counting() const;
  [[nodiscard]] ZoneSet undecided() const;

  /// Before each question about a client. False: do not ask, the list is muted.
  [[nodiscard]] bool may_ask(std::size_t zone, Instant now);
  /// An answer about a client, `took` after the question: what of it can be believed.
  [[nodiscard]] ListAnswer hear(std::size_t zone, const ListAnswer&, Duration took, Instant now);

  /// When the next probe is due; kNever: there are no lists. One under way that is not ended after
  /// kLostProbe never will be.
  [[nodiscard]] Instant next_probe() const;
  /// A list whose probe is due; nothing when there is none. The probe is under way then.
  [[nodiscard]] std::optional<std::size_t> begin_probe(Instant now);
  /// Whether the probe still needs `point`, of kTestPoints in their order.
  [[nodiscard]] bool wants(std::size_t zone, TestPoint point) const;
  void hear_probe(std::size_t zone, TestPoint point, const ListAnswer&, Duration took);
  void end_probe(std::size_t zone, Instant now);
  /// Instead of its end: a question could not be asked, and it was not the list's fault.
  void drop_probe(std::size_t zone, Instant now);
  /// A probe is due now, however long it was to wait. One under way is as good.
  void hurry(std::size_t zone, Instant now);

  /// What was noticed since the last call.
  [[nodiscard]] std::vector<Notice> take_notices();
  /// Borrows from the guard.
  [[nodiscard]] Status status(std::size_t zone, Instant now) const;

 private:
  static constexpr std::size_t kSamples = 16;

  struct Probe {
    bool under_way = false;
    bool overtaken = false;  // Clients' answers muted the list meanwhile: they weigh more.
    Instant until{};         // When it is given up.
    Fault fault = Fault::None;
    IpAddress code;
    Duration slowest{};
    std::array<ListAnswer::Kind, kTestPoints.size()> kinds{
        ListAnswer::Kind::Failed, ListAnswer::Kind::Failed, ListAnswer::Kind::Failed,
        ListAnswer::Kind::Failed};
  };
  struct List {
    State state = State::Untried;
    Fault fault = Fault::None;
    IpAddress code;
    bool believed = false;  // Muted, but what it said before was right.
    Instant since{};
    Instant proved{};  // The last good probe; of meaning when Heard.
    Instant next_probe{};
    Duration wait{};  // Before the probe of a muted list.
    Probe probe;
    std::uint32_t failures_in_row = 0;
    Instant failing_since{};
    Instant day{};  // Where `asked` began to count.
    std::uint32_t asked = 0;
    std::array<std::uint16_t, kSamples> samples{};  // Milliseconds.
    std::uint32_t sampled = 0;
    std::uint64_t questions = 0, hits = 0, failures = 0;
    std::string error;
  };

  [[nodiscard]] ZoneSet in_state(State a, State b) const;
  void mute(std::size_t zone, Fault fault, const IpAddress& code, Instant now);
  void unmute(std::size_t zone, Instant now);
  void fail(std::size_t zone, const ListAnswer& answer, Duration took, Instant now);
  static void count(List& list, std::uint32_t questions, Instant now);
  static void sample(List& list, Duration took);
  [[nodiscard]] static Duration median(const List& list);
  [[nodiscard]] Fault judge(const List& list) const;

  Sites sites_;
  GuardSettings settings_;
  std::vector<List> lists_;  // As the zones of sites_.
  std::vector<Notice> notices_;
};

}  // namespace gatepost::screen
