// Who leaves when there is no place for a newcomer (decision 0009).
#include "front/testing/engine_lab.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sekisho::front {
namespace {

using testing::EngineLab;
using testing::Keys;

TEST(SlowOpenings, ASlowOpeningGivesItsPlaceToANewcomerWhenThereIsNoOther) {
  FrontLimits limits;
  limits.connections = 40;
  limits.drop_from_percent = 25;
  limits.unknown_percent = 25;
  EngineLab lab(limits);
  std::vector<EngineLab::Client*> slow;
  for (int i = 0; i < 10; ++i) slow.push_back(&lab.connect("192.0.2." + std::to_string(i), Keys::Who::nobody, false));
  EXPECT_TRUE(lab.connect("198.51.100.7").refused()) << "who has just come has the time that a handshake takes";
  lab.advance(limits.yields);
  auto& owner = lab.connect("198.51.100.7");
  owner.say("login\n");
  EXPECT_EQ(owner.heard, "granted\n");
  EXPECT_EQ(slow[0]->why, "gave its place to a newcomer");
  EXPECT_TRUE(slow[0]->abandoned);
  for (std::size_t i = 1; i < slow.size(); ++i) EXPECT_FALSE(slow[i]->ended) << i;
  EXPECT_EQ(lab.engine.unknown(), 9u);
}

TEST(SlowOpenings, WhoHasOpenedTlsGivesUpNoPlace) {
  FrontLimits limits;
  limits.connections = 40;
  limits.drop_from_percent = 25;
  limits.unknown_percent = 25;
  EngineLab lab(limits);
  std::vector<EngineLab::Client*> open;
  for (int i = 0; i < 10; ++i) open.push_back(&lab.connect("192.0.2." + std::to_string(i), Keys::Who::nobody));
  lab.advance(limits.yields);
  EXPECT_TRUE(lab.connect("198.51.100.7").refused());
  for (const auto* client : open) EXPECT_FALSE(client->ended);
}

/// Places for four, and no time in which an opening keeps its own.
FrontLimits few_places() {
  FrontLimits limits;
  limits.connections = 40;
  limits.drop_from_percent = 10;
  limits.unknown_percent = 10;
  limits.yields = {};
  return limits;
}
constexpr int kEnough = BarredSources::kOpenings + 4;  // the last four keep their places
constexpr std::chrono::milliseconds kTogether{200};

void open_for_nothing(EngineLab& lab, const std::string& address, int times) {
  for (int i = 0; i < times; ++i) lab.connect(address, Keys::Who::nobody, false);
}

TEST(SlowOpenings, ASourceThatOnlyTakesPlacesIsBarredForAWhile) {
  EngineLab lab(few_places());
  open_for_nothing(lab, "192.0.2.66", kEnough - 1);
  lab.advance(kTogether);
  EXPECT_TRUE(lab.barred.empty());
  open_for_nothing(lab, "192.0.2.66", 1);
  open_for_nothing(lab, "192.0.2.67", kEnough);
  EXPECT_TRUE(lab.barred.empty()) << "several go to the kernel together";
  lab.advance(kTogether);
  ASSERT_EQ(lab.barred.size(), 2u);
  for (const Bar& bar : lab.barred) {
    EXPECT_GE(bar.time, BarredSources::kFirst);
    EXPECT_LE(bar.time, 2 * BarredSources::kFirst);
  }
  EXPECT_EQ(source_text(lab.barred.back().source), "192.0.2.67");
  EXPECT_EQ(std::count(lab.log.ids.begin(), lab.log.ids.end(), "front.sources_barred"), 1);
}

TEST(SlowOpenings, NobodyIsBarredWhilePlacesAreLeft) {
  EngineLab lab;
  for (int i = 0; i < 100; ++i) {
    lab.connect("192.0.2.66", Keys::Who::nobody, false).driver->make_room();
    lab.settle();
  }
  lab.advance(kTogether);
  EXPECT_TRUE(lab.barred.empty());
}

TEST(SlowOpenings, APersonsSourceIsNotBarredAndHeFreesTheOneHeComesFrom) {
  EngineLab lab(few_places());
  lab.connect("192.0.2.66", Keys::Who::nobody).say("login\n");
  open_for_nothing(lab, "192.0.2.66", 2 * kEnough);
  lab.advance(kTogether);
  EXPECT_TRUE(lab.barred.empty()) << "he has logged in from here";
  auto& owner = lab.connect("192.0.2.67", Keys::Who::mori);
  owner.driver->on_transport_gone("done");
  lab.settle();
  open_for_nothing(lab, "192.0.2.67", 2 * kEnough);
  lab.advance(kTogether);
  EXPECT_TRUE(lab.barred.empty()) << "his certificate was seen here";
}

TEST(SlowOpenings, WhoIsInsideAlreadyFreesTheSourceThatIsBarred) {
  EngineLab lab(few_places());
  lab.gate.answer = [](GateRequest&) { return std::nullopt; };
  auto& owner = lab.connect("192.0.2.66", Keys::Who::nobody);
  owner.say("login\n");
  open_for_nothing(lab, "192.0.2.66", 2 * kEnough);
  lab.advance(kTogether);
  ASSERT_EQ(lab.barred.size(), 1u);
  lab.gate.link->send(
      seam::Reply{1, Granted{Secret(std::string(43, 'c')), testing::view_of().session, SessionState::admitted}});
  lab.settle();
  EXPECT_EQ(owner.heard, "granted\n");
  lab.advance(kTogether);
  ASSERT_EQ(lab.barred.size(), 2u);
  EXPECT_EQ(lab.barred.back().source, lab.barred.front().source);
  EXPECT_EQ(lab.barred.back().time.count(), 0) << "it is free again";
}

TEST(SlowOpenings, WhoGoesOnThoughHeIsBarredIsToldOfOnceMore) {
  EngineLab lab(few_places());
  open_for_nothing(lab, "192.0.2.66", kEnough);
  lab.advance(kTogether);
  lab.advance(Seconds{3});
  open_for_nothing(lab, "192.0.2.66", kEnough);
  lab.advance(kTogether);
  ASSERT_EQ(lab.barred.size(), 2u) << "the kernel may have lost it";
  EXPECT_LE(lab.barred.back().time, lab.barred.front().time - Seconds{3});
  EXPECT_GT(lab.barred.back().time.count(), 0);
}

}  // namespace
}  // namespace sekisho::front
