// SPDX-License-Identifier: Apache-2.0
// tests: where lines go, with real files and sockets.
#include "log/sink.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <stdlib.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::log;

namespace {

/// A directory that goes with the test.
class Scratch {
 public:
  Scratch() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Scratch() {
    for (const char* name : {"log", "log.1", "socket"}) ::unlink(file(name).c_str());
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/gatepost-log-XXXXXX";
};

std::string contents(const std::string& path) {
  std::string text;
  std::array<char, 4096> buffer{};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  for (ssize_t n = 0; (n = ::read(file, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(file);
  return text;
}

Record record(Level level = Level::Info) {
  return {.level = level,
          .stamp = {},
          .program = "gatepost/smtpd",
          .whole = "Nov 21 06:40:07 mx gatepost/smtpd[412]: hello\n",
          .tail = "gatepost/smtpd[412]: hello\n",
          .text = "hello"};
}

}  // namespace

TEST_CASE("a log file is appended to, private to its group, and opened anew on demand", "[log]") {
  Scratch scratch;
  auto sink = open_file_sink(scratch.file("log"));
  REQUIRE(sink);
  CHECK((*sink)->write(record()));
  REQUIRE(::rename(scratch.file("log").c_str(), scratch.file("log.1").c_str()) == 0);
  CHECK((*sink)->write(record()));
  REQUIRE((*sink)->reopen());
  CHECK((*sink)->write(record()));

  const std::string line(record().whole);
  CHECK(contents(scratch.file("log.1")) == line + line);
  CHECK(contents(scratch.file("log")) == line);
  struct stat facts {};
  REQUIRE(::stat(scratch.file("log").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0007U) == 0);

  auto again = open_file_sink(scratch.file("log"));
  REQUIRE(again);
  CHECK((*again)->write(record()));
  CHECK(contents(scratch.file("log")) == line + line);
}

TEST_CASE("a file that cannot be opened is named in the error", "[log]") {
  Scratch scratch;
  const auto sink = open_file_sink(scratch.file("none/log"));
  REQUIRE_FALSE(sink);
  CHECK(sink.error().detail.find("none/log") != std::string::npos);
}

TEST_CASE("a failed reopening leaves the old file in use", "[log]") {
  Scratch scratch;
  auto sink = open_file_sink(scratch.file("log"));
  REQUIRE(sink);
  REQUIRE(::rename(scratch.file("log").c_str(), scratch.file("log.1").c_str()) == 0);
  REQUIRE(::mkdir(scratch.file("log").c_str(), 0700) == 0);
  CHECK_FALSE((*sink)->reopen());
  CHECK((*sink)->write(record()));
  CHECK(contents(scratch.file("log.1")) == record().whole);
  REQUIRE(::rmdir(scratch.file("log").c_str()) == 0);
}

TEST_CASE("a full disk is reported and later lines begin on their own", "[log]") {
  const auto full = open_file_sink("/dev/full");
  REQUIRE(full);
  CHECK_FALSE((*full)->write(record()));

  // A pipe takes a part of a line, then no more: the disk that fills up in the middle of a line.
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  const int room = ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  REQUIRE(room >= 4096);
  const auto sink = make_descriptor_sink(ends[1]);
  const std::string longer(static_cast<std::size_t>(room) + 10, 'x');
  Record big = record();
  big.whole = longer;
  CHECK_FALSE(sink->write(big));
  std::string drained(static_cast<std::size_t>(room), '\0');
  REQUIRE(::read(ends[0], drained.data(), drained.size()) == room);
  CHECK(sink->write(record()));
  std::array<char, 256> rest{};
  const ssize_t n = ::read(ends[0], rest.data(), rest.size());
  REQUIRE(n > 0);
  CHECK(std::string_view(rest.data(), static_cast<std::size_t>(n)) ==
        "\n" + std::string(record().whole));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a line for a supervisor begins with its priority", "[log]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const auto sink = make_priority_sink(ends[1]);
  CHECK(sink->write(record(Level::Info)));
  CHECK(sink->write(record(Level::Warning)));
  CHECK(sink->write(record(Level::Error)));
  CHECK(sink->write(record(Level::Debug)));
  std::array<char, 512> got{};
  const ssize_t n = ::read(ends[0], got.data(), got.size());
  REQUIRE(n > 0);
  CHECK(std::string_view(got.data(), static_cast<std::size_t>(n)) ==
        "<6>gatepost/smtpd[412]: hello\n<4>gatepost/smtpd[412]: hello\n"
        "<3>gatepost/smtpd[412]: hello\n<7>gatepost/smtpd[412]: hello\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("the journal gets program, priority and message apart, also after it was restarted",
          "[log]") {
  Scratch scratch;
  CHECK(connect_journal_sink(scratch.file("socket")) == nullptr);
  CHECK(connect_journal_sink(std::string(200, 'x')) == nullptr);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = scratch.file("socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto listen = [&address, &path] {
    ::unlink(path.c_str());
    const int journal = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(journal, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return journal;
  };
  const auto hear = [](int journal) {
    std::array<char, 512> got{};
    const ssize_t n = ::recv(journal, got.data(), got.size(), MSG_DONTWAIT);
    return std::string(got.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  };
  const std::string entry =
      "SYSLOG_FACILITY=2\nPRIORITY=4\nSYSLOG_IDENTIFIER=gatepost/smtpd\nMESSAGE=hello\n";

  int journal = listen();
  const auto sink = connect_journal_sink(path);
  REQUIRE(sink != nullptr);
  CHECK(sink->write(record(Level::Warning)));
  CHECK(hear(journal) == entry);
  ::close(journal);
  CHECK_FALSE(sink->write(record()));
  journal = listen();
  CHECK(sink->write(record(Level::Warning)));
  CHECK(hear(journal) == entry);
  ::close(journal);
}

TEST_CASE("the system's log gets facility, stamp, program and process, also after a restart",
          "[log]") {
  Scratch scratch;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = scratch.file("log");
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto listen = [&address, &path](int type) {
    ::unlink(path.c_str());
    const int daemon = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(daemon, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    if (type == SOCK_STREAM) REQUIRE(::listen(daemon, 1) == 0);
    return daemon;
  };
  const auto hear = [](int daemon) {
    std::array<char, 512> got{};
    const ssize_t n = ::recv(daemon, got.data(), got.size(), MSG_DONTWAIT);
    return std::string(got.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  };
  Record line = record(Level::Warning);
  line.stamp = "Nov 21 06:05:09";
  const std::string rest = "gatepost/smtpd[" + std::to_string(::getpid()) + "]: hello";

  const auto sink = make_syslog_sink(path);
  CHECK_FALSE(sink->write(line));
  int daemon = listen(SOCK_DGRAM);
  CHECK(sink->write(line));
  CHECK(hear(daemon) == "<20>Nov 21 06:05:09 " + rest);
  // A line of JSON has its time in itself.
  CHECK(sink->write(record(Level::Info)));
  CHECK(hear(daemon) == "<22>" + rest);
  ::close(daemon);
  CHECK_FALSE(sink->write(line));
  daemon = listen(SOCK_DGRAM);
  CHECK(sink->write(line));
  CHECK(hear(daemon) == "<20>Nov 21 06:05:09 " + rest);
  ::close(daemon);

  // Of a stream the end of a message is a NUL.
  daemon = listen(SOCK_STREAM);
  CHECK(sink->write(line));
  CHECK(sink->write(line));
  const int peer = ::accept4(daemon, nullptr, nullptr, SOCK_CLOEXEC);
  REQUIRE(peer >= 0);
  const std::string twice = "<20>Nov 21 06:05:09 " + rest + '\0';
  CHECK(hear(peer) == twice + twice);
  ::close(peer);
  ::close(daemon);
  CHECK_FALSE(make_syslog_sink(std::string(200, 'x'))->write(line));
}

TEST_CASE("maillog_file decides where lines go", "[log]") {
  Scratch scratch;
  auto sink = choose_sink(scratch.file("log"));
  REQUIRE(sink);
  CHECK((*sink)->write(record()));
  CHECK(contents(scratch.file("log")) == record().whole);
  CHECK_FALSE(choose_sink(scratch.file("none/log")));
}
