// SPDX-License-Identifier: Apache-2.0
// tests: which directory above a path somebody may not go through.
#include "system/passage.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "support/temp_folder.h"

namespace gatepost::system {
namespace {

using tests::TempFolder;

/// A folder that everybody may search, with lib/gatepost of `mode` in it.
std::string make_tree(const TempFolder& folder, mode_t mode) {
  std::filesystem::create_directories(folder / "lib/gatepost");
  REQUIRE(::chmod((folder / ".").c_str(), 0755) == 0);
  REQUIRE(::chmod((folder / "lib").c_str(), 0755) == 0);
  REQUIRE(::chmod((folder / "lib/gatepost").c_str(), mode) == 0);
  return folder / "lib/gatepost/queue";
}

}  // namespace

TEST_CASE("a directory that others may not search is named with its rights", "[system]") {
  const TempFolder folder;
  const std::string path = make_tree(folder, 0750);
  const auto barrier = find_barrier(path, anybody());
  REQUIRE(barrier);
  CHECK(barrier->starts_with(folder / "lib/gatepost" + " ("));
  CHECK(barrier->ends_with(" 0750)"));
  if (::geteuid() == 0) CHECK(barrier->ends_with("(root:root 0750)"));
}

TEST_CASE("who owns it or is in its group gets through", "[system]") {
  const TempFolder folder;
  const std::string path = make_tree(folder, 0750);
  struct stat about {};
  REQUIRE(::stat((folder / "lib/gatepost").c_str(), &about) == 0);
  Account member = anybody();
  member.groups.push_back(about.st_gid);
  CHECK_FALSE(find_barrier(path, member));
  CHECK_FALSE(find_barrier(path, own_account()));
}

TEST_CASE("the path itself, and what is not there, is no barrier", "[system]") {
  const TempFolder folder;
  const std::string path = make_tree(folder, 0755);
  std::filesystem::create_directory(path);
  REQUIRE(::chmod(path.c_str(), 0700) == 0);
  CHECK_FALSE(find_barrier(path, anybody()));
  CHECK_FALSE(find_barrier(folder / "nowhere/at/all", anybody()));
}

}  // namespace gatepost::system
