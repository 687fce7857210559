// The disk fails at any call, or the power goes: nothing that was acknowledged may be lost (T-71, T-72).
// SEKISHO_FAULT_STRIDE takes every n-th fault alone: for builds in which all of them take minutes (sanitizers).
#include "audit/testing/journal_stage.hpp"
#include "base/testing/environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sekisho::audit {
namespace {

std::uint32_t stride() {
  return number_from_environment("SEKISHO_FAULT_STRIDE", 1, 1);
}

/// What callers were told.
struct Told {
  std::set<std::string> durable, failed;
  std::size_t asked = 0;
};

void add_some(JournalStage& stage, Told& told, std::mt19937& chance, int batches) {
  for (int batch = 0; batch < batches; ++batch) {
    const int entries = 1 + static_cast<int>(chance() % 6);
    for (int i = 0; i < entries; ++i) {
      const std::string id = "e" + std::to_string(told.asked++);
      Entry entry = stage.entry(id);
      entry.detail["padding"] = std::string(chance() % 900, 'p');
      stage.journal->append(std::move(entry), [&told, id](const Result<std::uint64_t>& end) {
        (end ? told.durable : told.failed).insert(id);
      });
    }
    stage.journal->pump(stage.now);
    stage.now += Seconds(chance() % 40);
    stage.journal->pump(stage.now);
  }
}

void expect_all_there(JournalStage& stage, const Told& told, const std::string& story) {
  std::set<std::string> found;
  for (const auto& entry : stage.find_all()) found.insert(entry.entry.event);
  for (const auto& id : told.durable) ASSERT_TRUE(found.contains(id)) << story << ": " << id << " was acknowledged";
  const auto verification = stage.check();
  ASSERT_TRUE(verification.ok) << story << ": entry " << verification.first_bad << ": " << verification.why;
}

}  // namespace

TEST(JournalFaults, NoFailingCallAcknowledgesWhatIsNotThere) {
  std::size_t failures = 0;
  for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{7}, std::uint64_t{100000}}) {
    for (const char* code : {"audit.unwritable", "audit.full"}) {
      for (std::uint64_t skip = 0; skip < 60; skip += stride()) {
        const std::string story = std::string(code) + " x" + std::to_string(count) + " after " + std::to_string(skip);
        JournalStage stage(static_cast<std::uint32_t>(skip + 1));
        std::mt19937 chance(static_cast<std::uint32_t>(skip));
        Told told;
        ASSERT_TRUE(stage.open());
        stage.disk.fail_after(skip, count, fail(code, "test"));
        add_some(stage, told, chance, 30);
        failures += told.failed.size();
        ASSERT_EQ(told.durable.size() + told.failed.size(), told.asked) << story << ": everybody is answered";
        if (count == 1) {
          stage.pass(Seconds(60));
          EXPECT_TRUE(stage.journal->healthy()) << story;
          expect_all_there(stage, told, story + ", mended");
        }
        stage.disk.heal();
        stage.disk.crash();
        stage.keys.crash();
        const auto opened = stage.open();
        ASSERT_TRUE(opened) << story << ": " << opened.error().code << ' ' << opened.error().detail;
        expect_all_there(stage, told, story + ", after a crash");
      }
    }
  }
  EXPECT_GT(failures, 1000U / stride()) << "the faults must bite";
}

TEST(JournalFaults, APowerCutLosesNothingThatWasAcknowledged) {
  std::size_t torn = 0;
  for (std::uint32_t seed = 1; seed <= 150; seed += stride()) {
    JournalStage stage(seed);
    std::mt19937 chance(seed);
    Told told;
    for (int life = 0; life < 4; ++life) {
      const auto opened = stage.open();
      ASSERT_TRUE(opened) << seed << ' ' << life << ": " << opened.error().code << ' ' << opened.error().detail;
      add_some(stage, told, chance, 10);
      // The last batch is caught between its write and its sync, or in the middle of the write.
      stage.disk.fail_after(chance() % 3, 100, fail("audit.unwritable", "power"));
      add_some(stage, told, chance, 1);
      stage.disk.heal();
      stage.disk.crash();
      stage.keys.crash();
    }
    ASSERT_TRUE(stage.open());
    expect_all_there(stage, told, "seed " + std::to_string(seed));
    torn += stage.find_event("journal.recovered").size();
  }
  EXPECT_GT(torn, 20U / stride()) << "some cuts must tear a record";
}

TEST(JournalFaults, AFirstStartThatIsInterruptedCanBeRepeated) {
  for (const bool keys_fail : {false, true}) {
    for (std::uint64_t calls = 0; calls < 25; ++calls) {
      JournalStage stage(static_cast<std::uint32_t>(calls + 1));
      (keys_fail ? stage.keys : stage.disk).fail_after(calls, 1000, fail("audit.unwritable", "test"));
      static_cast<void>(stage.open());
      stage.journal.reset();
      stage.disk.heal();
      stage.keys.heal();
      stage.disk.crash();
      stage.keys.crash();
      const auto opened = stage.open();
      ASSERT_TRUE(opened) << calls << ' ' << opened.error().code << ' ' << opened.error().detail;
      ASSERT_TRUE(stage.add("a"));
      stage.journal->close(stage.now);
      const auto verification = stage.check();
      EXPECT_TRUE(verification.ok) << verification.why;
    }
  }
}

TEST(JournalFaults, TheAlarmComesOnceAndGoesOnce) {
  JournalStage stage;
  std::vector<std::string> alarms;
  stage.config.on_health = [&](const std::optional<Error>& e) { alarms.push_back(e ? e->code : "well"); };
  ASSERT_TRUE(stage.open());
  stage.disk.fail_after(0, 1000, fail("audit.unwritable", "EROFS"));
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(stage.add("a"));
    EXPECT_FALSE(stage.journal->healthy());
    stage.now += Seconds(3);
  }
  stage.disk.heal();
  stage.pass(Seconds(30));  // nobody appends: it looks by itself
  EXPECT_TRUE(stage.journal->healthy());
  EXPECT_EQ(alarms, (std::vector<std::string>{"audit.unwritable", "well"}));
  const auto repaired = stage.find_event("journal.repaired");
  ASSERT_EQ(repaired.size(), 1U);
  EXPECT_EQ(repaired[0].entry.detail.at("refused"), 20);
}

}  // namespace sekisho::audit
