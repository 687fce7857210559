#include "run/sandbox.hpp"

#include "run/sandbox_filter.hpp"

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <string>

namespace sekisho::run {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif

Error refused(const std::string& what) {
  return fail("run.sandbox", what + ": " + strerror(errno));
}

/// Identity and capabilities belong to threads: a second thread would keep the old ones.
bool alone() {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return false;
  int count = 0;
  while (const dirent* entry = readdir(tasks)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(tasks);
  return count == 1;
}

Result<bool> change_identity(Profile profile, std::uint32_t uid) {
  if (geteuid() != 0) {
    if (uid != 0 && uid != geteuid()) {
      return fail("run.sandbox", "only root can become user " + std::to_string(uid));
    }
    return false;
  }
  if (uid == 0) return fail("run.sandbox", "no process that hears others runs as root: configure its uid");
  capng_clear(CAPNG_SELECT_BOTH);
  if (profile == Profile::netd) {
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_ADMIN);
  }
  const auto id = static_cast<int>(uid);
  const auto flags = static_cast<capng_flags_t>(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
  if (const int error = capng_change_id(id, id, flags); error != 0) {
    return fail("run.sandbox", "becoming user " + std::to_string(uid) + " failed (" + std::to_string(error) + ")");
  }
  // Trust the kernel's answer, not the library's.
  uid_t real = 0, effective = 0, saved = 0;
  if (getresuid(&real, &effective, &saved) != 0 || real != uid || effective != uid || saved != uid || setuid(0) == 0) {
    return fail("run.sandbox", "the old identity is still there");
  }
  capng_get_caps_process();
  for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    const bool wanted = profile == Profile::netd && capability == CAP_NET_ADMIN;
    const auto number = static_cast<unsigned>(capability);
    if ((capng_have_capability(CAPNG_EFFECTIVE, number) != 0) != wanted) {
      return fail("run.sandbox", "capability " + std::to_string(capability) + " is not as it should be");
    }
  }
  return true;
}

}  // namespace

Result<SandboxReport> enter_sandbox(Profile profile, std::uint32_t uid) {
  if (!kSanitizer && !alone()) return fail("run.sandbox", "the process has several threads already");
  tzset();  // later it would open a file
  umask(077);
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return refused("no core dumps");

  const pid_t parent = getppid();
  int death_signal = 0;
  if (prctl(PR_GET_PDEATHSIG, &death_signal) != 0) return refused("the parent's death signal");
  SandboxReport report;
  const auto identity = change_identity(profile, uid);
  if (!identity) return identity.error();
  report.identity = *identity;
  if (!report.identity) report.note = "started without root: user and capabilities stay as they are; ";

  // A change of identity forgets the death signal and makes the process undumpable only on some kernels.
  if (prctl(PR_SET_PDEATHSIG, death_signal) != 0) return refused("the parent's death signal");
  if (death_signal != 0 && getppid() != parent) return fail("run.sandbox", "the supervisor is gone");
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return refused("not dumpable");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("no new privileges");

  if (kSanitizer) {
    report.note += "sanitizer build: system calls are not filtered";
    return report;
  }
  if (auto filtered = load_system_call_filter(profile); !filtered) return filtered.error();
  report.seccomp = true;
  return report;
}

}  // namespace sekisho::run
