// SPDX-License-Identifier: Apache-2.0
// unit: the recipients of one message, with a directory made of maps.
#include "server/recipients.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "server/put_off.h"
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

namespace {

mail::Recipient asked(std::string local, mail::Notify notify) {
  mail::Recipient out;
  out.mailbox = at_home(std::move(local));
  out.notify = notify;
  return out;
}

/// What waits in the queue for two recipients of one message, who lead to one address.
mail::Recipient shared(const mail::Notify& first, const mail::Notify& second) {
  House house;
  for (const char* name : {"one@example.com", "two@example.com"}) {
    house.directory.aliases[name].others = {{"x", "far.test"}};
  }
  for (const auto& one : {asked("one", first), asked("two", second)}) {
    CHECK_FALSE(house.recipients.add(one, one.mailbox, DomainClass::Local, {"s", "x.example"}));
  }
  storage::IntakeRequest request;
  house.recipients.fill(request);
  REQUIRE(request.envelope.recipients.size() == 1);
  return request.envelope.recipients.front();
}

}  // namespace

TEST_CASE("of recipients that share a target all are heard, and one who asked is named",
          "[server][recipients]") {
  const mail::Notify never{.never = true};
  const mail::Notify success{.success = true};
  const mail::Notify both{.failure = true, .delay = true};
  CHECK(shared(never, never).notify == never);
  CHECK(shared(never, {}).notify == both);
  CHECK(shared(never, {}).original == "rfc822;two@example.com");
  CHECK(shared({}, never).original == "rfc822;one@example.com");
  CHECK(shared({}, {}).notify == mail::Notify{});
  CHECK(shared({}, success).notify ==
        mail::Notify{.success = true, .failure = true, .delay = true});
  CHECK(shared(success, {}).original == "rfc822;one@example.com");
  CHECK(shared(never, success).notify == success);
  CHECK(shared(never, success).original == "rfc822;two@example.com");
}

TEST_CASE("a recipient that is named twice is heard twice", "[server][recipients]") {
  House house;
  house.directory.aliases["one@example.com"].others = {{"x", "far.test"}};
  for (const mail::Notify& notify : {mail::Notify{.never = true}, mail::Notify{.success = true}}) {
    const mail::Recipient one = asked("one", notify);
    CHECK_FALSE(house.recipients.add(one, one.mailbox, DomainClass::Local, {"s", "x.example"}));
  }
  REQUIRE(house.recipients.size() == 1);
  CHECK(house.recipients.all().front().recipient.notify == mail::Notify{.success = true});
}

TEST_CASE("a copy that waits is waited for by all who lead to its mailbox",
          "[server][recipients]") {
  House house;
  house.directory.aliases["one@example.com"].mailboxes = {
      test::MapDirectory::target("/mail/bob", "bob@example.com", DomainClass::Local)};
  for (const auto& one : {asked("one", {.never = true}), asked("bob", {.success = true})}) {
    CHECK_FALSE(house.recipients.add(one, one.mailbox, DomainClass::Local, {"s", "x.example"}));
  }
  storage::IntakeRequest request;
  house.recipients.fill(request);
  server::name_waiting(house.recipients, house.directory, request);
  REQUIRE(request.local.size() == 1);
  REQUIRE(request.local[0].later);
  CHECK(request.local[0].later->notify == mail::Notify{.success = true});
  CHECK(request.local[0].later->mailbox == at_home("bob"));
}

TEST_CASE("one folder is one place however its name is spelled", "[server][recipients]") {
  House house;
  for (const std::string folder : {"Lists", "lists", "LISTS"}) {
    server::Target target = test::MapDirectory::target(
        "/mail/bob", "bob+" + folder + "@example.com", DomainClass::Local);
    target.folder = folder;
    house.directory.aliases["bob+" + folder + "@example.com"].mailboxes = {target};
    CHECK_FALSE(house.add("bob+" + folder));
  }
  storage::IntakeRequest request;
  house.recipients.fill(request);
  REQUIRE(request.local.size() == 1);
  CHECK(request.local[0].folder == "Lists");
  const std::vector<storage::PutOff> waiting{{"/mail/bob", "Lists", "why"}};
  for (const auto& accepted : house.recipients.all()) {
    CHECK(server::Recipients::find_put_off(waiting, accepted.found.mailboxes.front()) != nullptr);
  }
}

namespace {

struct Throwaways : House {
  explicit Throwaways(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      server::Resolution& found = directory.aliases[at_home(name).text()];
      found.mailboxes = {
          test::MapDirectory::target("/mail/bob", "bob@example.com", DomainClass::Local)};
      found.throwaway = lower(at_home(name).text());
      CHECK_FALSE(add(name));
    }
  }
  void end(const std::string& name) {
    directory.aliases[at_home(name).text()].refusal = smtp::Reply{550, "5.1.6", "ended"};
  }
};

}  // namespace

TEST_CASE("a message counts once for a throw-away address, and not at all when it fails",
          "[server][recipients]") {
  Throwaways house({"bob-abcd", "Bob-ABCD"});
  {
    server::Recipients moved = std::move(house.recipients);
    CHECK_FALSE(moved.claim());
    CHECK(house.directory.claimed == std::vector<std::string>{"bob-abcd@example.com s@x.example"});
  }
  CHECK(house.directory.claimed.empty());
}

TEST_CASE("who has lost its throw-away address meanwhile is told as at RCPT",
          "[server][recipients]") {
  Throwaways house({"bob-abcd"});
  SECTION("used up") {
    house.end("bob-abcd");
    const auto reply = house.recipients.claim();
    REQUIRE(reply);
    CHECK(reply->code == 550);
    CHECK(reply->text == "ended");
  }
  SECTION("forgotten") {
    house.directory.aliases.clear();
    const auto reply = house.recipients.claim();
    REQUIRE(reply);
    CHECK(reply->enhanced == "5.1.1");
  }
  SECTION("made anew as something else") {
    house.directory.aliases["bob-abcd@example.com"].throwaway.clear();
    const auto reply = house.recipients.claim();
    REQUIRE(reply);
    CHECK(reply->code == 451);
  }
  CHECK(house.directory.claimed.empty());
}

TEST_CASE("where others would have the message it comes again", "[server][recipients]") {
  Throwaways house({"bob-abcd", "bob-efgh"});
  house.end("bob-efgh");
  const auto reply = house.recipients.claim();
  REQUIRE(reply);
  CHECK(reply->code == 451);
  CHECK(reply->enhanced == "4.1.6");
  CHECK(house.directory.claimed.empty());
}
