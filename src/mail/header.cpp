// SPDX-License-Identifier: Apache-2.0
// mail: what the header of a message on its way in tells us.
#include "mail/header.h"

#include <algorithm>

#include "base/text.h"

namespace gatepost::mail {
namespace {

// ftext of RFC 5322 section 2.2; the colon is looked at first.
bool is_name_octet(char c) {
  return c > ' ' && c <= '~';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

void HeaderScanner::feed(std::string_view text) {
  while (!text.empty() && at_ != At::Body) text.remove_prefix(step(text));
}

void HeaderScanner::finish() {
  if (at_ == At::LineStart || at_ == At::Value) close_field();
  at_ = At::Body;
}

std::size_t HeaderScanner::step(std::string_view text) {
  const char c = text.front();
  switch (at_) {
    case At::LineStart:
      begin_line(c);
      return (at_ == At::Name) ? 0 : 1;
    case At::Name:
      if (c == ':' && name_size_ > 0) {
        name_over();
      } else if (is_blank(c) && name_size_ > 0) {
        at_ = At::Gap;
      } else if (c != ':' && is_name_octet(c) && field_octets_ < kMostValue) {
        if (name_size_ < kLongestName) name_[name_size_] = c;
        if (name_size_ <= kLongestName) ++name_size_;
      } else {
        enter_body(Opening::Body);
      }
      count(1);
      return 1;
    case At::Gap:
      if (c == ':') {
        name_over();
      } else if (!is_blank(c)) {
        enter_body(Opening::Body);
      }
      count(1);
      return 1;
    case At::Value:
      return value(text);
    case At::Body:
      break;
  }
  return text.size();
}

void HeaderScanner::begin_line(char c) {
  if (is_blank(c) && field_ != Field::None) {
    count(1);
    // A fold is one space to those who read the value.
    if (value_.size() < kMostValue && field_ >= Field::DeliveredTo) value_.push_back(' ');
    at_ = At::Value;
    return;
  }
  close_field();
  if (c == '\n' || is_blank(c)) return enter_body(c == '\n' ? Opening::Header : Opening::Body);
  at_ = At::Name;
  name_size_ = 0;
}

void HeaderScanner::enter_body(Opening opening) {
  at_ = At::Body;
  if (opening_ == Opening::Unknown) opening_ = opening;
}

void HeaderScanner::name_over() {
  at_ = At::Value;
  opening_ = Opening::Header;
  field_ = Field::Other;
  if (name_size_ > kLongestName) return;
  const std::string_view name(name_.data(), name_size_);
  if (iequals(name, "Received")) field_ = Field::Received;
  if (iequals(name, "Delivered-To")) field_ = Field::DeliveredTo;
  if (iequals(name, "Message-ID")) field_ = Field::MessageId;
}

std::size_t HeaderScanner::value(std::string_view text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  if (field_ >= Field::DeliveredTo) {
    value_.append(line.substr(0, kMostValue - std::min(kMostValue, value_.size())));
  }
  const std::size_t used = line.size() + (end == text.npos ? 0 : 1);
  count(used);
  if (end != text.npos) at_ = At::LineStart;
  return used;
}

void HeaderScanner::close_field() {
  if (field_ == Field::Received) ++received_;
  if (field_ == Field::MessageId && message_id_.empty()) message_id_ = trim(value_);
  if (field_ == Field::DeliveredTo && delivered_to_.size() < kMostDeliveredTo) {
    std::string_view address = trim(value_);
    if (address.size() >= 2 && address.front() == '<' && address.back() == '>') {
      address = address.substr(1, address.size() - 2);
    }
    if (!address.empty()) delivered_to_.emplace_back(address);
  }
  value_.clear();
  field_ = Field::None;
  field_octets_ = 0;
}

void HeaderScanner::count(std::size_t octets) {
  field_octets_ += octets;
  if (field_octets_ > field_limit_ && at_ != At::Body) too_large_ = true;
}

}  // namespace gatepost::mail
