// SPDX-License-Identifier: Apache-2.0
// tests: the certificate of a server whose owner has none.
#include "tls/self_signed.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "certificates.h"
#include "support/temp_folder.h"
#include "tls/chain.h"

namespace gatepost::tls {
namespace {

constexpr Moment at(std::chrono::year_month_day day) {
  return std::chrono::sys_days(day);
}

std::unique_ptr<Chain> made_for(std::string_view hostname, Moment now) {
  const auto crypto = tests::crypto();
  const auto pem = make_self_signed(crypto, hostname, now);
  REQUIRE(pem);
  auto chain = Chain::parse(crypto, *pem, *pem);
  REQUIRE(chain);
  return *std::move(chain);
}

constexpr Moment kNow = at(std::chrono::year(2027) / 3 / 1);

}  // namespace

TEST_CASE("a made certificate names the host and lasts ten years", "[tls][self-signed]") {
  const auto chain = made_for("mx.example.com", kNow);
  CHECK(chain->type() == KeyType::EcdsaP256);
  CHECK(chain->is_for("mx.example.com"));
  const auto ten_years = std::chrono::seconds(std::chrono::days(3650));
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch());
  CHECK(chain->not_after() == (now + ten_years).count());
  CHECK(chain->certificates()->valid_from.mon == 2);
  CHECK(chain->certificates()->valid_from.day == 28);
}

TEST_CASE("two certificates differ in key and serial number", "[tls][self-signed]") {
  const auto one = made_for("mx.example.com", kNow);
  const auto two = made_for("mx.example.com", kNow);
  const auto serial = [](Chain& chain) {
    const auto& raw = chain.certificates()->serial;
    return std::string(reinterpret_cast<const char*>(raw.p), raw.len);
  };
  CHECK(serial(*one).size() == 16);
  CHECK(serial(*one) != serial(*two));
}

TEST_CASE("a clock that was never set does not shorten the certificate's life",
          "[tls][self-signed]") {
  const auto chain = made_for("mx.example.com", at(std::chrono::year(1970) / 1 / 2));
  CHECK(chain->not_after() > 2'000'000'000);
}

TEST_CASE("a long host name stands in full where clients look", "[tls][self-signed]") {
  const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  CHECK(made_for(name, kNow)->is_for(name));
}

TEST_CASE("a name that may not stand in a certificate becomes localhost", "[tls][self-signed]") {
  for (const char* name : {"", "a b", "x,CN=y", "caf\xc3\xa9.example"}) {
    CHECK(self_signed_name(name) == "localhost");
    CHECK(made_for(name, kNow)->is_for("localhost"));
  }
}

TEST_CASE("storing leaves no other file behind and replaces a link, not its target",
          "[tls][self-signed]") {
  const tests::TempFolder folder;
  const auto target = folder.write("target", "precious");
  const auto directory = folder / "tls";
  std::filesystem::create_directory(directory);
  std::filesystem::create_symlink(target, self_signed_path(directory));
  REQUIRE(store_self_signed(directory, Secret("pem")));
  CHECK(folder.read("target") == "precious");
  CHECK(folder.read("tls/self-signed.pem") == "pem");
  CHECK(std::distance(std::filesystem::directory_iterator(directory), {}) == 1);
}

TEST_CASE("what root stores belongs to whom the directory belongs", "[tls][self-signed]") {
  if (::geteuid() != 0) SKIP("only root can");
  const tests::TempFolder folder;
  REQUIRE(::chown(folder.path().c_str(), 54321, 54322) == 0);
  REQUIRE(store_self_signed(folder.path(), Secret("pem")));
  struct stat about {};
  REQUIRE(::stat(self_signed_path(folder.path()).c_str(), &about) == 0);
  CHECK(about.st_uid == 54321);
  CHECK((about.st_mode & 07777) == 0600);
}

}  // namespace gatepost::tls
