#include "base/source.hpp"

#include "base/ipv4.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

namespace sekisho {
namespace {

constexpr std::size_t kNetworkBytes = sizeof(Source::bits), kMappedAt = 12;

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out = out << 8 | bytes[i];
  return out;
}

}  // namespace

std::size_t SourceHash::operator()(const Source& source) const {
  const std::uint64_t mixed = (source.bits ^ (source.ipv6 ? 0x5851f42d4c957f2dULL : 0)) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::size_t>(mixed ^ mixed >> 32);
}

std::optional<Source> source_of(const std::string& address) {
  if (const auto v4 = parse_ipv4(address)) return Source{false, *v4};
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return Source{false, big_endian(v6.s6_addr + kMappedAt, sizeof(in_addr))};
  return Source{true, big_endian(v6.s6_addr, kNetworkBytes)};
}

std::optional<Source> parse_source(const std::string& text) {
  const auto source = source_of(text);
  return source && source_text(*source) == text ? source : std::nullopt;
}

std::string source_text(const Source& source) {
  if (!source.ipv6) return ipv4_text(static_cast<std::uint32_t>(source.bits));
  in6_addr v6{};
  for (std::size_t i = 0; i < kNetworkBytes; ++i) {
    v6.s6_addr[i] = static_cast<std::uint8_t>(source.bits >> (56 - 8 * i));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET6, &v6, text.data(), text.size()) != nullptr ? text.data() : "";
}

}  // namespace sekisho
