// SPDX-License-Identifier: Apache-2.0
// smtp: the server's half of the conversation, without a socket, clock, store or policy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/envelope.h"
#include "smtp/steps.h"

namespace gatepost::smtp {

/// smtpd_forbid_bare_newline. In every mode only CRLF.CRLF ends a message.
enum class BareNewline : std::uint8_t { Normalize, Note, Reject };

/// Extensions, a bit each: 1 << Extension; and one beside them.
using ExtensionSet = std::uint32_t;
inline constexpr ExtensionSet kSilent = ExtensionSet{1} << 31U;  ///< silent-discard

/// port: what tables change in a session. Outlives it.
class Variation {
 public:
  virtual ~Variation() = default;
  /// smtpd_command_filter: the line that is obeyed in place of this one; nothing: itself.
  virtual std::optional<std::string> replace(std::string_view line) = 0;
  /// smtpd_discard_ehlo_keyword_address_maps: what is not offered. Asked at each EHLO.
  virtual ExtensionSet hidden() = 0;
};

/// What the session needs from the settings; one immutable object shared by many sessions.
struct SessionSettings {
  std::string hostname;                ///< myhostname
  std::string banner;                  ///< smtpd_banner: what follows "220 "
  Duration timeout{300'000};           ///< smtpd_timeout
  Duration starttls_timeout{300'000};  ///< smtpd_starttls_timeout
  bool per_request_deadline = false;   ///< smtpd_per_request_deadline
  std::uint32_t min_data_rate =
      500;  ///< smtpd_min_data_rate, octets a second; used with the deadline
  std::uint32_t line_length_limit = 2048;  ///< line_length_limit, octets without the line end
  std::uint64_t message_size_limit = 10'240'000;  ///< 0: none
  std::uint32_t header_size_limit = 102'400;      ///< Octets of one logical header field
  std::uint32_t hopcount_limit = 50;
  std::uint32_t recipient_limit = 1000;            ///< smtpd_recipient_limit
  std::uint32_t recipient_overshoot_limit = 1000;  ///< smtpd_recipient_overshoot_limit
  std::uint32_t soft_error_limit = 10;
  std::uint32_t hard_error_limit = 20;
  std::uint32_t junk_command_limit = 100;
  std::uint32_t auth_response_limit = 12288;  ///< smtpd_sasl_response_limit, octets
  Duration error_sleep_time{1000};
  BareNewline bare_newline = BareNewline::Normalize;
  std::uint16_t bare_newline_reject_code =
      550;  ///< smtpd_forbid_bare_newline_reject_code; 521 and 421 hang up
  bool forbid_unauth_pipelining = true;
  bool helo_required = false;
  bool strict_envelopes = false;  ///< strict_rfc821_envelopes
  bool vrfy = true;               ///< not disable_vrfy_command
  bool starttls_offered = false;  ///< smtpd_tls_security_level may or encrypt
  bool tls_required = false;      ///< smtpd_tls_security_level encrypt
  bool soft_bounce = false;
  bool auth_tls_only = true;         ///< smtpd_tls_auth_only
  bool auth_broken_clients = false;  ///< broken_sasl_auth_clients: AUTH=... too
  /// What AUTH offers in the clear and under TLS, in upper case; both empty: there is no AUTH.
  std::vector<std::string> auth_mechanisms;
  std::vector<std::string> auth_mechanisms_tls;
  ExtensionSet hidden = 0;                      ///< smtpd_discard_ehlo_keywords
  std::vector<std::string> forbidden_commands;  ///< smtpd_forbidden_commands, verbs in upper case
  bool forbid_non_letters = true;               ///< ... with the entry regexp:{{/^[^A-Z]/ Bogus}}
};

/// What a client is watched for that has not proved itself. Each is told once (Note), and taken as
/// if nobody watched; who is told decides.
struct Watch {
  bool on = false;          ///< The limits count, too, and PIPELINING is not offered.
  bool pipelining = false;  ///< Any input behind a command.
  bool non_smtp = false;    ///< smtpd_forbidden_commands, headers, commands that are not UTF-8.
  bool bare_newline = false;
  std::uint32_t command_limit = 0;  ///< postscreen_command_count_limit; QUIT is free. 0: none.
  Duration command_time{};          ///< For a command line as a whole; 0: as smtpd_timeout has it.
};

/// One peer's standing, told when the session begins.
struct PeerFacts {
  bool trusted = false;       ///< In mynetworks: smtpd_forbid_bare_newline_exclusions applies.
  bool secured = false;       ///< Implicit TLS: the handshake is already done.
  bool auth_hidden = false;   ///< smtpd_sasl_exceptions_networks: EHLO does not offer AUTH.
  bool tls_available = true;  ///< False: keys could not be loaded; STARTTLS answers 454.
  std::string tls_refusal{};  ///< The client's address: it had too many TLS sessions of late.
  bool judged = false;        ///< What it said ahead of the greeting was looked at by others.
  bool greeted = false;       ///< Gets no greeting.
  std::optional<ExtensionSet> hidden{};  ///< In place of the settings'.
  Variation* variation = nullptr;        ///< Null: nothing changes.
  Watch watch{};
};

/// The SMTP server as a pure machine: RFC 5321 section 4.1.4 decides which command may
/// follow which, and nothing here can block.
///
/// Protocol of use: call next() until it yields NeedInput; obey every other step in the
/// order given. After an Ask* step call answer() exactly once before the next next().
/// After StartTls call secured(). The machine keeps no pointer into `input` between calls,
/// and the bytes may be cut anywhere: the transcript is the same for every cut, except that
/// talking ahead of a reply (smtpd_forbid_unauth_pipelining) can only be seen when the
/// octets are there.
class ServerSession {
 public:
  /// `settings` outlives the session.
  ServerSession(const SessionSettings& settings, PeerFacts peer, Instant now);
  ~ServerSession();

  /// Takes as many octets from the front of `input` as the next step needs. When a deadline
  /// has passed (`now` >= deadline()) and there is no input, ends the session with 421.
  [[nodiscard]] Step next(std::string_view& input, Instant now);
  void answer(Ruling ruling);
  /// TLS is up: everything said before is forgotten (RFC 3207 section 4.2).
  void secured();
  /// A watched client has proved itself: the limits of the watch end, what it is watched for stays.
  void trust();
  /// Its recipients are going to be refused. It may break rules that end other sessions.
  void distrust();
  /// The message under way may have so many octets at most, where message_size_limit is not less.
  void limit_text(std::uint64_t octets);
  /// Says `reply` in place of what was not taken by next() yet, and ends. Not while an Ask* step
  /// waits for its answer.
  void dismiss(Reply reply);
  /// The server stops: 421 4.3.2 is said at the next command boundary; a text on its way in
  /// may finish.
  void shut_down();
  /// When next() wants to be called with no input at all.
  [[nodiscard]] Instant deadline() const;

  /// Valid during AskSender, AskRecipient, AskText and until the answer to AskCommit, and for
  /// a Tell, Say or Discard that follows from them; empty at other times.
  [[nodiscard]] const mail::Envelope& envelope() const;
  [[nodiscard]] const mail::Recipient& pending_recipient() const;
  /// As the peer named itself, unescaped; empty before HELO.
  [[nodiscard]] const std::string& helo() const;
  /// AUTH succeeded on this session, and no handshake came after it.
  [[nodiscard]] bool authenticated() const;
  /// "SMTP" or "ESMTP" (RFC 3848 adds S for TLS and A for AUTH in Received, not in logs).
  [[nodiscard]] std::string_view protocol() const;
  /// What was found in the header of the text just received: Message-ID value and the
  /// Delivered-To addresses, for loop detection. Valid during AskCommit.
  [[nodiscard]] const std::string& message_id() const;
  [[nodiscard]] const std::vector<std::string>& delivered_to() const;
  /// Octets of the text so far, as stored (LF line ends), until the steps that end it are
  /// obeyed; zero where there is no text. An empty line added before a text without header
  /// does not count.
  [[nodiscard]] std::uint64_t text_octets() const;

  /// For "lost connection after X (n bytes)": the last command, or CONNECT.
  [[nodiscard]] std::string_view where() const;
  /// For "disconnect from ... ehlo=1 mail=1 rcpt=0/1 commands=2/3": the part after the peer.
  [[nodiscard]] std::string tally() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gatepost::smtp
