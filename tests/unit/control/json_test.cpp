// SPDX-License-Identifier: Apache-2.0
// tests: building JSON.
#include "control/json.h"

#include <catch2/catch_test_macros.hpp>

using gatepost::control::JsonDocument;

TEST_CASE("a document keeps types and escapes text", "[control]") {
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "text", "a\"\\\n\x01");
  document.put(root, "utf8", "\xc3\xa9");
  document.put(root, "broken", "\xc3");
  document.put(root, "most", ~std::uint64_t{0});
  document.put(root, "least", std::int64_t{-3});
  document.put(root, "yes", true);
  document.put_number(root, "half", "0.5");
  const auto list = document.array();
  document.append(list, "x");
  document.append(list, document.object());
  document.put(root, "list", list);
  CHECK(document.write(root) ==
        "{\"text\":\"a\\\"\\\\\\n\\u0001\",\"utf8\":\"\xc3\xa9\",\"broken\":\"?\","
        "\"most\":18446744073709551615,\"least\":-3,\"yes\":true,\"half\":0.5,"
        "\"list\":[\"x\",{}]}\n");
}
