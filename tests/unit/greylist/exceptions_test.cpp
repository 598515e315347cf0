// SPDX-License-Identifier: Apache-2.0
// greylist: postgrey's files of exceptions mean the same here.
#include "greylist/exceptions.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::greylist;

namespace {

bool client_has(std::string_view entry, std::string_view address, std::string_view name) {
  ClientExceptions exceptions;
  const auto added = exceptions.add(entry);
  if (!added) FAIL(added.error().detail);
  return exceptions.has(*IpAddress::parse(address), name);
}

bool recipient_has(std::string_view entry, std::string_view address) {
  RecipientExceptions exceptions;
  const auto added = exceptions.add(entry);
  if (!added) FAIL(added.error().detail);
  return exceptions.has(address);
}

}  // namespace

TEST_CASE("a client is excepted by the end of its name, at a dot", "[greylist]") {
  CHECK(client_has("example.com", "192.0.2.1", "example.com"));
  CHECK(client_has("Example.com  # the shop", "192.0.2.1", "mx.EXAMPLE.com"));
  CHECK_FALSE(client_has("example.com", "192.0.2.1", "notexample.com"));
  CHECK_FALSE(client_has("example.com", "192.0.2.1", "example.com.org"));
  CHECK_FALSE(client_has("example.com", "192.0.2.1", "unknown"));
}

TEST_CASE("a client is excepted by address, block, or the front of an address", "[greylist]") {
  CHECK(client_has("192.0.2.1", "192.0.2.1", "unknown"));
  CHECK_FALSE(client_has("192.0.2.1", "192.0.2.2", "unknown"));
  CHECK(client_has("192.0.2.0/25", "192.0.2.127", "unknown"));
  CHECK_FALSE(client_has("192.0.2.0/25", "192.0.2.128", "unknown"));
  CHECK(client_has("192.0.2.77/24", "192.0.2.128", "unknown"));
  CHECK(client_has("192.0.2", "192.0.2.200", "unknown"));
  CHECK_FALSE(client_has("192.0.2", "192.0.3.1", "unknown"));
  CHECK(client_has("192.0", "192.0.77.1", "unknown"));
  CHECK_FALSE(client_has("192.0", "192.1.0.1", "unknown"));
  CHECK(client_has("2001:db8::/32", "2001:db8:1::1", "unknown"));
  CHECK(client_has("2001:db8::1", "2001:db8::1", "unknown"));
  CHECK_FALSE(client_has("2001:db8::1", "2001:db8::2", "unknown"));
}

TEST_CASE("a client is excepted by a pattern without regard to case", "[greylist]") {
  CHECK(client_has("/^mta\\d+\\.example\\.com$/", "192.0.2.1", "MTA12.example.com"));
  CHECK_FALSE(client_has("/^mta\\d+\\.example\\.com$/", "192.0.2.1", "xmta12.example.com"));
}

TEST_CASE("what cannot be an exception of a client is told", "[greylist]") {
  ClientExceptions exceptions;
  CHECK(exceptions.add(""));
  CHECK(exceptions.add("  # nothing"));
  CHECK(exceptions.empty());
  for (const char* wrong :
       {"two words", "192.0.2.300", "192.0.2.1/33", "/unclosed", "/(/", "user@example.com", "7"}) {
    INFO(wrong);
    CHECK_FALSE(exceptions.add(wrong));
  }
  CHECK(exceptions.empty());
}

TEST_CASE("a recipient is excepted by address, name, domain or pattern", "[greylist]") {
  CHECK(recipient_has("bob@example.com", "Bob@Example.com"));
  CHECK(recipient_has("bob@example.com", "bob+list@example.com"));
  CHECK_FALSE(recipient_has("bob@example.com", "bobby@example.com"));
  CHECK_FALSE(recipient_has("bob@example.com", "bob@mail.example.com"));
  CHECK(recipient_has("postmaster@", "postmaster@anywhere.example"));
  CHECK(recipient_has("postmaster@", "postmaster+x@anywhere.example"));
  CHECK_FALSE(recipient_has("postmaster@", "postmasters@anywhere.example"));
  CHECK(recipient_has("example.com", "any@example.com"));
  CHECK(recipient_has("example.com", "any@mail.example.com"));
  CHECK_FALSE(recipient_has("example.com", "any@notexample.com"));
  CHECK(recipient_has("/^list-.*@/", "LIST-a@example.com"));
  CHECK_FALSE(recipient_has("/^list-.*@/", "a@example.com"));
}

TEST_CASE("a file's faults are told with their lines and the rest counts", "[greylist]") {
  ClientExceptions clients;
  std::vector<std::string> problems;
  add_file("/etc/x", "# head\nexample.com\ntwo words\n192.0.2\r\n/(/\nlast.example", clients,
           problems);
  REQUIRE(problems.size() == 2);
  CHECK(problems.front() ==
        "/etc/x:3: \"two words\": expected a host name, an address, a block or /pattern/");
  CHECK(problems.back().starts_with("/etc/x:5: "));
  const auto other = *IpAddress::parse("203.0.113.1");
  CHECK(clients.has(other, "last.example"));
  CHECK(clients.has(*IpAddress::parse("192.0.2.9"), "unknown"));
  RecipientExceptions recipients;
  problems.clear();
  add_file("/etc/y", "postmaster@\n@example.com\n", recipients, problems);
  REQUIRE(problems.size() == 1);
  CHECK(recipients.has("postmaster@x.example"));
}
