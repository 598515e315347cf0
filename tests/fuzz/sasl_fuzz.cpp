// SPDX-License-Identifier: Apache-2.0
// tests: logins: base64, the responses of every mechanism, and stored secrets.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "auth/decoys.h"
#include "auth/exchange.h"
#include "auth/scram.h"
#include "base/base64.h"
#include "input.h"

using namespace gatepost;
using namespace gatepost::auth;
using fuzz::must;

namespace {

// Nobody's: no input may log in with it, since none knows the password.
constexpr std::string_view kSecret =
    "{SCRAM-SHA-256}4096,YTL3SBEXm+euyVd+WFUIEg==,U7f+usOOGGIQ5Pwe/qsfvFkjvK6dwJ9aItad+SD2ckA=,"
    "55tXruVZogWR4EDt/2/0L5MrytgSsnu9vVc3qq9pYlI=";

/// Reads a secret; none may hold more than it should, and what is told of a bad one is one line.
void read_secret(std::string_view text) {
  const auto secret = parse_secret(fuzz::copy(text));
  if (!secret) {
    must(!secret.error().detail.empty() && secret.error().detail.size() < 300);
    must(secret.error().detail.find('\n') == std::string::npos);
    return;
  }
  must(secret->iterations <= kMostIterations);
  if (secret->scheme == Scheme::Scram) must(secret->stored_key.size() == size_of(secret->hash));
}

void read_base64(std::string_view text) {
  const auto octets = decode_base64(fuzz::copy(text));
  // Bits behind the last octet may differ; the length may not.
  if (octets) must(encode_base64(*octets).size() == text.size());
  must(decode_base64(encode_base64(text)) == text);
}

/// Responses are the lines of the input; true when the peer got in.
bool play(const Mechanism& mechanism, std::string_view lines, const StoredSecret& secret) {
  Exchange exchange(mechanism, Terms{.nonce = "nonce", .host = "mx", .exporter = "e"});
  const bool initial = !lines.starts_with('*');
  if (!initial) lines.remove_prefix(1);
  Step step = initial ? Step(step::Challenge{}) : exchange.start();
  for (int turn = 0; turn < 8; ++turn) {
    if (std::get_if<step::Challenge>(&step) != nullptr) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      const std::string response = fuzz::copy(lines.substr(0, end));
      lines.remove_prefix(std::min(end + 1, lines.size()));
      step = exchange.next(response);
    } else if (std::get_if<step::NeedSecret>(&step) != nullptr) {
      must(!exchange.user().empty() && exchange.user().size() <= 256);
      step = exchange.secret(secret);
    } else if (const auto* check = std::get_if<step::CheckPassword>(&step)) {
      must(check->password.reveal().find('\0') == std::string_view::npos);
      step = exchange.password_checked(check->password.reveal() == "open sesame");
    } else {
      return std::get_if<step::Success>(&step) != nullptr;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::size_t which = input.octet() % (mechanisms().size() + 2);
  const std::string_view text = input.rest();
  if (which == mechanisms().size()) {
    read_secret(text);
    return 0;
  }
  if (which > mechanisms().size()) {
    read_base64(text);
    return 0;
  }
  const Mechanism& mechanism = mechanisms()[which];
  const bool shared = mechanism.use == Use::Shared;
  auto secret = parse_secret(shared ? "{PLAIN}8gS3kRfE9d" : kSecret);
  must(static_cast<bool>(secret));
  const bool in = play(mechanism, text, *secret);
  must(!in || mechanism.use == Use::Password);
  // A decoy lets nobody in, whatever the check says.
  secret->decoy = true;
  must(!play(mechanism, text, *secret) || mechanism.use == Use::Password);
  return 0;
}
