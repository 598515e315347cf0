// SPDX-License-Identifier: Apache-2.0
// smtp: the parameters of MAIL and RCPT (RFC 5321 section 4.1.2 and the extensions).
#include "smtp/parameters.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "mail/xtext.h"
#include "smtp/extensions.h"
#include "smtp/replies.h"

namespace gatepost::smtp {
namespace {

constexpr std::size_t kEnvid = 100;  // RFC 3461 section 4.4
constexpr std::size_t kOrcpt = 500;  // RFC 3461 section 4.2
constexpr std::string_view kBlank = " \t\v\f\r";

struct Parameter {
  std::string_view keyword;
  std::string_view value;
  bool has_value = false;
};

Parameter split_parameter(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos) return {word, {}, false};
  return {word.substr(0, equals), word.substr(equals + 1), true};
}

bool is_printable(std::string_view text, bool utf8) {
  if (utf8 && !is_utf8(text)) return false;
  return std::all_of(text.begin(), text.end(), [utf8](char c) {
    return (c >= ' ' && c <= '~') || (utf8 && static_cast<unsigned char>(c) >= 0x80);
  });
}

// Remembers which of a few keywords came already.
class Seen {
 public:
  explicit Seen(std::span<const std::string_view> names) : names_(names) {}
  // The row of the keyword; names_.size() when it is not there.
  std::size_t find(std::string_view keyword) const {
    std::size_t at = 0;
    while (at < names_.size() && !iequals(names_[at], keyword)) ++at;
    return at;
  }
  bool mark(std::size_t at) { return !std::exchange(seen_[at], true); }

 private:
  std::span<const std::string_view> names_;
  std::array<bool, 8> seen_{};
};

const ReplyRow* set_body(const Parameter& parameter, mail::SenderOptions& out) {
  if (iequals(parameter.value, "7BIT")) {
    out.body = mail::Body::SevenBit;
  } else if (iequals(parameter.value, "8BITMIME")) {
    out.body = mail::Body::EightBitMime;
  } else {
    return &replies::kBadBody;
  }
  return nullptr;
}

const ReplyRow* set_size(const Parameter& parameter,
                         const SessionSettings& settings,
                         mail::SenderOptions& out) {
  const std::string_view digits = parameter.value;
  // RFC 1870 section 3: up to 20 digits. More than fits is surely more than we take.
  if (digits.empty() || digits.size() > 20 ||
      !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return &replies::kBadSize;
  }
  const auto size = parse_number(digits);
  const std::uint64_t limit = settings.message_size_limit;
  if (!size || (limit > 0 && *size > limit)) return &replies::kSizeAtMail;
  out.size = *size;
  return nullptr;
}

const ReplyRow* set_ret(const Parameter& parameter, mail::SenderOptions& out) {
  if (iequals(parameter.value, "FULL")) {
    out.ret = mail::Return::Full;
  } else if (iequals(parameter.value, "HDRS")) {
    out.ret = mail::Return::Headers;
  } else {
    return &replies::kBadRet;
  }
  return nullptr;
}

const ReplyRow* set_envid(const Parameter& parameter, mail::SenderOptions& out) {
  auto text = mail::parse_xtext(parameter.value, /*utf8=*/false);
  if (!text || text->empty() || text->size() > kEnvid || !is_printable(*text, false)) {
    return &replies::kBadEnvid;
  }
  out.envelope_id = *std::move(text);
  return nullptr;
}

// RFC 4954 section 5: who we do not trust to speak for others counts as AUTH=<>, and that is
// everybody; so the value is checked and forgotten.
const ReplyRow* check_auth(const Parameter& parameter) {
  if (parameter.value == "<>") return nullptr;
  const auto text = mail::parse_xtext(parameter.value, /*utf8=*/false);
  const bool good = text && !text->empty() && text->size() <= limits::kPath &&
                    is_printable(*text, /*utf8=*/false);
  return good ? nullptr : &replies::kBadAuthParameter;
}

const ReplyRow* set_notify(const Parameter& parameter, mail::Notify& out) {
  std::string_view list = parameter.value;
  if (list.empty() || list.front() == ',' || list.back() == ',' || list.find(",,") != list.npos) {
    return &replies::kBadNotify;
  }
  while (!list.empty()) {
    const std::string_view word = take_word(list, ",");
    bool* flag = iequals(word, "NEVER")     ? &out.never
                 : iequals(word, "SUCCESS") ? &out.success
                 : iequals(word, "FAILURE") ? &out.failure
                 : iequals(word, "DELAY")   ? &out.delay
                                            : nullptr;
    if (flag == nullptr) return &replies::kBadNotify;
    *flag = true;
  }
  // RFC 3461 section 4.1: NEVER stands alone.
  if (out.never && (out.success || out.failure || out.delay)) return &replies::kBadNotify;
  return nullptr;
}

const ReplyRow* set_orcpt(const Parameter& parameter, bool utf8, std::string& out) {
  const std::size_t semicolon = parameter.value.find(';');
  if (semicolon == 0 || semicolon == parameter.value.npos || parameter.value.size() > kOrcpt) {
    return &replies::kBadOrcpt;
  }
  const std::string_view type = parameter.value.substr(0, semicolon);
  const auto address = mail::parse_xtext(parameter.value.substr(semicolon + 1), utf8);
  const bool named =
      std::all_of(type.begin(), type.end(), [](char c) { return is_alnum(c) || c == '-'; });
  if (!named || !address || address->empty() || !is_printable(*address, utf8)) {
    return &replies::kBadOrcpt;
  }
  out = std::string(type) + ';' + *address;
  return nullptr;
}

}  // namespace

std::optional<Reply> parse_sender_options(std::string_view text,
                                          const SessionSettings& settings,
                                          const PeerFacts& peer,
                                          mail::SenderOptions& out) {
  static constexpr std::array<std::string_view, 6> kNames{"SIZE",  "BODY",     "RET",
                                                          "ENVID", "SMTPUTF8", "AUTH"};
  Seen seen(kNames);
  for (std::string_view word; !(word = take_word(text, kBlank)).empty();) {
    const Parameter parameter = split_parameter(word);
    const std::size_t row = seen.find(parameter.keyword);
    const bool needs_value = row != 4;
    if (row == kNames.size() || parameter.has_value != needs_value ||
        !admits_mail(parameter.keyword, settings, peer)) {
      return make_reply(replies::kUnsupported, word);
    }
    if (!seen.mark(row)) return make_reply(replies::kTwice, kNames[row]);
    const ReplyRow* wrong = nullptr;
    if (row == 0) wrong = set_size(parameter, settings, out);
    if (row == 1) wrong = set_body(parameter, out);
    if (row == 2) wrong = set_ret(parameter, out);
    if (row == 3) wrong = set_envid(parameter, out);
    if (row == 4) out.smtputf8 = true;
    if (row == 5) wrong = check_auth(parameter);
    if (wrong != nullptr) return make_reply(*wrong);
  }
  return std::nullopt;
}

std::optional<Reply> parse_recipient_options(std::string_view text,
                                             const SessionSettings& settings,
                                             const PeerFacts& peer,
                                             bool utf8,
                                             mail::Recipient& out) {
  static constexpr std::array<std::string_view, 2> kNames{"NOTIFY", "ORCPT"};
  Seen seen(kNames);
  for (std::string_view word; !(word = take_word(text, kBlank)).empty();) {
    const Parameter parameter = split_parameter(word);
    const std::size_t row = seen.find(parameter.keyword);
    if (row == kNames.size() || !parameter.has_value ||
        !admits_rcpt(parameter.keyword, settings, peer)) {
      return make_reply(replies::kUnsupported, word);
    }
    if (!seen.mark(row)) return make_reply(replies::kTwice, kNames[row]);
    const ReplyRow* wrong =
        (row == 0) ? set_notify(parameter, out.notify) : set_orcpt(parameter, utf8, out.original);
    if (wrong != nullptr) return make_reply(*wrong);
  }
  return std::nullopt;
}

}  // namespace gatepost::smtp
