// SPDX-License-Identifier: Apache-2.0
// spf: what asks the domain name system one question after the other.
#pragma once

#include <string>
#include <utility>

#include "base/dns_answer.h"

namespace gatepost::spf {

struct Question {
  std::string name;  ///< Absolute, without its last dot.
  DnsType type = DnsType::Txt;
};

/// Knows no network: whoever drives it puts question() to a Dns and hands over the answer, until
/// there is no more question. The questions of one machine are bounded, whatever is answered.
class Machine {
 public:
  virtual ~Machine() = default;
  /// Null when it is done. Valid until answer().
  [[nodiscard]] const Question* question() const { return asking_ ? &question_ : nullptr; }
  virtual void answer(const DnsAnswer& answer) = 0;

 protected:
  void ask(std::string name, DnsType type) {
    question_ = {std::move(name), type};
    asking_ = true;
  }
  void ask_no_more() { asking_ = false; }
  [[nodiscard]] const Question& asked() const { return question_; }

 private:
  Question question_;
  bool asking_ = false;
};

}  // namespace gatepost::spf
