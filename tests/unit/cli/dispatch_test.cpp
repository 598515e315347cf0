// SPDX-License-Identifier: Apache-2.0
// tests: from argv to a command and its exit status, with what is said.
#include "cli/dispatch.h"

#include <array>
#include <fcntl.h>
#include <initializer_list>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::cli;

namespace {

/// Standard output and error of what runs while it lives, in a file each.
class Captured {
 public:
  Captured() {
    for (std::size_t i = 0; i < 2; ++i) {
      std::string path = "/tmp/gatepost-said-XXXXXX";
      const int file = ::mkostemp(path.data(), O_CLOEXEC);
      REQUIRE(file >= 0);
      ::unlink(path.c_str());
      const int descriptor = static_cast<int>(i) + 1;
      saved_[i] = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
      ::dup2(file, descriptor);
      file_[i] = file;
    }
  }
  /// What was said; gives the descriptors back.
  std::array<std::string, 2> end() {
    std::array<std::string, 2> said;
    for (std::size_t i = 0; i < 2; ++i) {
      ::dup2(saved_[i], static_cast<int>(i) + 1);
      ::close(saved_[i]);
      const off_t size = ::lseek(file_[i], 0, SEEK_END);
      said[i].resize(static_cast<std::size_t>(size));
      const ssize_t n = ::pread(file_[i], said[i].data(), said[i].size(), 0);
      REQUIRE(n == size);
      ::close(file_[i]);
    }
    return said;
  }

 private:
  std::array<int, 2> saved_{};
  std::array<int, 2> file_{};
};

struct Ran {
  int status = 0;
  std::string out, err;
};

Ran call(std::string_view program, std::initializer_list<std::string_view> words) {
  const std::vector<std::string_view> arguments(words);
  Captured captured;
  const int status = dispatch(program, arguments);
  auto said = captured.end();
  return {.status = status, .out = said[0], .err = said[1]};
}

constexpr std::string_view kNobody = "/tmp/gatepost-nobody-is-here/s";

}  // namespace

TEST_CASE("help and version are results, whatever way they are asked for", "[cli]") {
  for (const auto& words : {std::initializer_list<std::string_view>{"--help"}, {"-h"}, {"help"}}) {
    const Ran ran = call("/usr/sbin/gatepost", words);
    CHECK(ran.status == 0);
    CHECK(ran.out.starts_with("usage: gatepost COMMAND"));
    CHECK(ran.err.empty());
  }
  for (const auto& words :
       {std::initializer_list<std::string_view>{"--version"}, {"-V"}, {"version"}}) {
    const Ran ran = call("gatepost", words);
    CHECK(ran.status == 0);
    CHECK(ran.out.starts_with("gatepost "));
  }
  CHECK(call("gatepost", {"status", "--help"}).out.starts_with("usage: gatepost status"));
  CHECK(call("gatepost", {"help", "queue"}).out.starts_with("usage: gatepost queue"));
}

TEST_CASE("a wrong call is a usage error that leads on", "[cli]") {
  const Ran unknown = call("gatepost", {"statsu"});
  CHECK(unknown.status == exits::kUsage);
  CHECK(unknown.err == "gatepost: no command statsu; did you mean: gatepost status\n");
  CHECK(unknown.out.empty());
  CHECK(call("gatepost", {}).status == exits::kUsage);
  CHECK(call("gatepost", {"-c", "/x"}).status == exits::kUsage);
  CHECK(call("gatepost", {"-c"}).status == exits::kUsage);
  CHECK(call("gatepost", {"status", "--frobnicate"}).status == exits::kUsage);
  CHECK(call("gatepost", {"status", "now"}).status == exits::kUsage);
  CHECK(call("gatepost", {"help", "statsu"}).err ==
        "gatepost: no command statsu; did you mean: status\n");
}

TEST_CASE("a service that does not run is stopped for status and unavailable for the rest",
          "[cli]") {
  const Ran status = call("gatepost", {"status", "--socket", kNobody});
  CHECK(status.status == 3);
  CHECK(status.err == "gatepost: not running: no one answers at " + std::string(kNobody) + "\n");
  CHECK(call("gatepost", {"status", "--json", "--socket", kNobody}).out ==
        "{\"phase\":\"stopped\"}\n");
  for (const std::string_view command : {"queue", "metrics", "reload"}) {
    CHECK(call("gatepost", {command, "--socket", kNobody}).status == exits::kUnavailable);
  }
  CHECK(call("gatepost", {"--socket", kNobody, "status"}).status == 3);
}

TEST_CASE("the name it is called by is a command", "[cli]") {
  CHECK(call("/usr/bin/mailq", {"--socket", kNobody}).status == exits::kUnavailable);
  CHECK(call("/usr/sbin/sendmail", {"-bv", "jo@x.example"}).out ==
        "jo@x.example: well written (whether it exists is not looked up)\n");
  CHECK(call("sendmail", {"-Z"}).status == exits::kUsage);
  CHECK(call("sendmail", {"-C", "/tmp/gatepost-nobody-is-here/c", "a"}).status == exits::kConfig);
  CHECK(call("newaliases", {"-c", "/tmp/gatepost-nobody-is-here/c"}).status == exits::kConfig);
}

TEST_CASE("a configuration that is not there is unknown for status and a configuration error else",
          "[cli]") {
  CHECK(call("gatepost", {"status", "-c", "/tmp/gatepost-nobody-is-here/c"}).status == 4);
  CHECK(call("gatepost", {"queue", "-c", "/tmp/gatepost-nobody-is-here/c"}).status ==
        exits::kConfig);
}
