// SPDX-License-Identifier: Apache-2.0
// system: which system calls this process may make (seccomp(2)).
#include <cerrno>
#include <cstddef>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "system/calls.h"
#include "system/seccomp.h"

namespace gatepost::system {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__arm__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_ARM;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#else
#error "no filter of system calls for this architecture"
#endif

constexpr std::uint32_t kNumberAt = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArchitectureAt = offsetof(seccomp_data, arch);

/// The low half of an argument; all four architectures are little-endian.
constexpr std::uint32_t argument_at(std::uint32_t index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * index);
}

class Program {
 public:
  explicit Program(std::uint32_t refusal) : refusal_(refusal) {}

  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); }
  void end_with(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
  /// The next `count` instructions are for this value only.
  void unless_equal_skip(std::uint32_t value, std::size_t count) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
  }
  void refuse_unless_equal(std::uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    end_with(refusal_);
  }
  void if_equal_allow(std::uint32_t value) {
    unless_equal_skip(value, 1);
    end_with(SECCOMP_RET_ALLOW);
  }
  void add_call(const Call& call);
  [[nodiscard]] std::vector<sock_filter> take() { return std::move(code_); }

 private:
  void add(unsigned code, std::uint32_t value, std::size_t if_true = 0, std::size_t if_false = 0) {
    // A jump reaches 255 instructions.
    GP_ASSERT(if_true < 256 && if_false < 256);
    code_.push_back({static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(if_true),
                     static_cast<std::uint8_t>(if_false), value});
  }

  std::uint32_t refusal_;
  std::vector<sock_filter> code_;
};

/// A call's number is in the accumulator when its row is reached; a row that looks at an
/// argument always ends the program, so nothing has to be loaded again.
void Program::add_call(const Call& call) {
  switch (call.demand) {
    case Demand::None:
      if_equal_allow(call.number);
      return;
    case Demand::Absent:
      unless_equal_skip(call.number, 1);
      end_with(SECCOMP_RET_ERRNO | ENOSYS);
      return;
    case Demand::AnyOf:
      unless_equal_skip(call.number, 2 + 2 * call.values.size());
      load(argument_at(call.argument));
      for (const auto value : call.values) if_equal_allow(value);
      end_with(refusal_);
      return;
    case Demand::NoBits:
    case Demand::AllBits: {
      const std::uint32_t bits = call.values.front();
      unless_equal_skip(call.number, 5);
      load(argument_at(call.argument));
      add(BPF_ALU | BPF_AND | BPF_K, bits);
      unless_equal_skip(call.demand == Demand::AllBits ? bits : 0, 1);
      end_with(SECCOMP_RET_ALLOW);
      end_with(refusal_);
      return;
    }
  }
  std::unreachable();
}

}  // namespace

std::vector<sock_filter> make_call_filter(Violation violation) {
  const std::uint32_t refusal = violation == Violation::Kill
                                    ? SECCOMP_RET_KILL_PROCESS
                                    : SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EPERM);
  Program program(refusal);
  program.load(kArchitectureAt);
  // Calls in the manner of another architecture (int 0x80 on x86-64) have other numbers.
  program.refuse_unless_equal(kArchitecture);
  program.load(kNumberAt);
  for (const auto& call : allowed_calls()) program.add_call(call);
  program.end_with(refusal);
  return program.take();
}

Result<bool> restrict_calls(Violation violation) {
  auto code = make_call_filter(violation);
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  const long set =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (set == 0) return true;
  if (set < 0 && (errno == ENOSYS || errno == EINVAL)) return false;
  return system_error("seccomp", set < 0 ? errno : EAGAIN);
}

}  // namespace gatepost::system
