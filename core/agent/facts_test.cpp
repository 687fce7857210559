#include "agent/facts.hpp"

#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::agent {
namespace {

using namespace std::chrono_literals;
const Instant kNow = *parse_rfc3339("2026-11-22T00:31:00Z");

nlohmann::json fixture() {
  nlohmann::json out = admission::testing::example_facts("compliant");
  out["collector"]["source"] = "simulator";
  out["collected_at"] = "2026-11-22T00:30:50Z";
  return out;
}

TEST(Facts, AreReadAsTheGateWillReadThem) {
  EXPECT_TRUE(read_facts(fixture().dump()));
  EXPECT_EQ(read_facts("").error().code, "agent.facts_malformed");
  EXPECT_EQ(read_facts("{}").error().code, "agent.facts_malformed");
  EXPECT_EQ(read_facts(R"({"schema":1,"schema":1})").error().code, "agent.facts_malformed");
  nlohmann::json other = fixture();
  other["schema"] = "sekisho.device-facts/2.0";
  EXPECT_EQ(read_facts(other.dump()).error().code, "agent.facts_malformed");
  nlohmann::json large = fixture();
  large["more"] = std::string(47 * 1024, 'x');
  EXPECT_EQ(read_facts(large.dump()).error().code, "agent.facts_too_large");
}

TEST(Facts, OfTheLargestSizeFitIntoAnEnvelope) {
  nlohmann::json facts = fixture();
  facts["more"] = "";
  facts["more"] = std::string(46 * 1024 - facts.dump().size(), 'x');
  ASSERT_TRUE(read_facts(facts.dump()));
  const auto key = *admission::DeviceKey::generate();
  admission::ReportPayload payload{std::string(128, 'g'),
                                   std::string(128, 's'),
                                   std::string(128, 'n'),
                                   std::string(45, 'i'),
                                   std::string(64, 'a'),
                                   INT64_MAX / 2,
                                   INT64_MAX,
                                   "interval",
                                   facts};
  EXPECT_LE(admission::seal_report(payload, key)->size(), admission::kMaxReportBytes);
}

TEST(Facts, DigestChangesWithEverythingButTheStamp) {
  nlohmann::json facts = fixture();
  const std::string before = facts_digest(facts);
  facts["collected_at"] = "2026-11-22T00:40:00Z";
  EXPECT_EQ(facts_digest(facts), before);
  facts["os"]["build"] = 1;
  EXPECT_NE(facts_digest(facts), before);
}

TEST(FixtureAge, FollowsGateTimeFromTheFirstSending) {
  FixtureAge age;
  EXPECT_EQ(age.at(fixture(), kNow), fixture()) << "the first one as it is written";
  EXPECT_EQ(age.at(fixture(), kNow + 10min)["collected_at"], "2026-11-22T00:40:50.000000Z");
  EXPECT_EQ(age.at(fixture(), kNow - 1h)["collected_at"], "2026-11-21T23:30:50.000000Z") << "the gate's clock decides";
  nlohmann::json changed = fixture();
  changed["os"]["build"] = 1;
  EXPECT_EQ(age.at(changed, kNow + 1h), changed) << "another fixture begins anew";
}

TEST(FixtureAge, LeavesARealCollectorsStampAlone) {
  FixtureAge age;
  nlohmann::json facts = fixture();
  facts["collector"]["source"] = "agent";
  EXPECT_EQ(age.at(facts, kNow), facts);
  EXPECT_EQ(age.at(facts, kNow + 10min), facts);
}

}  // namespace
}  // namespace sekisho::agent
