// Who leaves when there is no place for a newcomer (decision 0009).
#include "front/testing/engine_lab.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace sekisho::front
