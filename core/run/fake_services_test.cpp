#include "run/testing/fake_services.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sekisho::run::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(FakeTimers, StopsAtEveryInstantOnItsWay) {
  FakeServices fake;
  const Instant start = fake.timers.now();
  std::vector<std::int64_t> seen;
  std::function<void()> tick = [&] {
    seen.push_back(std::chrono::duration_cast<seconds>(fake.timers.now() - start).count());
    if (seen.size() < 3) fake.timers.at(fake.timers.now() + seconds(2), tick);
  };
  fake.timers.at(start + seconds(1), tick);
  const auto cancelled = fake.timers.at(start + seconds(2), [] { FAIL(); });
  fake.timers.cancel(cancelled);
  fake.timers.advance(seconds(10));
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 3, 5}));
  EXPECT_EQ(fake.timers.now(), start + seconds(10));
  EXPECT_FALSE(fake.timers.step());
}

TEST(FakeTimers, KeepsTheOrderOfAskingAtOneInstant) {
  FakeServices fake;
  std::string order;
  fake.timers.post([&] {
    order += 'a';
    fake.timers.post([&] { order += 'c'; });
  });
  fake.timers.post([&] { order += 'b'; });
  EXPECT_EQ(order, "");
  fake.timers.settle();
  EXPECT_EQ(order, "abc");
}

TEST(FakeBlocking, RunsAtOnceButAnswersLater) {
  FakeServices fake;
  std::string order;
  run_blocking<int>(
      fake.blocking, Pool::store, seconds(1),
      [&] {
        order += 'w';
        return 7;
      },
      [&](Result<int> end) { order += end && *end == 7 ? 'd' : '?'; });
  EXPECT_EQ(order, "w");
  fake.timers.settle();
  EXPECT_EQ(order, "wd");
}

TEST(FakeBlocking, HeldWorksEndLateOrWhenFinished) {
  FakeServices fake;
  fake.blocking.mode = FakeBlocking::Mode::held;
  std::vector<std::string> ends;
  const auto note = [&](Result<void> end) { ends.push_back(end ? "done" : end.error().code); };
  bool ran = false;
  fake.blocking.run(
      Pool::store, milliseconds(100), [&] { ran = true; }, note);
  fake.blocking.run(
      Pool::store, seconds(10), [] { throw std::runtime_error("x"); }, note);
  fake.timers.advance(seconds(1));
  EXPECT_EQ(ends, std::vector<std::string>{"run.late"});
  EXPECT_TRUE(fake.blocking.finish());
  EXPECT_TRUE(ran);  // it had begun; its result is dropped
  EXPECT_TRUE(fake.blocking.finish());
  fake.timers.settle();
  EXPECT_EQ(ends, (std::vector<std::string>{"run.late", "run.threw"}));
  EXPECT_FALSE(fake.blocking.finish());
  fake.blocking.full = true;
  fake.blocking.run(
      Pool::store, seconds(1), [] { FAIL(); }, note);
  fake.timers.settle();
  EXPECT_EQ(ends.back(), "run.busy");
  EXPECT_EQ(fake.timers.waiting(), 0u);
}

TEST(FakeEntropy, RepeatsItselfWithTheSameSeed) {
  FakeServices a(5), b(5), c(6);
  std::array<std::byte, 32> x{}, y{}, z{};
  a.entropy.fill(x), b.entropy.fill(y), c.entropy.fill(z);
  EXPECT_EQ(x, y);
  EXPECT_NE(x, z);
}

TEST(FakeMail, KeepsMailsAndCanRefuseThem) {
  FakeServices fake;
  std::vector<std::string> ends;
  const auto note = [&](Result<void> end) { ends.push_back(end ? "sent" : end.error().code); };
  fake.mail.send({"mori@example.jp", "code", "123456"}, note);
  fake.mail.answer = [](const SendMail&) -> Result<void> { return fail("mail.refused"); };
  fake.mail.send({"tani@example.jp", "code", "654321"}, note);
  EXPECT_TRUE(ends.empty());
  fake.timers.settle();
  EXPECT_EQ(ends, (std::vector<std::string>{"sent", "mail.refused"}));
  ASSERT_EQ(fake.mail.sent.size(), 2u);
  EXPECT_EQ(fake.mail.sent[0].to, "mori@example.jp");
}

}  // namespace sekisho::run::testing
