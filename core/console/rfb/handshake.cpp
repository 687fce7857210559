#include "console/rfb/handshake.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

namespace sekisho::rfb {
namespace {

constexpr std::uint8_t kNone = 1, kVncPassword = 2;
constexpr std::size_t kLongestReason = 256;

bool is_version(View bytes) {
  return std::ranges::equal(bytes, std::as_bytes(std::span(kVersion)));
}

}  // namespace

// --- the viewer's side: the relay is the server

void ViewerHandshake::begin(Bytes& out) {
  put(out, kVersion);
}

ViewerHandshake::Step ViewerHandshake::feed(View in, Bytes& out) {
  const std::size_t all = in.size();
  const auto step = [&](std::optional<Cause> broken = {}) { return Step{all - in.size(), broken}; };
  for (;;) {
    switch (at_) {
      case At::version:
        if (!message_.complete(in, kVersion.size())) return step();
        if (!is_version(message_.view())) return step(Cause::version);
        put16(out, std::uint16_t{1} << 8U | kNone);
        at_ = At::security;
        break;
      case At::security:
        if (!message_.complete(in, 1)) return step();
        if (u8(message_.view(), 0) != kNone) return step(Cause::security);
        at_ = At::waiting;
        break;
      case At::shared:
        if (!message_.complete(in, 1)) return step();
        at_ = At::ready;
        break;
      case At::waiting:
      case At::ready:
      case At::refused:
        return step();
    }
    message_.clear();
  }
}

void ViewerHandshake::accept(Bytes& out) {
  SEKISHO_ASSERT(at_ == At::waiting);
  put32(out, 0);
  at_ = At::shared;
}

void ViewerHandshake::refuse(std::string_view reason, Bytes& out) {
  if (at_ == At::version) {
    put8(out, 0);  // no type of security, and why
  } else if (at_ == At::security || at_ == At::waiting) {
    put32(out, 1);  // the result: failed, and why
  } else {
    return;  // afterwards there is no place for words
  }
  put32(out, static_cast<std::uint32_t>(reason.size()));
  put(out, reason);
  at_ = At::refused;
}

void ViewerHandshake::server_init(Size size, PixelOrder order, std::string_view name, Bytes& out) {
  put16(out, size.width);
  put16(out, size.height);
  const auto format = pixel_format(order);
  put(out, std::as_bytes(std::span(format)));
  put32(out, static_cast<std::uint32_t>(name.size()));
  put(out, name);
}

// --- the guest's side: the relay is the client

std::size_t GuestHandshake::need() const {
  switch (at_) {
    case At::version:
      return kVersion.size();
    case At::count:
      return 1;
    case At::types:
      return length_;
    case At::challenge:
      return 16;
    case At::verdict:
    case At::reason_length:
      return 4;
    default:
      return kInit;
  }
}

GuestHandshake::Step GuestHandshake::feed(View in, PixelOrder order, Bytes& out) {
  const std::size_t all = in.size();
  const auto step = [&](std::optional<Cause> broken = {}) { return Step{all - in.size(), broken}; };
  while (!result_) {
    if (at_ == At::name || at_ == At::reason) {
      const std::size_t more = std::min<std::size_t>(length_ - text_.size(), in.size());
      text_.append(reinterpret_cast<const char*>(in.data()), more);
      in = in.subspan(more);
      if (text_.size() < length_) return step();
      if (at_ == At::reason) {
        reason_ = text_.substr(0, kLongestReason);
        return step(Cause::guest_refused);
      }
      finish(order, out);
      break;
    }
    if (!message_.complete(in, need())) return step();
    if (const auto broken = whole(order, out)) return step(broken);
    message_.clear();
  }
  return step();
}

std::optional<Cause> GuestHandshake::whole(PixelOrder order, Bytes& out) {
  const View m = message_.view();
  switch (at_) {
    case At::version:
      if (!is_version(m)) return Cause::version;
      put(out, kVersion);
      at_ = At::count;
      return {};
    case At::count:
      length_ = u8(m, 0);
      at_ = length_ == 0 ? At::reason_length : At::types;
      return {};
    case At::types:
      return choose(out);
    case At::challenge: {
      const auto answer = answer_(m.first<16>());
      put(out, answer);
      at_ = At::verdict;
      return {};
    }
    case At::verdict:
      if (be32(m, 0) != 0) {
        at_ = At::reason_length;
        return {};
      }
      put8(out, 1);  // shared
      at_ = At::init;
      return {};
    case At::reason_length:
      length_ = be32(m, 0);
      if (length_ > caps_.name) return Cause::malformed;
      at_ = At::reason;
      return {};
    default:
      size_ = {be16(m, 0), be16(m, 2)};
      length_ = be32(m, 20);
      if (size_.width == 0 || size_.height == 0) return Cause::malformed;
      if (size_.width > caps_.width || size_.height > caps_.height || length_ > caps_.name) return Cause::screen_size;
      if (length_ == 0) {
        finish(order, out);
      } else {
        at_ = At::name;
      }
      return {};
  }
}

std::optional<Cause> GuestHandshake::choose(Bytes& out) {
  const auto offers = [&](std::uint8_t type) {
    return std::ranges::find(message_.view(), std::byte{type}) != message_.view().end();
  };
  if (offers(kNone)) {
    put8(out, kNone);
    at_ = At::verdict;
  } else if (offers(kVncPassword) && answer_) {
    put8(out, kVncPassword);
    at_ = At::challenge;
  } else {
    return Cause::security;
  }
  return {};
}

void GuestHandshake::finish(PixelOrder order, Bytes& out) {
  result_ = Result{size_, std::move(text_)};
  put32(out, std::uint32_t{kSetPixelFormat} << 24U);
  const auto format = pixel_format(order);
  put(out, std::as_bytes(std::span(format)));
}

}  // namespace sekisho::rfb
