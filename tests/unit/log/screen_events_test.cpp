// SPDX-License-Identifier: Apache-2.0
// tests: the lines about clients that are screened are those of postscreen.
#include "log/screen_events.h"

#include <catch2/catch_test_macros.hpp>

#include "fake_log.h"

using namespace gatepost;
using namespace gatepost::log;
using test::line_of;

namespace {

std::string failed(std::string_view test, std::string_view after, std::string_view text) {
  return line_of(ScreenFailed{test, "[192.0.2.1]:50", after, text, 0, {}});
}

}  // namespace

TEST_CASE("failures have postscreen's lines", "[log]") {
  CHECK(failed("pipelining", "ehlo", "MAIL FROM:<a@x>\r\n") ==
        "postscreen: COMMAND PIPELINING from [192.0.2.1]:50 after ehlo: MAIL FROM:<a@x>\\r\\n");
  CHECK(failed("non_smtp", "EHLO", "GET / HTTP/1.1\t\x01") ==
        "postscreen: NON-SMTP COMMAND from [192.0.2.1]:50 after EHLO: GET / HTTP/1.1\\t\\001");
  // The command itself is shown in another way, and a blank follows it always.
  CHECK(failed("non_smtp", "CONNECT", "\x16\x03") ==
        "postscreen: NON-SMTP COMMAND from [192.0.2.1]:50 after CONNECT: ?? ");
  // What came in the line at hand.
  CHECK(failed("bare_newline", "CONNECT", "EHLO \"x\"") ==
        "postscreen: BARE NEWLINE from [192.0.2.1]:50 after EHLO \"x\"");
}
