// SPDX-License-Identifier: Apache-2.0
// base: a value, or the reason there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace gatepost {

/// What a caller may sensibly do about a failure. At the joints of a mail server
/// there is no finer question: try again, give up, or stop.
enum class Cause : std::uint8_t {
  Temporary,  ///< May succeed later: a full disk, a busy file, a 4yz reply.
  Permanent,  ///< Will not succeed unchanged: bad syntax, no such user, a 5yz reply.
  Cancelled,  ///< A deadline or shutdown ended the wait. Says nothing about the peer.
  Bug,        ///< An invariant of ours is broken.
};

struct Error {
  Cause cause = Cause::Bug;
  std::string detail;  ///< For the log, never for the peer. One line.
  int system = 0;      ///< errno where a system call failed (ENOSPC and EDQUOT matter), else 0.
};

/// Either a T or an Error. The class is nodiscard and warnings are errors in CI, so
/// a failure cannot be dropped by accident; that is the reason this is not
/// std::expected (decision 0002).
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  explicit operator bool() const { return state_.index() == 0; }

  T& operator*() & { return *held<0>(state_); }
  const T& operator*() const& { return *held<0>(state_); }
  T&& operator*() && { return std::move(*held<0>(state_)); }
  T* operator->() { return held<0>(state_); }
  const T* operator->() const { return held<0>(state_); }

  const Error& error() const& { return *held<1>(state_); }
  Error&& error() && { return std::move(*held<1>(state_)); }

  T value_or(T other) && { return *this ? std::move(**this) : std::move(other); }

 private:
  /// The alternative the caller has tested for; told to the compiler, which otherwise warns
  /// of a null pointer wherever it sees the test.
  template <std::size_t kIndex, class State>
  static auto* held(State& state) {
    auto* found = std::get_if<kIndex>(&state);
    if (found == nullptr) __builtin_unreachable();
    return found;
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  explicit operator bool() const { return !error_; }

  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

/// An Error from errno, with the name of what was tried: "open /x: No space left on device".
[[nodiscard]] Error system_error(std::string_view what, int number);

}  // namespace gatepost

#define GP_JOIN2(a, b) a##b
#define GP_JOIN(a, b) GP_JOIN2(a, b)
#define GP_TRY_WITH(tmp, leave, decl, ...) \
  auto tmp = __VA_ARGS__;                  \
  if (!tmp) leave std::move(tmp).error();  \
  decl = *std::move(tmp)

/// `GP_TRY(auto size, parse_size(text));` binds the value or returns the error.
#define GP_TRY(decl, ...) GP_TRY_WITH(GP_JOIN(gp_try_, __LINE__), return, decl, __VA_ARGS__)

/// The same in a coroutine: `GP_CO_TRY(auto answer, resolver.query(name, type));`
#define GP_CO_TRY(decl, ...) \
  GP_TRY_WITH(GP_JOIN(gp_try_, __LINE__), co_return, decl, co_await __VA_ARGS__)

/// Returns the error of a Result<void>: `GP_CHECK(sync(file));`
#define GP_CHECK(...)                                                                     \
  do {                                                                                    \
    if (auto gp_checked = __VA_ARGS__; !gp_checked) return std::move(gp_checked).error(); \
  } while (false)

/// An invariant that stays checked in release builds. Aborting is safe because what
/// we promised is on disk before we said so.
#define GP_ASSERT(condition)          \
  ((condition) ? static_cast<void>(0) \
               : ::gatepost::assertion_failed(#condition, __FILE__, __LINE__))

namespace gatepost {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}  // namespace gatepost
