// SPDX-License-Identifier: Apache-2.0
// app: serves the control socket: one request a connection.
#include "app/control_server.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <asio/as_tuple.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include "base/limits.h"
#include "base/loop.h"
#include "control/answer.h"
#include "control/protocol.h"

namespace gatepost::app {

namespace {

constexpr auto kToken = asio::as_tuple(kUseTask);

/// A request is one line from a program on this machine; an answer may be long and is read
/// by a person's pager.
constexpr Duration kRequestTime{5'000};
constexpr Duration kAnswerTime{60'000};
/// Each may hold an answer in memory. As many again are for root and the owner alone, so that nobody
/// keeps them out.
constexpr std::size_t kMostConversations = 8;
constexpr std::size_t kMostOfTrusted = 2 * kMostConversations;
constexpr std::chrono::seconds kAcceptPause{1};

#ifdef SO_PEERGROUPS
std::vector<std::uint32_t> peer_groups(int descriptor) {
  std::vector<std::uint32_t> groups(32);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(groups[0]));
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(groups[0]));
      return groups;
    }
    if (errno != ERANGE || size <= groups.size() * sizeof(groups[0])) return {};
    groups.resize(size / sizeof(groups[0]));
  }
}
#else
std::vector<std::uint32_t> peer_groups(int) {
  return {};
}
#endif

/// Who connected, by the kernel's word.
Result<control::Asker> find_asker(int descriptor) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return system_error("SO_PEERCRED", errno);
  }
  return control::Asker{
      .uid = credentials.uid, .gid = credentials.gid, .groups = peer_groups(descriptor)};
}

/// One over the bound hears why, as far as that needs no waiting, and is hung up on.
void turn_away(LocalSocket& stream) {
  const std::string text =
      control::format_refusal(control::exits::kTemporary, "too many control connections");
  asio::error_code ignored;
  stream.non_blocking(true, ignored);
  stream.write_some(asio::buffer(text), ignored);
}

}  // namespace

/// One connection, as long as it is served.
class ControlServer::Conversation final : public net::Waiter {
 public:
  enum class Phase : std::uint8_t { Silent, Asked, Ended };

  Conversation(Stream stream, bool trusted, std::list<Conversation*>& all)
      : stream_(std::move(stream)),
        trusted_(trusted),
        place_(all.insert(all.end(), this)),
        all_(all) {}
  ~Conversation() { all_.erase(place_); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void time_is_up() override {
    ticket->spent();
    end();
  }
  void end() {
    phase = Phase::Ended;
    asio::error_code ignored;
    stream_.close(ignored);
  }
  [[nodiscard]] Stream& stream() { return stream_; }
  [[nodiscard]] bool is_trusted() const { return trusted_; }

  Phase phase = Phase::Silent;
  net::Deadlines::Ticket* ticket = nullptr;  ///< Of the wait under way.

 private:
  Stream stream_;
  const bool trusted_;
  const std::list<Conversation*>::iterator place_;
  std::list<Conversation*>& all_;
};

ControlServer::ControlServer(ControlSocket socket, control::Access access, Parts parts)
    : socket_(std::move(socket)),
      access_(access),
      parts_(parts),
      acceptor_(parts.loop),
      pause_(parts.loop) {}

ControlServer::~ControlServer() = default;

Result<void> ControlServer::start() {
  const int descriptor = socket_.release();
  asio::error_code failed;
  acceptor_.assign(asio::local::stream_protocol(), descriptor, failed);
  if (failed) return system_error("control socket", failed.value());
  parts_.tasks.spawn("control", accept_all());
  return {};
}

void ControlServer::close() {
  socket_.remove();
  asio::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (Conversation* one : conversations_) one->end();
}

Task<void> ControlServer::accept_all() {
  while (acceptor_.is_open()) {
    auto accepted = co_await acceptor_.async_accept(kToken);
    auto& [failed, stream] = accepted;
    if (!acceptor_.is_open()) co_return;
    if (failed) {
      parts_.log.emit(log::AcceptFailed{system_error("control socket", failed.value()).detail});
      pause_.expires_after(kAcceptPause);
      co_await pause_.async_wait(kToken);
      continue;
    }
    admit(std::move(stream));
  }
}

void ControlServer::admit(Stream stream) {
  auto asker = find_asker(stream.native_handle());
  if (!asker) return;
  const bool trusted = control::is_trusted(*asker, access_);
  if (!make_room(trusted)) return turn_away(stream);
  auto talk = std::make_unique<Conversation>(std::move(stream), trusted, conversations_);
  parts_.tasks.spawn("control", serve(std::move(talk), *std::move(asker)));
}

bool ControlServer::make_room(bool trusted) {
  const std::size_t most = trusted ? kMostOfTrusted : kMostConversations;
  using Phase = Conversation::Phase;
  std::size_t open = 0;
  Conversation* longest = nullptr;
  for (Conversation* one : conversations_) {
    if (one->phase != Phase::Ended) ++open;
    if (one->phase != Phase::Silent) continue;
    const bool first = longest == nullptr || (longest->is_trusted() && !one->is_trusted());
    if (first) longest = one;
  }
  if (open < most) return true;
  // Those that are ending have a bound, too.
  if (longest == nullptr || conversations_.size() >= 2 * kMostOfTrusted) return false;
  turn_away(longest->stream());
  longest->end();
  return true;
}

Task<void> ControlServer::serve(std::unique_ptr<Conversation> place, control::Asker asker) {
  Conversation& talk = *place;
  Stream& wire = talk.stream();
  std::string line;
  {
    net::Deadlines::Ticket ticket(parts_.deadlines, std::chrono::steady_clock::now() + kRequestTime,
                                  talk);
    talk.ticket = &ticket;
    auto buffer = asio::dynamic_buffer(line, limits::kControlLine + 1);
    const auto read = co_await asio::async_read_until(wire, buffer, '\n', kToken);
    const auto& [failed, octets] = read;
    // A client may also end the line by ending its side; one that is longer than it may be is
    // not_found, and parse_request says so.
    if (failed && failed != asio::error::eof && failed != asio::error::not_found) co_return;
    if (!failed) line.resize(octets);
  }
  if (line.empty() || talk.phase == Conversation::Phase::Ended) co_return;

  talk.phase = Conversation::Phase::Asked;
  std::string text = co_await reply_to(line, asker);

  net::Deadlines::Ticket ticket(parts_.deadlines, std::chrono::steady_clock::now() + kAnswerTime,
                                talk);
  talk.ticket = &ticket;
  const auto octets = asio::buffer(text);
  co_await asio::async_write(wire, octets, kToken);
}

Task<std::string> ControlServer::reply_to(std::string line, control::Asker asker) {
  const auto request = control::parse_request(line);
  if (!request) co_return control::format_refusal(control::exits::kUsage, request.error().detail);
  const control::VerbRow& row = control::describe(request->verb);
  if (!control::may(asker, row.who, access_)) {
    parts_.log.emit(log::ControlRefused{row.name, asker.uid});
    co_return control::format_refusal(
        control::exits::kNotPermitted,
        row.who == control::Who::Owner
            ? "not permitted: this is for root and the owner of the service"
            : "not permitted: this is for root, the owner of the service and control_group");
  }
  if (!row.arguments.empty()) {
    const auto done = co_await parts_.backend.perform(*request);
    co_return control::answer_done(*request, done);
  }
  if (request->verb == control::Verb::Reload) {
    const auto changes = co_await parts_.backend.reload();
    co_return control::answer_reload(request->json, changes);
  }
  Result<std::vector<queue::Item>> items(std::vector<queue::Item>{});
  if (request->verb == control::Verb::Queue) items = co_await parts_.backend.queue();
  co_return control::answer(*request, parts_.backend, items);
}

}  // namespace gatepost::app
