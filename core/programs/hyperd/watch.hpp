// A thread that asks one driver what it saw and brings it to the loop.
// Threads: one a driver; `tell` comes on the loop. Ownership: driver and timers are borrowed; the destructor waits for
// the driver's call (at most a second and what it takes too long). A driver that sees nothing is not asked again.
#pragma once
#include "run/services.hpp"

#include <sekisho/sdk/console_driver.hpp>

#include <functional>
#include <memory>
#include <thread>

namespace sekisho::hyperd {

class Watch {
 public:
  Watch(ConsoleDriver& driver, run::Timers& timers, std::function<void(const MachineEvent&)> tell);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace sekisho::hyperd
