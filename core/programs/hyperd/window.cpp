#include "programs/hyperd/window.hpp"

#include "programs/hyperd/events.hpp"
#include "registry/rules.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sekisho::hyperd {
namespace {

/// The pool's own limit comes after the driver's, so that a driver that keeps its word is heard.
constexpr std::chrono::milliseconds kGrace(2000);

/// What a call brought, with its descriptor.
struct Brought {
  hyper::Outcome outcome;
  run::Fd fd;
};

Result<Brought> machine(Result<Machine> answer) {
  if (!answer) return answer.error();
  Brought out;
  out.outcome.machines.push_back(*std::move(answer));
  return out;
}
Result<Brought> done(const Result<void>& answer) {
  if (!answer) return answer.error();
  return Brought{};
}
Result<Brought> descriptor(Result<int> answer) {
  if (!answer) return answer.error();
  Brought out;
  out.fd = run::Fd(*answer);
  if (!out.fd) return fail("console.refused", "the driver has no descriptor");
  return out;
}

/// On a thread of the pool.
Result<Brought> perform(ConsoleDriver& driver, const hyper::Call& call) {
  using Kind = hyper::CallKind;
  switch (call.kind) {
    case Kind::list: {
      auto machines = driver.machines(call.limit);
      if (!machines) return machines.error();
      Brought out;
      out.outcome.machines = *std::move(machines);
      return out;
    }
    case Kind::look:
      return machine(driver.machine(call.uuid, call.limit));
    case Kind::power:
      return done(driver.power(call.uuid, call.action, call.limit));
    case Kind::take_snapshot:
      return done(driver.take_snapshot(call.uuid, call.name, call.limit));
    case Kind::revert:
      return done(driver.revert(call.uuid, call.name, call.limit));
    case Kind::create:
      return machine(driver.create({.uuid = call.uuid, .model = call.model, .mac = call.mac}, call.limit));
    case Kind::destroy:
      return done(driver.destroy(call.uuid, call.limit));
    case Kind::set_login:
      return done(driver.set_login(call.uuid, call.name, call.password, call.limit));
    case Kind::screen:
      return descriptor(driver.screen(call.uuid, call.limit));
    case Kind::serial:
      return descriptor(driver.serial(call.uuid, call.limit));
    case Kind::picture: {
      auto picture = driver.picture(call.uuid, call.limit);
      if (!picture) return picture.error();
      if (picture->bytes.size() > kMaxPictureBytes) return fail("console.refused", "the picture is too large");
      auto file = sealed_file(picture->bytes);
      if (!file) return file.error();
      Brought out;
      out.outcome.media_type = std::move(picture->media_type);
      out.fd = *std::move(file);
      return out;
    }
  }
  return fail("console.not_supported");
}

}  // namespace

Result<run::Fd> sealed_file(std::string_view bytes) {
  const auto refused = [] { return fail("hyper.memory", strerror(errno)); };
  run::Fd file(memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return refused();
  while (!bytes.empty()) {
    const ssize_t wrote = write(file.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return refused();
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (lseek(file.get(), 0, SEEK_SET) != 0) return refused();
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) return refused();
  return file;
}

struct Window::State : std::enable_shared_from_this<Window::State> {
  State(registry::Zone zone, std::vector<Drivers> all, const run::Clock& c, run::Blocking& b, Log& l,
        std::function<void(const std::string&)> close_link)
      : zone_name(registry::to_string(zone)),
        drivers(std::move(all)),
        hyper(zone, managers()),
        clock(c),
        blocking(b),
        log(l),
        close(std::move(close_link)) {}

  const std::string zone_name;
  const std::vector<Drivers> drivers;
  hyper::Hyper hyper;
  const run::Clock& clock;
  run::Blocking& blocking;
  Log& log;
  const std::function<void(const std::string&)> close;
  seam::Link* gate = nullptr;
  std::map<std::string, seam::Link*> relays;
  std::map<std::string, bool> lost;

  [[nodiscard]] std::vector<hyper::Manager> managers() const {
    std::vector<hyper::Manager> out;
    for (const Drivers& driver : drivers) out.push_back({driver.name, driver.role});
    return out;
  }

  /// `fd`: what the call `of` has brought; goes with the action that names it, or is closed.
  void act(hyper::Actions actions, std::uint64_t of = 0, run::Fd fd = {}) {
    for (hyper::Action& action : actions) {
      if (auto* call = std::get_if<hyper::Call>(&action)) {
        start(std::move(*call));
      } else if (const auto* to = std::get_if<hyper::ToGate>(&action)) {
        if (gate != nullptr) gate->send(to->message);
      } else if (const auto* relay = std::get_if<hyper::ToRelay>(&action)) {
        const auto found = relays.find(relay->relay);
        if (found == relays.end()) continue;
        if (relay->descriptor_of == 0) {
          found->second->send(relay->message);
        } else if (relay->descriptor_of == of && fd) {
          found->second->send_with_fd(relay->message, fd.release());
        }
      } else if (const auto* breach = std::get_if<hyper::Breach>(&action)) {
        log.event(kHyperBreach, {{"zone", zone_name},
                                 {"name", breach->relay.empty() ? "sekishod" : "relay:" + breach->relay},
                                 {"why", breach->why}});
        close(breach->relay);
      } else if (const auto* refused = std::get_if<hyper::Refused>(&action)) {
        log.event(kHyperScreenRefused, {{"zone", zone_name},
                                        {"relay", refused->relay},
                                        {"session", refused->session},
                                        {"machine", refused->uuid},
                                        {"code", refused->code}});
      }
    }
  }

  void start(hyper::Call call) {
    const auto found = std::ranges::find(drivers, call.manager, &Drivers::name);
    SEKISHO_ASSERT(found != drivers.end());
    const std::uint64_t id = call.id;
    const auto limit = call.limit + kGrace;
    const auto owned = std::make_shared<hyper::Call>(std::move(call));
    run::run_blocking<Result<Brought>>(
        blocking, run::Pool::general, limit,
        [driver = found->driver, owned]() -> Result<Brought> { return perform(*driver, *owned); },
        [weak = weak_from_this(), id](Result<Result<Brought>> end) {
          const auto self = weak.lock();
          if (!self) return;
          if (!end)
            return self->act(self->hyper.done(id, fail("console.timed_out", end.error().code), self->clock.now()));
          Result<Brought>& answer = *end;
          if (!answer) return self->act(self->hyper.done(id, answer.error(), self->clock.now()));
          run::Fd fd = std::move(answer->fd);
          self->act(self->hyper.done(id, std::move(answer->outcome), self->clock.now()), id, std::move(fd));
        });
  }
};

Window::Window(registry::Zone zone, std::vector<Drivers> drivers, const run::Clock& clock, run::Blocking& blocking,
               Log& log, std::function<void(const std::string&)> close)
    : state_(std::make_shared<State>(zone, std::move(drivers), clock, blocking, log, std::move(close))) {}

Window::~Window() = default;

void Window::set_gate(seam::Link* link) {
  state_->gate = link;
  if (link == nullptr) return state_->hyper.gate_gone();
  // A new gatekeeper knows nothing of what is lost already.
  for (const auto& [manager, lost] : state_->lost) {
    if (lost) state_->act(state_->hyper.saw(manager, {.uuid = {}, .state = {}, .manager_lost = true}));
  }
}
void Window::set_relay(const std::string& relay, seam::Link* link) {
  state_->hyper.relay_gone(relay);  // what an older link asked for is nobody's
  if (link == nullptr) {
    state_->relays.erase(relay);
  } else {
    state_->relays[relay] = link;
  }
}
void Window::from_gate(seam::Message message) {
  state_->act(state_->hyper.from_gate(std::move(message), state_->clock.now()));
}
void Window::from_relay(const std::string& relay, seam::Message message) {
  state_->act(state_->hyper.from_relay(relay, std::move(message), state_->clock.now()));
}
void Window::saw(const std::string& manager, const MachineEvent& event) {
  if (event.uuid.empty()) {
    state_->lost[manager] = event.manager_lost;
    state_->log.event(event.manager_lost ? kHyperManagerLost : kHyperManagerBack,
                      {{"zone", state_->zone_name}, {"manager", manager}});
  }
  state_->act(state_->hyper.saw(manager, event));
}

}  // namespace sekisho::hyperd
