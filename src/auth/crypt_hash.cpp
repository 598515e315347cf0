// SPDX-License-Identifier: Apache-2.0
// auth: crypt(3) hashes, for passwords hashed by other programs.
#include "auth/crypt_hash.h"

#include <crypt.h>
#include <memory>
#include <string.h>
#include <string>

#include "auth/digest.h"
#include "base/secret.h"
#include "base/text.h"

namespace gatepost::auth {
namespace {

constexpr std::uint64_t kMostRounds = 1'000'000;
constexpr std::string_view kRounds = "rounds=";

bool is_bcrypt(std::string_view hash) {
  return hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$");
}
bool is_sha(std::string_view hash) {
  return hash.starts_with("$5$") || hash.starts_with("$6$");
}

}  // namespace

const char* find_crypt_fault(std::string_view hash) {
  if (hash.size() > 255) return "the hash is longer than 255 octets";
  for (const char c : hash) {
    if (c <= ' ' || c > '~') return "the hash holds a space, control or foreign character";
  }
  if (is_sha(hash)) {
    const std::string_view rest = hash.substr(3);
    if (!rest.starts_with(kRounds)) return nullptr;
    const auto rounds = parse_number(rest.substr(0, rest.find('$')).substr(kRounds.size()));
    if (!rounds || *rounds > kMostRounds) return "expected at most 1000000 rounds";
    return nullptr;
  }
  if (is_bcrypt(hash)) {
    const auto cost = parse_number(hash.substr(4, 2));
    // Twice the work for each; 16 takes some seconds on a small board.
    if (!cost || *cost < 4 || *cost > 16) return "expected a bcrypt cost from 04 to 16";
    return nullptr;
  }
  if (hash.starts_with('$')) return "expected a hash that begins with $6$, $5$, $2y$, $2b$ or $2a$";
  if (hash.starts_with('*') || hash.starts_with('!') || hash == "x") return nullptr;
  return "not a hash of a kind that is known; a clear password is written {PLAIN}password";
}

std::string_view crypt_cost(std::string_view hash) {
  if (is_bcrypt(hash)) return hash.substr(0, 7);
  if (!is_sha(hash)) return hash.substr(0, 1);
  if (!hash.substr(3).starts_with(kRounds)) return hash.substr(0, 3);
  return hash.substr(0, hash.find('$', 3) + 1);
}

bool crypt_fits(std::string_view password, std::string_view hash) {
  // crypt(3) ends a text at its first NUL: more would fit than was set.
  if (password.find('\0') != std::string_view::npos) return false;
  const Secret phrase{std::string(password)};
  const std::string setting(hash);
  const auto work = std::make_unique<crypt_data>();
  // A Secret's text has its NUL, as every std::string.
  const char* made = ::crypt_r(phrase.reveal().data(), setting.c_str(), work.get());
  // A failure is null, or a token that no hash begins with.
  const bool fits = made != nullptr && made[0] != '*' && same_octets(made, hash);
  ::explicit_bzero(work.get(), sizeof(crypt_data));
  return fits;
}

}  // namespace gatepost::auth
