// SPDX-License-Identifier: Apache-2.0
// log: what happens between a client and an SMTP listener.
//
// In all events: `service` is "smtp", "submission" or "submissions"; `peer` is "name[address]",
// ready made; `item` is the queue id, empty before there is one. Views are borrowed for the
// time of emit().
#pragma once

#include <cstdint>
#include <string_view>

#include "base/tls_facts.h"
#include "log/about.h"
#include "log/line.h"

namespace gatepost::log {

class Counters;

/// A client was let in.
struct ClientConnected {
  static constexpr About about{"client_connected", Level::Info, "smtpd",
                               "A client connected to a listener."};
  std::string_view service, peer;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
  }
};

/// A session is over. `tally` is "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4".
struct ClientDisconnected {
  static constexpr About about{
      "client_disconnected", Level::Info, "smtpd",
      "A session ended; the tally says how many of its commands succeeded."};
  std::string_view service, peer, tally;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("tally", tally);
  }
};

/// A session ended in the middle. `how` is "lost connection", "timeout" or "too many errors";
/// `after` the last command; `octets` of message text received, 0 outside a text.
struct ConnectionLost {
  static constexpr About about{"connection_lost", Level::Info, "smtpd",
                               "A session ended before QUIT. Common with probes; many after DATA "
                               "from one network point to a path that loses large packets."};
  std::string_view service, peer, item, how, after;
  std::uint64_t octets = 0;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("item", item);
    field("how", how);
    field("after", after);
    field("octets", octets);
  }
};

/// A transaction has its queue id.
struct MessageStarted {
  static constexpr About about{"message_started", Level::Info, "smtpd",
                               "A client began a message; from here on the queue id names it."};
  std::string_view service, item, peer;
  std::string_view method = {};  ///< Empty, as is the next: nobody has logged in.
  std::string_view login = {};

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("item", item);
    field("peer", peer);
    if (!login.empty()) field("sasl_method", method);
    if (!login.empty()) field("sasl_username", login);
  }
};

/// A command, or a message as a whole, was refused (`verb` "reject") or would have been
/// ("reject_warning"). `stage` is CONNECT, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE ...; `reply`
/// is what the client was told. `sender` and `recipient` count only where their flag is set,
/// for the null sender is empty too.
struct CommandRejected {
  static constexpr About about{
      "command_rejected", Level::Info, "smtpd",
      "A command was refused. Expected for unknown users and relay attempts; "
      "many from one peer suggest guessing."};
  std::string_view service, item, verb, stage, peer, reply, sender, recipient, protocol, helo;
  std::string_view method = {};  ///< Empty, as is the next: nobody has logged in.
  std::string_view login = {};
  bool has_sender = false;
  bool has_recipient = false;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("item", item);
    field("verb", verb);
    field("stage", stage);
    field("peer", peer);
    field("reply", reply);
    if (has_sender) field("sender", sender);
    if (has_recipient) field("recipient", recipient);
    field("protocol", protocol);
    field("helo", helo);
    if (!login.empty()) field("sasl_method", method);
    if (!login.empty()) field("sasl_username", login);
  }
};

/// A login succeeded.
struct LoginSucceeded {
  static constexpr About about{"login_succeeded", Level::Info, "smtpd", "A user logged in."};
  std::string_view service, peer, method, login;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("sasl_method", method);
    field("sasl_username", login);
  }
};

/// A login failed. `reason` empty: the client gave it up. `result` is the counter's label:
/// "failed", "aborted", "throttled" or "error".
struct LoginFailed {
  static constexpr About about{
      "login_failed", Level::Warning, "smtpd",
      "A login failed: a password mistyped once, or guessed at when there are many. fail2ban's "
      "filter for Postfix knows the line."};
  std::string_view service, peer, method, login, reason, result;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("sasl_method", method);
    field("sasl_username", login);
    field("reason", reason);
    field("result", result);
  }
};

/// A login sent more than it may (login_hourly_message_limit and its kin) and is held.
struct LoginHeld {
  static constexpr About about{
      "login_held", Level::Warning, "smtpd",
      "A login sent more than it may, as with a stolen password. Its mail is kept on hold: see "
      "gatepost login list, change the password, and let go with gatepost login release."};
  std::string_view service, peer, login, reason;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("sasl_username", login);
    field("reason", reason);
  }
};

/// Greylisting decided about a recipient. `delay` is empty unless it passes for the first time:
/// the seconds since its first attempt.
struct GreylistJudged {
  static constexpr About about{
      "greylist_judged", Level::Info, "postgrey",
      "A recipient's mail was put off by greylisting, or let pass; the line is postgrey's."};
  std::string_view item, action, reason, delay, client_name, client_address, sender, recipient;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    if (!item.empty()) field("item", item);
    field("action", action);
    field("reason", reason);
    if (!delay.empty()) field("delay", delay);
    field("client_name", client_name);
    field("client_address", client_address);
    field("sender", sender);
    field("recipient", recipient);
  }
};

/// So many triplets of a client passed that it is not asked about any more.
struct GreylistAllowed {
  static constexpr About about{
      "greylist_allowed", Level::Info, "postgrey",
      "A client's mail came back often enough that it is not put off any more."};
  std::string_view peer;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("peer", peer);
  }
};

/// The client speaks another protocol (smtpd_forbidden_commands).
struct NonSmtpCommand {
  static constexpr About about{
      "non_smtp_command", Level::Warning, "smtpd",
      "A client sent something that is not SMTP and was hung up on: a scanner, "
      "or a web page abusing a browser."};
  std::string_view service, peer, text;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("text", text);
  }
};

/// The client did not wait for a reply it had to wait for.
struct ImproperPipelining {
  static constexpr About about{
      "improper_pipelining", Level::Info, "smtpd",
      "A client sent commands without waiting for a reply where it must wait; "
      "typical for junk senders (smtpd_forbid_unauth_pipelining)."};
  std::string_view service, peer, after, text;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("after", after);
    field("text", text);
  }
};

/// smtpd_command_filter has something else for a command line. `tested`: the client is under test.
struct CommandReplaced {
  static constexpr About about{
      "command_replaced", Level::Info, "smtpd",
      "A command line of a client was replaced (smtpd_command_filter, postscreen_command_filter)."};
  std::string_view service, peer, from, to;
  bool tested = false;

  [[nodiscard]] std::string_view tag() const { return tested ? "postscreen" : smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("from", from);
    field("to", to);
  }
};

/// EHLO is answered without some extensions.
struct KeywordsHidden {
  static constexpr About about{
      "keywords_hidden", Level::Info, "smtpd",
      "Extensions were not offered to a client (smtpd_discard_ehlo_keywords and its kin); "
      "silent-discard in their list ends these lines."};
  std::string_view service, keywords;
  bool tested = false;

  [[nodiscard]] std::string_view tag() const { return tested ? "postscreen" : smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("keywords", keywords);
  }
};

/// A TLS handshake succeeded.
struct TlsEstablished {
  static constexpr About about{"tls_established", Level::Info, "smtpd",
                               "A client's connection is encrypted from here on."};
  std::string_view service, peer;
  const TlsFacts& facts;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("protocol", facts.protocol);
    field("cipher", facts.cipher);
    field("used_bits", std::uint64_t{facts.used_bits});
    field("algorithm_bits", std::uint64_t{facts.algorithm_bits});
    field("key_exchange", facts.key_exchange);
    field("server_signature", facts.server_signature);
    field("server_digest", facts.server_digest);
    field("server_name", facts.server_name);
  }
};

/// A TLS handshake failed.
struct TlsFailed {
  static constexpr About about{
      "tls_failed", Level::Info, "smtpd",
      "A TLS handshake failed; with well-behaved clients it is a matter of "
      "certificate or protocol version."};
  std::string_view service, peer, reason;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("reason", reason);
  }
};

/// One client has too many sessions at once (smtpd_client_connection_count_limit).
struct ConnectionLimit {
  static constexpr About about{
      "connection_limit", Level::Warning, "smtpd",
      "A client was turned away because it has too many connections open."};
  std::string_view service, peer;
  std::uint32_t count = 0;

  [[nodiscard]] std::string_view tag() const { return smtpd_tag(service); }
  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("count", count);
  }
};

/// Somebody writes to an address that was given to another.
struct AliasLeaked {
  static constexpr About about{"alias_leaked", Level::Info, "cleanup",
                               "A throw-away address was given to one correspondent and is used by "
                               "another, which was refused."};
  std::string_view address, given_to, used_by;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("address", address);
    field("given_to", given_to);
    field("used_by", used_by);
  }
};

/// Somebody writes to a trap, or to a revoked throw-away address, which nobody has a reason to.
struct TrapHit {
  static constexpr About about{
      "trap_hit", Level::Info, "smtpd",
      "Somebody wrote to a trap or to a revoked throw-away address; an address "
      "that does not exist was answered as unknown. It counts towards a ban of "
      "who connects here, not of who another server asks about."};
  std::string_view peer, address, sender;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("peer", peer);
    field("address", address);
    field("sender", sender);
  }
};

/// Nobody but those who guess asks for an address, and enough of them.
struct TrapLearned {
  static constexpr About about{
      "trap_learned", Level::Info, "smtpd",
      "An address that does not exist became a trap, for only networks that "
      "guess asked for it (greylist_trap_learning)."};
  std::string_view address;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("address", address);
  }
};

}  // namespace gatepost::log
