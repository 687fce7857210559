#include "screens/tape.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <utility>

namespace sekisho::screens {
namespace {

enum class Kind : std::uint8_t { time, screen, rect, bytes, rect_done, update_done, key, pointer, event, close };

constexpr std::size_t kLongestCode = 255, kLongestText = 512;

void put64(rfb::Bytes& out, std::uint64_t value) {
  rfb::put32(out, static_cast<std::uint32_t>(value >> 32U));
  rfb::put32(out, static_cast<std::uint32_t>(value));
}

void put_text(rfb::Bytes& out, std::string_view text, std::size_t most) {
  text = text.substr(0, most);
  rfb::put16(out, static_cast<std::uint16_t>(text.size()));
  rfb::put(out, text);
}

/// Reads one entry after the other.
class Cursor {
 public:
  explicit Cursor(rfb::View left) : left_(left) {}
  [[nodiscard]] bool at_end() const { return left_.empty(); }
  [[nodiscard]] rfb::View left() const { return left_; }
  std::uint8_t u8() { return rfb::u8(take(1), 0); }
  std::uint16_t u16() { return rfb::be16(take(2), 0); }
  std::uint32_t u32() { return rfb::be32(take(4), 0); }
  rfb::View take(std::size_t size) {
    SEKISHO_ASSERT(size <= left_.size());
    const rfb::View out = left_.first(size);
    left_ = left_.subspan(size);
    return out;
  }
  std::string_view text() {
    const rfb::View bytes = take(u16());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  rfb::View left_;
};

}  // namespace

Tape::Tape(Instant now, std::function<void()> wake) : wake_(std::move(wake)), state_{now, now, false, {}} {}

template <class Body>
void Tape::write(Body body) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    first = written_.empty();
    if (now_ && now_ != said_) {
      rfb::put8(written_, static_cast<std::uint8_t>(Kind::time));
      put64(written_, static_cast<std::uint64_t>(now_->time_since_epoch().count()));
      said_ = now_;
      growing_.reset();
    }
    body(written_);
  }
  if (first && wake_) wake_();
}

std::size_t Tape::room() const {
  const std::scoped_lock lock(mutex_);
  return written_.size() >= kCapacity ? 0 : kCapacity - written_.size();
}

void Tape::at(Instant now) {
  const std::scoped_lock lock(mutex_);
  now_ = now;
}

void Tape::screen(rfb::Size size, rfb::PixelOrder order) {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::screen));
    rfb::put16(out, size.width);
    rfb::put16(out, size.height);
    rfb::put8(out, static_cast<std::uint8_t>(order));
  });
}

void Tape::rect(const rfb::RectHead& head) {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::rect));
    for (const std::uint16_t value : {head.x, head.y, head.width, head.height}) rfb::put16(out, value);
    rfb::put32(out, static_cast<std::uint32_t>(head.encoding));
  });
}

void Tape::rect_bytes(rfb::View bytes) {
  write([&](rfb::Bytes& out) {
    if (!growing_) {
      rfb::put8(out, static_cast<std::uint8_t>(Kind::bytes));
      growing_ = out.size();
      rfb::put32(out, 0);
    }
    // A stream that trickles in makes one entry, not one for each byte.
    const auto size = static_cast<std::uint32_t>(rfb::be32(out, *growing_) + bytes.size());
    for (std::size_t i = 0; i < 4; ++i) out[*growing_ + i] = static_cast<std::byte>(size >> (24U - 8U * i) & 255U);
    rfb::put(out, bytes);
  });
}

void Tape::rect_done() {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::rect_done));
  });
}

void Tape::update_done() {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::update_done));
  });
}

void Tape::key(bool down, std::uint32_t symbol, std::uint32_t scan_code) {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::key));
    rfb::put8(out, down ? 1 : 0);
    rfb::put32(out, symbol);
    rfb::put32(out, scan_code);
  });
}

void Tape::pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::pointer));
    rfb::put8(out, buttons);
    rfb::put16(out, x);
    rfb::put16(out, y);
  });
}

void Tape::event(std::string_view code, std::string_view text) {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::event));
    put_text(out, code, kLongestCode);
    put_text(out, text, kLongestText);
  });
}

void Tape::close(std::string_view why) {
  write([&](rfb::Bytes& out) {
    growing_.reset();
    rfb::put8(out, static_cast<std::uint8_t>(Kind::close));
    put_text(out, why, kLongestCode);
    closed_ = true;
  });
}

TapeState Tape::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

void Tape::take(rfb::Bytes& out) {
  out.clear();
  const std::scoped_lock lock(mutex_);
  written_.swap(out);
  growing_.reset();
}

void Tape::set_state(TapeState state) {
  const std::scoped_lock lock(mutex_);
  state_ = std::move(state);
}

rfb::View replay(rfb::View taken, TapeSink& sink, std::uint64_t pixels) {
  Cursor in(taken);
  std::uint64_t read = 0;
  while (!in.at_end() && read < pixels) {
    switch (static_cast<Kind>(in.u8())) {
      case Kind::time: {
        const std::uint64_t high = in.u32(), low = in.u32();
        sink.time(Instant(std::chrono::microseconds(static_cast<std::int64_t>(high << 32U | low))));
        break;
      }
      case Kind::screen: {
        rfb::Size size;
        size.width = in.u16();
        size.height = in.u16();
        sink.screen(size, static_cast<rfb::PixelOrder>(in.u8()));
        read += std::uint64_t{size.width} * size.height;
        break;
      }
      case Kind::rect: {
        rfb::RectHead head;
        head.x = in.u16();
        head.y = in.u16();
        head.width = in.u16();
        head.height = in.u16();
        head.encoding = static_cast<std::int32_t>(in.u32());
        sink.rect(head);
        read += std::uint64_t{head.width} * head.height;
        break;
      }
      case Kind::bytes:
        sink.rect_bytes(in.take(in.u32()));
        break;
      case Kind::rect_done:
        sink.rect_done();
        break;
      case Kind::update_done:
        sink.update_done();
        break;
      case Kind::key: {
        const bool down = in.u8() == 1;
        const std::uint32_t symbol = in.u32(), scan_code = in.u32();
        sink.key(down, symbol, scan_code);
        break;
      }
      case Kind::pointer: {
        const std::uint8_t buttons = in.u8();
        const std::uint16_t x = in.u16(), y = in.u16();
        sink.pointer(buttons, x, y);
        break;
      }
      case Kind::event: {
        const std::string_view code = in.text(), text = in.text();
        sink.event(code, text);
        break;
      }
      case Kind::close:
        sink.close(in.text());
        break;
      default:
        SEKISHO_ASSERT(false);
    }
  }
  return in.left();
}

}  // namespace sekisho::screens
