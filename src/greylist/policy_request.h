// SPDX-License-Identifier: Apache-2.0
// greylist: what a mail server asks over Postfix's policy protocol (SMTPD_POLICY_README).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatepost::greylist {

/// The attributes that count here; those that were not sent are empty. Each is cut at 512 octets.
struct PolicyRequest {
  std::string request;  ///< "smtpd_access_policy"
  std::string client_address;
  std::string client_name;
  std::string sender;
  std::string recipient;
  std::string instance;  ///< The same for all recipients of a message.
  std::string queue_id;
  bool has_sender = false;       ///< It is sent, maybe empty.
  bool has_etrn_domain = false;  ///< Postfix 2.3 and later: knows replies with an enhanced code.
};

/// name=value lines, an empty line ends a request. Octets come in pieces of any size.
class PolicyReader {
 public:
  /// More in one line, or in one request, is nobody's who means it.
  static constexpr std::size_t kMostLine = 4096;
  static constexpr std::size_t kMostRequest = 64 * 1024;

  /// Takes octets off the front of `input`. True: a request is complete, and `input` is what
  /// follows it. False: more is needed. An error: hang up.
  [[nodiscard]] Result<bool> read(std::string_view& input);
  /// The complete one, until the next read().
  [[nodiscard]] const PolicyRequest& request() const { return request_; }

 private:
  void take(std::string_view line);

  PolicyRequest request_;
  std::string line_;
  std::size_t octets_ = 0;
  bool complete_ = false;
};

}  // namespace gatepost::greylist
