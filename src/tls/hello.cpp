// SPDX-License-Identifier: Apache-2.0
// tls: reads the two hellos that pass by in the clear, for facts the library does not tell.
#include "tls/hello.h"

#include <algorithm>
#include <array>
#include <optional>

namespace gatepost::tls {
namespace {

// A hello we care to read is far smaller; a larger one is the library's business alone.
constexpr std::size_t kMostHello = 16 * 1024;
constexpr std::size_t kMostSchemes = 64;

/// Takes numbers and pieces off the front of a message; once short, stays empty and bad.
class Reader {
 public:
  explicit Reader(std::string_view octets) : rest_(octets) {}

  std::size_t number(std::size_t width) {
    std::size_t value = 0;
    for (const char c : bytes(width)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view bytes(std::size_t count) {
    if (count > rest_.size()) {
      rest_ = {};
      return {};
    }
    const auto piece = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return piece;
  }
  /// A piece that begins with its own length in `width` octets.
  std::string_view vector(std::size_t width) {
    const auto length = number(width);
    return bytes(length);
  }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

constexpr std::size_t kHandshakeRecord = 22;
constexpr std::size_t kChangeCipherSpec = 20;
constexpr std::size_t kClientHello = 1;
constexpr std::size_t kServerHello = 2;
constexpr std::size_t kSignatureAlgorithms = 13;
constexpr std::size_t kExtendedMasterSecret = 23;
constexpr std::size_t kKeyShare = 51;
constexpr std::size_t kRandom = 32;

std::optional<std::string_view> find_extension(std::string_view list, std::size_t wanted) {
  Reader reader(list);
  while (!reader.empty()) {
    const auto type = reader.number(2);
    const auto body = reader.vector(2);
    if (type == wanted) return body;
  }
  return std::nullopt;
}

/// HelloRetryRequest is a ServerHello with this random (RFC 8446 section 4.1.3).
constexpr std::array<unsigned char, kRandom> kRetry{
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

}  // namespace

void HelloReader::stop() {
  done_ = true;
  records_ = {};
  messages_ = {};
}

void HelloReader::feed(std::string_view octets) {
  if (done_) return;
  if (records_.size() + octets.size() > 2 * kMostHello) return stop();
  records_.append(octets);
  while (!done_ && take_record()) {
    while (!done_ && take_message()) {
    }
  }
}

bool HelloReader::take_record() {
  constexpr std::size_t kHeader = 5;
  if (records_.size() < kHeader) return false;
  Reader reader(records_);
  const auto type = reader.number(1);
  reader.number(2);
  const auto length = reader.number(2);
  if (records_.size() < kHeader + length) return false;
  // The compatibility record between two hellos (RFC 8446 appendix D.4) says nothing.
  if (type == kHandshakeRecord) {
    messages_.append(records_, kHeader, length);
  } else if (type != kChangeCipherSpec) {
    stop();
    return false;
  }
  records_.erase(0, kHeader + length);
  return true;
}

bool HelloReader::take_message() {
  constexpr std::size_t kHeader = 4;
  if (messages_.size() < kHeader) return false;
  Reader reader(messages_);
  const auto type = reader.number(1);
  const auto length = reader.number(3);
  if (length > kMostHello) {
    stop();
    return false;
  }
  if (messages_.size() < kHeader + length) return false;
  const std::string body = messages_.substr(kHeader, length);
  messages_.erase(0, kHeader + length);
  if (type == kClientHello) {
    read_client_hello(body);
    stop();
  } else if (type == kServerHello) {
    read_server_hello(body);
  } else {
    stop();
  }
  return !done_;
}

void HelloReader::read_client_hello(std::string_view body) {
  Reader reader(body);
  reader.bytes(2 + kRandom);
  reader.vector(1);  // Session id.
  reader.vector(2);  // Cipher suites.
  reader.vector(1);  // Compression methods.
  const auto found = find_extension(reader.vector(2), kSignatureAlgorithms);
  if (!found) return;
  Reader outer(*found);
  Reader list(outer.vector(2));
  while (!list.empty() && schemes_.size() < kMostSchemes) {
    schemes_.push_back(static_cast<std::uint16_t>(list.number(2)));
  }
}

void HelloReader::read_server_hello(std::string_view body) {
  Reader reader(body);
  reader.bytes(2);
  const auto random = reader.bytes(kRandom);
  const bool retry =
      std::equal(random.begin(), random.end(), kRetry.begin(), kRetry.end(),
                 [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
  if (retry) return;  // The true one follows.
  reader.vector(1);   // Session id.
  reader.bytes(3);    // Cipher suite, compression method.
  const std::string_view extensions = reader.vector(2);
  extended_ = find_extension(extensions, kExtendedMasterSecret).has_value();
  if (const auto found = find_extension(extensions, kKeyShare)) {
    Reader share(*found);
    group_ = static_cast<std::uint16_t>(share.number(2));
  }
  stop();
}

}  // namespace gatepost::tls
