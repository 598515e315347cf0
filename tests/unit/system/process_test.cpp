// SPDX-License-Identifier: Apache-2.0
// tests: what the kernel says about machine and process.
#include "system/process.h"

#include <array>
#include <cstring>
#include <sys/mman.h>
#include <sys/resource.h>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "child.h"
#include "system/random.h"

namespace gatepost::system {

TEST_CASE("the host has a name that may stand in a header", "[system]") {
  const auto name = host_name();
  CHECK_FALSE(name.empty());
  CHECK(name.find_first_of(" \t\r\n()_") == std::string::npos);
}

TEST_CASE("the limit of open files goes up to the hard one", "[system]") {
  CHECK(tests::in_child([] {
          rlimit limit{};
          ::getrlimit(RLIMIT_NOFILE, &limit);
          limit.rlim_cur = 64;
          ::setrlimit(RLIMIT_NOFILE, &limit);
          const auto raised = raise_open_files();
          ::getrlimit(RLIMIT_NOFILE, &limit);
          const bool highest = limit.rlim_cur == limit.rlim_max;
          return raised && *raised == limit.rlim_max && highest ? 0 : 1;
        }) == 0);
}

TEST_CASE("memory in use grows with what is touched", "[system]") {
  const auto before = memory_used();
  if (!before) SKIP("this kernel does not tell");
  // Not by malloc(), which may give what is in memory already.
  constexpr std::size_t kMuch = 16 * 1024 * 1024;
  void* fresh = ::mmap(nullptr, kMuch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(fresh != MAP_FAILED);
  std::memset(fresh, 'x', kMuch);
  const auto after = memory_used();
  ::munmap(fresh, kMuch);
  REQUIRE(after);
  CHECK(*after >= *before + kMuch / 2);
}

TEST_CASE("random octets differ and fill what was asked", "[system]") {
  std::array<std::uint8_t, 64> one{};
  std::array<std::uint8_t, 64> two{};
  REQUIRE(fill_random(one));
  REQUIRE(fill_random(two));
  CHECK(one != two);
  CHECK(std::array<std::uint8_t, 64>{} != one);
  CHECK(fill_random({}));
}

}  // namespace gatepost::system
