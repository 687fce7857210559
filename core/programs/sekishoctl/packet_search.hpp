// PacketSearch: whether every packet of some description is dropped by the kernel's rules, and which are not.
//
// It asks about many packets at once. Where it hears that some may pass, it splits them where the rules, the places and
// the addresses of this machine tell numbers apart (protocol, addresses, ports), and asks again, until they are dropped
// or cannot be told apart any more: those are the counterexample. So both ends of every interval and what lies outside
// of it are looked at, all 256 protocols, all ports, later fragments, and what came out of an SA or not.
// Threads: const once it is made. Ownership: refers to the rules, which must live longer. Units: as kernel_rules.hpp.
// Ranges: a search ends at kMostFound counterexamples. Errors: none.
#pragma once
#include "programs/sekishoctl/kernel_rules.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sekisho::ctl {

/// An address of this machine and the device that has it (its name, no label); of IPv6 without a zone.
struct LocalAddress {
  std::string device, address;
  bool broadcast = false;  ///< what is sent there is for this machine too, though it is none of its own
};

class PacketSearch {
 public:
  static constexpr std::size_t kMostFound = 4;

  /// What one search, or several in a row, found.
  struct Found {
    std::size_t kinds = 0;          ///< that had to be shown: all that can be told apart
    std::set<std::string> by;       ///< rules that dropped them
    std::vector<std::string> pass;  ///< packets that may pass, in words; at most kMostFound
  };

  /// `local`: all of them, or none when they are not known. A device that has none here has none at all; a route of
  /// type local that no address stands for is not known of.
  PacketSearch(const KernelRules& rules, const std::vector<LocalAddress>& local);
  /// Also splits there. Before the first search.
  void tell_apart(const Range& addresses);
  void tell_port_apart(std::uint16_t port);

  /// Every way in which `packets` can come: out of an SA or not, and with `fragments` as later fragments too (a port is
  /// not reached by those alone).
  void search(Packets packets, bool fragments, Found& found) const;

 private:
  struct Kinds {
    std::vector<std::uint32_t> edges;  ///< ascending
    [[nodiscard]] std::size_t in(const Range& range) const;
    /// Splits `range` at an edge in it; false: it is one kind.
    [[nodiscard]] bool split(const Range& range, Range& low, Range& high) const;
  };
  /// On their way in, or where they would be forwarded.
  [[nodiscard]] std::string dropped_by(Packets packets) const;
  /// Says whose the destination is, as far as it is certain for all of them.
  void say_whose(Packets& packets) const;
  [[nodiscard]] bool split(const Packets& packets, std::vector<Packets>& out) const;
  [[nodiscard]] std::size_t kinds_of(const Packets& packets) const;
  static void add(Kinds& kinds, const Range& range, std::uint32_t most);

  const KernelRules& rules_;
  Kinds addresses_, protocols_, ports_;
  struct Own {
    std::set<std::string> devices;
    bool broadcast = false;  ///< at one of them
  };
  std::map<std::uint32_t, Own> local_;
};

/// "sekisho0 10.202.0.0/24 > 10.95.0.1 tcp 443": what can be said of them in one line.
[[nodiscard]] std::string to_text(const Packets& packets);

}  // namespace sekisho::ctl
