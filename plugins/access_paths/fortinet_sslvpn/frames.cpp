#include "frames.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <cstring>

namespace sekisho::fortinet {

namespace {

constexpr std::byte kMagic{0x50};
constexpr std::size_t kLargestWritable = 65535;

std::size_t be16(std::span<const std::byte> bytes, std::size_t at) {
  return (std::to_integer<std::size_t>(bytes[at]) << 8) | std::to_integer<std::size_t>(bytes[at + 1]);
}

}  // namespace

FrameReader::FrameReader(std::size_t largest_total) : largest_total_(largest_total) {
  SEKISHO_ASSERT(largest_total > kFrameHeader && largest_total <= kLargestWritable);
}

FrameReader::Step FrameReader::broken(std::string_view why) {
  why_ = why;
  rest_ = {};
  carry_.clear();
  carry_delivered_ = false;
  return {.state = State::broken, .frame = {}, .why = why_};
}

std::size_t FrameReader::total_of(std::span<const std::byte> header) {
  const std::size_t total = be16(header, 0);
  if (header[2] != kMagic || header[3] != kMagic) return why_ = "frame magic is not 5050", 0;
  if (total <= kFrameHeader) return why_ = "frame without content", 0;
  if (total > largest_total_) return why_ = "frame larger than the MRU allows", 0;
  if (be16(header, 4) + kFrameHeader != total) return why_ = "frame lengths disagree", 0;
  return total;
}

FrameReader::Step FrameReader::parse(std::span<const std::byte> ppp) {
  if (ppp.size() >= 2 && ppp[0] == std::byte{0xff} && ppp[1] == std::byte{0x03}) ppp = ppp.subspan(2);
  if (ppp.empty()) return broken("PPP frame without protocol");
  if ((ppp[0] & std::byte{1}) != std::byte{0}) {
    return {.state = State::frame, .frame = {std::to_integer<std::uint16_t>(ppp[0]), ppp.subspan(1)}};
  }
  if (ppp.size() < 2) return broken("PPP frame without protocol");
  return {.state = State::frame, .frame = {static_cast<std::uint16_t>(be16(ppp, 0)), ppp.subspan(2)}};
}

FrameReader::Step FrameReader::next() {
  if (!why_.empty()) return broken(why_);
  if (carry_delivered_) {
    carry_.clear();
    carry_delivered_ = false;
  }
  if (!carry_.empty()) return next_split();
  if (rest_.size() >= kFrameHeader) {
    const std::size_t total = total_of(rest_);
    if (total == 0) return broken(why_);
    if (rest_.size() >= total) {
      const auto ppp = rest_.subspan(kFrameHeader, total - kFrameHeader);
      rest_ = rest_.subspan(total);
      return parse(ppp);
    }
  }
  if (!rest_.empty()) {
    carry_.reserve(largest_total_);
    carry_.assign(rest_.begin(), rest_.end());
    rest_ = {};
  }
  return {};
}

FrameReader::Step FrameReader::next_split() {
  const auto complete_to = [this](std::size_t size) {
    const std::size_t more = std::min(size - carry_.size(), rest_.size());
    carry_.insert(carry_.end(), rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(more));
    rest_ = rest_.subspan(more);
    return carry_.size() == size;
  };
  if (carry_.size() < kFrameHeader && !complete_to(kFrameHeader)) return {};
  const std::size_t total = total_of(carry_);
  if (total == 0) return broken(why_);
  if (!complete_to(total)) return {};
  carry_delivered_ = true;
  return parse(std::span<const std::byte>(carry_).subspan(kFrameHeader));
}

std::size_t write_frame(std::uint16_t protocol, std::span<const std::byte> payload, std::span<std::byte> out,
                        bool address_control) noexcept {
  const std::size_t head = address_control ? kFrameHeader + 4 : kFrameHeader + 2;
  const std::size_t total = head + payload.size();
  if (total > kLargestWritable || total > out.size()) return 0;
  const std::size_t ppp = total - kFrameHeader;
  std::byte* at = out.data();
  *at++ = static_cast<std::byte>(total >> 8);
  *at++ = static_cast<std::byte>(total & 0xff);
  *at++ = kMagic;
  *at++ = kMagic;
  *at++ = static_cast<std::byte>(ppp >> 8);
  *at++ = static_cast<std::byte>(ppp & 0xff);
  if (address_control) {
    *at++ = std::byte{0xff};
    *at++ = std::byte{0x03};
  }
  *at++ = static_cast<std::byte>(protocol >> 8);
  *at++ = static_cast<std::byte>(protocol & 0xff);
  if (!payload.empty()) std::memcpy(at, payload.data(), payload.size());
  return total;
}

}  // namespace sekisho::fortinet
