// SPDX-License-Identifier: Apache-2.0
// smtp: what a proxy says is read to its last octet, and no further; what is wrong is refused.
#include "smtp/proxy_header.h"

#include <algorithm>
#include <string>

#include <catch2/catch_test_macros.hpp>

using gatepost::smtp::kProxyHeader;
using gatepost::smtp::ProxyReading;
using gatepost::smtp::read_proxy_header;

namespace {

struct Read {
  ProxyReading reading;
  std::size_t taken = 0;

  [[nodiscard]] bool is_whole() const { return reading.missing == 0 && reading.fault.empty(); }
  [[nodiscard]] std::string ends() const {
    if (!reading.ends) return {};
    return reading.ends->client.text() + " " + reading.ends->local.text();
  }
};

Read read(std::string_view text, std::size_t step = kProxyHeader) {
  Read out;
  for (;;) {
    out.reading = read_proxy_header(text.substr(0, out.taken));
    if (out.reading.missing == 0 || out.taken == text.size()) return out;
    out.taken += std::min({out.reading.missing, step, text.size() - out.taken});
  }
}

std::string binary(int command, int protocol, const std::string& body) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += static_cast<char>(command);
  out += static_cast<char>(protocol);
  out += static_cast<char>(body.size() >> 8U);
  out += static_cast<char>(body.size() & 0xffU);
  return out + body;
}

const std::string kFour("\xc0\x00\x02\x01\xc0\x00\x02\x02\xc3\x50\x00\x19", 12);

}  // namespace

TEST_CASE("version 1 is read, and what follows is the client's", "[smtp][proxy]") {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, kProxyHeader}) {
    const std::string four = "PROXY TCP4 192.0.2.1 192.0.2.2 50000 25\r\n";
    const Read one = read(four + "EHLO x\r\n", step);
    REQUIRE(one.is_whole());
    CHECK(one.taken == four.size());
    CHECK(one.ends() == "192.0.2.1:50000 192.0.2.2:25");
    const Read two = read("PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n", step);
    REQUIRE(two.is_whole());
    CHECK(two.ends() == "[2001:db8::1]:65535 [2001:db8::2]:0");
    const std::string unknown = "PROXY UNKNOWN\r\n";
    const Read three = read(unknown + "\x16\x03", step);
    REQUIRE(three.is_whole());
    CHECK(three.taken == unknown.size());
    CHECK_FALSE(three.reading.ends);
    CHECK(read("PROXY UNKNOWN what ever 1 2 3 4 5\r\n", step).is_whole());
  }
}

TEST_CASE("the shortest line of version 1 leaves the client's octets alone", "[smtp][proxy]") {
  const std::string shortest = "PROXY TCP6 :: :: 0 0\r\n";
  const Read one = read(shortest + "x");
  REQUIRE(one.is_whole());
  CHECK(one.taken == shortest.size());
}

TEST_CASE("version 2 is read with its TLVs, and what follows is the client's", "[smtp][proxy]") {
  const std::string tlv("\x04\x00\x03xyz", 6);
  const std::string text = binary(0x21, 0x11, kFour + tlv);
  const Read one = read(text + "EHLO x\r\n");
  REQUIRE(one.is_whole());
  CHECK(one.taken == text.size());
  CHECK(one.ends() == "192.0.2.1:50000 192.0.2.2:25");
  std::string six(36, '\0');
  six[15] = 1;
  six[33] = 25;
  const Read two = read(binary(0x21, 0x21, six), 1);
  REQUIRE(two.is_whole());
  CHECK(two.ends() == "[::1]:25 [::]:0");
}

TEST_CASE("a proxy that speaks for itself names no client", "[smtp][proxy]") {
  for (const std::string& text : {binary(0x20, 0x00, ""), binary(0x20, 0x11, kFour),
                                  binary(0x21, 0x00, ""), binary(0x20, 0x11, "")}) {
    const Read one = read(text);
    CHECK(one.is_whole());
    CHECK_FALSE(one.reading.ends);
  }
}

TEST_CASE("a header has a greatest length", "[smtp][proxy]") {
  CHECK(read(binary(0x21, 0x11, kFour + std::string(500, 'x'))).is_whole());
  const Read longer = read(binary(0x21, 0x11, kFour + std::string(501, 'x')));
  CHECK_FALSE(longer.reading.fault.empty());
  CHECK(longer.taken == 16);
  const std::string most = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
  CHECK(most.size() == 107);
  CHECK(read(most).is_whole());
  const Read line = read("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n");
  CHECK_FALSE(line.reading.fault.empty());
  CHECK(line.taken <= 108);
}

TEST_CASE("what is no header is refused at its first wrong octet", "[smtp][proxy]") {
  CHECK_FALSE(read("EHLO x\r\n", 1).reading.fault.empty());
  CHECK(read("EHLO x\r\n", 1).taken == 1);
  for (const char* text : {
           "PROXY TCP4 192.0.2.1 192.0.2.2 50000\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 50000 25 1\r\n",
           "PROXY TCP4 2001:db8::1 2001:db8::2 50000 25\r\n",
           "PROXY TCP6 192.0.2.1 192.0.2.2 50000 25\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 50000 65536\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 050 25\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 -1 25\r\n",
           "PROXY TCP4 192.0.2.1  192.0.2.2 1 25\r\n",
           "PROXY UDP4 192.0.2.1 192.0.2.2 1 25\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 50000 25\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2\r50000 25\r\n",
           "PROXY unknown\r\n.",
       }) {
    INFO(text);
    CHECK_FALSE(read(text).reading.fault.empty());
  }
  for (const std::string& text :
       {binary(0x11, 0x11, kFour), binary(0x22, 0x11, kFour), binary(0x21, 0x12, kFour),
        binary(0x21, 0x31, kFour), binary(0x21, 0x21, kFour), binary(0x21, 0x11, "")}) {
    CHECK_FALSE(read(text).reading.fault.empty());
  }
}
