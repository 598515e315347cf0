// SPDX-License-Identifier: Apache-2.0
// smtp: the client's side of one LMTP conversation: one message, or the question who would take it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "mail/envelope.h"
#include "smtp/reply_reader.h"

namespace gatepost::smtp {

/// What became of one recipient.
struct ClientOutcome {
  enum class Fate : std::uint8_t {
    Unknown,    ///< Nothing yet.
    Accepted,   ///< RCPT was answered with 2yz; the end of a probe.
    Delivered,  ///< The server has taken over.
    Deferred,   ///< Not now.
    Failed,     ///< Never.
  };
  Fate fate = Fate::Unknown;
  std::string status;      ///< RFC 3463
  std::string reason;      ///< Said by the server or about it, for logs and reports.
  Reply reply{0, {}, {}};  ///< What decided; code 0 where no reply did.
  bool own = false;        ///< It was the reply to this recipient's own RCPT.
};

/// A machine without I/O (RFC 2033, 5321, 2920). The driver sends what take_output() gives, then
/// does what need() says. Nothing is assumed about the server: whatever it sends, every recipient
/// ends with a fate, and Delivered only by its own reply after the final dot.
class ClientSession {
 public:
  struct Settings {
    std::string hostname;    ///< Said in LHLO.
    std::string peer;        ///< The server in reasons: "mx.example[/run/lmtp]".
    bool probe = false;      ///< Ends after RCPT, without a message.
    std::uint64_t size = 0;  ///< Octets of the text, for SIZE=; 0: not told.
    Duration command_timeout{300'000};
    Duration data_timeout{180'000};  ///< For each piece of the text to be taken.
    Duration done_timeout{600'000};  ///< From the final dot to its replies.
  };
  enum class Need : std::uint8_t {
    Input,  ///< Read, within timeout(), and receive().
    Text,   ///< Give text(), or end_text().
    Close,  ///< It is over.
  };

  /// `envelope` outlives the session and has at least one recipient.
  ClientSession(Settings settings, const mail::Envelope& envelope);

  [[nodiscard]] Need need() const;
  [[nodiscard]] Duration timeout() const;
  /// To be sent before anything else; empty when there is nothing.
  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  void receive(std::string_view octets);
  /// A piece of the message, lines ended by LF; cut anywhere.
  void text(std::string_view piece);
  void end_text();
  /// The connection is gone, or the time was up: whoever has no fate is deferred.
  void lost(std::string_view why);

  /// One for each recipient of the envelope, in its order.
  [[nodiscard]] const std::vector<ClientOutcome>& outcomes() const { return outcomes_; }

 private:
  enum class State : std::uint8_t { Greeting, Hello, Envelope, Data, Text, Dot, Over };

  void on_reply(const Reply& reply, std::string_view extensions);
  void on_hello(const Reply& reply, std::string_view extensions);
  void on_envelope(const Reply& reply);
  void on_data(const Reply& reply);
  void on_dot(const Reply& reply);
  void say_next();
  [[nodiscard]] std::string mail_command() const;
  void after_envelope();
  void decide(ClientOutcome& outcome, const Reply& reply, std::string_view command);
  /// All that have no fate yet, or were accepted only.
  void decide_all(const Reply& reply, std::string_view command);
  void refused(const Reply& reply);
  void defer_all(std::string_view status, const std::string& reason);
  void quit();
  [[nodiscard]] std::string_view stage() const;

  const Settings settings_;
  const mail::Envelope& envelope_;
  std::vector<ClientOutcome> outcomes_;
  ReplyReader reader_;
  std::string output_;
  State state_ = State::Greeting;
  std::size_t said_ = 0;      ///< Commands of the envelope sent: MAIL, then each RCPT.
  std::size_t answered_ = 0;  ///< Of those, how many have their reply.
  std::size_t dotted_ = 0;    ///< Recipients whose reply after the dot has come, or is not due.
  bool pipelining_ = false;
  bool eight_bit_ = false;
  bool utf8_ = false;
  bool size_ = false;
  bool line_start_ = true;  ///< Of the text.
};

}  // namespace gatepost::smtp
