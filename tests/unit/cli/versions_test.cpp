// SPDX-License-Identifier: Apache-2.0
// tests: every pinned library that is shipped is named with a version.
#include "cli/versions.h"

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"

using namespace gatepost;
using namespace gatepost::cli;

TEST_CASE("each linked library is named with a version of numbers", "[cli]") {
  const std::string text = format_versions(/*json=*/false);
  CHECK(text.starts_with("gatepost "));
  for (const char* name : {"asio", "mbedtls", "sqlite", "fmt", "pcre2", "yyjson"}) {
    CHECK(text.find("\n" + std::string(name) + " ") != std::string::npos);
  }
  for (const LibraryVersion& one : library_versions()) {
    INFO(one.name << ' ' << one.version);
    const auto parts = split(one.version, ".");
    CHECK(parts.size() >= 2);
    for (const auto part : parts) CHECK(parse_number(part));
  }
  CHECK(format_versions(/*json=*/true).starts_with("{\"gatepost\":\""));
}
