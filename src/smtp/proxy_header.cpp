// SPDX-License-Identifier: Apache-2.0
// smtp: what a proxy says before the first octet of its client (HAProxy's PROXY protocol, 1 and 2).
#include "smtp/proxy_header.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace gatepost::smtp {
namespace {

using Ends = ProxyReading::Ends;

constexpr std::string_view kSignature2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::size_t kShortest1 = std::string_view("PROXY UNKNOWN\r\n").size();
constexpr std::size_t kLongest1 = 107;
constexpr std::size_t kHead2 = 16;

ProxyReading more(std::size_t octets) {
  return {.missing = octets};
}

ProxyReading wrong(std::string_view fault) {
  return {.fault = fault};
}

/// As the protocol writes them: no sign, no zero in front.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  const bool padded = text.size() > 1 && text.front() == '0';
  if (text.empty() || text.size() > 5 || padded) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (value > 0xffff) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

/// `line` without its end.
ProxyReading read_line(std::string_view line) {
  line.remove_prefix(kSignature1.size());
  std::array<std::string_view, 5> words;
  std::size_t count = 0;
  for (;;) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    // What else stands after it is not to be looked at (section 2.1).
    if (count == 0 && word == "UNKNOWN") return {};
    if (count == words.size()) return wrong("too many words in the proxy line");
    words[count++] = word;
    if (end == line.size()) break;
    line.remove_prefix(end + 1);
  }
  const bool four = words[0] == "TCP4";
  if (!four && words[0] != "TCP6") return wrong("unknown protocol in the proxy line");
  if (count != words.size()) return wrong("too few words in the proxy line");
  const auto client = IpAddress::parse(words[1]);
  const auto local = IpAddress::parse(words[2]);
  // An IPv4-mapped address under TCP6 has become the IPv4 address it stands for.
  const auto fits = [&](std::string_view word) { return (word.find(':') == word.npos) == four; };
  if (!client || !local || !fits(words[1]) || !fits(words[2])) {
    return wrong("bad address in the proxy line");
  }
  const auto from = parse_port(words[3]);
  const auto to = parse_port(words[4]);
  if (!from || !to) return wrong("bad port in the proxy line");
  return {.ends = Ends{{*client, *from}, {*local, *to}}};
}

ProxyReading read_text(std::string_view text) {
  if (text.size() < kShortest1) return more(kShortest1 - text.size());
  if (text.find('\n') == text.npos) {
    if (text.size() >= kLongest1) return wrong("the proxy line is too long");
    // It may end with the next octet; where CR is, that one has to be LF.
    return more(text.back() == '\r' ? 1 : 2);
  }
  if (!text.ends_with("\r\n")) return wrong("the proxy line ends without CRLF");
  text.remove_suffix(2);
  if (text.find_first_of("\r\n") != text.npos) return wrong("the proxy line ends without CRLF");
  return read_line(text);
}

std::uint8_t octet(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

std::uint16_t number(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>(octet(text, at) << 8U | octet(text, at + 1));
}

template <std::size_t N>
IpAddress address(std::string_view text, std::size_t at) {
  std::array<std::uint8_t, N> octets{};
  for (std::size_t i = 0; i < N; ++i) octets[i] = octet(text, at + i);
  if constexpr (N == 4) {
    return IpAddress::v4(octets);
  } else {
    return IpAddress::v6(octets);
  }
}

template <std::size_t N>
ProxyReading read_addresses(std::string_view body) {
  if (body.size() < 2 * N + 4) return wrong("the proxy header is too short for its addresses");
  // TLVs after them are passed over.
  return {.ends = Ends{{address<N>(body, 0), number(body, 2 * N)},
                       {address<N>(body, N), number(body, 2 * N + 2)}}};
}

ProxyReading read_binary(std::string_view text) {
  constexpr std::uint8_t kLocal = 0x20;
  constexpr std::uint8_t kProxy = 0x21;
  constexpr std::uint8_t kUnspecified = 0x00;
  constexpr std::uint8_t kTcp4 = 0x11;
  constexpr std::uint8_t kTcp6 = 0x21;
  if (text.size() < kHead2) return more(kHead2 - text.size());
  const std::uint8_t command = octet(text, 12);
  if (command >> 4U != 2) return wrong("unknown version of the proxy protocol");
  if (command != kLocal && command != kProxy) return wrong("unknown command in the proxy header");
  const std::size_t whole = kHead2 + number(text, 14);
  if (whole > kProxyHeader) return wrong("the proxy header is too long");
  if (text.size() < whole) return more(whole - text.size());
  const std::string_view body = text.substr(kHead2);
  const std::uint8_t protocol = octet(text, 13);
  if (command == kLocal || protocol == kUnspecified) return {};
  if (protocol == kTcp4) return read_addresses<4>(body);
  if (protocol == kTcp6) return read_addresses<16>(body);
  return wrong("unknown protocol in the proxy header");
}

}  // namespace

ProxyReading read_proxy_header(std::string_view text) {
  const auto begins = [text](std::string_view signature) {
    const std::size_t common = std::min(text.size(), signature.size());
    return text.substr(0, common) == signature.substr(0, common);
  };
  if (begins(kSignature1)) return read_text(text);
  if (begins(kSignature2)) return read_binary(text);
  return wrong("there is no proxy header");
}

}  // namespace gatepost::smtp
