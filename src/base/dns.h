// SPDX-License-Identifier: Apache-2.0
// base: port: what the domain name system says.
#pragma once

#include <string>

#include "base/dns_answer.h"
#include "base/task.h"

namespace gatepost {

/// Asks. All calls come from the loop's thread; nothing blocks.
class Dns {
 public:
  virtual ~Dns() = default;
  /// `name` is absolute, with or without its last dot; one that cannot be a name is NoName. Always
  /// answers, within the time the settings give; the same question asked by many at once goes out
  /// once. The object outlives the task.
  virtual Task<DnsAnswer> look_up(std::string name, DnsType type) = 0;
};

}  // namespace gatepost
