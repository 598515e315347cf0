// SPDX-License-Identifier: Apache-2.0
// server: one connection from accept to close: obeys the machine's steps over a wire.
#include "server/session.h"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#include <asio/this_coro.hpp>

#include "base/loop.h"
#include "base/text.h"
#include "log/events.h"
#include "server/session_names.h"
#include "server/warden.h"
#include "smtp/extensions.h"
#include "smtp/proxy_header.h"
#include "smtp/replies.h"

namespace gatepost::server {
namespace {

namespace step = smtp::step;

// Replies to a pipelined group are sent together, but not more than this at once.
constexpr std::size_t kReplyBatch = 4096;

// A closed connection with unread input is reset by the kernel, and the peer may lose the
// last reply with it. So the rest is read and thrown away, within these bounds.
constexpr Duration kLingerTime{2000};
constexpr std::size_t kLingerOctets = 256 * 1024;

constexpr Duration kHandshakeTime{30'000};

// Sending to a peer that does not read ends after this long.
constexpr Duration kSendTime{60'000};

}  // namespace

Session::Session(Floor& floor,
                 std::shared_ptr<const Profile> profile,
                 Service service,
                 TcpSocket socket,
                 const Endpoint& client,
                 const Endpoint& local,
                 std::unique_ptr<Gate> gate)
    : floor_(floor),
      profile_(std::move(profile)),
      service_(profile_->of(service)),
      peer_{.client = client, .local = local, .name = "unknown[" + client.address.text() + "]"},
      connection_(std::move(socket), floor.deadlines),
      wire_(&connection_),
      gate_(std::move(gate)) {
  peer_.wire = &connection_;
}

void Session::begin(const Admission& admission) {
  smtp::PeerFacts facts;
  facts.judged = admission.judged;
  facts.greeted = admission.greeted;
  facts.watch = admission.watch;
  facts.trusted = profile_->directory->may_send_bare_newlines(peer_.client.address);
  facts.secured = peer_.tls != nullptr;
  facts.auth_hidden = profile_->directory->hides_auth(peer_.client.address);
  facts.hidden = find_hidden();
  facts.variation = this;
  if (is_tls_spent()) facts.tls_refusal = peer_.client.address.text();
  facts.tls_available = floor_.contexts != nullptr && floor_.contexts->current() != nullptr;
  machine_ =
      std::make_unique<smtp::ServerSession>(service_.session, facts, floor_.clocks.instant());
  if (shutting_down_) machine_->shut_down();
}

Login& Session::login() {
  if (!login_) login_ = std::make_unique<Login>(floor_, *profile_, service_, peer_);
  return *login_;
}

Desk& Session::desk() {
  if (!desk_) desk_ = std::make_unique<Desk>(floor_, *profile_, service_, peer_, *machine_);
  return *desk_;
}

std::string_view Session::item() const {
  return desk_ ? desk_->item() : std::string_view();
}

std::optional<std::string> Session::find_talk(Talk which, std::string_view key) const {
  return profile_->directory->find_talk(which, audience(), key);
}

smtp::ExtensionSet Session::find_hidden() const {
  const auto listed = find_talk(Talk::EhloKeywords, peer_.client.address.text());
  return listed ? smtp::parse_extensions(*listed) : profile_->manners[audience()].hidden;
}

smtp::ExtensionSet Session::hidden() {
  const smtp::ExtensionSet out = find_hidden();
  const std::string keywords = smtp::format_extensions(out);
  if (!keywords.empty() && (out & smtp::kSilent) == 0) {
    floor_.log.emit(log::KeywordsHidden{service_.name(), keywords, is_under_test()});
  }
  return out;
}

std::optional<std::string> Session::replace(std::string_view line) {
  auto out = find_talk(Talk::CommandFilter, line);
  if (out) {
    const Endpoint& client = peer_.client;
    const std::string tested = "[" + client.address.text() + "]:" + format_number(client.port);
    floor_.log.emit(log::CommandReplaced{service_.name(), is_under_test() ? tested : peer_.name,
                                         line, *out, is_under_test()});
  }
  return out;
}

void Session::say(smtp::Reply&& reply) {
  std::string sender;
  std::string recipient;
  policy::AccessTexts texts;
  if (machine_ && !reply.positive()) {
    sender = machine_->envelope().sender.text();
    recipient = machine_->pending_recipient().mailbox.text();
    texts = {peer_.name, machine_->helo(), sender, recipient, {}};
  }
  const SessionNames names(profile_->hostname, peer_, floor_.clocks, texts);
  add_footer(reply, *profile_, audience(), names);
  smtp::append_reply(out_, reply);
}

bool Session::is_tls_over() {
  if (floor_.warden == nullptr) return false;
  return floor_.warden->is_over({Rate::Tls, service_, peer_.client.address, peer_.name});
}

void Session::count_tls() {
  // Those who began at once are told here; who comes later hears it at STARTTLS.
  if (!is_tls_over()) return;
  const std::string client = peer_.client.address.text();
  machine_->dismiss(
      {421, "4.7.0", profile_->hostname + " Error: too many new TLS sessions from " + client});
}

bool Session::is_tls_spent() const {
  if (floor_.warden == nullptr) return false;
  return floor_.warden->is_spent({Rate::Tls, service_, peer_.client.address, peer_.name});
}

void Session::announce() {
  if (std::exchange(announced_, true)) return;
  floor_.log.emit(log::ClientConnected{service_.name(), peer_.name});
}

Task<bool> Session::learn_client() {
  const Instant until = floor_.clocks.instant() + service_.proxy_time;
  std::string text;
  std::string_view problem;
  smtp::ProxyReading reading = smtp::read_proxy_header(text);
  while (reading.missing > 0 && problem.empty()) {
    const std::span<char> room(floor_.scratch.data(), reading.missing);
    const FillResult got = co_await connection_.fill(room, until);
    if (got.kind == Fill::Data) {
      text.append(room.data(), got.octets);
      reading = smtp::read_proxy_header(text);
    } else {
      problem = got.kind == Fill::Closed ? "EOF" : "time limit exceeded";
    }
  }
  if (problem.empty()) problem = reading.fault;
  if (!problem.empty()) {
    if (!shutting_down_) {
      const std::string peer = peer_.client.address.text();
      floor_.log.emit(log::ProxyFailed{service_.name(), peer, problem});
    }
    co_return false;
  }
  if (reading.ends) {
    peer_.client = reading.ends->client;
    peer_.local = reading.ends->local;
    peer_.name = "unknown[" + peer_.client.address.text() + "]";
  }
  co_return true;
}

Task<bool> Session::enter(std::unique_ptr<Admission> admission) {
  if (gate_) {
    if (admission && admission->kind == Admission::Kind::Closed) {
      if (admission->reply) {
        say(std::move(*admission->reply));
        const bool sent = co_await flush();
        if (sent) co_await linger();
      }
      co_return false;
    }
    if (gate_->is_passed()) place_.prove();
    if (!admission || admission->kind == Admission::Kind::Free) gate_.reset();
  }
  if (!gate_) announce();
  if (service_.wrapper_tls) {
    bool secured = !is_tls_over();
    if (secured) secured = co_await secure();
    if (!secured) {
      floor_.log.emit(log::ClientDisconnected{service_.name(), peer_.name, "commands=0/0"});
      co_return false;
    }
  }
  if (!admission) admission = std::make_unique<Admission>();
  begin(*admission);
  if (gate_ && gate_->refuses()) machine_->distrust();
  kept_ = std::move(admission->input);
  input_ = kept_;
  co_return true;
}

Task<void> Session::run() {
  // Thousands wait here together, so that nothing stands around it.
  std::unique_ptr<Admission> admission;
  if (gate_) {
    co_await gate_->meet(peer_);
    admission = co_await gate_->admit(connection_, peer_);
  }
  const bool entered = co_await enter(std::move(admission));
  if (!entered) co_return;
  if (input_.empty() && wire_->has_input()) {
    // A peer that talks before it is greeted: the machine judges (smtpd_forbid_unauth_pipelining).
    const Instant now = floor_.clocks.instant();
    const FillResult early = co_await wire_->fill(floor_.scratch, now);
    take(early);
  }
  while (!over_) {
    co_await act();
    if (over_) break;
    const Instant until = machine_->deadline();
    const FillResult filled = co_await wire_->fill(floor_.scratch, until);
    take(filled);
  }
  desk_.reset();
  if (gate_) gate_->end(lost_);
  if (!announced_) co_return;
  floor_.log.emit(log::ClientDisconnected{service_.name(), peer_.name, machine_->tally()});
}

Task<void> Session::act() {
  while (!over_) {
    smtp::Step todo = advance();
    if (std::holds_alternative<step::NeedInput>(todo)) break;
    co_await obey(std::move(todo));
  }
  // Flush before you wait (RFC 2920 section 3.2): that is all there is to pipelining.
  const bool sent = co_await flush();
  over_ = over_ || !sent;
}

void Session::take(const FillResult& filled) {
  switch (filled.kind) {
    case Fill::Data:
      if (!kept_.empty()) std::string().swap(kept_);
      input_ = std::string_view(floor_.scratch.data(), filled.octets);
      return;
    case Fill::Timeout:
      return;  // The machine sees that its deadline passed.
    case Fill::Closed:
      log_end(Fill::Closed);
      over_ = true;
      return;
  }
  std::unreachable();
}

smtp::Step Session::advance() {
  for (;;) {
    smtp::Step todo = machine_->next(input_, floor_.clocks.instant());
    if (auto* said = std::get_if<step::Say>(&todo)) {
      say(std::move(said->reply));
      if (out_.size() >= kReplyBatch) return todo;
    } else if (auto* heard = std::get_if<step::Tell>(&todo)) {
      tell(heard->note);
    } else if (auto* text = std::get_if<step::Body>(&todo)) {
      if (desk().body(text->octets)) return todo;
    } else if (std::holds_alternative<step::Discard>(todo)) {
      if (desk_) desk_->discard();
    } else if (std::holds_alternative<step::DropAuth>(todo)) {
      login().drop();
    } else {
      return todo;
    }
  }
}

// The scratch buffer belongs to whoever runs; what this session has not read yet is kept
// aside while it waits.
void Session::keep_input() {
  if (input_.empty()) return;
  std::string rest(input_);
  kept_.swap(rest);
  input_ = kept_;
}

Task<void> Session::obey(smtp::Step todo) {
  keep_input();
  smtp::Ruling ruling;
  bool asked = true;
  if (std::holds_alternative<step::AskSender>(todo)) {
    ruling = co_await rule_on_sender();
  } else if (std::holds_alternative<step::AskRecipient>(todo)) {
    ruling = co_await rule_on_recipient();
  } else if (auto* who = std::get_if<step::AskVerify>(&todo)) {
    ruling = co_await rule_on_verify(who->mailbox);
  } else if (auto* auth = std::get_if<step::AskAuth>(&todo)) {
    if (secure_) {
      login().bind(secure_->channel_binding(tls::ChannelBinding::Exporter),
                   secure_->channel_binding(tls::ChannelBinding::ServerEndPoint));
    }
    ruling = co_await login().begin(std::move(*auth));
  } else if (auto* response = std::get_if<step::AskAuthResponse>(&todo)) {
    ruling = co_await login().respond(std::move(response->octets));
  } else if (std::holds_alternative<step::AskText>(todo)) {
    ruling = co_await rule_on_text();
  } else if (std::holds_alternative<step::AskCommit>(todo)) {
    ruling = co_await desk().commit();
  } else {
    asked = false;
  }
  if (asked) {
    if (peer_.login) place_.prove();
    machine_->answer(std::move(ruling));
  } else if (std::holds_alternative<step::Body>(todo)) {
    co_await desk().settle();
  } else if (std::holds_alternative<step::Say>(todo)) {
    const bool sent = co_await flush();
    over_ = over_ || !sent;
  } else if (auto* pause = std::get_if<step::Pause>(&todo)) {
    const bool sent = co_await flush();
    over_ = over_ || !sent;
    const auto executor = co_await asio::this_coro::executor;
    Timer timer(executor, pause->time);
    const auto token = asio::as_tuple(asio::deferred);
    pause_ = shutting_down_ ? nullptr : &timer;
    if (pause_ != nullptr) co_await timer.async_wait(token);
    pause_ = nullptr;
  } else if (std::holds_alternative<step::StartTls>(todo)) {
    const bool sent = co_await flush();
    const bool secured = co_await secure();
    over_ = over_ || !sent || !secured;
    if (!over_) {
      // What came ahead of the handshake is gone (RFC 3207 section 6; CVE-2011-0411).
      input_ = {};
      machine_->secured();
      peer_.login.reset();
    }
    if (!over_) count_tls();
  } else if (std::holds_alternative<step::HangUp>(todo)) {
    const bool sent = co_await flush();
    if (sent) co_await linger();
    over_ = true;
  }
}

Task<smtp::Ruling> Session::rule_on_sender() {
  put_off_sender_ = gate_ && gate_->refuses();
  if (put_off_sender_) co_return smtp::Ruling{{250, "2.1.0", "Ok"}};
  announce();
  smtp::Ruling ruling = co_await desk().sender();
  co_return ruling;
}

Task<smtp::Ruling> Session::rule_on_recipient() {
  if (gate_) {
    auto refusal = gate_->judge(*machine_);
    if (refusal) co_return smtp::Ruling{*std::move(refusal)};
    if (gate_->is_passed()) machine_->trust();
    announce();
  }
  if (std::exchange(put_off_sender_, false)) {
    smtp::Ruling ruling = co_await desk().sender();
    if (!ruling.accepts()) {
      put_off_sender_ = true;
      co_return ruling;
    }
  }
  smtp::Ruling ruling = co_await desk().recipient();
  if (ruling.accepts()) {
    // Mail may come now.
    place_.prove();
    if (gate_ && gate_->most_octets() > 0) machine_->limit_text(gate_->most_octets());
  }
  co_return ruling;
}

Task<smtp::Ruling> Session::rule_on_verify(const mail::Mailbox& mailbox) {
  auto refusal = gate_ ? gate_->rejection() : std::nullopt;
  if (refusal) co_return smtp::Ruling{*std::move(refusal)};
  smtp::Ruling ruling = co_await desk().verify(mailbox);
  co_return ruling;
}

Task<smtp::Ruling> Session::rule_on_text() {
  auto refusal = gate_ ? gate_->stop(*machine_) : std::nullopt;
  if (refusal) co_return smtp::Ruling{*std::move(refusal)};
  smtp::Ruling ruling = co_await desk().text();
  co_return ruling;
}

Task<bool> Session::flush() {
  if (out_.empty()) co_return true;
  keep_input();
  const Instant until = floor_.clocks.instant() + kSendTime;
  const bool sent = co_await wire_->send(out_, until);
  // Given back, not kept: most sessions are idle, and idle ones shall cost little.
  std::string().swap(out_);
  if (!sent && !over_) log_end(Fill::Closed);
  co_return sent;
}

Task<void> Session::linger() {
  wire_->close();
  const Instant until = floor_.clocks.instant() + kLingerTime;
  std::size_t seen = input_.size();
  input_ = {};
  // Only a peer that is still talking is waited for; one that listens has its reply.
  bool talking = seen > 0 || connection_.has_input();
  while (talking && seen < kLingerOctets) {
    const FillResult filled = co_await connection_.fill(floor_.scratch, until);
    talking = filled.kind == Fill::Data;
    seen += filled.octets;
  }
}

Task<bool> Session::secure() {
  std::shared_ptr<const tls::ServerContext> context =
      (floor_.contexts != nullptr) ? floor_.contexts->current() : nullptr;
  if (!context) {
    floor_.log.emit(log::TlsFailed{service_.name(), peer_.name, "no certificate is loaded"});
    co_return false;
  }
  secure_ = tls::make_server_wire(connection_, std::move(context));
  const Duration patience = std::min(kHandshakeTime, service_.session.starttls_timeout);
  const Instant until = floor_.clocks.instant() + patience;
  Result<TlsFacts> facts = co_await secure_->handshake(until);
  if (!facts) {
    floor_.log.emit(log::TlsFailed{service_.name(), peer_.name, facts.error().detail});
    co_return false;
  }
  wire_ = secure_.get();
  if (service_.log_tls) {
    floor_.log.emit(log::TlsEstablished{service_.name(), peer_.name, *facts});
  }
  peer_.tls = std::make_unique<const TlsFacts>(*std::move(facts));
  co_return true;
}

void Session::tell(const smtp::Note& note) {
  const std::string_view service = service_.name();
  if (gate_) {
    auto reply = gate_->hear(note);
    if (gate_->refuses()) machine_->distrust();
    if (reply) return machine_->dismiss(*std::move(reply));
    if (!announced_) return;
  }
  switch (note.kind) {
    case smtp::Note::Kind::NonSmtpCommand:
      floor_.log.emit(log::NonSmtpCommand{service, peer_.name, note.text});
      return;
    case smtp::Note::Kind::Pipelining:
      floor_.log.emit(log::ImproperPipelining{service, peer_.name, note.after, note.text});
      return;
    case smtp::Note::Kind::TooManyErrors:
      if (floor_.warden != nullptr && !peer_.login) {
        floor_.warden->note(peer_.client.address, bans::Offence::TooManyErrors);
      }
      floor_.log.emit(log::ConnectionLost{service, peer_.name, item(), "too many errors",
                                          note.after, machine_->text_octets()});
      return;
    case smtp::Note::Kind::Timeout:
      floor_.log.emit(log::ConnectionLost{service, peer_.name, item(), "timeout", note.after,
                                          machine_->text_octets()});
      return;
    case smtp::Note::Kind::AuthFailed:
      login().log_abort(note.text);
      return;
    case smtp::Note::Kind::BareNewline:
    case smtp::Note::Kind::NotSmtp:
    case smtp::Note::Kind::Impatience:
    case smtp::Note::Kind::CommandCount:
    case smtp::Note::Kind::CommandLength:
    case smtp::Note::Kind::NoRecipients:
      return;  // Heard by the gate.
    case smtp::Note::Kind::Refused:
      desk().log_refusal(note.after, note.text);
      return;
  }
  std::unreachable();
}

void Session::log_end(Fill how) {
  // Turned away by the gate, which has said so.
  if (!machine_) return;
  lost_ = lost_ || machine_->where() != "QUIT";
  if (!announced_) return;
  if (how != Fill::Closed || machine_->where() == "QUIT") return;
  floor_.log.emit(log::ConnectionLost{service_.name(), peer_.name, item(), "lost connection",
                                      machine_->where(), machine_->text_octets()});
}

void Session::shut_down() {
  shutting_down_ = true;
  if (machine_) machine_->shut_down();
  if (gate_) gate_->shut_down();
  if (pause_ != nullptr) pause_->cancel();
  connection_.wake();
}

void Session::shed(std::string_view farewell) {
  shed_ = true;
  place_.leave();
  if (pause_ != nullptr) pause_->cancel();
  if (!secure_ && !service_.wrapper_tls) connection_.send_at_once(farewell);
  connection_.hang_up();
}

void Session::abandon() {
  if (pause_ != nullptr) pause_->cancel();
  connection_.abandon();
}

}  // namespace gatepost::server
