// What is one source, and how it is written.
#include "base/source.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sekisho {
namespace {

TEST(Source, IsAnIpv4AddressOrAnIpv6Network) {
  EXPECT_EQ(source_of("192.0.2.7"), (Source{false, 0xc0000207}));
  EXPECT_EQ(source_of("2001:db8:1:2:3::4"), (Source{true, 0x20010db800010002}));
  EXPECT_EQ(source_of("2001:db8:1:2::9"), source_of("2001:db8:1:2:ffff::1"));
  EXPECT_NE(source_of("2001:db8:1:2::9"), source_of("2001:db8:1:3::9"));
  EXPECT_EQ(source_of("::ffff:192.0.2.7"), source_of("192.0.2.7"));
  EXPECT_NE(source_of("::c000:207:0:0:0:1"), source_of("192.0.2.7")) << "the same bits, another family";
  for (const char* bad : {"", "gate.example", "192.0.2.256", "192.0.2.7/32", "fe80::1%eth0", " 192.0.2.7"}) {
    EXPECT_FALSE(source_of(bad)) << bad;
  }
}

TEST(Source, IsWrittenAsItsFirstAddressAndReadBack) {
  for (const char* good : {"192.0.2.7", "2001:db8:1:2::", "::", "0.0.0.0", "2001:0:0:1::"}) {
    const auto source = parse_source(good);
    ASSERT_TRUE(source) << good;
    EXPECT_EQ(source_text(*source), good);
  }
  EXPECT_EQ(source_text(*source_of("2001:db8:1:2:3::4")), "2001:db8:1:2::");
}

TEST(Source, OtherTextsOfItAreNoneOnTheSeam) {
  using namespace std::string_literals;
  for (const std::string& bad : {"2001:db8::1"s, "2001:db8:1:2:3::"s, "2001:db8::/64"s, "::ffff:192.0.2.7"s,
                                 "2001:DB8::"s, "2001:0db8::"s, "192.0.2.7\0"s, "192.0.2.7 }; flush ruleset"s}) {
    EXPECT_FALSE(parse_source(bad)) << bad;
  }
}

TEST(Source, FamiliesWithTheSameBitsDoNotMeetInATable) {
  EXPECT_NE(SourceHash{}(Source{false, 1}), SourceHash{}(Source{true, 1}));
  EXPECT_NE(SourceHash{}(Source{false, 1}), SourceHash{}(Source{false, 2}));
}

}  // namespace
}  // namespace sekisho
