// SPDX-License-Identifier: Apache-2.0
// server: the restriction lists of one session, with what they ask the domain name system.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/dns.h"
#include "base/task.h"
#include "policy/access.h"
#include "policy/dns_rules.h"
#include "server/client_name.h"
#include "server/floor.h"
#include "server/peer.h"
#include "server/profile.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// All arguments of the constructor outlive the object, and it its tasks, of which there is one at a
/// time.
class Restrictions {
 public:
  Restrictions(const Floor& floor,
               const Profile& profile,
               const ServiceProfile& service,
               const Peer& peer)
      : floor_(floor), profile_(profile), service_(service), peer_(peer) {}

  /// A recipient by all lists, in Postfix's order. Nothing means permitted. What the views in
  /// `texts` see outlives the task.
  Task<std::optional<smtp::Reply>> judge(policy::AccessFacts facts, policy::AccessTexts texts);
  /// What the last judge() would have said but for warn_if_reject.
  [[nodiscard]] std::vector<smtp::Reply> take_warnings() { return std::exchange(warnings_, {}); }

 private:
  /// An answer of this session: no question is put twice, above all none that nobody answers.
  struct Known {
    std::string name;
    DnsType type = DnsType::A;
    DnsAnswer answer;
  };
  static constexpr std::size_t kMostKnown = 64;

  using Rules = std::vector<policy::Restriction>;
  Task<void> walk(const Rules& rules,
                  policy::AccessClass which,
                  const policy::AccessFacts& facts,
                  const policy::AccessTexts& texts,
                  policy::AccessTally& tally);
  Task<policy::Verdict> ask(const policy::Restriction& rule,
                            const policy::AccessFacts& facts,
                            const policy::AccessTexts& texts);
  Task<policy::Verdict> ask_list(const policy::Restriction& rule,
                                 const policy::AccessTexts& texts,
                                 std::string subject);
  [[nodiscard]] smtp::Reply make_refusal(const policy::Restriction& rule,
                                         const policy::AccessTexts& texts,
                                         std::string_view subject,
                                         std::string_view reason) const;
  Task<policy::Finding> find_host(std::string name, bool mail);
  Task<void> name_client();
  Task<DnsAnswer> look_up(std::string name, DnsType type);

  const Floor& floor_;
  const Profile& profile_;
  const ServiceProfile& service_;
  const Peer& peer_;
  std::optional<ClientName> name_;
  std::vector<Known> known_;
  std::vector<smtp::Reply> warnings_;
  bool fresh_ = false;  // The last answer was not known before.
};

}  // namespace gatepost::server
