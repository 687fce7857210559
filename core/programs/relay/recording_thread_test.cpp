// Recordings of one thread: a guest whose few bytes ask for minutes of painting holds up its own recording alone
// (T-61).
#include "programs/relay/recording_thread.hpp"

#include "audit/testing/memory_disk.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace sekisho::relay {
namespace {

class RecordingThreadTest : public ::testing::Test {
 protected:
  std::shared_ptr<screens::Tape> open(std::uint64_t console) {
    recording::FileHeader header;
    header.id.fill(static_cast<std::uint8_t>(console));
    header.started_at = clock.now();
    header.session = "S20261122-1-000042";
    header.person = "mori";
    header.target = "web-01";
    std::shared_ptr<screens::Tape> out;
    thread.open(console, header, recording::Keys::none, [&](Result<RecordingThread::Opened> opened) {
      ASSERT_TRUE(opened);
      out = opened->tape;
    });
    EXPECT_TRUE(until([&] { return out != nullptr; }));
    return out;
  }
  template <class Check>
  bool until(Check check) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!check()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.run_one_for(std::chrono::milliseconds(5));
      loop.restart();
    }
    return true;
  }

  boost::asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  RecordingThread thread{std::make_unique<audit::MemoryDisk>(), clock, timers,
                         [this](std::uint64_t console, decltype(seam::RecordingNote::body) note) {
                           if (std::holds_alternative<seam::RecordingChunk>(note)) thread.noted(console, {});
                         }};
};

TEST_F(RecordingThreadTest, AGuestThatAsksForMinutesOfPaintingHoldsUpNoNeighbour) {
  const auto bad = open(1), good = open(2);
  bad->screen({3840, 2160}, rfb::PixelOrder::bgrx);
  const rfb::Bytes from(4);
  std::size_t copies = 0;
  for (; bad->room() > 64; ++copies) {  // each is the whole screen onto itself
    bad->rect({0, 0, 3840, 2160, rfb::kCopyRect});
    bad->rect_bytes(from);
    bad->rect_done();
  }
  ASSERT_GT(copies, 10'000U);
  good->screen({64, 64}, rfb::PixelOrder::bgrx);
  // A screen ends when its recorder was not at work for five seconds: this one is, again and again.
  for (int i = 0; i < 3; ++i) {
    const Instant asked = clock.now();
    EXPECT_TRUE(until([&] { return good->state().alive > asked; })) << "after " << i;
    EXPECT_TRUE(until([&] { return bad->state().alive > asked; })) << "nor is the other one given up";
  }
  EXPECT_TRUE(good->state().failure.empty());
  good->close("session.ended");
  EXPECT_TRUE(until([&] { return good->state().closed; })) << "it is written to its end meanwhile";
  EXPECT_FALSE(bad->state().closed);
}

}  // namespace
}  // namespace sekisho::relay
