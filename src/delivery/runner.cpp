// SPDX-License-Identifier: Apache-2.0
// delivery: takes what is due out of the queue, tries it, writes down what became of it.
//
// The order of an attempt, and what a crash after each step leaves:
//
//   1  conversations with servers            nothing is written: what was taken is sent again
//   2  reports about failures, durable       the failure is found again, and told again
//   3  states and the next attempt, durable  done; those that are done are not tried again
//   4  the item erased when none waits       it is erased at the next look
//
// So nothing is lost, and a recipient gets a message twice only where the time between a reply and
// the commit of step 3 was cut off.
#include "delivery/runner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <asio/as_tuple.hpp>

#include "base/format.h"
#include "base/loop.h"
#include "delivery/converse.h"
#include "log/events.h"

namespace gatepost::delivery {
namespace {

using Fate = smtp::ClientOutcome::Fate;
using queue::State;

constexpr std::size_t kMostReason = 500;
/// Items looked at, and items under way in all, for each that one destination may have.
constexpr std::size_t kLookAhead = 8;
constexpr std::size_t kDestinations = 4;
/// A destination where nothing ended for so long keeps others waiting.
constexpr Duration kStuck{10'000};

Duration since(Instant then) {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - then);
}

/// A connection that stop() can end.
class Listed {
 public:
  Listed(std::set<net::Connection*>& all, net::Connection& one) : all_(all), one_(one) {
    all_.insert(&one_);
  }
  ~Listed() { all_.erase(&one_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  std::set<net::Connection*>& all_;
  net::Connection& one_;
};

}  // namespace

/// Destinations that go to one place.
struct Runner::Group {
  Transport transport;
  std::string peer;  ///< Its name, as it was when this was made.
  std::vector<std::size_t> which;
};

struct Runner::Attempt {
  /// What is known of one destination after the attempt.
  struct Verdict {
    std::size_t destination = 0;
    State state = State::Waiting;
    std::string status;
    std::string reason;
    std::string relay;  ///< "none", or the server.
    Duration connect{};
    Duration transmit{};
    std::string said = {};  ///< The server's reply, where one decided.
    bool told = false;      ///< In the log, or by somebody else.
  };

  queue::Item item;
  Moment begun{};
  std::vector<Verdict> verdicts;
  std::vector<std::size_t> to_inject;
  bool hold = false;
};

Runner::Runner(Parts parts) : parts_(parts), timer_(parts.loop) {}

Runner::~Runner() = default;

void Runner::start() {
  if (running_) return;
  running_ = true;
  parts_.tasks.spawn("queue", run());
}

void Runner::wake() {
  woken_ = true;
  timer_.cancel();
}

void Runner::pause(bool yes) {
  if (std::exchange(paused_, yes) && !yes) wake();
}

void Runner::stop() {
  stopped_ = true;
  timer_.cancel();
  dials_.stop();
  for (net::Connection* connection : connections_) connection->abandon();
}

// A server that does not answer keeps the places of its own mail only. Its mail may be all that is
// seen of the queue, so it is put off when nothing has moved for a while.
Task<void> Runner::run() {
  while (!stopped_) {
    woken_ = false;
    const std::size_t most = active_.size() + settings_.concurrency * kLookAhead;
    const Moment now = parts_.world.now();
    const auto items = co_await parts_.store.due(now, most);
    if (stopped_) co_return;
    if (!items) parts_.log.emit(log::StorageFailed{"", "queue", items.error().detail});
    std::vector<std::string> kept_out;
    for (std::size_t n = 0; items && !paused_ && n < items->size(); ++n) {
      const queue::Item& item = (*items)[n];
      if (active_.size() >= settings_.concurrency * kDestinations) break;
      if (active_.contains(item.id)) continue;
      if (!begin(item)) kept_out.push_back(item.id);
    }
    const bool waiting = !kept_out.empty();
    const bool all_seen = !items || items->size() < most;
    if (waiting && !all_seen && is_stuck()) {
      queue::Change later;
      later.next = now + std::max<Duration>(settings_.schedule.minimal_backoff, kStuck);
      const auto put_off = co_await parts_.store.update(std::move(kept_out), std::move(later));
      if (put_off) continue;
      parts_.log.emit(log::StorageFailed{"", "queue", put_off.error().detail});
    }
    if (woken_) continue;
    timer_.expires_after(waiting ? std::min(settings_.run_delay, kStuck) : settings_.run_delay);
    const auto token = asio::as_tuple(kUseTask);
    co_await timer_.async_wait(token);
  }
}

bool Runner::is_full(const Group& group) const {
  const auto load = loads_.find(group.peer);
  return load != loads_.end() && load->second.items >= settings_.concurrency;
}

bool Runner::is_stuck() const {
  return std::any_of(loads_.begin(), loads_.end(), [this](const auto& each) {
    const Load& load = each.second;
    return load.items >= settings_.concurrency && since(load.progress) >= kStuck;
  });
}

/// False when one of the servers it goes to has as much as it may get at once.
bool Runner::begin(const queue::Item& item) {
  Attempt attempt;
  attempt.begun = parts_.world.now();
  attempt.item = item;
  std::vector<Group> groups;
  sort(attempt, groups);
  const auto full = [this](const Group& group) { return is_full(group); };
  if (std::any_of(groups.begin(), groups.end(), full)) return false;
  for (const Group& group : groups) {
    Load& load = loads_[group.peer];
    if (load.items++ == 0) load.progress = std::chrono::steady_clock::now();
  }
  active_.insert(item.id);
  parts_.tasks.spawn("delivery", deliver(std::move(attempt), std::move(groups)));
  return true;
}

Task<void> Runner::deliver(Attempt attempt, std::vector<Group> groups) {
  const std::string id = attempt.item.id;
  for (const Group& group : groups) {
    if (!stopped_) co_await hand_over(attempt, group);
  }
  if (!attempt.to_inject.empty() && !stopped_) co_await inject(attempt);
  const bool done = co_await conclude(attempt);
  active_.erase(id);
  for (const Group& group : groups) leave(group);
  // What could not be written down is due still: not at once, or it would go round and round.
  if (done) wake();
}

void Runner::leave(const Group& group) {
  const auto load = loads_.find(group.peer);
  load->second.progress = std::chrono::steady_clock::now();
  if (--load->second.items == 0) loads_.erase(load);
}

void Runner::sort(Attempt& attempt, std::vector<Group>& groups) {
  const auto& destinations = attempt.item.destinations;
  for (std::size_t n = 0; n < destinations.size(); ++n) {
    if (destinations[n].state != State::Waiting) continue;
    const auto hop = parts_.world.route(destinations[n].recipient.mailbox, attempt.item.sender);
    if (!hop) {
      attempt.verdicts.push_back({n, State::Waiting, "4.3.0", hop.error().detail, "none"});
    } else if (hop->kind == Hop::Kind::Nobody) {
      const std::string status = hop->refusal.enhanced.empty() ? "5.1.1" : hop->refusal.enhanced;
      const bool never = hop->refusal.code >= 500;
      attempt.verdicts.push_back(
          {n, never ? State::Failed : State::Waiting, status, hop->refusal.text, "none"});
    } else if (hop->kind == Hop::Kind::Inject) {
      attempt.to_inject.push_back(n);
    } else if (hop->kind == Hop::Kind::Lmtp) {
      const auto same = [&hop](const Group& one) { return one.transport == hop->transport; };
      auto group = std::find_if(groups.begin(), groups.end(), same);
      if (group == groups.end())
        group = groups.insert(groups.end(),
                              Group{hop->transport, hop->transport.peer(settings_.hostname), {}});
      group->which.push_back(n);
    }
  }
}

// All at once first, as some may lead to one mailbox; when that fails, in parts that share none, as
// the fault may be of one mailbox.
Task<void> Runner::inject(Attempt& attempt) {
  const Result<void> all = co_await parts_.world.inject(attempt.item, attempt.to_inject);
  std::vector<Result<void>> results(attempt.item.destinations.size(), all);
  std::vector<std::vector<std::size_t>> parts;
  if (!all && attempt.to_inject.size() > 1) {
    parts = parts_.world.set_apart(attempt.item, attempt.to_inject);
  }
  for (const std::vector<std::size_t>& part : parts) {
    if (stopped_ || part.size() == attempt.to_inject.size()) break;
    const Result<void> injected = co_await parts_.world.inject(attempt.item, part);
    for (const std::size_t n : part) results[n] = injected;
  }
  for (const std::size_t n : attempt.to_inject) {
    const Result<void>& injected = results[n];
    Attempt::Verdict verdict{n, State::Delivered, "2.0.0", "delivered", "local"};
    if (!injected) {
      verdict.state = State::Waiting;
      verdict.status = "4.3.0";
      verdict.reason = injected.error().detail;
    }
    verdict.told = static_cast<bool>(injected);
    attempt.verdicts.push_back(std::move(verdict));
  }
}

Task<void> Runner::hand_over(Attempt& attempt, const Group& group) {
  mail::Envelope envelope{attempt.item.sender, attempt.item.options, {}};
  for (const std::size_t n : group.which) {
    envelope.recipients.push_back(attempt.item.destinations[n].recipient);
  }
  smtp::ClientSession::Settings settings;
  settings.hostname = settings_.hostname;
  settings.peer = group.peer;
  settings.size = attempt.item.octets;
  settings.command_timeout = settings_.command_timeout;
  settings.data_timeout = settings_.data_timeout;
  settings.done_timeout = settings_.done_timeout;
  const std::string peer = settings.peer;
  smtp::ClientSession session(std::move(settings), envelope);
  const Instant begun = std::chrono::steady_clock::now();
  const Instant until = begun + settings_.connect_timeout;
  auto socket = co_await dial(parts_.loop, parts_.deadlines, dials_, group.transport, until);
  const Duration connect = since(begun);
  const Instant connected = std::chrono::steady_clock::now();
  const std::string unreached = socket || stopped_
                                    ? "shutting down"
                                    : format("connect to {}: {}", peer, socket.error().detail);
  if (socket && !stopped_) {
    net::Connection connection(*std::move(socket), parts_.deadlines);
    const Listed listed(connections_, connection);
    QueuedText text(parts_.store, attempt.item.id);
    co_await converse(connection, session, &text);
  }
  const Duration transmit = since(connected);
  for (std::size_t n = 0; n < group.which.size(); ++n) {
    const smtp::ClientOutcome& outcome = session.outcomes()[n];
    Attempt::Verdict verdict{group.which[n], State::Waiting, outcome.status, outcome.reason,
                             peer,           connect,        transmit};
    if (outcome.fate == Fate::Delivered) verdict.state = State::Delivered;
    if (outcome.fate == Fate::Failed) verdict.state = State::Failed;
    if (outcome.reply.code != 0) verdict.said = smtp::format_said(outcome.reply);
    if (outcome.fate == Fate::Unknown) {
      verdict.status = "4.4.1";
      verdict.relay = "none";
      verdict.reason = unreached;
    }
    attempt.verdicts.push_back(std::move(verdict));
  }
}

// Too old is judged by the attempt that failed, so that whoever was down for long gets one more;
// one that was cut off by our own end has not failed.
void Runner::age(Attempt& attempt) const {
  const queue::Item& item = attempt.item;
  if (stopped_) return;
  const Moment now = parts_.world.now();
  if (!queue::has_expired(settings_.schedule, item.arrived, item.sender.empty(), now)) return;
  for (Attempt::Verdict& verdict : attempt.verdicts) {
    if (verdict.state == State::Waiting) verdict.state = State::Failed;
  }
}

Task<bool> Runner::conclude(Attempt& attempt) {
  const std::string id = attempt.item.id;
  age(attempt);
  const bool told = co_await tell_sender(attempt);
  tell_log(attempt);
  queue::Change change;
  const Moment now = parts_.world.now();
  change.next = stopped_ ? attempt.item.next
                         : queue::next_attempt(settings_.schedule, attempt.item.arrived, now);
  if (attempt.hold) change.hold = true;
  for (Attempt::Verdict& verdict : attempt.verdicts) {
    const bool untold = verdict.state == State::Failed && !told;
    const State state = untold ? State::Waiting : verdict.state;
    std::string reason = verdict.reason.substr(0, kMostReason);
    change.outcomes.push_back({verdict.destination, state, std::move(reason)});
  }
  apply(change, attempt.item);
  std::vector<std::string> ids;
  ids.push_back(id);
  const auto written = co_await parts_.store.update(std::move(ids), std::move(change));
  if (!written) {
    parts_.log.emit(log::StorageFailed{id, "queue", written.error().detail});
    co_return false;
  }
  if (is_pending(attempt.item) || *written == 0) co_return true;
  const auto erased = co_await parts_.store.erase(id);
  if (!erased) parts_.log.emit(log::StorageFailed{id, "queue", erased.error().detail});
  if (erased) parts_.log.emit(log::ItemRemoved{id});
  co_return static_cast<bool>(erased);
}

/// Of what ended in `state` here; what was injected has been told of by whoever has it.
std::vector<Told> Runner::find_told(const Attempt& attempt, State state) {
  std::vector<Told> out;
  for (const Attempt::Verdict& verdict : attempt.verdicts) {
    if (verdict.state != state || (verdict.told && state == State::Delivered)) continue;
    const bool remote = !verdict.said.empty();
    const auto action = state == State::Failed ? mail::Action::Failed : mail::Action::Delivered;
    out.push_back({verdict.destination, action, verdict.status,
                   remote ? verdict.said : verdict.reason, remote ? verdict.relay : std::string()});
  }
  return out;
}

/// False when there was a failure to tell and it could not be: then nothing has failed yet.
Task<bool> Runner::tell_sender(Attempt& attempt) {
  // An LMTP server is the end of the way: it does not tell. It has the message in any case.
  const std::vector<Told> arrived = find_told(attempt, State::Delivered);
  if (!arrived.empty()) {
    const auto done = co_await parts_.world.report(attempt.item, arrived);
    if (!done) {
      parts_.log.emit(log::StorageFailed{attempt.item.id, "report", done.error().detail});
    }
  }
  const std::vector<Told> failures = find_told(attempt, State::Failed);
  if (failures.empty()) co_return true;
  const auto done = co_await parts_.world.report(attempt.item, failures);
  if (done) co_return true;
  // Nobody can be told, not even postmaster: kept, for a person to look at.
  if (done.error().cause == Cause::Permanent) attempt.hold = true;
  parts_.log.emit(log::StorageFailed{attempt.item.id, "report", done.error().detail});
  co_return false;
}

void Runner::tell_log(const Attempt& attempt) const {
  const queue::Item& item = attempt.item;
  const auto waited = std::chrono::duration_cast<Duration>(attempt.begun - item.arrived);
  for (const Attempt::Verdict& verdict : attempt.verdicts) {
    if (verdict.told) continue;
    const std::string to = item.destinations[verdict.destination].recipient.mailbox.text();
    const std::string_view status = verdict.state == State::Delivered ? "sent"
                                    : verdict.state == State::Failed  ? "bounced"
                                                                      : "deferred";
    parts_.log.emit(log::RecipientTried{item.id, to, verdict.relay, Duration::zero(), waited,
                                        verdict.connect, verdict.transmit, verdict.status, status,
                                        verdict.reason});
  }
}

}  // namespace gatepost::delivery
