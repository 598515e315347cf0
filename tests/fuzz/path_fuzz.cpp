// SPDX-License-Identifier: Apache-2.0
// fuzz: what is accepted as a path is bounded, clean, and reads the same when written again.
#include <variant>

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "mail/path.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
namespace mail = gatepost::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t mode = input.octet();
  const mail::PathRules rules{
      .utf8 = (mode & 1U) != 0, .strict = (mode & 2U) != 0, .null = (mode & 4U) != 0};
  const std::string text = gatepost::fuzz::copy(input.rest());
  std::string_view rest = text;
  const auto path = mail::parse_path(rest, rules);
  const auto* mailbox = std::get_if<mail::Mailbox>(&path);
  if (mailbox == nullptr) {
    must(rest == text);
    return 0;
  }
  must(rest.empty() || gatepost::is_space(rest.front()));
  must(mailbox->local.size() <= gatepost::limits::kLocalPart);
  must(mailbox->domain.size() <= gatepost::limits::kDomain);
  must(rules.null || !mailbox->empty());
  must(gatepost::is_utf8(mailbox->local) && gatepost::is_utf8(mailbox->domain));
  if (!rules.utf8) must(gatepost::is_ascii(mailbox->local + mailbox->domain));
  const std::string shown = mailbox->text();
  for (const char c : shown) must(static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  if (mailbox->empty()) return 0;
  std::string_view again = shown;
  const auto second =
      mail::parse_mailbox(again, {.utf8 = rules.utf8, .strict = false, .null = false});
  // Quotes may make a long path too long; nothing else may happen to it.
  if (const auto* error = std::get_if<mail::PathError>(&second)) {
    must(*error == mail::PathError::TooLong);
  } else {
    must(std::get<mail::Mailbox>(second) == *mailbox);
  }
  return 0;
}
