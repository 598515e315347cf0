// SPDX-License-Identifier: Apache-2.0
// app: PEM files as chains.
#include "app/tls_wiring.h"

#include <catch2/catch_test_macros.hpp>

#include "map_files.h"

using namespace gatepost;

TEST_CASE("a key belongs to the certificates in its file, or to those of the next", "[app]") {
  test::MapFiles files;
  files.put(
      "/both",
      "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n");
  files.put("/key", "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n");
  files.put("/certificate", "-----BEGIN CERTIFICATE-----\n");
  files.put("/text", "nothing\n");
  const auto paired = app::pair_chain_files({"/both", "/key", "/certificate"}, files);
  REQUIRE(paired);
  REQUIRE(paired->size() == 2);
  CHECK((*paired)[0].certificate == "/both");
  CHECK((*paired)[0].key.empty());
  CHECK((*paired)[1].certificate == "/certificate");
  CHECK((*paired)[1].key == "/key");
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"/key"},
                                                {"/certificate", "/key"},
                                                {"/key", "/key", "/certificate"},
                                                {"/text"},
                                                {"/missing"}}) {
    CHECK_FALSE(app::pair_chain_files(wrong, files));
  }
}
