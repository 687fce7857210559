// Fuzz: a browser's raw bytes, from the first frame on, through a recorded screen whose guest behaves. Input: records
// of a head byte (0x80: 40 ms pass first; low seven bits: bytes that follow). Promises: queues and tape stay bounded, a
// deadline that has come is gone after tick(), an end has a reason, and nothing of the clipboard reaches the guest.
#include "screens/testing/screen_stage.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  using namespace sekisho::screens;
  ScreenStage stage;
  stage.open();
  auto bytes = std::as_bytes(std::span(data, size));
  while (!bytes.empty() && !stage.screen->done()) {
    const auto head = std::to_integer<unsigned>(bytes.front());
    bytes = bytes.subspan(1);
    const auto piece = bytes.first(std::min<std::size_t>(head & 127U, bytes.size()));
    bytes = bytes.subspan(piece.size());
    stage.browser_raw(piece);
    if ((head & 128U) != 0) stage.pass(std::chrono::milliseconds(40));
    if (stage.screen->to_browser().size() > Screen::kToBrowser + 1024) std::abort();
    if (stage.screen->to_guest().size() > 2 * rfb::Console::kToGuest) std::abort();
    if (stage.screen->ended() && stage.screen->why().code.empty()) std::abort();
    stage.screen->tick(stage.now);
    const auto due = stage.screen->next_deadline();
    if (due && *due <= stage.now) std::abort();
  }
  // The guest heard messages of the allow-list and nothing else.
  rfb::Caps caps;
  rfb::ViewerPolicy policy{.resize = true, .key_presses_per_s = 0};
  rfb::Negotiation agreed;
  agreed.size = {640, 480};
  agreed.qemu_keys = agreed.fences = agreed.continuous = agreed.sizes = true;
  rfb::NoticeBoard board;
  rfb::ViewerFilter filter(policy, caps, agreed, board, nullptr);
  rfb::Bytes again;
  if (filter.feed(stage.guest_heard, stage.now, again).broken) std::abort();
  if (again != stage.guest_heard) std::abort();
  return 0;
}
