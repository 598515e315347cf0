// SPDX-License-Identifier: Apache-2.0
// state: whether something may be in a table at all, so that the rest need not be looked up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string_view>

namespace gatepost::state {

/// A set that forgets nothing and sometimes has what was never noted (B. H. Bloom, 1970): of
/// 100,000 texts, one in a hundred others. 128 KiB, of which an empty one takes nothing.
class MaybeSeen {
 public:
  MaybeSeen() : words_(static_cast<std::uint64_t*>(std::calloc(kWords, sizeof(std::uint64_t)))) {
    if (!words_) throw std::bad_alloc();
  }

  void note(std::string_view text) {
    for (const std::size_t bit : bits_of(text)) words_[bit / 64] |= std::uint64_t{1} << bit % 64;
    ++noted_;
  }
  void note_all(const MaybeSeen& other) {
    for (std::size_t i = 0; i < kWords; ++i) words_[i] |= other.words_[i];
    noted_ += other.noted_;
  }
  [[nodiscard]] bool may_have(std::string_view text) const {
    bool all = true;
    for (const std::size_t bit : bits_of(text))
      all = all && (words_[bit / 64] >> bit % 64 & 1) != 0;
    return all;
  }
  /// How often something was; from a few hundred thousand on it has nearly everything.
  [[nodiscard]] std::size_t noted() const { return noted_; }

 private:
  static constexpr std::size_t kBits = std::size_t{1} << 20;
  static constexpr std::size_t kWords = kBits / 64;

  static std::array<std::size_t, 4> bits_of(std::string_view text) {
    std::array<std::size_t, 4> out{};
    std::size_t at = std::hash<std::string_view>{}(text);
    const std::size_t step = (at >> 17 | at << 5) | 1;
    for (std::size_t& bit : out) bit = (at += step) % kBits;
    return out;
  }

  struct Free {
    void operator()(std::uint64_t* words) const { std::free(words); }
  };
  std::unique_ptr<std::uint64_t[], Free> words_;  // Pages of it come with what is noted.
  std::size_t noted_ = 0;
};

}  // namespace gatepost::state
