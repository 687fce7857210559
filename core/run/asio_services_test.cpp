#include "run/asio_services.hpp"

#include "run/clock.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace sekisho::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A clock whose time the test moves; Asio's own stays real.
struct HandClock final : Clock {
  [[nodiscard]] Instant now() const override { return at; }
  Instant at = *parse_rfc3339("2026-11-22T09:00:00Z");
};

/// A door that threads wait at, so that no test sleeps.
class Door {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

struct Pools : ::testing::Test {
  boost::asio::io_context loop;
  GateClock clock;
  AsioTimers timers{loop, clock};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{loop.get_executor()};
  void run_until(const std::function<bool()>& done) {
    while (!done()) ASSERT_EQ(loop.run_one(), 1u);
  }
};

}  // namespace

TEST(AsioTimers, RunsWhatIsDueInOrderOfTime) {
  boost::asio::io_context loop;
  GateClock clock;
  AsioTimers timers(loop, clock);
  std::string order;
  const Instant now = clock.now();
  timers.at(now + milliseconds(20), [&] { order += 'c'; });
  timers.at(now - seconds(5), [&] { order += 'a'; });
  timers.at(now + milliseconds(5), [&] { order += 'b'; });
  const auto never = timers.at(now + milliseconds(6), [&] { order += 'x'; });
  EXPECT_NE(never, 0u);
  timers.cancel(never);
  timers.cancel(never);
  timers.cancel(4711);
  EXPECT_EQ(order, "");
  loop.run();
  EXPECT_EQ(order, "abc");
}

TEST(AsioTimers, FiresNothingEarlyByTheGatesClock) {
  boost::asio::io_context loop;
  HandClock clock;
  AsioTimers timers(loop, clock);
  bool fired = false;
  timers.at(clock.at + milliseconds(1), [&] { fired = true; });
  loop.run_for(milliseconds(30));  // gate time stands still
  EXPECT_FALSE(fired);
  clock.at += milliseconds(1);
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(AsioTimers, ACallbackThatAsksForNowDoesNotHoldTheLoop) {
  boost::asio::io_context loop;
  GateClock clock;
  AsioTimers timers(loop, clock);
  int rounds = 0;
  bool posted = false;
  std::function<void()> again = [&] {
    if (++rounds < 1000 && !posted) timers.at(clock.now(), again);
    if (rounds == 1) timers.post([&] { posted = true; });
  };
  timers.at(clock.now(), again);
  loop.run();
  EXPECT_TRUE(posted);
  EXPECT_LT(rounds, 1000);
}

TEST(AsioTimers, MayEndInsideItsOwnCallback) {
  boost::asio::io_context loop;
  GateClock clock;
  auto timers = std::make_unique<AsioTimers>(loop, clock);
  timers->at(clock.now(), [&] { timers.reset(); });
  timers->at(clock.now() + seconds(60), [] { FAIL(); });
  loop.run();
  EXPECT_FALSE(timers);
}

TEST(AsioTimers, PostComesFromAnyThread) {
  boost::asio::io_context loop;
  GateClock clock;
  AsioTimers timers(loop, clock);
  std::thread::id ran;
  std::thread([&] { timers.post([&] { ran = std::this_thread::get_id(); }); }).join();
  loop.run();
  EXPECT_EQ(ran, std::this_thread::get_id());
}

TEST_F(Pools, RunsElsewhereAndAnswersOnTheLoop) {
  ThreadPools pools(clock, timers);
  std::thread::id worked, answered;
  int value = 0;
  run_blocking<int>(
      pools, Pool::general, seconds(60),
      [&] {
        worked = std::this_thread::get_id();
        return 42;
      },
      [&](Result<int> end) {
        value = end ? *end : -1;
        answered = std::this_thread::get_id();
      });
  run_until([&] { return value != 0; });
  EXPECT_EQ(value, 42);
  EXPECT_NE(worked, std::this_thread::get_id());
  EXPECT_EQ(answered, std::this_thread::get_id());
}

TEST_F(Pools, AWorkThatThrowsEndsAsAnError) {
  ThreadPools pools(clock, timers);
  std::string code;
  run_blocking<int>(
      pools, Pool::store, seconds(60), []() -> int { throw std::runtime_error("secret words"); },
      [&](Result<int> end) { code = end ? "none" : end.error().code; });
  run_until([&] { return !code.empty(); });
  EXPECT_EQ(code, "run.threw");
}

TEST_F(Pools, AnswersLateAndDropsTheResult) {
  Door door;
  ThreadPools pools(clock, timers, {{1, 4}, {1, 4}, {1, 4}});
  std::vector<std::string> codes;
  bool ran_late = false;
  pools.run(
      Pool::store, milliseconds(10), [&] { door.pass(); },
      [&](Result<void> end) { codes.push_back(end ? "none" : end.error().code); });
  pools.run(
      Pool::store, milliseconds(10), [&] { ran_late = true; },
      [&](Result<void> end) { codes.push_back(end ? "none" : end.error().code); });
  run_until([&] { return codes.size() == 2; });
  EXPECT_EQ(codes, (std::vector<std::string>{"run.late", "run.late"}));
  door.open();
  bool done = false;
  pools.run(
      Pool::store, seconds(60), [] {}, [&](Result<void> end) { done = end.has_value(); });
  run_until([&] { return done; });
  EXPECT_EQ(codes.size(), 2u);  // the first work's end came too late for anybody
  EXPECT_FALSE(ran_late);       // the second one never began
}

TEST_F(Pools, RefusesNewcomersWhenTheQueueIsFullAndNeverBlocksAnotherPool) {
  Door door, begun;
  ThreadPools pools(clock, timers, {{1, 2}, {1, 2}, {1, 2}});
  int done = 0;
  std::string refused;
  const auto count = [&](Result<void> end) { done += end ? 1 : 0; };
  pools.run(
      Pool::password, seconds(60), [&] { begun.open(), door.pass(); }, count);
  begun.pass();
  pools.run(
      Pool::password, seconds(60), [] {}, count);
  pools.run(
      Pool::password, seconds(60), [] {}, count);
  pools.run(
      Pool::password, seconds(60), [] {}, [&](Result<void> end) { refused = end ? "none" : end.error().code; });
  EXPECT_EQ(refused, "");  // never inside the call itself
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused, "run.busy");
  EXPECT_EQ(done, 0);
  bool other = false;
  pools.run(
      Pool::store, seconds(60), [] {}, [&](Result<void> end) { other = end.has_value(); });
  run_until([&] { return other; });
  door.open();
  run_until([&] { return done == 3; });
}

TEST_F(Pools, WorksWhoseLimitHasEndedGiveTheirPlaceInTheQueueUp) {
  Door door, begun;
  ThreadPools pools(clock, timers, {{1, 1}, {1, 1}, {1, 1}});
  std::string late, after;
  pools.run(
      Pool::general, seconds(60), [&] { begun.open(), door.pass(); }, [](Result<void>) {});
  begun.pass();
  pools.run(
      Pool::general, milliseconds(5), [] {}, [&](Result<void> end) { late = end ? "none" : end.error().code; });
  run_until([&] { return !late.empty(); });
  EXPECT_EQ(late, "run.late");
  pools.run(
      Pool::general, seconds(60), [] {}, [&](Result<void> end) { after = end ? "none" : end.error().code; });
  door.open();
  run_until([&] { return !after.empty(); });
  EXPECT_EQ(after, "none");
}

TEST(KernelEntropy, DoesNotRepeatItself) {
  KernelEntropy entropy;
  std::array<std::byte, 4096> a{}, b{};
  entropy.fill(a);
  entropy.fill(b);
  EXPECT_NE(a, b);
  entropy.fill({});
  std::array<int, 10> seen{};
  for (int i = 0; i < 10000; ++i) ++seen[entropy.below(10)];
  for (const int count : seen) EXPECT_NEAR(count, 1000, 250);
}

}  // namespace sekisho::run
