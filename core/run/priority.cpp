#include "run/priority.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace sekisho::run {
namespace {

/// sched_attr of sched_setattr(2), first version. Own: the kernel's header and the C library's define sched_param both.
struct Attributes {
  std::uint32_t size = sizeof(Attributes);
  std::uint32_t policy = 0;  // SCHED_OTHER
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0, deadline = 0, period = 0;  // ns; runtime: the slice
};
static_assert(sizeof(Attributes) == 48);

constexpr int kBehind = 5;

}  // namespace

bool take_short_turns(std::chrono::microseconds slice) {
  Attributes wanted;
  wanted.nice = getpriority(PRIO_PROCESS, 0);  // on Linux, of this thread
  wanted.runtime = static_cast<std::uint64_t>(std::chrono::nanoseconds(slice).count());
  if (syscall(SYS_sched_setattr, 0, &wanted, 0) != 0) return false;
  Attributes got;
  return syscall(SYS_sched_getattr, 0, &got, sizeof(got), 0) == 0 && got.runtime == wanted.runtime;
}

void give_way() {
  const int nice = std::min(getpriority(PRIO_PROCESS, 0) + kBehind, 19);
  setpriority(PRIO_PROCESS, 0, nice);
}

}  // namespace sekisho::run
