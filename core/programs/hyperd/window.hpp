// Window: drives hyper::Hyper with links, a pool of threads and console drivers.
//
//   link ─message─▶ Hyper ─Call─▶ pool ─▶ driver … ─▶ Hyper ─▶ link (a screen's descriptor rides along)
//
// A driver never runs on the loop. What comes too late is dropped and its descriptor closed; a picture becomes a sealed
// file in memory, so that its reader can neither change nor lengthen it. Threads: the loop's, but for the works on the
// pool. Ownership: services, log and drivers are borrowed and outlive it; works own what they touch, drivers excepted:
// the pool must have ended before a driver goes. Links are lent. Source: core/hyper/README.md.
#pragma once
#include "base/log.hpp"
#include "hyper/hyper.hpp"
#include "run/link.hpp"
#include "run/services.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::hyperd {

struct Drivers {
  std::string name;
  hyper::ManagerRole role = hyper::ManagerRole::consoles;
  ConsoleDriver* driver = nullptr;
};

/// `bytes` in a file of memory that nobody can change any more, at its beginning. Errors: hyper.memory.
[[nodiscard]] Result<run::Fd> sealed_file(std::string_view bytes);

class Window {
 public:
  /// `close(relay)`: a peer broke the rules, its link must go; empty: the gatekeeper's.
  Window(registry::Zone zone, std::vector<Drivers> drivers, const run::Clock& clock, run::Blocking& blocking, Log& log,
         std::function<void(const std::string& relay)> close);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// The link to the gatekeeper or to a relay, or nullptr when it has gone.
  void set_gate(seam::Link* link);
  void set_relay(const std::string& relay, seam::Link* link);
  void from_gate(seam::Message message);
  void from_relay(const std::string& relay, seam::Message message);
  void saw(const std::string& manager, const MachineEvent& event);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::hyperd
