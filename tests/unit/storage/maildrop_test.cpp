// SPDX-License-Identifier: Apache-2.0
// unit: the maildrop: what is left there arrives whole, and what is not sendmail's does not.
#include "storage/maildrop.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "queue/record.h"
#include "support/temp_folder.h"

using namespace gatepost;
using namespace gatepost::storage;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kToken = "0123456789ABCDEF0123456789ABCDEF";

struct Place {
  tests::TempFolder temp;
  std::unique_ptr<Files> files = make_system_files();
  std::string folder = temp / "drop";
  Maildrop drop{*files, folder};
  Moment now{std::chrono::seconds(1'795'239'600)};
  std::vector<std::string> strange;

  Place() { fs::create_directory(folder); }

  static queue::Item item() {
    queue::Item out;
    out.sender = {"alice", ""};
    out.destinations.push_back({{{"bob", "example.com"}, {}, {}}, queue::State::Waiting, {}});
    return out;
  }
  std::string leave(std::string_view text, const queue::Item& about = item()) {
    auto writer = DropWriter::create(*files, folder, kToken, now);
    REQUIRE(writer);
    REQUIRE(writer->append(text));
    REQUIRE(writer->finish(about));
    REQUIRE(writer->commit());
    return list().at(0);
  }
  std::vector<std::string> list() {
    auto found = drop.list(100, Moment(std::chrono::seconds(::time(nullptr))), strange);
    REQUIRE(found);
    return *found;
  }
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
  }
};

}  // namespace

TEST_CASE("a message that was left is found with its owner and envelope", "[storage]") {
  Place place;
  const std::string text = "Subject: x\n\n" + std::string(200'000, 'x') + "\n";
  const std::string name = place.leave(text);
  auto found = place.drop.open(name);
  REQUIRE(found);
  CHECK(found->uid == ::getuid());
  CHECK(found->item.id == name);
  CHECK(found->item.octets == text.size());
  CHECK(found->item.sender.text() == "alice");
  CHECK(found->item.destinations.at(0).recipient.mailbox.text() == "bob@example.com");
  std::string read(text.size(), '\0');
  REQUIRE(place.files->read(found->file.get(), 0, read));
  CHECK(read == text);
  struct stat about {};
  REQUIRE(::stat((place.folder + "/" + name).c_str(), &about) == 0);
  CHECK((about.st_mode & 07777U) == 0644U);
  REQUIRE(place.drop.remove(name));
  CHECK(place.count() == 0);
}

TEST_CASE("what was given up before commit leaves nothing and is never listed", "[storage]") {
  Place place;
  {
    auto writer = DropWriter::create(*place.files, place.folder, kToken, place.now);
    REQUIRE(writer);
    REQUIRE(writer->append("x\n"));
    CHECK(place.list().empty());
    REQUIRE(writer->finish(Place::item()));
    CHECK(place.list().empty());
    CHECK(place.count() == 1);
  }
  CHECK(place.count() == 0);
}

TEST_CASE("a disk that fails at any call leaves the message or an error, never both", "[storage]") {
  for (int fail_at = 0; fail_at < 12; ++fail_at) {
    Place place;
    struct Failing final : test::WatchedFiles {
      int left = 0;
      Result<void> before(test::Call call) override {
        if (call == test::Call::Unlink || left-- != 0) return {};
        return Error{Cause::Temporary, "no", ENOSPC};
      }
    } failing;
    failing.left = fail_at;
    bool committed = false;
    {
      auto writer = DropWriter::create(failing, place.folder, kToken, place.now);
      committed = writer && writer->append(std::string(100'000, 'x')) &&
                  writer->finish(Place::item()) && writer->commit();
    }
    CHECK(place.list().size() == (committed ? 1U : 0U));
    CHECK(place.count() == (committed ? 1U : 0U));
  }
}

TEST_CASE("files that sendmail did not make are no messages", "[storage]") {
  Place place;
  const std::string name = place.leave("x\n");
  const std::string path = place.folder + "/" + name;
  const auto refused = [&place, &name] {
    const auto found = place.drop.open(name);
    return !found && found.error().cause == Cause::Permanent;
  };
  SECTION("another name") {
    const std::string other = "M" + std::string(16, '0') + std::string(32, '1');
    fs::rename(path, place.folder + "/" + other);
    CHECK_FALSE(place.drop.open(other));
  }
  SECTION("a second name elsewhere") {
    fs::create_hard_link(path, place.temp / "link");
    CHECK(refused());
  }
  SECTION("a symbolic link") {
    fs::rename(path, place.temp / "elsewhere");
    fs::create_symlink(place.temp / "elsewhere", path);
    CHECK(refused());
  }
  SECTION("a pipe") {
    fs::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0644) == 0);
    CHECK(refused());
  }
  SECTION("writable by others") {
    fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
    CHECK(refused());
  }
  SECTION("cut") {
    fs::resize_file(path, fs::file_size(path) - 1);
    CHECK(refused());
  }
  SECTION("empty") {
    fs::resize_file(path, 0);
    CHECK(refused());
  }
}

TEST_CASE("addresses that are none are not believed", "[storage]") {
  for (const mail::Mailbox& bad :
       {mail::Mailbox{"a\nb", "x.example"}, mail::Mailbox{"a", "x y"}, mail::Mailbox{"", ""},
        mail::Mailbox{std::string(65, 'a'), "x.example"}, mail::Mailbox{"a", "x\r.example"}}) {
    Place place;
    queue::Item item = Place::item();
    item.destinations[0].recipient.mailbox = bad;
    CHECK_FALSE(place.drop.open(place.leave("x\n", item)));
  }
  Place place;
  queue::Item item = Place::item();
  item.destinations.clear();
  CHECK_FALSE(place.drop.open(place.leave("x\n", item)));
}

TEST_CASE("the users take turns, whatever their names say", "[storage]") {
  if (::geteuid() != 0) SKIP("only root gives files away");
  Place place;
  const auto drop = [&place](char digit, unsigned uid) {
    const std::string name = "M" + std::string(48, digit);
    place.temp.write("drop/" + name, "x");
    REQUIRE(::chown((place.folder + "/" + name).c_str(), uid, uid) == 0);
    return name;
  };
  const std::vector<std::string> first{drop('1', 4001), drop('2', 4001), drop('3', 4001)};
  const std::string other = drop('4', 4002);
  CHECK(place.list() == std::vector<std::string>{first[0], other, first[1], first[2]});
}

TEST_CASE("strange names are set aside, fresh writing is left alone, old writing goes",
          "[storage]") {
  Place place;
  const std::string name = place.leave("x\n");
  place.temp.write("drop/junk", "x");
  fs::create_directory(place.folder + "/folder");
  const std::string fresh = "T" + std::string(48, '0');
  const std::string old = "T" + std::string(48, '1');
  place.temp.write("drop/" + fresh, "x");
  place.temp.write("drop/" + old, "x");
  fs::last_write_time(place.folder + "/" + old,
                      fs::file_time_type::clock::now() - std::chrono::hours(25));
  CHECK(place.list() == std::vector<std::string>{name});
  std::sort(place.strange.begin(), place.strange.end());
  CHECK(place.strange == std::vector<std::string>{"folder", "junk"});
  CHECK(fs::exists(place.folder + "/" + fresh));
  CHECK_FALSE(fs::exists(place.folder + "/" + old));
  CHECK(fs::exists(place.folder + "/corrupt/junk"));
}
