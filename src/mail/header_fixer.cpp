// SPDX-License-Identifier: Apache-2.0
// mail: completes the header of a message that begins its journey here.
#include "mail/header_fixer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::mail {
namespace {

constexpr std::array<std::string_view, 4> kDropped{"Bcc", "Resent-Bcc", "Return-Path",
                                                   "Content-Length"};

bool is_name_octet(char c) {
  return c > ' ' && c <= '~' && c != ':';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += '\n';
}

}  // namespace

void HeaderFixer::feed(std::string_view text, std::string& out) {
  while (!text.empty() && at_ != At::Body) text.remove_prefix(step(text, out));
  out += text;
}

void HeaderFixer::finish(std::string& out) {
  switch (at_) {
    case At::Body:
      return;
    case At::Name:
    case At::Gap:
      return open_body(out);
    case At::LineStart:
    case At::Value:
      if (open_line_) out += '\n';
      end_header(out);
      at_ = At::Body;
      return;
  }
}

std::size_t HeaderFixer::step(std::string_view text, std::string& out) {
  switch (at_) {
    case At::LineStart:
      return begin_line(text.front(), out);
    case At::Name:
    case At::Gap:
      return name(text.front(), out);
    case At::Value:
      return value(text, out);
    case At::Body:
      break;
  }
  return 0;
}

std::size_t HeaderFixer::begin_line(char c, std::string& out) {
  if (is_blank(c) && field_ != Field::None) {
    at_ = At::Value;
    return 0;
  }
  first_line_ = !std::exchange(begun_, true);
  field_ = Field::None;
  if (c == '\n') {
    end_header(out);
    at_ = At::Body;
    return 0;
  }
  if (is_blank(c)) {
    open_body(out);
    return 0;
  }
  at_ = At::Name;
  name_size_ = 0;
  return 0;
}

std::size_t HeaderFixer::name(char c, std::string& out) {
  if (c == ':' && !held_.empty()) {
    name_over(out);
    return 0;
  }
  const bool in_name = at_ == At::Name && is_name_octet(c);
  const bool in_gap = is_blank(c) && !held_.empty();
  if (!(in_name || in_gap) || held_.size() >= kMostHeld) {
    if (first_line_ && is_mbox_line()) {
      held_.clear();
      at_ = At::Value;  // Of no field: it passes unseen.
      return 0;
    }
    open_body(out);
    return 0;
  }
  if (in_gap) at_ = At::Gap;
  held_ += c;
  if (in_name) name_size_ = held_.size();
  return 1;
}

bool HeaderFixer::is_mbox_line() const {
  const std::string_view line = std::string_view(held_).substr(held_.starts_with('>') ? 1 : 0);
  return line.starts_with("From ");
}

void HeaderFixer::name_over(std::string& out) {
  const std::string_view name = std::string_view(held_).substr(0, name_size_);
  const bool drop = std::any_of(kDropped.begin(), kDropped.end(),
                                [name](std::string_view one) { return iequals(name, one); });
  has_date_ = has_date_ || iequals(name, "Date");
  has_message_id_ = has_message_id_ || iequals(name, "Message-ID");
  has_from_ = has_from_ || iequals(name, "From");
  field_ = drop ? Field::Dropped : Field::Kept;
  if (!drop) out += held_;
  held_.clear();
  at_ = At::Value;
}

std::size_t HeaderFixer::value(std::string_view text, std::string& out) {
  const std::size_t end = text.find('\n');
  const std::size_t used = (end == text.npos) ? text.size() : end + 1;
  if (field_ == Field::Kept) {
    out += text.substr(0, used);
    open_line_ = end == text.npos;
  }
  if (end != text.npos) at_ = At::LineStart;
  return used;
}

void HeaderFixer::end_header(std::string& out) {
  open_line_ = false;
  if (!has_from_ && !fixes_.from.empty()) append_field(out, "From", fixes_.from);
  if (!has_date_ && !fixes_.date.empty()) append_field(out, "Date", fixes_.date);
  if (!has_message_id_ && !fixes_.message_id.empty()) {
    append_field(out, "Message-ID", fixes_.message_id);
    added_message_id_ = true;
  }
}

void HeaderFixer::open_body(std::string& out) {
  end_header(out);
  out += '\n';
  out += held_;
  std::string().swap(held_);
  at_ = At::Body;
}

std::string make_message_id(Moment at, std::string_view id, std::string_view hostname) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(floor<std::chrono::seconds>(at - day));
  return format("<{:04}{:02}{:02}{:02}{:02}{:02}.{}@{}>", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                time.hours().count(), time.minutes().count(), time.seconds().count(), id, hostname);
}

}  // namespace gatepost::mail
