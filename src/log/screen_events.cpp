// SPDX-License-Identifier: Apache-2.0
// log: what happens to a client that is screened, as lines of Postfix's postscreen(8).
#include "log/screen_events.h"

#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "log/counters.h"

namespace gatepost::log {
namespace {

/// As postscreen shows what a client sent: C escapes, so that a line stays one.
std::string escaped(std::string_view text) {
  constexpr std::string_view kOctal = "01234567";
  std::string out;
  for (const char c : text.substr(0, limits::kLogText)) {
    switch (c) {
      case '\r':
        out += "\\r";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\\':
        out += "\\\\";
        break;
      default: {
        const auto octet = static_cast<unsigned char>(c);
        if (octet >= 0x20 && octet < 0x7f) {
          out += c;
        } else {
          out += {'\\', kOctal[octet >> 6U], kOctal[(octet >> 3U) & 7U], kOctal[octet & 7U]};
        }
      }
    }
  }
  return out;
}

/// The reply code, for a label.
std::string_view code_of(std::string_view reply) {
  return reply.substr(0, 3);
}

}  // namespace

void ScreenConnected::line(Line& out) const {
  out.add("CONNECT from ").add(client).add(" to ").add(server);
}

void ScreenVerdict::line(Line& out) const {
  out.add(verdict).add(" ").add(client);
}

void ScreenVerdict::measure(Counters& counters) const {
  counters.add(Family::Screening, verdict);
}

void ScreenFailed::line(Line& out) const {
  if (test == "pregreet") {
    out.add("PREGREET ").number(static_cast<std::uint64_t>(number)).add(" after ").seconds(time);
    out.add(" from ").add(client).add(": ").add(escaped(text));
  } else if (test == "dnsbl") {
    out.add("DNSBL rank ").add(number < 0 ? "-" : "");
    out.number(static_cast<std::uint64_t>(number < 0 ? -number : number)).add(" for ").add(client);
  } else {
    const std::string_view what = (test == "pipelining") ? "COMMAND PIPELINING"
                                  : (test == "non_smtp") ? "NON-SMTP COMMAND"
                                                         : "BARE NEWLINE";
    out.add(what).add(" from ").add(client).add(" after ");
    // What came in this line, and not which command was before it.
    if (test == "bare_newline") {
      out.add(escaped(text));
      return;
    }
    out.peer_text(after).add(": ");
    std::string_view rest = text;
    if (test == "non_smtp") {
      // The command and what follows it, a blank at least, are each shown in a way of their own.
      out.peer_text(take_word(rest, " ")).add(rest.empty() ? " " : "");
    }
    out.add(escaped(rest));
  }
}

void ScreenFailed::measure(Counters& counters) const {
  counters.add(Family::Screening, test);
}

void ScreenEnded::line(Line& out) const {
  if (what == "HANGUP") {
    out.add("HANGUP after ").seconds(time).add(" from ").add(client).add(" in ").add(after);
    return;
  }
  out.add(what).add(" from ").add(client);
  if (!after.empty()) out.add(" after ").peer_text(after);
}

void ScreenRejected::line(Line& out) const {
  out.add("NOQUEUE: reject: ").add(stage).add(" from ").add(client).add(": ");
  out.add(reply, limits::kLogReply).add("; from=").path(sender).add(", to=").path(recipient);
  out.add(", proto=").add(protocol).add(", helo=").path(helo);
}

void ScreenRejected::measure(Counters& counters) const {
  counters.add(Family::Rejects, stage, code_of(reply));
}

void ScreenTurnedAway::line(Line& out) const {
  // postscreen(8) has NOQUEUE in one of them only.
  out.add(why == "all screening ports busy" ? "reject: connect" : "NOQUEUE: reject: CONNECT");
  out.add(" from ").add(client).add(": ").add(why);
}

void ScreenTurnedAway::measure(Counters& counters) const {
  counters.add(Family::Rejects, "CONNECT", "421");
}

void ProxyFailed::line(Line& out) const {
  out.add("warning: haproxy read: ").add(problem).add(" from ").add(peer);
  out.add(" for service ").add(service);
}

void SessionShed::line(Line& out) const {
  out.add("NOQUEUE: shed: CONNECT from ").add(client).add(": ").add(reason);
}

void SessionShed::measure(Counters& counters) const {
  counters.add(Family::Rejects, "CONNECT", "421");
}

void ScreenStress::line(Line& out) const {
  out.add(entering ? "entering" : "leaving").add(" STRESS mode with ").number(connections);
  out.add(" connections");
}

}  // namespace gatepost::log
