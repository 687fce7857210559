#include "console/rfb/encodings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho::rfb {
namespace {

using ::testing::ElementsAre;
using List = std::vector<std::int32_t>;

TEST(Encodings, KeepTheViewersOrder) {
  EXPECT_THAT(rewrite_encodings(List{kTight, kZrle, kRaw, kCopyRect, -26, -254, kQemuKeys}, {}).encodings,
              ElementsAre(kTight, kZrle, kRaw, kCopyRect, -26, -254, kQemuKeys));
}

TEST(Encodings, LeaveOutEverythingThatLetsDataOrPowerThrough) {
  const List forbidden{static_cast<std::int32_t>(0xc0a1e5ceU),  // extended clipboard
                       static_cast<std::int32_t>(0xc0a1e5cfU),
                       static_cast<std::int32_t>(0xffff8002U),  // UltraVNC file transfer
                       -309,                                    // xvp
                       -305,                                    // gii
                       -259,                                    // sound
                       -316,                                    // a pointer message of another length
                       -260,
                       50,
                       21,
                       2,
                       0x574d5664,
                       12345,
                       std::numeric_limits<std::int32_t>::min(),
                       std::numeric_limits<std::int32_t>::max()};
  const Rewritten all = rewrite_encodings(forbidden, {});
  EXPECT_THAT(all.encodings, ElementsAre(kRaw));
  EXPECT_EQ(all.removed, forbidden.size());
  for (const std::int32_t encoding : forbidden) EXPECT_FALSE(on_allow_list(encoding)) << encoding;
}

TEST(Encodings, AreNeverAnEmptyList) {
  EXPECT_THAT(rewrite_encodings({}, {}).encodings, ElementsAre(kRaw));
  const Rewritten raw = rewrite_encodings(List{kRaw, kZrle}, {.withheld = {kRaw}});
  EXPECT_THAT(raw.encodings, ElementsAre(kRaw, kZrle)) << "no policy takes Raw away";
  EXPECT_EQ(raw.removed, 0U);
}

TEST(Encodings, AreHeldBackByPolicyAndCountedOnce) {
  const Rewritten some = rewrite_encodings(List{kTight, kZrle, kTight, kZrle}, {.withheld = {kTight}});
  EXPECT_THAT(some.encodings, ElementsAre(kZrle, kRaw));
  EXPECT_EQ(some.removed, 2U);
}

TEST(Encodings, ASetHasWhatWasAskedForAndRaw) {
  EncodingSet asked;
  EXPECT_TRUE(asked.has(kRaw));
  EXPECT_FALSE(asked.has(kTight));
  asked.add(kTight);
  asked.add(-26);
  asked.add(-309);
  EXPECT_TRUE(asked.has(kTight));
  EXPECT_TRUE(asked.has(-26));
  EXPECT_FALSE(asked.has(-25));
  EXPECT_FALSE(asked.has(-309)) << "not on the allow-list";
}

}  // namespace
}  // namespace sekisho::rfb
