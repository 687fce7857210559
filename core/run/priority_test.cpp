#include "run/priority.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace sekisho::run {

TEST(Priority, WhoGivesWayStandsBehindTheOthersAndSoDoWhatHeStarts) {
  const int before = getpriority(PRIO_PROCESS, 0);
  int worker = 0, child = 0;
  std::thread([&] {
    give_way();
    worker = getpriority(PRIO_PROCESS, 0);
    std::thread([&] { child = getpriority(PRIO_PROCESS, 0); }).join();
  }).join();
  EXPECT_GT(worker, std::min(before, 18));
  EXPECT_EQ(child, worker);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before) << "a thread's own matter";
}

TEST(Priority, ShortTurnsNeverCostTheThreadItsPlace) {
  int before = 0, after = 0;
  bool first = false, again = false;
  std::thread([&] {
    give_way();
    before = getpriority(PRIO_PROCESS, 0);
    first = take_short_turns(std::chrono::microseconds(200));
    again = take_short_turns(std::chrono::microseconds(200));
    after = getpriority(PRIO_PROCESS, 0);
  }).join();
  EXPECT_EQ(after, before);
  EXPECT_EQ(first, again) << "the kernel's answer is about the kernel";
}

}  // namespace sekisho::run
