#include "gate/addresses.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

namespace sekisho::gate {

AddressPool::AddressPool(std::string_view gate_address, std::uint8_t prefix) {
  const auto gate = parse_ipv4(gate_address);
  SEKISHO_ASSERT(gate && prefix >= 16 && prefix <= 30);
  network_ = network_of(*gate, prefix);
  gate_ = *gate;
  next_ = network_.address + 1;
}

std::optional<std::string> AddressPool::take() {
  while (next_ < network_.last()) {
    const std::uint32_t candidate = next_++;
    if (candidate == gate_ || owned_.contains(candidate)) continue;
    owned_.insert(candidate);
    return ipv4_text(candidate);
  }
  if (returned_.empty()) return std::nullopt;
  const std::uint32_t oldest = returned_.front();
  returned_.pop_front();
  owned_.insert(oldest);
  return ipv4_text(oldest);
}

bool AddressPool::take(std::string_view address) {
  const auto wanted = parse_ipv4(address);
  if (!wanted || !contains(address) || owned_.contains(*wanted)) return false;
  returned_.erase(std::remove(returned_.begin(), returned_.end(), *wanted), returned_.end());
  owned_.insert(*wanted);
  return true;
}

void AddressPool::give_back(std::string_view address) {
  const auto freed = parse_ipv4(address);
  if (!freed || owned_.erase(*freed) == 0) return;
  if (*freed < next_) returned_.push_back(*freed);
}

bool AddressPool::contains(std::string_view address) const {
  const auto a = parse_ipv4(address);
  return a && network_.holds(*a) && *a != network_.address && *a != network_.last() && *a != gate_;
}

bool AddressPool::contains_network(std::string_view network) const {
  const auto inner = parse_ipv4_network(network);
  return inner && network_.holds(*inner) && !inner->holds(gate_);
}

std::size_t AddressPool::free() const {
  const std::size_t all = static_cast<std::size_t>(~network_.mask()) - 2;  // without network, broadcast and the gate
  return all - owned_.size();
}

}  // namespace sekisho::gate
