// SPDX-License-Identifier: Apache-2.0
// delivery: asks, before a recipient is accepted, whether the server its mail goes to takes it.
#include "delivery/prober.h"

#include <chrono>
#include <utility>

#include "base/text.h"
#include "delivery/converse.h"

namespace gatepost::delivery {
namespace {

using namespace std::literals;

/// A client waits meanwhile.
constexpr Duration kConnectTime{2'000};
constexpr Duration kReplyTime{5'000};
constexpr auto kRemembered = 60s;
constexpr auto kLeftAlone = 20s;
constexpr std::size_t kMostKnown = 4096;
constexpr std::size_t kMostAtOnce = 50;

}  // namespace

void Prober::stop() {
  stopped_ = true;
  dials_.stop();
  for (net::Connection* connection : connections_) connection->abandon();
}

void Prober::remember(const std::string& key, const std::optional<smtp::Reply>& refusal) {
  if (known_.size() >= kMostKnown) known_.clear();
  known_[key] = {std::chrono::steady_clock::now() + kRemembered, refusal};
}

Task<void> Prober::talk(Transport transport, smtp::ClientSession& session) {
  const Instant until = std::chrono::steady_clock::now() + kConnectTime;
  auto socket = co_await dial(loop_, deadlines_, dials_, std::move(transport), until);
  if (!socket || stopped_) co_return;
  net::Connection connection(*std::move(socket), deadlines_);
  connections_.insert(&connection);
  co_await converse(connection, session, nullptr);
  connections_.erase(&connection);
}

Task<std::optional<smtp::Reply>> Prober::ask(Transport transport,
                                             mail::Mailbox sender,
                                             mail::Mailbox to) {
  const std::string peer = transport.peer(hostname_);
  const std::string key = peer + " " + lower(to.text());
  const Instant now = std::chrono::steady_clock::now();
  const auto known = known_.find(key);
  if (known != known_.end() && known->second.until > now) co_return known->second.refusal;
  const auto silent = silent_.find(peer);
  if (silent != silent_.end() && silent->second > now) co_return std::nullopt;
  if (stopped_ || asking_ >= kMostAtOnce) co_return std::nullopt;
  mail::Envelope envelope{std::move(sender), {}, {}};
  envelope.recipients.push_back({std::move(to), {}, {}});
  smtp::ClientSession::Settings settings;
  settings.hostname = hostname_;
  settings.peer = peer;
  settings.probe = true;
  settings.command_timeout = kReplyTime;
  smtp::ClientSession session(std::move(settings), envelope);
  ++asking_;
  co_await talk(std::move(transport), session);
  --asking_;
  const smtp::ClientOutcome& outcome = session.outcomes().front();
  using Fate = smtp::ClientOutcome::Fate;
  // Each client after this one would wait as long for nothing. There are as many servers as the
  // settings name, so what is remembered stays small.
  if (outcome.reply.code == 0) {
    silent_[peer] = std::chrono::steady_clock::now() + kLeftAlone;
  } else {
    silent_.erase(peer);
  }
  std::optional<smtp::Reply> refusal;
  if (outcome.fate == Fate::Failed) {
    const std::string said = printable(outcome.reason, 400);
    refusal = smtp::Reply{550, outcome.status,
                          "<" + envelope.recipients.front().mailbox.text() + ">: " + said};
  }
  const bool about_recipient = outcome.fate == Fate::Accepted || (refusal && outcome.own);
  if (about_recipient) remember(key, refusal);
  co_return refusal;
}

}  // namespace gatepost::delivery
