// Fuzz: an address or network that was understood is written as it was read, and what is read as one is not the other.
#include "base/ipv4.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto address = sekisho::parse_ipv4(text);
  const auto network = sekisho::parse_ipv4_network(text);
  if (address && (network || sekisho::ipv4_text(*address) != text)) std::abort();
  if (!network) return 0;
  if (sekisho::ipv4_text(*network) != text) std::abort();
  if (!network->holds(network->address) || !network->holds(network->last()) || network->last() < network->address) {
    std::abort();
  }
  if (sekisho::network_of(network->last(), network->prefix) != *network || !network->meets(*network)) std::abort();
  return 0;
}
