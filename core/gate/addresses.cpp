#include "gate/addresses.hpp"

#include <sekisho/sdk/result.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

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

bool AddressPool::contains_network(std::string_view network) const {
  const auto slash = network.find('/');
  const auto first = parse_ipv4(network.substr(0, slash));
  unsigned prefix = 0;
  const auto number = slash == std::string_view::npos ? std::string_view() : network.substr(slash + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), prefix);
  if (!first || error != std::errc() || end != number.data() + number.size() || prefix < 1 || prefix > 32) return false;
  const std::uint32_t mask = ~std::uint32_t{0} << (32 - prefix);
  return (mask & mask_) == mask_ && (*first & mask_) == network_ && ((*first ^ gate_) & mask) != 0;
}

std::size_t AddressPool::free() const {
  const std::size_t all = static_cast<std::size_t>(~mask_) - 2;  // without network, broadcast and the gate
  return all - owned_.size();
}

}  // namespace sekisho::gate
