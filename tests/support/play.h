// SPDX-License-Identifier: Apache-2.0
// support: a driver without sockets that plays one session and writes down what happened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/server_session.h"
#include "support/manual_clock.h"

namespace gatepost::support {

/// Settings every test starts from: mx.example.com, nothing unusual.
[[nodiscard]] smtp::SessionSettings plain_settings();

/// A message the session asked to have committed.
struct Stored {
  mail::Envelope envelope;
  std::string text;
  std::string message_id;
  std::vector<std::string> delivered_to;
  bool operator==(const Stored&) const = default;
};

/// What a session did, in a form that can be compared: it must not depend on how the input
/// was cut.
struct Outcome {
  std::vector<std::string> replies;  ///< Lines as on the wire, without CRLF.
  std::vector<std::string> log;      ///< Notes in the log's grammar.
  std::vector<Stored> stored;
  std::vector<Duration> pauses;
  std::size_t discarded = 0;  ///< Texts dropped after they were begun.
  std::string tally;
  std::string where;
  bool closed = false;
  bool operator==(const Outcome&) const = default;
};

/// Obeys the session and answers its questions from a small world: who is known, and what is
/// ruled next. Each piece of input is given in memory of its exact size, so that a sanitizer
/// sees a read past it.
class Play {
 public:
  explicit Play(smtp::SessionSettings settings = plain_settings(), smtp::PeerFacts peer = {});

  // The world. alice@example.com is known from the start, and so is postmaster.
  void knows(std::string recipient) { known_.push_back(std::move(recipient)); }
  /// The password of alice@example.com, for AUTH PLAIN and LOGIN.
  static constexpr std::string_view kPassword = "wonderland";
  /// The next question of any kind gets this answer.
  void rules_next(smtp::Ruling ruling) { next_ruling_ = std::move(ruling); }
  void rules_text(smtp::Ruling ruling) { text_ruling_ = std::move(ruling); }
  void rules_commit(smtp::Ruling ruling) { commit_ruling_ = std::move(ruling); }

  /// Octets arrive.
  void feed(std::string_view octets);
  /// Lines arrive in one piece; CRLF is added to each.
  template <class... Lines>
  void hears(Lines... lines) {
    std::string octets;
    ((octets += lines, octets += "\r\n"), ...);
    feed(octets);
  }
  /// Input that was there before the greeting.
  void feed_early(std::string_view octets) { early_ = octets; }
  /// Time passes; the session is woken when its deadline has come.
  void pass(Duration time);
  void shut_down();
  /// The handshake StartTls asked for succeeds. False when none was asked for.
  bool handshake();

  [[nodiscard]] const Outcome& outcome() const { return outcome_; }
  [[nodiscard]] std::string last_reply() const;
  /// Lines said since the last call.
  [[nodiscard]] std::vector<std::string> take_replies();
  [[nodiscard]] const mail::Envelope& envelope() const { return session_.envelope(); }
  [[nodiscard]] smtp::ServerSession& session() { return session_; }
  [[nodiscard]] bool closed() const { return outcome_.closed; }
  [[nodiscard]] bool wants_tls() const { return wants_tls_; }
  /// Broken rules of steps.h, one sentence each; empty is right.
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  void run(std::string_view input);
  bool obey(smtp::Step& step, bool has_input);
  void note(const smtp::Note& note);
  void commit();
  void answer_auth(std::string_view response);
  void question(const char* name);
  void violate(std::string what) { violations_.push_back(std::move(what)); }
  [[nodiscard]] smtp::Ruling recipient_ruling(const mail::Mailbox& mailbox) const;
  [[nodiscard]] smtp::Ruling take_ruling(std::optional<smtp::Ruling>& special, smtp::Ruling usual);

  smtp::SessionSettings settings_;
  ManualClock clock_;
  smtp::ServerSession session_;
  std::vector<std::string> known_{"alice@example.com"};
  std::optional<smtp::Ruling> next_ruling_;
  std::optional<smtp::Ruling> text_ruling_;
  std::optional<smtp::Ruling> commit_ruling_;
  std::string early_;
  std::string text_;
  bool in_text_ = false;
  std::string mechanism_;  ///< Of the exchange under way.
  std::string user_;       ///< LOGIN's first answer.
  bool wants_tls_ = false;
  std::size_t shown_ = 0;
  Outcome outcome_;
  std::vector<std::string> violations_;
};

}  // namespace gatepost::support
