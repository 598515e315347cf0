// SPDX-License-Identifier: Apache-2.0
// log: the two writers an event renders itself into: a line in Postfix's grammar, or JSON.
#include "log/line.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace gatepost::log {

namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void append_fraction(std::string& out, std::uint64_t hundredths) {
  append_number(out, hundredths / 100);
  const std::uint64_t rest = hundredths % 100;
  if (rest == 0) return;
  out.push_back('.');
  out.push_back(static_cast<char>('0' + rest / 10));
  if (rest % 10 != 0) out.push_back(static_cast<char>('0' + rest % 10));
}

/// Stands for itself in a JSON string.
bool is_plain(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/// How many octets the character at the front of `text` has; 0 when it is not UTF-8.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = (lead < 0x80) ? 1 : (lead < 0xE0) ? 2 : (lead < 0xF0) ? 3 : 4;
  return (text.size() >= length && is_utf8(text.substr(0, length))) ? length : 0;
}

}  // namespace

Line& Line::add(std::string_view text, std::size_t most) {
  const std::size_t from = out_.size();
  out_.append(text.substr(0, most));
  for (std::size_t i = from; i < out_.size(); ++i) {
    if (out_[i] < ' ' || out_[i] > '~') out_[i] = '?';
  }
  return *this;
}

Line& Line::number(std::uint64_t value) {
  append_number(out_, value);
  return *this;
}

Line& Line::seconds(Duration time) {
  append_seconds(out_, time);
  return *this;
}

Line& Line::item(std::string_view item) {
  return add(item.empty() ? std::string_view("NOQUEUE") : item, limits::kLogText).add(": ");
}

void append_seconds(std::string& out, Duration time) {
  const auto ms = static_cast<std::uint64_t>(std::max<Duration::rep>(time.count(), 0));
  // Two significant digits, at most two decimals: what a step of rounding carries over into the
  // next power of ten comes out right, since trailing zeros are dropped anyway.
  if (ms < 995) return append_fraction(out, (ms + 5) / 10);
  if (ms < 9950) return append_fraction(out, (ms + 50) / 100 * 10);
  append_number(out, (ms + 500) / 1000);
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    std::size_t length = 1;
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (const auto octet = static_cast<unsigned char>(c); octet < 0x20 || octet == 0x7F) {
      out.append("\\u00");
      out.push_back(kHex[octet >> 4U]);
      out.push_back(kHex[octet & 0xFU]);
    } else if (length = utf8_length(text); length == 0) {
      out.push_back('?');
      length = 1;
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out.push_back('"');
}

void JsonFields::operator()(std::string_view name, std::string_view value) {
  name_field(name);
  append_json_string(out_, value.substr(0, kMostText));
}

void JsonFields::operator()(std::string_view name, std::uint64_t value) {
  name_field(name);
  append_number(out_, value);
}

void JsonFields::operator()(std::string_view name, std::int64_t value) {
  name_field(name);
  append_number(out_, value);
}

void JsonFields::operator()(std::string_view name, bool value) {
  name_field(name);
  out_.append(value ? "true" : "false");
}

void JsonFields::operator()(std::string_view name, Duration value) {
  name_field(name);
  const auto ms = static_cast<std::uint64_t>(std::max<Duration::rep>(value.count(), 0));
  append_number(out_, ms / 1000);
  const std::uint64_t rest = ms % 1000;
  if (rest == 0) return;
  out_.push_back('.');
  out_.push_back(static_cast<char>('0' + rest / 100));
  out_.push_back(static_cast<char>('0' + rest / 10 % 10));
  out_.push_back(static_cast<char>('0' + rest % 10));
}

void JsonFields::name_field(std::string_view name) {
  out_.append(",\"");
  out_.append(name);
  out_.append("\":");
}

std::string_view smtpd_tag(std::string_view service) {
  if (service == "submission") return "submission/smtpd";
  if (service == "submissions") return "submissions/smtpd";
  return "smtpd";
}

}  // namespace gatepost::log
