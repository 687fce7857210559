// Codec of the seam: Message <-> bytes. Little: u8 kind, then fields in declared order; integers little-endian, strings
// and lists with a u32 count that is checked against what is left of the packet before anything is allocated.
// Threads: pure functions. Errors: seam.malformed (short, trailing bytes, unknown kind, bad enum, over a cap).
// Secrets are encoded as strings; the caller wipes the buffer after sending (encode() returns a Packet that wipes
// itself).
#pragma once
#include "seam/messages.hpp"

#include <sekisho/sdk/result.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace sekisho::seam {

inline constexpr std::size_t kMaxPacket = 128 * 1024;

class Packet {
 public:
  Packet() = default;
  explicit Packet(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  Packet(Packet&&) noexcept = default;
  Packet& operator=(Packet&&) noexcept = default;
  ~Packet() { wipe(bytes_.data(), bytes_.size()); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

[[nodiscard]] Result<Packet> encode(const Message& message);
[[nodiscard]] Result<Message> decode(std::span<const std::byte> packet);

/// One end of a link, without sockets: Asio, the in-memory pipe of tests and the simulator implement it.
/// Threads: the owner's loop. `on_message` and `on_closed` come on that loop.
class Link {
 public:
  virtual ~Link() = default;
  /// Queues; at most 4 MiB may wait, beyond that the link is closed (the other side is dead or hostile).
  virtual void send(const Message& message) = 0;
  /// Takes ownership of `fd` and sends it along (carries_descriptor() alone).
  virtual void send_with_fd(const Message& message, int fd) = 0;
  virtual void close() = 0;
  struct Handler {
    virtual ~Handler() = default;
    /// `fd` is -1 or now owned by the handler.
    virtual void on_message(Message message, int fd) = 0;
    virtual void on_closed(std::string_view why) = 0;
  };
};

}  // namespace sekisho::seam
