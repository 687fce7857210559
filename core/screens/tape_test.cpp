#include "screens/tape.hpp"

#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace sekisho::screens {
namespace {

using rfb::testing::hex;
using rfb::testing::to_hex;

const Instant kNow = *parse_rfc3339("2026-11-22T09:00:00Z");

/// Writes down what it hears.
struct Listener final : TapeSink {
  void time(Instant at) override { heard += "at " + std::to_string((at - kNow).count()) + "; "; }
  void screen(rfb::Size size, rfb::PixelOrder order) override {
    heard += "screen " + std::to_string(size.width) + "x" + std::to_string(size.height) +
             (order == rfb::PixelOrder::rgbx ? " rgbx; " : " bgrx; ");
  }
  void rect(const rfb::RectHead& head) override {
    heard += "rect " + std::to_string(head.x) + "," + std::to_string(head.y) + " " + std::to_string(head.width) + "x" +
             std::to_string(head.height) + " " + std::to_string(head.encoding) + "; ";
  }
  void rect_bytes(rfb::View bytes) override { heard += "bytes " + to_hex(bytes) + "; "; }
  void rect_done() override { heard += "done; "; }
  void update_done() override { heard += "update; "; }
  void key(bool down, std::uint32_t symbol, std::uint32_t code) override {
    heard += "key " + std::to_string(down) + " " + std::to_string(symbol) + " " + std::to_string(code) + "; ";
  }
  void pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) override {
    heard += "pointer " + std::to_string(buttons) + " " + std::to_string(x) + "," + std::to_string(y) + "; ";
  }
  void event(std::string_view code, std::string_view text) override {
    heard += "event " + std::string(code) + " " + std::string(text) + "; ";
  }
  void close(std::string_view why) override { heard += "close " + std::string(why) + "; "; }
  std::string heard;
};

std::string heard_of(Tape& tape) {
  rfb::Bytes taken;
  tape.take(taken);
  Listener listener;
  EXPECT_TRUE(replay(taken, listener).empty());
  return listener.heard;
}

TEST(Tape, GivesEverythingBackInItsOrderAndWithItsTime) {
  Tape tape(kNow, {});
  tape.at(kNow);
  tape.screen({1920, 1080}, rfb::PixelOrder::rgbx);
  tape.rect({1, 2, 3, 4, rfb::kCursorAlpha});
  tape.rect_bytes(hex("0102"));
  tape.rect_done();
  tape.update_done();
  tape.at(kNow + std::chrono::microseconds(5));
  tape.key(true, 0xff0d, 0x1c);
  tape.pointer(3, 65535, 7);
  tape.event("console.clipboard", "viewer count 1");
  tape.close("session.ended");
  EXPECT_EQ(heard_of(tape),
            "at 0; screen 1920x1080 rgbx; rect 1,2 3x4 -314; bytes 0102; done; update; at 5; key 1 65293 28; "
            "pointer 3 65535,7; event console.clipboard viewer count 1; close session.ended; ");
  EXPECT_EQ(heard_of(tape), "");
}

TEST(Tape, IsReadInTurnsThatPixelsMeasure) {
  Tape tape(kNow, {});
  for (const std::uint16_t x : {1, 2, 3}) {
    tape.rect({x, 0, 100, 100, rfb::kCopyRect});
    tape.rect_bytes(hex("00000000"));
    tape.rect_done();
  }
  tape.key(true, 1, 2);
  rfb::Bytes taken;
  tape.take(taken);
  Listener turn;
  rfb::View left = replay(taken, turn, 10'000);
  EXPECT_EQ(turn.heard, "rect 1,0 100x100 1; ") << "as much as was allowed, and what follows another time";
  turn.heard.clear();
  left = replay(left, turn, 1);
  EXPECT_EQ(turn.heard, "bytes 00000000; done; rect 2,0 100x100 1; ") << "never nothing";
  turn.heard.clear();
  left = replay(left, turn, 10'001);
  EXPECT_EQ(turn.heard, "bytes 00000000; done; rect 3,0 100x100 1; bytes 00000000; done; key 1 1 2; ");
  EXPECT_TRUE(left.empty());
}

TEST(Tape, AStreamThatTricklesInMakesOneEntry) {
  Tape tape(kNow, {});
  tape.rect({0, 0, 1, 1, rfb::kRaw});
  for (const char* byte : {"0a", "0b", "0c"}) tape.rect_bytes(hex(byte));
  EXPECT_EQ(heard_of(tape), "rect 0,0 1x1 0; bytes 0a0b0c; ");
  // Taken in the middle of a payload: the rest is an entry of its own.
  tape.rect_bytes(hex("0d"));
  tape.rect_done();
  EXPECT_EQ(heard_of(tape), "bytes 0d; done; ");
}

TEST(Tape, HasNoRoomOnceItIsFullAndAllOfItAfterItWasTaken) {
  Tape tape(kNow, {});
  EXPECT_EQ(tape.room(), Tape::kCapacity);
  tape.rect_bytes(rfb::Bytes(Tape::kCapacity));
  EXPECT_EQ(tape.room(), 0U);
  rfb::Bytes taken;
  tape.take(taken);
  EXPECT_EQ(tape.room(), Tape::kCapacity);
}

TEST(Tape, WakesOnceUntilItIsTaken) {
  int wakes = 0;
  Tape tape(kNow, [&] { ++wakes; });
  tape.update_done();
  tape.update_done();
  EXPECT_EQ(wakes, 1);
  rfb::Bytes taken;
  tape.take(taken);
  tape.update_done();
  EXPECT_EQ(wakes, 2);
}

TEST(Tape, TakesNothingAfterItsEnd) {
  Tape tape(kNow, {});
  tape.close("console.closed");
  tape.update_done();
  tape.close("again");
  EXPECT_EQ(heard_of(tape), "close console.closed; ");
}

TEST(Tape, CutsWordsThatAreTooLong) {
  Tape tape(kNow, {});
  tape.event(std::string(300, 'c'), std::string(600, 't'));
  EXPECT_EQ(heard_of(tape), "event " + std::string(255, 'c') + " " + std::string(512, 't') + "; ");
}

TEST(Tape, TwoThreadsShareIt) {
  Tape tape(kNow, {});
  constexpr std::uint16_t kMany = 20000;
  std::thread writer([&] {
    for (std::uint16_t i = 0; i < kMany; ++i) {
      while (tape.room() == 0) std::this_thread::yield();
      tape.pointer(0, i, 0);
    }
    tape.close("end");
  });
  struct Counter final : TapeSink {
    void time(Instant) override {}
    void screen(rfb::Size, rfb::PixelOrder) override {}
    void rect(const rfb::RectHead&) override {}
    void rect_bytes(rfb::View) override {}
    void rect_done() override {}
    void update_done() override {}
    void key(bool, std::uint32_t, std::uint32_t) override {}
    void pointer(std::uint8_t, std::uint16_t x, std::uint16_t) override { in_order = in_order && x == next++; }
    void event(std::string_view, std::string_view) override {}
    void close(std::string_view) override { closed = true; }
    std::uint16_t next = 0;
    bool in_order = true, closed = false;
  } counter;
  rfb::Bytes taken;
  while (!counter.closed) {
    tape.take(taken);
    EXPECT_TRUE(replay(taken, counter).empty());
    tape.set_state({kNow, kNow, false, {}});
  }
  writer.join();
  EXPECT_EQ(counter.next, kMany);
  EXPECT_TRUE(counter.in_order);
}

}  // namespace
}  // namespace sekisho::screens
