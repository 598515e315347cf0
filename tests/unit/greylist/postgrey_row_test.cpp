// SPDX-License-Identifier: Apache-2.0
// greylist: what becomes of postgrey's rows.
#include "greylist/postgrey_row.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::greylist;

namespace {

constexpr std::int64_t kDelay = 300;

Result<PostgreyRow> read(std::string_view key, std::string_view value) {
  return read_postgrey_row({}, kDelay, key, value);
}

}  // namespace

TEST_CASE("a triplet of postgrey is one of ours", "[greylist]") {
  const auto row =
      read("192.0.2.0/bounce-#@list.example/Alice@example.com", "1790000000,1790000300");
  REQUIRE(row);
  const Key ours = make_key(
      {}, {*IpAddress::parse("192.0.2.77"), {}, "bounce-12@list.example", "alice@example.com"});
  CHECK(row->key.net == ours.net);
  CHECK(row->key.sender == ours.sender);
  CHECK(row->key.recipient == ours.recipient);
  REQUIRE(row->triplet);
  CHECK(row->triplet->first == 1790000000);
  CHECK(row->triplet->last == 1790000300);
  CHECK(row->triplet->passed);
  const auto early = read("192.0.2.0/a@b.example/c@d.example", "1790000000,1790000299,192.0.2.7");
  CHECK((early && early->triplet && !early->triplet->passed));
}

TEST_CASE("names with slashes, without a domain and without a sender", "[greylist]") {
  const auto null = read(
      "2001:db8::/"
      "/a/b@example.com",
      "1,2");
  REQUIRE(null);
  CHECK(null->key.sender.empty());
  CHECK(null->key.recipient == "a/b@example.com");
  const auto slashes = read("192.0.2.0/a/b@x.example/c/d@example.com", "1,2");
  REQUIRE(slashes);
  CHECK(slashes->key.sender == "a/b@x.example");
  CHECK(slashes->key.recipient == "c/d@example.com");
  const auto bare = read("192.0.2.0/root/c@example.com", "1,2");
  REQUIRE(bare);
  CHECK(bare->key.sender == "root");
}

TEST_CASE("octets that db_dump escapes are what they were", "[greylist]") {
  const auto row = read("192.0.2.0/a\\20b\\\\\\c3\\a9@x.example/c@example.com\\00", "1,2\\00");
  REQUIRE(row);
  CHECK(row->key.sender == "a b\\\xc3\xa9@x.example");
  CHECK(row->key.recipient == "c@example.com");
}

TEST_CASE("a client of postgrey is one of ours", "[greylist]") {
  const auto row = read("192.0.2.7", "6,1790000300");
  REQUIRE(row);
  CHECK_FALSE(row->triplet);
  CHECK(row->key.client == "192.0.2.7");
  CHECK(row->client.count == 6);
  CHECK(row->client.last == 1790000300);
}

TEST_CASE("what postgrey hashed, and what is none of its rows, is refused", "[greylist]") {
  CHECK_FALSE(read("da39a3ee5e6b4b0d3255bfef95601890afd80709", "1,2"));
  CHECK_FALSE(read("192.0.2.0/a@x.example", "1,2"));
  CHECK_FALSE(read("192.0.2.0/a@x.example/", "1,2"));
  CHECK_FALSE(read("192.0.2.0/a@x.example/c@example.com", "1"));
  CHECK_FALSE(read("192.0.2.0/a@x.example/c@example.com", "1,x"));
  CHECK_FALSE(read("192.0.2.0/a@x.example/c@example.com", "1,99999999999999999999"));
  CHECK_FALSE(read("192.0.2.0/a\\2@x.example/c@example.com", "1,2"));
  CHECK_FALSE(read("192.0.2.0/" + std::string(1000, 'a') + "@x.example/c@example.com", "1,2"));
  CHECK_FALSE(read("", ""));
}
