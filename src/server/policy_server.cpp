// SPDX-License-Identifier: Apache-2.0
// server: greylisting lent to another mail server, over Postfix's policy protocol.
#include "server/policy_server.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "base/loop.h"
#include "log/events.h"

namespace gatepost::server {
namespace {

/// Each smtpd(8) of Postfix keeps one.
constexpr std::size_t kMostConnections = 200;
/// smtpd_policy_service_max_idle is 300 s.
constexpr Duration kIdleTime{600'000};
constexpr Duration kSendTime{60'000};

}  // namespace

void PolicyServer::open(net::Listener listener) {
  listeners_.push_back(std::move(listener));
  listeners_.back().start(*this);
}

void PolicyServer::close() {
  listeners_.clear();
  for (const auto& connection : connections_) connection->abandon();
}

void PolicyServer::accepted(TcpSocket socket, const Endpoint&, const Endpoint&) {
  // Those that are told to end take a moment.
  if (connections_.size() >= 2 * kMostConnections) return;
  if (connections_.size() >= kMostConnections) {
    // Without a word: Postfix connects again when it has a question.
    const auto idle = std::prev(connections_.end());
    (*idle)->abandon();
    connections_.splice(connections_.begin(), connections_, idle);
    if (!std::exchange(told_full_, true)) {
      floor_.log.emit(log::AcceptFailed{
          "policy: too many connections; for each new one that idle longest is closed"});
    }
  }
  connections_.push_front(std::make_unique<net::Connection>(std::move(socket), floor_.deadlines));
  tasks_.spawn("policy", serve(connections_.begin()));
}

void PolicyServer::refused(TcpSocket&, int number) {
  accept_failed(number);
}

void PolicyServer::accept_failed(int number) {
  floor_.log.emit(log::AcceptFailed{system_error("policy: accept", number).detail});
}

Task<void> PolicyServer::serve(Connections::iterator place) {
  struct Leave {
    Connections& all;
    Connections::iterator place;
    ~Leave() { all.erase(place); }
  } const leave{connections_, place};
  net::Connection& wire = **place;
  greylist::PolicyReader reader;
  std::string kept;
  for (;;) {
    const Instant until = floor_.clocks.instant() + kIdleTime;
    const FillResult filled = co_await wire.fill(floor_.scratch, until);
    if (filled.kind != Fill::Data) co_return;
    connections_.splice(connections_.begin(), connections_, place);
    // The buffer is everybody's; what is read stays whole while an answer is waited for.
    kept.assign(floor_.scratch.data(), filled.octets);
    std::string_view input = kept;
    for (;;) {
      const Result<bool> complete = reader.read(input);
      if (!complete) co_return;
      if (!*complete) break;
      greylist::PolicyRequest request = reader.request();
      const std::string action = co_await answer(std::move(request));
      const std::string line = "action=" + action + "\n\n";
      const Instant sent_by = floor_.clocks.instant() + kSendTime;
      const bool sent = co_await wire.send(line, sent_by);
      if (!sent) co_return;
    }
  }
}

bool PolicyServer::is_new_instance(std::string_view instance) {
  if (instance.empty()) return true;
  // Never 0, which an empty place is.
  const std::size_t hash = std::hash<std::string_view>()(instance) | 1U;
  if (std::find(instances_.begin(), instances_.end(), hash) != instances_.end()) return false;
  instances_[next_instance_] = hash;
  next_instance_ = (next_instance_ + 1) % instances_.size();
  return true;
}

Task<std::string> PolicyServer::answer(greylist::PolicyRequest request) {
  const auto client = IpAddress::parse(request.client_address);
  const bool usable = request.request == "smtpd_access_policy" && client &&
                      !request.client_name.empty() && !request.recipient.empty() &&
                      request.has_sender;
  if (!usable) co_return "DUNNO";
  Greylisting::Question question;
  question.client = *client;
  question.name = std::move(request.client_name);
  question.sender = std::move(request.sender);
  question.recipient = std::move(request.recipient);
  question.item = std::move(request.queue_id);
  const std::string recipient = question.recipient;
  const std::string sender = question.sender;
  const std::string peer = question.name + "[" + request.client_address + "]";
  const Greylisting::Verdict verdict = co_await greylisting_.judge(std::move(question));
  // It is told, and no more: whoever reaches the socket could have anybody banned.
  if (verdict.caught) floor_.log.emit(log::TrapHit{peer, recipient, sender});
  if (verdict.put_off) {
    // Some servers take 4.7.1, which Postfix puts there else, for a refusal; those before 2.3
    // know no enhanced codes.
    const std::string_view enhanced = verdict.trapped ? "4.7.1 " : "4.2.0 ";
    std::string out = "DEFER_IF_PERMIT ";
    if (request.has_etrn_domain) out += enhanced;
    co_return out + verdict.text;
  }
  if (verdict.header.empty() || !is_new_instance(request.instance)) co_return "DUNNO";
  co_return "PREPEND " + verdict.header;
}

}  // namespace gatepost::server
