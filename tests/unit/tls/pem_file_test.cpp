// SPDX-License-Identifier: Apache-2.0
// tests: key files are read with a bound, and looked at without being read.
#include "tls/pem_file.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>

#include "support/temp_folder.h"

namespace gatepost::tls {

TEST_CASE("a stamp changes with size, with time and with the file behind the name", "[tls]") {
  const tests::TempFolder folder;
  const auto path = folder.write("a", "one");
  const auto first = stamp_of(path);
  CHECK(first == stamp_of(path));
  folder.write("a", "longer");
  CHECK_FALSE(first == stamp_of(path));
  const auto second = stamp_of(path);
  folder.replace("a", "shorte");
  CHECK_FALSE(second == stamp_of(path));
  const auto third = stamp_of(path);
  const auto later = std::filesystem::last_write_time(path) + std::chrono::nanoseconds(4'000'000);
  std::filesystem::last_write_time(path, later);
  CHECK_FALSE(third == stamp_of(path));
}

TEST_CASE("a link has the stamp of what it leads to", "[tls]") {
  const tests::TempFolder folder;
  const auto one = folder.write("one", "1");
  const auto two = folder.write("two", "22");
  std::filesystem::create_symlink("one", folder / "live");
  CHECK(stamp_of(folder / "live") == stamp_of(one));
  std::filesystem::remove(folder / "live");
  std::filesystem::create_symlink("two", folder / "live");
  CHECK(stamp_of(folder / "live") == stamp_of(two));
}

TEST_CASE("a missing file has a stamp of its own and no text", "[tls]") {
  CHECK(stamp_of("/nonexistent") == FileStamp{});
  const auto text = read_pem("/nonexistent");
  REQUIRE_FALSE(text);
  CHECK(text.error().system == ENOENT);
}

TEST_CASE("only a file of sensible size is read", "[tls]") {
  const tests::TempFolder folder;
  CHECK_FALSE(read_pem(folder.path()));
  CHECK_FALSE(read_pem(folder.write("large", std::string(1024 * 1024 + 1, 'x'))));
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_FALSE(read_pem(pipe));
  const auto text = read_pem(folder.write("good", "text"));
  REQUIRE(text);
  CHECK(text->reveal() == "text");
}

}  // namespace gatepost::tls
