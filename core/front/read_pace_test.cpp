#include "front/read_pace.hpp"

#include <gtest/gtest.h>

namespace sekisho::front {
namespace {

using std::chrono::microseconds;

struct Stream {
  /// `packets` in each of `events` events, `apart` from one another; how many of them were followed by a pause.
  int pauses(int events, std::size_t packets, microseconds apart) {
    int out = 0;
    for (int i = 0; i < events; ++i) {
      now += apart;
      if (pace.after(now, packets).count() > 0) ++out;
    }
    return out;
  }
  ReadPace pace;
  Instant now{std::chrono::seconds(1'800'000'000)};
};

TEST(ReadPace, LeavesSparsePacketsAlone) {
  Stream stream;
  EXPECT_EQ(stream.pauses(1000, 1, microseconds(27)), 0) << "400 Mbit/s";
  EXPECT_EQ(stream.pauses(1000, 1, std::chrono::milliseconds(5)), 0);
}

TEST(ReadPace, PausesInADenseStreamAndStopsWithIt) {
  Stream stream;
  EXPECT_EQ(stream.pauses(100, 1, microseconds(11)), 0) << "a burst is no stream";
  EXPECT_GT(stream.pauses(1000, 1, microseconds(11)), 700);
  EXPECT_EQ(stream.pauses(1, 1, std::chrono::milliseconds(9)), 0) << "after a silence";
  stream.pauses(1000, 9, microseconds(90));
  EXPECT_EQ(stream.pauses(10, 9, microseconds(90)), 10) << "what the pause gathered counts";
  EXPECT_LT(stream.pauses(1000, 1, microseconds(100)), 30) << "thin again";
}

TEST(ReadPace, AClockThatGoesBackIsASilence) {
  Stream stream;
  stream.pauses(1000, 9, microseconds(90));
  stream.now -= std::chrono::seconds(5);
  EXPECT_EQ(stream.pauses(1, 9, microseconds(90)), 0);
}

}  // namespace
}  // namespace sekisho::front
