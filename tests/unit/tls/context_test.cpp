// SPDX-License-Identifier: Apache-2.0
// tests: which chain a client is shown.
#include "tls/context.h"

#include <catch2/catch_test_macros.hpp>

#include "client.h"

namespace gatepost::tls {
namespace {

using tests::Client;
using tests::ClientOrder;
using tests::make_chain;
using tests::make_ec_key;

LoadedName loaded(const std::string& name,
                  const std::string& subject,
                  const std::string& not_after = "20460101000000") {
  tests::CertificateOrder order;
  order.name = subject;
  order.not_after = not_after;
  LoadedName one{name, {}};
  one.chains.push_back(make_chain(make_ec_key(), order));
  return one;
}

std::shared_ptr<const ServerContext> three_names() {
  std::vector<LoadedName> names;
  names.push_back(loaded("", "default"));
  names.push_back(loaded("mx.example.com", "exact"));
  names.push_back(loaded(".example.com", "below"));
  auto context = ServerContext::make(std::move(names), true);
  REQUIRE(context);
  return *std::move(context);
}

struct Shown {
  std::string subject;
  std::string server_name;
};

Shown shown_to(const std::shared_ptr<const ServerContext>& context,
               const std::string& name,
               std::vector<std::uint16_t> groups = {}) {
  ClientOrder order;
  order.server_name = name;
  order.groups = std::move(groups);
  auto server = tests::make_channel(context);
  Client client(order);
  REQUIRE(tests::shake_hands(*server, client) == Progress::Done);
  return {client.peer_name(), server->take_facts().server_name};
}

}  // namespace

TEST_CASE("the name a client asks for selects the certificate", "[tls][sni]") {
  const auto context = three_names();
  CHECK(shown_to(context, "mx.example.com").subject == "CN=exact");
  CHECK(shown_to(context, "MX.EXAMPLE.COM").subject == "CN=exact");
  CHECK(shown_to(context, "a.example.com").subject == "CN=below");
  CHECK(shown_to(context, "b.a.example.com").subject == "CN=below");
  CHECK(shown_to(context, "example.com").subject == "CN=default");
  CHECK(shown_to(context, "elsewhere.example").subject == "CN=default");
  CHECK(shown_to(context, "").subject == "CN=default");
}

TEST_CASE("the name is remembered as asked for, also when nobody has it", "[tls][sni]") {
  const auto context = three_names();
  CHECK(shown_to(context, "Other.Example").server_name == "other.example");
  CHECK(shown_to(context, "").server_name.empty());
}

TEST_CASE("what cannot be a host name gets the default and is not remembered", "[tls][sni]") {
  const auto context = three_names();
  for (const char* name : {"mx.example.com\\", "a b", "x\ny.example.com", "\xff"}) {
    const auto shown = shown_to(context, name);
    CHECK(shown.subject == "CN=default");
    CHECK(shown.server_name.empty());
  }
}

TEST_CASE("a retried hello selects the same certificate", "[tls][sni]") {
  const auto shown =
      shown_to(three_names(), "mx.example.com", {MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1});
  CHECK(shown.subject == "CN=exact");
}

TEST_CASE("without a default the first name's chains are shown to strangers", "[tls][sni]") {
  std::vector<LoadedName> names;
  names.push_back(loaded("mx.example.com", "first"));
  names.push_back(loaded("mx.example.net", "second"));
  auto context = ServerContext::make(std::move(names), true);
  REQUIRE(context);
  CHECK(shown_to(*context, "elsewhere.example").subject == "CN=first");
}

TEST_CASE("the context expires with its first leaf", "[tls]") {
  std::vector<LoadedName> names;
  names.push_back(loaded("", "late"));
  names.push_back(loaded("mx.example.com", "early", "20310203040506"));
  auto context = ServerContext::make(std::move(names), true);
  REQUIRE(context);
  CHECK((*context)->not_after() == 1927857906);
}

}  // namespace gatepost::tls
