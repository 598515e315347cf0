// SPDX-License-Identifier: Apache-2.0
// tls: reads the two hellos that pass by in the clear, for facts the library does not tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tls {

/// Watches the clear records at the start of a handshake (RFC 8446 sections 4.1 and 5.1).
///
/// On anything it does not understand it stops looking. What it finds in a client's hello serves
/// the log, and to know again which of our chains was shown; nothing is allowed for it.
class HelloReader {
 public:
  /// Octets of the stream in one direction, in any cut.
  void feed(std::string_view octets);

  /// The first hello has been read, or there is none to be found.
  [[nodiscard]] bool done() const { return done_; }
  /// signature_algorithms of a ClientHello, in the client's order (RFC 8446 section 4.2.3).
  [[nodiscard]] const std::vector<std::uint16_t>& schemes() const { return schemes_; }
  /// The group of the key share in a ServerHello (section 4.2.8); 0 when there was none.
  [[nodiscard]] std::uint16_t group() const { return group_; }
  /// A ServerHello agreed to the extended master secret (RFC 7627).
  [[nodiscard]] bool extended_master_secret() const { return extended_; }

 private:
  void stop();
  bool take_record();
  bool take_message();
  void read_client_hello(std::string_view body);
  void read_server_hello(std::string_view body);

  std::string records_;   // As they came, until one is whole.
  std::string messages_;  // Handshake octets out of the records, until one message is whole.
  std::vector<std::uint16_t> schemes_;
  std::uint16_t group_ = 0;
  bool extended_ = false;
  bool done_ = false;
};

}  // namespace gatepost::tls
