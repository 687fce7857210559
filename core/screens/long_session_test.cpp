// A session of ten minutes of gate time, drawn in every encoding through a whole screen, its tape and its recording on
// a disk: played back it shows what stood on the server's screen at twenty still points (issue "Desktops and consoles"
// must 3). SEKISHO_SESSION_S makes it longer or shorter, SEKISHO_SEED another one; `./dev soak recording` does the same
// in real time.
#include "base/testing/environment.hpp"
#include "screens/testing/painting_guest.hpp"
#include "screens/testing/screen_stage.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sekisho::screens {
namespace {

using std::chrono::milliseconds;

constexpr int kStills = 20;
constexpr milliseconds kStill{1500};

/// A screenshot of the server's own screen.
struct Shot {
  Instant at{};
  rfb::Size size{};
  std::vector<std::uint32_t> pixels;
};

/// How many pixels of the screen are others than in the shot; all of them when the sizes differ.
std::size_t differing(const recording::Screen& screen, const Shot& shot) {
  if (screen.width() != shot.size.width || screen.height() != shot.size.height) return shot.pixels.size();
  std::size_t out = 0;
  std::vector<std::byte> row(std::size_t{3} * shot.size.width);
  for (std::uint16_t y = 0; y < shot.size.height; ++y) {
    screen.row(y, row);
    for (std::size_t x = 0; x < shot.size.width; ++x) {
      std::uint32_t got = 0;
      for (std::size_t i = 0; i < 3; ++i) got = got << 8U | std::to_integer<std::uint32_t>(row[3 * x + i]);
      out += got != shot.pixels[std::size_t{y} * shot.size.width + x] ? 1 : 0;
    }
  }
  return out;
}

/// What happens on a server's screen while somebody works: typing, scrolling, windows, pictures.
struct Session {
  explicit Session(std::uint32_t seed) : chance(seed) { stage.open({640, 480}); }

  Part somewhere(unsigned widest, unsigned highest) {
    const auto width = static_cast<std::uint16_t>(1 + chance() % std::min<unsigned>(widest, guest.size.width));
    const auto height = static_cast<std::uint16_t>(1 + chance() % std::min<unsigned>(highest, guest.size.height));
    return {static_cast<std::uint16_t>(chance() % (guest.size.width - width + 1U)),
            static_cast<std::uint16_t>(chance() % (guest.size.height - height + 1U)), width, height};
  }
  std::int32_t any_encoding() {
    constexpr std::array kAll{rfb::kRaw, rfb::kHextile, rfb::kZlib, rfb::kZrle, rfb::kTight};
    return kAll[chance() % kAll.size()];
  }
  void act() {
    switch (chance() % 12) {
      case 0: {  // scrolls by a line
        const Part all{0, 0, guest.size.width, static_cast<std::uint16_t>(guest.size.height - 16)};
        stage.guest_says(guest.copy(all, 0, 16));
        const Part line{0, all.height, guest.size.width, 16};
        guest.text(line, 2, chance);
        return stage.guest_says(guest.say(line, any_encoding(), chance));
      }
      case 1: {  // a window moves
        const Part to = somewhere(200, 150), from = somewhere(1, 1);
        const auto x = static_cast<std::uint16_t>(std::min<int>(from.x, guest.size.width - to.width)),
                   y = static_cast<std::uint16_t>(std::min<int>(from.y, guest.size.height - to.height));
        return stage.guest_says(guest.copy(to, x, y));
      }
      case 2: {
        const Part window = somewhere(400, 300);
        guest.fill(window, static_cast<std::uint32_t>(chance()) & 0xffffffU);
        return stage.guest_says(guest.say(window, any_encoding(), chance));
      }
      case 3: {
        const Part picture = somewhere(120, 90);
        guest.noise(picture, chance);
        return stage.guest_says(guest.say(picture, any_encoding(), chance));
      }
      case 4: {
        const Part picture = somewhere(300, 200);
        guest.shade(picture, static_cast<std::uint32_t>(chance()));
        return stage.guest_says(guest.say(picture, any_encoding(), chance));
      }
      case 5:
        stage.browser_says(rfb::testing::pointer(0, static_cast<std::uint16_t>(chance() % guest.size.width), 9));
        return stage.guest_says(PaintingGuest::cursor(16, 16));
      default: {  // a few letters
        const Part letters = somewhere(90, 16);
        guest.text(letters, 2 + chance() % 20, chance);
        return stage.guest_says(guest.say(letters, any_encoding(), chance));
      }
    }
  }
  /// Works for so long, then lets everything stand still; the shot is of the end of the stillness.
  Shot work(milliseconds time) {
    for (const Instant until = stage.now + time - kStill; stage.now < until;) {
      act();
      stage.pass(milliseconds(40 + chance() % 400));
    }
    stage.pass(kStill);
    Shot out{stage.now, guest.size, guest.pixels};
    stage.pass(kStill / 5);
    return out;
  }

  std::mt19937 chance;
  ScreenStage stage;
  PaintingGuest guest{{640, 480}};
};

TEST(LongSession, TenMinutesPlayBackAsTheyWereAtEveryStillPoint) {
  const milliseconds all{number_from_environment("SEKISHO_SESSION_S", 600, 1, 4'000'000) * 1000};
  Session session(number_from_environment("SEKISHO_SEED", 20261127));
  ScreenStage& stage = session.stage;
  const Instant begun = stage.now;
  std::vector<Shot> shots;
  for (int i = 0; i < kStills; ++i) {
    if (i == kStills / 3) stage.guest_says(session.guest.resize({800, 600}));
    if (i == 2 * kStills / 3) stage.guest_says(session.guest.resize({517, 389}));  // tiles that are cut
    shots.push_back(session.work(all / kStills));
    ASSERT_FALSE(stage.screen->ended()) << "at still point " << i << ": " << stage.screen->why().code;
  }
  for (const char* kind :
       {"raw", "copy", "hextile raw", "hextile background", "hextile two colours", "hextile coloured", "zlib",
        "zrle solid", "zrle packed", "zrle runs", "zrle runs of a palette", "zrle raw", "tight fill",
        "tight two colours", "tight palette", "tight copy", "tight gradient"}) {
    EXPECT_GT(session.guest.used[kind], 0U) << kind << " was never used: nothing is shown of it";
  }
  stage.screen->end("session.ended", stage.now);
  stage.pass(Seconds(1));
  ASSERT_TRUE(stage.recording->closed());
  stage.journal.push_back(
      recording::closed_entry(stage.header, stage.recording->chunks_durable(), "session.ended", stage.now));
  const auto verified = stage.check();
  EXPECT_TRUE(verified.ok);
  EXPECT_TRUE(verified.closed);
  EXPECT_GE(verified.proved_until - begun, all);

  const auto file = stage.disk.open(stage.file->name(), audit::Access::read).value();
  auto player = std::move(recording::Player::open(*file).value());
  // Sought, in any order.
  auto order = shots;
  std::shuffle(order.begin(), order.end(), session.chance);
  for (const Shot& shot : order) {
    for (const milliseconds before : {milliseconds(0), kStill / 2}) {
      ASSERT_TRUE(player->seek(shot.at - before));
      EXPECT_EQ(differing(player->screen(), shot), 0U) << "sought " << (shot.at - begun).count() << " us in";
    }
  }
  // Played from the beginning: a step shows what it changes, so the steps are counted first.
  std::vector<Instant> steps;
  std::set<Instant> pictures;
  ASSERT_TRUE(player->seek(begun));
  for (;;) {
    const auto step = player->step();
    ASSERT_TRUE(step);
    if (*step == nullptr) break;
    steps.push_back((*step)->at);
    if (std::holds_alternative<recording::PictureChanged>((*step)->what)) pictures.insert((*step)->at);
  }
  EXPECT_GT(pictures.size(), 1000U * all / milliseconds(600'000)) << "hardly anything was kept";
  ASSERT_TRUE(player->seek(begun));
  auto step = steps.begin();
  for (const Shot& shot : shots) {
    for (; step != steps.end() && *step <= shot.at; ++step) ASSERT_TRUE(player->step());
    EXPECT_EQ(differing(player->screen(), shot), 0U) << "played " << (shot.at - begun).count() << " us";
  }
  std::printf("[ NUMBERS  ] %.0f s, %zu pictures, %d still points equal, %zu bytes, %zu chunks\n",
              std::chrono::duration<double>(stage.now - begun).count(), pictures.size(), kStills,
              stage.disk.contents().at(stage.file->name()).size(), static_cast<std::size_t>(verified.chunks));
}

TEST(LongSession, AShotOfAnotherMomentIsNotTheSame) {
  Session session(7);
  Shot first = session.work(milliseconds(5000)), second = session.work(milliseconds(5000));
  session.stage.screen->end("session.ended", session.stage.now);
  session.stage.pass(Seconds(1));
  const auto file = session.stage.disk.open(session.stage.file->name(), audit::Access::read).value();
  auto player = std::move(recording::Player::open(*file).value());
  ASSERT_TRUE(player->seek(second.at));
  EXPECT_EQ(differing(player->screen(), second), 0U);
  EXPECT_GT(differing(player->screen(), first), 100U);
  second.pixels[12345] ^= 1U;
  EXPECT_EQ(differing(player->screen(), second), 1U) << "one colour of one pixel is seen";
}

}  // namespace
}  // namespace sekisho::screens
