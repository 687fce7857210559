#include "run/peer_link.hpp"

#include <unistd.h>

#include <utility>
#include <variant>

namespace sekisho::run {

struct PeerLink::Inner final : seam::Link::Handler {
  Inner(const Clock& gate_clock, Timers& loop_timers, seam::Hello hello, std::string wanted_role,
        std::string wanted_name, seam::Link::Handler& handler)
      : clock(gate_clock),
        timers(loop_timers),
        own(std::move(hello)),
        role(std::move(wanted_role)),
        name(std::move(wanted_name)),
        user(&handler) {}
  ~Inner() override { shut(); }
  Inner(const Inner&) = delete;
  Inner& operator=(const Inner&) = delete;

  void shut() {
    user = nullptr;
    timers.cancel(std::exchange(timer, 0));
    raw.reset();
  }

  void tick() {
    timer = 0;
    if (clock.now() - heard >= kSilenceLimit) return end("the peer has been silent for 30 s");
    raw->send(seam::Heartbeat{generation});
    timer = timers.at(clock.now() + kHeartbeatEvery, [this] { tick(); });
  }

  void end(std::string_view why) {
    auto* handler = user;
    shut();
    if (handler != nullptr) handler->on_closed(why);
  }

  void on_message(seam::Message message, int fd) override {
    if (user == nullptr) {
      if (fd >= 0) ::close(fd);
      return;
    }
    heard = clock.now();
    const auto* hello = std::get_if<seam::Hello>(&message);
    const bool good_hello = hello != nullptr && !greeted && hello->version == seam::kVersion && hello->role == role &&
                            (name.empty() || hello->name == name);
    if (greeted == (hello != nullptr) || (hello != nullptr && !good_hello)) {
      if (fd >= 0) ::close(fd);
      return end(greeted ? "a second Hello" : "the peer's Hello is missing or does not fit");
    }
    greeted = true;
    user->on_message(std::move(message), fd);
  }
  void on_closed(std::string_view why) override { end(why); }

  const Clock& clock;
  Timers& timers;
  const seam::Hello own;
  const std::string role, name;
  seam::Link::Handler* user;
  std::unique_ptr<seam::Link> raw;
  Timers::Id timer = 0;
  Instant heard{};
  std::uint64_t generation = 0;
  bool greeted = false;
};

PeerLink::PeerLink(const Clock& clock, Timers& timers, seam::Hello own, std::string role, std::string name,
                   seam::Link::Handler& user)
    : inner_(std::make_unique<Inner>(clock, timers, std::move(own), std::move(role), std::move(name), user)) {}

PeerLink::~PeerLink() = default;

seam::Link::Handler& PeerLink::inner() {
  return *inner_;
}

void PeerLink::start(std::unique_ptr<seam::Link> raw) {
  inner_->raw = std::move(raw);
  inner_->heard = inner_->clock.now();
  inner_->raw->send(inner_->own);
  inner_->timer = inner_->timers.at(inner_->clock.now() + kHeartbeatEvery, [inner = inner_.get()] { inner->tick(); });
}

void PeerLink::set_generation(std::uint64_t generation) {
  if (std::exchange(inner_->generation, generation) == generation) return;
  if (inner_->raw) inner_->raw->send(seam::Heartbeat{generation});
}

bool PeerLink::greeted() const {
  return inner_->greeted;
}

void PeerLink::send(const seam::Message& message) {
  if (inner_->raw) inner_->raw->send(message);
}

void PeerLink::send_with_fd(const seam::Message& message, int fd) {
  if (inner_->raw) return inner_->raw->send_with_fd(message, fd);
  if (fd >= 0) ::close(fd);
}

void PeerLink::close() {
  inner_->shut();
}

}  // namespace sekisho::run
