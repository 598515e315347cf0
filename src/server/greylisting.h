// SPDX-License-Identifier: Apache-2.0
// server: who is put off once, asked when everything else is in order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/secret.h"
#include "base/task.h"
#include "greylist/exceptions.h"
#include "greylist/judge.h"
#include "greylist/key.h"
#include "log/log.h"
#include "mail/path.h"
#include "screen/expected.h"
#include "screen/let_in.h"
#include "server/floor.h"
#include "state/grey_store.h"

namespace gatepost::server {

/// greylist_client_exceptions and greylist_recipient_exceptions.
struct GreyExceptions {
  greylist::ClientExceptions clients;
  greylist::RecipientExceptions recipients;
};

/// All calls from the loop's thread.
class Greylisting {
 public:
  enum class When : std::uint8_t { Never, Suspicious, Always };

  struct Settings {
    When when = When::Never;        ///< Never as well without greylist_enable.
    greylist::Rules rules;          ///< greylist_delay and its kin
    unsigned ipv4_prefix = 24;      ///< greylist_ipv4_prefix_length
    unsigned ipv6_prefix = 64;      ///< greylist_ipv6_prefix_length
    bool hashed = false;            ///< greylist_privacy
    bool by_name = false;           ///< greylist_identity = name
    std::string text;               ///< greylist_text; %s seconds left, %r the recipient's domain
    std::string header;             ///< greylist_header; %t seconds, %v version, %h host, %d date
    std::string hostname;           ///< myhostname
    std::uint16_t trap_code = 450;  ///< greylist_trap_reject_code
    std::uint32_t learning = 0;     ///< greylist_trap_learning
    std::string delimiters;         ///< recipient_delimiter
  };

  /// All outlive it.
  Greylisting(state::StateStore& state, log::Log& log, const Clocks& clocks)
      : state_(state), store_(state), log_(log), clocks_(clocks) {}

  void configure(Settings settings) { settings_ = std::move(settings); }
  void use(std::shared_ptr<const GreyExceptions> exceptions) {
    exceptions_ = std::move(exceptions);
  }
  /// What names are hashed with under greylist_privacy; without it they are stored as they are.
  void use(Secret secret) { secret_ = std::move(secret); }

  /// Clients the owner lets in are never put off; mail that is expected is not for being from
  /// somebody new. Both outlive it.
  void use(const screen::LetIn& let_in, const screen::Expected& expected) {
    let_in_ = &let_in;
    expected_ = &expected;
  }

  /// Others ask, too, by a PolicyServer, whatever the settings say of mail here.
  void lend() { lent_ = true; }
  [[nodiscard]] bool is_on() const { return settings_.when != When::Never; }
  /// Whether a client is asked about, with evidence against it or without.
  [[nodiscard]] bool asks(bool suspicious) const {
    return settings_.when == When::Always || (suspicious && is_on());
  }

  struct Question {
    IpAddress client;
    std::string name;      ///< Of the client, confirmed both ways; "unknown".
    std::string identity;  ///< As greylist::Attempt has it; empty: none is known.
    std::string sender;    ///< Empty: the null sender.
    std::string recipient;
    std::string item = {};  ///< The queue id, where there is one already.
  };
  struct Verdict {
    bool put_off = false;
    bool trapped = false;   ///< Put off for writing to a trap, not for being new.
    bool caught = false;    ///< It was this recipient.
    std::string text = {};  ///< Why; without code and address.
    std::string header =
        {};  ///< Field, without line end, of a message that had to wait; empty: none.
  };
  /// Logs what is decided. Where nothing can be remembered, nobody is put off.
  Task<Verdict> judge(Question question);
  /// Of a client that is not asked about: traps alone. Without greylisting no network is refused,
  /// for none can be known to send other mail, too; but mail to the trap is.
  Task<Verdict> judge_trap(Question question);
  /// Whether there is anything judge_trap() or catch_refused() could find, but what is `sure`.
  [[nodiscard]] bool may_trap() const { return store_.may_trap(); }
  using Refused = state::GreyStore::Refused;
  /// Mail to an address that does not exist was refused; `sure`: to one known for a trap;
  /// `unknown`: that address, where nobody has or had it as far as can be seen; may be null. Of one
  /// that is ripe learn() shall be told.
  Task<Refused> catch_refused(Question question, bool sure, const mail::Mailbox* unknown);
  /// It becomes a trap, unless there are `remains` of somebody whose it was.
  Task<void> learn(mail::Mailbox recipient, bool remains);
  /// Mail for it is accepted.
  void note_existing(const mail::Mailbox& recipient);

  /// The reply at RCPT.
  [[nodiscard]] smtp::Reply reply(const Verdict& verdict, std::string_view recipient) const;
  /// Once a second or so.
  void tick();

  // For the commands.
  [[nodiscard]] state::GreyStore& store() { return store_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Stamp now() const;
  [[nodiscard]] greylist::KeySettings key_settings() const;

 private:
  [[nodiscard]] bool is_let_in(const Question& question) const {
    return let_in_ != nullptr && let_in_->has(question.client);
  }
  [[nodiscard]] bool is_exception(const Question& question) const {
    return exceptions_ && exceptions_->clients.has(question.client, question.name);
  }
  /// Of its network, where it is known by something else.
  [[nodiscard]] std::string identity_of(const Question& question) const;
  void tell(const Question& question,
            std::string_view action,
            std::string_view reason,
            std::int64_t waited = -1);
  /// As it is stored, without its extension.
  [[nodiscard]] std::string plain_address(const mail::Mailbox& recipient) const;
  [[nodiscard]] state::GreyStore::Question make(const Question& question) const;
  [[nodiscard]] Verdict put_off(const Question& question, const greylist::Judgement& judged);
  [[nodiscard]] std::string header(std::int64_t waited) const;

  state::StateStore& state_;
  state::GreyStore store_;
  log::Log& log_;
  const Clocks& clocks_;
  Settings settings_;
  std::shared_ptr<const GreyExceptions> exceptions_;
  Secret secret_;
  const screen::LetIn* let_in_ = nullptr;
  const screen::Expected* expected_ = nullptr;
  bool lent_ = false;
  bool told_full_ = false;
};

/// The name under which several hosts of one sender are one: that of the host without its first
/// label, as far as a label with a dot is left; empty for "unknown".
[[nodiscard]] std::string pool_of(std::string_view name);

}  // namespace gatepost::server
