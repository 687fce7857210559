#include "programs/sekisho_agent/driver.hpp"

#include "agent/refusals.hpp"
#include "programs/sekisho_agent/files.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>

namespace sekisho::agent {
namespace {

constexpr std::size_t kMostFactsBytes = 256 * 1024;

Instant boot_now() {
  timespec now{};
  SEKISHO_ASSERT(::clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return Instant(std::chrono::duration_cast<Instant::duration>(std::chrono::seconds(now.tv_sec) +
                                                               std::chrono::nanoseconds(now.tv_nsec)));
}

void put(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
}

int exit_code(EndKind kind) {
  switch (kind) {
    case EndKind::passed:
    case EndKind::session_over:
      return kPassed;
    case EndKind::denied:
      return kDenied;
    case EndKind::gate_failed:
      return kGateFailed;
    case EndKind::local_failed:
      break;
  }
  return kLocalFailed;
}

/// Waits for the time or a signal; false when it is time to leave.
bool wait(std::optional<Instant> until, Signals* signals) {
  while (true) {
    const Instant now = boot_now();
    if (until && *until <= now) return true;
    // At most a minute at once: poll's own clock stands still while the machine sleeps.
    auto left = std::chrono::milliseconds(std::chrono::minutes(1));
    if (until) left = std::min(left, std::chrono::ceil<std::chrono::milliseconds>(*until - now));
    pollfd watched{signals != nullptr ? signals->descriptor() : -1, POLLIN, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
    if (ready > 0 && signals != nullptr) return !signals->drain();
  }
}

}  // namespace

Signals::Signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGUSR1, SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, number);
  SEKISHO_ASSERT(::pthread_sigmask(SIG_BLOCK, &wanted, nullptr) == 0);
  fd_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  SEKISHO_ASSERT(fd_ >= 0);
}

Signals::~Signals() {
  ::close(fd_);
}

bool Signals::drain() {
  bool leave = false;
  signalfd_siginfo info{};
  while (::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGUSR1) {
      change_ = true;
    } else {
      leave = true;
    }
  }
  return leave;
}

bool Signals::take_change() {
  return std::exchange(change_, false);
}

Result<nlohmann::json> collect_from_file(const std::string& path) {
  const auto text = read_plain(path, kMostFactsBytes, "agent.facts_unreadable");
  if (!text) return text.error();
  auto facts = read_facts(*text);
  if (!facts) return facts;
  if ((*facts)["collector"]["source"] != "simulator") {
    return fail("agent.facts_source", path + ": /collector/source is not simulator");
  }
  return facts;
}

int drive(Agent& agent, CurlWire& wire, const std::string& facts_file, Signals* signals, const Format& format) {
  const bool once = signals == nullptr;
  std::string detail;
  Step step = agent.begin(boot_now());
  while (true) {
    for (const News& news : step.news) {
      const auto* trouble = std::get_if<Trouble>(&news);
      if (trouble != nullptr) detail = trouble->detail;
      put(once && trouble != nullptr ? stderr : stdout, say(news, format));
    }
    if (step.end) {
      if (step.end->refusal) put(stdout, say_refused(*step.end->refusal, detail, format));
      return exit_code(step.end->kind);
    }
    if (step.send) {
      auto answer = once ? wire.exchange(*step.send)
                         : wire.exchange(*step.send, signals->descriptor(), [signals] { return signals->drain(); });
      if (!answer) {
        if (answer.error().code == "agent.stopped") return kPassed;
        detail = answer.error().detail;
      }
      step = agent.on_answer(std::move(answer), boot_now());
    } else if (step.collect) {
      auto facts = collect_from_file(facts_file);
      if (!facts) detail = facts.error().detail;
      step = agent.on_facts(std::move(facts), boot_now());
    } else if (signals != nullptr && signals->take_change()) {
      step = agent.on_change(boot_now());
    } else if (!wait(agent.next_deadline(), signals)) {
      return kPassed;
    } else {
      step = agent.on_time(boot_now());
    }
  }
}

}  // namespace sekisho::agent
