#include "recording/screen.hpp"

#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>

namespace sekisho::recording {
namespace {

struct RecordingScreen : ::testing::Test {
  void SetUp() override { ASSERT_TRUE(screen.resize(200, 130)); }
  bool fill(std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h, std::uint32_t rgb) {
    const auto pixels = canvas.fill(x, y, w, h, rgb);
    return screen.put({{}, x, y, w, h, pixels});
  }
  Screen screen;
  Canvas canvas{200, 130};
};

}  // namespace

TEST_F(RecordingScreen, ShowsWhatWasPutAcrossTiles) {
  EXPECT_TRUE(canvas.shown_by(screen)) << "black at first";
  EXPECT_TRUE(fill(10, 10, 150, 100, 0x112233));
  EXPECT_TRUE(fill(60, 60, 10, 10, 0xFF8001));
  EXPECT_TRUE(fill(199, 129, 1, 1, 0x0000FF));
  EXPECT_TRUE(canvas.shown_by(screen));
}

TEST_F(RecordingScreen, MarksTheTilesThatDifferAndNoOthers) {
  EXPECT_FALSE(screen.changed());
  fill(60, 60, 10, 10, 0x010101);  // four tiles meet there
  EXPECT_EQ(screen.take_changes(64), (std::vector<std::uint16_t>{0, 1, 4, 5}));
  EXPECT_FALSE(screen.changed());
  fill(60, 60, 10, 10, 0x010101);
  EXPECT_FALSE(screen.changed()) << "drawn as it was";
  fill(0, 0, 200, 130, 0x020202);
  EXPECT_EQ(screen.tiles(), 12U);
  EXPECT_EQ(screen.take_changes(5).size(), 5U);
  EXPECT_EQ(screen.take_changes(64), (std::vector<std::uint16_t>{5, 6, 7, 8, 9, 10, 11}));
}

TEST_F(RecordingScreen, RefusesWhatIsNotInsideAndKeepsThePicture) {
  fill(0, 0, 200, 130, 0x445566);
  screen.forget_changes();
  const std::vector<std::byte> pixels(4 * 10 * 10);
  EXPECT_FALSE(screen.put({{}, 191, 0, 10, 10, pixels}));
  EXPECT_FALSE(screen.put({{}, 0, 121, 10, 10, pixels}));
  EXPECT_FALSE(screen.put({{}, 65535, 65535, 10, 10, pixels}));
  EXPECT_FALSE(screen.put({{}, 0, 0, 10, 11, pixels})) << "too few pixels";
  EXPECT_FALSE(screen.put({{}, 0, 0, 10, 9, pixels})) << "too many";
  EXPECT_FALSE(screen.copy({{}, 0, 0, 10, 10, 191, 0}));
  EXPECT_FALSE(screen.copy({{}, 191, 0, 10, 10, 0, 0}));
  EXPECT_TRUE(canvas.shown_by(screen));
  EXPECT_FALSE(screen.changed());
}

TEST_F(RecordingScreen, CopiesOverlappingPartsInEveryDirection) {
  std::mt19937 chance(3);
  for (const auto& [x, y, from_x, from_y] : std::vector<std::array<std::uint16_t, 4>>{
           {0, 0, 5, 7}, {5, 7, 0, 0}, {0, 9, 0, 0}, {9, 0, 0, 0}, {0, 0, 70, 60}, {70, 3, 0, 60}, {3, 3, 3, 3}}) {
    const auto pixels = canvas.noise(0, 0, 200, 130, chance);
    ASSERT_TRUE(screen.put({{}, 0, 0, 200, 130, pixels}));
    std::vector<std::byte> part(4 * 120 * 65);
    for (std::size_t row = 0; row < 65; ++row) {
      std::memcpy(part.data() + 4 * 120 * row, canvas.pixels.data() + 4 * ((from_y + row) * 200 + from_x), 4 * 120);
    }
    canvas.draw(x, y, 120, 65, part);
    ASSERT_TRUE(screen.copy({{}, x, y, 120, 65, from_x, from_y}));
    EXPECT_TRUE(canvas.shown_by(screen)) << x << ' ' << y << ' ' << from_x << ' ' << from_y;
  }
}

TEST_F(RecordingScreen, TakesNoScreenLargerThanTheLargest) {
  EXPECT_TRUE(screen.resize(kMaxWidth, kMaxHeight));
  EXPECT_FALSE(screen.resize(kMaxWidth + 1, 1));
  EXPECT_FALSE(screen.resize(1, kMaxHeight + 1));
  EXPECT_FALSE(screen.resize(0, 1));
  EXPECT_FALSE(screen.resize(1, 0));
  EXPECT_EQ(screen.width(), kMaxWidth) << "refused: unchanged";
}

TEST_F(RecordingScreen, TilesReadBackFromTheirRecord) {
  std::mt19937 chance(5);
  const auto pixels = canvas.noise(0, 0, 200, 130, chance);
  ASSERT_TRUE(screen.put({{}, 0, 0, 200, 130, pixels}));
  TilePacker packer;
  TileUnpacker unpacker;
  Screen other;
  ASSERT_TRUE(other.resize(200, 130));
  const std::string first(packer.pack(screen, std::vector<std::uint16_t>{0, 3, 11}));
  ASSERT_EQ(unpacker.unpack(first, other).value(), (std::vector<std::uint16_t>{0, 3, 11}));
  EXPECT_TRUE(std::ranges::equal(other.tile(3), screen.tile(3)));
  EXPECT_TRUE(other.black(4));
  const std::string rest(packer.pack(screen, std::vector<std::uint16_t>{1, 2, 4, 5, 6, 7, 8, 9, 10}));
  ASSERT_TRUE(unpacker.unpack(rest, other));
  EXPECT_TRUE(canvas.shown_by(other));
}

TEST_F(RecordingScreen, AHostileTileRecordChangesNothing) {
  TilePacker packer;
  TileUnpacker unpacker;
  fill(0, 0, 200, 130, 0x778899);
  const std::string good(packer.pack(screen, std::vector<std::uint16_t>{0, 11}));
  Screen small;
  ASSERT_TRUE(small.resize(64, 64));
  EXPECT_FALSE(unpacker.unpack(good, small)) << "tile 11 of a screen with one";
  EXPECT_TRUE(small.black(0));
  ASSERT_TRUE(small.resize(200, 130));
  EXPECT_FALSE(unpacker.unpack("", small));
  EXPECT_FALSE(unpacker.unpack(std::string("\0\0", 2) + good.substr(2), small)) << "no tile";
  EXPECT_FALSE(unpacker.unpack(std::string("\1\0", 2) + good.substr(2), small)) << "more than announced";
  EXPECT_FALSE(unpacker.unpack(std::string("\3\0", 2) + good.substr(2), small)) << "less than announced";
  EXPECT_FALSE(unpacker.unpack(std::string("\xFF\xFF", 2) + good.substr(2), small));
  EXPECT_FALSE(unpacker.unpack(good.substr(0, good.size() - 1), small));
  EXPECT_FALSE(unpacker.unpack(good + good, small));
  const std::string twice(packer.pack(screen, std::vector<std::uint16_t>{5, 5}));
  EXPECT_FALSE(unpacker.unpack(twice, small));
  const std::string backwards(packer.pack(screen, std::vector<std::uint16_t>{6, 5}));
  EXPECT_FALSE(unpacker.unpack(backwards, small));
  for (std::size_t i = 0; i < small.tiles(); ++i) EXPECT_TRUE(small.black(i));
}

}  // namespace sekisho::recording
