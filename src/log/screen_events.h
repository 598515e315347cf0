// SPDX-License-Identifier: Apache-2.0
// log: what happens to a client that is screened, as lines of Postfix's postscreen(8).
//
// In all events `client` and `server` are "[address]:port". Views are borrowed for the time of
// emit().
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "log/about.h"
#include "log/line.h"

namespace gatepost::log {

class Counters;

/// A client that is to be screened has connected.
struct ScreenConnected {
  static constexpr About about{"screen_connected", Level::Info, "postscreen",
                               "A client connected to the screened service."};
  std::string_view client, server;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("client", client);
    field("server", server);
  }
};

/// A step in the screening of a client. `verdict` is ALLOWLISTED, DENYLISTED, ALLOWLIST VETO,
/// PASS OLD, PASS NEW or DISCONNECT.
struct ScreenVerdict {
  static constexpr About about{
      "screen_verdict", Level::Info, "postscreen",
      "A client was on a list (ALLOWLISTED, DENYLISTED), passed the tests for the first time or "
      "again (PASS NEW, PASS OLD), or left without having passed them (DISCONNECT). ALLOWLIST "
      "VETO: "
      "it came to an address at which no client earns a pass (postscreen_allowlist_interfaces)."};
  std::string_view verdict, client;

  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("verdict", verdict);
    field("client", client);
  }
};

/// A client failed a test. `test` is the label of a row of screen/tests.def; `after` the command
/// before it, and `text` what the client sent; `number` the octets it sent before the greeting, or
/// its DNSBL rank; `time` how long it waited before it spoke.
struct ScreenFailed {
  static constexpr About about{
      "screen_failed", Level::Info, "postscreen",
      "A client failed a test: it spoke before it was greeted, is on DNS block lists, or does not "
      "wait for replies. What follows is the test's action (postscreen_greet_action and its kin)."};
  std::string_view test, client, after, text;
  std::int64_t number = 0;
  Duration time{};

  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("test", test);
    field("client", client);
    field("after", after);
    field("text", text);
    field("number", number);
    field("time", time);
  }
};

/// A client under test hung up, or passed a limit. `what` is HANGUP, COMMAND TIME LIMIT, COMMAND
/// COUNT LIMIT, COMMAND LENGTH LIMIT, or "DATA without valid RCPT".
struct ScreenEnded {
  static constexpr About about{
      "screen_ended", Level::Info, "postscreen",
      "A client left in the middle of the tests, or passed a limit that holds while it is tested."};
  std::string_view what, client, after;
  Duration time{};

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("what", what);
    field("client", client);
    field("after", after);
    field("time", time);
  }
};

/// A recipient was refused for what the client failed.
struct ScreenRejected {
  static constexpr About about{
      "screen_rejected", Level::Info, "postscreen",
      "A recipient was refused because the client had failed a test. postmaster and abuse stay "
      "reachable for clients that are only on a list."};
  std::string_view client, reply, sender, recipient, protocol, helo;
  std::string_view stage = "RCPT";  ///< The command; later ones are refused for what came after it.

  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("client", client);
    field("reply", reply);
    field("sender", sender);
    field("recipient", recipient);
    field("protocol", protocol);
    field("helo", helo);
    field("stage", stage);
  }
};

/// A connection was refused before any test. `why` is "too many connections" or "all screening
/// ports busy".
struct ScreenTurnedAway {
  static constexpr About about{"screen_turned_away", Level::Info, "postscreen",
                               "A connection was refused: this client, or all together, have too "
                               "many connections open."};
  std::string_view client, why;

  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("client", client);
    field("why", why);
  }
};

/// A connection at which a proxy has to say who the client is. `service` is that of the listener.
struct ProxyFailed {
  static constexpr About about{
      "proxy_failed", Level::Warning, "postscreen",
      "A connection was closed because it did not begin with a header of the PROXY protocol in "
      "time, or not with a good one, or came from somebody else than proxy_protocol_peers."};
  std::string_view service, peer, problem;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("peer", peer);
    field("problem", problem);
  }
};

/// A client that had not proved itself went, so that another could come, or stay.
struct SessionShed {
  static constexpr About about{
      "session_shed", Level::Info, "postscreen",
      "All sessions were taken (smtpd_session_limit), or memory is short (memory_limit), and the "
      "oldest of the client network with most clients under test was ended with 421."};
  std::string_view client, reason;

  void line(Line& out) const;
  void measure(Counters& counters) const;
  template <class Field>
  void each(Field&& field) const {
    field("client", client);
    field("reason", reason);
  }
};

/// Stress began or ended.
struct ScreenStress {
  static constexpr About about{
      "screen_stress", Level::Info, "postscreen",
      "So many connections are under test that each is given less time (postscreen_greet_wait and "
      "postscreen_command_time_limit under stress), or no more."};
  bool entering = false;
  std::uint32_t connections = 0;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("entering", entering);
    field("connections", connections);
  }
};

}  // namespace gatepost::log
