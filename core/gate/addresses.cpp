#include "gate/addresses.hpp"

#include <sekisho/sdk/result.hpp>

#include <arpa/inet.h>

#include <algorithm>

namespace sekisho::gate {

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  if (text.size() > 15) return std::nullopt;
  in_addr out{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &out) != 1) return std::nullopt;
  return ntohl(out.s_addr);
}

std::string format_ipv4(std::uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
         std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255);
}

AddressPool::AddressPool(std::string_view gate_address, std::uint8_t prefix) {
  const auto gate = parse_ipv4(gate_address);
  SEKISHO_ASSERT(gate && prefix >= 16 && prefix <= 30);
  mask_ = ~std::uint32_t{0} << (32 - prefix);
  network_ = *gate & mask_;
  gate_ = *gate;
  next_ = network_ + 1;
}

std::optional<std::string> AddressPool::take() {
  const std::uint32_t broadcast = network_ | ~mask_;
  while (next_ < broadcast) {
    const std::uint32_t candidate = next_++;
    if (candidate == gate_ || owned_.contains(candidate)) continue;
    owned_.insert(candidate);
    return format_ipv4(candidate);
  }
  if (returned_.empty()) return std::nullopt;
  const std::uint32_t oldest = returned_.front();
  returned_.pop_front();
  owned_.insert(oldest);
  return format_ipv4(oldest);
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
  return a && (*a & mask_) == network_ && *a != network_ && *a != (network_ | ~mask_) && *a != gate_;
}

std::size_t AddressPool::free() const {
  const std::size_t all = static_cast<std::size_t>(~mask_) - 2;  // without network, broadcast and the gate
  return all - owned_.size();
}

}  // namespace sekisho::gate
