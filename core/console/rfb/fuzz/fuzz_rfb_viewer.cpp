// Fuzz: what a browser sends after the handshake. Input: size of pieces, flags (1: the guest can nothing, 2: only
// looking, 4: may resize), then the stream. However it is cut the same passes; what passed passes again unchanged and
// without a stop, so nothing in it is a clipboard, power, sound or file message.
#include "console/rfb/testing/streams.hpp"
#include "console/rfb/viewer_filter.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace sekisho;
using namespace sekisho::rfb;

struct Outcome {
  Bytes out;
  std::optional<Cause> broken;
  std::vector<Notice> notices;
  bool operator==(const Outcome&) const = default;
};

Outcome run(View stream, std::size_t step, unsigned flags) {
  const Caps caps;
  const ViewerPolicy policy{.view_only = (flags & 2U) != 0, .resize = (flags & 4U) != 0, .key_presses_per_s = 0};
  Negotiation agreed;
  agreed.size = {640, 480};
  agreed.qemu_keys = agreed.fences = agreed.continuous = agreed.sizes = (flags & 1U) == 0;
  NoticeBoard board;
  ViewerFilter filter(policy, caps, agreed, board, nullptr);
  Outcome outcome;
  while (!stream.empty() && !outcome.broken) {
    // A copy of exact size: a look beyond the lent bytes is an error of the address sanitizer.
    const Bytes lent(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(std::min(step, stream.size())));
    const auto done = filter.feed(lent, Instant{}, outcome.out);
    if (!done.broken && done.taken != lent.size()) std::abort();
    outcome.broken = done.broken;
    stream = stream.subspan(lent.size());
  }
  outcome.notices = board.take(Instant{}, true);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto stream = std::as_bytes(std::span(data + 2, size - 2));
  const unsigned flags = data[1];
  const Outcome whole = run(stream, std::max<std::size_t>(stream.size(), 1), flags);
  if (!(whole == run(stream, 1 + data[0] % 64U, flags))) std::abort();
  if (whole.out.size() > 2 * stream.size()) std::abort();  // a list without Raw grows by four bytes
  const Outcome again = run(whole.out, std::max<std::size_t>(whole.out.size(), 1), flags);
  if (again.broken || again.out != whole.out || !again.notices.empty()) std::abort();
  return 0;
}
