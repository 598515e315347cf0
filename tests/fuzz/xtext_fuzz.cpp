// SPDX-License-Identifier: Apache-2.0
// fuzz: xtext and parameters: what is read can be written and is clean.
#include "base/text.h"
#include "fuzz/input.h"
#include "mail/xtext.h"
#include "smtp/parameters.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
namespace mail = gatepost::mail;
namespace smtp = gatepost::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const smtp::SessionSettings settings;
  Input input(data, size);
  const bool utf8 = (input.octet() & 1U) != 0;
  const std::string text = gatepost::fuzz::copy(input.rest());
  must(mail::parse_xtext(mail::format_xtext(text), false) == text);
  if (const auto decoded = mail::parse_xtext(text, utf8)) {
    must(decoded->size() <= text.size());
    must(mail::parse_xtext(mail::format_xtext(*decoded), false) == *decoded);
  }
  mail::SenderOptions options;
  if (!smtp::parse_sender_options(text, settings, gatepost::smtp::PeerFacts{}, options)) {
    must(options.envelope_id.size() <= 100);
    for (const char c : options.envelope_id) must(c >= ' ' && c <= '~');
    must(options.size <= settings.message_size_limit);
  }
  mail::Recipient recipient;
  if (!smtp::parse_recipient_options(text, settings, gatepost::smtp::PeerFacts{}, utf8,
                                     recipient)) {
    must(recipient.original.size() <= 500);
    must(recipient.original.empty() || recipient.original.find(';') != std::string::npos);
    for (const char c : recipient.original)
      must(static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
    if (recipient.notify.never) must(recipient.notify == mail::Notify{.never = true});
  }
  return 0;
}
