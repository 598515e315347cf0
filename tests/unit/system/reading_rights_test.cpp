// SPDX-License-Identifier: Apache-2.0
// tests: what another user may read.
#include "system/reading_rights.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace gatepost::system {
namespace {

constexpr gid_t kGroup = 54322;

struct Folder {
  Folder() {
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name, mode_t mode, gid_t group = 0) const {
    std::string out = path + "/" + name;
    std::ofstream(out) << "x";
    REQUIRE(::chown(out.c_str(), 0, group) == 0);
    REQUIRE(::chmod(out.c_str(), mode) == 0);
    return out;
  }

  std::string path = "/tmp/gatepost-rights-XXXXXX";
};

}  // namespace

TEST_CASE("files of root alone are found, with what stands in the way", "[system]") {
  if (::geteuid() != 0) SKIP("only root can");
  const Folder folder;
  const Account account{"somebody", 54321, 54320, {kGroup}};
  const std::string open = folder.file("open", 0644);
  const std::string shared = folder.file("shared", 0640, kGroup);
  const std::string secret = folder.file("secret", 0600);
  std::filesystem::create_directory(folder.path + "/private");
  REQUIRE(::chmod((folder.path + "/private").c_str(), 0700) == 0);
  const std::string within = folder.file("private/within", 0644);

  const auto found =
      find_unreadable(account, {open, shared, secret, within, folder.path + "/none"});
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].path == secret);
  CHECK((*found)[0].barrier == secret);
  CHECK((*found)[0].owner == 0);
  CHECK((*found)[0].mode == 0600);
  CHECK((*found)[1].path == within);
  CHECK((*found)[1].barrier == folder.path + "/private");
  CHECK((*found)[1].mode == 0700);
  CHECK(::geteuid() == 0);
  CHECK(::getegid() == 0);
}

}  // namespace gatepost::system
