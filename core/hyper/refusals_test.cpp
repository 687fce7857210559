#include "hyper/refusals.hpp"

#include <gtest/gtest.h>

namespace sekisho::hyper {

TEST(ScreenRefusals, SayEverythingInBothLanguages) {
  for (const Refusal& refusal : all_screen_refusals()) {
    for (const Text* text : {&refusal.what, &refusal.why, &refusal.remedy}) {
      EXPECT_FALSE(text->ja.empty() || text->en.empty()) << refusal.code;
      EXPECT_NE(text->ja, text->en) << refusal.code;
    }
    EXPECT_EQ(screen_refusal(refusal.code).code, refusal.code);
  }
  EXPECT_EQ(screen_refusal("no.such_code").code, "screen.unreachable");
}

}  // namespace sekisho::hyper
