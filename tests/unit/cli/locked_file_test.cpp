// SPDX-License-Identifier: Apache-2.0
// tests: a file that is replaced whole keeps what is around its text.
#include "cli/locked_file.h"

#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "support/temp_folder.h"

using namespace gatepost;
using namespace gatepost::cli;

namespace {

std::string read(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

unsigned mode_of(const std::string& path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a file is replaced with its mode, and a link to it stays a link", "[cli]") {
  const tests::TempFolder folder;
  const std::string path = folder.path() + "/users";
  const std::string link = folder.path() + "/link";
  std::ofstream(path) << "before\n";
  REQUIRE(::chmod(path.c_str(), 0604) == 0);
  REQUIRE(::symlink("users", link.c_str()) == 0);
  {
    auto held = LockedFile::open(link, std::nullopt);
    REQUIRE(held);
    CHECK(held->text() == "before\n");
    REQUIRE(held->replace("after\n"));
  }
  CHECK(read(path) == "after\n");
  CHECK(mode_of(path) == 0604);
  struct stat facts {};
  REQUIRE(::lstat(link.c_str(), &facts) == 0);
  CHECK(S_ISLNK(facts.st_mode));
}

TEST_CASE("a missing file is made only where that was asked for", "[cli]") {
  const tests::TempFolder folder;
  const std::string path = folder.path() + "/users";
  CHECK_FALSE(LockedFile::open(path, std::nullopt));
  CHECK(::access(path.c_str(), F_OK) != 0);
  auto held = LockedFile::open(path, ::getegid());
  REQUIRE(held);
  CHECK(held->text().empty());
  CHECK(mode_of(path) == 0640);
  CHECK_FALSE(LockedFile::open(folder.path() + "/none/users", ::getegid()));
}

TEST_CASE("what is no file, or a link to nothing, is refused", "[cli]") {
  const tests::TempFolder folder;
  const std::string link = folder.path() + "/link";
  REQUIRE(::symlink("nowhere", link.c_str()) == 0);
  CHECK_FALSE(LockedFile::open(link, ::getegid()));
  CHECK_FALSE(LockedFile::open(folder.path(), ::getegid()));
}

TEST_CASE("a file that cannot be replaced stays as it was, and nothing is left over", "[cli]") {
  if (::geteuid() == 0) SKIP("root may write everywhere");
  const tests::TempFolder folder;
  const std::string path = folder.path() + "/users";
  std::ofstream(path) << "before\n";
  auto held = LockedFile::open(path, std::nullopt);
  REQUIRE(held);
  REQUIRE(::chmod(folder.path().c_str(), 0500) == 0);
  CHECK_FALSE(held->replace("after\n"));
  REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
  CHECK(read(path) == "before\n");
}
