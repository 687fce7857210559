// Fuzz: a guest's bytes after its handshake, through a recorded screen to the recorder's last chunk. Input: records of
// a head byte (0x80: 40 ms pass first; low seven bits: bytes that follow). Promises: queues and tape stay bounded, a
// deadline that has come is gone after tick(), an end has a reason, and what was recorded verifies.
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
    stage.guest_says(piece);
    if ((head & 128U) != 0) stage.pass(std::chrono::milliseconds(40));
    if (stage.screen->to_browser().size() > Screen::kToBrowser + 1024) std::abort();
    if (stage.screen->ended() && stage.screen->why().code.empty()) std::abort();
    stage.screen->tick(stage.now);
    const auto due = stage.screen->next_deadline();
    if (due && *due <= stage.now) std::abort();
  }
  stage.screen->end("session.ended", stage.now);
  stage.record();
  if (!stage.recording->closed() && !stage.recording->failure()) std::abort();
  if (!stage.check().findings.empty()) std::abort();
  return 0;
}
