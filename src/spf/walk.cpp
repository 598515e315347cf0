// SPDX-License-Identifier: Apache-2.0
// spf: the networks that a domain's record names, without a client in view.
#include "spf/walk.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "spf/macro.h"

namespace gatepost::spf {
namespace {

constexpr std::string_view kInto = " > ";

/// A name as it is asked for: two spellings of one are one.
std::string plain_name(std::string_view spec) {
  if (spec.ends_with('.')) spec.remove_suffix(1);
  return lower(spec);
}

bool has_macros(std::string_view spec) {
  return spec.find('%') != spec.npos;
}

}  // namespace

bool Walk::Visit::same_as(const Visit& other) const {
  return type == other.type && name == other.name && prefix4 == other.prefix4 &&
         prefix6 == other.prefix6;
}

Walk::Walk(std::string_view domain, WalkLimits limits) : limits_(limits) {
  const std::string name = plain_name(domain);
  Visit first{DnsType::Txt, name, printable(name, limits::kDomain), 0, 32, 128};
  if (is_name(name)) {
    visit(std::move(first));
  } else {
    fail(first, "is no domain");
  }
  next();
}

void Walk::answer(const DnsAnswer& answer) {
  if (question() == nullptr) return;
  ask_no_more();
  const Visit from = visits_[at_++];
  if (answer.kind == DnsAnswer::Kind::Failed) {
    fail(from, asked().name + ": " + printable(answer.fault, limits::kLogText));
  } else {
    if (answer.found() && answer.ttl > Duration::zero() &&
        (result_.ttl == Duration::zero() || answer.ttl < result_.ttl)) {
      result_.ttl = answer.ttl;
    }
    switch (from.type) {
      case DnsType::Txt:
        take_record(from, answer);
        break;
      case DnsType::Mx:
        take_exchanges(from, answer);
        break;
      default:
        take_addresses(from, answer);
        break;
    }
  }
  next();
}

void Walk::next() {
  if (at_ < visits_.size()) {
    ask(visits_[at_].name, visits_[at_].type);
    return;
  }
  visits_ = {};
  at_ = 0;
  if (result_.networks.size() == 0 && result_.fault.empty()) {
    result_.fault = "its SPF record names no networks";
  }
  result_.networks.settle();
}

void Walk::visit(Visit where) {
  const bool known = std::any_of(visits_.begin(), visits_.end(),
                                 [&](const Visit& other) { return other.same_as(where); });
  if (known) return;
  if (where.depth > limits_.depth) {
    fail(where, "lies too deep");
  } else if (visits_.size() >= limits_.questions) {
    fail(where, "is one lookup too many");
  } else {
    visits_.push_back(std::move(where));
  }
}

void Walk::take_record(const Visit& from, const DnsAnswer& answer) {
  const auto selected = select_record(answer.texts);
  if (selected && answer.found() && selected->found) {
    take_terms(from, selected->record);
    return;
  }
  // RFC 7208 section 5.2 and 6.1: the whole of it is in error then. A zone that has lost a part for an
  // hour must not shorten the list.
  fail(from, selected ? "has no SPF record" : selected.error().detail);
}

void Walk::take_terms(const Visit& from, const Record& record) {
  for (const Term& term : record.terms) {
    if (term.mechanism == Mechanism::All) {
      if (term.qualifier == '+') note(from, "allows everybody");
      return;  // Neither what follows nor a redirect is ever reached.
    }
    if (term.qualifier == '+') take_term(from, term);
  }
  if (!record.redirect.empty()) follow(from, record.redirect, "redirect=" + record.redirect);
}

void Walk::take_term(const Visit& from, const Term& term) {
  switch (term.mechanism) {
    case Mechanism::Ip4:
    case Mechanism::Ip6:
      take_network(from, term);
      return;
    case Mechanism::Include:
      follow(from, term.domain, term.text());
      return;
    case Mechanism::A:
    case Mechanism::Mx: {
      const std::string text = term.text();
      Visit where{DnsType::Mx,
                  term.domain.empty() ? from.name : plain_name(term.domain),
                  from.chain + std::string(kInto) + text,
                  from.depth,
                  term.prefix4,
                  term.prefix6};
      if (has_macros(term.domain)) {
        note(from, text + " depends on the client");
      } else if (!is_name(where.name)) {
        note(from, text + " names no host");
      } else if (term.mechanism == Mechanism::Mx) {
        visit(std::move(where));
      } else {
        where.type = DnsType::A;
        visit(where);
        where.type = DnsType::Aaaa;
        visit(std::move(where));
      }
      return;
    }
    default:
      note(from, term.text() + " depends on the client");
      return;
  }
}

void Walk::take_network(const Visit& from, const Term& term) {
  const bool four = term.mechanism == Mechanism::Ip4;
  // An IPv4-mapped address in ip6: no client has it.
  if (term.address.is_v4() != four) {
    note(from, term.text() + " is no network of IPv6");
    return;
  }
  Network network{term.address, four ? term.prefix4 : term.prefix6};
  const IpAddress base = network.address.masked(network.prefix);
  if (base != network.address) {
    if (limits_.host_bits == HostBits::Remove) {
      note(from, term.text() + " has host bits set");
      return;
    }
    if (limits_.host_bits == HostBits::Fix) network.address = base;
  }
  add(from, network);
}

void Walk::take_addresses(const Visit& from, const DnsAnswer& answer) {
  for (const IpAddress& address : answer.addresses) {
    const unsigned prefix = address.is_v4() ? from.prefix4 : from.prefix6;
    add(from, {address.masked(prefix), prefix});
  }
}

void Walk::take_exchanges(const Visit& from, const DnsAnswer& answer) {
  for (const DnsAnswer::Exchange& one : answer.exchanges) {
    Visit where = from;
    where.name = plain_name(one.host);
    if (!is_name(where.name)) continue;
    where.type = DnsType::A;
    visit(where);
    where.type = DnsType::Aaaa;
    visit(std::move(where));
  }
}

/// The record at `spec`, for include and redirect.
void Walk::follow(const Visit& from, std::string_view spec, std::string_view word) {
  if (has_macros(spec)) {
    note(from, std::string(word) + " depends on the client");
    return;
  }
  Visit where{DnsType::Txt, plain_name(spec), {}, from.depth + 1, 32, 128};
  where.chain = from.chain + std::string(kInto) + where.name;
  if (is_name(where.name)) {
    visit(std::move(where));
  } else {
    note(from, std::string(word) + " names no domain");
  }
}

void Walk::add(const Visit& from, const Network& network) {
  const unsigned widest = network.address.is_v4() ? limits_.widest4 : limits_.widest6;
  if (network.prefix < widest) {
    note(from, network.text() + " is too wide");
  } else if (result_.networks.size() >= limits_.networks) {
    if (result_.fault.empty()) fail(from, "names too many networks");
  } else {
    result_.networks.add(network, result_.networks.add_source(from.chain));
  }
}

void Walk::note(const Visit& from, std::string_view what) {
  if (result_.notes.size() < kMostNotes) {
    result_.notes.push_back(from.chain + ": " + printable(what, limits::kLogReply));
  }
}

void Walk::fail(const Visit& from, std::string_view what) {
  note(from, what);
  if (result_.fault.empty()) result_.fault = from.chain + ": " + std::string(what);
}

}  // namespace gatepost::spf
