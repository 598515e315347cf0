// SPDX-License-Identifier: Apache-2.0
// unit: base64.
#include "base/base64.h"

#include <string>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

using gatepost::decode_base64;
using gatepost::encode_base64;

TEST_CASE("base64 is that of RFC 4648 section 10", "[base][base64]") {
  const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"}};
  for (const auto& [octets, text] : rows) {
    CHECK(encode_base64(octets) == text);
    CHECK(decode_base64(text) == octets);
  }
}

TEST_CASE("all octets survive base64", "[base][base64]") {
  std::string octets;
  for (int c = 0; c < 256; ++c) octets.push_back(static_cast<char>(c));
  CHECK(decode_base64(encode_base64(octets)) == octets);
}

TEST_CASE("a text that is not exactly base64 is refused", "[base][base64]") {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg===", "=Zg=", "====", "Z===", "Zm9v====", "Zm 9", "Zm9v\n", " Zm9v",
        "Zm9-", "Zm9_", "Zm=v", "Zh==", "Zm9=", "Zm9v*mFy",
        "\xc3\xa9"
        "9v"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text));
  }
  CHECK_FALSE(decode_base64(std::string_view("Zm9\0", 4)));
}
