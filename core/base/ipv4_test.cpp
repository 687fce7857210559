// What is an IPv4 address or network, and what is none.
#include "base/ipv4.hpp"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

TEST(Ipv4, AnAddressIsPlainDecimalAndNothingElse) {
  EXPECT_EQ(parse_ipv4("10.202.0.1"), 0x0aca0001u);
  EXPECT_EQ(parse_ipv4("0.0.0.0"), 0u);
  EXPECT_EQ(parse_ipv4("255.255.255.255"), 0xffffffffu);
  EXPECT_EQ(ipv4_text(0x0aca0001u), "10.202.0.1");
  EXPECT_EQ(ipv4_text(0u), "0.0.0.0");
  EXPECT_EQ(ipv4_text(0xffffffffu), "255.255.255.255");
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {""sv,           "1.2.3"sv,    "1.2.3."sv,     ".1.2.3"sv,    "1.2.3.4.5"sv,   "1..3.4"sv,     "256.1.1.1"sv,
        "1.1.1.1000"sv, "01.2.3.4"sv, "1.2.3.00"sv,   "1.2.3.4 "sv,  " 1.2.3.4"sv,    "0x0a.1.1.1"sv, "1.2.3.-4"sv,
        "+1.2.3.4"sv,   "::1"sv,      "1.2.3.4/24"sv, "1.2.3.4\0"sv, "1.2.3.4\0.5"sv, "１.2.3.4"sv}) {
    EXPECT_FALSE(parse_ipv4(bad)) << bad;
  }
}

TEST(Ipv4, ANetworkHasItsPrefixAndNoBitBeyondIt) {
  const auto segment = parse_ipv4_network("10.20.0.0/24");
  ASSERT_TRUE(segment);
  EXPECT_EQ(*segment, (Ipv4Network{0x0a140000u, 24}));
  EXPECT_EQ(segment->last(), 0x0a1400ffu);
  EXPECT_EQ(ipv4_text(*segment), "10.20.0.0/24");
  EXPECT_EQ(parse_ipv4_network("0.0.0.0/0"), (Ipv4Network{0, 0}));
  EXPECT_EQ(parse_ipv4_network("10.20.0.7/32"), (Ipv4Network{0x0a140007u, 32}));
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {""sv, "10.20.0.0"sv, "10.20.0.0/"sv, "10.20.0.1/24"sv, "10.20.0.0/33"sv, "10.20.0.0/024"sv, "10.20.0.0/24x"sv,
        "10.20.0.0/24\0"sv, "10.20.0.0/-1"sv, "10.20.0.0/+8"sv, "10.20.0.0/ 8"sv, "10.20.0.0 /24"sv, "10.20.0/24"sv,
        "/24"sv, "10.20.0.0/24/24"sv, "0.0.0.1/0"sv, "fd00::/64"sv, "10.20.0.0/999"sv}) {
    EXPECT_FALSE(parse_ipv4_network(bad)) << bad;
  }
}

TEST(Ipv4, NetworksHoldAndMeet) {
  const Ipv4Network all{0, 0}, wide = network_of(0x0a140507u, 16), narrow = network_of(0x0a140507u, 24),
                               other = network_of(0x0a150000u, 16), one = network_of(0x0a140507u, 32);
  EXPECT_EQ(wide, (Ipv4Network{0x0a140000u, 16}));
  EXPECT_TRUE(all.holds(0xffffffffu));
  EXPECT_TRUE(wide.holds(narrow));
  EXPECT_FALSE(narrow.holds(wide));
  EXPECT_TRUE(one.holds(0x0a140507u));
  EXPECT_FALSE(one.holds(0x0a140508u));
  EXPECT_TRUE(narrow.meets(wide));
  EXPECT_TRUE(wide.meets(narrow));
  EXPECT_TRUE(all.meets(one));
  EXPECT_FALSE(wide.meets(other));
  EXPECT_FALSE(other.holds(one));
}

}  // namespace
}  // namespace sekisho
