// Wire: one link between two processes of the world, as the supervisor makes them: every message goes through the
// seam's codec, arrives later than it was sent and in order (SOCK_SEQPACKET); a stalled wire delivers when it is let
// go, a cut one never. Different wires reorder against each other as their delays want it. Threads: one. Ownership:
// handlers are borrowed and may be set to null; ends live as long as the Wire.
#pragma once
#include "chance.hpp"
#include "heap.hpp"
#include "seam/codec.hpp"

#include <array>
#include <functional>
#include <memory>

namespace sekisho::sim {

class Wire {
 public:
  enum Side : std::uint8_t { gate = 0, other = 1 };
  struct Delay {
    microseconds low{50}, high{400};
  };
  Wire(Heap& heap, Chance& chance, Delay delay);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] seam::Link& end(Side side);
  void set_handler(Side side, seam::Link::Handler* handler);
  /// Called with what the gate sends, before anything else happens to it.
  void set_tap(std::function<void(const seam::Message&)> tap);
  /// One side died or let go: the other hears on_closed, a little later.
  void cut(Side by);
  void stall_until(Instant when);

 private:
  class End;
  struct State;
  std::shared_ptr<State> state_;  // shared with packets on their way
  std::array<std::unique_ptr<End>, 2> ends_;
};

}  // namespace sekisho::sim
