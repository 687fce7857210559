#include "template_posture_check.hpp"

#include <gtest/gtest.h>

namespace sekisho::template_posture_check {
namespace {

CheckResult judge(const char* facts, Config config = {}) {
  const nlohmann::json nothing;
  const auto document = nlohmann::json::parse(facts);
  return DiskCheck(config)
      .judge({.facts = document,
              .now = {},
              .terminal = {},
              .registered_macs = {},
              .signed_by_terminal = {},
              .user_agent = {},
              .memory = nothing})
      .results.at(0);
}

TEST(DiskCheck, PassesOnlyAReportedTrue) {
  EXPECT_EQ(judge(R"({"security":{"disk_encrypted":true}})").verdict, CheckVerdict::pass);
  EXPECT_EQ(judge(R"({"security":{"disk_encrypted":false}})").code, "template_posture_check.off");
}

TEST(DiskCheck, WhatIsNotKnownIsNoPass) {
  for (const char* facts : {"null", "{}", R"({"security":null})", R"({"security":{"disk_encrypted":null}})",
                            R"({"security":{"disk_encrypted":"true"}})", R"({"security":[true]})",
                            R"({"security":{"disk_encrypted":1}})"}) {
    EXPECT_EQ(judge(facts).verdict, CheckVerdict::unknown) << facts;
    EXPECT_EQ(judge(facts, {.warn_only = true}).verdict, CheckVerdict::unknown) << facts;
  }
}

TEST(DiskCheck, CanBeSetToWarn) {
  EXPECT_EQ(judge(R"({"security":{"disk_encrypted":false}})", {.warn_only = true}).verdict, CheckVerdict::warn);
}

}  // namespace
}  // namespace sekisho::template_posture_check
