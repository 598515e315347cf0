// SPDX-License-Identifier: Apache-2.0
// tests: the system's files keep the port's word.
#include "storage/files.h"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"

namespace gatepost::storage::test {

TEST_CASE("parts are written one after the other, however many", "[storage][files]") {
  Scratch scratch;
  const auto files = make_system_files();
  const Descriptor folder(*files, *files->open_folder(kNoFolder, scratch.path()));
  const Descriptor file(*files, *files->create(folder.get(), "f"));
  std::vector<std::string_view> parts;
  std::string all;
  for (int n = 0; n < 20; ++n) {
    parts.push_back(n % 3 == 0 ? "" : "part,");
    all.append(parts.back());
  }
  REQUIRE(files->write(file.get(), parts));
  CHECK(read_text(scratch / "f") == all);
}

TEST_CASE("a file is never made over another, nor through a link", "[storage][files]") {
  Scratch scratch;
  const auto files = make_system_files();
  const Descriptor folder(*files, *files->open_folder(kNoFolder, scratch.path()));
  REQUIRE(::symlink("elsewhere", (scratch / "link").c_str()) == 0);
  CHECK(files->create(folder.get(), "link").error().system == EEXIST);
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"link"});
  CHECK(files->open(folder.get(), "link").error().system == ELOOP);
}

TEST_CASE("a folder that is a link is not opened", "[storage][files]") {
  Scratch scratch;
  const auto files = make_system_files();
  const Descriptor folder(*files, *files->open_folder(kNoFolder, scratch.path()));
  REQUIRE(files->make_folder(folder.get(), "real"));
  REQUIRE(::symlink("real", (scratch / "link").c_str()) == 0);
  CHECK(files->open_folder(folder.get(), "real"));
  CHECK(files->open_folder(folder.get(), "link").error().system == ENOTDIR);
}

TEST_CASE("a rename does not replace", "[storage][files]") {
  Scratch scratch;
  const auto files = make_system_files();
  const Descriptor folder(*files, *files->open_folder(kNoFolder, scratch.path()));
  const Descriptor a(*files, *files->create(folder.get(), "a"));
  const Descriptor b(*files, *files->create(folder.get(), "b"));
  CHECK(files->rename(folder.get(), "a", folder.get(), "b").error().system == EEXIST);
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("reading stops at the end of the file", "[storage][files]") {
  Scratch scratch;
  const auto files = make_system_files();
  const Descriptor folder(*files, *files->open_folder(kNoFolder, scratch.path()));
  const Descriptor file(*files, *files->create(folder.get(), "f"));
  const std::string_view parts[] = {"0123456789"};
  REQUIRE(files->write(file.get(), parts));
  std::string into(8, '-');
  CHECK(*files->read(file.get(), 5, into) == 5);
  CHECK(into == "56789---");
}

TEST_CASE("folders are made with their parents, for the owner alone", "[storage][files]") {
  Scratch scratch;
  const auto files = make_system_files();
  REQUIRE(make_folders(*files, scratch / "a/b/c"));
  REQUIRE(make_folders(*files, scratch / "a/b/c/"));
  const auto mode = std::filesystem::status(scratch / "a/b").permissions();
  CHECK(mode == std::filesystem::perms::owner_all);
  CHECK_FALSE(make_folders(*files, "relative"));
}

TEST_CASE("an error tells what was tried, on what, and errno", "[storage][files]") {
  const auto files = make_system_files();
  const auto opened = files->open_folder(kNoFolder, "/nowhere/at/all");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().system == ENOENT);
  CHECK(opened.error().detail == "open /nowhere/at/all: No such file or directory");
}

}  // namespace gatepost::storage::test
