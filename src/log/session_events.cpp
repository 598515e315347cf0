// SPDX-License-Identifier: Apache-2.0
// log: what happens between a client and an SMTP listener, as lines of Postfix's smtpd(8).
#include "log/session_events.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "log/counters.h"

namespace gatepost::log {

namespace {

/// The reply code for a label. A reply that is not one would make endless series.
std::string_view code_of(std::string_view reply) {
  const std::string_view code = reply.substr(0, 3);
  const bool digits = code.size() == 3 && std::all_of(code.begin(), code.end(), is_digit);
  return digits ? code : std::string_view("other");
}

}  // namespace

void ClientConnected::line(Line& out) const {
  out.add("connect from ").add(peer);
}

void ClientConnected::measure(Counters& counters) const {
  counters.add(Family::Connections, service);
}

void ClientDisconnected::line(Line& out) const {
  out.add("disconnect from ").add(peer);
  if (!tally.empty()) out.add(" ").add(tally);
}

void ConnectionLost::line(Line& out) const {
  // Without an item nothing stands before the words: fail2ban's filters want the line to
  // begin with them, and Postfix before 3.10 writes it so.
  if (!item.empty()) out.item(item);
  out.add(how).add(" after ").peer_text(after);
  if (octets > 0) out.add(" (").number(octets).add(" bytes)");
  out.add(" from ").add(peer);
}

void MessageStarted::line(Line& out) const {
  out.item(item).add("client=").add(peer);
  if (login.empty()) return;
  out.add(", sasl_method=").add(method).add(", sasl_username=").add(login, limits::kPath);
}

void CommandRejected::line(Line& out) const {
  out.item(item).add(verb).add(": ").peer_text(stage).add(" from ").add(peer).add(": ");
  out.add(reply, limits::kLogReply).add(";");
  if (has_sender) out.add(" from=").path(sender);
  if (has_recipient) out.add(" to=").path(recipient);
  if (!protocol.empty()) out.add(" proto=").add(protocol);
  if (!helo.empty()) out.add(" helo=").path(helo);
  if (login.empty()) return;
  out.add(" sasl_method=").add(method).add(" sasl_username=").add(login, limits::kPath);
}

void CommandRejected::measure(Counters& counters) const {
  if (verb == "reject") counters.add(Family::Rejects, stage, code_of(reply));
}

void LoginSucceeded::line(Line& out) const {
  out.add("login from ").add(peer).add(": sasl_method=").add(method);
  out.add(", sasl_username=").add(login, limits::kPath);
}

void LoginSucceeded::measure(Counters& counters) const {
  counters.add(Family::AuthAttempts, method, "ok");
}

void LoginFailed::line(Line& out) const {
  out.add("warning: ").add(peer).add(": SASL ").peer_text(method).add(" authentication ");
  if (reason.empty()) {
    out.add("aborted");
  } else {
    out.add("failed: ").add(reason, limits::kLogReply);
  }
  // A name may be a password typed into the wrong field; Postfix shows it too, and who defends a
  // server needs it.
  if (!login.empty()) out.add(", sasl_username=").add(login, limits::kPath);
}

void LoginFailed::measure(Counters& counters) const {
  counters.add(Family::AuthAttempts, method, result);
}

void LoginHeld::line(Line& out) const {
  out.add("warning: ").add(peer).add(": mail of sasl_username=").add(login, limits::kPath);
  out.add(" is on hold: ").add(reason, limits::kLogReply);
}

void GreylistJudged::line(Line& out) const {
  if (!item.empty()) out.add(item).add(": ");
  out.add("action=").add(action).add(", reason=").add(reason);
  const auto part = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out.add(", ").add(name).add("=").add(value, limits::kPath);
  };
  part("delay", delay);
  part("client_name", client_name);
  part("client_address", client_address);
  part("sender", sender);
  part("recipient", recipient);
}

void GreylistAllowed::line(Line& out) const {
  out.add("whitelisted: ").add(peer, limits::kPath);
}

void NonSmtpCommand::line(Line& out) const {
  out.add("warning: non-SMTP command from ").add(peer).add(": ").peer_text(text);
}

void ImproperPipelining::line(Line& out) const {
  out.add("improper command pipelining after ").peer_text(after).add(" from ").add(peer);
  out.add(": ").peer_text(text);
}

void CommandReplaced::line(Line& out) const {
  out.add(peer).add(tested ? ": replacing command \"" : ": replacing client command \"");
  out.peer_text(from).add("\" with \"").peer_text(to).add("\"");
}

void KeywordsHidden::line(Line& out) const {
  out.add("discarding EHLO keywords: ").add(keywords);
}

void TlsEstablished::line(Line& out) const {
  out.add("Anonymous TLS connection established from ").add(peer).add(": ");
  out.add(facts.protocol).add(" with cipher ").add(facts.cipher);
  out.add(" (").number(facts.used_bits).add("/").number(facts.algorithm_bits).add(" bits)");
  if (!facts.key_exchange.empty()) out.add(" key-exchange ").add(facts.key_exchange);
  if (!facts.server_signature.empty()) out.add(" server-signature ").add(facts.server_signature);
  if (!facts.server_digest.empty()) out.add(" server-digest ").add(facts.server_digest);
}

void TlsEstablished::measure(Counters& counters) const {
  counters.add(Family::TlsHandshakes, facts.protocol, "ok");
}

void TlsFailed::line(Line& out) const {
  out.add("SSL_accept error from ").add(peer).add(": ").add(reason, limits::kLogReply);
}

void TlsFailed::measure(Counters& counters) const {
  counters.add(Family::TlsHandshakes, "none", "failed");
}

void ConnectionLimit::line(Line& out) const {
  out.add("warning: Connection concurrency limit exceeded: ").number(count).add(" from ").add(peer);
  out.add(" for service ").add(service);
}

void AliasLeaked::line(Line& out) const {
  out.add("alias ").path(address).add(" given to ").add(given_to, limits::kLogText);
  out.add(" was used by ").add(used_by, limits::kLogText);
}

void TrapHit::line(Line& out) const {
  out.add("trap ").path(address).add(" hit by ").add(peer).add(" from=").path(sender);
}

void TrapLearned::line(Line& out) const {
  out.add("trap ").path(address).add(" was learned: only those who guess ask for it");
}

}  // namespace gatepost::log
