#include "run/loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <new>
#include <stdexcept>

namespace sekisho::run {

TEST(Loop, RunsToItsEndWithoutAWord) {
  boost::asio::io_context loop;
  int ran = 0;
  boost::asio::post(loop, [&] { ++ran; });
  run_loop(loop, [](std::string_view) { FAIL(); });
  EXPECT_EQ(ran, 1);
}

TEST(LoopDeathTest, WhatIsThrownPastEveryEdgeIsSaidAndEndsTheProcessAtOnce) {
  const auto broken = [] {
    struct Destroyed {
      ~Destroyed() { std::cerr << "a destructor ran"; }
    } outside;
    boost::asio::io_context loop;
    boost::asio::post(loop, [] { throw std::bad_alloc(); });
    run_loop(loop, [](std::string_view what) { std::cerr << "broke: " << what << "\n"; });
  };
  EXPECT_EXIT(broken(), ::testing::ExitedWithCode(kBrokeExit), "^broke: std::bad_alloc\n$");
}

TEST(LoopDeathTest, WordsThatCannotBeSaidDoNotKeepItAlive) {
  const auto broken = [] {
    boost::asio::io_context loop;
    boost::asio::post(loop, [] { throw 42; });
    run_loop(loop, [](std::string_view) { throw std::bad_alloc(); });
  };
  EXPECT_EXIT(broken(), ::testing::ExitedWithCode(kBrokeExit), "");
}

TEST(LoopDeathTest, AnExceptionWhereNoneMayBeIsAnAnnouncedEnd) {
  const auto broken = [] {
    end_when_broken("sekisho-front", false);
    const std::function<void()> throws = [] { throw std::runtime_error("in a destructor"); };
    [&]() noexcept { throws(); }();
  };
  EXPECT_EXIT(broken(), ::testing::ExitedWithCode(kBrokeExit), "^sekisho-front: an exception where none may be");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their allocators end the process themselves
TEST(LoopDeathTest, AGatekeeperWithoutMemoryEndsBeforeItDecidesFurther) {
  const auto broken = [] {
    end_when_broken("sekishod", true);
    try {
      volatile std::size_t much = std::size_t{1} << 62;
      std::cerr << static_cast<void*>(::operator new(much)) << "\n";
    } catch (const std::bad_alloc&) {
      std::cerr << "went on\n";
    }
  };
  EXPECT_EXIT(broken(), ::testing::ExitedWithCode(kBrokeExit), "^sekishod: no memory");
}
#endif

}  // namespace sekisho::run
