// TunDevices: the TUN of each path and the one queue that its front reads and writes.
// netd keeps the queue and gives the front a copy of its descriptor. Between fronts the queue is detached: it gets no
// packets, old ones are dropped, and the device stays. After netd's own restart the device still lives by the front's
// copy; a second queue is made on it, and the front closes the first (core/run/README.md).
//   node opened ─make()─▶ resting ─hand_out()─▶ attached ─rest()─▶ resting
//
// Threads: the loop's. /dev/net/tun is opened by open_nodes(), which the program calls while it is still root: where
// the file is root's alone everything works all the same, and the sandbox needs no opening of files. Errors: netd.tun.
// Source: toolchain.md "TUN"; performance.md finding 7 (short queue).
#pragma once
#include "netd/kernel.hpp"
#include "netd/paths.hpp"
#include "netd/rtnetlink.hpp"

#include <string>
#include <vector>

namespace sekisho::netd {

/// TUN_F_* of <linux/if_tun.h>; Debian's headers lack the last two.
inline constexpr unsigned kOffloadChecksum = 0x01, kOffloadTso = 0x02 | 0x04, kOffloadUso = 0x20 | 0x40;

class TunDevices final : public Devices {
 public:
  [[nodiscard]] static Result<std::vector<run::Fd>> open_nodes(std::size_t count);
  /// Makes every device or takes over one of its name, sets address, MTU and queue, and takes it up. The deny table
  /// must stand by then.
  [[nodiscard]] static Result<TunDevices> make(const std::vector<NetPath>& paths, std::vector<run::Fd> nodes);

  Result<run::Fd> hand_out(std::size_t path) override;
  void rest(std::size_t path) override;
  void remove_all() override;
  bool alive(std::size_t path) override;
  /// What the kernel took of the offloads; for the log.
  [[nodiscard]] unsigned offloads(std::size_t path) const { return devices_.at(path).offloads; }

 private:
  struct Device {
    std::string name;
    std::uint32_t index = 0;
    run::Fd queue;
    unsigned offloads = 0;
    bool attached = false;
  };
  explicit TunDevices(RouteSocket route) : route_(std::move(route)) {}
  RouteSocket route_;
  std::vector<Device> devices_;
};

}  // namespace sekisho::netd
