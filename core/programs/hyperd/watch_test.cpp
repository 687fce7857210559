// The thread that asks a driver what it saw.
#include "programs/hyperd/watch.hpp"

#include "hyper/testing/fake_driver.hpp"
#include "hyper/testing/hyper_bench.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace sekisho::hyperd {
namespace {

using namespace hyper::testing;

/// Timers of which the watch uses one: what is posted waits for the test's thread.
struct Posted final : run::Timers {
  Id at(Instant, std::function<void()>) override { std::abort(); }
  void cancel(Id) override { std::abort(); }
  void post(std::function<void()> fn) override {
    const std::scoped_lock lock(mutex);
    waiting.push_back(std::move(fn));
    here.notify_all();
  }
  /// Runs what is posted until `good` or ten seconds have gone.
  template <class Good>
  bool until(Good good) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!good()) {
      std::vector<std::function<void()>> now;
      {
        std::unique_lock lock(mutex);
        if (!here.wait_until(lock, end, [&] { return !waiting.empty(); })) return false;
        now.swap(waiting);
      }
      for (auto& fn : now) fn();
    }
    return true;
  }
  std::mutex mutex;
  std::condition_variable here;
  std::vector<std::function<void()>> waiting;
};

TEST(Watch, BringsWhatADriverSawToTheLoop) {
  FakeDriver driver;
  Posted timers;
  std::vector<MachineEvent> seen;
  const Watch watch(driver, timers, [&](const MachineEvent& event) { seen.push_back(event); });
  driver.happen({kServer, MachineState::stopped, false});
  ASSERT_TRUE(timers.until([&] { return seen.size() == 1; }));
  EXPECT_EQ(seen[0].uuid, kServer);
  EXPECT_EQ(seen[0].state, MachineState::stopped);
}

TEST(Watch, AManagerThatIsNotThereIsToldOnce) {
  FakeDriver driver;
  driver.plant("events", "console.unreachable");
  Posted timers;
  std::vector<MachineEvent> seen;
  const Watch watch(driver, timers, [&](const MachineEvent& event) { seen.push_back(event); });
  ASSERT_TRUE(timers.until([&] { return !seen.empty(); }));
  EXPECT_TRUE(seen[0].manager_lost);
  driver.plant("events", "");
  driver.happen({});
  ASSERT_TRUE(timers.until([&] { return seen.size() == 2; }));
  EXPECT_FALSE(seen[1].manager_lost);
}

TEST(Watch, NothingIsToldAfterItsEnd) {
  FakeDriver driver;
  Posted timers;
  bool told = false;
  {
    const Watch watch(driver, timers, [&](const MachineEvent&) { told = true; });
    driver.happen({kServer, MachineState::stopped, false});
    std::unique_lock lock(timers.mutex);
    ASSERT_TRUE(timers.here.wait_for(lock, std::chrono::seconds(10), [&] { return !timers.waiting.empty(); }));
  }
  for (auto& fn : timers.waiting) fn();
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace sekisho::hyperd
