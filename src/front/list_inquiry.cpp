// SPDX-License-Identifier: Apache-2.0
// front: asks all DNS lists about a client, once for all its connections.
#include "front/list_inquiry.h"

#include <algorithm>
#include <utility>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#include <asio/this_coro.hpp>

#include "base/loop.h"

namespace gatepost::front {

using screen::Finding;
using screen::ListAnswer;
using screen::zone_bit;
using screen::ZoneSet;

namespace {

Instant now() {
  return std::chrono::steady_clock::now();
}

Duration since(Instant then) {
  return std::chrono::duration_cast<Duration>(now() - then);
}

/// Borrows from `answer`.
ListAnswer as_list_answer(const DnsAnswer& answer) {
  ListAnswer out{ListAnswer::Kind::NotListed, answer.addresses, answer.ttl, answer.fault};
  if (answer.kind == DnsAnswer::Kind::Failed) out.kind = ListAnswer::Kind::Failed;
  if (answer.found() && !answer.addresses.empty()) out.kind = ListAnswer::Kind::Listed;
  return out;
}

Finding no_finding() {
  Finding out;
  out.kind = Finding::Kind::Failed;
  return out;
}

}  // namespace

std::string question_name(const IpAddress& client, std::string_view zone) {
  std::string out = client.reversed_labels();
  out += '.';
  out += zone;
  return out;
}

/// A worker is on its lane's books until its task ends, however that is.
class ListInquiry::Shift {
 public:
  Shift(ListInquiry& inquiry, const std::string& zone) : inquiry_(inquiry), zone_(zone) {}
  Shift(const Shift&) = delete;
  Shift& operator=(const Shift&) = delete;
  ~Shift() {
    const std::size_t zone = inquiry_.guard_.sites().find(zone_);
    // A list that was gone and came back has new books.
    if (zone < inquiry_.lanes_.size() && inquiry_.lanes_[zone].workers > 0) {
      --inquiry_.lanes_[zone].workers;
    }
  }

 private:
  ListInquiry& inquiry_;
  const std::string& zone_;
};

// ---- a connection's share

ListInquiry::Asked::Asked(ListInquiry& inquiry, const IpAddress& client, Observer* observer)
    : inquiry_(inquiry), set_(&inquiry.join(client)), observer_(observer), next_(set_->holders) {
  set_->holders = this;
}

ListInquiry::Asked::~Asked() {
  Asked** link = &set_->holders;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  if (set_->holders == nullptr) inquiry_.leave(*set_);
}

bool ListInquiry::Asked::is_complete() const {
  return inquiry_.is_complete(*set_);
}

screen::Score ListInquiry::Asked::score() const {
  const screen::Guard& guard = inquiry_.guard_;
  return screen::add_up(guard.sites(), set_->findings, guard.counting());
}

screen::Finding ListInquiry::Asked::finding(std::size_t zone) const {
  return zone < set_->findings.size() ? set_->findings[zone] : Finding();
}

Task<void> ListInquiry::Asked::wait(Instant until) {
  if (is_complete()) co_return;
  set_->told = false;
  const auto executor = co_await asio::this_coro::executor;
  Timer timer(executor, until);
  bell_ = &timer;
  const auto token = asio::as_tuple(asio::deferred);
  co_await timer.async_wait(token);
  bell_ = nullptr;
}

// ---- questions

ListInquiry::ListInquiry(net::TaskGroup& tasks, net::Deadlines& deadlines, Dns& dns, log::Log& log)
    : tasks_(tasks),
      deadlines_(deadlines),
      dns_(dns),
      log_(log),
      // Only has to differ from that of the last run.
      chance_(static_cast<std::uint64_t>(now().time_since_epoch().count())) {}

ListInquiry::Set& ListInquiry::join(const IpAddress& client) {
  const auto known = of_client_.find(client);
  if (known == of_client_.end() || since(known->second->begun) >= kShared) return begin(client);
  Set& set = *known->second;
  if (!is_complete(set)) set.told = false;
  return set;
}

ListInquiry::Set& ListInquiry::begin(const IpAddress& client) {
  const ZoneSet zones = guard_.asking();
  Set& set = sets_[++last_];
  set.client = client;
  set.number = last_;
  set.begun = now();
  set.until = set.begun + timeout_;
  set.queued = set.open = zones;
  set.findings.resize(guard_.sites().size());
  set.told = is_complete(set);
  of_client_[client] = &set;
  hire(zones);
  arm();
  return set;
}

void ListInquiry::leave(Set& set) {
  const auto known = of_client_.find(set.client);
  if (known != of_client_.end() && known->second == &set) of_client_.erase(known);
  sets_.erase(set.number);
}

void ListInquiry::hire(ZoneSet zones) {
  if (lanes_.empty()) return;
  const auto share = kMostTogether / static_cast<std::uint32_t>(lanes_.size());
  const std::uint32_t most = std::min(share, kMostAtOnce);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if ((zones & zone_bit(i)) == 0 || lanes_[i].workers >= most) continue;
    ++lanes_[i].workers;
    tasks_.spawn("dnsbl", work(guard_.sites().zones()[i].name));
  }
}

ListInquiry::Question ListInquiry::take(std::string_view name) {
  const std::size_t zone = guard_.sites().find(name);
  if (zone >= lanes_.size()) return {};
  Lane& lane = lanes_[zone];
  for (auto at = sets_.lower_bound(lane.next); at != sets_.end(); ++at) {
    Set& set = at->second;
    lane.next = set.number + 1;
    if ((set.queued & zone_bit(zone)) == 0) continue;
    set.queued &= ~zone_bit(zone);
    if (guard_.may_ask(zone, now())) return {true, set.number, set.client};
    close(set, zone, no_finding());
  }
  return {};
}

Task<void> ListInquiry::work(std::string zone) {
  const Shift shift(*this, zone);
  for (Question question = take(zone); question.any; question = take(zone)) {
    const Instant begun = now();
    std::string name = question_name(question.client, zone);
    const DnsAnswer answer = co_await dns_.look_up(std::move(name), DnsType::A);
    hear(zone, question, answer, begun);
  }
  // The last take() may have met the limit of a day.
  tell();
  arm();
}

void ListInquiry::hear(std::string_view name,
                       const Question& question,
                       const DnsAnswer& answer,
                       Instant begun) {
  const std::size_t zone = guard_.sites().find(name);
  if (zone >= lanes_.size()) return;
  const auto at = sets_.find(question.set);
  const bool gone = at == sets_.end();
  // Given up, and counted as a failure then.
  if (!gone && (at->second.open & zone_bit(zone)) == 0) return;
  const ListAnswer said = as_list_answer(answer);
  // What we could not ask says nothing of the list.
  const ListAnswer believed = answer.ours ? said : guard_.hear(zone, said, since(begun), now());
  if (gone && said.kind == ListAnswer::Kind::Failed) {
    // The client has gone on without it; the owner wants to know all the same.
    if (since(begun) >= timeout_) {
      log_.emit(log::DnsblTimeout{name, timeout_});
    } else {
      log_.emit(log::DnsblError{question_name(question.client, name), said.fault});
    }
  }
  if (!gone) {
    Set& set = at->second;
    if (said.kind == ListAnswer::Kind::Failed) {
      log_.emit(log::DnsblError{question_name(set.client, name), said.fault});
    } else if (believed.kind == ListAnswer::Kind::Listed) {
      log_listing(set, zone, believed);
    }
    close(set, zone, screen::find_weight(guard_.sites().zones()[zone], believed));
  }
  tell();
  arm();
}

void ListInquiry::log_listing(const Set& set, std::size_t zone, const ListAnswer& answer) {
  const std::string client = set.client.text();
  for (const IpAddress& address : answer.addresses) {
    const std::string text = address.text();
    log_.emit(log::DnsblListed{client, guard_.sites().zones()[zone].name, text});
  }
}

void ListInquiry::close(Set& set, std::size_t zone, const Finding& finding) {
  set.findings[zone] = finding;
  set.open &= ~zone_bit(zone);
  settle(set);
}

// ---- complete or late

bool ListInquiry::is_complete(const Set& set) const {
  if ((set.open & guard_.asking()) != 0) return false;
  // What a list said counts when its probe was answered: that a client is not on it as well, or
  // whoever comes first after a start would be one of whom nobody could say.
  const ZoneSet undecided = guard_.undecided();
  for (std::size_t i = 0; i < set.findings.size(); ++i) {
    if (set.findings[i].answered() && (undecided & zone_bit(i)) != 0) return false;
  }
  return true;
}

void ListInquiry::settle(Set& set) {
  if (set.told || !is_complete(set)) return;
  set.told = true;
  for (const Asked* one = set.holders; one != nullptr; one = one->next_) {
    if (one->bell_ != nullptr) one->bell_->cancel();
    if (one->observer_ != nullptr) one->observer_->lists_answered();
  }
}

void ListInquiry::settle_all() {
  for (auto& [number, set] : sets_) settle(set);
}

void ListInquiry::give_up(Set& set, Instant now) {
  const ListAnswer none{ListAnswer::Kind::Failed, {}, {}, "timeout"};
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if ((set.open & zone_bit(i)) == 0) continue;
    const bool asked = (set.queued & zone_bit(i)) == 0;
    set.queued &= ~zone_bit(i);
    // That we were not quick enough to ask is no fault of the list's.
    if (asked) static_cast<void>(guard_.hear(i, none, timeout_, now));
    log_.emit(log::DnsblTimeout{guard_.sites().zones()[i].name, timeout_});
    close(set, i, no_finding());
  }
}

void ListInquiry::arm() {
  Instant until = guard_.next_probe();
  const auto first = sets_.lower_bound(pending_);
  if (first != sets_.end()) until = std::min(until, first->second.until);
  // A wait that ends too early is begun again.
  if (until >= armed_) return;
  armed_ = until;
  net::Waiter& self = *this;
  ticket_.emplace(deadlines_, until, self);
}

void ListInquiry::time_is_up() {
  ticket_->spent();
  armed_ = kNever;
  const Instant at = now();
  for (auto next = sets_.lower_bound(pending_); next != sets_.end() && next->second.until <= at;
       ++next) {
    give_up(next->second, at);
    pending_ = next->first + 1;
  }
  begin_probes();
  tell();
  arm();
}

// ---- the lists' health

void ListInquiry::begin_probes() {
  const Instant at = now();
  for (auto zone = guard_.begin_probe(at); zone; zone = guard_.begin_probe(at)) {
    tasks_.spawn("dnsbl probe", probe(guard_.sites().zones()[*zone].name));
  }
}

bool ListInquiry::probe_now(std::string_view zone) {
  const std::size_t place = guard_.sites().find(zone);
  if (place >= guard_.sites().size()) return false;
  guard_.hurry(place, now());
  begin_probes();
  arm();
  return true;
}

Task<void> ListInquiry::probe(std::string name) {
  for (const screen::TestPoint point : screen::kTestPoints) {
    // Settings may change between any two.
    std::size_t zone = guard_.sites().find(name);
    if (zone >= lanes_.size()) co_return;
    if (!guard_.wants(zone, point)) continue;
    const Instant begun = now();
    std::string question = screen::test_name(point, name, ++chance_);
    const DnsAnswer answer = co_await dns_.look_up(std::move(question), DnsType::A);
    zone = guard_.sites().find(name);
    if (zone >= lanes_.size()) co_return;
    if (answer.ours) {
      guard_.drop_probe(zone, now());
      arm();
      co_return;
    }
    guard_.hear_probe(zone, point, as_list_answer(answer), since(begun));
  }
  const std::size_t zone = guard_.sites().find(name);
  if (zone >= lanes_.size()) co_return;
  guard_.end_probe(zone, now());
  tell();
  settle_all();
  arm();
}

void ListInquiry::tell() {
  const std::vector<screen::Guard::Notice> notices = guard_.take_notices();
  if (notices.empty()) return;
  for (const screen::Guard::Notice& notice : notices) {
    const std::string& zone = guard_.sites().zones()[notice.zone].name;
    if (notice.muted) {
      log_.emit(log::ListMuted{zone, screen::format_fault(notice.fault, notice.code)});
    } else {
      log_.emit(log::ListHeard{zone, notice.lasted});
    }
  }
  // Nobody waits any longer for a list that is muted.
  settle_all();
}

void ListInquiry::configure(Settings settings) {
  tell();
  const screen::Sites before = guard_.sites();
  guard_.configure(std::move(settings.sites), settings.guard, now());
  timeout_ = settings.timeout;
  const std::size_t count = guard_.sites().size();
  std::vector<std::size_t> was(count);
  std::vector<Lane> lanes(count);
  for (std::size_t i = 0; i < count; ++i) {
    was[i] = before.find(guard_.sites().zones()[i].name);
    if (was[i] < lanes_.size()) lanes[i] = lanes_[was[i]];
  }
  lanes_ = std::move(lanes);
  for (auto& [number, set] : sets_) {
    const Set old = set;
    set.queued = set.open = 0;
    set.findings.assign(count, Finding());
    for (std::size_t i = 0; i < count; ++i) {
      if (was[i] >= old.findings.size()) continue;
      set.findings[i] = old.findings[was[i]];
      if ((old.open & zone_bit(was[i])) != 0) set.open |= zone_bit(i);
      if ((old.queued & zone_bit(was[i])) != 0) set.queued |= zone_bit(i);
    }
  }
  settle_all();
  begin_probes();
  arm();
}

}  // namespace gatepost::front
