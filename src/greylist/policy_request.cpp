// SPDX-License-Identifier: Apache-2.0
// greylist: what a mail server asks over Postfix's policy protocol (SMTPD_POLICY_README).
#include "greylist/policy_request.h"

#include <algorithm>

namespace gatepost::greylist {
namespace {

constexpr std::size_t kMostValue = 512;

struct Attribute {
  std::string_view name;
  std::string PolicyRequest::*member;
};
constexpr Attribute kAttributes[]{
    {"request", &PolicyRequest::request},
    {"client_address", &PolicyRequest::client_address},
    {"client_name", &PolicyRequest::client_name},
    {"sender", &PolicyRequest::sender},
    {"recipient", &PolicyRequest::recipient},
    {"instance", &PolicyRequest::instance},
    {"queue_id", &PolicyRequest::queue_id},
};

}  // namespace

Result<bool> PolicyReader::read(std::string_view& input) {
  if (complete_) {
    request_ = {};
    octets_ = 0;
    complete_ = false;
  }
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view piece = input.substr(0, end);
    octets_ += piece.size() + (end == input.npos ? 0 : 1);
    if (line_.size() + piece.size() > kMostLine || octets_ > kMostRequest) {
      return Error{Cause::Permanent, "a policy request is too long"};
    }
    line_.append(piece);
    if (end == input.npos) {
      input = {};
      return false;
    }
    input.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    complete_ = line_.empty();
    if (complete_) return true;
    take(line_);
    line_.clear();
  }
  return false;
}

void PolicyReader::take(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == line.npos) return;
  const std::string_view name = line.substr(0, equals);
  const std::string_view value = line.substr(equals + 1, kMostValue);
  for (const Attribute& each : kAttributes) {
    if (each.name == name) request_.*each.member = value;
  }
  request_.has_sender = request_.has_sender || name == "sender";
  request_.has_etrn_domain = request_.has_etrn_domain || name == "etrn_domain";
}

}  // namespace gatepost::greylist
