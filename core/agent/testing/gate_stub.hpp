// A gate that says what a test wants, a book of numbers in memory, and the loop that a driver would run.
// Threads: one. The clock moves only when a test says so.
#pragma once
#include "agent/agent.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace sekisho::agent::testing {

using namespace std::chrono_literals;

class FixedEntropy final : public Entropy {
 public:
  explicit FixedEntropy(std::byte value = std::byte{0}) : value_(value) {}
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), value_); }

 private:
  std::byte value_;
};

class MemoryBook final : public SequenceBook {
 public:
  Result<std::int64_t> take() override {
    if (!broken.empty()) return fail(broken);
    EXPECT_FALSE(taken) << "a second number before the first is settled";
    taken = true;
    return ++last;
  }
  void settle() override {
    EXPECT_TRUE(taken);
    taken = false;
  }
  std::int64_t last = -1;
  bool taken = false;
  std::string broken;
};

inline const std::string kPin(64, 'a');
inline const Instant kLocalStart = Instant(std::chrono::hours(3));  // far from any gate's time

/// Runs a machine against `gate` (one answer for each thing sent) and keeps what it told.
struct Loop {
  explicit Loop(Options options, std::byte chance = std::byte{0})
      : entropy(chance), agent(std::move(options), key, book, entropy) {}

  void begin() { take(agent.begin(now)); }
  /// Lets time pass; the machine acts whenever its deadline comes.
  void pass(std::chrono::microseconds span) {
    const Instant until = now + span;
    for (int i = 0; !end && agent.next_deadline() && *agent.next_deadline() <= until; ++i) {
      ASSERT_LT(i, 10'000) << "a deadline that never passes";
      now = std::max(now, *agent.next_deadline());
      take(agent.on_time(now));
    }
    now = until;
  }
  void change() { take(agent.on_change(now)); }

  void take(Step step) {
    for (int i = 0; i < 100; ++i) {
      for (News& n : step.news) news.push_back(std::move(n));
      if (step.end) {
        EXPECT_FALSE(end);
        end = step.end;
        return;
      }
      if (step.send) {
        sent.push_back(*step.send);
        step = agent.on_answer(gate(*step.send), now);
      } else if (step.collect) {
        ++collected;
        step = agent.on_facts(facts(), now);
      } else {
        return;
      }
    }
    FAIL() << "the machine never rests";
  }
  [[nodiscard]] int reports() const {
    return static_cast<int>(
        std::count_if(sent.begin(), sent.end(), [](const WireAsk& a) { return a.method == "POST"; }));
  }
  [[nodiscard]] int challenges() const { return static_cast<int>(sent.size()) - reports(); }
  template <class T>
  [[nodiscard]] std::vector<T> told() const {
    std::vector<T> out;
    for (const News& n : news) {
      if (const auto* one = std::get_if<T>(&n)) out.push_back(*one);
    }
    return out;
  }

  admission::DeviceKey key = *admission::DeviceKey::generate();
  MemoryBook book;
  FixedEntropy entropy;
  Instant now = kLocalStart;
  Agent agent;
  std::function<Result<WireAnswer>(const WireAsk&)> gate;
  std::function<Result<nlohmann::json>()> facts;
  std::vector<WireAsk> sent;
  std::vector<News> news;
  std::optional<End> end;
  int collected = 0;
};

}  // namespace sekisho::agent::testing
