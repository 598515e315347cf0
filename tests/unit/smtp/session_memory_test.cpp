// SPDX-License-Identifier: Apache-2.0
// unit: what a session that waits costs. The heap is counted by the allocator's own hook.
#include <malloc.h>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "smtp/server_session.h"
#include "support/play.h"

using namespace gatepost;
using namespace gatepost::smtp;

namespace {

std::size_t heap_in_use() {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

void talk(ServerSession& session, std::string_view input) {
  for (;;) {
    const Step todo = session.next(input, Instant{});
    if (std::holds_alternative<step::NeedInput>(todo)) return;
    if (std::holds_alternative<step::AskSender>(todo) ||
        std::holds_alternative<step::AskRecipient>(todo) ||
        std::holds_alternative<step::AskText>(todo) ||
        std::holds_alternative<step::AskCommit>(todo)) {
      session.answer({});
    }
  }
}

}  // namespace

TEST_CASE("an idle session after EHLO costs less than 700 octets, and so after a message",
          "[smtp][memory]") {
  constexpr std::size_t kSessions = 200;
  const SessionSettings settings = support::plain_settings();
  std::vector<std::unique_ptr<ServerSession>> sessions;
  sessions.reserve(kSessions);
  const std::size_t before = heap_in_use();
  for (std::size_t i = 0; i < kSessions; ++i) {
    sessions.push_back(std::make_unique<ServerSession>(settings, PeerFacts{}, Instant{}));
    talk(*sessions.back(), "");
    talk(*sessions.back(), "EHLO a-client-with-a-name.example\r\n");
  }
  const std::size_t idle = (heap_in_use() - before) / kSessions;
  for (auto& session : sessions) {
    talk(*session, "MAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n");
    talk(*session, "Subject: x\r\n\r\ntext\r\n.\r\n");
    talk(*session, "RSET\r\n");
  }
  const std::size_t after = (heap_in_use() - before) / kSessions;
  INFO("octets " << idle << ", after a message " << after);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(idle > 100);
  CHECK(idle < 700);
  CHECK(after < 700);
#endif
}
