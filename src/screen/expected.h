// SPDX-License-Identifier: Apache-2.0
// screen: mail somebody waits for right now, such as a link to log in with, which is not to be late.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stamp.h"

namespace gatepost::screen {

/// `gatepost expect`. For its time mail that fits is not put off for being from somebody new. What
/// is over is in it until expire() takes it out.
class Expected {
 public:
  static constexpr std::size_t kMost = 100;

  /// What mail is meant; lower case, empty: any.
  struct Scope {
    std::string domain = {};  ///< Of the sender, or above it.
    std::string user = {};    ///< A recipient, or its local part; with any extension, user+x.

    /// Envelope addresses; an empty sender is of no domain. `delimiters`: recipient_delimiter.
    [[nodiscard]] bool matches(std::string_view sender,
                               std::string_view recipient,
                               std::string_view delimiters) const;
    /// "from example.com to alice"; "all mail".
    [[nodiscard]] std::string text() const;
    /// "example.com alice"; "*" stands for any. parse() reads it.
    [[nodiscard]] std::string key() const;
    [[nodiscard]] static std::optional<Scope> parse(std::string_view key);
    bool operator==(const Scope&) const = default;
  };
  struct Entry {
    Scope scope;
    Stamp until = 0;
  };

  /// One that is there gets the new time. False: there are too many.
  bool add(Scope scope, Stamp until);
  /// False: it is not there.
  bool remove(const Scope& scope);
  /// Those whose time was over; they are gone.
  std::vector<Scope> expire(Stamp now);

  [[nodiscard]] bool matches(std::string_view sender,
                             std::string_view recipient,
                             std::string_view delimiters) const;
  /// Mail of a client with this confirmed name could be meant; empty: it has none, and only what is
  /// expected from anywhere can come from it.
  [[nodiscard]] bool may_come_from(std::string_view name) const;
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace gatepost::screen
