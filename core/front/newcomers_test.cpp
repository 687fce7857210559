#include "front/newcomers.hpp"

#include "run/testing/fake_services.hpp"

#include <gtest/gtest.h>

namespace sekisho::front {
namespace {

Source at(std::string_view address) {
  return source_of(std::string(address)).value();
}
Source numbered(std::uint32_t number) {
  return Source{false, number};
}

class NewcomersTest : public ::testing::Test {
 protected:
  FrontLimits limits{.connections = 1000};
  run::testing::FakeEntropy entropy{5};
  Newcomers newcomers{limits, entropy};
  Instant now = *parse_rfc3339("2026-11-22T00:00:00Z");
};

TEST_F(NewcomersTest, TwentyUnknownOnesOfOneAddressAndNoMore) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(newcomers.ask(at("192.0.2.7")), Admission::welcome);
  EXPECT_EQ(newcomers.ask(at("192.0.2.7")), Admission::crowded_source);
  EXPECT_EQ(newcomers.ask(at("192.0.2.8")), Admission::welcome) << "others are not concerned";
  newcomers.known(at("192.0.2.7"));
  EXPECT_EQ(newcomers.ask(at("192.0.2.7")), Admission::welcome) << "who is known makes room";
  newcomers.left(at("192.0.2.7"), false);
  EXPECT_EQ(newcomers.ask(at("192.0.2.7")), Admission::welcome);
}

TEST_F(NewcomersTest, AnIpv6NetworkIsOneSource) {
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(newcomers.ask(at("2001:db8:1:2::" + std::to_string(i + 1))), Admission::welcome);
  }
  EXPECT_EQ(newcomers.ask(at("2001:db8:1:2:ffff::1")), Admission::crowded_source);
  EXPECT_EQ(newcomers.ask(at("2001:db8:1:3::1")), Admission::welcome);
}

TEST_F(NewcomersTest, NewcomersAreDroppedAtRandomFromATenthAndAllFromThreeTenths) {
  std::uint32_t next = 1;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(newcomers.ask(numbered(next++)), Admission::welcome) << i;
  // Half way between a tenth and three tenths about every second one is dropped.
  while (newcomers.unknown() < 200) static_cast<void>(newcomers.ask(numbered(next++)));
  int dropped = 0;
  for (int i = 0; i < 400; ++i) {
    const auto answer = newcomers.ask(numbered(next));
    if (answer == Admission::welcome) newcomers.left(numbered(next), false);
    dropped += answer == Admission::early_drop;
  }
  EXPECT_GT(dropped, 120);
  EXPECT_LT(dropped, 280);
  while (newcomers.unknown() < 300) static_cast<void>(newcomers.ask(numbered(next++)));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(newcomers.ask(numbered(next++)), Admission::full);
}

TEST_F(NewcomersTest, TheHouseIsFullAtItsLimitOfKnownOnesToo) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(newcomers.ask(numbered(i)), Admission::welcome);
    newcomers.known(numbered(i));
  }
  EXPECT_EQ(newcomers.ask(numbered(5000)), Admission::full);
  newcomers.left(numbered(0), true);
  EXPECT_EQ(newcomers.ask(numbered(5000)), Admission::welcome);
}

TEST_F(NewcomersTest, PenaltiesAddUpApplyFromFifteenSecondsAndRunOut) {
  const Source source = at("192.0.2.7");
  newcomers.penalise(source, Penalty::failed_login, now);
  newcomers.penalise(source, Penalty::failed_login, now);
  EXPECT_FALSE(newcomers.penalised(source, now)) << "two mistakes are a person's";
  newcomers.penalise(source, Penalty::failed_login, now);
  EXPECT_TRUE(newcomers.penalised(source, now));
  EXPECT_TRUE(newcomers.penalised(source, now + std::chrono::milliseconds(14'999)))
      << "to the end, not only above 15 s";
  EXPECT_FALSE(newcomers.penalised(source, now + Seconds{15}));
  EXPECT_FALSE(newcomers.penalised(at("192.0.2.8"), now));
  newcomers.penalise(source, Penalty::failed_login, now + Seconds{15});
  EXPECT_FALSE(newcomers.penalised(source, now + Seconds{15})) << "what has run out is forgotten";
}

TEST_F(NewcomersTest, NobodyIsPenalisedLongerThanTenMinutes) {
  const Source source = at("192.0.2.7");
  for (int i = 0; i < 1000; ++i) newcomers.penalise(source, Penalty::deadline, now);
  EXPECT_TRUE(newcomers.penalised(source, now + Seconds{599}));
  EXPECT_FALSE(newcomers.penalised(source, now + Seconds{600}));
}

TEST_F(NewcomersTest, TheTableOfPenaltiesIsBounded) {
  for (std::uint32_t i = 0; i < 80'000; ++i) newcomers.penalise(numbered(i), Penalty::no_login, now);
  EXPECT_EQ(newcomers.remembered(), Newcomers::kTable);
  newcomers.penalise(numbered(90'000), Penalty::deadline, now + Seconds{2});
  newcomers.penalise(numbered(90'000), Penalty::deadline, now + Seconds{2});
  EXPECT_TRUE(newcomers.penalised(numbered(90'000), now + Seconds{2})) << "spent ones make room";
  EXPECT_EQ(newcomers.remembered(), 1u);
}

TEST_F(NewcomersTest, WhereNobodyLogsInComingAndGoingIsNoOffence) {
  limits.penalise_unknown = false;
  for (int i = 0; i < 100; ++i) newcomers.penalise(at("192.0.2.7"), Penalty::no_login, now);
  EXPECT_FALSE(newcomers.penalised(at("192.0.2.7"), now));
  for (int i = 0; i < 2; ++i) newcomers.penalise(at("192.0.2.7"), Penalty::deadline, now);
  EXPECT_TRUE(newcomers.penalised(at("192.0.2.7"), now));
}

}  // namespace
}  // namespace sekisho::front
