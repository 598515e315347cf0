// SPDX-License-Identifier: Apache-2.0
// tests: certificates from files, and what happens when the files change.
#include "tls/server_context.h"

#include <filesystem>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>

#include "client.h"
#include "support/temp_folder.h"
#include "tls/context.h"

namespace gatepost::tls {
namespace {

using tests::CertificateOrder;
using tests::Client;
using tests::make_certificate;
using tests::make_ec_key;
using tests::TempFolder;

std::string certificate_for(const std::string& key, const std::string& name) {
  CertificateOrder order;
  order.name = name;
  return make_certificate(key, order);
}

ServerSettings settings_of(std::vector<ChainFiles> chains) {
  ServerSettings settings;
  settings.hostname = "mx.example.com";
  if (!chains.empty()) settings.names.push_back({"", std::move(chains)});
  return settings;
}

std::unique_ptr<ServerContexts> make(ServerSettings settings) {
  auto made = make_server_contexts(std::move(settings));
  REQUIRE(made);
  return *std::move(made);
}

std::string shown_by(const std::shared_ptr<const ServerContext>& context) {
  auto server = tests::make_channel(context);
  Client client;
  REQUIRE(tests::shake_hands(*server, client) == Progress::Done);
  return client.peer_name();
}

mode_t mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777;
}

}  // namespace

TEST_CASE("nothing is in force before the first refresh", "[tls][reload]") {
  const auto contexts = make(settings_of({}));
  CHECK(contexts->current() == nullptr);
  CHECK(contexts->expires_in() == 0);
}

TEST_CASE("certificates load from one file or from two", "[tls][reload]") {
  const TempFolder folder;
  const auto key = make_ec_key();
  const auto both = folder.write("both.pem", key + certificate_for(key, "together"));
  const auto certificate = folder.write("crt.pem", certificate_for(key, "apart"));
  const auto alone = folder.write("key.pem", key);
  for (const ChainFiles& files : {ChainFiles{both, ""}, ChainFiles{both, both}}) {
    const auto contexts = make(settings_of({files}));
    const auto refresh = contexts->refresh();
    CHECK(refresh.changed);
    CHECK(refresh.problems.empty());
    CHECK(shown_by(contexts->current()) == "CN=together");
  }
  const auto contexts = make(settings_of({{certificate, alone}}));
  CHECK(contexts->refresh().changed);
  CHECK(shown_by(contexts->current()) == "CN=apart");
  CHECK(contexts->expires_in() > 0);
}

TEST_CASE("an unchanged file is not loaded again", "[tls][reload]") {
  const TempFolder folder;
  const auto key = make_ec_key();
  const auto path = folder.write("both.pem", key + certificate_for(key, "one"));
  const auto contexts = make(settings_of({{path, ""}}));
  CHECK(contexts->refresh().changed);
  const auto before = contexts->current();
  const auto again = contexts->refresh();
  CHECK_FALSE(again.changed);
  CHECK(again.problems.empty());
  CHECK(contexts->current() == before);
}

TEST_CASE("a replaced file is in force for new sessions while old ones go on", "[tls][reload]") {
  const TempFolder folder;
  const auto key = make_ec_key();
  const auto path = folder.write("both.pem", key + certificate_for(key, "old"));
  const auto contexts = make(settings_of({{path, ""}}));
  CHECK(contexts->refresh().changed);
  auto server = tests::make_channel(contexts->current());
  Client client;
  REQUIRE(tests::shake_hands(*server, client) == Progress::Done);

  const auto next_key = make_ec_key();
  folder.replace("both.pem", next_key + certificate_for(next_key, "new"));
  CHECK(contexts->refresh().changed);
  CHECK(shown_by(contexts->current()) == "CN=new");

  client.write("NOOP\r\n");
  server->feed(client.take_output());
  CHECK(tests::read_all(*server) == "NOOP\r\n");
  REQUIRE(server->write("250 2.0.0 Ok\r\n") == Progress::Done);
  client.feed(server->take_output());
  CHECK(client.read() == "250 2.0.0 Ok\r\n");
}

TEST_CASE("a bad replacement is told once and the old set stays", "[tls][reload]") {
  const TempFolder folder;
  const auto key = make_ec_key();
  const auto certificate = folder.write("crt.pem", certificate_for(key, "good"));
  const auto key_path = folder.write("key.pem", key);
  const auto contexts = make(settings_of({{certificate, key_path}}));
  CHECK(contexts->refresh().changed);

  // The moment between the two writes of a renewal.
  const auto next_key = make_ec_key();
  folder.replace("crt.pem", certificate_for(next_key, "renewed"));
  const auto refresh = contexts->refresh();
  CHECK_FALSE(refresh.changed);
  REQUIRE(refresh.problems.size() == 1);
  CHECK(refresh.problems[0] ==
        certificate + " with " + key_path + ": the key does not fit the certificate");
  CHECK(contexts->refresh().problems.empty());
  CHECK(shown_by(contexts->current()) == "CN=good");

  folder.replace("key.pem", next_key);
  CHECK(contexts->refresh().changed);
  CHECK(shown_by(contexts->current()) == "CN=renewed");
}

TEST_CASE("a file that vanishes leaves the old set in force, one that appears is taken",
          "[tls][reload]") {
  const TempFolder folder;
  const auto path = folder / "both.pem";
  const auto contexts = make(settings_of({{path, ""}}));
  const auto missing = contexts->refresh();
  REQUIRE(missing.problems.size() == 1);
  CHECK(missing.problems[0].find("both.pem") != std::string::npos);
  CHECK(contexts->current() == nullptr);

  const auto key = make_ec_key();
  folder.write("both.pem", key + certificate_for(key, "here"));
  CHECK(contexts->refresh().changed);
  std::filesystem::remove(path);
  CHECK(contexts->refresh().problems.size() == 1);
  CHECK(shown_by(contexts->current()) == "CN=here");
}

TEST_CASE("one bad chain refuses the whole set", "[tls][reload]") {
  const TempFolder folder;
  const auto key = make_ec_key();
  const auto good = folder.write("good.pem", key + certificate_for(key, "good"));
  const auto bad = folder.write("bad.pem", "no certificate");
  const auto contexts = make(settings_of({{good, ""}, {bad, ""}}));
  CHECK(contexts->refresh().problems.size() == 1);
  CHECK(contexts->current() == nullptr);
}

TEST_CASE("new settings take force at the next refresh", "[tls][reload]") {
  const TempFolder folder;
  const auto key = make_ec_key();
  const auto one = folder.write("one.pem", key + certificate_for(key, "one"));
  const auto two = folder.write("two.pem", key + certificate_for(key, "two"));
  const auto contexts = make(settings_of({{one, ""}}));
  CHECK(contexts->refresh().changed);
  contexts->configure(settings_of({{two, ""}}));
  CHECK(shown_by(contexts->current()) == "CN=one");
  CHECK(contexts->refresh().changed);
  CHECK(shown_by(contexts->current()) == "CN=two");
}

TEST_CASE("a certificate is made once, kept for us alone, and used again", "[tls][self-signed]") {
  const TempFolder folder;
  auto settings = settings_of({});
  settings.self_signed_directory = folder / "tls";
  const auto contexts = make(settings);
  const auto first = contexts->refresh();
  CHECK(first.changed);
  CHECK(first.made_self_signed);
  CHECK(first.problems.empty());
  CHECK(shown_by(contexts->current()) == "CN=mx.example.com");
  CHECK(mode_of(folder / "tls") == 0700);
  CHECK(mode_of(folder / "tls/self-signed.pem") == 0600);
  const auto kept = folder.read("tls/self-signed.pem");
  CHECK_FALSE(contexts->refresh().changed);

  const auto restarted = make(settings);
  const auto second = restarted->refresh();
  CHECK(second.changed);
  CHECK_FALSE(second.made_self_signed);
  CHECK(folder.read("tls/self-signed.pem") == kept);
  constexpr std::int64_t kYear = 365 * 24 * 3600;
  CHECK(restarted->expires_in() > 9 * kYear);
  CHECK(restarted->expires_in() < 11 * kYear);
}

TEST_CASE("another host name or a damaged file makes a new certificate", "[tls][self-signed]") {
  const TempFolder folder;
  auto settings = settings_of({});
  settings.self_signed_directory = folder.path();
  CHECK(make(settings)->refresh().made_self_signed);
  settings.hostname = "mail.example.net";
  const auto renamed = make(settings);
  CHECK(renamed->refresh().made_self_signed);
  CHECK(shown_by(renamed->current()) == "CN=mail.example.net");

  folder.write("self-signed.pem", "garbage");
  const auto repaired = make(settings);
  const auto refresh = repaired->refresh();
  CHECK(refresh.made_self_signed);
  CHECK(refresh.problems.size() == 1);
  CHECK(repaired->current() != nullptr);
  CHECK_FALSE(repaired->refresh().changed);
}

TEST_CASE("a certificate about to end is made anew", "[tls][self-signed]") {
  const TempFolder folder;
  const auto key = make_ec_key();
  CertificateOrder order;
  order.not_after = "20250601000000";
  folder.write("self-signed.pem", key + make_certificate(key, order));
  auto settings = settings_of({});
  settings.self_signed_directory = folder.path();
  const auto contexts = make(settings);
  CHECK(contexts->refresh().made_self_signed);
  CHECK(contexts->expires_in() > 0);
}

TEST_CASE("where nothing can be kept the certificate lives in memory", "[tls][self-signed]") {
  auto settings = settings_of({});
  settings.self_signed_directory = "/nonexistent/tls";
  const auto contexts = make(settings);
  const auto refresh = contexts->refresh();
  CHECK(refresh.changed);
  REQUIRE(refresh.problems.size() == 1);
  CHECK(refresh.problems[0].find("in memory only") != std::string::npos);
  CHECK(contexts->current() != nullptr);
  CHECK_FALSE(contexts->refresh().changed);
}

}  // namespace gatepost::tls
