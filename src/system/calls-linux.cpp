// SPDX-License-Identifier: Apache-2.0
// system: the rows of the system call filter.
//
// Architectures differ in which calls they have: the newer ones (aarch64, riscv64) lack the old
// names, 32-bit ones have second names for 64-bit offsets and times. Each row that not all have
// stands under the condition that it is there.
#include <array>
#include <asm/ioctls.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "system/calls.h"

namespace gatepost::system {
namespace {

constexpr std::uint32_t u32(long value) {
  return static_cast<std::uint32_t>(value);
}

constexpr std::array kExecutable{u32(PROT_EXEC)};
constexpr std::array kThread{u32(CLONE_THREAD)};
constexpr std::array kFamilies{u32(AF_UNIX), u32(AF_INET), u32(AF_INET6)};
constexpr std::array kIoctls{u32(FIONREAD), u32(FIONBIO), u32(TCGETS), u32(TIOCGWINSZ)};
constexpr std::array kPrctls{u32(PR_SET_NAME), u32(PR_GET_NAME)};

constexpr Call kCalls[] = {
    // The loop: as often as anything, so first; the list is read from the top.
    {__NR_read, "files, eventfd, timerfd, signalfd"},
    {__NR_write, "files, eventfd, log"},
    {__NR_recvfrom, "peers"},
    {__NR_sendto, "peers, syslog, service manager"},
    {__NR_epoll_pwait, "the loop"},
#ifdef __NR_epoll_wait
    {__NR_epoll_wait, "the loop"},
#endif
    {__NR_epoll_ctl, "the loop"},
    {__NR_accept4, "new peers"},
    {__NR_close, "everything opened"},
#ifdef __NR_futex
    {__NR_futex, "locks between loop and clerk"},
#endif
#ifdef __NR_futex_time64
    {__NR_futex_time64, "the same with 64-bit time"},
#endif
#ifdef __NR_timerfd_settime
    {__NR_timerfd_settime, "deadlines"},
#endif
#ifdef __NR_timerfd_settime64
    {__NR_timerfd_settime64, "the same with 64-bit time"},
#endif
    {__NR_fsync, "the promise"},
    {__NR_fdatasync, "the promise"},
    {__NR_openat, "files"},
    {__NR_pread64, "database"},
    {__NR_pwrite64, "database"},

    // Sockets. No other families: neither netlink nor packet nor vsock.
    {__NR_socket, "control, syslog, service manager, peers", Demand::AnyOf, 0, kFamilies},
    {__NR_socketpair, "self-made pipes", Demand::AnyOf, 0, kFamilies},
    {__NR_connect, "syslog, journal, peers"},
    {__NR_bind, "datagram sockets; TCP ports are Landlock's"},
    {__NR_listen, "control socket made anew"},
#ifdef __NR_accept
    {__NR_accept, "new peers"},
#endif
    {__NR_getsockname, "own address"},
    {__NR_getpeername, "peer's address"},
    {__NR_getsockopt, "errors, peer credentials"},
    {__NR_setsockopt, "TCP_NODELAY and others"},
    {__NR_shutdown, "end of a stream"},
#ifdef __NR_send
    {__NR_send, "peers, on 32-bit ARM"},
#endif
#ifdef __NR_recv
    {__NR_recv, "peers, on 32-bit ARM"},
#endif
    {__NR_sendmsg, "gathered writes to peers"},
    {__NR_recvmsg, "scattered reads from peers"},
    {__NR_sendmmsg, "several queries at once"},
#ifdef __NR_recvmmsg
    {__NR_recvmmsg, "several answers at once"},
#endif
#ifdef __NR_recvmmsg_time64
    {__NR_recvmmsg_time64, "the same with 64-bit time"},
#endif

    // Files.
    {__NR_readv, "scattered reads"},
    {__NR_writev, "gathered writes"},
    {__NR_preadv, "database"},
    {__NR_pwritev, "message text in one write"},
#ifdef __NR_open
    {__NR_open, "files, by the old name"},
#endif
#ifdef __NR_fstat
    {__NR_fstat, "size and owner of files"},
#endif
#ifdef __NR_fstat64
    {__NR_fstat64, "the same, 32-bit"},
#endif
#ifdef __NR_newfstatat
    {__NR_newfstatat, "stat of names"},
#endif
#ifdef __NR_fstatat64
    {__NR_fstatat64, "the same, 32-bit"},
#endif
#ifdef __NR_stat
    {__NR_stat, "stat, by the old name"},
#endif
#ifdef __NR_stat64
    {__NR_stat64, "the same, 32-bit"},
#endif
#ifdef __NR_lstat
    {__NR_lstat, "stat of links, by the old name"},
#endif
#ifdef __NR_lstat64
    {__NR_lstat64, "the same, 32-bit"},
#endif
    {__NR_statx, "stat with 64-bit time"},
#ifdef __NR_lseek
    {__NR_lseek, "positions in files"},
#endif
#ifdef __NR__llseek
    {__NR__llseek, "the same, 32-bit"},
#endif
    {__NR_ftruncate, "database, spool"},
#ifdef __NR_ftruncate64
    {__NR_ftruncate64, "the same, 32-bit"},
#endif
    {__NR_fallocate, "space reserved for a message"},
#ifdef __NR_fadvise64
    {__NR_fadvise64, "text that is not read again"},
#endif
#ifdef __NR_arm_fadvise64_64
    {__NR_arm_fadvise64_64, "the same on ARM"},
#endif
    {__NR_copy_file_range, "a message for several mailboxes"},
#ifdef __NR_sendfile
    {__NR_sendfile, "a message to a peer"},
#endif
#ifdef __NR_sendfile64
    {__NR_sendfile64, "the same, 32-bit"},
#endif
    {__NR_fchmod, "modes of new files"},
    {__NR_fchmodat, "modes of new files"},
#ifdef __NR_chmod
    {__NR_chmod, "mode of the control socket"},
#endif
    {__NR_fchown, "database files"},
    {__NR_fchownat, "group of the control socket"},
#ifdef __NR_chown
    {__NR_chown, "group of the control socket, by the old name"},
#endif
    {__NR_utimensat, "times of files"},
    {__NR_mkdirat, "mailboxes"},
#ifdef __NR_mkdir
    {__NR_mkdir, "mailboxes"},
#endif
    {__NR_unlinkat, "files done with"},
#ifdef __NR_unlink
    {__NR_unlink, "files done with"},
#endif
#ifdef __NR_rmdir
    {__NR_rmdir, "folders done with"},
#endif
#ifdef __NR_renameat
    {__NR_renameat, "from tmp to new"},
#endif
    {__NR_renameat2, "from tmp to new"},
#ifdef __NR_rename
    {__NR_rename, "from tmp to new"},
#endif
    {__NR_linkat, "one text in several mailboxes"},
#ifdef __NR_link
    {__NR_link, "one text in several mailboxes"},
#endif
    {__NR_readlinkat, "real names of files"},
#ifdef __NR_readlink
    {__NR_readlink, "real names of files"},
#endif
    {__NR_getdents64, "folders read"},
    {__NR_getcwd, "real names of files"},
    {__NR_fcntl, "locks, flags"},
#ifdef __NR_fcntl64
    {__NR_fcntl64, "the same, 32-bit"},
#endif
    {__NR_flock, "locks"},
    {__NR_dup, "descriptors"},
    {__NR_dup3, "descriptors"},
#ifdef __NR_dup2
    {__NR_dup2, "descriptors"},
#endif
    {__NR_pipe2, "the loop's own alarm where there is no eventfd"},
    {__NR_faccessat, "may it be read?"},
    {__NR_faccessat2, "may it be read?"},
#ifdef __NR_access
    {__NR_access, "may it be read?"},
#endif
    {__NR_umask, "modes of new files"},
    {__NR_fstatfs, "space left"},
    {__NR_statfs, "space left"},
#ifdef __NR_statfs64
    {__NR_statfs64, "the same, 32-bit"},
    {__NR_fstatfs64, "the same, 32-bit"},
#endif
    {__NR_ioctl, "octets waiting, is it a terminal?", Demand::AnyOf, 1, kIoctls},

// Memory. Nothing that was written may ever be run.
#ifdef __NR_mmap
    {__NR_mmap, "memory, database", Demand::NoBits, 2, kExecutable},
#endif
#ifdef __NR_mmap2
    {__NR_mmap2, "the same, 32-bit", Demand::NoBits, 2, kExecutable},
#endif
    {__NR_mprotect, "thread stacks", Demand::NoBits, 2, kExecutable},
    {__NR_munmap, "memory"},
    {__NR_mremap, "memory"},
    {__NR_madvise, "memory given back"},
    {__NR_msync, "database"},
    {__NR_brk, "memory"},

    // Threads. CLONE_THREAD cannot be had without sharing memory and signals: no new process.
    {__NR_clone, "the clerk's threads", Demand::AllBits, 0, kThread},
    {__NR_clone3, "its flags are out of reach of a filter", Demand::Absent},
    {__NR_set_robust_list, "thread start"},
    {__NR_set_tid_address, "thread start"},
#ifdef __NR_rseq
    {__NR_rseq, "thread start"},
#endif
#ifdef __NR_arch_prctl
    {__NR_arch_prctl, "thread start on x86-64"},
#endif
#ifdef __ARM_NR_set_tls
    {__ARM_NR_set_tls, "thread start on ARM"},
#endif
#ifdef __ARM_NR_cacheflush
    {__ARM_NR_cacheflush, "compiler's helper on ARM"},
#endif
#ifdef __NR_riscv_flush_icache
    {__NR_riscv_flush_icache, "compiler's helper on RISC-V"},
#endif
    {__NR_sched_yield, "locks"},
    {__NR_sched_getaffinity, "how many processors"},
    {__NR_prctl, "names of threads", Demand::AnyOf, 0, kPrctls},
    {__NR_exit, "end of a thread"},
    {__NR_exit_group, "end of the process"},
    {__NR_restart_syscall, "waits interrupted by a stop and go on"},

    // Signals.
    {__NR_rt_sigaction, "abort"},
    {__NR_rt_sigprocmask, "abort, thread start"},
    {__NR_rt_sigreturn, "abort"},
#ifdef __NR_sigreturn
    {__NR_sigreturn, "abort, 32-bit"},
#endif
    {__NR_sigaltstack, "thread end"},
    {__NR_tgkill, "abort; others are out of reach by user id and Landlock"},
    {__NR_signalfd4, "signals of the loop"},

    // Time.
    {__NR_clock_gettime, "the clock where the vDSO does not serve"},
    {__NR_clock_getres, "the clock"},
    {__NR_clock_nanosleep, "short waits"},
#ifdef __NR_clock_gettime64
    {__NR_clock_gettime64, "the same with 64-bit time"},
    {__NR_clock_getres_time64, "the same with 64-bit time"},
    {__NR_clock_nanosleep_time64, "the same with 64-bit time"},
#endif
    {__NR_nanosleep, "database waits for a lock"},
#ifdef __NR_gettimeofday
    {__NR_gettimeofday, "the clock"},
#endif
#ifdef __NR_time
    {__NR_time, "the clock"},
#endif

    // The loop's other parts.
    {__NR_epoll_create1, "a second loop"},
    {__NR_eventfd2, "clerk wakes the loop"},
    {__NR_timerfd_create, "deadlines"},
    {__NR_ppoll, "one wait"},
#ifdef __NR_poll
    {__NR_poll, "one wait, by the old name"},
#endif
#ifdef __NR_ppoll_time64
    {__NR_ppoll_time64, "the same with 64-bit time"},
#endif
    {__NR_getrandom, "keys"},

    // Facts.
    {__NR_getpid, "log, names in tmp"},
    {__NR_gettid, "abort"},
    {__NR_getuid, "who am I"},
    {__NR_geteuid, "who am I"},
    {__NR_getgid, "who am I"},
    {__NR_getegid, "who am I"},
#ifdef __NR_getuid32
    {__NR_getuid32, "the same, 32-bit"},
    {__NR_geteuid32, "the same, 32-bit"},
    {__NR_getgid32, "the same, 32-bit"},
    {__NR_getegid32, "the same, 32-bit"},
#endif
    {__NR_uname, "host name"},
    {__NR_sysinfo, "memory of the machine"},
    {__NR_getrusage, "work done, for metrics"},
    {__NR_prlimit64, "open files; raising takes a right that is gone"},
#ifdef __NR_getrlimit
    {__NR_getrlimit, "open files"},
#endif
#ifdef __NR_ugetrlimit
    {__NR_ugetrlimit, "open files on ARM"},
#endif

// Newer ways of doing the above, which the C library tries first.
#ifdef __NR_close_range
    {__NR_close_range, "close one by one", Demand::Absent},
#endif
#ifdef __NR_openat2
    {__NR_openat2, "use openat", Demand::Absent},
#endif
#ifdef __NR_epoll_pwait2
    {__NR_epoll_pwait2, "use epoll_pwait", Demand::Absent},
#endif
};

}  // namespace

std::span<const Call> allowed_calls() {
  return kCalls;
}

}  // namespace gatepost::system
