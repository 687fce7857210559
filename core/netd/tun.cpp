#include "netd/tun.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

namespace sekisho::netd {
namespace {

constexpr int kVnetHeaderBytes = 12;
/// Enough for a burst to many sessions while the front is busy; with super-packets at most 16 MiB may wait.
constexpr std::uint32_t kQueueLength = 256;

Error refused(const std::string& name, const std::string& what) {
  return fail("netd.tun", name + ": " + what + ": " + strerror(errno));
}

ifreq request_of(const std::string& name, int flags) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(flags);
  return request;
}

Result<void> switch_queue(const std::string& name, int queue, int flag) {
  ifreq request = request_of("", flag);
  if (ioctl(queue, TUNSETQUEUE, &request) == 0) return {};
  return refused(name, flag == IFF_ATTACH_QUEUE ? "attaching its queue" : "detaching its queue");
}

/// The most that this kernel takes; USO came with Linux 6.2.
unsigned set_offloads(int queue) {
  for (const unsigned wanted :
       {kOffloadChecksum | kOffloadTso | kOffloadUso, kOffloadChecksum | kOffloadTso, kOffloadChecksum}) {
    if (ioctl(queue, TUNSETOFFLOAD, static_cast<unsigned long>(wanted)) == 0) return wanted;
  }
  return 0;
}

}  // namespace

Result<std::vector<run::Fd>> TunDevices::open_nodes(std::size_t count) {
  std::vector<run::Fd> out;
  for (std::size_t i = 0; i < count; ++i) {
    run::Fd node(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!node) return refused("/dev/net/tun", "opening");
    out.push_back(std::move(node));
  }
  return out;
}

Result<TunDevices> TunDevices::make(const std::vector<NetPath>& paths, std::vector<run::Fd> nodes) {
  SEKISHO_ASSERT(paths.size() == nodes.size());
  auto route = RouteSocket::open();
  if (!route) return route.error();
  TunDevices out(std::move(*route));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const NetPath& path = paths[i];
    if (path.closed) {  // charon's
      out.devices_.emplace_back();
      continue;
    }
    Device device{path.tun, 0, std::move(nodes[i]), 0, true};
    const int queue = device.queue.get();
    ifreq request = request_of(path.tun, IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR);
    if (ioctl(queue, TUNSETIFF, &request) != 0) {
      return refused(path.tun, errno == EINVAL || errno == EBUSY
                                   ? "a device of this name is there and no TUN with several queues; remove it"
                                   : "making the device");
    }
    // Where a front holds a queue already, packets must not be spread over one that nobody reads.
    if (auto detached = switch_queue(path.tun, queue, IFF_DETACH_QUEUE); !detached) return detached.error();
    device.attached = false;
    int bytes = kVnetHeaderBytes;
    if (ioctl(queue, TUNSETVNETHDRSZ, &bytes) != 0) return refused(path.tun, "the packet header's size");
    device.offloads = set_offloads(queue);
    const auto index = out.route_.link_index(path.tun);
    if (!index) return index.error();
    device.index = *index;
    if (auto done = out.route_.set_only_address(*index, path.gate_address, path.prefix); !done) return done.error();
    if (auto done = out.route_.set_up(*index, {path.mtu, kQueueLength}); !done) return done.error();
    out.devices_.push_back(std::move(device));
  }
  return out;
}

Result<run::Fd> TunDevices::hand_out(std::size_t path) {
  Device& device = devices_.at(path);
  if (!device.queue) return fail("netd.tun", "the path has no device of netd's");
  run::Fd copy(fcntl(device.queue.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return refused(device.name, "copying its queue");
  if (!device.attached) {
    if (auto attached = switch_queue(device.name, device.queue.get(), IFF_ATTACH_QUEUE); !attached) {
      return attached.error();
    }
    device.attached = true;
  }
  return copy;
}

void TunDevices::rest(std::size_t path) {
  Device& device = devices_.at(path);
  if (device.attached && switch_queue(device.name, device.queue.get(), IFF_DETACH_QUEUE)) device.attached = false;
}

void TunDevices::remove_all() {
  for (const Device& device : devices_)
    if (device.queue) static_cast<void>(route_.remove(device.index));  // gone already: as well
}

bool TunDevices::alive(std::size_t path) {
  if (!devices_.at(path).queue) return true;  // charon's comes and goes with it
  pollfd state{devices_.at(path).queue.get(), POLLIN, 0};
  return poll(&state, 1, 0) >= 0 && (state.revents & (POLLERR | POLLNVAL)) == 0;
}

}  // namespace sekisho::netd
