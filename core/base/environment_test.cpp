// The number that a long form of a test was asked for, or a refusal.
#include "base/testing/environment.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sekisho {
namespace {

TEST(NumberFromEnvironment, TakesWholeNumbersOfTheRangeAlone) {
  EXPECT_EQ(whole_number("0"), 0U);
  EXPECT_EQ(whole_number("28800"), 28800U);
  EXPECT_EQ(whole_number("4294967295"), 4294967295U);
  EXPECT_EQ(whole_number("7", 1, 7), 7U);
  for (const char* bad :
       {"", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "1s", "4294967296", "18446744073709551617", "x"}) {
    EXPECT_FALSE(whole_number(bad)) << bad;
  }
  EXPECT_FALSE(whole_number("0", 1, 7));
  EXPECT_FALSE(whole_number("8", 1, 7));
}

TEST(NumberFromEnvironment, RefusesWhatItCannotTakeAndNamesIt) {
  constexpr const char* kName = "SEKISHO_A_NUMBER_FOR_THIS_TEST";
  ASSERT_EQ(::unsetenv(kName), 0);
  EXPECT_EQ(number_from_environment(kName, 12), 12U);
  ASSERT_EQ(::setenv(kName, "34", 1), 0);
  EXPECT_EQ(number_from_environment(kName, 12), 34U);
  for (const char* bad : {"-3", "2.5", "99999999999", "many", "0"}) {
    ASSERT_EQ(::setenv(kName, bad, 1), 0);
    try {
      static_cast<void>(number_from_environment(kName, 12, 1));
      ADD_FAILURE() << bad;
    } catch (const std::invalid_argument& why) {
      EXPECT_NE(std::string(why.what()).find(kName), std::string::npos);
    }
  }
  ASSERT_EQ(::unsetenv(kName), 0);
}

}  // namespace
}  // namespace sekisho
