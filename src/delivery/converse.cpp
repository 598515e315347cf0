// SPDX-License-Identifier: Apache-2.0
// delivery: one conversation with a server.
#include "delivery/converse.h"

#include <chrono>
#include <string_view>

#include "base/limits.h"

namespace gatepost::delivery {
namespace {

using Need = smtp::ClientSession::Need;

constexpr std::size_t kReplyBuffer = 4096;

Instant until(const smtp::ClientSession& session) {
  return std::chrono::steady_clock::now() + session.timeout();
}

Task<void> give_text(smtp::ClientSession& session, QueuedText* text) {
  Result<std::string> piece(std::string{});
  if (text != nullptr) piece = co_await text->read();
  if (!piece) {
    // Without the final dot the server drops what it has.
    session.lost("the queue's text cannot be read: " + piece.error().detail + ",");
  } else if (piece->empty()) {
    session.end_text();
  } else {
    session.text(*piece);
  }
}

}  // namespace

Task<Result<std::string>> QueuedText::read() {
  auto piece = co_await store_.read_text(id_, offset_, limits::kTextBuffer);
  if (piece) offset_ += piece->size();
  co_return piece;
}

Task<void> converse(Wire& wire, smtp::ClientSession& session, QueuedText* text) {
  std::string buffer(kReplyBuffer, '\0');
  for (;;) {
    const std::string output = session.take_output();
    if (!output.empty()) {
      const Instant deadline = until(session);
      const bool sent = co_await wire.send(output, deadline);
      if (!sent) session.lost("lost connection");
    }
    if (session.need() == Need::Close) break;
    if (session.need() == Need::Text) {
      co_await give_text(session, text);
      continue;
    }
    const Instant deadline = until(session);
    const FillResult got = co_await wire.fill(buffer, deadline);
    if (got.kind == Fill::Data) {
      session.receive(std::string_view(buffer).substr(0, got.octets));
    } else {
      session.lost(got.kind == Fill::Timeout ? "conversation timed out" : "lost connection");
    }
  }
  wire.close();
}

}  // namespace gatepost::delivery
