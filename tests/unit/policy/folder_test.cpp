// SPDX-License-Identifier: Apache-2.0
// tests: from the detail of an address to a folder's name on the disk.
#include "policy/folder.h"

#include <catch2/catch_test_macros.hpp>

namespace gatepost::policy {

TEST_CASE("a plain detail is a folder, dots divide it", "[policy][folder]") {
  CHECK(folder_of("Lists") == "Lists");
  CHECK(folder_of("Lists.asio") == "Lists.asio");
  CHECK(folder_of("Really wanted") == "Really wanted");
  CHECK(folder_of("R&D") == "R&-D");
}

TEST_CASE("what is not ASCII is in modified UTF-7", "[policy][folder]") {
  // RFC 3501 section 5.1.3, and what Dovecot writes.
  CHECK(folder_of("~peter").empty());
  CHECK(folder_of("\xe5\x8f\xb0\xe5\x8c\x97") == "&U,BTFw-");
  CHECK(folder_of("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e") == "&ZeVnLIqe-");
  CHECK(folder_of("Entw\xc3\xbcrfe.a") == "Entw&APw-rfe.a");
  CHECK(folder_of("\xf0\x9f\x93\xab") == "&2D3c6w-");
}

TEST_CASE("what could lead elsewhere is the mailbox itself", "[policy][folder]") {
  for (const char* detail :
       {"",        ".",    "..",   ".hidden", "a..b",  "a.",           "a/b",      "../x",
        "a\\b",    "*",    "50%",  "inbox",   "INBOX", "Trash",        "trash",    "TRASH.x",
        "Inbox.x", "a\nb", "\x7f", "\xff",    "\xc3",  "\xed\xa0\x80", "\xc0\xaf", "\xc2\x85",
        "a\"b"}) {
    INFO(detail);
    CHECK(folder_of(detail).empty());
  }
  CHECK(folder_of(std::string_view("a\0b", 3)).empty());
  CHECK(folder_of(std::string(201, 'x')).empty());
  CHECK(folder_of(std::string(200, 'x')).size() == 200);
  std::string deep = "a";
  for (int n = 0; n < 15; ++n) deep += ".a";
  CHECK(folder_of(deep) == deep);
  CHECK(folder_of(deep + ".a").empty());
  std::string wide;
  for (int n = 0; n < 90; ++n) wide += "\xc3\xbc";
  CHECK(folder_of(wide).empty());
}

}  // namespace gatepost::policy
