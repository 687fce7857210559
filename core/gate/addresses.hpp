// AddressPool: inner IPv4 addresses of one path. One address has one owner; a freed one is used again as late as
// possible. Threads: the gate's loop. Ranges: prefix 16 to 30; network, broadcast and the gate's own address are never
// given. Errors: nullopt when every address is taken.
#pragma once
#include "base/ipv4.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace sekisho::gate {

class AddressPool {
 public:
  AddressPool(std::string_view gate_address, std::uint8_t prefix);
  [[nodiscard]] std::optional<std::string> take();
  /// Marks an address as owned (sessions found in the store); false when it is not of the pool or has an owner.
  [[nodiscard]] bool take(std::string_view address);
  void give_back(std::string_view address);
  [[nodiscard]] bool contains(std::string_view address) const;
  /// "10.90.1.0/24" stands in it whole, and the gate's own address is none of it.
  [[nodiscard]] bool contains_network(std::string_view network) const;
  [[nodiscard]] std::size_t free() const;

 private:
  Ipv4Network network_;
  std::uint32_t gate_ = 0;
  std::uint32_t next_ = 0;              // addresses from here on were never given
  std::deque<std::uint32_t> returned_;  // oldest first
  std::set<std::uint32_t> owned_;
};

}  // namespace sekisho::gate
