#include "programs/sekisho/supervisor.hpp"

#include "programs/sekisho/child_process.hpp"
#include "programs/sekisho/events.hpp"

#include <boost/asio/io_context.hpp>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace sekisho::supervise {

std::string_view to_string(ChildState state) {
  switch (state) {
    case ChildState::waiting:
      return "waiting";
    case ChildState::starting:
      return "starting";
    case ChildState::ready:
      return "ready";
    case ChildState::resting:
      return "resting";
    case ChildState::stopping:
      return "stopping";
    case ChildState::stopped:
      return "stopped";
  }
  return "unknown";
}

namespace {

constexpr int kBacklog = 1024;

std::int64_t milliseconds(std::chrono::milliseconds span) {
  return span.count();
}

}  // namespace

struct Supervisor::State {
  struct Child final : ChildProcess::Handler {
    Child(State& s, ChildPlan p) : owner(s), plan(std::move(p)) {}
    void on_ready() override { owner.ready(*this); }
    void on_breach() override {
      owner.log.event(kChildBreach, {{"child", plan.name}, {"pid", process->pid()}});
      process->signal(SIGKILL);
    }
    void on_exit(Exit exit) override { owner.ended(*this, exit); }
    [[nodiscard]] bool runs() const { return process != nullptr; }

    State& owner;
    const ChildPlan plan;
    ChildState state = ChildState::waiting;
    std::unique_ptr<ChildProcess> process;
    std::uint64_t starts = 0;
    unsigned failures = 0;  // in a row
    Instant ready_at{};
    run::Timers::Id timer = 0;  // of the limit or the rest that its state has
  };

  State(boost::asio::io_context& l, const run::Clock& c, run::Timers& t, Plan p, std::map<std::string, run::Fd> sockets,
        Log& g, Callbacks b, SupervisorLimits m)
      : loop(l),
        clock(c),
        timers(t),
        plan(std::move(p)),
        listeners(std::move(sockets)),
        log(g),
        callbacks(std::move(b)),
        limits(m) {
    for (const ChildPlan& child : plan.children) children.push_back(std::make_unique<Child>(*this, child));
  }
  ~State() {
    for (const auto& child : children) timers.cancel(child->timer);
  }

  void changed() const {
    if (callbacks.on_change) callbacks.on_change();
  }
  Child* find(const std::string& name) const {
    for (const auto& child : children) {
      if (child->plan.name == name) return child.get();
    }
    return nullptr;
  }
  void set(Child& child, ChildState state) {
    timers.cancel(std::exchange(child.timer, 0));
    child.state = state;
  }

  // --- starting
  // ---------------------------------------------------------------------------------------------------------

  /// Starts, for the first time, the next child whose elders are all ready.
  void advance() {
    for (const auto& child : children) {
      if (child->state == ChildState::waiting) return launch(*child);
      if (child->state != ChildState::ready) return;
    }
    if (std::exchange(all_ready, true)) return;
    log.event(kAllReady, {{"children", children.size()}});
    if (callbacks.on_all_ready) callbacks.on_all_ready();
  }

  void listen_all() {
    if (std::exchange(listening, true)) return;
    for (const auto& [name, socket] : listeners) {
      int kind = 0;
      socklen_t size = sizeof(kind);
      if (getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &kind, &size) == 0 && kind == SOCK_DGRAM) continue;
      if (::listen(socket.get(), kBacklog) != 0) {
        const std::string detail = name + ": " + strerror(errno);
        log.event(kCannotStart, {{"code", "supervise.listen"}, {"detail", detail}});
        failed = true;
      }
    }
    if (failed) return timers.post([this] { stop(); });
    log.event(kListening, {{"sockets", listeners.size()}});
  }

  void launch(Child& child) {
    set(child, ChildState::starting);
    ++child.starts;
    auto process = ChildProcess::start(loop, child.plan.argv, child);
    if (!process) {
      const auto rest = rest_of(child);
      log.event(kChildNotStarted,
                {{"child", child.plan.name}, {"detail", process.error().detail}, {"again_in_ms", milliseconds(rest)}});
      return rest_and_launch(child, rest);
    }
    child.process = std::move(*process);
    log.event(kChildStarted, {{"child", child.plan.name}, {"pid", child.process->pid()}, {"starts", child.starts}});
    child.timer = timers.at(clock.now() + limits.ready, [this, &child] {
      child.timer = 0;
      log.event(kChildNotReady, {{"child", child.plan.name}, {"pid", child.process->pid()}});
      child.process->signal(SIGKILL);
    });
    if (!equip(child)) child.process->signal(SIGKILL);  // its end brings it back
    changed();
  }

  [[nodiscard]] bool equip(Child& child) {
    for (const std::string& name : child.plan.listeners) {
      const auto socket = listeners.find(name);
      if (socket == listeners.end() || !child.process->hand_over("listener", name, socket->second.get())) return false;
    }
    for (const auto& [a, b] : plan.links) {
      if (a != child.plan.name && b != child.plan.name) continue;
      Child* neighbour = find(a == child.plan.name ? b : a);
      if (neighbour == nullptr || !neighbour->runs()) continue;
      auto ends = run::make_link_pair();
      if (!ends) return false;
      if (!child.process->hand_over("link", neighbour->plan.name, (*ends)[0].get())) return false;
      // A neighbour that does not take its end is ending or stuck: it must not stay without knowing its peers.
      if (!neighbour->process->hand_over("link", child.plan.name, (*ends)[1].get())) {
        neighbour->process->signal(SIGKILL);
      }
    }
    return child.process->hand_over("end", "", -1);
  }

  void ready(Child& child) {
    if (child.state != ChildState::starting) return;
    set(child, ChildState::ready);
    child.ready_at = clock.now();
    log.event(kChildReady, {{"child", child.plan.name}, {"pid", child.process->pid()}});
    if (child.plan.name == plan.listen_after) listen_all();
    changed();
    if (!all_ready) advance();
  }

  // --- ending
  // -----------------------------------------------------------------------------------------------------------

  std::chrono::milliseconds rest_of(Child& child) {
    if (child.state == ChildState::ready && clock.now() - child.ready_at >= limits.stable) child.failures = 0;
    const unsigned before = child.failures++;
    if (before == 0) return std::chrono::milliseconds{0};
    return std::min(limits.rest_longest, limits.rest_first * (1 << std::min(before - 1, 10u)));
  }

  void rest_and_launch(Child& child, std::chrono::milliseconds rest) {
    set(child, ChildState::resting);
    child.timer = timers.at(clock.now() + rest, [this, &child] {
      child.timer = 0;
      launch(child);
    });
    changed();
  }

  void ended(Child& child, Exit exit) {
    const auto process = std::move(child.process);
    if (stopping) {
      log.event(kChildStopped,
                {{"child", child.plan.name}, {"pid", process->pid()}, {"code", exit.code}, {"signal", exit.signal}});
      set(child, ChildState::stopped);
      changed();
      return stop_next();
    }
    const auto rest = rest_of(child);
    log.event(kChildEnded, {{"child", child.plan.name},
                            {"pid", process->pid()},
                            {"code", exit.code},
                            {"signal", exit.signal},
                            {"again_in_ms", milliseconds(rest)}});
    rest_and_launch(child, rest);
  }

  void stop() {
    if (std::exchange(stopping, true)) return;
    for (const auto& child : children) {
      if (!child->runs()) set(*child, ChildState::stopped);
    }
    changed();
    stop_next();
  }

  /// From the last to the first; each has gone before the next is told.
  void stop_next() {
    for (auto it = children.rbegin(); it != children.rend(); ++it) {
      Child& child = **it;
      if (child.state == ChildState::stopped) continue;
      if (child.state == ChildState::stopping) return;
      set(child, ChildState::stopping);
      child.process->signal(SIGTERM);
      child.timer = timers.at(clock.now() + limits.stop, [this, &child] {
        child.timer = 0;
        log.event(kChildKilled, {{"child", child.plan.name}, {"pid", child.process->pid()}});
        child.process->signal(SIGKILL);
      });
      return changed();
    }
    log.event(kStopped);
    if (auto told = std::exchange(callbacks.on_stopped, nullptr)) told();
  }

  boost::asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
  const Plan plan;
  const std::map<std::string, run::Fd> listeners;
  Log& log;
  Callbacks callbacks;
  const SupervisorLimits limits;
  std::vector<std::unique_ptr<Child>> children;  // in the order of starting; never changes
  bool all_ready = false, listening = false, stopping = false, failed = false;
};

Supervisor::Supervisor(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Plan plan,
                       std::map<std::string, run::Fd> listeners, Log& log, Callbacks callbacks, SupervisorLimits limits)
    : state_(std::make_unique<State>(loop, clock, timers, std::move(plan), std::move(listeners), log,
                                     std::move(callbacks), limits)) {}

Supervisor::~Supervisor() = default;

void Supervisor::start() {
  if (state_->plan.listen_after.empty()) state_->listen_all();
  state_->advance();
}

void Supervisor::stop() {
  state_->stop();
}

bool Supervisor::failed() const {
  return state_->failed;
}

std::vector<ChildStatus> Supervisor::status() const {
  std::vector<ChildStatus> out;
  for (const auto& child : state_->children) {
    out.push_back({child->plan.name, child->state, child->runs() ? child->process->pid() : 0, child->starts});
  }
  return out;
}

}  // namespace sekisho::supervise
