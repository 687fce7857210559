// ConsoleDriver: the screens of one virtualisation manager, by UUID. Lives in sekisho-hyperd, one process per zone.
// Threads: every call may block (bounded by `limit`) and runs on hyperd's worker pool, never on a thread that moves
// bytes. Ownership: screen() hands over a connected stream socket; the caller closes it. Errors: console.unreachable,
// console.no_such_machine, console.refused, console.timed_out. Source: consoles.md §2; decisions.md "Libvirt roles".
// Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho {

enum class MachineState : std::uint8_t { unknown, running, paused, stopped, crashed };

struct Machine {
  std::string uuid;  ///< canonical lower-case form; the only name that crosses the seam
  std::string name;  ///< <= 256 bytes, for show
  MachineState state = MachineState::unknown;
};

class ConsoleDriver {
 public:
  virtual ~ConsoleDriver() = default;
  [[nodiscard]] virtual Result<std::vector<Machine>> machines(std::chrono::milliseconds limit) = 0;
  [[nodiscard]] virtual Result<Machine> machine(std::string_view uuid, std::chrono::milliseconds limit) = 0;
  /// A file descriptor that speaks RFB from its first byte, or an error; never a TCP port.
  [[nodiscard]] virtual Result<int> screen(std::string_view uuid, std::chrono::milliseconds limit) = 0;
};

}  // namespace sekisho
