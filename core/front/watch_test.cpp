#include "front/watch.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace sekisho::front {
namespace {

using boost::system::error_code;

struct WatchTest : ::testing::Test {
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    other = run::Fd(ends[1]);
    watch = std::make_shared<Watch>(loop);
    ASSERT_TRUE(watch->open(run::Fd(ends[0])));
  }
  void say() const { ASSERT_EQ(::send(other.get(), "x", 1, 0), 1); }
  void wait() {
    ASSERT_TRUE(watch->wait(Watch::Descriptor::wait_read,
                            [this, keep = watch](error_code error) { ++(error ? aborted : ready); }));
  }
  void turn() {
    loop.restart();
    loop.poll();
  }
  /// Whether an epoll set of this process holds it: each packet wakes such a set's owner (proc(5), fdinfo).
  [[nodiscard]] bool watched() const {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
      std::ifstream lines(entry.path());
      std::string word;
      for (int fd = -1; lines >> word;) {
        if (word == "tfd:" && lines >> fd && fd == watch->fd()) return true;
      }
    }
    return false;
  }

  boost::asio::io_context loop;
  run::Fd other;
  std::shared_ptr<Watch> watch;
  int ready = 0, aborted = 0;
};

TEST_F(WatchTest, WhatCameWhileItWasLeftAloneIsToldToTheNextWhoWaits) {
  wait();
  say();
  turn();
  EXPECT_EQ(ready, 1);
  EXPECT_TRUE(watched());
  watch->leave_alone();
  EXPECT_FALSE(watched());
  say();
  say();
  wait();
  turn();
  EXPECT_EQ(ready, 2);
}

TEST_F(WatchTest, WhoWaitsIsNotForgotten) {
  wait();
  watch->leave_alone();
  say();
  turn();
  EXPECT_EQ(ready, 1);
  EXPECT_EQ(aborted, 0);
}

TEST_F(WatchTest, ClosingEndsTheWaitAndTheDescriptor) {
  wait();
  watch->close();
  turn();
  EXPECT_EQ(aborted, 1);
  EXPECT_FALSE(watch->wait(Watch::Descriptor::wait_read, [](error_code) { FAIL(); }));
  EXPECT_EQ(::send(other.get(), "x", 1, MSG_NOSIGNAL), -1) << "nobody holds the other end";
}

TEST_F(WatchTest, WhatCannotBeWatchedSaysSo) {
  Watch none(loop);
  EXPECT_FALSE(none.open(run::Fd()));
  EXPECT_FALSE(none.wait(Watch::Descriptor::wait_read, [](error_code) { FAIL(); }));
}

}  // namespace
}  // namespace sekisho::front
