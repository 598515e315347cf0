// SPDX-License-Identifier: Apache-2.0
// auth: names that are nobody's look like names that are somebody's.
#include "auth/decoys.h"

#include <crypt.h>
#include <map>
#include <memory>

#include <catch2/catch_test_macros.hpp>

#include "auth/crypt_hash.h"
#include "base/text.h"

using namespace gatepost;
using namespace gatepost::auth;

namespace {

const std::string kScram = [] {
  return std::string(make_scram_secret("x", "0123456789abcdef").reveal());
}();
constexpr const char* kSlow =
    "{SCRAM-SHA-256}10000,YTL3SBEXm+euyVd+WFUIEg==,U7f+usOOGGIQ5Pwe/qsfvFkjvK6dwJ9aItad+SD2ckA=,"
    "55tXruVZogWR4EDt/2/0L5MrytgSsnu9vVc3qq9pYlI=";
constexpr const char* kBcrypt =
    "{BLF-CRYPT}$2y$05$ZQ.QqsneBZtffsqBayU0zOz91NZVoV1P9ucrlnMYOo63UZmgpQzWa";
constexpr const char* kSha = "$6$rounds=1000$K9XXUA525eQ2RSmm$Fh8m149EKblRlClZ08pO9q2JryQ";

Decoys decoys(const std::vector<std::string_view>& secrets, std::string key = "key") {
  return Decoys::make(Secret(std::move(key)), secrets);
}

}  // namespace

TEST_CASE("a decoy stays the same for one name and key, and no other", "[auth]") {
  const Decoys one = decoys({kScram});
  const Decoys same = decoys({kScram, kScram});
  const Decoys other = decoys({kScram}, "another key");
  CHECK(one.pick_scram("alice").salt == same.pick_scram("alice").salt);
  CHECK(one.pick_scram("alice").salt == one.pick_scram("ALICE").salt);
  CHECK(one.pick_scram("alice").salt != one.pick_scram("bob").salt);
  CHECK(one.pick_scram("alice").salt != other.pick_scram("alice").salt);
  CHECK(one.pick_scram("alice").salt.size() == 16);
  CHECK(one.pick_scram("alice").decoy);
  CHECK(one.pick("alice").decoy);
}

TEST_CASE("decoys have the kinds that users have, as often", "[auth]") {
  const Decoys some = decoys({kScram, kSlow, kSlow, kSlow, "*", "", "{ARGON2ID}x"});
  std::map<unsigned, int> counts;
  for (int i = 0; i < 4000; ++i)
    ++counts[some.pick("user" + format_number(unsigned(i))).iterations];
  REQUIRE(counts.size() == 2);
  CHECK(counts[10'000] > 2800);
  CHECK(counts[10'000] < 3200);
}

TEST_CASE("one user more moves few names to another kind", "[auth]") {
  std::vector<std::string_view> users(10, kSlow);
  users.insert(users.end(), 10, kScram);
  const Decoys before = decoys(users);
  users.emplace_back(kScram);
  const Decoys after = decoys(users);
  int moved = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "user" + format_number(unsigned(i));
    if (before.pick(name).iterations != after.pick(name).iterations) ++moved;
  }
  CHECK(moved < 60);
}

TEST_CASE("decoys of every scheme take part in a check and fail it", "[auth]") {
  for (const std::string_view text :
       {std::string_view(kScram), std::string_view(kBcrypt), std::string_view(kSha),
        std::string_view("{PLAIN}x"),
        std::string_view("{SSHA256}luv/3ep2JfqHNtdayHomzPteV5rjcTAy7BvoIqAP4w3oMFMN")}) {
    CAPTURE(text);
    const auto real = parse_secret(text);
    REQUIRE(real);
    StoredSecret decoy = decoys({text}).pick("nobody");
    CHECK(decoy.scheme == real->scheme);
    CHECK(decoy.hash == real->hash);
    CHECK(decoy.iterations == real->iterations);
    CHECK(decoy.salt.size() == real->salt.size());
    CHECK(decoy.stored_key.size() == real->stored_key.size());
    CHECK_FALSE(check_password(decoy, "x"));
  }
}

TEST_CASE("a decoy's crypt hash is one that crypt(3) works on", "[auth]") {
  // Refused settings cost no time and would tell that nobody is there.
  for (const char* text : {kBcrypt, kSha}) {
    const StoredSecret decoy = decoys({text}).pick("nobody");
    const std::string made(decoy.text.reveal());
    CAPTURE(made);
    CHECK(parse_secret("{CRYPT}" + made));
    CHECK(made.size() >= 50);
    // The hash of some password with this setting fits it, so the setting is sound.
    const auto work = std::make_unique<crypt_data>();
    const char* hash = crypt_r("x", made.c_str(), work.get());
    REQUIRE(hash != nullptr);
    CHECK(std::string_view(hash).starts_with(crypt_cost(made)));
  }
}

TEST_CASE("a mechanism goes on with the user's secret where it serves, else with a decoy",
          "[auth]") {
  const Decoys all = decoys({kScram});
  CHECK_FALSE(choose_secret(Use::Scram, "a", kScram, all).decoy);
  CHECK_FALSE(choose_secret(Use::Password, "a", kScram, all).decoy);
  CHECK(choose_secret(Use::Shared, "a", kScram, all).decoy);
  CHECK(choose_secret(Use::Shared, "a", kScram, all).scheme == Scheme::Plain);
  CHECK(choose_secret(Use::Scram, "a", kBcrypt, all).decoy);
  CHECK(choose_secret(Use::Scram, "a", kBcrypt, all).scheme == Scheme::Scram);
  CHECK_FALSE(choose_secret(Use::Password, "a", kBcrypt, all).decoy);
  CHECK_FALSE(choose_secret(Use::Shared, "a", "{PLAIN}x", all).decoy);
  for (const char* nobody : {"", "*", "!", "{ARGON2ID}x", "{SCRAM-SHA-256}broken"}) {
    for (const Use use : {Use::Password, Use::Scram, Use::Shared}) {
      CHECK(choose_secret(use, "a", nobody, all).decoy);
    }
  }
}

TEST_CASE("a clear password serves SCRAM, with a salt that stays", "[auth]") {
  const Decoys all = decoys({kScram});
  const StoredSecret one = choose_secret(Use::Scram, "a", "{PLAIN}pencil", all);
  CHECK(one.scheme == Scheme::Scram);
  CHECK_FALSE(one.decoy);
  CHECK(check_password(one, "pencil"));
  CHECK(one.salt == choose_secret(Use::Scram, "A", "{PLAIN}pencil", all).salt);
  CHECK(one.salt == all.pick_scram("a").salt);
}

TEST_CASE("without a user there is a kind all the same", "[auth]") {
  const StoredSecret decoy = decoys({}).pick("a");
  CHECK(decoy.scheme == Scheme::Scram);
  CHECK(decoy.iterations == kIterations);
}
