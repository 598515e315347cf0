// SPDX-License-Identifier: Apache-2.0
// spf: check_host(): may this client send for this domain (RFC 7208 section 4).
#include "spf/evaluation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::spf {
namespace {

/// Octets of an explanation that are kept: it is one line of a reply.
constexpr std::size_t kMostExplanation = 400;

Verdict verdict_of(char qualifier) {
  switch (qualifier) {
    case '-':
      return Verdict::Fail;
    case '~':
      return Verdict::SoftFail;
    case '?':
      return Verdict::Neutral;
    default:
      return Verdict::Pass;
  }
}

std::string about(std::string_view name, std::string_view what) {
  return printable(name, limits::kLogText) + ": " + std::string(what);
}

}  // namespace

std::string_view format_verdict(Verdict verdict) {
  constexpr std::array<std::string_view, 7> kNames{"none",     "neutral",   "pass",     "fail",
                                                   "softfail", "temperror", "permerror"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Evaluation::Evaluation(Identity identity) : identity_(std::move(identity)) {
  const std::string_view sender = identity_.sender;
  // What has no '@' is a domain, or nothing: then the HELO name is judged (section 2.4).
  const std::size_t at = sender.rfind('@');
  local_ = at == sender.npos ? std::string_view{} : sender.substr(0, at);
  if (local_.empty()) local_ = "postmaster";
  sender_domain_ = at == sender.npos ? sender : sender.substr(at + 1);
  if (sender_domain_.empty()) sender_domain_ = identity_.helo;
  if (sender_domain_.ends_with('.')) sender_domain_.pop_back();
  enter(sender_domain_, false);
}

void Evaluation::answer(const DnsAnswer& answer) {
  if (question() == nullptr) return;
  ask_no_more();
  switch (waits_) {
    case Waits::Record:
      take_record(answer);
      break;
    case Waits::Existence:
    case Waits::Address:
    case Waits::ExchangeAddress:
      take_addresses(answer);
      break;
    case Waits::Exchanges:
      take_exchanges(answer);
      break;
    case Waits::ClientNames:
      take_client_names(answer);
      break;
    case Waits::ClientNameAddress: {
      const auto& found = answer.addresses;
      if (answer.found() &&
          std::find(found.begin(), found.end(), identity_.client) != found.end()) {
        names_.push_back(asked().name);
      }
      next_client_name();
      break;
    }
    case Waits::Explanation:
      take_explanation(answer);
      break;
  }
}

void Evaluation::abandon() {
  if (!decided_) {
    outcome_ = {};
    outcome_.verdict = Verdict::TempError;
    outcome_.problem = about(sender_domain_, "no time left to look up its SPF records");
  }
  finish();
}

void Evaluation::enter(std::string domain, bool redirected) {
  frames_.push_back({std::move(domain), redirected, {}, 0, false});
  const std::string& name = frames_.back().domain;
  // Section 4.3; an address literal has dots, but is no name.
  if (!is_name(name) || name.find('.') == name.npos || name.front() == '[') {
    conclude(Verdict::None);
    return;
  }
  ask_for(name, DnsType::Txt, Waits::Record);
}

void Evaluation::take_record(const DnsAnswer& answer) {
  Frame& frame = frames_.back();
  if (answer.kind == DnsAnswer::Kind::Failed) {
    conclude(Verdict::TempError, about(frame.domain, answer.fault));
    return;
  }
  auto selected = select_record(answer.texts);
  if (!selected) {
    conclude(Verdict::PermError, about(frame.domain, selected.error().detail));
    return;
  }
  if (!answer.found() || !selected->found) {
    conclude(Verdict::None);
    return;
  }
  frame.record = std::move(selected->record);
  run();
}

void Evaluation::run() {
  while (frames_.back().next < frames_.back().record.terms.size()) {
    const Frame& frame = frames_.back();
    switch (begin(frame.record.terms[frame.next])) {
      case Step::Waits:
        return;
      case Step::Matches:
        match();
        return;
      case Step::Differs:
        differ();
        break;
    }
  }
  redirect();
}

Evaluation::Step Evaluation::begin(const Term& term) {
  switch (term.mechanism) {
    case Mechanism::All:
      return Step::Matches;
    case Mechanism::Ip4:
    case Mechanism::Ip6:
      return term.covers(term.address, identity_.client) ? Step::Matches : Step::Differs;
    default:
      break;
  }
  if (!count_lookup() || lacks_client_names(term.domain)) return Step::Waits;
  if (term.mechanism == Mechanism::Ptr && lacks_client_names("%{p}")) return Step::Waits;
  auto name = target(term.domain);
  if (term.mechanism == Mechanism::Include) {
    enter(name ? std::move(*name) : std::string(), false);
    return Step::Waits;
  }
  // What cannot be a name does not exist (section 4.8 leaves it open).
  if (!name) return Step::Differs;
  if (term.mechanism == Mechanism::Ptr) {
    const bool found = std::any_of(names_.begin(), names_.end(),
                                   [&](const std::string& own) { return lies_in(own, *name); });
    return found ? Step::Matches : Step::Differs;
  }
  if (term.mechanism == Mechanism::A) {
    ask_for(std::move(*name), address_type(), Waits::Address);
  } else if (term.mechanism == Mechanism::Mx) {
    ask_for(std::move(*name), DnsType::Mx, Waits::Exchanges);
  } else {
    // Of type A for clients with IPv6 addresses too (section 5.7).
    ask_for(std::move(*name), DnsType::A, Waits::Existence);
  }
  return Step::Waits;
}

/// False when that was one too many, and the verdict is known.
bool Evaluation::count_lookup() {
  Frame& frame = frames_.back();
  if (frame.counted) return true;
  frame.counted = true;
  if (++lookups_ <= kMostLookups) return true;
  conclude(Verdict::PermError, about(frame.domain, "too many lookups in its SPF records"));
  return false;
}

/// True when that was one empty answer too many, and the verdict is known.
bool Evaluation::is_void(const DnsAnswer& answer) {
  const bool empty =
      answer.kind == DnsAnswer::Kind::NoName || answer.kind == DnsAnswer::Kind::NoData;
  if (!empty || ++voids_ <= kMostVoid) return false;
  conclude(Verdict::PermError,
           about(frames_.back().domain, "too many names without data in its SPF records"));
  return true;
}

void Evaluation::differ() {
  ++frames_.back().next;
  frames_.back().counted = false;
}

void Evaluation::match() {
  const Frame& frame = frames_.back();
  const Term& term = frame.record.terms[frame.next];
  if (term.mechanism != Mechanism::Include) {
    outcome_.mechanism = term.text();
    outcome_.domain = lower(frame.domain);
  }
  conclude(verdict_of(term.qualifier));
}

void Evaluation::redirect() {
  const std::string spec = frames_.back().record.redirect;
  if (spec.empty()) {
    conclude(Verdict::Neutral);
    return;
  }
  if (!count_lookup() || lacks_client_names(spec)) return;
  auto name = target(spec);
  frames_.pop_back();
  enter(name ? std::move(*name) : std::string(), true);
}

/// Ends the innermost call of check_host(), and each that has its verdict from that.
void Evaluation::conclude(Verdict verdict, std::string problem) {
  while (true) {
    Frame done = std::move(frames_.back());
    frames_.pop_back();
    if (verdict == Verdict::None && (done.redirected || !frames_.empty())) {
      verdict = Verdict::PermError;
      problem = about(done.domain, "has no SPF record, but another refers to it");
    }
    if (frames_.empty()) {
      decided_ = true;
      if (verdict == Verdict::Fail) explanation_spec_ = std::move(done.record.explanation);
      explained_domain_ = std::move(done.domain);
      if (verdict == Verdict::TempError || verdict == Verdict::PermError) outcome_ = {};
      outcome_.verdict = verdict;
      outcome_.problem = std::move(problem);
      explain();
      return;
    }
    if (verdict == Verdict::TempError || verdict == Verdict::PermError) continue;
    if (verdict == Verdict::Pass) {
      match();
      return;
    }
    // What an included record says but "pass" is only that it did not match (section 5.2).
    outcome_ = {};
    differ();
    run();
    return;
  }
}

void Evaluation::take_addresses(const DnsAnswer& answer) {
  const Frame& frame = frames_.back();
  if (answer.kind == DnsAnswer::Kind::Failed) {
    conclude(Verdict::TempError, about(asked().name, answer.fault));
    return;
  }
  // Of mx the name with the MX records counts: a host without an AAAA record is no mistake.
  if (waits_ != Waits::ExchangeAddress && is_void(answer)) return;
  const Term& term = frame.record.terms[frame.next];
  const bool found =
      std::any_of(answer.addresses.begin(), answer.addresses.end(), [&](const IpAddress& one) {
        return waits_ == Waits::Existence || term.covers(one, identity_.client);
      });
  if (answer.found() && found) {
    match();
  } else if (waits_ == Waits::ExchangeAddress) {
    next_exchange();
  } else {
    differ();
    run();
  }
}

void Evaluation::take_exchanges(const DnsAnswer& answer) {
  if (answer.kind == DnsAnswer::Kind::Failed) {
    conclude(Verdict::TempError, about(asked().name, answer.fault));
    return;
  }
  if (is_void(answer)) return;
  if (answer.exchanges.size() > kMostHosts) {
    conclude(Verdict::PermError, about(asked().name, "too many MX records"));
    return;
  }
  hosts_.clear();
  for (const DnsAnswer::Exchange& one : answer.exchanges) {
    if (is_name(one.host)) hosts_.insert(hosts_.begin(), one.host);
  }
  next_exchange();
}

void Evaluation::next_exchange() {
  if (hosts_.empty()) {
    differ();
    run();
    return;
  }
  std::string host = std::move(hosts_.back());
  hosts_.pop_back();
  ask_for(std::move(host), address_type(), Waits::ExchangeAddress);
}

/// True when `spec` needs the client's names and they have to be asked for first; what needs them
/// begins again when they are known.
bool Evaluation::lacks_client_names(std::string_view spec) {
  if (names_known_ || !uses_validated_name(spec)) return false;
  const IpAddress& client = identity_.client;
  ask_for(client.reversed_labels() + (client.is_v4() ? ".in-addr.arpa" : ".ip6.arpa"), DnsType::Ptr,
          Waits::ClientNames);
  return true;
}

void Evaluation::take_client_names(const DnsAnswer& answer) {
  names_known_ = true;
  if (!decided_ && is_void(answer)) return;
  // A failure means: no names (section 5.5); and what is past the limit is not looked at, since the
  // client's owner and not the domain's has put it there.
  hosts_.clear();
  const std::size_t most = std::min(answer.texts.size(), kMostHosts);
  for (std::size_t i = 0; i < most; ++i) {
    std::string name = answer.texts[i];
    if (name.ends_with('.')) name.pop_back();
    if (is_name(name)) hosts_.insert(hosts_.begin(), std::move(name));
  }
  next_client_name();
}

void Evaluation::next_client_name() {
  if (!hosts_.empty()) {
    std::string host = std::move(hosts_.back());
    hosts_.pop_back();
    ask_for(std::move(host), address_type(), Waits::ClientNameAddress);
  } else if (decided_) {
    explain();
  } else {
    run();
  }
}

void Evaluation::explain() {
  if (!explanation_text_.empty()) {
    if (lacks_client_names(explanation_text_)) return;
    const auto text = expand(explanation_text_, values());
    // What a macro stands for may hold what no reply may.
    const bool plain = text && std::all_of(text->begin(), text->end(),
                                           [](char c) { return c >= ' ' && c <= '~'; });
    if (plain) outcome_.explanation = text->substr(0, kMostExplanation);
    finish();
    return;
  }
  if (explanation_spec_.empty()) {
    finish();
    return;
  }
  if (lacks_client_names(explanation_spec_)) return;
  auto name = target(explanation_spec_);
  if (name) {
    ask_for(std::move(*name), DnsType::Txt, Waits::Explanation);
  } else {
    finish();
  }
}

void Evaluation::take_explanation(const DnsAnswer& answer) {
  // Whatever is wrong with it: as if there were none (section 6.2).
  if (answer.found() && answer.texts.size() == 1 && answer.texts.front().size() <= kMostRecord &&
      is_macro_string(answer.texts.front(), MacroUse::Text)) {
    explanation_text_ = answer.texts.front();
  }
  explanation_spec_.clear();
  explain();
}

void Evaluation::finish() {
  ask_no_more();
  frames_.clear();
  decided_ = true;
}

void Evaluation::ask_for(std::string name, DnsType type, Waits waits) {
  waits_ = waits;
  ask(std::move(name), type);
}

DnsType Evaluation::address_type() const {
  return identity_.client.is_v4() ? DnsType::A : DnsType::Aaaa;
}

std::string_view Evaluation::domain_at_hand() const {
  return decided_ ? explained_domain_ : frames_.back().domain;
}

/// The domain itself, a name below it, or any (section 7.3).
std::string_view Evaluation::validated_name() const {
  if (names_.empty()) return "unknown";
  const std::string_view domain = domain_at_hand();
  const std::string* below = nullptr;
  for (const std::string& name : names_) {
    if (iequals(name, domain)) return name;
    if (below == nullptr && lies_in(name, domain)) below = &name;
  }
  return below != nullptr ? *below : names_.front();
}

MacroValues Evaluation::values() const {
  return {local_,           sender_domain_,     domain_at_hand(), identity_.helo,
          validated_name(), identity_.receiver, identity_.client, identity_.now};
}

std::optional<std::string> Evaluation::target(std::string_view spec) const {
  if (spec.empty()) return std::string(domain_at_hand());
  return expand_name(spec, values());
}

}  // namespace gatepost::spf
