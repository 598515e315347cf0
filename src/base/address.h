// SPDX-License-Identifier: Apache-2.0
// base: internet addresses and networks as values; no sockets.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost {

enum class Family : std::uint8_t { V4, V6 };

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) becomes
/// the IPv4 address it stands for, so that one host has one spelling.
class IpAddress {
 public:
  /// 0.0.0.0
  IpAddress() = default;
  [[nodiscard]] static IpAddress v4(std::array<std::uint8_t, 4> octets);
  [[nodiscard]] static IpAddress v6(std::array<std::uint8_t, 16> octets);
  /// Without brackets, zone or prefix length.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] bool is_v4() const { return family_ == Family::V4; }
  [[nodiscard]] unsigned bits() const { return is_v4() ? 32 : 128; }
  /// Network byte order; the first 4 count for IPv4, the rest are zero.
  [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const { return octets_; }
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_unspecified() const;
  /// The address with all but the first `bits` bits cleared.
  [[nodiscard]] IpAddress masked(unsigned bits) const;
  /// RFC 5952 form for IPv6.
  [[nodiscard]] std::string text() const;
  /// The form of an SMTP address literal: [192.0.2.1], [IPv6:2001:db8::1] (RFC 5321 section 4.1.3).
  [[nodiscard]] std::string literal() const;
  /// 192.0.2.1 as `1.2.0.192`, an IPv6 address as its 32 nibbles, the last first: what stands before
  /// the zone of a list (RFC 5782 section 2), or before in-addr.arpa and ip6.arpa.
  [[nodiscard]] std::string reversed_labels() const;

  auto operator<=>(const IpAddress&) const = default;  // NOLINT(modernize-use-nullptr): clang 14

 private:
  Family family_ = Family::V4;
  std::array<std::uint8_t, 16> octets_{};
};

/// An address block in CIDR form.
struct Network {
  IpAddress address;
  unsigned prefix = 0;

  /// "192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "[2001:db8::]/32". Host bits set are
  /// an error, as in Postfix: the block meant is unclear. "[::ffff:127.0.0.0]/104", which Debian
  /// writes into every main.cf, is 127.0.0.0/8.
  [[nodiscard]] static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& other) const;
  [[nodiscard]] std::string text() const;
  bool operator==(const Network&) const = default;
};

/// An address with a port.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  /// "192.0.2.1:25", "[::1]:25"; both parts are needed.
  [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  bool operator==(const Endpoint&) const = default;
};

}  // namespace gatepost
