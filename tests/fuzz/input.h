// SPDX-License-Identifier: Apache-2.0
// fuzz: takes decisions off the front of an input; the rest is the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace gatepost::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : left_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t octet() {
    if (left_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  /// At most `most`.
  std::size_t number(std::size_t most) {
    const std::size_t high = octet();
    return (high * 256 + octet()) % (most + 1);
  }
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

/// An invariant: libFuzzer keeps the input that breaks it.
inline void must(bool holds) {
  if (!holds) std::abort();
}

/// A copy of exactly its size on the heap, so that a read past it is seen.
inline std::string copy(std::string_view text) {
  std::string out(text);
  out.shrink_to_fit();
  return out;
}

}  // namespace gatepost::fuzz
