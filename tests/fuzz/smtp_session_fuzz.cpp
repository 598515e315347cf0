// SPDX-License-Identifier: Apache-2.0
// fuzz: whole sessions. The rules of steps.h hold, and the story does not depend on the cut.
#include <algorithm>

#include "fuzz/input.h"
#include "support/play.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
using gatepost::support::Outcome;
using gatepost::support::Play;
namespace smtp = gatepost::smtp;

namespace {

smtp::SessionSettings settings_for(std::uint8_t mode) {
  smtp::SessionSettings settings = gatepost::support::plain_settings();
  settings.bare_newline = static_cast<smtp::BareNewline>(mode % 3U);
  settings.helo_required = (mode & 4U) != 0;
  settings.strict_envelopes = (mode & 8U) != 0;
  settings.soft_bounce = (mode & 16U) != 0;
  settings.starttls_offered = (mode & 32U) != 0;
  settings.tls_required = (mode & 64U) != 0;
  settings.forbid_unauth_pipelining = (mode & 128U) != 0;
  settings.auth_mechanisms = {"PLAIN", "LOGIN"};
  settings.auth_mechanisms_tls = settings.auth_mechanisms;
  settings.auth_tls_only = settings.starttls_offered;
  settings.auth_response_limit = 120;
  settings.message_size_limit = 200;
  settings.header_size_limit = 60;
  settings.hopcount_limit = 2;
  settings.line_length_limit = 100;
  settings.recipient_limit = 2;
  settings.recipient_overshoot_limit = 1;
  settings.hard_error_limit = 8;
  settings.soft_error_limit = 4;
  settings.junk_command_limit = 6;
  return settings;
}

Outcome play(const smtp::SessionSettings& settings,
             std::string_view octets,
             std::size_t cut,
             std::size_t stop) {
  Play stage(settings, {});
  stage.rules_commit({.reply = {static_cast<std::uint16_t>(stop % 2 == 0 ? 250 : 451), "", "x"}});
  stage.feed({});
  std::size_t at = 0;
  for (const std::size_t end : {std::min(cut, octets.size()), octets.size()}) {
    stage.feed(octets.substr(at, end - at));
    at = end;
    if (stage.wants_tls()) stage.handshake();
  }
  must(stage.violations().empty());
  // However it stands, silence ends it in good order.
  stage.pass(gatepost::Duration(400'000));
  must(stage.closed());
  must(stage.violations().empty());
  for (const auto& stored : stage.outcome().stored) must(stored.text.size() <= 201);
  return stage.outcome();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t mode = input.octet();
  const std::size_t stop = input.octet();
  const std::string octets(input.rest().substr(2 < input.rest().size() ? 2 : 0));
  const std::size_t cut = input.number(octets.size());
  const smtp::SessionSettings settings = settings_for(mode);
  const Outcome whole = play(settings, octets, octets.size(), stop);
  const Outcome two = play(settings, octets, cut, stop);
  // Talking ahead shows only when the octets come together.
  const bool timing = settings.forbid_unauth_pipelining || settings.starttls_offered;
  if (!timing) must(whole == two);
  return 0;
}
