// SPDX-License-Identifier: Apache-2.0
// auth: one attempt to log in: responses in, steps out.
#include "auth/exchange.h"

#include <utility>

#include "base/base64.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::auth {
namespace {

// What Outlook and Postfix say; clients look at it not at all, or for the first letter.
constexpr std::string_view kAskUser = "Username:";
constexpr std::string_view kAskPassword = "Password:";
constexpr std::string_view kMalformed = "malformed response";

std::string hexadecimal(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : octets) {
    const auto value = static_cast<unsigned char>(c);
    out.push_back(kDigits[value >> 4U]);
    out.push_back(kDigits[value & 15U]);
  }
  return out;
}

}  // namespace

Exchange::Exchange(const Mechanism& mechanism, Terms terms)
    : mechanism_(&mechanism), terms_(std::move(terms)) {}

Step Exchange::fail(Fault fault, std::string_view reason) {
  state_ = State::Over;
  return step::Failure{fault, user_, reason};
}

const char* Exchange::take_user(std::string_view name) {
  if (name.empty()) return "the user name is empty";
  if (name.size() > limits::kPath) return "the user name is longer than 256 octets";
  if (!is_utf8(name)) return "the user name is not UTF-8";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      return "the user name holds a control character";
    }
  }
  user_ = name;
  return nullptr;
}

Step Exchange::start() {
  GP_ASSERT(state_ == State::Fresh);
  switch (mechanism_->id) {
    case MechanismId::Login:
      state_ = State::User;
      return step::Challenge{std::string(kAskUser)};
    case MechanismId::CramMd5:
      state_ = State::Proof;
      // RFC 2195 section 2: a msg-id, unlike any before.
      transcript_ = "<" + hexadecimal(terms_.nonce) + "@" + terms_.host + ">";
      return step::Challenge{transcript_};
    default:
      return step::Challenge{};
  }
}

Step Exchange::next(std::string_view response) {
  if (response.size() > kMostResponse) return fail(Fault::Malformed, "the response is too long");
  switch (mechanism_->id) {
    case MechanismId::Plain:
      if (state_ == State::Fresh) return read_plain(response);
      break;
    case MechanismId::Login:
      if (state_ != State::Checking && state_ != State::Over) return read_login(response);
      break;
    case MechanismId::CramMd5:
      if (state_ == State::Proof) return read_cram(response);
      // RFC 4954 section 4: such a mechanism takes no initial response.
      if (state_ == State::Fresh) return fail(Fault::Malformed, "unexpected initial response");
      break;
    case MechanismId::Scram:
    case MechanismId::ScramPlus:
      if (state_ == State::Fresh) return read_first(response);
      if (state_ == State::Proof) return read_proof(response);
      if (state_ == State::Last) {
        if (!response.empty()) return fail(Fault::Malformed, "octets after the last message");
        state_ = State::Over;
        return step::Success{user_};
      }
      break;
  }
  return fail(Fault::Malformed, "a response nobody asked for");
}

Step Exchange::read_plain(std::string_view response) {
  // RFC 4616 section 2: [authzid] NUL authcid NUL passwd
  const std::size_t first = response.find('\0');
  const std::size_t second = first == response.npos ? first : response.find('\0', first + 1);
  if (second == response.npos) return fail(Fault::Malformed, kMalformed);
  const std::string_view authorization = response.substr(0, first);
  const std::string_view name = response.substr(first + 1, second - first - 1);
  const std::string_view password = response.substr(second + 1);
  if (password.find('\0') != password.npos) return fail(Fault::Malformed, kMalformed);
  if (const char* fault = take_user(name)) return fail(Fault::Malformed, fault);
  // Nobody acts for another here.
  if (!authorization.empty() && !iequals(authorization, name)) {
    return fail(Fault::Refused, "the authorization identity is another user");
  }
  state_ = State::Checking;
  return step::CheckPassword{user_, Secret(std::string(password))};
}

Step Exchange::read_login(std::string_view response) {
  if (state_ != State::Password) {
    if (const char* fault = take_user(response)) return fail(Fault::Malformed, fault);
    state_ = State::Password;
    return step::Challenge{std::string(kAskPassword)};
  }
  if (response.find('\0') != response.npos) return fail(Fault::Malformed, kMalformed);
  state_ = State::Checking;
  return step::CheckPassword{user_, Secret(std::string(response))};
}

Step Exchange::password_checked(bool fits) {
  GP_ASSERT(state_ == State::Checking);
  if (!fits) return fail(Fault::Refused, kNoFit);
  state_ = State::Over;
  return step::Success{user_};
}

Step Exchange::read_cram(std::string_view response) {
  // RFC 2195 section 2: user name, space, digest. The name may hold spaces.
  const std::size_t space = response.rfind(' ');
  if (space == response.npos) return fail(Fault::Malformed, kMalformed);
  if (const char* fault = take_user(response.substr(0, space))) {
    return fail(Fault::Malformed, fault);
  }
  proof_ = lower(response.substr(space + 1));
  state_ = State::Secret;
  return step::NeedSecret{user_};
}

Step Exchange::check_cram(const StoredSecret& secret) {
  const std::string wanted =
      hexadecimal(keyed_digest(Hash::Md5, secret.text.reveal(), transcript_));
  const bool fits = same_octets(wanted, proof_);
  if (!fits || secret.decoy) return fail(Fault::Refused, kNoFit);
  state_ = State::Over;
  return step::Success{user_};
}

const char* Exchange::find_binding_fault(const ClientFirst& first) {
  const bool plus = mechanism_->binds;
  if (plus != (first.binding == 'p')) {
    return plus ? "no channel binding" : "channel binding with a mechanism that has none";
  }
  // RFC 5802 section 6: the client could bind and believes that we cannot: somebody between us
  // took the mechanism off the list.
  if (first.binding == 'y' && terms_.plus_offered) return "channel binding was taken away";
  binding_ = first.gs2_header;
  if (!plus) return nullptr;
  if (first.binding_name == "tls-exporter") {
    if (terms_.exporter.empty()) return "tls-exporter is not to be had in this session";
    binding_ += terms_.exporter;
    return nullptr;
  }
  if (first.binding_name == "tls-server-end-point") {
    if (terms_.end_point.empty()) return "tls-server-end-point is not to be had in this session";
    binding_ += terms_.end_point;
    return nullptr;
  }
  return "unknown channel binding";
}

Step Exchange::read_first(std::string_view response) {
  auto first = parse_client_first(response);
  if (!first) return fail(Fault::Malformed, kMalformed);
  if (const char* fault = take_user(first->user)) return fail(Fault::Malformed, fault);
  if (const char* fault = find_binding_fault(*first)) return fail(Fault::Refused, fault);
  if (!first->authorization.empty() && !iequals(first->authorization, user_)) {
    return fail(Fault::Refused, "the authorization identity is another user");
  }
  nonce_ = first->nonce + encode_base64(terms_.nonce);
  transcript_ = std::move(first->bare);
  state_ = State::Secret;
  return step::NeedSecret{user_};
}

Step Exchange::secret(const StoredSecret& secret) {
  GP_ASSERT(state_ == State::Secret);
  if (mechanism_->use == Use::Shared) return check_cram(secret);
  GP_ASSERT(secret.scheme == Scheme::Scram && secret.hash == Hash::Sha256);
  stored_key_ = secret.stored_key;
  server_key_ = secret.server_key;
  decoy_ = secret.decoy;
  const std::string first =
      "r=" + nonce_ + ",s=" + encode_base64(secret.salt) + ",i=" + format_number(secret.iterations);
  transcript_ += "," + first;
  state_ = State::Proof;
  return step::Challenge{first};
}

Step Exchange::read_proof(std::string_view response) {
  const auto final = parse_client_final(response);
  if (!final) return fail(Fault::Malformed, kMalformed);
  if (final->nonce != nonce_) return fail(Fault::Refused, "another nonce");
  if (!same_octets(final->binding, binding_)) {
    return fail(Fault::Refused, "the channel binding does not fit");
  }
  transcript_ += "," + final->without_proof;
  const bool fits = proof_fits(Hash::Sha256, stored_key_, transcript_, final->proof);
  if (!fits || decoy_) return fail(Fault::Refused, kNoFit);
  state_ = State::Last;
  return step::Challenge{"v=" +
                         encode_base64(keyed_digest(Hash::Sha256, server_key_, transcript_))};
}

}  // namespace gatepost::auth
