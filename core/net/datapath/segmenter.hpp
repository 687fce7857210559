// Segmenter: one frame read from a TUN with IFF_VNET_HDR becomes IPv4 packets that fit the tunnel, checksums complete.
// A TCP super-packet is cut at its own segment size, or smaller where the tunnel demands it, or into packets of several
// segments where the client takes larger ones; a UDP one at its own size.
// Threads: plain value; borrows the frame it was opened on. Limits: frame <= 12 + 65535 bytes.
// Source: virtio 1.2 §5.1.6.4; performance.md finding 3.
#pragma once
#include "net/datapath/ipv4.hpp"
#include "net/datapath/vnet_header.hpp"

namespace sekisho::datapath {

class Segmenter {
 public:
  /// `frame` = vnet header + packet; borrowed while the Segmenter is used. `large`, when above `mtu`: TCP super-packets
  /// may be cut into packets of up to so many bytes, each a whole number of segments.
  /// Errors: those of the packet's shape as in inspect() (the header checksum of a TUN's packet is checked too),
  /// packet.offload (a header that does not fit the packet or an offload that was never asked for),
  /// packet.too_big (an uncut packet above `mtu`: answer with make_packet_too_big()).
  [[nodiscard]] static Result<Segmenter> open(std::span<const std::byte> frame, std::uint16_t mtu,
                                              std::uint16_t large = 0);

  /// Bytes of the next packet; 0 when none is left.
  [[nodiscard]] std::size_t next_size() const;
  /// Writes the next packet into `out`, which holds next_size() bytes; returns its size, 0 when none is left.
  [[nodiscard]] std::size_t next(std::span<std::byte> out);
  [[nodiscard]] bool done() const { return done_; }
  /// Of the whole super-packet.
  [[nodiscard]] const PacketInfo& info() const { return info_; }

 private:
  Segmenter() = default;
  std::size_t next_whole(std::span<std::byte> out);

  std::span<const std::byte> packet_;
  PacketInfo info_;
  VnetHeader header_;
  std::uint16_t mtu_ = 0;
  std::size_t piece_ = 0;    // payload bytes a packet; 0: the packet stays whole
  std::size_t at_ = 0;       // payload bytes already given out
  std::uint16_t count_ = 0;  // packets already given out
  bool done_ = false;
};

}  // namespace sekisho::datapath
