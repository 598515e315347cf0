// SPDX-License-Identifier: Apache-2.0
// mail: what a message written by a program or a person at a terminal still lacks.
#include "mail/compose.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "mail/address_list.h"

namespace gatepost::mail {
namespace {

constexpr std::size_t kMostName = 256;
// An encoded word has at most 75 octets (RFC 2047 section 2): 12 for its frame, 4 for each 3.
constexpr std::size_t kEncodedPiece = 45;

struct Field {
  std::string_view name;
  std::string_view value;  // With its folds and the last line end.
};

bool is_name_octet(char c) {
  return c > ' ' && c <= '~' && c != ':';
}

/// The field at the front of `text`, taken off; nothing when there is none.
bool take_field(std::string_view& text, Field& out) {
  std::size_t colon = 0;
  while (colon < text.size() && is_name_octet(text[colon])) ++colon;
  const std::size_t name = colon;
  while (colon < text.size() && (text[colon] == ' ' || text[colon] == '\t')) ++colon;
  if (name == 0 || colon == text.size() || text[colon] != ':') return false;
  std::size_t end = text.find('\n', colon);
  while (end != text.npos && end + 1 < text.size() &&
         (text[end + 1] == ' ' || text[end + 1] == '\t')) {
    end = text.find('\n', end + 1);
  }
  end = (end == text.npos) ? text.size() : end + 1;
  out.name = text.substr(0, name);
  out.value = text.substr(colon + 1, end - colon - 1);
  text.remove_prefix(end);
  return true;
}

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view one) { return iequals(name, one); });
}

constexpr std::array<std::string_view, 3> kTo{"To", "Cc", "Bcc"};
constexpr std::array<std::string_view, 3> kResentTo{"Resent-To", "Resent-Cc", "Resent-Bcc"};
constexpr std::array<std::string_view, 12> kAddresses{
    "From",        "Sender",        "Reply-To",  "To",        "Cc",         "Bcc",
    "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc", "Errors-To"};

std::string encode_words(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    std::size_t piece = std::min(kEncodedPiece, name.size());
    // A character is not cut in two (RFC 2047 section 5).
    while (piece < name.size() && (static_cast<unsigned char>(name[piece]) & 0xC0U) == 0x80U) {
      --piece;
    }
    if (!out.empty()) out += "\n ";
    append_format(out, "=?utf-8?B?{}?=", encode_base64(name.substr(0, piece)));
    name.remove_prefix(piece);
  }
  return out;
}

std::string format_phrase(std::string_view name) {
  const bool atoms = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~ ").find(c) != std::string_view::npos;
  });
  // What looks like an encoded word would be read as one.
  if (atoms && name.find("=?") == name.npos) return std::string(name);
  if (!is_ascii(name)) return encode_words(name);
  std::string out("\"");
  for (const char c : name) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

}  // namespace

std::string format_from(std::string_view full_name, const Mailbox& address) {
  full_name = trim(full_name);
  const bool plain = std::all_of(full_name.begin(), full_name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
  });
  const bool usable = plain && full_name.size() <= kMostName && is_utf8(full_name);
  if (full_name.empty() || !usable) return address.text();
  return format("{} <{}>", format_phrase(full_name), address.text());
}

std::size_t header_octets(std::string_view text) {
  std::string_view left = text;
  Field field;
  while (take_field(left, field)) {
  }
  return text.size() - left.size();
}

Result<std::vector<Mailbox>> find_recipients(std::string_view header) {
  std::vector<Mailbox> plain;
  std::vector<Mailbox> resent;
  bool in_resent = false;
  bool was_resent = false;
  Field field;
  for (std::string_view left = header; take_field(left, field);) {
    // A block of Resent fields stands together; a later one is an earlier resending.
    const bool again = istarts_with(field.name, "Resent-");
    was_resent = was_resent || (in_resent && !again && !resent.empty());
    in_resent = again;
    const bool counts = is_one_of(field.name, kResentTo) && !was_resent;
    if (!counts && !is_one_of(field.name, kTo)) continue;
    AddressList list = parse_address_list(field.value);
    if (!list.faults.empty()) {
      return Error{Cause::Permanent, format("{}: not an address: {}", field.name,
                                            printable(list.faults.front(), limits::kLogText))};
    }
    std::vector<Mailbox>& to = counts ? resent : plain;
    for (ListedAddress& one : list.addresses) to.push_back(std::move(one.mailbox));
  }
  return resent.empty() ? std::move(plain) : std::move(resent);
}

std::string complete_addresses(std::string_view header, std::string_view origin) {
  std::string out;
  std::string_view left = header;
  Field field;
  const char* copied = header.data();
  const auto copy_to = [&out, &copied](const char* end) {
    out.append(copied, static_cast<std::size_t>(end - copied));
    copied = end;
  };
  while (take_field(left, field)) {
    if (!is_one_of(field.name, kAddresses)) continue;
    for (const ListedAddress& one : parse_address_list(field.value).addresses) {
      if (!one.mailbox.domain.empty()) continue;
      copy_to(field.value.data() + one.local_end);
      out.append("@").append(origin);
    }
  }
  copy_to(header.data() + header.size());
  return out;
}

}  // namespace gatepost::mail
