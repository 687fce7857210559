#include "run/sandbox.hpp"

#include "run/name_service.hpp"
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

#include <fstream>
#include <memory>
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

/// What the kernel says of every thread: the log's writer, for example, runs already. The C library changes the user of
/// all threads, which takes their capabilities; only the calling one may have kept some.
Result<void> verify_threads(std::uint32_t uid, bool keeps_net_admin) {
  const std::string id = std::to_string(uid);
  const std::string users = "Uid:\t" + id + "\t" + id + "\t" + id + "\t" + id;
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir("/proc/self/task"), &closedir);
  if (!tasks) return refused("looking at the threads");
  while (const dirent* entry = readdir(tasks.get())) {
    if (entry->d_name[0] == '.') continue;
    const bool own = std::to_string(gettid()) == entry->d_name;
    const std::string wanted = own && keeps_net_admin ? "0000000000001000" : "0000000000000000";
    std::ifstream status(std::string("/proc/self/task/") + entry->d_name + "/status");
    int good = 0;
    for (std::string line; std::getline(status, line);) {
      if (line == users || line == "CapEff:\t" + wanted || line == "CapPrm:\t" + wanted) ++good;
    }
    if (good != 3) return fail("run.sandbox", "a thread has kept its identity or capabilities");
  }
  return {};
}

Result<bool> change_identity(SandboxProfile profile, std::uint32_t uid) {
  if (geteuid() != 0) {
    if (uid != 0 && uid != geteuid()) {
      return fail("run.sandbox", "only root can become user " + std::to_string(uid));
    }
    return false;
  }
  if (uid == 0) return fail("run.sandbox", "no process that hears others runs as root: configure its uid");
  capng_clear(CAPNG_SELECT_BOTH);
  if (profile == SandboxProfile::netd) {
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_ADMIN);
  }
  const auto id = static_cast<int>(uid);
  const auto flags = static_cast<capng_flags_t>(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
  if (const int error = capng_change_id(id, id, flags); error != 0) {
    return fail("run.sandbox", "becoming user " + std::to_string(uid) + " failed (" + std::to_string(error) + ")");
  }
  if (setuid(0) == 0) return fail("run.sandbox", "the old identity is still there");
  if (auto threads = verify_threads(uid, profile == SandboxProfile::netd); !threads) return threads.error();
  return true;
}

}  // namespace

Result<SandboxReport> enter_sandbox(SandboxProfile profile, std::uint32_t uid) {
  tzset();  // later it would open a file
  if (profile == SandboxProfile::sekishod) load_name_services();
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
