// ConsoleDriver: the screens of one virtualisation manager, by UUID. Lives in sekisho-hyperd, one process per zone.
// Threads: every call may block (bounded by `limit`) and runs on hyperd's worker pool, never on a thread that moves
// bytes; calls may come at once from several threads. Ownership: screen() and serial() hand over a connected stream
// socket; the caller closes it. What a driver cannot do it need not override: that answers console.not_supported.
// Errors: console.unreachable, console.no_such_machine, console.refused, console.busy, console.not_supported,
// console.timed_out, console.way_out (the machine has a device that carries more than a picture to its viewer). Source:
// consoles.md §2; decisions.md "Libvirt roles". Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

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
  /// The system inside answers, so that a person can log in. Only machine() says it; false where nobody can tell.
  bool answers = false;
};

/// `shut_down` and `reboot` ask the system inside, the others do not.
enum class PowerAction : std::uint8_t { start, shut_down, power_off, reboot, reset };

/// A still of a screen, taken without a viewer.
struct Picture {
  std::string media_type;  ///< "image/png" or "image/x-portable-pixmap"
  std::string bytes;       ///< <= kMaxPictureBytes
};
inline constexpr std::size_t kMaxPictureBytes = 32u << 20;

/// A desktop that does not exist yet: a fresh overlay over a base image that nobody writes to.
struct DesktopOrder {
  std::string uuid;   ///< canonical; chosen by who orders, so that he knows it before the answer comes
  std::string model;  ///< a model of the driver's configuration, [a-z0-9_-]{1,32}
  std::string mac;    ///< "52:54:00:ab:cd:ef"; what the address of its seat hangs on
};

/// What a driver saw. An event with an empty `uuid` is about the manager itself.
struct MachineEvent {
  std::string uuid;
  MachineState state = MachineState::unknown;
  bool manager_lost = false;  ///< nothing is known any more until an event with neither flag nor uuid says it is back
};

class ConsoleDriver {
 public:
  virtual ~ConsoleDriver() = default;
  [[nodiscard]] virtual Result<std::vector<Machine>> machines(std::chrono::milliseconds limit) = 0;
  [[nodiscard]] virtual Result<Machine> machine(std::string_view uuid, std::chrono::milliseconds limit) = 0;
  /// A file descriptor that speaks RFB from its first byte, or an error; never a TCP port.
  [[nodiscard]] virtual Result<int> screen(std::string_view uuid, std::chrono::milliseconds limit) = 0;

  /// A file descriptor that carries the serial console's plain bytes; one at a time, a second one is console.busy.
  [[nodiscard]] virtual Result<int> serial(std::string_view, std::chrono::milliseconds) { return not_supported(); }
  [[nodiscard]] virtual Result<Picture> picture(std::string_view, std::chrono::milliseconds) { return not_supported(); }
  /// Only what the driver's configuration allows; the rest is console.refused.
  [[nodiscard]] virtual Result<void> power(std::string_view, PowerAction, std::chrono::milliseconds) {
    return not_supported();
  }
  /// `name`: [a-z0-9_-]{1,64}.
  [[nodiscard]] virtual Result<void> take_snapshot(std::string_view, std::string_view, std::chrono::milliseconds) {
    return not_supported();
  }
  /// Back to that state, running; every screen of the machine ends.
  [[nodiscard]] virtual Result<void> revert(std::string_view, std::string_view, std::chrono::milliseconds) {
    return not_supported();
  }
  /// Makes and starts a desktop. When it fails, nothing of it is left, or machines() lists what is.
  [[nodiscard]] virtual Result<Machine> create(const DesktopOrder&, std::chrono::milliseconds) {
    return not_supported();
  }
  /// Ends a desktop that create() made and removes what its session wrote. Anything else is console.refused; one that
  /// is gone already is a success.
  [[nodiscard]] virtual Result<void> destroy(std::string_view, std::chrono::milliseconds) { return not_supported(); }
  /// Gives the desktop's one local account this password. Needs a system inside that answers.
  [[nodiscard]] virtual Result<void> set_login(std::string_view, std::string_view, const Secret&,
                                               std::chrono::milliseconds) {
    return not_supported();
  }
  /// What happened since the last call, oldest first; waits up to `limit` for the first and may come back with none.
  /// One caller at a time. A driver that sees nothing answers console.not_supported, and its machines are asked anew.
  [[nodiscard]] virtual Result<std::vector<MachineEvent>> events(std::chrono::milliseconds) { return not_supported(); }

 private:
  static Error not_supported() { return fail("console.not_supported"); }
};

/// Lower-case 8-4-4-4-12 form: what every driver accepts as a machine's name, and nothing else.
[[nodiscard]] constexpr bool is_machine_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}
/// [a-z0-9_-]{1,most}: names of snapshots and models.
[[nodiscard]] constexpr bool is_machine_word(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}
/// "52:54:00:ab:cd:ef", lower case, no group address.
[[nodiscard]] constexpr bool is_machine_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i % 3 == 2 ? c != ':' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  const char low = text[1];
  return ((low <= '9' ? low - '0' : low - 'a' + 10) & 1) == 0;
}

}  // namespace sekisho
