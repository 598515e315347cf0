// SPDX-License-Identifier: Apache-2.0
// unit: the command line of sendmail(1), and the texts it reads.
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "cli/local_text.h"
#include "cli/sendmail_options.h"

using namespace gatepost;
using namespace gatepost::cli;

namespace {

Result<SendmailCall> parse(std::vector<std::string_view> words) {
  return parse_sendmail(words);
}

std::string read(std::string_view text, bool dots, std::size_t step, bool* over = nullptr) {
  LocalText reader(dots);
  std::string out;
  bool more = true;
  for (std::size_t at = 0; at < text.size() && more; at += step) {
    more = reader.feed(text.substr(at, step), out);
  }
  if (over != nullptr) *over = !more;
  reader.finish(out);
  return out;
}

}  // namespace

TEST_CASE("options are joined, attached and mixed with addresses", "[cli]") {
  auto call = parse({"-oi", "-ti", "-fjo@x.example", "-F", "Jo Doe", "a", "-odb", "b", "--", "-c"});
  REQUIRE(call);
  CHECK(call->ignore_dots);
  CHECK(call->read_recipients);
  CHECK(call->has_sender);
  CHECK(call->sender == "jo@x.example");
  CHECK(call->full_name == "Jo Doe");
  CHECK(call->recipients == std::vector<std::string>{"a", "b", "-c"});
  call = parse({"-i", "-r", "", "-FCronDaemon", "-B8BITMIME", "-oem", "root"});
  REQUIRE(call);
  CHECK(call->has_sender);
  CHECK(call->sender.empty());
  CHECK(call->full_name == "CronDaemon");
  CHECK(call->options.body == mail::Body::EightBitMime);
  call = parse({"-N",
                "failure,delay",
                "-V",
                "id1",
                "-Rhdrs",
                "-O",
                "DeliveryMode=b",
                "-G",
                "-U",
                "-v",
                "-Ac",
                "-L",
                "tag",
                "-X",
                "/x",
                "-h",
                "3",
                "-p",
                "x",
                "-n",
                "-m",
                "-em",
                "a"});
  REQUIRE(call);
  CHECK(call->notify == mail::Notify{false, false, true, true});
  CHECK(call->options.envelope_id == "id1");
  CHECK(call->options.ret == mail::Return::Headers);
  CHECK(call->gateway);
  CHECK_FALSE(call->ignore_dots);
  CHECK(call->recipients == std::vector<std::string>{"a"});
  CHECK(parse({"-O", "IgnoreDots=yes"})->ignore_dots);
}

TEST_CASE("modes have Sendmail's letters", "[cli]") {
  using Mode = SendmailCall::Mode;
  CHECK(parse({"-bm"})->mode == Mode::Send);
  CHECK(parse({"-bs"})->mode == Mode::Smtp);
  CHECK(parse({"-b", "p"})->mode == Mode::Queue);
  CHECK(parse({"-bi"})->mode == Mode::Aliases);
  CHECK(parse({"-I"})->mode == Mode::Aliases);
  CHECK(parse({"-bv"})->mode == Mode::Verify);
  CHECK(parse({"-bd", "-q30m"})->mode == Mode::Daemon);
  CHECK(parse({"-q"})->mode == Mode::Flush);
  CHECK(parse({"-qRexample.com"})->mode == Mode::Flush);
  CHECK(parse({"-qIABC"})->mode == Mode::Flush);
  CHECK_FALSE(parse({"-bx"}));
}

TEST_CASE("wrong options are told", "[cli]") {
  CHECK(parse({"-Z"}).error().detail == "unknown option -Z");
  CHECK(parse({"-f"}).error().detail == "-f needs a value");
  CHECK_FALSE(parse({"-N", "sometimes"}));
  CHECK_FALSE(parse({"-N", "never,failure"}));
  CHECK_FALSE(parse({"-N", ""}));
  CHECK_FALSE(parse({"-R", "half"}));
  CHECK_FALSE(parse({"-B", "9BIT"}));
  CHECK_FALSE(parse({"-V", "a\nb"}));
  CHECK_FALSE(parse({"-V", std::string(101, 'x')}));
}

TEST_CASE("every option stands once in the table, with its words", "[cli]") {
  std::string seen;
  for (const SendmailOption& row : sendmail_options()) {
    CHECK(seen.find(row.letter) == std::string::npos);
    CHECK_FALSE(row.text.empty());
    seen.push_back(row.letter);
  }
  for (const char letter : std::string("tifrFbqNVRBUvoOGCXLnmh")) {
    CHECK(seen.find(letter) != std::string::npos);
  }
}

TEST_CASE("a local text is the same however it is cut", "[cli]") {
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{100}}) {
    bool over = false;
    CHECK(read("a\r\nb\rc\nd", true, step) == "a\nb c\nd\n");
    CHECK(read("a\n.\nrest\n", true, step, &over) == "a\n");
    CHECK(over);
    CHECK(read("a\n.\r\nrest\n", true, step) == "a\n");
    CHECK(read(".\nrest\n", true, step).empty());
    CHECK(read("a\n.", true, step) == "a\n");
    CHECK(read("a\n..\n.b\n", true, step) == "a\n..\n.b\n");
    CHECK(read("a\n.\nrest\n", false, step, &over) == "a\n.\nrest\n");
    CHECK_FALSE(over);
    CHECK(read("From jo Sat\nFrom: jo\nFrom x\n", true, step) == "From: jo\nFrom x\n");
    CHECK(read("From", true, step) == "From\n");
    CHECK(read("Fro\nx\n", true, step) == "Fro\nx\n");
    CHECK(read("", true, step).empty());
    CHECK(read("\n\n", true, step) == "\n\n");
  }
}

TEST_CASE("a NUL is seen", "[cli]") {
  LocalText reader(true);
  std::string out;
  reader.feed(std::string_view("a\0b\n", 4), out);
  CHECK(reader.has_nul());
}
