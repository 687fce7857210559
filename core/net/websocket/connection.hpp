// A WebSocket after its opening, server side: frames in, application bytes out, and the other way round.
// Sans I/O. Binary messages only, no extension; a message's bytes are handed on as they arrive, because what is inside
// (RFB) is a stream and knows its own messages. Whatever the standard forbids, and whatever passes the limits, closes
// with its code; after that nothing more is handed on.
//
//   open ─close() or a fault─▶ closing (close frame out, waits for the peer's) ─▶ closed
//     └─the peer's close frame (answered), or silence─▶ closed
//
// Threads: one at a time. Memory: fixed, and a control frame's 125 bytes. Errors: none thrown but bad_alloc.
// Source: RFC 6455 §5, §7; threats.md §9 (WebSocket), T-12.
#pragma once
#include <sekisho/sdk/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sekisho::websocket {

struct Limits {
  std::size_t message_in = 64 * 1024;
  std::size_t message_out = 1024 * 1024;
  std::uint32_t fragments = 64;  ///< frames of one message
  std::uint32_t controls_per_s = 10;
  Seconds ping{20}, dead{60}, closing{5};
};

/// RFC 6455 §7.4.1.
inline constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kProtocolError = 1002, kUnsupported = 1003,
                               kBadText = 1007, kPolicy = 1008, kTooBig = 1009;

class Connection {
 public:
  enum class State : std::uint8_t { open, closing, closed };
  using Bytes = std::vector<std::byte>;
  using View = std::span<const std::byte>;

  Connection(const Limits& limits, Instant now);

  /// Takes from the front of `in`, appends application bytes to `payload`, at most `room` of them, and control frames
  /// to `out`. Returns how many bytes were taken; less than all only for want of room or when closed.
  std::size_t feed(View in, Instant now, std::size_t room, Bytes& payload, Bytes& out);
  /// Writes one binary message, of at most Limits::message_out bytes. Nothing once the state is not open.
  void send(View payload, Bytes& out);
  /// Begins to close; `reason` is cut to 123 bytes at a character's border.
  void close(std::uint16_t code, std::string_view reason, Instant now, Bytes& out);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// Pings a quiet peer, gives up a dead one.
  void tick(Instant now, Bytes& out);

  [[nodiscard]] State state() const { return state_; }
  /// What it was closed with, by either side; 1006 when the peer fell silent, 0 before.
  [[nodiscard]] std::uint16_t code() const { return code_; }
  /// Our own words about a fault of the peer; constant text, else empty.
  [[nodiscard]] std::string_view fault() const { return fault_; }
  /// Between two messages of the peer (a stream that ends elsewhere was cut).
  [[nodiscard]] bool at_message_edge() const { return !in_frame_ && !in_message_ && head_have_ == 0; }

 private:
  void fail(std::uint16_t code, std::string_view why, Bytes& out);
  /// Bytes of the head, as far as its beginning tells (2 to 14).
  [[nodiscard]] std::size_t head_size() const;
  void head_complete(Instant now, Bytes& out);
  [[nodiscard]] bool control_head(std::uint8_t opcode, bool final, std::uint64_t length, Instant now, Bytes& out);
  [[nodiscard]] bool data_head(std::uint8_t opcode, bool final, std::uint64_t length, Bytes& out);
  void control_complete(Bytes& out);
  void peer_closes(Bytes& out);
  void unmask(View in, std::byte* out);

  const Limits limits_;
  State state_ = State::open;
  std::array<std::byte, 14> head_{};
  std::size_t head_have_ = 0;
  bool in_frame_ = false, in_message_ = false, in_control_ = false, final_ = false;
  std::uint8_t opcode_ = 0;
  std::uint64_t left_ = 0;  // of the frame's payload
  std::array<std::byte, 4> mask_{};
  std::size_t mask_at_ = 0;
  std::uint64_t message_ = 0;  // bytes of the message so far
  std::uint32_t fragments_ = 0;
  std::array<std::byte, 125> control_{};
  std::size_t control_have_ = 0;
  Instant second_{};  // when the counted second began
  std::uint32_t controls_ = 0;
  Instant heard_, pinged_, closing_since_{};
  std::uint16_t code_ = 0;
  std::string_view fault_;
};

}  // namespace sekisho::websocket
