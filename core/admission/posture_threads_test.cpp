// Challenges are given on the gate's loop while the store's thread judges reports: made for ThreadSanitizer.
#include "admission/posture.hpp"
#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

namespace sekisho::admission {
namespace {

class LockedEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    const std::lock_guard lock(mutex_);
    inner_.fill(out);
  }

 private:
  std::mutex mutex_;
  testing::CountingEntropy inner_;
};

TEST(PostureDeskThreads, GivesChallengesWhileAReportIsJudged) {
  testing::PostureBench bench;
  LockedEntropy entropy;
  PostureDesk desk(bench.options, bench.checks, entropy);
  const SessionRef other{"S20261122-1-000043", "10.202.0.3", "pc-tani", "internet"};
  std::set<std::string> given;
  std::thread loop([&] {
    for (int i = 0; i < 400; ++i) {
      const auto challenge =
          nlohmann::json::parse(desk.challenge(i % 2 == 0 ? std::nullopt : std::optional(other), bench.now));
      given.insert(challenge["nonce"].get<std::string>());
    }
  });
  int admitted = 0;
  for (int i = 0; i < 20; ++i) {
    ReportPayload payload = bench.payload(bench.session_of_mori);
    payload.nonce = nlohmann::json::parse(desk.challenge(bench.session_of_mori, bench.now))["nonce"];
    const auto verdict = desk.report(
        *seal_report(payload, bench.mori), bench.session_of_mori, bench.registry, bench.policy, {},
        [](const std::string&) { return TerminalPosture{}; }, bench.now);
    admitted += verdict.counted && verdict.passed ? 1 : 0;
  }
  loop.join();
  EXPECT_EQ(admitted, 20);
  EXPECT_EQ(given.size(), 400u);
}

}  // namespace
}  // namespace sekisho::admission
