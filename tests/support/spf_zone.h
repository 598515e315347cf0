// SPDX-License-Identifier: Apache-2.0
// tests: a domain name system made of a table, which machines are played against.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/text.h"
#include "spf/machine.h"

namespace gatepost::test {

class SpfZone {
 public:
  /// "A 192.0.2.1", "MX 10 mail.example", "TXT v=spf1 -all", "CNAME other.example", "TIMEOUT".
  SpfZone& add(std::string_view name, std::string_view record) {
    const std::size_t space = std::min(record.find(' '), record.size());
    add(name, record.substr(0, space), record.substr(std::min(space + 1, record.size())));
    return *this;
  }
  void add(std::string_view name, std::string_view type, std::string_view value) {
    std::string owner = lower(name);
    if (owner.ends_with('.')) owner.pop_back();
    if (type == "TIMEOUT") {
      slow_.insert(owner);
    } else if (type == "CNAME") {
      other_names_[owner] = lower(value);
    } else {
      put(answers_[{owner, type_of(type)}], type, value);
    }
    names_.insert(owner);
  }
  /// All answers say it is this long.
  void set_ttl(Duration ttl) { ttl_ = ttl; }

  [[nodiscard]] DnsAnswer ask(const spf::Question& question) {
    ++asked;
    std::string name = lower(question.name);
    if (const auto other = other_names_.find(name); other != other_names_.end()) {
      name = other->second;
    }
    DnsAnswer out;
    if (const auto found = answers_.find({name, question.type}); found != answers_.end()) {
      out = found->second;
      out.kind = DnsAnswer::Kind::Found;
    } else if (slow_.contains(name)) {
      out.fault = "timeout";
    } else {
      out.kind = names_.contains(name) ? DnsAnswer::Kind::NoData : DnsAnswer::Kind::NoName;
    }
    out.ttl = ttl_;
    return out;
  }
  void play(spf::Machine& machine) {
    while (const spf::Question* question = machine.question()) machine.answer(ask(*question));
  }

  std::size_t asked = 0;

 private:
  static DnsType type_of(std::string_view type) {
    if (type == "A") return DnsType::A;
    if (type == "AAAA") return DnsType::Aaaa;
    if (type == "MX") return DnsType::Mx;
    if (type == "PTR") return DnsType::Ptr;
    return DnsType::Txt;
  }
  static void put(DnsAnswer& answer, std::string_view type, std::string_view value) {
    if (type == "A" || type == "AAAA") {
      answer.addresses.push_back(IpAddress::parse(value).value());
    } else if (type == "MX") {
      const std::string_view preference = take_word(value, " ");
      answer.exchanges.push_back(
          {static_cast<std::uint16_t>(parse_number(preference).value()), lower(trim(value))});
    } else {
      answer.texts.push_back(type == "PTR" ? lower(value) : std::string(value));
    }
  }

  std::map<std::pair<std::string, DnsType>, DnsAnswer> answers_;
  std::map<std::string, std::string> other_names_;
  std::set<std::string> names_;
  std::set<std::string> slow_;
  Duration ttl_ = std::chrono::hours(2);
};

}  // namespace gatepost::test
