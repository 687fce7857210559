// VICI packets: a message with its kind and name, as they travel the stream, and the stream cut into them.
// Threads: one owner. Units: bytes. Ranges: a packet has 1 to kMaxPacket bytes after its length; the length is judged
// before anything is kept, and no more is kept than arrived. Errors: vici.malformed, final for the stream.
// Source: strongSwan, src/libcharon/plugins/vici/README.md ("Transport protocol", "Packet layer").
#pragma once
#include "vici/message.hpp"

#include <optional>

namespace sekisho::vici {

enum class PacketType : std::uint8_t {
  request = 0,       ///< named
  response,          //
  unknown_command,   //
  event_register,    ///< named
  event_unregister,  ///< named
  event_confirm,     //
  unknown_event,     //
  event              ///< named
};
[[nodiscard]] bool is_named(PacketType type);

struct Packet {
  PacketType type = PacketType::request;
  std::string name{};  ///< empty unless is_named(type)
  Section message{};   ///< only requests, responses and events carry one
  friend bool operator==(const Packet&, const Packet&) = default;
};

/// Appends the packet with its length. Errors: vici.too_long; `out` is then cut back.
[[nodiscard]] Result<void> encode(const Packet& packet, Bytes& out);
/// One packet without its length. Errors: vici.malformed.
[[nodiscard]] Result<Packet> decode_packet(View bytes);

class PacketReader {
 public:
  /// `bytes` may be cut anywhere; they are copied. The next whole packets are appended.
  /// After an error the stream is lost: every further call answers the same.
  [[nodiscard]] Result<void> feed(View bytes, std::vector<Packet>& out);
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  Bytes held_;
  std::optional<Error> broken_;
};

}  // namespace sekisho::vici
