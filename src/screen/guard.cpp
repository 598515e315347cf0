// SPDX-License-Identifier: Apache-2.0
// screen: which DNS lists are in order. No mail is refused because of one that is not.
#include "screen/guard.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/limits.h"
#include "base/literal.h"
#include "base/text.h"

namespace gatepost::screen {

namespace {

constexpr Duration kDay = std::chrono::hours(24);
/// Of a probe where all is well.
constexpr std::uint32_t kProbeQuestions = 3;

struct ListCode {
  Literal domain;
  std::array<std::uint8_t, 4> address;
  Fault fault;
};

constexpr std::array<std::uint8_t, 4> octets(std::uint8_t a,
                                             std::uint8_t b,
                                             std::uint8_t c,
                                             std::uint8_t d) {
  return {a, b, c, d};
}

constexpr ListCode kCodes[] = {
#define GP_LIST_CODE(domain, address, fault) {domain, octets address, Fault::fault},
#include "screen/list_codes.def"
#undef GP_LIST_CODE
};

bool is_below(std::string_view zone, std::string_view domain) {
  if (domain.empty()) return true;
  if (!zone.ends_with(domain)) return false;
  return zone.size() == domain.size() || zone[zone.size() - domain.size() - 1] == '.';
}

std::string_view words(Fault fault) {
  switch (fault) {
    case Fault::None:
      return "nothing";
    case Fault::PublicResolver:
      return "the list refuses questions through a public resolver; use a resolver of your own";
    case Fault::Overused:
      return "the list says that too many questions are asked";
    case Fault::Misspelled:
      return "the list says that its name is misspelled";
    case Fault::Refused:
      return "the list refuses to answer; too many questions, or a public resolver";
    case Fault::ErrorCode:
      return "an error code";
    case Fault::Outside:
      return "not in 127.0.0.0/8, so no list";
    case Fault::ListsAll:
      return "it lists what no list has, as 127.0.0.1";
    case Fault::ListsNothing:
      return "it does not list 127.0.0.2 (RFC 5782 section 5)";
    case Fault::Silent:
      return "no answers";
    case Fault::Slow:
      return "answers come too late";
    case Fault::Limit:
      return "dnsbl_daily_query_limit is reached";
  }
  __builtin_unreachable();
}

/// The first address of an answer that is about the question.
const IpAddress* find_wrong(std::string_view zone, const ListAnswer& answer) {
  for (const IpAddress& address : answer.addresses) {
    if (find_code(zone, address) != Fault::None) return &address;
  }
  return nullptr;
}

/// The list may have been right all along.
bool is_about_time(Fault fault) {
  return fault == Fault::Silent || fault == Fault::Slow || fault == Fault::Limit;
}

std::size_t place(TestPoint point) {
  return static_cast<std::size_t>(point);
}

}  // namespace

std::string format_fault(Fault fault, const IpAddress& code) {
  std::string out;
  if (!code.is_unspecified()) {
    out = "answers ";
    out += code.text();
    out += ": ";
  }
  out += words(fault);
  return out;
}

Fault find_code(std::string_view zone, const IpAddress& address) {
  if (!address.is_loopback() || !address.is_v4()) return Fault::Outside;
  const auto& is = address.octets();
  for (const ListCode& code : kCodes) {
    if (std::equal(code.address.begin(), code.address.end(), is.begin()) &&
        is_below(zone, code.domain)) {
      return code.fault;
    }
  }
  return is[1] == 255 && is[2] == 255 ? Fault::ErrorCode : Fault::None;
}

std::string test_name(TestPoint point, std::string_view zone, std::uint64_t chance) {
  std::string out;
  switch (point) {
    case TestPoint::Listed:
      out = "2.0.0.127";
      break;
    case TestPoint::NotListed:
      out = "1.0.0.127";
      break;
    case TestPoint::Random:
      out = "no-client-";
      out += format_number(chance);
      break;
    case TestPoint::ListedV6:
      // IpAddress knows this address as 127.0.0.2.
      out = "2.0.0.0.0.0.f.7.f.f.f.f";
      for (int i = 0; i < 20; ++i) out += ".0";
      break;
  }
  out += '.';
  out += zone;
  return out;
}

void Guard::configure(Sites sites, GuardSettings settings, Instant now) {
  std::vector<List> fresh(sites.size());
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    const std::size_t known = sites_.find(sites.zones()[i].name);
    if (known < lists_.size()) {
      fresh[i] = std::move(lists_[known]);
      // Whoever made the limit larger wants to see it at work.
      if (fresh[i].fault == Fault::Limit) fresh[i].next_probe = now;
    } else {
      fresh[i].since = fresh[i].next_probe = fresh[i].day = now;
    }
  }
  sites_ = std::move(sites);
  settings_ = settings;
  lists_ = std::move(fresh);
  notices_.clear();
}

ZoneSet Guard::in_state(State a, State b) const {
  ZoneSet out = 0;
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].state == a || lists_[i].state == b) out |= zone_bit(i);
  }
  return out;
}

ZoneSet Guard::asking() const {
  return in_state(State::Heard, State::Heard) | undecided();
}

ZoneSet Guard::counting() const {
  ZoneSet out = in_state(State::Heard, State::Heard);
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].state == State::Muted && lists_[i].believed) out |= zone_bit(i);
  }
  return out;
}

ZoneSet Guard::undecided() const {
  return in_state(State::Untried, State::Doubted);
}

void Guard::mute(std::size_t zone, Fault fault, const IpAddress& code, Instant now) {
  List& list = lists_[zone];
  list.fault = fault;
  list.code = code;
  list.probe.overtaken = true;
  const bool before = list.state == State::Muted ? list.believed : list.state == State::Heard;
  list.believed = before && is_about_time(fault);
  const Duration most = fault == Fault::Silent ? kLastSilence : kLastWait;
  if (list.state != State::Muted) {
    // One that comes and goes is not told of every minute.
    const bool again = list.wait > Duration::zero() && now - list.since < kLastWait;
    list.wait = again ? std::min(list.wait * 2, most) : kFirstWait;
    list.state = State::Muted;
    list.since = now;
    notices_.push_back({zone, true, fault, code, {}});
  } else {
    list.wait = std::min(list.wait * 2, most);
  }
  list.next_probe = fault == Fault::Limit ? list.day + kDay : now + list.wait;
}

void Guard::unmute(std::size_t zone, Instant now) {
  List& list = lists_[zone];
  if (list.state == State::Muted) {
    const auto lasted = std::chrono::duration_cast<Duration>(now - list.since);
    notices_.push_back({zone, false, list.fault, list.code, lasted});
    list.sampled = 0;
  }
  // A look at what was heard all along is no new beginning.
  if (list.state != State::Heard && list.state != State::Doubted) list.since = now;
  list.state = State::Heard;
  list.fault = Fault::None;
  list.code = {};
  list.failures_in_row = 0;
  list.proved = now;
  list.next_probe = now + kRoutine;
}

void Guard::count(List& list, std::uint32_t questions, Instant now) {
  if (now - list.day >= kDay) {
    list.day = now;
    list.asked = 0;
  }
  list.asked += std::min(questions, std::numeric_limits<std::uint32_t>::max() - list.asked);
}

bool Guard::may_ask(std::size_t zone, Instant now) {
  List& list = lists_[zone];
  if (list.state == State::Muted) return false;
  count(list, 0, now);
  if (settings_.daily_limit != 0 && list.asked >= settings_.daily_limit) {
    mute(zone, Fault::Limit, {}, now);
    return false;
  }
  count(list, 1, now);
  ++list.questions;
  return true;
}

void Guard::sample(List& list, Duration took) {
  constexpr Duration::rep kMost = std::numeric_limits<std::uint16_t>::max();
  const auto value = std::clamp<Duration::rep>(took.count(), 0, kMost);
  list.samples[list.sampled++ % kSamples] = static_cast<std::uint16_t>(value);
  // Past the first round only the remainder counts.
  if (list.sampled == 2 * kSamples) list.sampled = kSamples;
}

Duration Guard::median(const List& list) {
  if (list.sampled == 0) return {};
  auto sorted = list.samples;
  const auto end = sorted.begin() + std::min<std::ptrdiff_t>(list.sampled, kSamples);
  std::sort(sorted.begin(), end);
  return Duration(sorted[static_cast<std::size_t>(end - sorted.begin()) / 2]);
}

void Guard::fail(std::size_t zone, const ListAnswer& answer, Duration took, Instant now) {
  List& list = lists_[zone];
  ++list.failures;
  list.error = answer.fault.substr(0, limits::kLogText);
  if (list.failures_in_row++ == 0) list.failing_since = now - took;
  if (list.state == State::Muted || list.failures_in_row < kMostFailures) return;
  if (now - list.failing_since >= kSilence) mute(zone, Fault::Silent, {}, now);
}

ListAnswer Guard::hear(std::size_t zone, const ListAnswer& answer, Duration took, Instant now) {
  List& list = lists_[zone];
  ListAnswer out = answer;
  sample(list, took);
  if (answer.kind == ListAnswer::Kind::Failed) {
    fail(zone, answer, took, now);
  } else {
    list.failures_in_row = 0;
  }
  if (answer.kind == ListAnswer::Kind::Listed) {
    const std::string& name = sites_.zones()[zone].name;
    if (const IpAddress* const wrong = find_wrong(name, answer); wrong != nullptr) {
      const Fault fault = find_code(name, *wrong);
      list.error = format_fault(fault, *wrong);
      ++list.failures;
      if (list.state != State::Muted) mute(zone, fault, *wrong, now);
      out.kind = ListAnswer::Kind::Failed;
      out.addresses = {};
      return out;
    }
    ++list.hits;
    if (list.state == State::Heard && now - list.proved >= kRenew) {
      list.next_probe = now;
      if (now - list.proved >= kTrust) list.state = State::Doubted;
    }
  }
  if (list.state != State::Muted && list.sampled >= kSamples / 2 && median(list) > settings_.slow) {
    mute(zone, Fault::Slow, {}, now);
  }
  return out;
}

Instant Guard::next_probe() const {
  Instant out = kNever;
  for (const List& list : lists_) {
    out = std::min(out, list.probe.under_way ? list.probe.until : list.next_probe);
  }
  return out;
}

std::optional<std::size_t> Guard::begin_probe(Instant now) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    List& list = lists_[i];
    if (now < (list.probe.under_way ? list.probe.until : list.next_probe)) continue;
    list.probe = {};
    list.probe.under_way = true;
    list.probe.until = now + kLostProbe;
    count(list, kProbeQuestions, now);
    return i;
  }
  return std::nullopt;
}

bool Guard::wants(std::size_t zone, TestPoint point) const {
  const Probe& probe = lists_[zone].probe;
  if (probe.fault != Fault::None) return false;
  return point != TestPoint::ListedV6 ||
         probe.kinds[place(TestPoint::Listed)] == ListAnswer::Kind::NotListed;
}

void Guard::hear_probe(std::size_t zone, TestPoint point, const ListAnswer& answer, Duration took) {
  List& list = lists_[zone];
  Probe& probe = list.probe;
  probe.kinds[place(point)] = answer.kind;
  probe.slowest = std::max(probe.slowest, took);
  if (answer.kind == ListAnswer::Kind::Failed) {
    probe.fault = Fault::Silent;
    list.error = answer.fault.substr(0, limits::kLogText);
    return;
  }
  if (answer.kind == ListAnswer::Kind::NotListed) return;
  const std::string& name = sites_.zones()[zone].name;
  if (const IpAddress* const wrong = find_wrong(name, answer); wrong != nullptr) {
    probe.fault = find_code(name, *wrong);
    probe.code = *wrong;
    list.error = format_fault(probe.fault, probe.code);
  } else if (point == TestPoint::NotListed || point == TestPoint::Random) {
    probe.fault = Fault::ListsAll;
  }
}

Fault Guard::judge(const List& list) const {
  const Probe& probe = list.probe;
  if (probe.fault != Fault::None) return probe.fault;
  for (const TestPoint point : {TestPoint::Listed, TestPoint::NotListed, TestPoint::Random}) {
    if (probe.kinds[place(point)] == ListAnswer::Kind::Failed) return Fault::Silent;
  }
  const auto listed = [&probe](TestPoint point) {
    return probe.kinds[place(point)] == ListAnswer::Kind::Listed;
  };
  if (!listed(TestPoint::Listed) && !listed(TestPoint::ListedV6)) return Fault::ListsNothing;
  // One that was not slow need not hurry about a question nobody waits for.
  if (list.fault == Fault::Slow && probe.slowest > settings_.slow) return Fault::Slow;
  return Fault::None;
}

void Guard::end_probe(std::size_t zone, Instant now) {
  List& list = lists_[zone];
  if (!list.probe.under_way) return;
  const Fault fault = judge(list);
  list.probe.under_way = false;
  if (list.probe.overtaken) return;
  if (fault == Fault::None) {
    // The limit may have been reached while the probe was under way.
    const bool spent = list.fault == Fault::Limit && settings_.daily_limit != 0 &&
                       list.asked >= settings_.daily_limit && now - list.day < kDay;
    if (spent) {
      list.next_probe = list.day + kDay;
    } else {
      unmute(zone, now);
    }
    return;
  }
  mute(zone, fault, list.probe.code, now);
}

void Guard::drop_probe(std::size_t zone, Instant now) {
  Probe& probe = lists_[zone].probe;
  // One that was overtaken is due when the list's answers said.
  if (probe.under_way && !probe.overtaken) lists_[zone].next_probe = now + kAgain;
  probe.under_way = false;
}

void Guard::hurry(std::size_t zone, Instant now) {
  lists_[zone].next_probe = now;
}

std::vector<Guard::Notice> Guard::take_notices() {
  return std::exchange(notices_, {});
}

Guard::Status Guard::status(std::size_t zone, Instant now) const {
  const List& list = lists_[zone];
  const Sites::Zone& site = sites_.zones()[zone];
  Status out;
  out.zone = site.name;
  out.positive = site.positive();
  out.negative = site.negative();
  out.state = list.state;
  if (list.state == State::Muted) out.fault = format_fault(list.fault, list.code);
  out.for_time = std::chrono::duration_cast<Duration>(now - list.since);
  out.questions = list.questions;
  out.hits = list.hits;
  out.failures = list.failures;
  out.median = median(list);
  out.error = list.error;
  return out;
}

}  // namespace gatepost::screen
