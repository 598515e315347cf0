// SPDX-License-Identifier: Apache-2.0
// base: questions to the domain name system and their answers, as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace gatepost {

enum class DnsType : std::uint8_t { A, Aaaa, Mx, Txt, Ptr, Ns };

/// What one question was answered with. Names are in lower case, without the dot at their end.
struct DnsAnswer {
  enum class Kind : std::uint8_t {
    Found,   ///< There are records of the type asked for.
    NoData,  ///< The name exists, or may: there are none of this type.
    NoName,  ///< The name does not exist (NXDOMAIN).
    Failed,  ///< Nobody could say: timeout, SERVFAIL, REFUSED, a broken answer. `fault` says which.
  };
  struct Exchange {
    std::uint16_t preference = 0;
    std::string host;  ///< Empty for `MX 0 .` (RFC 7505): takes no mail.
  };

  Kind kind = Kind::Failed;
  std::vector<IpAddress> addresses;  ///< Of A and AAAA.
  std::vector<std::string>
      texts;  ///< Of TXT, the strings of a record joined; of PTR and NS, the names.
  std::vector<Exchange> exchanges;  ///< Of MX, best first.
  /// How long this may be remembered: the least TTL of the records, or of a negative answer what
  /// the SOA record allows (RFC 2308 section 5); zero when nothing says.
  Duration ttl{};
  std::string_view fault;  ///< Lives as long as the program.
  /// Of Failed: it was us who did not ask, or gave up, which says nothing of the servers.
  bool ours = false;

  [[nodiscard]] bool found() const { return kind == Kind::Found; }
};

}  // namespace gatepost
