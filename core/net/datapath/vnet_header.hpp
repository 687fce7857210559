// The 12-byte header in front of every packet of a TUN opened with IFF_VNET_HDR. Own struct: Debian's
// <linux/virtio_net.h> does not compile as C++.
// Threads: plain values. Fields are in the machine's byte order (a TUN's default). Source: virtio 1.2 §5.1.6.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sekisho::datapath {

struct VnetHeader {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t header_bytes = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t checksum_start = 0;
  std::uint16_t checksum_offset = 0;
  std::uint16_t buffers = 0;
  friend bool operator==(const VnetHeader&, const VnetHeader&) = default;
};
inline constexpr std::size_t kVnetHeaderBytes = 12;
static_assert(sizeof(VnetHeader) == kVnetHeaderBytes);

inline constexpr std::uint8_t kVnetNeedsChecksum = 1;
inline constexpr std::uint8_t kGsoNone = 0, kGsoTcp4 = 1, kGsoUdpDatagrams = 5, kGsoEcn = 0x80;

/// `frame` holds at least 12 bytes.
inline VnetHeader load_vnet_header(std::span<const std::byte> frame) {
  VnetHeader header;
  std::memcpy(&header, frame.first(kVnetHeaderBytes).data(), kVnetHeaderBytes);
  return header;
}
inline void store_vnet_header(std::span<std::byte> frame, const VnetHeader& header) {
  std::memcpy(frame.first(kVnetHeaderBytes).data(), &header, kVnetHeaderBytes);
}

}  // namespace sekisho::datapath
