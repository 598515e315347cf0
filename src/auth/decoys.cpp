// SPDX-License-Identifier: Apache-2.0
// auth: secrets for users that do not exist, so that nobody learns who does.
#include "auth/decoys.h"

#include <algorithm>
#include <utility>

#include "auth/crypt_hash.h"
#include "auth/scram.h"
#include "base/base64.h"
#include "base/text.h"

namespace gatepost::auth {
namespace {

constexpr std::size_t kMostSalt = 64;  // What one SHA-512 gives.
constexpr std::size_t kSalt = 16;

/// A hash that is a lock costs no work, and would tell itself apart by that.
bool is_locked(const StoredSecret& secret) {
  return secret.scheme == Scheme::Crypt && !secret.text.reveal().starts_with('$');
}

/// Letters that crypt(3) takes in a salt, from octets of any kind.
std::string crypt_letters(std::string_view octets) {
  std::string out = encode_base64(octets);
  std::replace(out.begin(), out.end(), '+', '.');
  return out;
}

StoredSecret keys_for(std::string_view password, std::string salt) {
  ScramKeys keys = derive_keys(Hash::Sha256, password, salt, kIterations);
  StoredSecret out{.scheme = Scheme::Scram};
  out.iterations = kIterations;
  out.salt = std::move(salt);
  out.stored_key = std::move(keys.stored);
  out.server_key = std::move(keys.server);
  return out;
}

}  // namespace

Decoys Decoys::make(Secret key, const std::vector<std::string_view>& secrets) {
  Decoys out(std::move(key));
  std::vector<Kind> kinds;
  for (const std::string_view text : secrets) {
    const Result<StoredSecret> secret = parse_secret(text);
    if (!secret || is_locked(*secret)) continue;
    Kind kind{.scheme = secret->scheme,
              .hash = secret->hash,
              .iterations = secret->iterations,
              .salt = std::min(secret->salt.size(), kMostSalt)};
    if (secret->scheme == Scheme::Crypt) kind.cost = crypt_cost(secret->text.reveal());
    kinds.push_back(std::move(kind));
  }
  if (kinds.empty()) kinds.emplace_back();
  std::sort(kinds.begin(), kinds.end());
  out.users_ = kinds.size();
  for (Kind& kind : kinds) {
    if (out.shares_.empty() || out.shares_.back().kind != kind) {
      out.shares_.push_back({std::move(kind), 0});
    }
    ++out.shares_.back().users;
  }
  return out;
}

std::string Decoys::derive(std::string_view purpose, std::string_view name) const {
  std::string text(purpose);
  text.push_back(':');
  // Users are found in any case.
  text += lower(name);
  return keyed_digest(Hash::Sha512, key_.reveal(), text);
}

std::string Decoys::salt(std::string_view name, std::size_t octets) const {
  return derive("salt", name).substr(0, octets);
}

// A fraction of the whole rather than a remainder: one user more moves few names to another part.
std::uint64_t Decoys::draw(std::string_view purpose,
                           std::string_view name,
                           std::size_t whole) const {
  std::uint64_t fraction = 0;
  const std::string octets = derive(purpose, name);
  for (std::size_t i = 0; i < 4; ++i) {
    fraction = fraction * 256 + static_cast<unsigned char>(octets[i]);
  }
  return (fraction * whole) >> 32U;
}

bool Decoys::draws(std::string_view name, std::size_t part, std::size_t whole) const {
  return draw("share", name, whole) < part;
}

const Decoys::Kind& Decoys::kind_of(std::string_view name) const {
  std::uint64_t at = draw("kind", name, users_);
  for (const Share& share : shares_) {
    if (at < share.users) return share.kind;
    at -= share.users;
  }
  return shares_.back().kind;
}

StoredSecret Decoys::scram_of(const Kind& kind, std::string_view name) const {
  StoredSecret out{.scheme = Scheme::Scram, .hash = kind.hash};
  out.iterations = kind.iterations;
  out.salt = salt(name, kind.salt);
  out.stored_key = derive("stored", name).substr(0, size_of(kind.hash));
  out.server_key = derive("server", name).substr(0, size_of(kind.hash));
  out.decoy = true;
  return out;
}

StoredSecret Decoys::pick(std::string_view name) const {
  const Kind& kind = kind_of(name);
  if (kind.scheme == Scheme::Scram || kind.scheme == Scheme::Digest) {
    StoredSecret out = scram_of(kind, name);
    out.scheme = kind.scheme;
    return out;
  }
  StoredSecret out{.scheme = kind.scheme};
  out.decoy = true;
  const std::string letters = crypt_letters(derive("text", name));
  if (kind.scheme == Scheme::Plain) {
    out.text = Secret(letters.substr(0, kSalt));
    return out;
  }
  // bcrypt's salt has 22 letters and runs into the hash; that of SHA-crypt ends at a dollar.
  const bool bcrypt = kind.cost.starts_with("$2");
  out.text = Secret(kind.cost + letters.substr(0, bcrypt ? 22 : kSalt) + (bcrypt ? "" : "$") +
                    letters.substr(22, 31));
  return out;
}

StoredSecret Decoys::pick_scram(std::string_view name) const {
  const Kind& kind = kind_of(name);
  if (kind.scheme == Scheme::Scram && kind.hash == Hash::Sha256) return scram_of(kind, name);
  if (kind.scheme == Scheme::Plain) {
    StoredSecret out = keys_for("no password of anybody", salt(name, kSalt));
    out.decoy = true;
    return out;
  }
  // Users of this kind cannot use SCRAM: they and the names that pass for them look alike.
  return scram_of(Kind{}, name);
}

StoredSecret choose_secret(Use use,
                           std::string_view name,
                           std::string_view stored,
                           const Decoys& decoys) {
  Result<StoredSecret> parsed = parse_secret(stored);
  const bool usable = parsed && !is_locked(*parsed);
  const bool plain = usable && parsed->scheme == Scheme::Plain;
  switch (use) {
    case Use::Password:
      return usable ? *std::move(parsed) : decoys.pick(name);
    case Use::Scram:
      if (usable && parsed->scheme == Scheme::Scram && parsed->hash == Hash::Sha256) {
        return *std::move(parsed);
      }
      if (plain) return keys_for(parsed->text.reveal(), decoys.salt(name, kSalt));
      return decoys.pick_scram(name);
    case Use::Shared: {
      if (plain) return *std::move(parsed);
      StoredSecret out{.scheme = Scheme::Plain};
      out.text = Secret(crypt_letters(decoys.salt(name, kSalt)));
      out.decoy = true;
      return out;
    }
  }
  std::unreachable();
}

}  // namespace gatepost::auth
