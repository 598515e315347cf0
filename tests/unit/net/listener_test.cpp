// SPDX-License-Identifier: Apache-2.0
// tests: who is let in when descriptors run out.
#include "net/listener.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/loop.h"

using namespace gatepost;

namespace {

using Tcp = asio::ip::tcp;

// The sanitizers built together check virtual tables, for which they open a pipe: where there is no
// descriptor left, each call seems wrong to them.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kNeedsDescriptors = true;
#else
constexpr bool kNeedsDescriptors = false;
#endif

class Door final : public net::Acceptor {
 public:
  void accepted(TcpSocket socket, const Endpoint&, const Endpoint&) override {
    inside.push_back(std::move(socket));
  }
  void refused(TcpSocket& socket, int) override {
    ++told;
    constexpr std::string_view kText = "busy";
    CHECK(::send(socket.native_handle(), kText.data(), kText.size(), MSG_NOSIGNAL) == 4);
  }
  void accept_failed(int) override { ++failed; }

  std::vector<TcpSocket> inside;
  int told = 0;
  int failed = 0;
};

/// Takes every descriptor this process may still have; gives them back at its end.
class Greed {
 public:
  Greed() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    limit(std::min<rlim_t>(before_.rlim_cur, 256));
    for (int one = ::dup(0); one >= 0; one = ::dup(0)) taken_.push_back(one);
  }
  ~Greed() {
    limit(before_.rlim_cur);
    for (const int one : taken_) ::close(one);
  }
  Greed(const Greed&) = delete;
  Greed& operator=(const Greed&) = delete;

  void limit(rlim_t most) const {
    const rlimit now{most, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

struct House {
  House() {
    auto opened = net::Listener::open(loop, *Endpoint::parse("127.0.0.1:0"));
    REQUIRE(opened);
    listener = std::make_unique<net::Listener>(*std::move(opened));
    listener->start(door);
    client.connect({asio::ip::make_address_v4("127.0.0.1"), listener->local().port});
  }

  asio::io_context loop;
  Door door;
  std::unique_ptr<net::Listener> listener;
  TcpSocket client{loop};
};

}  // namespace

TEST_CASE("without a free descriptor a peer is told, not left waiting", "[net][listener]") {
  if (kNeedsDescriptors) SKIP("the sanitizer needs descriptors itself");
  House house;
  {
    const Greed greed;
    while (house.door.told == 0) house.loop.run_one();
    // The descriptor that is kept for this is there again for the next one.
    house.loop.poll();
  }
  std::array<char, 16> text{};
  std::error_code ignored;
  CHECK(house.client.read_some(asio::buffer(text), ignored) == 4);
  CHECK(house.client.read_some(asio::buffer(text), ignored) == 0);
  CHECK(house.door.inside.empty());

  TcpSocket second(house.loop);
  second.connect({asio::ip::make_address_v4("127.0.0.1"), house.listener->local().port});
  while (house.door.inside.empty()) house.loop.run_one();
  CHECK(house.door.told == 1);
}

TEST_CASE("a listener that can take nobody leaves the loop to others", "[net][listener]") {
  if (kNeedsDescriptors) SKIP("the sanitizer needs descriptors itself");
  House house;
  {
    const Greed greed;
    // Not even the spare one is of use then.
    greed.limit(0);
    for (int turn = 0; turn < 1000; ++turn) house.loop.poll_one();
    CHECK(house.door.failed > 0);
    CHECK(house.door.failed < 100);
  }
  while (house.door.inside.empty()) house.loop.run_one();
  CHECK(house.door.told == 0);
}
