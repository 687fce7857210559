// The limit of calls that know none, with works that hang on purpose.
#include "worker.hpp"

#include "handles.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <vector>

namespace sekisho::libvirt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(Worker, BringsBackWhatTheCallSays) {
  Worker worker;
  EXPECT_EQ(worker.run<int>(milliseconds(5000), []() -> Result<int> { return 7; }).value(), 7);
  const auto failed = worker.run<int>(milliseconds(5000), []() -> Result<int> { return fail("console.refused"); });
  EXPECT_EQ(failed.error().code, "console.refused");
}

TEST(Worker, AThrowingCallIsAnAnswer) {
  Worker worker;
  const auto thrown = worker.run<int>(milliseconds(5000), []() -> Result<int> { throw std::runtime_error("x"); });
  EXPECT_EQ(thrown.error().code, "console.refused");
}

TEST(Worker, AHangingCallIsLateAndWhatItBringsIsReleased) {
  std::promise<void> go;
  const auto gate = go.get_future().share();
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  std::promise<void> over;
  {
    Worker worker;
    const auto begun = steady_clock::now();
    const auto late = worker.run<OwnedFd>(milliseconds(30), [gate, fd, &over]() -> Result<OwnedFd> {
      gate.wait();
      over.set_value();
      return OwnedFd(fd);
    });
    EXPECT_EQ(late.error().code, "console.timed_out");
    EXPECT_LT(steady_clock::now() - begun, milliseconds(3000));
    EXPECT_GE(fcntl(fd, F_GETFD), 0) << "the call still has it";
    go.set_value();
    over.get_future().wait();
  }  // waits for the thread
  EXPECT_EQ(fcntl(fd, F_GETFD), -1) << "a descriptor that came too late stays open";
}

TEST(Worker, AFourthHangingCallLeavesNoThreadButEveryLimitIsKept) {
  std::promise<void> go;
  const auto gate = go.get_future().share();
  Worker worker;
  bool begun_late = false;
  // A call whose thread is slow to start is abandoned before it begins, and hangs nowhere: another one, then.
  const auto begun = std::make_shared<std::atomic<int>>(0);
  while (begun->load() < 4) {
    EXPECT_FALSE(worker.run<int>(milliseconds(5), [gate, begun]() -> Result<int> {
      ++*begun;
      gate.wait();
      return 0;
    }));
  }
  EXPECT_FALSE(worker.run<int>(milliseconds(5), [&begun_late]() -> Result<int> {
    begun_late = true;
    return 0;
  }));
  go.set_value();
  EXPECT_EQ(worker.run<int>(milliseconds(5000), []() -> Result<int> { return 1; }).value(), 1);
  EXPECT_FALSE(begun_late) << "nobody waits for it any more";
}

}  // namespace
}  // namespace sekisho::libvirt
