// SPDX-License-Identifier: Apache-2.0
// server: a connection becomes a session or is turned away.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "net/listener.h"
#include "net/task_group.h"
#include "server/crowd.h"
#include "server/floor.h"
#include "server/profile.h"
#include "server/session.h"

namespace gatepost::server {

/// Owns the listeners and the sessions. All calls from the loop's thread.
class Reception {
 public:
  /// `floor` and `tasks` outlive the reception.
  Reception(Floor& floor, net::TaskGroup& tasks);
  ~Reception();

  /// Looks at connections to the service smtp; outlives the reception. Null: nobody does.
  void use(Gates* gates) { gates_ = gates; }
  /// What new sessions go by; those under way keep what they began with.
  void configure(std::shared_ptr<const Profile> profile);
  /// Starts accepting for `service`.
  void open(Service service, net::Listener listener);
  /// Closes the listeners, and asks the sessions to end at their next command boundary.
  void shut_down();
  /// port: looks whether there is memory enough.
  class Watch {
   public:
    virtual ~Watch() = default;
    virtual void many_came() = 0;
  };
  /// Is told now and then while connections come fast; outlives the reception.
  void use(Watch& watch) { watch_ = &watch; }
  /// While true, new connections are answered 421: memory is short.
  void shed(bool yes) { shedding_ = yes; }
  /// Ends some of those that have not proved themselves, which nobody does who is sending mail.
  void shed_some();
  /// Ends the sessions that are left, wherever they are.
  void abandon();

  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
  [[nodiscard]] std::uint64_t accepted(Service service) const {
    return accepted_[static_cast<std::size_t>(service)];
  }
  /// The addresses that are listened on, for status.
  [[nodiscard]] std::vector<std::pair<Service, Endpoint>> listening() const;

 private:
  class Door;
  struct Guest;
  using Sessions = std::list<Guest>;

  void accepted(Service service, TcpSocket socket, const Endpoint& peer, const Endpoint& local);
  void refused(Service service, TcpSocket& socket, int number);
  void accept_failed(int number);
  /// A session whose client is told of by a proxy.
  Task<void> serve_proxied(Session& session);
  [[nodiscard]] IpAddress client_key(const IpAddress& client) const;
  /// The line for a client that is banned, or comes too often, which may be empty; nothing when it
  /// is neither.
  [[nodiscard]] std::optional<std::string> kept_out(Service service, const Endpoint& peer);
  /// Why there is no room for another connection, as a reply line; empty when there is. Somebody
  /// may have had to make it.
  [[nodiscard]] std::string crowded_out(const IpAddress& client);
  /// Why this client may not come in now, as a reply line; empty when it may.
  [[nodiscard]] std::string turned_away(Service service,
                                        const Endpoint& peer,
                                        const Endpoint& local);
  [[nodiscard]] bool is_stranger(Service service, const IpAddress& peer);
  /// Its clients are tested before they come in.
  [[nodiscard]] bool is_screened(Service service) const;
  /// Limits are not for it.
  [[nodiscard]] bool is_exempt(const IpAddress& client) const;
  /// Gives it its place. Who has yet to log in, to be known, or to have a recipient accepted may have
  /// to make room.
  void seat(Session& session);
  /// A proxy has said who the client is. False: it was turned away.
  bool settle(Session& session);
  /// As postscreen does.
  [[nodiscard]] std::string turn_away_unscreened(const Endpoint& client, const Endpoint& local);
  /// The line of a reply that turns away, with smtpd_reject_footer.
  [[nodiscard]] std::string with_footer(smtp::Reply reply,
                                        std::size_t audience,
                                        const Endpoint& client) const;
  void shed_one(Crowd::Place& place, std::string_view why);
  static void send_and_close(TcpSocket& socket, std::string_view line);

  Floor& floor_;
  net::TaskGroup& tasks_;
  std::shared_ptr<const Profile> profile_;
  std::vector<std::unique_ptr<Door>> doors_;
  Crowd crowd_;
  Sessions sessions_;
  std::size_t leaving_ = 0;  // Of these, they were shed and have yet to see it.
  std::array<std::uint64_t, kServices> accepted_{};
  Gates* gates_ = nullptr;
  Watch* watch_ = nullptr;
  unsigned came_ = 0;
  bool shedding_ = false;
};

}  // namespace gatepost::server
