// Fuzz: what a hypervisor sends after the handshake. Input: size of pieces, flags (1: small screen, 2: nothing was
// asked for), then the stream. However it is cut the same passes; what passed passes again unchanged and without a
// stop, so nothing in it is a clipboard, power or sound message.
#include "console/rfb/guest_filter.hpp"
#include "console/rfb/testing/streams.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace sekisho;
using namespace sekisho::rfb;

struct Outcome {
  Bytes out;
  std::optional<Cause> broken;
  std::vector<Notice> notices;
  Size size;
  bool operator==(const Outcome&) const = default;
};

/// The rectangles' bytes must be those that passed.
struct Recorder final : Observer {
  void screen(Size size, PixelOrder) override {
    if (size.width == 0 || size.height == 0 || size.width > 3840 || size.height > 2160) std::abort();
  }
  void rect(const RectHead&) override { in_rect = in_rect ? (std::abort(), true) : true; }
  void rect_bytes(View piece) override { bytes += in_rect ? piece.size() : (std::abort(), 0); }
  void rect_done() override { in_rect = in_rect ? false : (std::abort(), false); }
  void update_done() override {
    if (in_rect) std::abort();
  }
  void key(bool, std::uint32_t, std::uint32_t) override { std::abort(); }
  void pointer(std::uint8_t, std::uint16_t, std::uint16_t) override { std::abort(); }
  std::size_t bytes = 0;
  bool in_rect = false;
};

Outcome run(View stream, std::size_t step, unsigned flags) {
  const Caps caps;
  Negotiation agreed;
  agreed.size = (flags & 1U) != 0 ? Size{160, 120} : Size{640, 480};
  if ((flags & 2U) == 0) rfb::testing::ask_everything(agreed.asked);
  NoticeBoard board;
  Recorder recorder;
  GuestFilter filter(caps, agreed, board, &recorder);
  Outcome outcome;
  std::size_t read = 0;
  while (!stream.empty() && !outcome.broken) {
    // A copy of exact size: a look beyond the lent bytes is an error of the address sanitizer.
    const Bytes lent(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(std::min(step, stream.size())));
    const auto done = filter.feed(lent, outcome.out);
    if (!done.broken && done.taken != lent.size()) std::abort();
    outcome.broken = done.broken;
    read += lent.size();
    if (outcome.out.size() > read || recorder.bytes > outcome.out.size()) std::abort();
    stream = stream.subspan(lent.size());
  }
  outcome.notices = board.take(Instant{}, true);
  outcome.size = agreed.size;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto stream = std::as_bytes(std::span(data + 2, size - 2));
  const unsigned flags = data[1];
  const Outcome whole = run(stream, std::max<std::size_t>(stream.size(), 1), flags);
  if (!(whole == run(stream, 1 + data[0] % 64U, flags))) std::abort();
  const Outcome again = run(whole.out, std::max<std::size_t>(whole.out.size(), 1), flags);
  if (again.broken || again.out != whole.out || !again.notices.empty() || again.size != whole.size) std::abort();
  return 0;
}
