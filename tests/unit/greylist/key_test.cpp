// SPDX-License-Identifier: Apache-2.0
// greylist: what makes two attempts the same attempt.
#include "greylist/key.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;
using namespace gatepost::greylist;

namespace {

Attempt attempt(std::string_view client, std::string_view sender = "a@b.example") {
  return {*IpAddress::parse(client), {}, sender, "bob@example.com"};
}

}  // namespace

TEST_CASE("a sender's changing parts are taken out", "[greylist]") {
  CHECK(normal_sender("") == "");
  CHECK(normal_sender("MAILER-DAEMON") == "MAILER-DAEMON");
  CHECK(normal_sender("bob@example.com") == "bob@example.com");
  CHECK(normal_sender("bob+news@example.com") == "bob@example.com");
  CHECK(normal_sender("bounce-1234-56@example.com") == "bounce-#-#@example.com");
  CHECK(normal_sender("list.77=bob@example.com") == "list.#=bob@example.com");
  // Within a word a number belongs to the name.
  CHECK(normal_sender("bob77@example.com") == "bob77@example.com");
  CHECK(normal_sender("bob_77@example.com") == "bob_77@example.com");
  CHECK(normal_sender("bounce@host12.example.com") == "bounce@host12.example.com");
}

TEST_CASE("a tag of BATV is taken out, on whichever side of the name it stands", "[greylist]") {
  CHECK(normal_sender("prvs=0123456789=bob@example.com") == "bob@example.com");
  CHECK(normal_sender("prvs=bob=0123456789@example.com") == "bob@example.com");
  CHECK(normal_sender("prvs=0123456789=abcdefghij@example.com") == "abcdefghij@example.com");
  CHECK(normal_sender("prvs=x=y=z@example.com") == "prvs=x=y=z@example.com");
  CHECK(normal_sender("prvs=@example.com") == "prvs=@example.com");
}

TEST_CASE("clients of one network have one key", "[greylist]") {
  const KeySettings settings;
  CHECK(make_key(settings, attempt("192.0.2.1")).net == "192.0.2.0");
  CHECK(make_key(settings, attempt("192.0.2.1")).client == "192.0.2.1");
  CHECK(make_key(settings, attempt("2001:db8:1:2:3::4")).net == "2001:db8:1:2::");
  CHECK(make_key({32, 128}, attempt("192.0.2.1")).net == "192.0.2.1");
  CHECK(make_net({16, 48}, *IpAddress::parse("2001:db8:1:2:3::4")) == "2001:db8:1::");
}

TEST_CASE("addresses are compared without regard to case", "[greylist]") {
  const Key key =
      make_key({}, {*IpAddress::parse("192.0.2.1"), {}, "Bob@X.example", "A@B.example"});
  CHECK(key.sender == "bob@x.example");
  CHECK(key.recipient == "a@b.example");
}

TEST_CASE("an identity stands for the client wherever it comes from", "[greylist]") {
  Attempt one = attempt("192.0.2.1");
  Attempt other = attempt("203.0.113.9");
  one.identity = other.identity = "spf:Example.com";
  CHECK(make_key({}, one).net == "spf:example.com");
  CHECK(make_key({}, one).net == make_key({}, other).net);
  CHECK(make_key({}, one).client == "spf:example.com");
  // A trap may be hit before that is known.
  CHECK(make_key({}, one).trap_net == "192.0.2.0");
  CHECK(make_key({}, one).host == "192.0.2.1");
  // Others may have hosts under that name.
  one.identity = "name:example.com";
  CHECK(make_key({}, one).net == "name:example.com");
  CHECK(make_key({}, one).client == "192.0.2.1");
}

TEST_CASE("with a secret nothing of an address is stored, and other secrets differ", "[greylist]") {
  const KeySettings settings{24, 64, "secret"};
  const Key key = make_key(settings, attempt("192.0.2.1"));
  for (const std::string& text : {key.net, key.sender, key.recipient, key.client}) {
    CHECK(text.size() == 22);
    CHECK(text.find("192") == text.npos);
    CHECK(text.find('@') == text.npos);
  }
  CHECK(key.net == make_key(settings, attempt("192.0.2.200")).net);
  CHECK(key.client != make_key(settings, attempt("192.0.2.200")).client);
  CHECK(key.recipient != make_key({24, 64, "other"}, attempt("192.0.2.1")).recipient);
  // The same text in another place is another.
  CHECK(make_key(settings, attempt("192.0.2.1", "bob@example.com")).sender != key.recipient);
}
