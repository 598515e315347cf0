// SPDX-License-Identifier: Apache-2.0
// tests: exceptions pass through frames of every kind, and find in registers and on the stack what was there.
//
// Linked once as the compiler wrote it and once by way of board/lean_as.in; both must say the same.
// tests/lean/compare looks where the twins are.
#include <alloca.h>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

struct Fault {
  std::uint64_t value;
};

struct Trace {
  explicit Trace(int number) : number_(number) {}
  ~Trace() { std::printf("out of %d\n", number_); }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

 private:
  int number_;
};

#define GP_KEPT __attribute__((noinline, noclone, noipa))

GP_KEPT std::uint64_t mixed(std::uint64_t value) {
  return value * 6364136223846793005U + 1442695040888963407U;
}
GP_KEPT void may_throw(std::uint64_t value) {
  if (value % 3 == 0) throw Fault{value};
}
/// More arguments than registers: they are pushed, and taken away again by who catches.
GP_KEPT void throws_with_arguments(std::uint64_t a,
                                   std::uint64_t b,
                                   std::uint64_t c,
                                   std::uint64_t d,
                                   std::uint64_t e,
                                   std::uint64_t f,
                                   std::uint64_t g,
                                   std::uint64_t h,
                                   std::uint64_t i) {
  if ((a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i) % 2 != 0) throw Fault{a + i};
}

/// Much that is saved, and several calls at which the pushed differs.
GP_KEPT std::uint64_t many_registers(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t c = mixed(a), d = mixed(b), e = mixed(c), f = mixed(d), g = mixed(e);
  std::uint64_t caught = 0;
  for (std::uint64_t round = 0; round < 4; ++round) {
    try {
      throws_with_arguments(a + round, b, c, d, e, f, g, round, 7);
      may_throw(c + round);
      throws_with_arguments(1, 2, 3, 4, 5, 6, 7, 8, d + round);
    } catch (const Fault& fault) {
      caught = mixed(caught + fault.value);
    }
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ caught;
}

/// The exception goes on while arguments lie pushed.
GP_KEPT std::uint64_t passed_through(std::uint64_t a) {
  const std::uint64_t b = mixed(a), c = mixed(b), d = mixed(c), e = mixed(d), f = mixed(e);
  throws_with_arguments(a, b, c, d, e, f, 1, 2, 3);
  may_throw(f);
  return a ^ b ^ c ^ d ^ e ^ f;
}
/// What is kept in registers meanwhile is what those frames saved.
GP_KEPT std::uint64_t above(std::uint64_t a) {
  const std::uint64_t b = mixed(a), c = mixed(b), d = mixed(c), e = mixed(d), f = mixed(e);
  std::uint64_t caught = 0;
  try {
    caught = passed_through(f);
  } catch (const Fault& fault) {
    caught = fault.value;
  }
  return mixed(a) ^ mixed(b) ^ mixed(c) ^ mixed(d) ^ mixed(e) ^ mixed(f) ^ caught;
}

/// The frame's size is known at run time only.
GP_KEPT std::uint64_t moving_stack(std::uint64_t size) {
  const std::uint64_t kept = mixed(size);
  auto* block = static_cast<unsigned char*>(alloca(16 + size % 512));
  std::memset(block, 0x5a, 16 + size % 512);
  try {
    may_throw(size);
  } catch (const Fault&) {
    return kept + block[size % 16];
  }
  may_throw(kept);
  return kept - block[size % 16];
}

/// A frame that is aligned more than the caller's.
GP_KEPT std::uint64_t aligned_stack(std::uint64_t value) {
  alignas(64) std::uint64_t block[8] = {value, mixed(value)};
  try {
    may_throw(mixed(reinterpret_cast<std::uintptr_t>(block) % 64 + value));
  } catch (const Fault& fault) {
    return fault.value ^ block[1];
  }
  return block[0];
}

/// The first call comes before anything is saved; code follows the first return.
GP_KEPT std::uint64_t late_frame(std::uint64_t value) {
  if (value % 5 == 0) {
    may_throw(value);
    return 1;
  }
  const Trace trace(static_cast<int>(value % 100));
  std::uint64_t sum = 0;
  for (std::uint64_t step = value % 7; step < 8; ++step) {
    sum += mixed(step);
    may_throw(sum);
    if (sum % 11 == 0) return sum;
  }
  may_throw(value);
  return sum;
}

GP_KEPT std::uint64_t deep(std::uint64_t depth, const std::string& text) {
  const Trace trace(static_cast<int>(depth));
  const std::string longer = text + std::to_string(depth);
  if (depth == 0) {
    may_throw(longer.size() * 3);
    return 0;
  }
  try {
    return deep(depth - 1, longer) + many_registers(depth, longer.size());
  } catch (const Fault& fault) {
    std::printf("%d again: %s\n", static_cast<int>(depth), longer.c_str());
    if (depth % 2 == 0) throw Fault{fault.value + depth};
    throw;
  }
}

GP_KEPT void tail(std::uint64_t value) {
  may_throw(value);
}

/// The same three times; the third one's address is taken, by which it could be told from the others.
extern "C" GP_KEPT std::uint64_t twin_first(std::uint64_t value) {
  const Trace trace(static_cast<int>(value % 10));
  may_throw(value);
  return value * 5;
}
extern "C" GP_KEPT std::uint64_t twin_second(std::uint64_t value) {
  const Trace trace(static_cast<int>(value % 10));
  may_throw(value);
  return value * 5;
}
extern "C" GP_KEPT std::uint64_t twin_taken(std::uint64_t value) {
  const Trace trace(static_cast<int>(value % 10));
  may_throw(value);
  return value * 5;
}

template <typename Function>
void say(const char* name, std::uint64_t value, Function function) {
  try {
    std::printf("%s %llu: %llu\n", name, static_cast<unsigned long long>(value),
                static_cast<unsigned long long>(function(value)));
  } catch (const Fault& fault) {
    std::printf("%s %llu: fault %llu\n", name, static_cast<unsigned long long>(value),
                static_cast<unsigned long long>(fault.value));
  }
}

}  // namespace

int main() {
  for (std::uint64_t value = 0; value < 40; ++value) {
    say("many registers", value, [](std::uint64_t one) { return many_registers(one, mixed(one)); });
    say("passed through", value, above);
    say("moving stack", value, moving_stack);
    say("aligned stack", value, aligned_stack);
    say("late frame", value, late_frame);
    say("twins", value, [](std::uint64_t one) { return twin_first(one + 1) - twin_second(one); });
    say("twin", value, twin_taken);
    say("tail", value, [](std::uint64_t one) { return tail(one), one; });
  }
  say("deep", 9, [](std::uint64_t one) { return deep(one, "text "); });
}
