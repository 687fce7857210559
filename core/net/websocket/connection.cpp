#include "net/websocket/connection.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <cstring>

namespace sekisho::websocket {
namespace {

constexpr std::uint8_t kContinuation = 0, kText = 1, kBinaryFrame = 2, kClose = 8, kPing = 9, kPong = 10;
constexpr std::uint8_t kFinal = 0x80, kReserved = 0x70, kMasked = 0x80;
constexpr std::size_t kLongestControl = 125;
constexpr std::uint16_t kSilent = 1006;

std::uint8_t u8(std::byte byte) {
  return std::to_integer<std::uint8_t>(byte);
}

void put_head(std::uint8_t opcode, std::uint64_t length, std::vector<std::byte>& out) {
  const auto put = [&](std::uint64_t value) { out.push_back(static_cast<std::byte>(value & 255U)); };
  put(kFinal | opcode);
  if (length <= kLongestControl) {
    put(length);
  } else if (length <= 0xffff) {
    put(126);
    put(length >> 8U);
    put(length);
  } else {
    put(127);
    for (int shift = 56; shift >= 0; shift -= 8) put(length >> static_cast<unsigned>(shift));
  }
}

void put_frame(std::uint8_t opcode, std::span<const std::byte> payload, std::vector<std::byte>& out) {
  put_head(opcode, payload.size(), out);
  out.insert(out.end(), payload.begin(), payload.end());
}

void put_close(std::uint16_t code, std::string_view reason, std::vector<std::byte>& out) {
  put_head(kClose, 2 + reason.size(), out);
  out.push_back(static_cast<std::byte>(code >> 8U));
  out.push_back(static_cast<std::byte>(code & 255U));
  const auto bytes = std::as_bytes(std::span(reason));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// Strict UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const std::uint8_t first = u8(bytes[i++]);
    if (first < 0x80) continue;
    const std::size_t more = first >= 0xc2 && first <= 0xdf   ? 1
                             : (first & 0xf0U) == 0xe0        ? 2
                             : first >= 0xf0 && first <= 0xf4 ? 3
                                                              : 0;
    if (more == 0 || bytes.size() - i < more) return false;
    const std::uint8_t second = u8(bytes[i]);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f)) {
      return false;
    }
    for (std::size_t k = 0; k < more; ++k, ++i) {
      if ((u8(bytes[i]) & 0xc0U) != 0x80) return false;
    }
  }
  return true;
}

/// Codes that may stand in a frame: registered ones, and 3000 to 4999.
bool is_wire_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != kSilent) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

Connection::Connection(const Limits& limits, Instant now) : limits_(limits), second_(now), heard_(now), pinged_(now) {}

std::size_t Connection::feed(View in, Instant now, std::size_t room, Bytes& payload, Bytes& out) {
  const std::size_t all = in.size();
  if (!in.empty() && state_ != State::closed) heard_ = std::max(heard_, now);
  while (state_ != State::closed) {
    if (!in_frame_) {
      while (head_have_ < head_size() && !in.empty()) {
        head_[head_have_++] = in.front();
        in = in.subspan(1);
      }
      if (head_have_ < head_size()) break;
      head_complete(now, out);
      continue;
    }
    if (left_ != 0 && in.empty()) break;
    // What was said after our own close frame is read only to find the peer's.
    const bool hand_on = !in_control_ && state_ == State::open;
    if (hand_on && left_ != 0 && room == 0) break;
    auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
    if (hand_on) size = std::min(size, room);
    const View piece = in.first(size);
    in = in.subspan(size);
    left_ -= size;
    if (in_control_) {
      unmask(piece, control_.data() + control_have_);
      control_have_ += size;
    } else if (hand_on) {
      const std::size_t before = payload.size();
      payload.resize(before + size);
      unmask(piece, payload.data() + before);
      room -= size;
    }
    if (left_ != 0) continue;
    in_frame_ = false;
    head_have_ = 0;
    if (in_control_) {
      control_complete(out);
    } else if (final_) {
      in_message_ = false;
    }
  }
  return all - in.size();
}

std::size_t Connection::head_size() const {
  if (head_have_ < 2) return 2;
  const std::uint8_t length = u8(head_[1]) & 0x7fU;
  return 2U + (length == 126 ? 2U : length == 127 ? 8U : 0U) + ((u8(head_[1]) & kMasked) != 0 ? 4U : 0U);
}

void Connection::head_complete(Instant now, Bytes& out) {
  const std::uint8_t first = u8(head_[0]), second = u8(head_[1]);
  if ((first & kReserved) != 0) return fail(kProtocolError, "reserved bit", out);
  if ((second & kMasked) == 0) return fail(kProtocolError, "frame is not masked", out);
  std::uint64_t length = second & 0x7fU;
  const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (more != 0) {
    length = 0;
    for (std::size_t i = 0; i < more; ++i) length = length << 8U | u8(head_[2 + i]);
    if (length <= (more == 2 ? kLongestControl : 0xffffU) || (length >> 63U) != 0) {
      return fail(kProtocolError, "length is not in its shortest form", out);
    }
  }
  const std::uint8_t opcode = first & 0x0fU;
  const bool final = (first & kFinal) != 0;
  const bool good =
      opcode >= kClose ? control_head(opcode, final, length, now, out) : data_head(opcode, final, length, out);
  if (!good) return;
  std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(2 + more), 4, mask_.begin());
  mask_at_ = 0;
  left_ = length;
  in_frame_ = true;
  opcode_ = opcode;
}

bool Connection::control_head(std::uint8_t opcode, bool final, std::uint64_t length, Instant now, Bytes& out) {
  if (opcode > kPong) return fail(kProtocolError, "unknown opcode", out), false;
  if (!final || length > kLongestControl)
    return fail(kProtocolError, "control frame too long or in pieces", out), false;
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    controls_ = 0;
  }
  if (++controls_ > limits_.controls_per_s) return fail(kPolicy, "too many control frames", out), false;
  in_control_ = true;
  control_have_ = 0;
  return true;
}

bool Connection::data_head(std::uint8_t opcode, bool final, std::uint64_t length, Bytes& out) {
  if (opcode > kBinaryFrame) return fail(kProtocolError, "unknown opcode", out), false;
  if ((opcode == kContinuation) != in_message_) {
    return fail(kProtocolError, in_message_ ? "message within a message" : "nothing to continue", out), false;
  }
  if (opcode == kText) return fail(kUnsupported, "text message", out), false;
  if (opcode == kBinaryFrame) message_ = fragments_ = 0;
  if (length > limits_.message_in - message_) return fail(kTooBig, "message too long", out), false;
  if (++fragments_ > limits_.fragments) return fail(kPolicy, "message in too many pieces", out), false;
  message_ += length;
  in_message_ = true;
  in_control_ = false;
  final_ = final;
  return true;
}

void Connection::unmask(View in, std::byte* out) {
  std::array<std::byte, 8> mask{};
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = mask_[(mask_at_ + i) % 4];
  std::uint64_t word_mask = 0;
  std::memcpy(&word_mask, mask.data(), sizeof word_mask);
  std::size_t i = 0;
  for (; i + sizeof word_mask <= in.size(); i += sizeof word_mask) {
    std::uint64_t word = 0;
    std::memcpy(&word, in.data() + i, sizeof word);
    word ^= word_mask;
    std::memcpy(out + i, &word, sizeof word);
  }
  for (; i < in.size(); ++i) out[i] = in[i] ^ mask[i % 4];
  mask_at_ = (mask_at_ + in.size()) % 4;
}

void Connection::control_complete(Bytes& out) {
  if (opcode_ == kPing && state_ == State::open) put_frame(kPong, View(control_).first(control_have_), out);
  if (opcode_ == kClose) peer_closes(out);
}

void Connection::peer_closes(Bytes& out) {
  const View body = View(control_).first(control_have_);
  if (state_ == State::closing) {  // the answer to ours, whatever it says
    state_ = State::closed;
    return;
  }
  std::uint16_t code = kNormal;
  if (!body.empty()) {
    code = body.size() < 2 ? 0 : static_cast<std::uint16_t>(u8(body[0]) << 8U | u8(body[1]));
    if (!is_wire_code(code)) return fail(kProtocolError, "close code", out);
    if (!is_utf8(body.subspan(2))) return fail(kBadText, "close reason is no UTF-8", out);
  }
  put_close(code, {}, out);
  code_ = code;
  state_ = State::closed;
}

void Connection::fail(std::uint16_t code, std::string_view why, Bytes& out) {
  if (state_ == State::open) {
    put_close(code, {}, out);
    code_ = code;
  }
  fault_ = why;
  state_ = State::closed;  // the stream cannot be followed any further
}

void Connection::send(View payload, Bytes& out) {
  SEKISHO_ASSERT(payload.size() <= limits_.message_out);
  if (state_ == State::open) put_frame(kBinaryFrame, payload, out);
}

void Connection::close(std::uint16_t code, std::string_view reason, Instant now, Bytes& out) {
  if (state_ != State::open) return;
  std::size_t size = std::min(reason.size(), kLongestControl - 2);
  while (size < reason.size() && size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0U) == 0x80) --size;
  put_close(code, reason.substr(0, size), out);
  code_ = code;
  state_ = State::closing;
  closing_since_ = now;
}

std::optional<Instant> Connection::next_deadline() const {
  switch (state_) {
    case State::open:
      return std::min(std::max(heard_, pinged_) + limits_.ping, heard_ + limits_.dead);
    case State::closing:
      return closing_since_ + limits_.closing;
    default:
      return std::nullopt;
  }
}

void Connection::tick(Instant now, Bytes& out) {
  if (state_ == State::open && now >= heard_ + limits_.dead) {
    code_ = kSilent;
    state_ = State::closed;
  } else if (state_ == State::open && now >= std::max(heard_, pinged_) + limits_.ping) {
    put_head(kPing, 0, out);
    pinged_ = now;
  } else if (state_ == State::closing && now >= closing_since_ + limits_.closing) {
    state_ = State::closed;
  }
}

}  // namespace sekisho::websocket
