// What netd asks of the kernel, as interfaces: production answers with libnftables and TUN devices (nft_kernel.hpp,
// tun.hpp), unit tests with fakes. Threads: the loop's. Errors: netd.nft, netd.tun.
#pragma once
#include "netd/ruleset.hpp"
#include "run/link.hpp"

#include <sekisho/sdk/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sekisho::netd {

/// An element as the kernel tells it.
struct FoundRight {
  std::string set;          ///< "rights_internet"
  std::string destination;  ///< as text
  Right right;
  std::chrono::seconds left{0};
};

/// An element of rdp_rights.
struct FoundRdp {
  RdpPair pair;
  std::chrono::seconds left{0};
};

class Filter {
 public:
  virtual ~Filter() = default;
  /// One transaction: all of it holds afterwards, or nothing of it.
  [[nodiscard]] virtual Result<void> run(const std::string& commands) = 0;
  /// change_commands(), as one transaction.
  [[nodiscard]] virtual Result<void> change(const NetPath& path, const std::set<Right>& ended, const Rights& renewed) {
    return run(change_commands(path, ended, renewed));
  }
  /// Packets by counter of our table.
  [[nodiscard]] virtual Result<std::map<std::string, std::uint64_t>> counters() = 0;
  /// Equal texts: nobody has changed the table's rules and chains (its elements and counts do not show). Errors also
  /// when the table is not there.
  [[nodiscard]] virtual Result<std::string> shape() = 0;
  /// The elements of all sets of our table; none when there is no table, or when it is not understood.
  [[nodiscard]] virtual std::vector<FoundRight> rights() = 0;
  /// RDP rights of our table; none when there is no table, or when it is not understood.
  [[nodiscard]] virtual std::vector<FoundRdp> rdp_rights() = 0;
  /// RDP that was refused of late.
  [[nodiscard]] virtual Result<std::vector<RdpSeen>> rdp_tried() = 0;
};

class Devices {
 public:
  virtual ~Devices() = default;
  /// A queue of the device of the path with this index, for its front; packets wait in it from now on.
  [[nodiscard]] virtual Result<run::Fd> hand_out(std::size_t path) = 0;
  /// The front has gone: its queue gets no packets, and those in it are dropped. (Who still holds a copy can write into
  /// it; the table judges that as ever.)
  virtual void rest(std::size_t path) = 0;
  /// All devices go, and with them every queue, whoever holds one.
  virtual void remove_all() = 0;
  /// False once somebody has removed the device.
  [[nodiscard]] virtual bool alive(std::size_t path) = 0;
};

}  // namespace sekisho::netd
