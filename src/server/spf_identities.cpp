// SPDX-License-Identifier: Apache-2.0
// server: who a client is by its sender's SPF record (greylist_identity = spf).
#include "server/spf_identities.h"

#include <utility>

#include "base/text.h"
#include "server/peer.h"
#include "server/spf_questions.h"

namespace gatepost::server {

Task<std::string> SpfIdentities::identify(const Peer& peer,
                                          std::string_view helo,
                                          const mail::Mailbox& sender) {
  const IpAddress client = peer.client.address;
  // The null sender is judged by the name the client gave (RFC 7208 section 2.4).
  std::string domain = lower(sender.domain.empty() ? helo : std::string_view(sender.domain));
  if (domain.empty()) co_return std::string();
  const Instant asked = clocks_.instant();
  for (const Known& one : known_) {
    if (one.until > asked && one.client == client && one.domain == domain) co_return one.identity;
  }
  spf::Identity who;
  who.client = client;
  who.helo = helo;
  // Not its local part: what a record says of single senders (macros) would not hold for the next.
  if (!sender.domain.empty()) who.sender = "postmaster@" + domain;
  who.now = clocks_.moment();
  const spf::Outcome outcome = co_await check_spf(dns_, clocks_, std::move(who), kTime);
  std::string identity;
  const bool passes = outcome.verdict == spf::Verdict::Pass;
  if (passes && !outcome.domain.empty()) identity = "spf:" + lower(outcome.domain);
  // Who could not be told apart from a stranger now is asked about again.
  if (outcome.verdict == spf::Verdict::TempError) co_return identity;
  Known one{client, std::move(domain), identity, clocks_.instant() + kLife};
  if (known_.size() < kMost) {
    known_.push_back(std::move(one));
  } else {
    known_[next_] = std::move(one);
    next_ = (next_ + 1) % kMost;
  }
  co_return identity;
}

}  // namespace gatepost::server
