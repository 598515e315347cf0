// SPDX-License-Identifier: Apache-2.0
// server: the restriction lists of one session, with what they ask the domain name system.
#include "server/restrictions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "log/events.h"
#include "screen/guard.h"
#include "server/session_names.h"

namespace gatepost::server {

using policy::AccessClass;
using policy::Finding;
using policy::Subject;
using policy::Verdict;

namespace {

Finding find_in(const std::optional<ClientName>& name, Subject subject) {
  if (!name) return Finding::Unknown;
  // A name that nobody could confirm now is a reverse name all the same.
  if (subject == Subject::ReverseName && !name->name.empty()) return Finding::Yes;
  if (name->kind == ClientName::Kind::Confirmed) return Finding::Yes;
  return name->kind == ClientName::Kind::Unknown ? Finding::Unknown : Finding::No;
}

}  // namespace

Task<std::optional<smtp::Reply>> Restrictions::judge(policy::AccessFacts facts,
                                                     policy::AccessTexts texts) {
  const std::array lists{
      std::pair(AccessClass::Client, &service_.client_rules),
      std::pair(AccessClass::Helo, &service_.helo_rules),
      std::pair(AccessClass::Sender, &service_.sender_rules),
      std::pair(AccessClass::Recipient, &service_.relay_rules),
      std::pair(AccessClass::Recipient, &service_.recipient_rules),
  };
  warnings_.clear();
  policy::AccessTally tally;
  for (const auto& [which, rules] : lists) {
    co_await walk(*rules, which, facts, texts, tally);
    if (tally.is_refused()) break;
  }
  co_return tally.take();
}

Task<void> Restrictions::walk(const Rules& rules,
                              AccessClass which,
                              const policy::AccessFacts& facts,
                              const policy::AccessTexts& texts,
                              policy::AccessTally& tally) {
  for (const policy::Restriction& rule : rules) {
    Verdict verdict;
    if (policy::row_of(rule.rule).test == policy::DnsTest::None) {
      verdict = policy::decide_access(rule.rule, which, facts, texts, service_.relay_codes);
    } else if (floor_.dns != nullptr) {
      verdict = co_await ask(rule, facts, texts);
    }
    const bool refuses =
        verdict.kind == Verdict::Kind::Refuse || verdict.kind == Verdict::Kind::DeferIfPermit;
    if (rule.warn && refuses) {
      warnings_.push_back(std::move(verdict.reply));
      continue;
    }
    if (tally.add(std::move(verdict))) co_return;
  }
}

Task<Verdict> Restrictions::ask(const policy::Restriction& rule,
                                const policy::AccessFacts& facts,
                                const policy::AccessTexts& texts) {
  const policy::AccessRuleRow& row = policy::row_of(rule.rule);
  const bool list = policy::takes_list(row);
  const bool ours = facts.relay.domain != policy::DomainClass::Other;
  // A list of the good ones opens nothing to strangers.
  if (row.test == policy::DnsTest::Vouched && !ours) co_return Verdict{};
  const bool by_name = row.subject == Subject::ClientName || row.subject == Subject::ReverseName;
  if (by_name) co_await name_client();
  const Finding named = find_in(name_, row.subject);
  std::string subject;
  switch (row.subject) {
    case Subject::Address:
      subject = peer_.client.address.text();
      break;
    case Subject::ClientName:
    case Subject::ReverseName:
      if (!list) {
        const std::string address = peer_.client.address.text();
        co_return policy::decide_known(rule.rule, named, address, service_.dns_rules);
      }
      if (named == Finding::Yes) subject = name_->name;
      break;
    case Subject::Helo:
      subject = texts.helo;
      break;
    case Subject::Sender:
      subject = texts.sender;
      break;
    case Subject::Recipient:
      subject = texts.recipient;
      break;
  }
  if (subject.empty()) co_return Verdict{};
  if (list) {
    Verdict verdict = co_await ask_list(rule, texts, std::move(subject));
    co_return verdict;
  }
  const bool mail = row.subject != Subject::Helo;
  if (row.subject == Subject::Sender && facts.sender_is_ours) co_return Verdict{};
  const bool relayed = !ours || facts.relay.domain == policy::DomainClass::Relay;
  if (row.subject == Subject::Recipient && !relayed) co_return Verdict{};
  // What is no name of a host, and no literal either, is not found.
  Finding found = Finding::No;
  const std::string host(subject, mail ? subject.rfind('@') + 1 : 0);
  if (host.starts_with('[') || (mail && host.size() == subject.size())) co_return Verdict{};
  if (!policy::host_in(host).empty()) found = co_await find_host(host, mail);
  co_return policy::decide_known(rule.rule, found, subject, service_.dns_rules);
}

Task<Verdict> Restrictions::ask_list(const policy::Restriction& rule,
                                     const policy::AccessTexts& texts,
                                     std::string subject) {
  std::string question = policy::list_question(rule, subject, peer_.client.address);
  if (question.empty()) co_return Verdict{};
  const DnsAnswer answer = co_await look_up(question, DnsType::A);
  const policy::Listing listing = policy::read_listing(rule.list, answer);
  if (fresh_ && (listing.odd || listing.finding == Finding::Unknown)) {
    std::string why(answer.fault);
    if (listing.odd) {
      const screen::Fault fault = screen::find_code(rule.list.zone, *listing.odd);
      why = screen::format_fault(fault, *listing.odd);
    }
    floor_.log.emit(log::RblError{question, why});
  }
  if (policy::row_of(rule.rule).test == policy::DnsTest::Vouched) {
    co_return policy::decide_vouched(rule, listing.finding, subject);
  }
  if (listing.finding != Finding::Yes) co_return Verdict{};
  const DnsAnswer words = co_await look_up(std::move(question), DnsType::Txt);
  const std::string reason = policy::listing_reason(words);
  co_return Verdict{Verdict::Kind::Refuse, make_refusal(rule, texts, subject, reason)};
}

smtp::Reply Restrictions::make_refusal(const policy::Restriction& rule,
                                       const policy::AccessTexts& texts,
                                       std::string_view subject,
                                       std::string_view reason) const {
  const auto audience = static_cast<std::size_t>(service_.service);
  Directory& tables = *profile_.directory;
  auto own = tables.find_talk(Talk::RblReply, audience, rule.word);
  if (!own) own = tables.find_talk(Talk::RblReply, audience, rule.list.zone);
  const SessionNames names(service_.session.hostname, peer_, floor_.clocks, texts);
  return policy::refuse_listed({rule, subject, reason},
                               {own, names, profile_.manners[audience].allowed},
                               service_.dns_rules);
}

Task<Finding> Restrictions::find_host(std::string name, bool mail) {
  // The kind that is most likely there first.
  constexpr std::array kMail{DnsType::Mx, DnsType::A, DnsType::Aaaa};
  constexpr std::array kHost{DnsType::A, DnsType::Aaaa, DnsType::Mx};
  Finding out = Finding::No;
  for (const DnsType type : mail ? kMail : kHost) {
    const DnsAnswer answer = co_await look_up(name, type);
    if (answer.kind == DnsAnswer::Kind::NoName) co_return Finding::No;
    if (answer.kind == DnsAnswer::Kind::Failed) out = Finding::Unknown;
    if (!answer.found()) continue;
    const bool null_mx = mail && type == DnsType::Mx && answer.exchanges.size() == 1 &&
                         answer.exchanges.front().host.empty();
    co_return null_mx ? Finding::NullMx : Finding::Yes;
  }
  co_return out;
}

Task<void> Restrictions::name_client() {
  if (name_) co_return;
  if (peer_.dns_name) {
    name_ = *peer_.dns_name;
    co_return;
  }
  // Asked at the door, and not answered there in time; or nobody asked.
  const IpAddress& client = peer_.client.address;
  if (client == IpAddress::v4({127, 0, 0, 1})) {
    name_ = ClientName{ClientName::Kind::Confirmed, "localhost"};
    co_return;
  }
  name_ = co_await find_client_name(*floor_.dns, client);
}

Task<DnsAnswer> Restrictions::look_up(std::string name, DnsType type) {
  fresh_ = false;
  for (const Known& known : known_) {
    if (known.type == type && known.name == name) co_return known.answer;
  }
  DnsAnswer answer = co_await floor_.dns->look_up(name, type);
  fresh_ = true;
  if (known_.size() == kMostKnown) known_.erase(known_.begin());
  known_.push_back({std::move(name), type, answer});
  co_return answer;
}

}  // namespace gatepost::server
