#include "admission/console_tickets.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sekisho::admission {
namespace {

class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    ++draws;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(draws >> (8 * (i % 4)));
    drawn = out.size();
  }
  std::uint32_t draws = 0;
  std::size_t drawn = 0;
};

class ConsoleTicketsTest : public ::testing::Test {
 protected:
  static ScreenRight right(std::string session = "S1") {
    return {std::move(session), "0b6f6a2e-5c1c-4f3b-9a44-3d0f5f3f1c11", "libvirt"};
  }
  Secret issue(std::string session = "S1") {
    auto ticket = tickets.issue(right(std::move(session)), now);
    EXPECT_TRUE(ticket);
    return ticket ? std::move(*ticket) : Secret();
  }
  std::string refused(std::string_view ticket, std::string_view session = "S1") {
    const auto answer = tickets.redeem(ticket, session, now);
    return answer ? "" : answer.error().code;
  }
  CountingEntropy entropy;
  ConsoleTickets tickets{entropy};
  Instant now = *parse_rfc3339("2026-11-22T09:00:00Z");
};

TEST_F(ConsoleTicketsTest, OpensTheScreenThatItWasIssuedForOnce) {
  const Secret ticket = issue();
  EXPECT_EQ(ticket.size(), 43U);
  EXPECT_EQ(entropy.drawn, 32U) << "256 bits";
  const auto first = tickets.redeem(ticket.reveal(), "S1", now);
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, right());
  EXPECT_EQ(refused(ticket.reveal()), "tickets.unknown") << "replayed";
}

TEST_F(ConsoleTicketsTest, LivesThirtySecondsAndNotOneMicrosecondMore) {
  const Secret early = issue(), late = issue();
  now += ConsoleTickets::kLife - std::chrono::microseconds(1);
  EXPECT_EQ(refused(early.reveal()), "");
  now += std::chrono::microseconds(1);
  EXPECT_EQ(refused(late.reveal()), "tickets.unknown");
  EXPECT_EQ(tickets.size(), 0U);
}

TEST_F(ConsoleTicketsTest, IsBurntWhenAnotherSessionShowsIt) {
  const Secret ticket = issue("S1");
  EXPECT_EQ(refused(ticket.reveal(), "S2"), "tickets.other");
  EXPECT_EQ(refused(ticket.reveal(), "S1"), "tickets.unknown");
}

TEST_F(ConsoleTicketsTest, RefusesEveryOtherSpelling) {
  const Secret ticket = issue();
  const std::string good(ticket.reveal());
  for (const std::string& bad : {std::string(), good.substr(1), good + "=", good + "A", " " + good, good + '\0',
                                 std::string(43, 'A'), std::string(100000, 'A')}) {
    EXPECT_EQ(refused(bad), "tickets.unknown") << bad.substr(0, 60);
  }
  EXPECT_EQ(refused(good), "") << "wrong guesses do not burn it";
}

TEST_F(ConsoleTicketsTest, TheOldestOfASessionGivesWayAndOthersStay) {
  const Secret others = issue("S2"), oldest = issue("S1"), second = issue("S1");
  for (std::size_t i = 2; i < ConsoleTickets::kPerSession; ++i) static_cast<void>(issue("S1"));
  const Secret newest = issue("S1");
  EXPECT_EQ(tickets.size(), ConsoleTickets::kPerSession + 1);
  EXPECT_EQ(refused(oldest.reveal(), "S1"), "tickets.unknown");
  EXPECT_EQ(refused(second.reveal(), "S1"), "");
  EXPECT_EQ(refused(newest.reveal(), "S1"), "");
  EXPECT_EQ(refused(others.reveal(), "S2"), "");
}

TEST_F(ConsoleTicketsTest, RefusesNewcomersWhenFullUntilSomeHaveExpired) {
  const std::size_t sessions = ConsoleTickets::kInAll / ConsoleTickets::kPerSession;
  for (std::size_t s = 0; s < sessions; ++s) {
    for (std::size_t i = 0; i < ConsoleTickets::kPerSession; ++i) static_cast<void>(issue("S" + std::to_string(s)));
  }
  const auto full = tickets.issue(right("new"), now);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "tickets.full");
  EXPECT_TRUE(tickets.issue(right("S0"), now)) << "who is inside gives up his own oldest";
  now += ConsoleTickets::kLife;
  EXPECT_TRUE(tickets.issue(right("new"), now));
  EXPECT_EQ(tickets.size(), 1U);
}

TEST_F(ConsoleTicketsTest, ASessionsEndVoidsItsTicketsAndNoOthers) {
  const Secret own = issue("S1"), other = issue("S2");
  tickets.forget("S1");
  tickets.forget("nobody");
  EXPECT_EQ(refused(own.reveal(), "S1"), "tickets.unknown");
  EXPECT_EQ(refused(other.reveal(), "S2"), "");
}

}  // namespace
}  // namespace sekisho::admission
