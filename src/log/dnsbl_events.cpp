// SPDX-License-Identifier: Apache-2.0
// log: what DNS lists say about clients, in the lines of Postfix's dnsblog(8) and postscreen(8).
#include "log/dnsbl_events.h"

#include <algorithm>
#include <cstdint>

#include "base/limits.h"

namespace gatepost::log {

namespace {

std::uint64_t whole_seconds(Duration time) {
  return static_cast<std::uint64_t>(std::max<Duration::rep>(time.count(), 0) / 1000);
}

}  // namespace

void DnsblListed::line(Line& out) const {
  out.add("addr ").add(client).add(" listed by domain ").add(zone).add(" as ").add(address);
}

void DnsblTimeout::line(Line& out) const {
  out.add("warning: dnsblog reply timeout ").number(whole_seconds(timeout)).add("s for ").add(zone);
}

void DnsblError::line(Line& out) const {
  out.add("warning: dnsblog_query: lookup error for DNS query ").add(query).add(": ");
  out.peer_text(detail);
}

void RblError::line(Line& out) const {
  out.add("warning: ").add(query, limits::kDomain);
  out.add(": RBL lookup error: ").peer_text(detail);
}

void ListMuted::line(Line& out) const {
  out.add("warning: DNS list ").add(zone).add(" is not asked any more: ");
  out.add(detail, limits::kLogReply);
}

void ListHeard::line(Line& out) const {
  out.add("DNS list ")
      .add(zone)
      .add(" is asked again after ")
      .number(whole_seconds(muted))
      .add("s");
}

}  // namespace gatepost::log
