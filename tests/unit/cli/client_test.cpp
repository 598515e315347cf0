// SPDX-License-Identifier: Apache-2.0
// tests: asking at the control socket, with real sockets.
#include "cli/client.h"

#include <array>
#include <cstring>
#include <stdlib.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::cli;

namespace {

class Scratch {
 public:
  Scratch() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Scratch() {
    ::unlink(socket().c_str());
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] std::string socket() const { return path_ + "/s"; }

 private:
  std::string path_ = "/tmp/gatepost-client-XXXXXX";
};

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(server, 4) == 0);
  return server;
}

}  // namespace

TEST_CASE("an answer is read to its end, however it is cut", "[cli]") {
  Scratch scratch;
  const int server = listen_at(scratch.socket());
  std::string heard;
  std::thread service([server, &heard] {
    const int peer = ::accept(server, nullptr, nullptr);
    std::array<char, 64> line{};
    const ssize_t n = ::recv(peer, line.data(), line.size(), 0);
    heard.assign(line.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    for (const char c : std::string_view("answer\n")) {
      static_cast<void>(::send(peer, &c, 1, MSG_NOSIGNAL));
    }
    ::close(peer);
  });
  const Asked asked = ask(scratch.socket(), {.verb = control::Verb::Queue, .json = true});
  service.join();
  ::close(server);
  CHECK(heard == "queue json\n");
  CHECK(asked.reached == Reached::Answered);
  CHECK(asked.text == "answer\n");
}

TEST_CASE("nobody there is told from silence and from a bad path", "[cli]") {
  Scratch scratch;
  const control::Request status{.verb = control::Verb::Status};
  CHECK(ask(scratch.socket(), status).reached == Reached::NotRunning);
  CHECK(ask(scratch.socket() + "/deeper", status).reached == Reached::NotRunning);
  CHECK(ask("", status).reached == Reached::Broken);
  CHECK(ask(std::string(200, 'x'), status).reached == Reached::Broken);

  const int server = listen_at(scratch.socket());
  const Asked silent = ask(scratch.socket(), status, Duration{20});
  CHECK(silent.reached == Reached::Broken);
  CHECK(silent.text == "the service does not answer");
  ::close(server);
  // What a crash leaves: a socket file without a listener.
  CHECK(ask(scratch.socket(), status).reached == Reached::NotRunning);
}
