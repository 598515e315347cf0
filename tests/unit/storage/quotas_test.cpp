// SPDX-License-Identifier: Apache-2.0
// tests: what a Maildir holds, counted, remembered and shared with others by maildirsize.
#include "storage/quotas.h"

#include <catch2/catch_test_macros.hpp>

#include "doubles.h"
#include "house.h"

namespace gatepost::storage::test {
namespace {

using mail::QuotaLimits;
using mail::QuotaUse;

const QuotaLimits kLimits{1000, 10};

void put(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// A Maildir with three messages that count (100 + 7 + 20 octets) and two in Trash.
std::string fill(const Scratch& scratch) {
  const std::string root = scratch / "Maildir";
  std::filesystem::create_directories(root + "/tmp");
  put(root + "/new/1.a,S=100", "its name says more than it has");
  put(root + "/cur/2.b:2,S", "7 octet");
  put(root + "/.Lists.x/cur/3.c,S=20,W=21:2,ST", "x");
  put(root + "/.Lists.x/tmp/4.d,S=500", "x");
  put(root + "/.Trash/cur/5.e,S=300", "x");
  put(root + "/.Trash.old/new/6.f,S=300", "x");
  put(root + "/.subscriptions", "a file");
  return root;
}

Moment later(int seconds) {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()) +
         std::chrono::seconds(seconds);
}

}  // namespace

TEST_CASE("all folders but Trash are counted, and the sum is written down", "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  Quotas quotas(*files);
  const std::string root = fill(scratch);
  CHECK(*quotas.use(root, kLimits, later(0)) == QuotaUse{127, 3});
  CHECK(read_text(root + "/maildirsize") == "1000S,10C\n127 3\n");
  CHECK(names_in(root + "/tmp").empty());
}

TEST_CASE("a Maildir that is not there holds nothing and is not made", "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  Quotas quotas(*files);
  CHECK(*quotas.use(scratch / "Maildir", kLimits, later(0)) == QuotaUse{});
  CHECK(names_in(scratch.path()).empty());
}

TEST_CASE("what others append is seen, after some seconds", "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  Quotas quotas(*files);
  const std::string root = fill(scratch);
  CHECK(*quotas.use(root, kLimits, later(0)) == QuotaUse{127, 3});
  std::ofstream(root + "/maildirsize", std::ios::app) << "-27 -1\n";
  CHECK(*quotas.use(root, kLimits, later(1)) == QuotaUse{127, 3});
  CHECK(*quotas.use(root, kLimits, later(10)) == QuotaUse{100, 2});
}

TEST_CASE("a message that came in is appended in one line and known at once", "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  Quotas quotas(*files);
  const std::string root = fill(scratch);
  REQUIRE(quotas.use(root, kLimits, later(0)));
  CHECK(*quotas.add(root, kLimits, 50) == QuotaUse{177, 4});
  CHECK(read_text(root + "/maildirsize") == "1000S,10C\n127 3\n50 1\n");
  CHECK(*quotas.use(root, kLimits, later(1)) == QuotaUse{177, 4});
}

TEST_CASE("nobody counts where there is no file: none is made by a delivery", "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  Quotas quotas(*files);
  const std::string root = fill(scratch);
  CHECK_FALSE(quotas.add(root, {}, 50));
  CHECK_FALSE(std::filesystem::exists(root + "/maildirsize"));
}

TEST_CASE("other limits, damage and length make the file anew", "[storage][quota]") {
  const auto files = make_system_files();
  std::string damage;
  SECTION("other limits") {
    damage = "1S\n127 3\n";
  }
  SECTION("damage") {
    damage = "1000S,10C\n127";
  }
  SECTION("less than nothing") {
    damage = "1000S,10C\n127 3\n-500 0\n";
  }
  SECTION("too long") {
    damage = "1000S,10C\n";
    while (damage.size() < 6000) damage += "1 0\n";
  }
  Scratch scratch;
  const std::string root = fill(scratch);
  put(root + "/maildirsize", damage);
  Quotas quotas(*files);
  CHECK(*quotas.use(root, kLimits, later(0)) == QuotaUse{127, 3});
  CHECK(read_text(root + "/maildirsize") == "1000S,10C\n127 3\n");
}

TEST_CASE("a full mailbox is counted again when its file is older than 15 minutes",
          "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  const std::string root = fill(scratch);
  put(root + "/maildirsize", "1000S,10C\n1000 3\n");
  Quotas quotas(*files);
  CHECK(*quotas.use(root, kLimits, later(14 * 60)) == QuotaUse{1000, 3});
  CHECK(*quotas.use(root, kLimits, later(16 * 60)) == QuotaUse{127, 3});
}

TEST_CASE("maildirsize that is a link is not followed", "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  const std::string root = fill(scratch);
  put(scratch / "other", "1000S,10C\n5 1\n");
  std::filesystem::create_symlink(scratch / "other", root + "/maildirsize");
  Quotas quotas(*files);
  CHECK_FALSE(quotas.add(root, kLimits, 50));
  CHECK(read_text(scratch / "other") == "1000S,10C\n5 1\n");
  // Never what the link leads to; the link's own place is taken by the count, or nothing is known.
  const auto use = quotas.use(root, kLimits, later(0));
  if (use) CHECK(*use == QuotaUse{127, 3});
  CHECK(read_text(scratch / "other") == "1000S,10C\n5 1\n");
}

TEST_CASE("whatever call fails, the figure is right or there is none", "[storage][quota]") {
  for (std::uint64_t n = 1;; ++n) {
    Scratch scratch;
    FaultyFiles files;
    const std::string root = fill(scratch);
    Quotas quotas(files);
    files.fail(n, EIO);
    const auto use = quotas.use(root, kLimits, later(0));
    const bool hit = files.failed() > 0;
    files.heal();
    INFO("call " << n);
    if (use) CHECK(*use == QuotaUse{127, 3});
    CHECK(names_in(root + "/tmp").empty());
    if (!hit) break;
    REQUIRE(n < 100);
  }
}

TEST_CASE("a delivery tells the file, and tells once when the mailbox is nearly full",
          "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  const auto deliver = [&](const std::string& id, std::size_t octets) {
    IntakeRequest request = house.request(id, {"ann"});
    request.local[0].quota = {2000, 0};
    const auto stored = house.deliver(std::move(request), std::string(octets - 1, 'x') + "\n");
    REQUIRE(stored);
    return stored->nearly_full.size();
  };
  const auto use = [&] {
    return *run_task(house.loop(), house.store().quota(house.maildir("ann"), {2000, 0}));
  };
  CHECK(deliver("A1", 300) == 0);
  const auto first = use();
  CHECK(first.messages == 1);
  CHECK(first.octets > 300);
  CHECK(deliver("A2", 300) == 0);
  CHECK(deliver("A3", 900) == 1);
  CHECK(deliver("A4", 10) == 0);
  CHECK(use().messages == 4);
  std::uint64_t octets = 0;
  for (const std::string& text : house.new_in("ann")) octets += text.size();
  CHECK(use().octets == octets);
}

TEST_CASE("the first message into a new mailbox may fill it nearly", "[storage][quota]") {
  Scratch scratch;
  const auto files = make_system_files();
  House house(*files, scratch.path());
  REQUIRE(house.open());
  const mail::QuotaLimits limits{2000, 0};
  const auto deliver = [&](const std::string& id, const std::string& to, std::size_t octets) {
    IntakeRequest request = house.request(id, {to});
    request.local[0].quota = limits;
    const auto stored = house.deliver(std::move(request), std::string(octets - 1, 'x') + "\n");
    REQUIRE(stored);
    return stored->nearly_full.size();
  };
  // Asked about before, as at RCPT, and not.
  CHECK(run_task(house.loop(), house.store().quota(house.maildir("ann"), limits))->messages == 0);
  CHECK(deliver("B1", "ann", 1900) == 1);
  CHECK(deliver("B2", "ann", 10) == 0);
  CHECK(deliver("B3", "bob", 1900) == 1);
  CHECK(deliver("B4", "bob", 10) == 0);
  CHECK(deliver("B5", "cat", 100) == 0);
}

}  // namespace gatepost::storage::test
