// HyperHouse: the production's sekisho-hyperd of one zone without its process: its verbs, tickets and refusals, over
// console drivers that are handed in, on a gate's virtual time. Every message passes the seam's codec.
//
//   Gate ══ codec ══ Window ─▶ driver ─▶ a screen's descriptor ══ codec ══▶ RelayHouse
//
// Threads: one; a driver's calls come at once, on it. Ownership: keeps its drivers, time and its ends of the links;
// relays are borrowed: close this before them, and both before the gate. Errors: Failure.
#pragma once
#include "base/testing/memory_log.hpp"
#include "gate_house.hpp"
#include "programs/hyperd/window.hpp"
#include "relay_house.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::python {

struct HyperManager {
  std::string name;
  hyper::ManagerRole role = hyper::ManagerRole::consoles;
  std::shared_ptr<ConsoleDriver> driver;
};

class HyperHouse {
 public:
  HyperHouse(GateHouse& gate, registry::Zone zone, std::vector<HyperManager> managers);
  ~HyperHouse() { close(); }
  HyperHouse(const HyperHouse&) = delete;
  HyperHouse& operator=(const HyperHouse&) = delete;

  /// This relay may show tickets from now on.
  void attach(RelayHouse& relay);
  /// A driver of that manager saw something.
  void saw(const std::string& manager, const MachineEvent& event);
  /// The process is gone; the machines stay.
  void close();
  [[nodiscard]] const std::vector<std::string>& log() const { return log_.lines; }
  [[nodiscard]] bool is_open() const { return window_ != nullptr; }

 private:
  /// One relay's link; its first end is ours.
  struct Relay {
    struct End final : seam::Link::Handler {
      std::function<void(seam::Message, run::Fd)> hear;
      void on_message(seam::Message message, int fd) override { hear(std::move(message), run::Fd(fd)); }
      void on_closed(std::string_view) override {}
    };
    RelayHouse* house = nullptr;
    End near, far;
    run::testing::MemoryLinks links;
  };
  void part(const std::string& relay);

  std::shared_ptr<VirtualTime> time_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what waits on the timers
  const std::string zone_;
  const std::vector<HyperManager> managers_;
  MemoryLog log_{Level::info};
  std::shared_ptr<Neighbour> neighbour_;
  std::map<std::string, std::unique_ptr<Relay>> relays_;
  std::unique_ptr<hyperd::Window> window_;
};

}  // namespace sekisho::python
