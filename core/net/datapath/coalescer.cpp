#include "net/datapath/coalescer.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"

#include <algorithm>
#include <cstring>

namespace sekisho::datapath {
namespace {

constexpr std::size_t kLargestPacket = 65535, kTcpHeaderBytes = 20;

bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b, std::size_t from, std::size_t count) {
  return std::memcmp(a.data() + from, b.data() + from, count) == 0;
}

constexpr std::uint32_t kTimestampsFirst = 0x0101080a;  // two times nothing, then timestamps: RFC 7323 appendix A
constexpr std::size_t kTimestampsBytes = 12;

/// Nothing but ACK, no data, no option but timestamps: no SACK, and no ECN or urgent news.
bool only_acknowledges(std::span<const std::byte> packet, const PacketInfo& info) {
  if (info.protocol != kTcp || info.fragment || info.tcp_flags != kTcpAck || packet.size() != info.payload_at) {
    return false;
  }
  const std::size_t options = info.payload_at - kIpv4HeaderBytes - kTcpHeaderBytes;
  return options == 0 || (options == kTimestampsBytes && load32(packet, 40) == kTimestampsFirst);
}

}  // namespace

bool is_large_data(const PacketInfo& info) {
  constexpr std::uint8_t kOfData = kTcpAck | kTcpPsh | kTcpFin | kTcpEce | kTcpCwr;
  return info.protocol == kTcp && !info.fragment && (info.tcp_flags & kTcpAck) != 0 &&
         (info.tcp_flags & static_cast<std::uint8_t>(~kOfData)) == 0;
}

Coalescer::Coalescer(Write write) : write_(std::move(write)), frame_(kVnetHeaderBytes + kLargestPacket) {}

bool Coalescer::may_start(std::span<const std::byte> packet, const PacketInfo& info) const {
  return info.protocol == kTcp && !info.fragment && (info.tcp_flags | kTcpPsh) == (kTcpAck | kTcpPsh) &&
         packet.size() >= info.payload_at + kLeastPiece;
}

bool Coalescer::continues(std::span<const std::byte> packet, const PacketInfo& info, std::size_t piece) const {
  if (used_ == 0 || closed_ || info.protocol != kTcp || info.fragment || info.payload_at != head_.payload_at ||
      (info.tcp_flags | kTcpPsh) != (kTcpAck | kTcpPsh))
    return false;
  const std::size_t payload = packet.size() - info.payload_at;
  if (payload == 0 || used_ - kVnetHeaderBytes + payload > kLargestPacket) return false;
  if (piece != 0 ? piece != piece_ : payload > piece_) return false;
  const std::span<const std::byte> held = std::span(frame_).subspan(kVnetHeaderBytes);
  const std::size_t held_payload = used_ - kVnetHeaderBytes - head_.payload_at;
  const std::uint16_t id = load16(packet, 4), expected = static_cast<std::uint16_t>(load16(held, 4) + segments_);
  return same_bytes(held, packet, 0, 2)             // version, length, type of service
         && (id == expected || info.dont_fragment)  // RFC 6864: no meaning with DF
         && same_bytes(held, packet, 6, 4)          // flags, TTL, protocol
         && same_bytes(held, packet, 12, 12)        // addresses, ports
         && load32(packet, 24) == load32(held, 24) + static_cast<std::uint32_t>(held_payload) &&
         same_bytes(held, packet, 28, 5)                                        // acknowledgement, offset
         && same_bytes(held, packet, 34, 2) && same_bytes(held, packet, 38, 2)  // window, urgent
         && same_bytes(held, packet, 40, info.payload_at - 40u);                // options
}

/// What is held is an acknowledgement of the same flow, and but for what it acknowledges it says the same.
bool Coalescer::same_acknowledger(std::span<const std::byte> packet, const PacketInfo& info) const {
  if (used_ == 0 || !acknowledges_ || info.payload_at != head_.payload_at) return false;
  const std::span<const std::byte> held = std::span(frame_).subspan(kVnetHeaderBytes);
  return same_bytes(held, packet, 0, 2) && same_bytes(held, packet, 6, 4)  // flags, TTL, protocol
         && same_bytes(held, packet, 12, 16)                               // addresses, ports, sequence number
         && same_bytes(held, packet, 32, 2)                                // offset, flags
         && same_bytes(held, packet, 38, 2)                                // urgent
         && (info.payload_at == kIpv4HeaderBytes + kTcpHeaderBytes ||
             load32(packet, 44) - load32(held, 44) < 0x80000000);  // its own time does not go back
}

/// A repeated acknowledgement is news (RFC 5681 §2): the later one must say more, and none takes a repeated one's
/// place.
bool Coalescer::supersedes(std::span<const std::byte> packet, const PacketInfo& info) const {
  if (repeats_ || !same_acknowledger(packet, info)) return false;
  const std::uint32_t more = load32(packet, 28) - load32(std::span(frame_).subspan(kVnetHeaderBytes), 28);
  return more != 0 && more <= kMostAcknowledged - acknowledged_;
}

void Coalescer::hold_acknowledgement(std::span<const std::byte> packet, const PacketInfo& info) {
  const auto held = std::span<const std::byte>(frame_).subspan(kVnetHeaderBytes);
  if (supersedes(packet, info)) {
    acknowledged_ += load32(packet, 28) - load32(held, 28);
  } else {
    repeats_ = same_acknowledger(packet, info) && load32(packet, 28) == load32(held, 28);
    flush();
    acknowledged_ = 0;
  }
  std::memcpy(frame_.data() + kVnetHeaderBytes, packet.data(), packet.size());
  used_ = kVnetHeaderBytes + packet.size();
  head_ = info;
  segments_ = 1;
  closed_ = acknowledges_ = true;
}

void Coalescer::take(std::span<const std::byte> packet, const PacketInfo& info, std::size_t piece) {
  if (piece == 0 && only_acknowledges(packet, info)) return hold_acknowledgement(packet, info);
  const std::size_t payload = packet.size() - info.payload_at;
  SEKISHO_ASSERT(piece == 0 || (is_large_data(info) && piece < payload));
  const bool last = (info.tcp_flags & (kTcpPsh | kTcpFin)) != 0;
  if (!continues(packet, info, piece)) {
    flush();
    if (piece == 0 && !may_start(packet, info)) return write_alone(packet);
    std::memcpy(frame_.data() + kVnetHeaderBytes, packet.data(), packet.size());
    used_ = kVnetHeaderBytes + packet.size();
    head_ = info;
    piece_ = piece != 0 ? piece : payload;
    segments_ = (payload + piece_ - 1) / piece_;
    closed_ = last || payload % piece_ != 0;
    acknowledges_ = repeats_ = false;
    return;
  }
  std::memcpy(frame_.data() + used_, packet.data() + info.payload_at, payload);
  used_ += payload;
  segments_ += (payload + piece_ - 1) / piece_;
  closed_ = last || payload % piece_ != 0;
  if (info.tcp_flags & kTcpPsh) {
    const auto held = std::span(frame_).subspan(kVnetHeaderBytes);
    store8(held, 33, static_cast<std::uint8_t>(load8(held, 33) | kTcpPsh));
  }
}

void Coalescer::write_alone(std::span<const std::byte> packet) {
  const std::size_t size = kVnetHeaderBytes + packet.size();
  store_vnet_header(frame_, VnetHeader{});
  std::memcpy(frame_.data() + kVnetHeaderBytes, packet.data(), packet.size());
  write_(std::span(frame_).first(size));
}

void Coalescer::flush() {
  if (used_ == 0) return;
  const auto frame = std::span(frame_).first(used_);
  used_ = 0;
  VnetHeader header;
  if (segments_ > 1) {
    const auto packet = frame.subspan(kVnetHeaderBytes);
    finish_ipv4_header(packet);
    header.flags = kVnetNeedsChecksum;
    header.gso_type = kGsoTcp4;
    header.header_bytes = head_.payload_at;
    header.gso_size = static_cast<std::uint16_t>(piece_);
    header.checksum_start = kIpv4HeaderBytes;
    header.checksum_offset = 16;
    store16(packet, kIpv4HeaderBytes + 16, fold(pseudo_header_sum(packet, packet.size() - kIpv4HeaderBytes)));
  }
  store_vnet_header(frame, header);
  write_(frame);
}

}  // namespace sekisho::datapath
