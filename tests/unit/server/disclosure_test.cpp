// SPDX-License-Identifier: Apache-2.0
// unit: what those outside are told of what is behind a recipient's name.
#include "server/disclosure.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost;

namespace {

const mail::Mailbox kFinal{"dave", "hosted.test"};
const mail::Mailbox kGiven{"shop-k4x2", "hosted.test"};

}  // namespace

TEST_CASE("an address is renamed where it stands alone", "[server][disclosure]") {
  const auto renamed = [](std::string_view text) { return server::rename(text, kFinal, kGiven); };
  CHECK(renamed("<Dave@Hosted.test> unknown: dave@hosted.test.") ==
        "<shop-k4x2@hosted.test> unknown: shop-k4x2@hosted.test.");
  CHECK(renamed("x.dave@hosted.test dave@hosted.test.org") ==
        "x.dave@hosted.test dave@hosted.test.org");
  CHECK(server::rename("dave@hosted.test", kFinal, {}) == "dave@hosted.test");
}

TEST_CASE("a server is named as a host, without sockets", "[server][disclosure]") {
  CHECK(server::host_of("mx.example.com[/run/lmtp]") == "mx.example.com");
  CHECK(server::host_of("192.0.2.1[192.0.2.1]:24") == "[192.0.2.1]");
  CHECK(server::host_of("mx.example.com") == "mx.example.com");
  CHECK(server::without_sockets("host mx[/run/lmtp] said: [a] [/open") ==
        "host mx said: [a] [/open");
}

TEST_CASE("what cannot be written is not told by whose it is; what is wrong with the mail is",
          "[server][disclosure]") {
  mail::Recipient hidden;
  hidden.mailbox = {"alice", "example.com"};
  hidden.given = {"shop-k4x2", "example.com"};
  mail::Outcome outcome{.recipient = &hidden, .status = "4.3.0"};
  outcome.diagnostic = "make folder alice: Permission denied";
  CHECK(server::shown_of(outcome).diagnostic == "the mailbox cannot be written to");
  outcome.status = "5.3.4";
  outcome.diagnostic = "header field too large";
  CHECK(server::shown_of(outcome).diagnostic == "header field too large");
}

TEST_CASE("a report names who was written to, and keeps a foreign ORCPT", "[server][disclosure]") {
  mail::Recipient who{kFinal, {}, "rfc822;far@x.test"};
  who.given = kGiven;
  mail::Outcome outcome{.recipient = &who, .diagnostic = "open /var/mail/dave/new: EACCES"};
  server::Shown shown = server::shown_of(outcome);
  CHECK(shown.recipient.mailbox == kGiven);
  CHECK(shown.recipient.original == "rfc822;far@x.test");
  CHECK(shown.diagnostic == "open (mailbox): EACCES");
  outcome.remote = "mx[/run/lmtp]";
  outcome.diagnostic = "550 dave@hosted.test at https://x.test/help";
  shown = server::shown_of(outcome);
  CHECK(shown.remote == "mx");
  CHECK(shown.diagnostic == "550 shop-k4x2@hosted.test at https://x.test/help");
}
