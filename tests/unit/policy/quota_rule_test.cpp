// SPDX-License-Identifier: Apache-2.0
// tests: Dovecot's quota rules.
#include "policy/quota_rule.h"

#include <catch2/catch_test_macros.hpp>

namespace gatepost::policy {
namespace {

using mail::QuotaLimits;

QuotaLimits limits_of(std::string_view rule) {
  const auto limits = parse_quota_rule(rule);
  return limits ? *limits : QuotaLimits{1, 1};
}

}  // namespace

TEST_CASE("storage is in kibibytes, bytes in octets, both with suffixes", "[policy][quota]") {
  CHECK(limits_of("*:storage=1") == QuotaLimits{1024, 0});
  CHECK(limits_of("*:storage=1G") == QuotaLimits{1ULL << 30, 0});
  CHECK(limits_of("*:storage=100b") == QuotaLimits{100, 0});
  CHECK(limits_of("*:bytes=5000") == QuotaLimits{5000, 0});
  CHECK(limits_of("*:bytes=5M") == QuotaLimits{5ULL << 20, 0});
  CHECK(limits_of("*:storage=1T:messages=1000") == QuotaLimits{1ULL << 40, 1000});
  CHECK(limits_of("?:messages=7") == QuotaLimits{0, 7});
  CHECK(limits_of("*:storage=0") == QuotaLimits{});
  CHECK(limits_of("*:noquota") == QuotaLimits{});
}

TEST_CASE("rules for single mailboxes limit nothing here", "[policy][quota]") {
  CHECK(limits_of("Trash:storage=+100M") == QuotaLimits{});
  CHECK(limits_of("Trash:ignore") == QuotaLimits{});
}

TEST_CASE("what is no rule is told", "[policy][quota]") {
  for (const char* rule :
       {"", "*", "*:", "storage=1G", "*:storage=", "*:storage=x", "*:storage=-1", "*:storage=+1G",
        "*:storage=10%", "*:messages=1k", "*:size=1", "*:storage=1Gx", "*:storage=99999999999T",
        "*:storage=99999999999999999999"}) {
    INFO(rule);
    const auto limits = parse_quota_rule(rule);
    CHECK_FALSE((limits && limits->any()));
    if (rule[0] == '*' && rule[1] == ':' && rule[2] != 0) CHECK_FALSE(limits);
  }
}

TEST_CASE("a user's own rules come before the fallback, later ones add to the first",
          "[policy][quota]") {
  User user{};
  user.name = "a@b";
  const QuotaLimits fallback{7, 7};
  CHECK(*quota_of(user, fallback) == fallback);
  user.extra = "userdb_quota_rule=*:bytes=100 userdb_quota_rule2=*:messages=5";
  CHECK(*quota_of(user, fallback) == QuotaLimits{100, 5});
  user.extra = "userdb_quota_rule=*:storage=0";
  CHECK(*quota_of(user, fallback) == QuotaLimits{});
  user.extra = "quota_rule=*:bytes=100";
  CHECK(*quota_of(user, fallback) == QuotaLimits{100, 0});
  user.extra = "userdb_quota_rule=*:bytes=lots";
  CHECK_FALSE(quota_of(user, fallback));
}

TEST_CASE("the fields of Dovecot 2.4 are read", "[policy][quota]") {
  const auto limits = [](std::string extra) {
    return quota_of(User{.name = "u", .extra = std::move(extra)}, {7, 7});
  };
  CHECK(*limits("userdb_quota_storage_size=2G") == QuotaLimits{2ULL << 30, 0});
  CHECK(*limits("userdb_quota_storage_size=5000 userdb_quota_message_count=10") ==
        QuotaLimits{5000, 10});
  CHECK(*limits("userdb_quota_storage_size=1M userdb_quota_rule=*:storage=9G") ==
        QuotaLimits{1ULL << 20, 0});
  CHECK(*limits("userdb_quota_storage_size=unlimited") == QuotaLimits{});
  CHECK_FALSE(limits("userdb_quota_storage_size=much"));
}

}  // namespace gatepost::policy
