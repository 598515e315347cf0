// SPDX-License-Identifier: Apache-2.0
// server: a connection becomes a session or is turned away.
#include "server/reception.h"

#include <sys/socket.h>
#include <system_error>
#include <utility>

#include "base/loop.h"
#include "base/text.h"
#include "log/events.h"
#include "server/session_names.h"
#include "server/warden.h"
#include "smtp/replies.h"

namespace gatepost::server {
namespace {

std::string line_of(const smtp::Reply& reply) {
  std::string out;
  smtp::append_reply(out, reply);
  return out;
}

std::string bracketed(const Endpoint& one) {
  return "[" + one.address.text() + "]:" + format_number(one.port);
}

}  // namespace

/// A session in the books, until its task is over.
struct Reception::Guest final : net::TaskEnd {
  template <class... Args>
  explicit Guest(Reception& books, Args&&... args)
      : reception(books), session(std::forward<Args>(args)...) {}

  void task_ended() override {
    if (session.was_shed()) --reception.leaving_;
    reception.sessions_.erase(place);
  }

  Reception& reception;
  Sessions::iterator place;
  Session session;
};

/// One listener, with the service its connections belong to.
class Reception::Door final : public net::Acceptor {
 public:
  Door(Reception& reception, Service service, net::Listener listener)
      : service_(service), listener_(std::move(listener)), reception_(reception) {}

  void start() { listener_.start(*this); }
  [[nodiscard]] const Endpoint& local() const { return listener_.local(); }
  [[nodiscard]] Service service() const { return service_; }

  void accepted(TcpSocket socket, const Endpoint& peer, const Endpoint& local) override {
    reception_.accepted(service_, std::move(socket), peer, local);
  }
  void refused(TcpSocket& socket, int number) override {
    reception_.refused(service_, socket, number);
  }
  void accept_failed(int number) override { reception_.accept_failed(number); }

 private:
  const Service service_;
  net::Listener listener_;
  Reception& reception_;
};

Reception::Reception(Floor& floor, net::TaskGroup& tasks) : floor_(floor), tasks_(tasks) {}
Reception::~Reception() = default;

void Reception::configure(std::shared_ptr<const Profile> profile) {
  profile_ = std::move(profile);
}

void Reception::open(Service service, net::Listener listener) {
  doors_.push_back(std::make_unique<Door>(*this, service, std::move(listener)));
  doors_.back()->start();
}

void Reception::shut_down() {
  doors_.clear();
  for (Guest& one : sessions_) one.session.shut_down();
}

void Reception::abandon() {
  for (Guest& one : sessions_) one.session.abandon();
}

std::vector<std::pair<Service, Endpoint>> Reception::listening() const {
  std::vector<std::pair<Service, Endpoint>> out;
  out.reserve(doors_.size());
  for (const auto& door : doors_) out.emplace_back(door->service(), door->local());
  return out;
}

IpAddress Reception::client_key(const IpAddress& client) const {
  return client.masked(client.is_v4() ? profile_->ipv4_prefix : profile_->ipv6_prefix);
}

std::string Reception::turn_away_unscreened(const Endpoint& client, const Endpoint& local) {
  const std::string who = bracketed(client);
  floor_.log.emit(log::ScreenConnected{who, bracketed(local)});
  floor_.log.emit(log::ScreenTurnedAway{who, "too many connections"});
  floor_.log.emit(log::ScreenVerdict{"DISCONNECT", who});
  return with_footer({421, "4.7.0", "Error: too many connections"}, kUnderTest, client);
}

std::string Reception::with_footer(smtp::Reply reply,
                                   std::size_t audience,
                                   const Endpoint& client) const {
  const Peer peer{.client = client, .local = {}, .name = "unknown[" + client.address.text() + "]"};
  const policy::AccessTexts texts;
  const SessionNames names(profile_->hostname, peer, floor_.clocks, texts);
  add_footer(reply, *profile_, audience, names);
  return line_of(reply);
}

std::string Reception::crowded_out(const IpAddress& client) {
  std::string busy = line_of(smtp::make_reply(smtp::replies::kAllBusy));
  if (shedding_) return busy;
  const std::size_t most = profile_->sessions;
  if (most == 0 || sessions_.size() - leaving_ < most) return {};
  // Those who were shed see it when their turn comes; only so many may be in between.
  if (leaving_ > most / 4 + 16) return busy;
  Crowd::Place* chosen = crowd_.choose(client_key(client));
  if (chosen == nullptr) return busy;
  shed_one(*chosen, "all sessions are taken");
  return {};
}

void Reception::shed_one(Crowd::Place& place, std::string_view why) {
  Session& session = *place.who();
  const std::string client = bracketed(session.client());
  floor_.log.emit(log::SessionShed{client, why});
  ++leaving_;
  session.shed(line_of(smtp::make_reply(smtp::replies::kAllBusy)));
}

// A part at a time: what the first of them had may be enough.
void Reception::shed_some() {
  const std::size_t most = sessions_.size() / 4 + 16;
  for (std::size_t n = 0; n < most; ++n) {
    Crowd::Place* chosen = crowd_.choose({});
    if (chosen == nullptr) return;
    shed_one(*chosen, "memory is short");
  }
}

std::optional<std::string> Reception::kept_out(Service service, const Endpoint& peer) {
  Warden* warden = floor_.warden;
  if (warden == nullptr) return std::nullopt;
  const IpAddress& client = peer.address;
  const auto line = [&](const smtp::ReplyRow& row) {
    smtp::Reply reply = smtp::make_reply(row, profile_->hostname);
    reply.text += client.text();
    const auto audience = is_screened(service) ? kUnderTest : static_cast<std::size_t>(service);
    return with_footer(std::move(reply), audience, peer);
  };
  if (warden->refuses(client)) {
    return profile_->ban_tells ? line(smtp::replies::kBanned) : std::string();
  }
  const ServiceProfile& settings = profile_->of(service);
  const std::string name = "unknown[" + client.text() + "]";
  // What the burst limit refuses is not counted by the other, as behind a firewall.
  const bool burst = warden->is_burst(settings, client);
  if (burst || warden->is_over({Rate::Connection, settings, client, name})) {
    return line(smtp::replies::kTooManyConnections);
  }
  return std::nullopt;
}

std::string Reception::turned_away(Service service, const Endpoint& peer, const Endpoint& local) {
  const IpAddress& client = peer.address;
  const ServiceProfile& settings = profile_->of(service);
  const std::uint32_t open = crowd_.open(client_key(client)) + 1;
  const bool screened = is_screened(service);
  const std::uint32_t most =
      screened ? profile_->screened_connections : settings.client_connections;
  const bool limited = most != 0 && open > most;
  if (!limited || is_exempt(client)) return {};
  if (screened) return turn_away_unscreened(peer, local);
  const std::string name = "unknown[" + client.text() + "]";
  floor_.log.emit(log::ConnectionLimit{settings.name(), name, open});
  smtp::Reply reply = smtp::make_reply(smtp::replies::kTooManyConnections, profile_->hostname);
  reply.text += client.text();
  return with_footer(std::move(reply), static_cast<std::size_t>(service), peer);
}

bool Reception::is_screened(Service service) const {
  return gates_ != nullptr && service == Service::Smtp && profile_->screened;
}

bool Reception::is_exempt(const IpAddress& client) const {
  return floor_.warden != nullptr ? floor_.warden->is_unlimited(client)
                                  : profile_->directory->is_unlimited(client);
}

void Reception::seat(Session& session) {
  const IpAddress& client = session.client().address;
  crowd_.enter(session.place(), client_key(client), !is_exempt(client));
}

bool Reception::is_stranger(Service service, const IpAddress& peer) {
  if (!profile_->of(service).proxied || profile_->directory->is_proxy(peer)) return false;
  const std::string name = peer.text();
  floor_.log.emit(log::ProxyFailed{profile_->of(service).name(), name, "not a trusted proxy"});
  return true;
}

void Reception::accepted(Service service,
                         TcpSocket socket,
                         const Endpoint& peer,
                         const Endpoint& local) {
  ++accepted_[static_cast<std::size_t>(service)];
  // What so many take is a small part of the least memory_limit.
  constexpr unsigned kMany = 64;
  if (watch_ != nullptr && ++came_ % kMany == 0) watch_->many_came();
  if (is_stranger(service, peer.address)) return send_and_close(socket, {});
  const bool proxied = profile_->of(service).proxied;
  if (!proxied) {
    if (const auto line = kept_out(service, peer)) {
      const bool clear = !profile_->of(service).wrapper_tls;
      send_and_close(socket, clear ? std::string_view(*line) : std::string_view());
      return;
    }
  }
  // A network that has its share already makes nobody else leave. Behind a proxy that is seen
  // later: whoever leaves now is of the network with most, so that none has more.
  std::string refusal;
  if (!proxied) refusal = turned_away(service, peer, local);
  if (refusal.empty()) refusal = crowded_out(peer.address);
  if (!refusal.empty()) {
    // A peer that expects TLS from the first octet cannot read the line; it sees the close.
    const bool clear = !profile_->of(service).wrapper_tls;
    send_and_close(socket, clear ? std::string_view(refusal) : std::string_view());
    return;
  }
  std::unique_ptr<Gate> gate;
  if (gates_ != nullptr && service == Service::Smtp) gate = gates_->make_gate();
  Guest& guest = sessions_.emplace_front(*this, floor_, profile_, service, std::move(socket), peer,
                                         local, std::move(gate));
  guest.place = sessions_.begin();
  Session& session = guest.session;
  if (!proxied) seat(session);
  // No frame of ours around a session's: there may be thousands.
  tasks_.spawn("session", proxied ? serve_proxied(session) : session.run(), &guest);
}

bool Reception::settle(Session& session) {
  const IpAddress& client = session.client().address;
  // A proxy that speaks for itself asks whether we live, and that often.
  std::optional<std::string> refusal;
  if (!profile_->directory->is_proxy(client)) {
    refusal = kept_out(session.service(), session.client());
  }
  if (!refusal) {
    std::string crowded = turned_away(session.service(), session.client(), session.local());
    if (!crowded.empty()) refusal = std::move(crowded);
  }
  if (refusal) {
    ++leaving_;
    session.shed(*refusal);
    return false;
  }
  seat(session);
  return true;
}

void Reception::send_and_close(TcpSocket& socket, std::string_view line) {
  // A fresh connection's send buffer is empty, so a few lines always fit.
  [[maybe_unused]] const auto sent =
      ::send(socket.native_handle(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  std::error_code ignored;
  socket.shutdown(TcpSocket::shutdown_send, ignored);
  socket.close(ignored);
}

void Reception::refused(Service service, TcpSocket& socket, int number) {
  accept_failed(number);
  const bool clear = !profile_->of(service).wrapper_tls;
  const std::string busy = line_of(smtp::make_reply(smtp::replies::kAllBusy));
  send_and_close(socket, clear ? std::string_view(busy) : std::string_view());
}

void Reception::accept_failed(int number) {
  floor_.log.emit(log::AcceptFailed{system_error("accept", number).detail});
}

Task<void> Reception::serve_proxied(Session& session) {
  const bool told = co_await session.learn_client();
  if (!told || !settle(session)) co_return;
  co_await session.run();
}

}  // namespace gatepost::server
