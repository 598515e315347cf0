// SPDX-License-Identifier: Apache-2.0
// greylist: what makes two attempts the same attempt.
#pragma once

#include <string>
#include <string_view>

#include "base/address.h"

namespace gatepost::greylist {

struct KeySettings {
  unsigned ipv4_prefix = 24;     ///< greylist_ipv4_prefix_length
  unsigned ipv6_prefix = 64;     ///< greylist_ipv6_prefix_length
  std::string_view secret = {};  ///< Not empty: what is stored is hashed with it. Borrowed.
};

struct Attempt {
  IpAddress client;
  /// Stands for the client instead of its address, where more is known of it: "spf:example.com",
  /// "name:example.com". Empty: nothing is. Only one that SPF has proven is good for the
  /// auto-allowlist: under a name that is forward-confirmed there may be many owners.
  std::string_view identity;
  std::string_view sender;  ///< Empty: the null sender.
  std::string_view recipient;
};

/// A triplet as it is stored.
struct Key {
  std::string net;        ///< The client's network, "192.0.2.0", or its identity.
  std::string sender;     ///< normal_sender(), in lower case.
  std::string recipient;  ///< In lower case.
  std::string client;     ///< Of the auto-allowlist: the client's address, or its identity.
  std::string trap_net;  ///< Of traps: make_net(), for they may be hit before an identity is known.
  std::string host;      ///< The same of the client alone: its address.
};

/// The sender without what changes from one message to the next: the tag of BATV (prvs=TAG=user, and
/// user=TAG as some write it), an extension after +, and numbers that stand alone, as of VERP, which
/// become `#`.
[[nodiscard]] std::string normal_sender(std::string_view address);

[[nodiscard]] Key make_key(const KeySettings& settings, const Attempt& attempt);
/// The client's network as Key::net has it, whatever its identity.
[[nodiscard]] std::string make_net(const KeySettings& settings, const IpAddress& client);
/// An address of ours, as of traps, in the form it is stored.
[[nodiscard]] std::string make_address(const KeySettings& settings, std::string_view address);

}  // namespace gatepost::greylist
