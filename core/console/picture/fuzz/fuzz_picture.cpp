// Fuzz: what a hypervisor draws, through the guest filter into the decoder. Input: size of pieces, flags (1: small
// screen, 2: red first), then the stream after the handshake. However it is cut the same is painted, and all of it on
// the screen.
#include "console/picture/decoder.hpp"
#include "console/rfb/guest_filter.hpp"
#include "console/rfb/testing/streams.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace sekisho;
using namespace sekisho::picture;

/// A digest of every call; pixels count one by one, so that it does not matter in which pieces rows came.
struct Watch final : Canvas {
  void resize(Size to) override {
    if (to.width > 3840 || to.height > 2160) std::abort();
    size = to;
    add(to.width * 65536U + to.height);
  }
  void paint(const Area& area, View pixels) override {
    if (area.x + area.width > size.width || area.y + area.height > size.height || area.height > 64 ||
        pixels.size() != std::size_t{area.width} * area.height * 4) {
      std::abort();
    }
    for (const std::byte byte : pixels) add(std::to_integer<unsigned>(byte));
  }
  void copy(const Area& area, std::uint16_t x, std::uint16_t y) override {
    if (x + area.width > size.width || y + area.height > size.height) std::abort();
    add(x * 65536U + y);
  }
  void update_done() override { add(7); }
  void add(std::uint64_t value) { digest = (digest ^ value) * 1099511628211U; }
  Size size{};
  std::uint64_t digest = 14695981039346656037U;
};

struct Outcome {
  std::uint64_t digest;
  bool broken;
  bool operator==(const Outcome&) const = default;
};

Outcome run(View stream, std::size_t step, unsigned flags) {
  const rfb::Caps caps;
  rfb::Negotiation agreed;
  agreed.size = (flags & 1U) != 0 ? Size{160, 120} : Size{640, 480};
  agreed.order = (flags & 2U) != 0 ? PixelOrder::rgbx : PixelOrder::bgrx;
  rfb::testing::ask_everything(agreed.asked);
  rfb::NoticeBoard board;
  Watch watch;
  Decoder decoder(watch);
  rfb::GuestFilter filter(caps, agreed, board, &decoder);
  decoder.screen(agreed.size, agreed.order);
  while (!stream.empty()) {
    const Bytes lent(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(std::min(step, stream.size())));
    Bytes out;
    if (filter.feed(lent, out).broken) break;
    stream = stream.subspan(lent.size());
  }
  return {watch.digest, decoder.broken()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto stream = std::as_bytes(std::span(data + 2, size - 2));
  const Outcome whole = run(stream, std::max<std::size_t>(stream.size(), 1), data[1]);
  if (!(whole == run(stream, 1 + data[0] % 64U, data[1]))) std::abort();
  return 0;
}
