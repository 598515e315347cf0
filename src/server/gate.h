// SPDX-License-Identifier: Apache-2.0
// server: port: who looks at a client before, and while, it proves itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/task.h"
#include "mail/envelope.h"
#include "net/connection.h"
#include "server/peer.h"
#include "smtp/server_session.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// What is done with a connection that was looked at.
struct Admission {
  enum class Kind : std::uint8_t {
    Free,     ///< As if nobody had looked.
    Watched,  ///< Notes and recipients are the gate's to judge first.
    Closed,   ///< The connection ends; with `reply`, where there is one.
  };
  Kind kind = Kind::Free;
  std::optional<smtp::Reply> reply;
  std::string input;     ///< What the client has sent and the session has yet to read.
  bool judged = false;   ///< That was looked at.
  bool greeted = false;  ///< Gets no greeting.
  smtp::Watch watch;     ///< Of Watched.
};

/// One connection's. All calls from the loop's thread.
class Gate {
 public:
  virtual ~Gate() = default;
  /// Looks up what is known of the client; first of all. `peer` outlives the gate.
  virtual Task<void> meet(const Peer& peer) = 0;
  /// Then, before the greeting. May change what `peer` says of the client's name. `connection` is
  /// in the clear; both outlive the task. Null: Free, and nothing was read. A pointer and a task of
  /// its own, for thousands wait here together.
  virtual Task<std::unique_ptr<Admission>> admit(net::Connection& connection, Peer& peer) = 0;

  /// The server stops: admit() ends soon.
  virtual void shut_down() = 0;

  // Of watched sessions.
  /// A note of the machine. A reply: it is said, and the session ends.
  virtual std::optional<smtp::Reply> hear(const smtp::Note& note) = 0;
  /// Recipients are refused: senders are not to be judged, and rules not enforced otherwise.
  [[nodiscard]] virtual bool refuses() const = 0;
  /// A recipient is about to be judged. A reply: it is refused, and that is logged. Nothing: it is
  /// judged as every recipient; the client may have proved itself by it.
  virtual std::optional<smtp::Reply> judge(const smtp::ServerSession& session) = 0;
  /// The text of a message is about to come. A reply: it is refused, for what the client has done
  /// since its recipients were accepted; that is logged.
  virtual std::optional<smtp::Reply> stop(const smtp::ServerSession& session) = 0;
  /// Octets the text of the message under way may have; 0: as any other.
  [[nodiscard]] virtual std::uint64_t most_octets() const = 0;
  /// VRFY: a reply where a recipient would get none but that.
  [[nodiscard]] virtual std::optional<smtp::Reply> rejection() const = 0;
  /// The client has proved itself, now or before: from now on this gate only hears.
  [[nodiscard]] virtual bool is_passed() const = 0;
  /// The session is over; `lost`: the client hung up in the middle.
  virtual void end(bool lost) = 0;
};

/// port: makes gates.
class Gates {
 public:
  virtual ~Gates() = default;
  /// For a connection to the service smtp that was accepted.
  [[nodiscard]] virtual std::unique_ptr<Gate> make_gate() = 0;
};

}  // namespace gatepost::server
