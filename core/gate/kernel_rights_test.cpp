// What netd is told, and when.
#include "gate/testing/gate_bench.hpp"

namespace sekisho::gate::testing {
namespace {

TEST_F(GateTest, ASessionAndItsHeirGoToTheKernelTogether) {
  ASSERT_NE(pass(), "");
  const auto before = netd.count<seam::DesiredNet>();
  ASSERT_NE(pass(), "");
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  EXPECT_EQ(netd.last<seam::DesiredNet>()->rights.size(), 1u);
}

TEST_F(GateTest, WhileNetdIsBusyChangesWaitForItsAnswerOrItsLimit) {
  const std::string session = pass();
  const auto before = netd.count<seam::DesiredNet>();
  netd.on_send = nullptr;  // takes it and is silent
  gate->end_session(session, "uid:0", "drill", [](Result<void>) {});
  settle();
  ASSERT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  EXPECT_EQ(pass(), "") << "a grant waits for the kernel";
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  gate->on_message(netd_id, seam::NetApplied{netd.last<seam::DesiredNet>()->number, true, {}});
  settle();
  ASSERT_EQ(netd.count<seam::DesiredNet>(), before + 2);
  EXPECT_EQ(as<Granted>(reply()), nullptr);
  gate->on_message(netd_id, seam::NetApplied{netd.last<seam::DesiredNet>()->number, true, {}});
  EXPECT_NE(as<Granted>(reply()), nullptr);

  gate->stop({.scope = "all", .target = {}, .at = {}, .by = "uid:0", .reason = "drill"}, [](Result<std::size_t>) {});
  settle();
  gate->release("all", "", "uid:0", [](Result<void>) {});
  settle();
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 3);
  EXPECT_EQ(pass(), "");
  fake.timers.advance(Seconds{2});  // a netd that hangs holds up a later state for so long
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 4);
}

TEST_F(GateTest, WhatNetdRefusedIsToldAgain) {
  const std::string session = pass();
  netd_works = false;
  gate->end_session(session, "uid:0", "drill", [](Result<void>) {});
  settle();
  const auto before = netd.count<seam::DesiredNet>();
  netd_works = true;
  fake.timers.advance(Seconds{1});
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  EXPECT_TRUE(netd.last<seam::DesiredNet>()->rights.empty());
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1) << "what was taken is not told again";
}

}  // namespace
}  // namespace sekisho::gate::testing
