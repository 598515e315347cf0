// SPDX-License-Identifier: Apache-2.0
// base: a string that is not printed by accident and does not outlive its use.
#pragma once

#include <string.h>
#include <string>
#include <string_view>
#include <utility>

namespace gatepost {

/// Holds a private key or password. Wiped when destroyed or moved from; has no
/// formatter, so it does not compile as a field of an event.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept { swap(other); }
  Secret& operator=(Secret&& other) noexcept {
    swap(other);
    other.wipe();
    return *this;
  }
  ~Secret() { wipe(); }

  /// Borrowed until the Secret is changed or destroyed.
  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  /// A second one, said aloud: no copy is made by accident.
  [[nodiscard]] Secret copy() const { return Secret(text_); }

 private:
  void swap(Secret& other) noexcept { text_.swap(other.text_); }
  void wipe() noexcept {
    if (!text_.empty()) explicit_bzero(text_.data(), text_.size());
    text_.clear();
  }

  std::string text_;
};

}  // namespace gatepost
