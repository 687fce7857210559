#include "admission/enforce.hpp"

#include <gtest/gtest.h>

namespace sekisho::admission {
namespace {

TEST(Mutation, SwitchesOffTheNamedPointAndNoOther) {
  EXPECT_FALSE(enforce("R04", "password.wrong", false));
  disable_for_test("R04/password.wrong");
  EXPECT_TRUE(enforce("R04", "password.wrong", false));
  EXPECT_FALSE(enforce("R04", "code.wrong", false));
  EXPECT_TRUE(enforce("R04", "code.wrong", true));
}

TEST(Mutation, KnowsOnlyRegisteredPoints) {
  EXPECT_DEATH(disable_for_test("R04/no.such_point"), "assertion failed");
  EXPECT_DEATH(disable_for_test("password.wrong"), "assertion failed");
}

}  // namespace
}  // namespace sekisho::admission
