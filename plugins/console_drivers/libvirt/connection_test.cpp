// What waits for whoever asks for events, and how libvirt's words become ours.
#include "connection.hpp"

#include <gtest/gtest.h>

namespace sekisho::libvirt {
namespace {

std::chrono::steady_clock::time_point now() {
  return std::chrono::steady_clock::now();
}

TEST(EventQueue, GivesWhatWaitedInOrderAndOnce) {
  EventQueue queue;
  queue.push({"a", MachineState::running, false});
  queue.push({"b", MachineState::stopped, false});
  const auto taken = queue.take(now());
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].uuid, "a");
  EXPECT_EQ(taken[1].uuid, "b");
  EXPECT_TRUE(queue.take(now()).empty());
}

TEST(EventQueue, WhatNobodyTakesBecomesAskAnew) {
  EventQueue queue;
  for (int i = 0; i < 5000; ++i) queue.push({"a", MachineState::running, false});
  const auto taken = queue.take(now());
  ASSERT_FALSE(taken.empty());
  EXPECT_LE(taken.size(), 1024u);
  EXPECT_TRUE(taken.front().uuid.empty() && !taken.front().manager_lost);
}

TEST(States, OfLibvirtAreOurs) {
  EXPECT_EQ(state_of(VIR_DOMAIN_RUNNING), MachineState::running);
  EXPECT_EQ(state_of(VIR_DOMAIN_PMSUSPENDED), MachineState::paused);
  EXPECT_EQ(state_of(VIR_DOMAIN_SHUTOFF), MachineState::stopped);
  EXPECT_EQ(state_of(VIR_DOMAIN_CRASHED), MachineState::crashed);
  EXPECT_EQ(state_of(VIR_DOMAIN_NOSTATE), MachineState::unknown);
  EXPECT_EQ(state_of(99), MachineState::unknown);
  EXPECT_EQ(state_after(VIR_DOMAIN_EVENT_STOPPED), MachineState::stopped);
  EXPECT_EQ(state_after(VIR_DOMAIN_EVENT_RESUMED), MachineState::running);
  EXPECT_EQ(state_after(VIR_DOMAIN_EVENT_UNDEFINED), MachineState::unknown);
  EXPECT_EQ(state_after(99), MachineState::unknown);
}

}  // namespace
}  // namespace sekisho::libvirt
