// SPDX-License-Identifier: Apache-2.0
// tests: records of the queue.
#include "queue/record.h"

#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace gatepost::queue {
namespace {

Item full_item() {
  Item item;
  item.id = "4F2A9C";
  item.arrived = Moment(std::chrono::microseconds(1795240000123456));
  item.octets = 5;
  item.sender = {"john smith", "client.example"};
  item.options.body = mail::Body::EightBitMime;
  item.options.smtputf8 = true;
  item.options.ret = mail::Return::Headers;
  item.options.envelope_id = "an id with \n in it";
  item.options.size = 12345;
  item.hold = true;
  item.login = "alice@example.org";
  item.next = Moment(std::chrono::microseconds(1795240300000000));
  mail::Recipient first{{"far", "elsewhere.example"}, {}, {}};
  mail::Recipient second{{"b\xc3\xbcro", "[192.0.2.1]"}, {}, "rfc822;office@elsewhere.example"};
  second.notify.success = true;
  second.notify.delay = true;
  second.given = {"b.shop-k4x2", "x.example"};
  item.destinations.push_back({first, State::Waiting, {}});
  item.destinations.push_back({second, State::Failed, "550 no such user"});
  return item;
}

/// As versions 2 and 3 have it: no address as it was given.
std::string format_old(Item item) {
  const std::vector<Destination> all = std::exchange(item.destinations, {});
  std::string out = format_record(item);
  const std::size_t head = out.size();
  out[0] = 3;
  out.back() = static_cast<char>(all.size());
  for (Destination each : all) {
    each.recipient.given = {};
    item.destinations = {each};
    const std::string whole = format_record(item);
    out += whole.substr(head, whole.size() - head - 1);
  }
  return out;
}

bool same(const Item& a, const Item& b) {
  if (a.destinations.size() != b.destinations.size()) return false;
  for (std::size_t n = 0; n < a.destinations.size(); ++n) {
    const Destination& x = a.destinations[n];
    const Destination& y = b.destinations[n];
    if (x.recipient != y.recipient || x.state != y.state || x.reason != y.reason) return false;
  }
  return a.id == b.id && a.arrived == b.arrived && a.octets == b.octets && a.sender == b.sender &&
         a.options == b.options && a.hold == b.hold && a.login == b.login && a.next == b.next;
}

}  // namespace

TEST_CASE("a record gives back the item it was made of", "[queue][record]") {
  const Item item = full_item();
  const auto read = parse_record(format_record(item));
  REQUIRE(read);
  CHECK(same(*read, item));
}

TEST_CASE("the null sender and no destinations make a record", "[queue][record]") {
  Item item;
  item.id = "1";
  const auto read = parse_record(format_record(item));
  REQUIRE(read);
  CHECK(same(*read, item));
}

TEST_CASE("a record cut short or with more behind it is refused", "[queue][record]") {
  const std::string record = format_record(full_item());
  for (std::size_t length = 0; length < record.size(); ++length) {
    CHECK_FALSE(parse_record(std::string_view(record).substr(0, length)));
  }
  CHECK_FALSE(parse_record(record + '\0'));
}

TEST_CASE("a count that promises more destinations than there are octets is refused",
          "[queue][record]") {
  Item item;
  item.id = "1";
  std::string record = format_record(item);
  record.replace(record.size() - 4, 4, "\xff\xff\xff\xff");
  CHECK_FALSE(parse_record(record));
}

TEST_CASE("values out of range are refused", "[queue][record]") {
  const std::string record = format_record(full_item());
  SECTION("an unknown version") {
    std::string other = record;
    other[0] = 5;
    CHECK_FALSE(parse_record(other));
    other[0] = 0;
    CHECK_FALSE(parse_record(other));
  }
  SECTION("an id that could be a path") {
    Item item = full_item();
    item.id = "../A";
    CHECK_FALSE(parse_record(format_record(item)));
  }
  SECTION("a text longer than any of ours") {
    Item item = full_item();
    item.sender.local = std::string(kMostText + 1, 'x');
    CHECK_FALSE(parse_record(format_record(item)));
  }
  SECTION("an arrival past the end of time") {
    std::string other = record;
    other[1 + 4 + 6] = '\xff';
    CHECK_FALSE(parse_record(other));
  }
}

TEST_CASE("a record of version 1 is an item that is not on hold and may be tried at once",
          "[queue][record]") {
  const std::string octets = std::string(
                                 "\x01\0\0\0\x02"
                                 "A1"
                                 "\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x05",
                                 23) +
                             std::string(
                                 "\0\0\0\x01s\0\0\0\x02"
                                 "d1"
                                 "\0\0\0\0\0\0\0",
                                 18) +
                             std::string("\0\0\0\0\0\0\0\0\0\0\0\x01", 12) +
                             std::string(
                                 "\0\0\0\x01r\0\0\0\x02"
                                 "d2"
                                 "\0\0\0\0\0\0\0\0\0\x03why",
                                 24);
  const auto item = parse_record(octets);
  REQUIRE(item);
  CHECK(item->id == "A1");
  CHECK(item->sender.text() == "s@d1");
  CHECK_FALSE(item->hold);
  CHECK(item->login.empty());
  CHECK(item->next == Moment());
  REQUIRE(item->destinations.size() == 1);
  CHECK(item->destinations[0].recipient.mailbox.text() == "r@d2");
  CHECK(item->destinations[0].reason == "why");
  const auto again = parse_record(format_record(*item));
  REQUIRE(again);
  CHECK(same(*again, *item));
}

TEST_CASE("a record of version 3 names nobody by another address", "[queue][record]") {
  Item item = full_item();
  const auto read = parse_record(format_old(item));
  REQUIRE(read);
  item.destinations[1].recipient.given = {};
  CHECK(same(*read, item));
}

TEST_CASE("whose hold it is is kept, and a record of version 2 is read", "[queue][record]") {
  Item item = full_item();
  item.hold = true;
  for (const bool of_login : {false, true}) {
    item.hold_of_login = of_login;
    const auto read = parse_record(format_record(item));
    REQUIRE(read);
    CHECK(read->hold);
    CHECK(read->hold_of_login == of_login);
  }
  item.hold_of_login = false;
  for (const char* login : {"", "alice"}) {
    item.login = login;
    std::string old = format_old(item);
    old[0] = 2;
    const auto read = parse_record(old);
    REQUIRE(read);
    CHECK(read->hold);
    CHECK(read->hold_of_login == !item.login.empty());
  }
  gatepost::queue::Change change;
  change.hold = true;
  item.hold_of_login = true;
  apply(change, item);
  CHECK_FALSE(item.hold_of_login);
}

TEST_CASE("a change touches what it names and nothing else", "[queue][item]") {
  Item item = full_item();
  Change change;
  change.hold = false;
  change.outcomes.push_back({0, State::Delivered, "250 ok"});
  change.outcomes.push_back({7, State::Failed, "nobody"});
  const Moment next = item.next;
  apply(change, item);
  CHECK_FALSE(item.hold);
  CHECK(item.next == next);
  CHECK(item.destinations[0].state == State::Delivered);
  CHECK(item.destinations[0].reason == "250 ok");
  CHECK(item.destinations[1].state == State::Failed);
  CHECK_FALSE(is_pending(item));
}

TEST_CASE("a long reason is cut, not refused", "[queue][record]") {
  Item item = full_item();
  item.destinations[1].reason = std::string(kMostText + 100, 'x');
  const auto read = parse_record(format_record(item));
  REQUIRE(read);
  CHECK(read->destinations[1].reason.size() == kMostText);
}

TEST_CASE("an item's id is letters and digits, and a file's name", "[queue][record]") {
  CHECK(is_item_id("4F2A9C"));
  CHECK(is_item_id(std::string(64, 'A')));
  CHECK_FALSE(is_item_id(""));
  CHECK_FALSE(is_item_id(std::string(65, 'A')));
  CHECK_FALSE(is_item_id("A.damaged"));
  CHECK_FALSE(is_item_id("A/B"));
}

TEST_CASE("a trailer is found again from the end of its file", "[queue][record]") {
  const std::string file = "texts" + format_trailer(full_item());
  const auto end = std::string_view(file).substr(file.size() - kFooterOctets);
  const auto footer = parse_footer(end, file.size());
  REQUIRE(footer);
  CHECK(footer->text_octets == 5);
  const auto item = parse_trailer(*footer, std::string_view(file).substr(5, footer->record_octets));
  REQUIRE(item);
  CHECK(same(*item, full_item()));
}

TEST_CASE("a footer that does not fit its file is refused", "[queue][record]") {
  const std::string file = "texts" + format_trailer(full_item());
  const auto end = std::string_view(file).substr(file.size() - kFooterOctets);
  CHECK_FALSE(parse_footer(end, file.size() + 1));
  CHECK_FALSE(parse_footer(end, file.size() - 1));
  CHECK_FALSE(parse_footer(end, kFooterOctets));
  CHECK_FALSE(parse_footer(end, 0));
  CHECK_FALSE(parse_footer(end.substr(1), file.size()));
  std::string huge(end);
  huge.replace(8, 8, "\xff\xff\xff\xff\xff\xff\xff\xff");
  CHECK_FALSE(parse_footer(huge, file.size()));
}

TEST_CASE("a trailer with any one bit changed is refused", "[queue][record]") {
  const std::string file = "texts" + format_trailer(full_item());
  for (std::size_t bit = 5 * 8; bit < file.size() * 8; ++bit) {
    std::string bad = file;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto footer =
        parse_footer(std::string_view(bad).substr(bad.size() - kFooterOctets), bad.size());
    if (!footer) continue;
    CHECK_FALSE(parse_trailer(*footer, std::string_view(bad).substr(5, footer->record_octets)));
  }
}

}  // namespace gatepost::queue
