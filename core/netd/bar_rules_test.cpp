#include "netd/bar_rules.hpp"

#include <gtest/gtest.h>

namespace sekisho::netd {
namespace {

Result<Bars> read(std::string source, std::uint32_t seconds) {
  return read_bars({{{std::move(source), seconds}}});
}

TEST(BarRules, AFrontNamesAddressesAndNetworks) {
  const auto bars = read_bars({{{"192.0.2.7", 10}, {"2001:db8:1:2::", 20}, {"192.0.2.7", 0}}});
  ASSERT_TRUE(bars);
  const Bars wanted{{{false, 0xc0000207}, 0}, {{true, 0x20010db800010002}, 20}};
  EXPECT_EQ(*bars, wanted) << "the last word counts";
}

TEST(BarRules, WhatIsNoSourceIsRefused) {
  for (const char* bad : {"", "gate.example", "192.0.2.7/24", "192.0.2.256", "192.0.2.7 }; flush ruleset", "0.0.0.0",
                          "::", "2001:db8::1", "2001:db8:1:2:3::", "2001:db8::/64", "::ffff:192.0.2.7"}) {
    const auto bars = read(bad, 10);
    ASSERT_FALSE(bars) << bad;
    EXPECT_EQ(bars.error().code, "netd.bar");
  }
}

TEST(BarRules, NobodyIsBarredForLongerThanTwentyMinutes) {
  EXPECT_TRUE(read("192.0.2.7", kLongestBar));
  EXPECT_FALSE(read("192.0.2.7", kLongestBar + 1));
}

TEST(BarRules, AChangeIsOneTransaction) {
  EXPECT_EQ(bar_commands({}), "");
  EXPECT_EQ(bar_commands({{{false, 0xc0000207}, 10}, {{false, 0xc0000208}, 0}, {{true, 0x20010db800010002}, 0}}),
            "add element inet sekisho barred { 192.0.2.7 timeout 10s, 192.0.2.8 timeout 1s }\n"
            "delete element inet sekisho barred { 192.0.2.8 }\n"
            "add element inet sekisho barred_networks { 2001:db8:1:2:: timeout 1s }\n"
            "delete element inet sekisho barred_networks { 2001:db8:1:2:: }\n");
}

TEST(BarRules, WithoutAFrontThereIsNoRule) {
  EXPECT_EQ(bar_rules({}), "");
}

}  // namespace
}  // namespace sekisho::netd
