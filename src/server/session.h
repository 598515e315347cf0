// SPDX-License-Identifier: Apache-2.0
// server: one connection from accept to close: obeys the machine's steps over a wire.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <asio/ip/tcp.hpp>

#include "base/loop.h"
#include "base/task.h"
#include "net/connection.h"
#include "server/crowd.h"
#include "server/desk.h"
#include "server/floor.h"
#include "server/gate.h"
#include "server/login.h"
#include "server/profile.h"
#include "smtp/server_session.h"
#include "tls/secure_wire.h"

namespace gatepost::server {

class Session : private smtp::Variation {
 public:
  /// `floor` outlives the session; `profile` is held to its end. `gate` may be null: nobody looks.
  Session(Floor& floor,
          std::shared_ptr<const Profile> profile,
          Service service,
          TcpSocket socket,
          const Endpoint& client,
          const Endpoint& local,
          std::unique_ptr<Gate> gate = nullptr);

  /// Reads who the client is from the header of its proxy, where the service has one; before run().
  /// False: there is none, and that was logged.
  Task<bool> learn_client();
  Task<void> run();
  /// 421 at the next command boundary; a text on its way in may finish.
  void shut_down();
  /// Ends now.
  void abandon();
  /// Ends now, and gives its descriptor back; says `farewell` where that can be read.
  void shed(std::string_view farewell);

  [[nodiscard]] Service service() const { return service_.service; }
  [[nodiscard]] bool is_proxied() const { return service_.proxied; }
  [[nodiscard]] const Endpoint& client() const { return peer_.client; }
  [[nodiscard]] const Endpoint& local() const { return peer_.local; }
  /// Its place among all; it proves itself there.
  [[nodiscard]] Crowd::Place& place() { return place_; }
  [[nodiscard]] bool was_shed() const { return shed_; }

 private:
  /// Obeys steps until one has to wait, and returns that one.
  smtp::Step advance();
  /// Obeys until there is nothing to do but read; replies are sent then.
  Task<void> act();
  Task<void> obey(smtp::Step todo);
  Task<bool> secure();
  /// smtpd_client_new_tls_session_rate_limit: counts a handshake; it is one too many.
  [[nodiscard]] bool is_tls_over();
  /// The session was secured by STARTTLS: it ends when it is one too many.
  void count_tls();
  /// The next would be.
  [[nodiscard]] bool is_tls_spent() const;
  Task<bool> flush();
  Task<void> linger();
  void take(const FillResult& filled);
  void keep_input();
  void tell(const smtp::Note& note);
  void log_end(Fill how);
  void begin(const Admission& admission);
  /// Most clients never log in: made when the first does.
  Login& login();
  /// Likewise for mail.
  Desk& desk();
  /// The queue id of the message under way; empty where there is none.
  [[nodiscard]] std::string_view item() const;
  /// The log is told of the session, once: when it is more than a client under test.
  void announce();
  /// `admission` may be null. False: the gate let nobody in.
  Task<bool> enter(std::unique_ptr<Admission> admission);
  [[nodiscard]] bool is_under_test() const { return gate_ != nullptr && !gate_->is_passed(); }
  /// Whose tables and words count now.
  [[nodiscard]] std::size_t audience() const {
    return is_under_test() ? kUnderTest : static_cast<std::size_t>(service_.service);
  }
  [[nodiscard]] std::optional<std::string> find_talk(Talk which, std::string_view key) const;
  [[nodiscard]] smtp::ExtensionSet find_hidden() const;
  std::optional<std::string> replace(std::string_view line) override;
  smtp::ExtensionSet hidden() override;
  /// Queues the reply for the client, with what stands below refusals.
  void say(smtp::Reply&& reply);
  Task<smtp::Ruling> rule_on_sender();
  Task<smtp::Ruling> rule_on_recipient();
  /// `mailbox` outlives the task.
  Task<smtp::Ruling> rule_on_verify(const mail::Mailbox& mailbox);
  Task<smtp::Ruling> rule_on_text();

  Floor& floor_;
  std::shared_ptr<const Profile> profile_;
  const ServiceProfile& service_;
  Peer peer_;
  net::Connection connection_;
  std::unique_ptr<tls::SecureWire> secure_;
  Wire* wire_;
  std::unique_ptr<smtp::ServerSession> machine_;
  std::unique_ptr<Login> login_;  // Null: nobody tried.
  std::unique_ptr<Desk> desk_;    // Null: no command for it came.
  std::string_view input_;        // Unread octets: in floor_.scratch, or in kept_ after a wait.
  std::string kept_;
  std::string out_;         // Replies not yet sent.
  Timer* pause_ = nullptr;  // Of the pause under way.
  bool over_ = false;
  bool shutting_down_ = false;
  bool shed_ = false;
  bool announced_ = false;
  bool lost_ = false;            // The client hung up in the middle.
  bool put_off_sender_ = false;  // MAIL was taken without a look at it.
  std::unique_ptr<Gate> gate_;   // Null: nobody looks.
  Crowd::Place place_{this};
};

}  // namespace gatepost::server
