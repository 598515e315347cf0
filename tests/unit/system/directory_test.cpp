// SPDX-License-Identifier: Apache-2.0
// tests: directories made for the user we become.
#include "system/directory.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "support/temp_folder.h"

namespace gatepost::system {
namespace {

using tests::TempFolder;

constexpr uid_t kUser = 54321;
constexpr gid_t kGroup = 54322;

Account owner() {
  return {"somebody", kUser, kGroup, {}};
}

struct stat look(const std::string& path) {
  struct stat about {};
  REQUIRE(::lstat(path.c_str(), &about) == 0);
  return about;
}

bool is_root() {
  return ::geteuid() == 0;
}

}  // namespace

TEST_CASE("a directory is made with its parents and the mode asked for", "[system]") {
  const TempFolder folder;
  const auto before = ::umask(077);
  CHECK(prepare_directory(folder / "a/b/queue", 0750, own_account()));
  ::umask(before);
  CHECK((look(folder / "a/b/queue").st_mode & 07777) == 0750);
  CHECK(prepare_directory(folder / "a/b/queue", 0700, own_account()));
  CHECK((look(folder / "a/b/queue").st_mode & 07777) == 0750);
}

TEST_CASE("root makes a directory for the owner, and its parents for itself", "[system]") {
  if (!is_root()) SKIP("only root can");
  const TempFolder folder;
  REQUIRE(prepare_directory(folder / "lib/gatepost", 0700, owner()));
  CHECK(look(folder / "lib/gatepost").st_uid == kUser);
  CHECK(look(folder / "lib/gatepost").st_gid == kGroup);
  CHECK(look(folder / "lib").st_uid == 0);
}

TEST_CASE("parents let their owner's neighbours through whatever the umask", "[system]") {
  const TempFolder folder;
  const auto before = ::umask(077);
  const auto made = prepare_directory(folder / "a/b/queue", 0700, own_account());
  const auto after = ::umask(before);
  REQUIRE(made);
  CHECK(after == 077);
  CHECK((look(folder / "a").st_mode & 07777) == 0755);
  CHECK((look(folder / "a/b").st_mode & 07777) == 0755);
}

TEST_CASE("a directory with something in it is not given away", "[system]") {
  if (!is_root()) SKIP("only root can");
  const TempFolder folder;
  std::filesystem::create_directories(folder / "home/ann");
  const auto refused = prepare_directory(folder / "home", 0755, owner());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().system == EACCES);
  CHECK(look(folder / "home").st_uid == 0);
  CHECK(look(folder / "home/ann").st_uid == 0);
}

TEST_CASE("an empty directory of root's alone is given away, a shared one is not", "[system]") {
  if (!is_root()) SKIP("only root can");
  const TempFolder folder;
  std::filesystem::create_directory(folder / "own");
  std::filesystem::create_directory(folder / "shared");
  REQUIRE(::chmod((folder / "shared").c_str(), 02775) == 0);
  CHECK(prepare_directory(folder / "own", 0700, owner()));
  CHECK(look(folder / "own").st_uid == kUser);
  const auto refused = prepare_directory(folder / "shared", 0700, owner());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail == folder / "shared" + ": somebody may not write there");
  CHECK(look(folder / "shared").st_uid == 0);
}

TEST_CASE("a shared directory serves an owner who is in its group", "[system]") {
  if (!is_root()) SKIP("only root can");
  const TempFolder folder;
  std::filesystem::create_directory(folder / "mail");
  REQUIRE(::chown((folder / "mail").c_str(), 0, 8) == 0);
  REQUIRE(::chmod((folder / "mail").c_str(), 02775) == 0);
  auto member = owner();
  member.groups.push_back(8);
  CHECK(prepare_directory(folder / "mail", 0700, member));
  CHECK(look(folder / "mail").st_uid == 0);
}

TEST_CASE("the last name may not be a link", "[system]") {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "elsewhere");
  std::filesystem::create_directory_symlink(folder / "elsewhere", folder / "queue");
  CHECK_FALSE(prepare_directory(folder / "queue", 0700, own_account()));
}

TEST_CASE("a link of root's or of our own is followed on the way", "[system]") {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "run");
  std::filesystem::create_directory_symlink("run", folder / "var-run");
  CHECK(prepare_directory(folder / "var-run/gatepost", 0750, own_account()));
  CHECK(std::filesystem::is_directory(folder / "run/gatepost"));
}

TEST_CASE("a link of another user's on the way is refused", "[system]") {
  if (!is_root()) SKIP("only root can");
  const TempFolder folder;
  std::filesystem::create_directory(folder / "target");
  std::filesystem::create_directory_symlink(folder / "target", folder / "trap");
  REQUIRE(::lchown((folder / "trap").c_str(), kUser, kGroup) == 0);
  CHECK_FALSE(prepare_directory(folder / "trap/queue", 0700, owner()));
  CHECK(std::filesystem::is_empty(folder / "target"));
}

TEST_CASE("a file in the way is an error", "[system]") {
  const TempFolder folder;
  folder.write("file", "");
  CHECK_FALSE(prepare_directory(folder / "file", 0700, own_account()));
  CHECK_FALSE(prepare_directory(folder / "file/queue", 0700, own_account()));
  CHECK_FALSE(prepare_directory("", 0700, own_account()));
}

}  // namespace gatepost::system
