// SPDX-License-Identifier: Apache-2.0
// greylist: what makes two attempts the same attempt.
#include "greylist/key.h"

#include <algorithm>
#include <utility>

#include "auth/digest.h"
#include "base/base64.h"
#include "base/text.h"

namespace gatepost::greylist {
namespace {

/// 128 bits: two of a hundred million triplets are the same with a chance of one in 10^22.
constexpr std::size_t kHashed = 16;

/// What is compared with, without its secret in the database for others to read.
std::string stored(const KeySettings& settings, char kind, std::string text) {
  if (settings.secret.empty()) return text;
  // Else a domain as a sender's would tell that of a recipient.
  text.insert(text.begin(), kind);
  std::string hash = auth::keyed_digest(auth::Hash::Sha256, settings.secret, text);
  hash.resize(kHashed);
  std::string out = encode_base64(hash);
  out.resize(out.find('='));
  return out;
}

bool is_tag(std::string_view text) {
  return text.size() >= 10 && std::all_of(text.begin(), text.begin() + 10, [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'z');
         });
}

std::string_view without_batv(std::string_view local) {
  constexpr std::string_view kMark = "prvs=";
  if (!local.starts_with(kMark)) return local;
  const std::string_view rest = local.substr(kMark.size());
  const std::size_t equals = rest.find('=');
  if (equals == rest.npos || rest.find('=', equals + 1) != rest.npos) return local;
  const std::string_view first = rest.substr(0, equals);
  const std::string_view second = rest.substr(equals + 1);
  // As the draft has it the tag comes first; where both look like one, too.
  return is_tag(second) && !is_tag(first) ? first : second;
}

bool is_word(char c) {
  return is_alnum(c) || c == '_';
}

/// Numbers that no letter touches become '#'.
void append_without_numbers(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const bool word = is_word(text.front());
    const auto end =
        std::find_if(text.begin(), text.end(), [word](char c) { return is_word(c) != word; });
    const std::string_view piece(text.data(), static_cast<std::size_t>(end - text.begin()));
    const bool number = word && std::all_of(piece.begin(), piece.end(), is_digit);
    number ? out.append("#") : out.append(piece);
    text.remove_prefix(piece.size());
  }
}

}  // namespace

std::string normal_sender(std::string_view address) {
  const std::size_t at = address.find('@');
  if (at == address.npos) return std::string(address);
  std::string_view local = without_batv(address.substr(0, at));
  local = local.substr(0, local.find('+'));
  std::string out;
  out.reserve(address.size());
  append_without_numbers(local, out);
  out.append(address.substr(at));
  return out;
}

std::string make_net(const KeySettings& settings, const IpAddress& client) {
  const unsigned bits = client.is_v4() ? settings.ipv4_prefix : settings.ipv6_prefix;
  return stored(settings, 'n', client.masked(bits).text());
}

std::string make_address(const KeySettings& settings, std::string_view address) {
  return stored(settings, 'r', lower(address));
}

Key make_key(const KeySettings& settings, const Attempt& attempt) {
  Key out;
  const bool proven = attempt.identity.starts_with("spf:");
  out.trap_net = make_net(settings, attempt.client);
  out.host = stored(settings, 'c', attempt.client.text());
  out.net =
      attempt.identity.empty() ? out.trap_net : stored(settings, 'n', lower(attempt.identity));
  out.client = proven ? out.net : out.host;
  out.sender = stored(settings, 's', lower(normal_sender(attempt.sender)));
  out.recipient = make_address(settings, attempt.recipient);
  return out;
}

}  // namespace gatepost::greylist
