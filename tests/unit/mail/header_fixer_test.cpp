// SPDX-License-Identifier: Apache-2.0
// unit: completing the header of a message that begins its journey here.
#include "mail/header_fixer.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

using gatepost::mail::HeaderFixer;
using gatepost::mail::HeaderFixes;

namespace {

const HeaderFixes kFixes{"Sat, 21 Nov 2026 05:40:00 +0000", "<1.A@mx.example>",
                         "alice@example.com"};

std::string fix(std::string_view text, const HeaderFixes& fixes = kFixes, std::size_t piece = 0) {
  HeaderFixer fixer(fixes);
  std::string out;
  if (piece == 0) piece = text.size() + 1;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    fixer.feed(text.substr(0, piece), out);
  }
  fixer.finish(out);
  return out;
}

constexpr std::string_view kAdded =
    "From: alice@example.com\nDate: Sat, 21 Nov 2026 05:40:00 +0000\nMessage-ID: "
    "<1.A@mx.example>\n";

}  // namespace

TEST_CASE("a mailbox file's first line is no field and ends no header", "[mail][header_fixer]") {
  const std::string rest = "To: bob@example.com\n" + std::string(kAdded) + "\nbody\n";
  for (const std::string line :
       {"From alice@example.com Mon Jan  1 00:00:00 2026\n", ">From x\n"}) {
    for (const std::size_t piece : {0U, 1U, 3U, 7U}) {
      const std::string text = line + "To: bob@example.com\nBcc: secret@far.example\n\nbody\n";
      CHECK(fix(text, kFixes, piece) == rest);
    }
  }
  // Only the first; and a field is one, however odd.
  CHECK(fix("Subject: x\nFrom y z\n") == "Subject: x\n" + std::string(kAdded) + "\nFrom y z\n");
  CHECK(fix("From : x@example.com\n\n").starts_with("From : x@example.com\n"));
}

TEST_CASE("what a header lacks is added at its end", "[mail][header_fixer]") {
  CHECK(fix("Subject: x\n\nbody\n") == "Subject: x\n" + std::string(kAdded) + "\nbody\n");
  CHECK(fix("\nbody\n") == std::string(kAdded) + "\nbody\n");
  CHECK(fix("") == kAdded);
}

TEST_CASE("fields that are there are not added, however they are written", "[mail][header_fixer]") {
  const std::string whole =
      "DATE : yesterday\nfrom:\n bob@example.com\nMessage-Id: <2@b>\n\nFrom: body\n";
  CHECK(fix(whole) == whole);
  // A field of another name, or in the body, is not the field.
  CHECK(fix("X-Date: a\nFrom: b\nMessage-ID: <2@b>\n\nDate: c\n") ==
        "X-Date: a\nFrom: b\nMessage-ID: <2@b>\nDate: Sat, 21 Nov 2026 05:40:00 +0000\n\nDate: "
        "c\n");
}

TEST_CASE("Bcc goes with its continuation lines and nothing else goes", "[mail][header_fixer]") {
  const HeaderFixes only{"", "", ""};
  CHECK(fix("To: a\nBCC: b,\n c,\n\td\nSubject: x\n\nBcc: body\n", only) ==
        "To: a\nSubject: x\n\nBcc: body\n");
  CHECK(fix("Bcc : b\nResent-Bcc: c\nBccx: d\nX-Bcc: e\n\n", only) == "Bccx: d\nX-Bcc: e\n\n");
  CHECK(fix("Subject: x\nBcc: b", only) == "Subject: x\n");
}

TEST_CASE("a text that goes on without an empty line gets one", "[mail][header_fixer]") {
  CHECK(fix("hello\nworld\n") == std::string(kAdded) + "\nhello\nworld\n");
  CHECK(fix("Subject: x\nnot a field\nTo: y\n") ==
        "Subject: x\n" + std::string(kAdded) + "\nnot a field\nTo: y\n");
  CHECK(fix(" folded of nothing\n") == std::string(kAdded) + "\n folded of nothing\n");
  CHECK(fix("Subject: x") == "Subject: x\n" + std::string(kAdded));
  const std::string_view nul("From\0: x\n\n", 10);
  CHECK(fix(nul) == std::string(kAdded) + "\n" + std::string(nul));
}

TEST_CASE("a name without an end is a body, not memory", "[mail][header_fixer]") {
  const std::string name(HeaderFixer::kMostHeld + 1, 'x');
  CHECK(fix(name + ": y\n") == std::string(kAdded) + "\n" + name + ": y\n");
}

TEST_CASE("what another delivery added is not passed on", "[mail][header_fixer]") {
  const HeaderFixes none;
  CHECK(fix("Return-Path: <a@b>\nSubject: x\nContent-length: 3\nX-Return-Path: y\n\nz\n", none) ==
        "Subject: x\nX-Return-Path: y\n\nz\n");
}

TEST_CASE("the cut does not matter", "[mail][header_fixer]") {
  const std::string text =
      "Subject: x\nbcc: a,\n b\nTo: c\n d\nBcc\t: e\nnot a field\nBcc: stays\n\n";
  const std::string whole = fix(text);
  for (std::size_t piece = 1; piece < text.size(); ++piece)
    CHECK(fix(text, kFixes, piece) == whole);
}

TEST_CASE("it is told whose Message-ID the message has", "[mail][header_fixer]") {
  std::string out;
  HeaderFixer without(kFixes);
  without.feed("Subject: x\n\n", out);
  CHECK(without.ended());
  CHECK(without.added_message_id());
  HeaderFixer with(kFixes);
  with.feed("Message-ID: <a@b>\n\n", out);
  CHECK_FALSE(with.added_message_id());
}

TEST_CASE("a Message-ID is made of the moment, the queue id and the host", "[mail][header_fixer]") {
  const gatepost::Moment at{std::chrono::seconds(1'795'240'805)};
  CHECK(gatepost::mail::make_message_id(at, "0A1B2", "mx.example.com") ==
        "<20261121060005.0A1B2@mx.example.com>");
}
