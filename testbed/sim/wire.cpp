#include "wire.hpp"

#include <algorithm>

namespace sekisho::sim {

struct Wire::State {
  Heap& heap;
  Chance& chance;
  Delay delay;
  std::array<seam::Link::Handler*, 2> handlers{};
  std::array<Instant, 2> last{};  // arrival of the newest packet at that side
  Instant stalled_until{};
  std::function<void(const seam::Message&)> tap;
  bool cut = false;

  [[nodiscard]] Instant arrival(Side at) {
    Instant when = heap.now() + chance.span(delay.low, delay.high);
    when = std::max({when, last[at], stalled_until});
    last[at] = when;
    return when;
  }
};

class Wire::End final : public seam::Link {
 public:
  End(std::shared_ptr<State> state, Side side) : state_(std::move(state)), side_(side) {}
  void send(const seam::Message& message) override {
    State& s = *state_;
    if (s.cut) return;
    if (side_ == gate && s.tap) s.tap(message);
    auto packet = seam::encode(message);
    SEKISHO_ASSERT(packet.has_value());
    const Side to = side_ == gate ? other : gate;
    auto shared = std::make_shared<seam::Packet>(std::move(*packet));
    s.heap.at(0, s.arrival(to), [state = state_, to, shared] {
      if (state->cut || state->handlers[to] == nullptr) return;
      auto decoded = seam::decode(shared->bytes());
      SEKISHO_ASSERT(decoded.has_value());
      state->handlers[to]->on_message(std::move(*decoded), -1);
    });
  }
  void send_with_fd(const seam::Message&, int) override { SEKISHO_ASSERT(!"no file descriptors in a simulated world"); }
  void close() override {}

 private:
  std::shared_ptr<State> state_;
  Side side_;
};

Wire::Wire(Heap& heap, Chance& chance, Delay delay)
    : state_(std::make_shared<State>(State{heap, chance, delay, {}, {}, {}, {}, false})) {
  ends_ = {std::make_unique<End>(state_, gate), std::make_unique<End>(state_, other)};
}

Wire::~Wire() {
  state_->cut = true;
}

seam::Link& Wire::end(Side side) {
  return *ends_[side];
}

void Wire::set_handler(Side side, seam::Link::Handler* handler) {
  state_->handlers[side] = handler;
}

void Wire::set_tap(std::function<void(const seam::Message&)> tap) {
  state_->tap = std::move(tap);
}

void Wire::cut(Side by) {
  if (state_->cut) return;
  state_->cut = true;
  const Side to = by == gate ? other : gate;
  state_->heap.in(0, milliseconds(1), [state = state_, to] {
    if (state->handlers[to] != nullptr) state->handlers[to]->on_closed("the other side is gone");
  });
}

void Wire::stall_until(Instant when) {
  state_->stalled_until = std::max(state_->stalled_until, when);
}

}  // namespace sekisho::sim
