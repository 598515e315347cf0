// SPDX-License-Identifier: Apache-2.0
// unit: the recipients of one message, with a directory made of maps.
#include "server/recipients.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/server_doubles.h"

using namespace gatepost;
using policy::DomainClass;

namespace {

mail::Mailbox at_home(std::string local) {
  return {std::move(local), "example.com"};
}

struct House {
  test::MapDirectory directory;
  server::Recipients recipients{directory, {"example.com", {}}};

  std::optional<smtp::Reply> add(const std::string& local,
                                 const std::string& domain = "example.com") {
    mail::Recipient recipient;
    recipient.mailbox = {local, domain};
    return recipients.add(recipient, recipient.mailbox, DomainClass::Local, {"s", "x.example"});
  }
  /// `name` leads to as many mailboxes, the first of which is /mail/N of `first`.
  void make_list(const std::string& name, std::size_t members, std::size_t first = 0) {
    server::Resolution found;
    for (std::size_t n = first; n < first + members; ++n) {
      const std::string number = std::to_string(n);
      found.mailboxes.push_back(test::MapDirectory::target(
          "/mail/" + number, number + "@example.com", DomainClass::Local));
    }
    directory.aliases[at_home(name).text()] = std::move(found);
  }
};

}  // namespace

TEST_CASE("an address that comes again is taken and kept once", "[server][recipients]") {
  House house;
  house.make_list("team", 500);
  for (int n = 0; n < 1000; ++n) CHECK_FALSE(house.add("team"));
  CHECK_FALSE(house.add("team", "EXAMPLE.com"));
  CHECK(house.recipients.size() == 1);
  CHECK_FALSE(house.add("bob"));
  house.recipients.drop_last();
  CHECK_FALSE(house.add("bob"));
  CHECK(house.recipients.size() == 2);
}

TEST_CASE("what the recipients of one message lead to is bounded in all", "[server][recipients]") {
  House house;
  const std::size_t lists = server::Recipients::kMostReached / 100;
  for (std::size_t n = 0; n <= lists; ++n) house.make_list("list+" + std::to_string(n), 100);
  for (std::size_t n = 0; n < lists; ++n) CHECK_FALSE(house.add("list+" + std::to_string(n)));
  const auto refusal = house.add("list+" + std::to_string(lists));
  REQUIRE(refusal);
  CHECK(refusal->code == 452);
  CHECK(refusal->enhanced == "4.5.3");
  CHECK(house.recipients.size() == lists);
  // Those that smtpd_recipient_limit counts are not counted a second time.
  CHECK_FALSE(house.add("bob"));
  house.recipients.clear();
  CHECK_FALSE(house.add("list+" + std::to_string(lists)));
}

TEST_CASE("a single list may be as long as its owner lets it", "[server][recipients]") {
  House house;
  house.make_list("all", server::Recipients::kMostReached + 1);
  house.make_list("some", 2);
  CHECK_FALSE(house.add("all"));
  CHECK(house.add("some"));
  storage::IntakeRequest request;
  house.recipients.fill(request);
  CHECK(request.local.size() == server::Recipients::kMostReached + 1);
}

TEST_CASE("mailboxes and addresses that several recipients lead to come once",
          "[server][recipients]") {
  House house;
  house.make_list("one", 3);
  house.make_list("two", 3, 2);
  house.directory.aliases["one@example.com"].others = {{"x", "far.test"}, {"y", "far.test"}};
  house.directory.aliases["two@example.com"].others = {{"y", "far.test"}, {"z", "far.test"}};
  CHECK_FALSE(house.add("one"));
  CHECK_FALSE(house.add("two"));
  storage::IntakeRequest request;
  house.recipients.fill(request);
  CHECK(request.local.size() == 5);
  CHECK(request.envelope.recipients.size() == 3);
}
