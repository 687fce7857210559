#include "net/datapath/segmenter.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"
#include "net/datapath/mss_clamp.hpp"

#include <algorithm>
#include <cstring>

namespace sekisho::datapath {

Result<Segmenter> Segmenter::open(std::span<const std::byte> frame, std::uint16_t mtu, std::uint16_t large) {
  if (frame.size() < kVnetHeaderBytes) return fail("packet.short");
  Segmenter self;
  self.header_ = load_vnet_header(frame);
  self.packet_ = frame.subspan(kVnetHeaderBytes);
  self.mtu_ = mtu;
  auto info = inspect(self.packet_);
  if (!info) return info.error();
  self.info_ = *info;
  const std::uint8_t type = self.header_.gso_type & static_cast<std::uint8_t>(~kGsoEcn);
  if (self.header_.flags & kVnetNeedsChecksum) {
    const std::size_t field = std::size_t{self.header_.checksum_start} + self.header_.checksum_offset;
    if (self.header_.checksum_start < kIpv4HeaderBytes || field + 2 > self.packet_.size())
      return fail("packet.offload", "checksum field lies outside");
    // The transport's own field, or one of a packet that this one carries: never another field of its headers.
    const std::size_t own = std::size_t{kIpv4HeaderBytes} + (self.info_.protocol == kTcp ? 16U : 6U);
    const bool is_own = (self.info_.protocol == kTcp || self.info_.protocol == kUdp) &&
                        self.header_.checksum_start == kIpv4HeaderBytes && field == own && !self.info_.fragment;
    if (!is_own && field < self.info_.payload_at) return fail("packet.offload", "checksum field lies in a header");
  }
  if (type == kGsoNone) {
    if (self.packet_.size() > mtu) return fail("packet.too_big");
    return self;
  }
  const bool tcp = type == kGsoTcp4 && self.info_.protocol == kTcp;
  const bool udp = type == kGsoUdpDatagrams && self.info_.protocol == kUdp;
  if ((!tcp && !udp) || self.info_.fragment || self.header_.gso_size == 0)
    return fail("packet.offload", "offload type " + std::to_string(self.header_.gso_type));
  if (mtu <= self.info_.payload_at) return fail("packet.too_big");
  const std::size_t room = mtu - std::size_t{self.info_.payload_at};
  if (udp && self.header_.gso_size > room) return fail("packet.too_big");
  if (self.packet_.size() <= self.info_.payload_at) return self;
  self.piece_ = std::min<std::size_t>(self.header_.gso_size, room);
  if (tcp && large > mtu) self.piece_ *= std::max<std::size_t>((large - self.info_.payload_at) / self.piece_, 1);
  return self;
}

std::size_t Segmenter::next_size() const {
  if (done_) return 0;
  if (piece_ == 0) return packet_.size();
  return info_.payload_at + std::min(piece_, packet_.size() - info_.payload_at - at_);
}

std::size_t Segmenter::next_whole(std::span<std::byte> out) {
  done_ = true;
  const auto packet = out.first(packet_.size());
  std::memcpy(packet.data(), packet_.data(), packet_.size());
  if (header_.flags & kVnetNeedsChecksum) {
    // The field holds the pseudo header's sum: summing from checksum_start with it in place completes it.
    const std::size_t field = std::size_t{header_.checksum_start} + header_.checksum_offset;
    std::uint16_t sum = checksum(partial_sum(packet.subspan(header_.checksum_start)));
    if (sum == 0 && info_.protocol == kUdp) sum = 0xffff;  // RFC 768: 0 would mean "none"
    store16(packet, field, sum);
  }
  clamp_mss(packet, info_, mtu_);
  return packet.size();
}

std::size_t Segmenter::next(std::span<std::byte> out) {
  if (done_) return 0;
  if (piece_ == 0) return next_whole(out);
  const std::size_t headers = info_.payload_at, payload = packet_.size() - headers;
  const std::size_t take = std::min(piece_, payload - at_);
  const auto packet = out.first(headers + take);
  std::memcpy(packet.data(), packet_.data(), headers);
  std::memcpy(packet.data() + headers, packet_.data() + headers + at_, take);
  const bool first = at_ == 0, last = at_ + take == payload;
  store16(packet, 4, static_cast<std::uint16_t>(load16(packet_, 4) + count_));
  finish_ipv4_header(packet);
  const auto transport = packet.subspan(kIpv4HeaderBytes);
  if (info_.protocol == kTcp) {
    store32(transport, 4, load32(transport, 4) + static_cast<std::uint32_t>(at_));
    std::uint8_t flags = info_.tcp_flags;
    if (!last) flags &= static_cast<std::uint8_t>(~(kTcpFin | kTcpPsh));
    if (!first) flags &= static_cast<std::uint8_t>(~kTcpCwr);
    store8(transport, 13, flags);
    store16(transport, 16, 0);
    store16(transport, 16, checksum(partial_sum(transport, pseudo_header_sum(packet, transport.size()))));
  } else {
    store16(transport, 4, static_cast<std::uint16_t>(transport.size()));
    store16(transport, 6, 0);
    const std::uint16_t sum = checksum(partial_sum(transport, pseudo_header_sum(packet, transport.size())));
    store16(transport, 6, sum == 0 ? std::uint16_t{0xffff} : sum);
  }
  at_ += take;
  ++count_;
  done_ = last;
  return packet.size();
}

}  // namespace sekisho::datapath
