// SPDX-License-Identifier: Apache-2.0
// spf: check_host(): may this client send for this domain (RFC 7208 section 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "spf/machine.h"
#include "spf/macro.h"
#include "spf/record.h"

namespace gatepost::spf {

enum class Verdict : std::uint8_t { None, Neutral, Pass, Fail, SoftFail, TempError, PermError };
/// "none", "pass", "softfail" ... as in a Received-SPF field (section 9.1).
[[nodiscard]] std::string_view format_verdict(Verdict verdict);

/// Who asks to be let in.
struct Identity {
  IpAddress client;
  std::string helo;
  std::string sender;    ///< MAIL FROM without its brackets; empty: postmaster@ the HELO name.
  std::string receiver;  ///< Our name, for explanations.
  Moment now;            ///< The same.
};

struct Outcome {
  Verdict verdict = Verdict::None;
  /// The mechanism that matched, the innermost where it was reached by include, and the domain
  /// whose record has it: who this client belongs to. Both empty when none matched.
  std::string mechanism;
  std::string domain;
  std::string explanation;  ///< Of a Fail, what the domain's owner wrote; often empty. ASCII.
  std::string problem;      ///< Of the two errors, for the log.
};

/// Asks at most 232 questions: the first record, 10 terms with 11 each, 11 for the client's
/// name, the explanation. How long that may take is the driver's to say: abandon().
class Evaluation final : public Machine {
 public:
  /// Terms that ask (section 4.6.4), and those of them that may be answered with nothing.
  static constexpr unsigned kMostLookups = 10;
  static constexpr unsigned kMostVoid = 2;
  /// MX records of a name, PTR records of the client.
  static constexpr std::size_t kMostHosts = 10;

  explicit Evaluation(Identity identity);

  void answer(const DnsAnswer& answer) override;
  /// There is no more time: TempError, unless the verdict is known and only its explanation missing.
  void abandon();
  /// Of use when there is no question.
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }

 private:
  /// A call of check_host(): one for the sender's domain, one for each include it is in.
  struct Frame {
    std::string domain;
    bool redirected = false;
    Record record;
    std::size_t next = 0;  // The term at hand; past the last one: redirect.
    bool counted = false;  // That term is among the lookups.
  };
  enum class Waits : std::uint8_t {
    Record,
    Address,
    Existence,
    Exchanges,
    ExchangeAddress,
    ClientNames,
    ClientNameAddress,
    Explanation,
  };
  enum class Step : std::uint8_t { Matches, Differs, Waits };

  void enter(std::string domain, bool redirected);
  void take_record(const DnsAnswer& answer);
  void run();
  [[nodiscard]] Step begin(const Term& term);
  [[nodiscard]] bool count_lookup();
  void differ();
  void match();
  void redirect();
  void conclude(Verdict verdict, std::string problem = {});
  void take_addresses(const DnsAnswer& answer);
  void take_exchanges(const DnsAnswer& answer);
  void next_exchange();
  [[nodiscard]] bool lacks_client_names(std::string_view spec);
  void take_client_names(const DnsAnswer& answer);
  void next_client_name();
  void explain();
  void take_explanation(const DnsAnswer& answer);
  void finish();
  [[nodiscard]] bool is_void(const DnsAnswer& answer);
  void ask_for(std::string name, DnsType type, Waits waits);
  [[nodiscard]] DnsType address_type() const;
  [[nodiscard]] std::optional<std::string> target(std::string_view spec) const;
  [[nodiscard]] std::string_view validated_name() const;
  [[nodiscard]] std::string_view domain_at_hand() const;
  [[nodiscard]] MacroValues values() const;

  Identity identity_;
  std::string local_;
  std::string sender_domain_;
  Outcome outcome_;
  std::vector<Frame> frames_;
  Waits waits_ = Waits::Record;
  unsigned lookups_ = 0;
  unsigned voids_ = 0;
  std::vector<std::string> hosts_;  // Still to be asked for, the next one last.
  bool names_known_ = false;
  std::vector<std::string> names_;  // Of the client, validated.
  bool decided_ = false;            // The verdict is known.
  std::string explained_domain_;    // Whose record the verdict is from.
  std::string explanation_spec_;
  std::string explanation_text_;
};

}  // namespace gatepost::spf
