// SPDX-License-Identifier: Apache-2.0
// fuzz: whatever a server says, the client comes to an end, and believes nothing but its reply to the dot.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "smtp/client_session.h"

using namespace gatepost;
using Session = smtp::ClientSession;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64U;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  mail::Envelope envelope;
  for (unsigned n = 0; n <= data[0] / 64U; ++n) envelope.recipients.push_back({{"r", "x"}, {}, {}});
  Session session({}, envelope);
  bool dotted = false;
  while (session.need() != Session::Need::Close) {
    static_cast<void>(session.take_output());
    if (session.need() == Session::Need::Text) {
      session.text(".\nx");
      session.end_text();
      dotted = true;
    } else if (input.empty()) {
      session.lost("lost connection");
    } else {
      session.receive(input.substr(0, piece));
      input.remove_prefix(std::min(piece, input.size()));
    }
  }
  for (const smtp::ClientOutcome& one : session.outcomes()) {
    using Fate = smtp::ClientOutcome::Fate;
    if (one.fate == Fate::Unknown || one.fate == Fate::Accepted) std::abort();
    if (one.fate == Fate::Delivered && (!dotted || one.reply.code / 100 != 2)) std::abort();
  }
  return 0;
}
