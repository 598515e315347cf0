// SPDX-License-Identifier: Apache-2.0
// auth: what a passwd-file keeps of a password.
#include "auth/stored_secret.h"

#include <array>
#include <optional>
#include <utility>

#include "auth/crypt_hash.h"
#include "auth/scram.h"
#include "base/base64.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::auth {
namespace {

struct SchemeRow {
  std::string_view name;
  Scheme scheme;
  Hash hash = Hash::Sha256;
  bool salted = false;
};

// Dovecot's names.
constexpr std::array kSchemes{
    SchemeRow{"SCRAM-SHA-256", Scheme::Scram},
    SchemeRow{"SCRAM-SHA-1", Scheme::Scram, Hash::Sha1},
    SchemeRow{"CRYPT", Scheme::Crypt},
    SchemeRow{"SHA512-CRYPT", Scheme::Crypt},
    SchemeRow{"SHA256-CRYPT", Scheme::Crypt},
    SchemeRow{"BLF-CRYPT", Scheme::Crypt},
    SchemeRow{"PLAIN", Scheme::Plain},
    SchemeRow{"CLEAR", Scheme::Plain},
    SchemeRow{"CLEARTEXT", Scheme::Plain},
    SchemeRow{"SHA", Scheme::Digest, Hash::Sha1},
    SchemeRow{"SHA1", Scheme::Digest, Hash::Sha1},
    SchemeRow{"SSHA", Scheme::Digest, Hash::Sha1, true},
    SchemeRow{"SHA256", Scheme::Digest, Hash::Sha256},
    SchemeRow{"SSHA256", Scheme::Digest, Hash::Sha256, true},
    SchemeRow{"SHA512", Scheme::Digest, Hash::Sha512},
    SchemeRow{"SSHA512", Scheme::Digest, Hash::Sha512, true},
};

Error wrong(std::string detail) {
  return {Cause::Permanent, std::move(detail)};
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto nibble = [](char c) {
    if (is_digit(c)) return c - '0';
    const char small = to_lower(c);
    return (small >= 'a' && small <= 'f') ? small - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]);
    const int low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

/// What stands behind {SCHEME.encoding}; a text without encoding stands for itself.
std::optional<std::string> decode(std::string_view data, std::string_view encoding) {
  if (encoding.empty()) return std::string(data);
  if (iequals(encoding, "hex")) return decode_hex(data);
  if (iequals(encoding, "b64") || iequals(encoding, "base64")) return decode_base64(data);
  return std::nullopt;
}

Result<StoredSecret> parse_scram(const SchemeRow& row, std::string_view data) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t end = (i + 1 < fields.size()) ? data.find(',') : data.size();
    if (end == data.npos) return wrong("expected iterations,salt,StoredKey,ServerKey");
    fields[i] = data.substr(0, end);
    data.remove_prefix(std::min(end + 1, data.size()));
  }
  const auto iterations = parse_number(fields[0]);
  if (!iterations || *iterations < kFewestIterations || *iterations > kMostIterations) {
    return wrong("expected 4096 to 1000000 iterations");
  }
  auto salt = decode_base64(fields[1]);
  auto stored_key = decode_base64(fields[2]);
  auto server_key = decode_base64(fields[3]);
  if (!salt || salt->empty() || salt->size() > kMostPassword)
    return wrong("expected a salt in base64");
  const std::size_t size = size_of(row.hash);
  if (!stored_key || stored_key->size() != size || !server_key || server_key->size() != size) {
    return wrong("expected StoredKey and ServerKey in base64, each as long as the hash");
  }
  StoredSecret out{.scheme = row.scheme, .hash = row.hash};
  out.iterations = static_cast<unsigned>(*iterations);
  out.salt = *std::move(salt);
  out.stored_key = *std::move(stored_key);
  out.server_key = *std::move(server_key);
  return out;
}

Result<StoredSecret> parse_digest(const SchemeRow& row,
                                  std::string_view data,
                                  std::string_view encoding) {
  const std::size_t size = size_of(row.hash);
  // As Dovecot: base64, unless its length says that it is hexadecimal.
  const bool hex = encoding.empty() && data.size() == 2 * size;
  auto octets = decode(data, hex ? "hex" : encoding.empty() ? "b64" : encoding);
  if (!octets || octets->size() < size || (!row.salted && octets->size() != size)) {
    return wrong("expected a digest in base64 or hexadecimal, as long as the hash");
  }
  StoredSecret out{.scheme = row.scheme, .hash = row.hash};
  out.salt = octets->substr(size);
  out.stored_key = octets->substr(0, size);
  return out;
}

Result<StoredSecret> parse_by_row(const SchemeRow& row,
                                  std::string_view data,
                                  std::string_view encoding) {
  if (row.scheme == Scheme::Digest) return parse_digest(row, data, encoding);
  auto decoded = decode(data, encoding);
  if (!decoded) return wrong("expected .b64 or .hex behind the scheme's name, and data in it");
  const Secret plain(*std::move(decoded));
  if (row.scheme == Scheme::Scram) return parse_scram(row, plain.reveal());
  if (plain.empty()) return wrong("the password is empty");
  if (row.scheme == Scheme::Crypt) {
    if (const char* fault = find_crypt_fault(plain.reveal())) return wrong(fault);
  } else if (plain.reveal().size() > kMostPassword) {
    return wrong("the password is longer than 1024 octets");
  }
  StoredSecret out{.scheme = row.scheme};
  out.text = plain.copy();
  return out;
}

}  // namespace

Result<StoredSecret> parse_secret(std::string_view text) {
  if (text.empty()) return wrong("there is no password");
  std::string_view name = "CRYPT";
  std::string_view encoding;
  if (text.front() == '{') {
    const std::size_t end = text.find('}');
    if (end == text.npos) return wrong("expected } behind the scheme's name");
    name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    const std::size_t dot = name.find('.');
    if (dot != name.npos) {
      encoding = name.substr(dot + 1);
      name = name.substr(0, dot);
    }
  }
  for (const SchemeRow& row : kSchemes) {
    if (iequals(row.name, name)) return parse_by_row(row, text, encoding);
  }
  return wrong("the scheme {" + printable(name, limits::kLogText) +
               "} is not supported: expected {SCRAM-SHA-256}, {SHA512-CRYPT} or {BLF-CRYPT}");
}

Secret make_scram_secret(std::string_view password, std::string_view salt, unsigned iterations) {
  const ScramKeys keys = derive_keys(Hash::Sha256, password, salt, iterations);
  return Secret("{SCRAM-SHA-256}" + format_number(iterations) + "," + encode_base64(salt) + "," +
                encode_base64(keys.stored) + "," + encode_base64(keys.server));
}

bool check_password(const StoredSecret& secret, std::string_view password) {
  if (password.empty() || password.size() > kMostPassword) return false;
  bool fits = false;
  switch (secret.scheme) {
    case Scheme::Scram: {
      const ScramKeys keys = derive_keys(secret.hash, password, secret.salt, secret.iterations);
      fits = same_octets(keys.stored, secret.stored_key);
      break;
    }
    case Scheme::Crypt:
      fits = crypt_fits(password, secret.text.reveal());
      break;
    case Scheme::Digest: {
      const Secret salted(std::string(password) + secret.salt);
      fits = same_octets(digest(secret.hash, salted.reveal()), secret.stored_key);
      break;
    }
    case Scheme::Plain:
      // Hashed first: the time would tell the length.
      fits =
          same_octets(digest(Hash::Sha256, password), digest(Hash::Sha256, secret.text.reveal()));
      break;
  }
  return fits && !secret.decoy;
}

const char* find_password_fault(std::string_view password) {
  if (password.empty()) return "the password is empty";
  if (password.size() > kMostPassword) return "the password is longer than 1024 octets";
  if (!is_utf8(password)) return "the password is not UTF-8";
  for (const char c : password) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      return "the password holds a control character";
    }
  }
  return nullptr;
}

}  // namespace gatepost::auth
