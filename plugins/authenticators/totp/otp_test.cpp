// The codes against the vectors of the RFCs.
#include "otp.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sekisho::totp {
namespace {

constexpr std::string_view kRfcSeed = "12345678901234567890";

Instant at(std::int64_t seconds) {
  return Instant(std::chrono::seconds(seconds));
}

TEST(Hotp, GivesTheValuesOfRfc4226AppendixD) {
  constexpr std::array<std::uint32_t, 10> kTruncated{1284755224, 1094287082, 137359152, 1726969429, 1640338314,
                                                     868254676,  1918287922, 82162583,  673399871,  645520489};
  constexpr std::array<std::string_view, 10> kCodes{"755224", "287082", "359152", "969429", "338314",
                                                    "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t counter = 0; counter < kCodes.size(); ++counter) {
    EXPECT_EQ(hotp(kRfcSeed, counter), kTruncated[counter]) << counter;
    EXPECT_EQ(six_digits(hotp(kRfcSeed, counter)).reveal(), kCodes[counter]) << counter;
  }
}

TEST(Totp, GivesTheValuesOfRfc6238AppendixB) {
  // The table has eight digits; ours are the last six of the same value.
  constexpr std::array<std::pair<std::int64_t, std::uint32_t>, 6> kRows{{{59, 94287082},
                                                                         {1111111109, 7081804},
                                                                         {1111111111, 14050471},
                                                                         {1234567890, 89005924},
                                                                         {2000000000, 69279037},
                                                                         {20000000000, 65353130}}};
  for (const auto& [seconds, eight] : kRows) {
    const auto step = static_cast<std::uint64_t>(step_of(at(seconds)));
    EXPECT_EQ(hotp(kRfcSeed, step) % 100'000'000, eight) << seconds;
  }
}

TEST(Totp, StepsAreThirtySecondsFrom1970) {
  EXPECT_EQ(step_of(at(0)), 0);
  EXPECT_EQ(step_of(at(29)), 0);
  EXPECT_EQ(step_of(at(30)), 1);
  EXPECT_EQ(step_of(at(59)), 1);
  EXPECT_EQ(step_of(at(1111111109)), 0x23523EC);
  EXPECT_EQ(step_of(at(20000000000)), 0x27BC86AA);
  EXPECT_EQ(step_of(at(-1)), 0);
}

TEST(Digits, KeepTheirLeadingZeros) {
  EXPECT_EQ(six_digits(0).reveal(), "000000");
  EXPECT_EQ(six_digits(82162583).reveal(), "162583");
  EXPECT_EQ(six_digits(1000042).reveal(), "000042");
}

TEST(Base32, IsThatOfRfc4648WithoutPadding) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kRows{{{"", ""},
                                                                                {"f", "MY"},
                                                                                {"fo", "MZXQ"},
                                                                                {"foo", "MZXW6"},
                                                                                {"foob", "MZXW6YQ"},
                                                                                {"fooba", "MZXW6YTB"},
                                                                                {"foobar", "MZXW6YTBOI"}}};
  for (const auto& [bytes, text] : kRows) EXPECT_EQ(base32(bytes), text);
  EXPECT_EQ(base32(kRfcSeed), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

TEST(Seed, BelongsToKeyPersonAndSalt) {
  const Secret key(std::string(32, 'k')), other(std::string(32, 'j'));
  const std::string salt(32, 'a'), fresh(32, 'b');
  const Secret seed = seed_of(key, "mori", salt);
  EXPECT_EQ(seed.size(), kSeedBytes);
  EXPECT_EQ(seed_of(key, "mori", salt).reveal(), seed.reveal());
  EXPECT_NE(seed_of(other, "mori", salt).reveal(), seed.reveal());
  EXPECT_NE(seed_of(key, "tani", salt).reveal(), seed.reveal());
  EXPECT_NE(seed_of(key, "mori", fresh).reveal(), seed.reveal());
  EXPECT_NE(key_mark(key), key_mark(other));
  EXPECT_EQ(key_mark(key).size(), 8u);
  EXPECT_EQ(seed.reveal().find(key_mark(key)), std::string_view::npos);
}

TEST(Uri, IsWhatAppsRead) {
  const Secret uri = otpauth_uri("県 リモート", "mori&co", Secret(std::string(kRfcSeed)));
  EXPECT_EQ(uri.reveal(),
            "otpauth://totp/%E7%9C%8C%20%E3%83%AA%E3%83%A2%E3%83%BC%E3%83%88:mori%26co"
            "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=%E7%9C%8C%20%E3%83%AA%E3%83%A2%E3%83%BC%E3%83%88&algorithm=SHA1&digits=6&period=30");
}

TEST(Typed, FullWidthDigitsAndBlanksAreUnderstood) {
  EXPECT_EQ(tidy_code(" 123\t456 ").reveal(), "123456");
  EXPECT_EQ(tidy_code("１２３　４５６").reveal(), "123456");
  EXPECT_EQ(tidy_code("12345x").reveal(), "12345x");
  EXPECT_EQ(tidy_code("").reveal(), "");
  EXPECT_EQ(tidy_code("\xef\xbc").reveal(), "\xef\xbc");
}

}  // namespace
}  // namespace sekisho::totp
