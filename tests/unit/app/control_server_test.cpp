// SPDX-License-Identifier: Apache-2.0
// tests: the control socket, with a real socket and an invented service.
#include "app/control_server.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <stdlib.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "base/limits.h"

using namespace gatepost;
using namespace gatepost::app;

namespace {

class Scratch {
 public:
  Scratch() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Scratch() {
    for (const char* name : {"/run/s", "/run/s.lock", "/s", "/s.lock"}) {
      ::unlink((path_ + name).c_str());
    }
    ::rmdir((path_ + "/run").c_str());
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/gatepost-control-XXXXXX";
};

class FakeBackend final : public ControlBackend {
 public:
  control::StatusSnapshot status() override {
    control::StatusSnapshot out;
    out.version = "0.1.0";
    out.phase = "running";
    out.problems.assign(problems, std::string(1000, 'x'));
    return out;
  }
  const log::Counters& counters() const override { return numbers; }
  Task<Result<std::vector<queue::Item>>> queue() override { co_return std::vector<queue::Item>{}; }
  Task<Result<std::string>> perform(control::Request request) override {
    co_return std::string(request.words.front());
  }
  Task<Result<std::string>> reload() override {
    ++reloads;
    co_return std::string("nothing changed");
  }

  log::Counters numbers;
  int reloads = 0;
  std::size_t problems = 0;
};

class Watch final : public net::TaskWatch {
 public:
  void task_failed(std::string_view, std::string_view) override { ++failures; }
  int failures = 0;
};

class LastLine final : public log::Sink {
 public:
  explicit LastLine(std::string& text) : text_(text) {}
  bool write(const log::Record& record) override {
    text_ = record.text;
    return true;
  }

 private:
  std::string& text_;
};

ControlSettings settings(const std::string& path) {
  return {.path = path, .access = {.owner = ::geteuid()}, .owner_group = ::getegid()};
}

int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return client;
  ::close(client);
  return -1;
}

struct Service {
  explicit Service(const std::string& where) : path(where) {
    auto socket = ControlSocket::open(settings(path));
    REQUIRE(socket);
    server =
        std::make_unique<ControlServer>(*std::move(socket), settings(path).access,
                                        ControlServer::Parts{loop, tasks, deadlines, backend, log});
    REQUIRE(server->start());
  }
  ~Service() {
    server->close();
    deadlines.stop();
    while (tasks.running() > 0 && loop.run_one() > 0) {
    }
  }

  int connect() const {
    const int client = connect_to(path);
    REQUIRE(client >= 0);
    return client;
  }
  /// Turns the loop until the client has the whole answer.
  std::string hear(int client) {
    std::string out;
    std::array<char, 65536> buffer{};
    for (;;) {
      const ssize_t n = ::recv(client, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n > 0) {
        out.append(buffer.data(), static_cast<std::size_t>(n));
      } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        loop.run_one();
      } else {
        ::close(client);
        return out;
      }
    }
  }
  std::string ask(std::string_view line) {
    const int client = connect();
    REQUIRE(::send(client, line.data(), line.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(line.size()));
    return hear(client);
  }

  std::string path;
  asio::io_context loop;
  Watch watch;
  net::TaskGroup tasks{loop, watch};
  net::Deadlines deadlines{loop};
  FakeBackend backend;
  log::SystemClock clock;
  log::Counters counters;
  std::string last_line;
  log::Log log{log::Settings{.hostname = "mx"}, std::make_unique<LastLine>(last_line), clock,
               counters};
  std::unique_ptr<ControlServer> server;
};

}  // namespace

TEST_CASE("one request is answered and the connection ends", "[app][control]") {
  Scratch scratch;
  Service service(scratch.path() + "/s");
  CHECK(service.ask("status\n").starts_with("gatepost 0.1.0 is running"));
  CHECK(service.ask("metrics\nstatus\n").ends_with("# EOF\n"));
  CHECK(service.ask("queue json\r\n").empty());
  CHECK(service.ask("reload\n") == "nothing changed\n");
  CHECK(service.backend.reloads == 1);
  CHECK(service.ask("relaod\n") == "error 64: unknown verb relaod; did you mean: reload\n");
  CHECK(service.watch.failures == 0);
}

TEST_CASE("a request may be cut anywhere, and end with its sender's side", "[app][control]") {
  Scratch scratch;
  Service service(scratch.path() + "/s");
  const int client = service.connect();
  for (const char c : std::string_view("help")) {
    REQUIRE(::send(client, &c, 1, MSG_NOSIGNAL) == 1);
    service.loop.poll();
  }
  REQUIRE(::shutdown(client, SHUT_WR) == 0);
  CHECK(service.hear(client).find("status") != std::string::npos);
}

TEST_CASE("a request without an end is refused at its bound", "[app][control]") {
  Scratch scratch;
  Service service(scratch.path() + "/s");
  CHECK(service.ask(std::string(3 * limits::kControlLine, 'x')) ==
        "error 64: the request is too long\n");
}

TEST_CASE("an answer longer than the socket's buffer arrives whole", "[app][control]") {
  Scratch scratch;
  Service service(scratch.path() + "/s");
  service.backend.problems = 3000;
  CHECK(service.ask("status\n").size() > 3'000'000);
}

TEST_CASE("who asks nothing gives up the place to who comes, the longest silent first",
          "[app][control]") {
  Scratch scratch;
  Service service(scratch.path() + "/s");
  std::array<int, 16> silent{};
  for (int& client : silent) {
    client = service.connect();
    service.loop.poll();
  }
  CHECK(service.ask("status\n").starts_with("gatepost"));
  CHECK(service.hear(silent[0]) == "error 75: too many control connections\n");
  // The others were left alone, and the place that became free is used before another is taken.
  CHECK(service.ask("status\n").starts_with("gatepost"));
  REQUIRE(::send(silent[1], "status\n", 7, MSG_NOSIGNAL) == 7);
  CHECK(service.hear(silent[1]).starts_with("gatepost"));
  for (std::size_t i = 2; i < silent.size(); ++i) ::close(silent[i]);
}

TEST_CASE("who is being answered keeps the place, however slowly the answer is read",
          "[app][control]") {
  Scratch scratch;
  Service service(scratch.path() + "/s");
  service.backend.problems = 3000;
  const int reader = service.connect();
  REQUIRE(::send(reader, "status\n", 7, MSG_NOSIGNAL) == 7);
  service.loop.poll();
  std::array<int, 15> silent{};
  for (int& client : silent) {
    client = service.connect();
    service.loop.poll();
  }
  for (std::size_t i = 0; i < silent.size(); ++i) {
    const int next = service.connect();
    service.loop.poll();
    CHECK(service.hear(silent[i]) == "error 75: too many control connections\n");
    silent[i] = next;
  }
  CHECK(service.hear(reader).size() > 3'000'000);
  for (const int client : silent) ::close(client);
}

TEST_CASE("a crowd of others keeps neither root nor the owner out", "[app][control]") {
  if (::geteuid() != 0) SKIP("only root can become somebody else");
  Scratch scratch;
  Service service(scratch.path() + "/s");
  REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
  REQUIRE(::chmod(service.path.c_str(), 0666) == 0);
  const int mine = service.connect();
  service.loop.poll();
  std::array<int, 2> ready{};
  std::array<int, 2> done{};
  REQUIRE(::pipe2(ready.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  REQUIRE(::pipe2(done.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // Else it would hold the service's ends of connections open.
    for (int one = 3; one < 256; ++one) {
      if (one != ready[1] && one != done[0]) ::close(one);
    }
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    for (int i = 0; i < 40; ++i) {
      if (connect_to(service.path) < 0) ::_exit(2);
    }
    char octet = '.';
    if (::write(ready[1], &octet, 1) != 1) ::_exit(3);
    ::_exit(::read(done[0], &octet, 1) == 0 ? 0 : 4);
  }
  REQUIRE(child > 0);
  ::close(ready[1]);
  char octet = 0;
  while (::read(ready[0], &octet, 1) < 0) service.loop.poll();
  CHECK(octet == '.');
  CHECK(service.ask("status\n").starts_with("gatepost"));
  REQUIRE(::send(mine, "status\n", 7, MSG_NOSIGNAL) == 7);
  CHECK(service.hear(mine).starts_with("gatepost"));
  ::close(done[1]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  ::close(ready[0]);
  ::close(done[0]);
}

TEST_CASE("closing ends every conversation and removes the file", "[app][control]") {
  Scratch scratch;
  Service service(scratch.path() + "/s");
  const int waiting = service.connect();
  service.loop.poll();
  service.server->close();
  CHECK(service.hear(waiting).empty());
  CHECK(connect_to(service.path) < 0);
  CHECK(::access(service.path.c_str(), F_OK) != 0);
  while (service.tasks.running() > 0 && service.loop.run_one() > 0) {
  }
  CHECK(service.tasks.running() == 0);
}

TEST_CASE("somebody else's question is refused and logged, whatever the file's mode",
          "[app][control]") {
  if (::geteuid() != 0) SKIP("only root can become somebody else");
  Scratch scratch;
  Service service(scratch.path() + "/s");
  REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
  REQUIRE(::chmod(service.path.c_str(), 0666) == 0);
  std::array<int, 2> pair{};
  REQUIRE(::pipe2(pair.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    const int client = connect_to(service.path);
    if (client < 0 || ::send(client, "reload\n", 7, MSG_NOSIGNAL) != 7) ::_exit(2);
    std::array<char, 256> buffer{};
    const ssize_t n = ::recv(client, buffer.data(), buffer.size(), 0);
    const ssize_t told = ::write(pair[1], buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    ::_exit(told == n ? 0 : 3);
  }
  REQUIRE(child > 0);
  ::close(pair[1]);
  while (service.last_line.empty()) service.loop.run_one();
  service.loop.poll();
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) service.loop.poll();
  CHECK(status == 0);
  std::array<char, 256> said{};
  const ssize_t n = ::read(pair[0], said.data(), said.size());
  ::close(pair[0]);
  REQUIRE(n > 0);
  CHECK(std::string_view(said.data(), static_cast<std::size_t>(n))
            .starts_with("error 77: not permitted"));
  CHECK(service.last_line == "warning: control request reload refused for uid 65534");
  CHECK(service.backend.reloads == 0);
}

TEST_CASE("the socket is private, its directory is made, and a second service is refused",
          "[app][control]") {
  Scratch scratch;
  const std::string path = scratch.path() + "/run/s";
  const auto first = ControlSocket::open(settings(path));
  REQUIRE(first);
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777U) == 0660);
  REQUIRE(::stat((scratch.path() + "/run").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777U) == 0750);
  const auto second = ControlSocket::open(settings(path));
  REQUIRE_FALSE(second);
  CHECK(second.error().detail == "another gatepost owns " + path);
}

TEST_CASE("what a crash left is replaced, what is not a socket is not", "[app][control]") {
  Scratch scratch;
  const std::string path = scratch.path() + "/s";
  {
    // A crash: the descriptors are gone, the files are not.
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    // Somebody who answers without our lock is left alone.
    REQUIRE(::listen(dead, 1) == 0);
    const auto refused = ControlSocket::open(settings(path));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail == "another program answers at " + path);
    ::close(dead);
  }
  { REQUIRE(ControlSocket::open(settings(path))); }
  CHECK(::access(path.c_str(), F_OK) != 0);

  REQUIRE(::close(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0);
  const auto refused = ControlSocket::open(settings(path));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail == path + " is there and is not a socket");
}

TEST_CASE("a path that does not fit is refused", "[app][control]") {
  CHECK_FALSE(ControlSocket::open(settings("/tmp/" + std::string(200, 'x'))));
  CHECK_FALSE(ControlSocket::open(settings("")));
  CHECK_FALSE(ControlSocket::open(settings("/tmp/gatepost-none/deeper/s")));
}
