// Coalescer: consecutive TCP segments of one flow become one super-packet for the TUN; the kernel cuts it again.
// What cannot be glued passes unchanged and in order. Cutting what was glued gives back the same segments. Of pure
// acknowledgements of one flow that stand directly behind each other the last one passes alone when it says all that
// the others said (RFC 3449 §5.2.1), a repeated one always; none waits longer for that than until flush().
// Threads: one. Ownership: copies what it keeps (one super-packet). Call flush() when no more packets are at hand.
// Source: performance.md finding 3; virtio 1.2 §5.1.6.2.
#pragma once
#include "net/datapath/ipv4.hpp"
#include "net/datapath/vnet_header.hpp"

#include <functional>
#include <vector>

namespace sekisho::datapath {

class Coalescer {
 public:
  /// `write` gets frames for the TUN: vnet header + packet, borrowed until it returns.
  using Write = std::function<void(std::span<const std::byte> frame)>;
  explicit Coalescer(Write write);

  /// `packet` has passed inspect() as `info` and its transport checksum is right.
  void push(std::span<const std::byte> packet, const PacketInfo& info) { take(packet, info, 0); }
  /// A large packet of one TCP flow: the kernel cuts it at every `piece` bytes of payload (1 to its payload - 1). Its
  /// flags are those of data (is_large_data()).
  void push_large(std::span<const std::byte> packet, const PacketInfo& info, std::size_t piece) {
    take(packet, info, piece);
  }
  void flush();

  /// Segments below this payload are never glued: a super-packet of crumbs would cost the kernel more than it saves.
  static constexpr std::size_t kLeastPiece = 128;
  /// One acknowledgement stands for no more, beyond the first of those it stands for, than a receiver acknowledges at
  /// once that takes super-packets itself.
  static constexpr std::uint32_t kMostAcknowledged = 65'535;

 private:
  void take(std::span<const std::byte> packet, const PacketInfo& info, std::size_t piece);
  [[nodiscard]] bool may_start(std::span<const std::byte> packet, const PacketInfo& info) const;
  [[nodiscard]] bool continues(std::span<const std::byte> packet, const PacketInfo& info, std::size_t piece) const;
  void hold_acknowledgement(std::span<const std::byte> packet, const PacketInfo& info);
  [[nodiscard]] bool same_acknowledger(std::span<const std::byte> packet, const PacketInfo& info) const;
  [[nodiscard]] bool supersedes(std::span<const std::byte> packet, const PacketInfo& info) const;
  void write_alone(std::span<const std::byte> packet);

  Write write_;
  std::vector<std::byte> frame_;  // vnet header + super-packet under construction
  std::size_t used_ = 0;          // of frame_; 0: nothing held
  std::size_t piece_ = 0;         // payload bytes of every segment but the last
  std::size_t segments_ = 0;
  PacketInfo head_;
  bool closed_ = false;             // the last segment was short, pushed or the last: nothing may follow
  bool acknowledges_ = false;       // what is held is a pure acknowledgement
  bool repeats_ = false;            // and says again what the one before it said: that is news, and passes
  std::uint32_t acknowledged_ = 0;  // beyond the first of those it stands for, bytes
};

/// Whether a TCP packet may be cut as data: nothing but ACK, PSH, FIN and the ECN flags, and no fragment.
[[nodiscard]] bool is_large_data(const PacketInfo& info);

}  // namespace sekisho::datapath
