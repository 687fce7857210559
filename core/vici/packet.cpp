#include "vici/packet.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::vici {
namespace {

constexpr std::size_t kHead = 4;

bool has_message(PacketType type) {
  return type == PacketType::request || type == PacketType::response || type == PacketType::event;
}

std::size_t length_of(View head) {
  std::size_t length = 0;
  for (const std::byte each : head.first(kHead)) length = length << 8U | static_cast<std::size_t>(each);
  return length;
}

}  // namespace

bool is_named(PacketType type) {
  return type == PacketType::request || type == PacketType::event_register || type == PacketType::event_unregister ||
         type == PacketType::event;
}

Result<void> encode(const Packet& packet, Bytes& out) {
  const std::size_t before = out.size();
  const bool good_name =
      is_named(packet.type) ? !packet.name.empty() && packet.name.size() <= 255 : packet.name.empty();
  out.resize(before + kHead);
  out.push_back(static_cast<std::byte>(packet.type));
  if (is_named(packet.type)) {
    out.push_back(static_cast<std::byte>(packet.name.size() & 0xffU));
    const View name = std::as_bytes(std::span(packet.name));
    out.insert(out.end(), name.begin(), name.end());
  }
  const bool good_message = has_message(packet.type) ? bool(encode(packet.message, out)) : packet.message.empty();
  const std::size_t length = out.size() - before - kHead;
  if (!good_name || !good_message || length > kMaxPacket) {
    out.resize(before);
    return fail("vici.too_long", "a packet does not fit the protocol");
  }
  for (std::size_t i = 0; i < kHead; ++i) {
    out[before + i] = static_cast<std::byte>(length >> (8 * (kHead - 1 - i)) & 0xffU);
  }
  return {};
}

Result<Packet> decode_packet(View bytes) {
  if (bytes.empty()) return fail("vici.malformed", "an empty packet");
  const auto type = static_cast<std::uint8_t>(bytes.front());
  if (type > static_cast<std::uint8_t>(PacketType::event)) return fail("vici.malformed", "an unknown packet");
  Packet out;
  out.type = static_cast<PacketType>(type);
  bytes = bytes.subspan(1);
  if (is_named(out.type)) {
    const std::size_t length = bytes.empty() ? 0 : static_cast<std::size_t>(bytes.front());
    if (length == 0 || bytes.size() < 1 + length) return fail("vici.malformed", "a packet's name is cut off or empty");
    out.name.assign(reinterpret_cast<const char*>(bytes.data()) + 1, length);
    bytes = bytes.subspan(1 + length);
  }
  if (!has_message(out.type)) {
    if (!bytes.empty()) return fail("vici.malformed", "a message where none belongs");
    return out;
  }
  auto message = decode(bytes);
  if (!message) return message.error();
  out.message = *std::move(message);
  return out;
}

Result<void> PacketReader::feed(View bytes, std::vector<Packet>& out) {
  if (broken_) return *broken_;
  const auto lose = [&](Error error) {
    held_ = {};
    broken_ = std::move(error);
    return *broken_;
  };
  // Whole packets are read where they lie; what is begun is kept, and never more than one packet of it.
  while (true) {
    if (!held_.empty()) {
      const std::size_t wanted = held_.size() < kHead ? kHead : kHead + length_of(held_);
      const std::size_t more = std::min(wanted - held_.size(), bytes.size());
      held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(more));
      bytes = bytes.subspan(more);
      if (held_.size() < kHead) return {};
    } else if (bytes.size() < kHead) {
      held_.assign(bytes.begin(), bytes.end());
      return {};
    }
    const View begun = held_.empty() ? bytes : View(held_);
    const std::size_t length = length_of(begun);
    if (length == 0 || length > kMaxPacket) return lose(fail("vici.malformed", "a packet's length is out of range"));
    if (begun.size() < kHead + length) {
      if (!held_.empty()) {
        if (bytes.empty()) return {};
        continue;
      }
      held_.assign(bytes.begin(), bytes.end());
      return {};
    }
    auto packet = decode_packet(begun.subspan(kHead, length));
    if (!packet) return lose(packet.error());
    out.push_back(*std::move(packet));
    if (held_.empty()) {
      bytes = bytes.subspan(kHead + length);
    } else {
      held_.clear();
    }
  }
}

}  // namespace sekisho::vici
