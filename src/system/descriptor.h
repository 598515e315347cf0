// SPDX-License-Identifier: Apache-2.0
// system: a file descriptor that is closed.
#pragma once

#include <unistd.h>

namespace gatepost::system {

/// Owns it; negative: none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

}  // namespace gatepost::system
