// SPDX-License-Identifier: Apache-2.0
// auth: the messages of SCRAM (RFC 5802 section 7), read and checked.
#include "auth/scram.h"

#include <algorithm>

#include "base/base64.h"
#include "base/secret.h"
#include "base/text.h"

namespace gatepost::auth {
namespace {

/// A client's nonce of more is a way to make us carry octets, not to be unique.
constexpr std::size_t kMostNonce = 512;

/// Takes "X=value" up to the next comma, or the end, off the front.
std::optional<std::string_view> take_attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
  const std::size_t comma = std::min(rest.find(','), rest.size());
  const std::string_view value = rest.substr(2, comma - 2);
  rest.remove_prefix(std::min(comma + 1, rest.size()));
  return value;
}

/// saslname: "=2C" is a comma and "=3D" an equals sign; no other use of '=' (section 5.1).
std::optional<std::string> decode_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const bool escaped = text.front() == '=';
    if (escaped && !text.starts_with("=2C") && !text.starts_with("=3D")) return std::nullopt;
    out.push_back(!escaped ? text.front() : text[2] == 'C' ? ',' : '=');
    text.remove_prefix(escaped ? 3 : 1);
  }
  return out;
}

bool is_nonce(std::string_view text) {
  const auto printable_one = [](char c) { return c > ' ' && c <= '~' && c != ','; };
  return !text.empty() && std::all_of(text.begin(), text.end(), printable_one);
}

/// gs2-header, off the front of `rest`.
bool read_header(std::string_view& rest, ClientFirst& out) {
  if (rest.empty()) return false;
  out.binding = rest.front();
  if (out.binding == 'p') {
    const auto name = take_attribute(rest, 'p');
    const auto known = [](char c) { return is_alnum(c) || c == '.' || c == '-'; };
    if (!name || name->empty() || !std::all_of(name->begin(), name->end(), known)) return false;
    out.binding_name = *name;
  } else if ((out.binding == 'n' || out.binding == 'y') && rest.substr(1).starts_with(',')) {
    rest.remove_prefix(2);
  } else {
    return false;
  }
  const std::size_t comma = rest.find(',');
  if (comma == rest.npos) return false;
  if (comma == 0) {
    rest.remove_prefix(1);
    return true;
  }
  const auto name = take_attribute(rest, 'a');
  const auto decoded = name ? decode_name(*name) : std::nullopt;
  if (!decoded || decoded->empty()) return false;
  out.authorization = *decoded;
  return true;
}

}  // namespace

ScramKeys derive_keys(Hash hash,
                      std::string_view password,
                      std::string_view salt,
                      unsigned iterations) {
  const Secret salted(stretch(hash, password, salt, iterations));
  const Secret client(keyed_digest(hash, salted.reveal(), "Client Key"));
  return {digest(hash, client.reveal()), keyed_digest(hash, salted.reveal(), "Server Key")};
}

std::optional<ClientFirst> parse_client_first(std::string_view message) {
  ClientFirst out;
  std::string_view rest = message;
  // RFC 5802 section 5.1: UTF-8 without NUL.
  if (message.find('\0') != message.npos || !is_utf8(message)) return std::nullopt;
  if (!read_header(rest, out)) return std::nullopt;
  out.gs2_header = message.substr(0, message.size() - rest.size());
  out.bare = rest;
  // "m=" would be an extension that must be understood; there is none, so it fails here.
  const auto user = take_attribute(rest, 'n');
  const auto decoded = user ? decode_name(*user) : std::nullopt;
  const auto nonce = take_attribute(rest, 'r');
  if (!decoded || decoded->empty() || !nonce || !is_nonce(*nonce) || nonce->size() > kMostNonce) {
    return std::nullopt;
  }
  out.user = *decoded;
  out.nonce = *nonce;
  return out;
}

std::optional<ClientFinal> parse_client_final(std::string_view message) {
  ClientFinal out;
  const std::size_t last = message.rfind(",p=");
  if (last == message.npos) return std::nullopt;
  out.without_proof = message.substr(0, last);
  auto proof = decode_base64(message.substr(last + 3));
  std::string_view rest = out.without_proof;
  const auto binding = take_attribute(rest, 'c');
  const auto nonce = take_attribute(rest, 'r');
  auto decoded = binding ? decode_base64(*binding) : std::nullopt;
  if (!proof || !decoded || !nonce || !is_nonce(*nonce)) return std::nullopt;
  out.proof = *std::move(proof);
  out.binding = *std::move(decoded);
  out.nonce = *nonce;
  return out;
}

bool proof_fits(Hash hash,
                std::string_view stored_key,
                std::string_view auth_message,
                std::string_view proof) {
  std::string key = keyed_digest(hash, stored_key, auth_message);
  if (proof.size() != key.size()) return false;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(key[i] ^ proof[i]);
  const Secret client(std::move(key));
  return same_octets(digest(hash, client.reveal()), stored_key);
}

}  // namespace gatepost::auth
