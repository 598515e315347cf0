// SPDX-License-Identifier: Apache-2.0
// base: internet addresses and networks as values; no sockets.
#include "base/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

#include "base/text.h"

namespace gatepost {

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
  IpAddress out;
  std::copy(octets.begin(), octets.end(), out.octets_.begin());
  return out;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), octets.begin())) {
    return v4({octets[12], octets[13], octets[14], octets[15]});
  }
  IpAddress out;
  out.family_ = Family::V6;
  out.octets_ = octets;
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != text.npos) return {};
  std::memcpy(copy, text.data(), text.size());
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, copy, four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, copy, sixteen.data()) == 1) return v6(sixteen);
  return {};
}

std::string IpAddress::reversed_labels() const {
  constexpr std::string_view kNibbles = "0123456789abcdef";
  std::string out;
  for (unsigned i = bits() / 8; i-- > 0;) {
    if (!out.empty()) out += '.';
    if (is_v4()) {
      out += format_number(octets_[i]);
    } else {
      out += {kNibbles[octets_[i] & 0xfU], '.', kNibbles[octets_[i] >> 4U]};
    }
  }
  return out;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return octets_[0] == 127;
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return octets_ == one;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(octets_.begin(), octets_.end(), [](std::uint8_t o) { return o == 0; });
}

IpAddress IpAddress::masked(unsigned bits) const {
  IpAddress out = *this;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
    out.octets_[i] = static_cast<std::uint8_t>(out.octets_[i] & (0xff00U >> kept));
  }
  return out;
}

std::string IpAddress::text() const {
  char out[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, octets_.data(), out, sizeof out);
  return out;
}

std::string IpAddress::literal() const {
  return (is_v4() ? "[" : "[IPv6:") + text() + "]";
}

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  std::string_view host = text.substr(0, slash);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = IpAddress::parse(host);
  if (!address) return {};
  Network out{*address, address->bits()};
  if (slash != text.npos) {
    auto prefix = parse_number(text.substr(slash + 1));
    // A mapped address became an IPv4 one: of its prefix the first 96 bits are the mapping's.
    const bool mapped = address->is_v4() && host.find(':') != host.npos;
    if (prefix && mapped) prefix = *prefix < 96 ? std::nullopt : std::optional(*prefix - 96);
    if (!prefix || *prefix > address->bits()) return {};
    out.prefix = static_cast<unsigned>(*prefix);
  }
  if (out.address.masked(out.prefix) != out.address) return {};
  return out;
}

bool Network::contains(const IpAddress& other) const {
  return other.family() == address.family() && other.masked(prefix) == address;
}

std::string Network::text() const {
  return address.text() + "/" + format_number(prefix);
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return {};
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return {};
  }
  const auto address = IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1));
  if (!address || !port || *port > 65535) return {};
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::text() const {
  const std::string host = address.is_v4() ? address.text() : "[" + address.text() + "]";
  return host + ":" + format_number(port);
}

}  // namespace gatepost
