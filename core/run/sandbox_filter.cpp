#include "run/sandbox_filter.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <initializer_list>
#include <memory>
#include <string>

namespace sekisho::run {
namespace {

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_KILL_PROCESS), &seccomp_release) {}

  void allow(std::initializer_list<int> calls) {
    for (const int call : calls) note(seccomp_rule_add(context_.get(), SCMP_ACT_ALLOW, call, 0));
  }
  /// The argument, seen through `mask`, must equal `value`.
  void allow_when(int call, unsigned argument, std::uint64_t mask, std::uint64_t value) {
    note(seccomp_rule_add(context_.get(), SCMP_ACT_ALLOW, call, 1, masked(argument, mask, value)));
  }
  void allow_when(int call, const scmp_arg_cmp& a, const scmp_arg_cmp& b) {
    note(seccomp_rule_add(context_.get(), SCMP_ACT_ALLOW, call, 2, a, b));
  }
  /// For calls that libraries try and do without.
  void answer(int call, int error) {
    note(seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(as_action(error)), call, 0));
  }
  void answer_when(int call, int error, unsigned argument, std::uint64_t mask, std::uint64_t value) {
    note(seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(as_action(error)), call, 1, masked(argument, mask, value)));
  }
  static scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
  }

  Result<void> load() {
    if (!context_) return fail("run.sandbox", "no filter");
    note(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_NNP, 0));    // set by the caller already
    note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1));  // threads that run already
    note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
    if (error_ == 0) note(seccomp_load(context_.get()));
    if (error_ == 0) return {};
    return fail("run.sandbox", std::string("the system call filter: ") + strerror(-error_));
  }

 private:
  static std::uint16_t as_action(int error) { return static_cast<std::uint16_t>(error); }
  void note(int result) {
    if (error_ == 0 && result < 0) error_ = result;
  }
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_ = 0;
};

constexpr std::uint64_t kWord = 0xffffffff;  // most arguments are ints: their upper half is not looked at

void common(Filter& f) {
  f.allow({SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(fstat),
           SCMP_SYS(lseek), SCMP_SYS(dup), SCMP_SYS(fcntl)});
  f.allow_when(SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
  // Waiting and time.
  f.allow({SCMP_SYS(poll),           SCMP_SYS(ppoll),           SCMP_SYS(select),
           SCMP_SYS(pselect6),       SCMP_SYS(epoll_create1),   SCMP_SYS(epoll_ctl),
           SCMP_SYS(epoll_wait),     SCMP_SYS(epoll_pwait),     SCMP_SYS(eventfd2),
           SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
           SCMP_SYS(futex),          SCMP_SYS(nanosleep),       SCMP_SYS(clock_nanosleep),
           SCMP_SYS(clock_gettime),  SCMP_SYS(clock_getres),    SCMP_SYS(gettimeofday),
           SCMP_SYS(time),           SCMP_SYS(restart_syscall), SCMP_SYS(sched_yield),
           SCMP_SYS(getrandom)});
  // Memory that never becomes code.
  f.allow({SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(membarrier)});
  f.allow_when(SCMP_SYS(mmap), 2, PROT_EXEC, 0);
  f.allow_when(SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
  // Sockets that exist already, and what arrives over them.
  f.allow({SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom),
           SCMP_SYS(sendto), SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
           SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(shutdown)});
  f.allow_when(SCMP_SYS(ioctl), 1, kWord, FIONBIO);  // how Asio makes a socket non-blocking
  f.answer_when(SCMP_SYS(ioctl), ENOTTY, 1, kWord, TCGETS);
  // Oneself.
  f.allow({SCMP_SYS(exit),
           SCMP_SYS(exit_group),
           SCMP_SYS(rt_sigaction),
           SCMP_SYS(rt_sigprocmask),
           SCMP_SYS(rt_sigreturn),
           SCMP_SYS(sigaltstack),
           SCMP_SYS(getpid),
           SCMP_SYS(gettid),
           SCMP_SYS(getppid),
           SCMP_SYS(getuid),
           SCMP_SYS(geteuid),
           SCMP_SYS(getgid),
           SCMP_SYS(getegid),
           SCMP_SYS(uname),
           SCMP_SYS(sysinfo),
           SCMP_SYS(getrusage),
           SCMP_SYS(getcpu),
           SCMP_SYS(sched_getaffinity),
           SCMP_SYS(set_robust_list),
           SCMP_SYS(rseq)});
  f.allow_when(SCMP_SYS(tgkill), 0, kWord, static_cast<std::uint64_t>(getpid()));  // abort()
  f.allow_when(SCMP_SYS(prctl), 0, kWord, PR_SET_NAME);
  f.allow_when(SCMP_SYS(prctl), 0, kWord, PR_GET_NAME);
  f.allow_when(SCMP_SYS(prlimit64), 2, ~std::uint64_t{0}, 0);  // asking, not setting
}

void relay(Filter& f) {
  const auto inet = Filter::masked(0, kWord, AF_INET);
  f.allow_when(SCMP_SYS(socket), inet,
               Filter::masked(1, kWord & ~std::uint64_t{SOCK_NONBLOCK | SOCK_CLOEXEC}, SOCK_STREAM));
  f.allow({SCMP_SYS(connect)});
}

/// Threads, and threads only; clone3 hides its flags from a filter, and the C library then uses clone.
void threads(Filter& f) {
  f.allow_when(SCMP_SYS(clone), 0, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND);
  f.answer(SCMP_SYS(clone3), ENOSYS);
  f.allow({SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler)});
  // A thread that hashes stands behind the others.
  f.allow({SCMP_SYS(getpriority)});
  f.allow_when(SCMP_SYS(setpriority), 1, kWord, 0);
}

void recording_relay(Filter& f) {
  relay(f);
  threads(f);
  // Which files: the folder's owner may make them, and its uid owns nothing else. What is written stays (T-65).
  f.allow_when(SCMP_SYS(open), 1, O_TRUNC, 0);
  f.allow_when(SCMP_SYS(openat), 2, O_TRUNC, 0);
  f.allow({SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(fsync),
           SCMP_SYS(fdatasync), SCMP_SYS(fstatfs), SCMP_SYS(statfs)});
}

void sekishod(Filter& f) {
  // Files: which ones is the business of its uid; it owns its state and nothing else.
  f.allow(
      {SCMP_SYS(open),       SCMP_SYS(openat),    SCMP_SYS(openat2),         SCMP_SYS(stat),       SCMP_SYS(lstat),
       SCMP_SYS(newfstatat), SCMP_SYS(statx),     SCMP_SYS(access),          SCMP_SYS(faccessat),  SCMP_SYS(faccessat2),
       SCMP_SYS(getdents64), SCMP_SYS(getcwd),    SCMP_SYS(readlink),        SCMP_SYS(readlinkat), SCMP_SYS(mkdir),
       SCMP_SYS(mkdirat),    SCMP_SYS(unlink),    SCMP_SYS(unlinkat),        SCMP_SYS(rename),     SCMP_SYS(renameat),
       SCMP_SYS(renameat2),  SCMP_SYS(link),      SCMP_SYS(linkat),          SCMP_SYS(rmdir),      SCMP_SYS(pread64),
       SCMP_SYS(pwrite64),   SCMP_SYS(preadv),    SCMP_SYS(pwritev),         SCMP_SYS(ftruncate),  SCMP_SYS(fallocate),
       SCMP_SYS(fsync),      SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range), SCMP_SYS(fadvise64),  SCMP_SYS(flock),
       SCMP_SYS(fchmod),     SCMP_SYS(fchmodat),  SCMP_SYS(fstatfs),         SCMP_SYS(statfs),     SCMP_SYS(umask),
       SCMP_SYS(utimensat),  SCMP_SYS(msync)});
  threads(f);
  // Mail and PostgreSQL.
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    f.allow_when(SCMP_SYS(socket), 0, kWord, static_cast<std::uint64_t>(family));
  }
  f.allow_when(SCMP_SYS(socketpair), 0, kWord, AF_UNIX);
  f.allow({SCMP_SYS(connect), SCMP_SYS(pipe2), SCMP_SYS(pipe)});
  f.answer_when(SCMP_SYS(socket), EAFNOSUPPORT, 0, kWord,
                AF_NETLINK);  // the resolver asks for addresses and can do without
  f.allow_when(SCMP_SYS(ioctl), 1, kWord, FIONREAD);
}

void hyperd(Filter& f) {
  // libvirt's client library reads its configuration when it connects; which files is the business of the uid.
  constexpr std::uint64_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
  f.allow_when(SCMP_SYS(open), 1, kWriting, 0);
  f.allow_when(SCMP_SYS(openat), 2, kWriting, 0);
  f.allow({SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access),
           SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(readlink),
           SCMP_SYS(pread64), SCMP_SYS(memfd_create)});
  threads(f);
  // A regular expression of glib would be compiled to machine code; refused, it is interpreted.
  f.answer_when(SCMP_SYS(mmap), EPERM, 2, PROT_EXEC, PROT_EXEC);
  const auto unix_socket = Filter::masked(0, kWord, AF_UNIX);
  f.allow_when(SCMP_SYS(socket), unix_socket,
               Filter::masked(1, kWord & ~std::uint64_t{SOCK_NONBLOCK | SOCK_CLOEXEC}, SOCK_STREAM));
  f.allow_when(SCMP_SYS(socketpair), 0, kWord, AF_UNIX);
  f.allow({SCMP_SYS(connect), SCMP_SYS(pipe2), SCMP_SYS(pipe)});
}

void netd(Filter& f) {
  // /dev/net/tun and what libnftables reads are opened before. Sockets: rtnetlink for the devices; libnftables makes
  // its own anew when the kernel's answer was overtaken.
  const auto netlink = Filter::masked(0, kWord, AF_NETLINK);
  f.allow_when(SCMP_SYS(socket), netlink, Filter::masked(2, kWord, NETLINK_ROUTE));
  f.allow_when(SCMP_SYS(socket), netlink, Filter::masked(2, kWord, NETLINK_NETFILTER));
  f.allow({SCMP_SYS(bind)});
  for (const unsigned long request : {TUNSETIFF, TUNSETOFFLOAD, TUNSETQUEUE, TUNSETVNETHDRSZ}) {
    f.allow_when(SCMP_SYS(ioctl), 1, kWord, request);
  }
}

}  // namespace

Result<void> load_system_call_filter(SandboxProfile profile) {
  Filter filter;
  common(filter);
  switch (profile) {
    case SandboxProfile::front:
      break;
    case SandboxProfile::relay:
      relay(filter);
      break;
    case SandboxProfile::recording_relay:
      recording_relay(filter);
      break;
    case SandboxProfile::sekishod:
      sekishod(filter);
      break;
    case SandboxProfile::netd:
      netd(filter);
      break;
    case SandboxProfile::hyperd:
      hyperd(filter);
      break;
  }
  return filter.load();
}

}  // namespace sekisho::run
