// SPDX-License-Identifier: Apache-2.0
// tests: Maildirs opened, shared, made anew and swept.
#include "storage/maildirs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"

namespace gatepost::storage::test {
namespace {

using namespace std::literals;

Moment wall() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void age(const std::string& path, std::chrono::hours hours) {
  const auto then = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - hours);
  const timespec times[2] = {{then, 0}, {then, 0}};
  ::utimensat(AT_FDCWD, path.c_str(), times, 0);
}

}  // namespace

TEST_CASE("a Maildir is made whole, for its owner alone", "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files);
  REQUIRE(maildirs.open(scratch / "u/Maildir", wall()));
  CHECK(names_in(scratch / "u/Maildir") == std::vector<std::string>{"cur", "new", "tmp"});
  struct stat found {};
  REQUIRE(::stat((scratch / "u/Maildir/new").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0700);
}

TEST_CASE("what a Maildir lacks is made", "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  REQUIRE(make_folders(*files, scratch / "m/new"));
  Maildirs maildirs(*files);
  REQUIRE(maildirs.open(scratch / "m", wall()));
  CHECK(names_in(scratch / "m") == std::vector<std::string>{"cur", "new", "tmp"});
}

TEST_CASE("a Maildir kept open costs no further open", "[storage][maildirs]") {
  Scratch scratch;
  FaultyFiles files;
  Maildirs maildirs(files);
  REQUIRE(maildirs.open(scratch / "m", wall()));
  files.forget_counts();
  REQUIRE(maildirs.open(scratch / "m", wall()));
  CHECK(files.count(Call::OpenFolder) == 0);
}

TEST_CASE("a Maildir put in the place of another is opened anew", "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files);
  auto before = maildirs.open(scratch / "m", wall());
  REQUIRE(before);
  std::filesystem::rename(scratch / "m", scratch / "old");
  auto after = maildirs.open(scratch / "m", wall());
  REQUIRE(after);
  REQUIRE(files->create((*after)->tmp.get(), "here"));
  REQUIRE(files->create((*before)->tmp.get(), "there"));
  CHECK(names_in(scratch / "m/tmp") == std::vector<std::string>{"here"});
  CHECK(names_in(scratch / "old/tmp") == std::vector<std::string>{"there"});
}

TEST_CASE("no more Maildirs stay open than are allowed", "[storage][maildirs]") {
  Scratch scratch;
  FaultyFiles files;
  Maildirs maildirs(files, /*most_idle=*/2);
  for (const char* name : {"a", "b", "c"}) REQUIRE(maildirs.open(scratch / name, wall()));
  files.forget_counts();
  REQUIRE(maildirs.open(scratch / "b", wall()));
  REQUIRE(maildirs.open(scratch / "c", wall()));
  CHECK(files.count(Call::OpenFolder) == 0);
  REQUIRE(maildirs.open(scratch / "a", wall()));
  CHECK(files.count(Call::OpenFolder) > 0);
}

TEST_CASE("links in the place of a Maildir or its folders are not followed",
          "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  REQUIRE(make_folders(*files, scratch / "elsewhere"));
  Maildirs maildirs(*files);
  SECTION("the Maildir itself") {
    REQUIRE(::symlink("elsewhere", (scratch / "m").c_str()) == 0);
    CHECK_FALSE(maildirs.open(scratch / "m", wall()));
  }
  SECTION("its new/") {
    REQUIRE(make_folders(*files, scratch / "m"));
    REQUIRE(::symlink("../elsewhere", (scratch / "m/new").c_str()) == 0);
    CHECK_FALSE(maildirs.open(scratch / "m", wall()));
  }
  CHECK(names_in(scratch / "elsewhere").empty());
}

TEST_CASE("tmp/ is swept of what is older than 36 hours, once a day", "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files);
  const Moment now = wall();
  REQUIRE(maildirs.open(scratch / "m", now - 25h));
  for (const char* name : {"m/tmp/stale", "m/tmp/fresh", "m/new/old"}) {
    std::ofstream(scratch / name) << "text";
  }
  age(scratch / "m/tmp/stale", 37h);
  age(scratch / "m/new/old", 1000h);

  REQUIRE(maildirs.open(scratch / "m", now - 2h));
  CHECK(names_in(scratch / "m/tmp").size() == 2);
  REQUIRE(maildirs.open(scratch / "m", now));
  CHECK(names_in(scratch / "m/tmp") == std::vector<std::string>{"fresh"});
  CHECK(names_in(scratch / "m/new") == std::vector<std::string>{"old"});
}

TEST_CASE("a folder's sync that fails is told to all who share it", "[storage][maildirs]") {
  Scratch scratch;
  FaultyFiles files;
  SharedFolder shared;
  shared.folder = Descriptor(files, *files.open_folder(kNoFolder, scratch.path()));
  files.fail_all(Call::SyncFolder, EIO);
  const auto done = shared.sync(files);
  REQUIRE_FALSE(done);
  CHECK(done.error().system == EIO);
  files.heal();
  CHECK(shared.sync(files));
}

TEST_CASE("a folder that exists is found in whatever case it is written", "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files);
  REQUIRE(maildirs.open(scratch / "m", wall()));
  REQUIRE(make_folders(*files, scratch / "m/.Lists.Asio"));
  for (const char* name : {"lists.asio", "LISTS.ASIO", "Lists.Asio"}) {
    const auto lease = maildirs.open_folder(scratch / "m", name, /*create=*/false, wall());
    REQUIRE(lease);
    CHECK((*lease)->path == scratch / "m/.Lists.Asio");
  }
  CHECK(names_in(scratch / "m/.Lists.Asio") == std::vector<std::string>{"cur", "new", "tmp"});
}

TEST_CASE("a folder is made only when that is wished, with its marker", "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files);
  const auto without = maildirs.open_folder(scratch / "m", "Lists", /*create=*/false, wall());
  REQUIRE(without);
  CHECK((*without)->path == scratch / "m");
  CHECK(names_in(scratch / "m") == std::vector<std::string>{"cur", "new", "tmp"});
  const auto with = maildirs.open_folder(scratch / "m", "Lists", /*create=*/true, wall());
  REQUIRE(with);
  CHECK((*with)->path == scratch / "m/.Lists");
  CHECK(names_in(scratch / "m/.Lists") ==
        std::vector<std::string>{"cur", "maildirfolder", "new", "tmp"});
}

TEST_CASE("strangers cannot make folders without end", "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files);
  for (int n = 0; n < 80; ++n) {
    const std::string name = "f" + std::to_string(n);
    REQUIRE(maildirs.open_folder(scratch / "m", name, /*create=*/true, wall()));
  }
  CHECK(names_in(scratch / "m").size() == 64 + 3);
  const auto old = maildirs.open_folder(scratch / "m", "f5", /*create=*/true, wall());
  CHECK((*old)->path == scratch / "m/.f5");
}

TEST_CASE("names that could lead out of the Maildir, links and files are its inbox",
          "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files);
  REQUIRE(maildirs.open(scratch / "m", wall()));
  std::filesystem::create_directories(scratch / "other/new");
  std::filesystem::create_symlink(scratch / "other", scratch / "m/.Link");
  std::ofstream(scratch / "m/.File") << "text";
  for (const std::string& name :
       std::vector<std::string>{"", ".", "..", "a/../../other", "/other", "x..y", ".x", "x.",
                                std::string("a\0b", 3), std::string(250, 'x'), "Link", "File"}) {
    const auto lease = maildirs.open_folder(scratch / "m", name, /*create=*/true, wall());
    REQUIRE(lease);
    CHECK((*lease)->path == scratch / "m");
  }
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"m", "other"});
}

TEST_CASE("a mode for a group is that of all that is made, whatever the umask",
          "[storage][maildirs]") {
  Scratch scratch;
  const auto files = make_system_files();
  Maildirs maildirs(*files, 64, 0770);
  const auto lease = maildirs.open_folder(scratch / "u/m", "Lists", /*create=*/true, wall());
  REQUIRE(lease);
  for (const char* path : {"u", "u/m", "u/m/new", "u/m/.Lists", "u/m/.Lists/tmp"}) {
    INFO(path);
    struct stat found {};
    REQUIRE(::stat((scratch / path).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0770);
  }
  struct stat marker {};
  REQUIRE(::stat((scratch / "u/m/.Lists/maildirfolder").c_str(), &marker) == 0);
  CHECK((marker.st_mode & 0777) == 0660);
}

}  // namespace gatepost::storage::test
