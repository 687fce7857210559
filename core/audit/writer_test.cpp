#include "audit/writer.hpp"

#include "audit/tail.hpp"
#include "audit/testing/journal_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho::audit {

TEST(Journal, CountsEntriesWithoutGapsOverRestartsAndSegments) {
  JournalStage stage;
  std::uint64_t expected = 0;
  for (int start = 1; start <= 5; ++start) {
    ASSERT_TRUE(stage.open());
    EXPECT_EQ(stage.journal->writer().epoch(), static_cast<std::uint64_t>(start));
    ++expected;  // journal.opened
    for (int i = 0; i < 100; ++i) {
      const auto end = stage.add("session.ended");
      ASSERT_TRUE(end) << end.error().detail;
      ASSERT_EQ(*end, ++expected);
    }
    stage.journal->close(stage.now);
  }
  EXPECT_GE(stage.disk.contents().count("00000003.journal"), 1U);
  const auto all = stage.find_all();
  ASSERT_EQ(all.size(), expected);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i].sequence, i + 1);
  const auto verification = stage.check();
  EXPECT_TRUE(verification.ok) << verification.why;
  EXPECT_EQ(verification.entries, expected);
  EXPECT_GE(verification.heads, expected / 10);
}

TEST(Journal, SignsAHeadAfterTheGivenEntriesAndAfterTheGivenTime) {
  JournalStage stage;
  stage.config.head_every_entries = 10;
  ASSERT_TRUE(stage.open());
  const auto heads = [&] { return verify(stage.disk, {stage.anchor(), {}}).heads; };
  EXPECT_EQ(heads(), 1U);  // the start's own
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(stage.add("a"));
  EXPECT_EQ(heads(), 1U);
  ASSERT_TRUE(stage.add("a"));
  EXPECT_EQ(heads(), 2U);
  ASSERT_TRUE(stage.add("a"));
  EXPECT_EQ(stage.journal->next_deadline(), stage.now + Seconds(10));  // the head is published first
  stage.pass(Seconds(59));
  EXPECT_EQ(heads(), 2U);
  stage.pass(Seconds(1));
  EXPECT_EQ(heads(), 3U);
  stage.pass(Seconds(800));  // nothing new: nothing to sign
  EXPECT_EQ(heads(), 3U);
}

TEST(Journal, WritesOneBatchForAllThatWaits) {
  JournalStage stage;
  stage.config.head_every_entries = 1000;
  stage.config.segment_bytes = 64 * 1024;
  ASSERT_TRUE(stage.open());
  const auto before = stage.disk.changing_calls();
  std::vector<std::uint64_t> sequences;
  for (int i = 0; i < 50; ++i) {
    stage.journal->append(stage.entry("a"), [&](Result<std::uint64_t> end) { sequences.push_back(*end); });
  }
  EXPECT_TRUE(sequences.empty());
  stage.journal->pump(stage.now);
  EXPECT_EQ(sequences.size(), 50U);
  EXPECT_EQ(stage.disk.changing_calls() - before, 2U);  // one write, one sync
}

TEST(Journal, AHugeBatchIsCutIntoSegmentsAndHeads) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  std::uint64_t last = 1;
  for (int i = 0; i < 500; ++i) {
    stage.journal->append(stage.entry("a"), [&](Result<std::uint64_t> end) {
      ASSERT_TRUE(end);
      ASSERT_EQ(*end, ++last);
    });
  }
  stage.journal->pump(stage.now);
  EXPECT_EQ(last, 501U);
  const auto verification = verify(stage.disk, {stage.anchor(), {}});
  EXPECT_TRUE(verification.ok) << verification.why;
  EXPECT_GE(verification.heads, 50U);
}

TEST(Journal, StepsItsKeyAndForgetsTheOldSecret) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  const std::string first_pem = stage.keys.contents().at("journal.pem");
  const auto first = SigningKey::from_pem(Secret(first_pem));
  ASSERT_TRUE(stage.add("a"));
  stage.pass(Seconds(60));
  stage.pass(Seconds(840));  // 15 minutes
  ASSERT_TRUE(stage.add("b"));
  stage.journal->close(stage.now);
  for (const auto& [name, content] : stage.keys.contents())
    EXPECT_EQ(content.find(first_pem), std::string::npos) << name;
  const auto now_key = SigningKey::from_pem(Secret(stage.keys.contents().at("journal.pem")));
  ASSERT_TRUE(now_key);
  EXPECT_NE(first->public_key(), now_key->public_key());
  EXPECT_EQ(public_key_from_pem(stage.anchor()).value(), first->public_key());
  auto verification = stage.check();
  EXPECT_TRUE(verification.ok) << verification.why;

  // Many periods and restarts later the anchor still leads to the newest head.
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(stage.open());
    ASSERT_TRUE(stage.add("c"));
    stage.pass(Seconds(60));
    stage.pass(Seconds(900));
    stage.journal->close(stage.now);
  }
  verification = stage.check();
  EXPECT_TRUE(verification.ok) << verification.why;
  // Another key is no anchor.
  stage.journal.reset();
  verification = verify(stage.disk, {now_key->public_pem(), {}});
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(verification.first_bad, 1U);
}

TEST(Journal, AnIdleKeyThatSignedNothingStays) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  stage.pass(Seconds(900));
  const auto after_step = stage.disk.contents();
  EXPECT_FALSE(stage.journal->next_deadline());
  stage.pass(Seconds(90000));
  EXPECT_EQ(stage.disk.contents(), after_step);
}

TEST(Journal, FinishesAKeyStepThatACrashCutShort) {
  // The step makes some fourteen changing calls on the key directory and two on the journal: crash behind each of them.
  for (std::uint64_t calls = 0; calls < 18; ++calls) {
    for (const bool keys_fail : {true, false}) {
      JournalStage stage(static_cast<std::uint32_t>(calls + 1));
      ASSERT_TRUE(stage.open());
      (keys_fail ? stage.keys : stage.disk).fail_after(calls, 1000, fail("audit.unwritable", "test"));
      stage.pass(Seconds(900));
      stage.disk.crash();
      stage.keys.crash();
      stage.disk.heal();
      stage.keys.heal();
      const auto opened = stage.open();
      ASSERT_TRUE(opened) << calls << ' ' << opened.error().code << ' ' << opened.error().detail;
      ASSERT_TRUE(stage.add("a"));
      stage.journal->close(stage.now);
      const auto verification = stage.check();
      EXPECT_TRUE(verification.ok) << verification.why;
    }
  }
}

TEST(Journal, KeepsWritingWhenTheKeyDirectoryFails) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  stage.keys.fail_after(0, 1000, fail("audit.unwritable", "read-only"));
  stage.pass(Seconds(900));
  stage.pass(Seconds(60));
  ASSERT_TRUE(stage.add("a"));
  EXPECT_TRUE(stage.journal->healthy());
  EXPECT_EQ(stage.find_event("journal.key_step_failed").size(), 1U);
  EXPECT_EQ(stage.find_event("journal.tail_failed").size(), 1U);
  stage.keys.heal();
  stage.pass(Seconds(60));
  const auto verification = verify(stage.disk, {stage.anchor(), {}, stage.tail()});
  EXPECT_TRUE(verification.ok) << verification.why;
}

TEST(Journal, RefusesNewSessionsInItsReserveAndRecoversByItself) {
  JournalStage stage;
  std::vector<bool> alarms;  // true: ill
  stage.config.on_health = [&](const std::optional<Error>& trouble) { alarms.push_back(trouble.has_value()); };
  ASSERT_TRUE(stage.open());
  stage.disk.set_space({1'000'000, 60'000});  // 5 % are 50,000; a segment is 24 KiB
  bool refused = false;
  for (int i = 0; i < 60 && !refused; ++i) {
    const auto end = stage.add("session.granted", "ok");
    refused = !end;
    if (refused) {
      EXPECT_EQ(end.error().code, "audit.full");
    }
  }
  ASSERT_TRUE(refused);
  EXPECT_FALSE(stage.journal->healthy());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(stage.add("session.ended", "ended"));
  EXPECT_FALSE(stage.add("session.granted", "ok"));
  EXPECT_EQ(alarms, std::vector<bool>{true});

  stage.disk.set_space({1'000'000, 600'000});
  stage.pass(Seconds(5));
  EXPECT_TRUE(stage.journal->healthy());
  EXPECT_TRUE(stage.add("session.granted", "ok"));
  EXPECT_EQ(alarms, (std::vector<bool>{true, false}));
  EXPECT_TRUE(verify(stage.disk, {stage.anchor(), {}}).ok);
}

TEST(Journal, AnswersEverythingWithAnErrorOnceTheReserveIsUsedUp) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  stage.disk.set_space({1'000'000, 10'000});
  std::uint64_t written = 0;
  Result<std::uint64_t> end = std::uint64_t{0};
  while ((end = stage.add("session.ended"))) ++written;
  EXPECT_EQ(end.error().code, "audit.full");
  EXPECT_GT(written, 50U);
  EXPECT_FALSE(stage.add("session.ended"));
  stage.disk.set_space({1'000'000, 600'000});
  stage.pass(Seconds(60));
  EXPECT_TRUE(stage.journal->healthy());
  EXPECT_TRUE(stage.add("session.ended"));
  const auto repaired = stage.find_event("journal.repaired");
  ASSERT_EQ(repaired.size(), 1U);
  EXPECT_EQ(repaired[0].entry.detail.at("refused"), 2);
  EXPECT_EQ(repaired[0].entry.detail.at("code"), "audit.full");
  EXPECT_TRUE(verify(stage.disk, {stage.anchor(), {}}).ok);
}

TEST(Journal, HasOneWriter) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  const auto second = SteppedJournal::open(stage.config, stage.disk, stage.keys, stage.entropy, stage.now);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "audit.locked");
}

TEST(Journal, RefusesToGoOnWithoutItsKeyOrBehindItsPublishedHead) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(stage.add("a"));
  const auto old_disk = stage.disk.contents();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(stage.add("b"));
  stage.journal->close(stage.now);
  const auto keys = stage.keys.contents(), disk = stage.disk.contents();
  stage.journal.reset();

  const auto open_code = [&] {
    const auto opened = stage.open();
    return opened ? std::string() : opened.error().code;
  };
  stage.disk.set_contents(old_disk);  // an older copy of the journal
  EXPECT_EQ(open_code(), "audit.rolled_back");
  stage.disk.set_contents({});  // and none at all
  EXPECT_EQ(open_code(), "audit.rolled_back");
  stage.disk.set_contents(disk);
  auto without = keys;
  without.erase("journal.pem");
  stage.keys.set_contents(without);
  EXPECT_EQ(open_code(), "audit.key_missing");
  SeededEntropy other(99);
  without["journal.pem"] = std::string(SigningKey::make(other).to_pem().reveal());
  stage.keys.set_contents(without);
  EXPECT_EQ(open_code(), "audit.key_mismatch");
  stage.keys.set_contents(keys);
  EXPECT_EQ(open_code(), "");
  EXPECT_TRUE(stage.check().ok);
}

TEST(Journal, RefusesToStartWithoutAnEntryThatItHadAcknowledged) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  const auto before = stage.disk.contents();
  ASSERT_TRUE(stage.add("granted"));  // behind the last head
  const auto after = stage.disk.contents();
  stage.journal.reset();
  const auto keys = stage.keys.contents();

  stage.disk.set_contents(before);
  auto opened = stage.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "audit.rolled_back");
  EXPECT_NE(opened.error().detail.find("entry 2 "), std::string::npos) << opened.error().detail;
  EXPECT_EQ(stage.disk.contents(), before) << "evidence is not touched";
  // A restore that is meant: the operator moves head and tail away.
  auto without = keys;
  without.erase("journal.pem.head");
  without.erase("journal.pem.tail");
  stage.keys.set_contents(without);
  EXPECT_TRUE(stage.open());
  stage.journal.reset();

  stage.keys.set_contents(keys);
  stage.disk.set_contents(after);
  EXPECT_TRUE(stage.open());
  EXPECT_TRUE(stage.check().ok);
}

TEST(Journal, RefusesToStartWithoutTheHeadThatItHadPublished) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  ASSERT_TRUE(stage.add("a"));
  stage.journal->close(stage.now);
  stage.journal.reset();
  auto contents = stage.disk.contents(), keys = stage.keys.contents();
  auto& segment = contents["00000001.journal"];
  const auto at = segment.rfind("\"tree_size\":2");
  ASSERT_NE(at, std::string::npos);
  const auto from = segment.rfind("{\"at\"", at) - kFrameBytes;
  std::fill(segment.begin() + static_cast<std::ptrdiff_t>(from), segment.end(), '\0');
  stage.disk.set_contents(contents);
  for (const bool with_tail : {true, false}) {
    if (!with_tail) keys.erase("journal.pem.tail");
    stage.keys.set_contents(keys);
    const auto opened = stage.open();
    ASSERT_FALSE(opened) << with_tail;
    EXPECT_EQ(opened.error().code, "audit.rolled_back");
  }
}

TEST(Journal, AcceptsATailThatAPowerCutLeftOlder) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  const auto old_keys = stage.keys.contents();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(stage.add("a"));  // into other segments
  EXPECT_GE(stage.disk.contents().count("00000002.journal"), 1U);
  stage.journal.reset();
  auto keys = stage.keys.contents();
  keys["journal.pem.tail"] = old_keys.at("journal.pem.tail");
  stage.keys.set_contents(keys);
  EXPECT_TRUE(stage.check().ok);
  ASSERT_TRUE(stage.open());
  EXPECT_TRUE(stage.check().ok);
  EXPECT_EQ((*newest_tail(stage.tail()))->tail.entries, stage.journal->writer().entries());
}

TEST(Journal, SealsItsEndBeforeAnybodyIsTold) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 30; ++i) {
    std::uint64_t sealed = 0, told = 0;
    stage.journal->append(stage.entry("a"), [&](const Result<std::uint64_t>& end) {
      told = *end;
      sealed = (*newest_tail(stage.tail()))->tail.entries;
    });
    stage.journal->pump(stage.now);
    EXPECT_EQ(sealed, told);
    stage.pass(Seconds(37));
  }
}

TEST(Journal, DoesNotCutAwayWhatWasPublished) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(stage.add("a"));
  stage.journal->close(stage.now);
  stage.journal.reset();
  auto contents = stage.disk.contents();
  const auto at = contents["00000001.journal"].find("\"event\":\"a\"", 8000);
  ASSERT_NE(at, std::string::npos);
  contents["00000001.journal"][at + 9] = 'x';
  stage.disk.set_contents(contents);
  const auto opened = stage.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "audit.rolled_back");
  EXPECT_EQ(stage.disk.contents(), contents) << "evidence is not touched";
}

TEST(Journal, KeepsAndReportsWhatItCutsOff) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(stage.add("a"));
  stage.journal->close(stage.now);
  stage.journal.reset();
  auto contents = stage.disk.contents();
  auto& segment = contents["00000001.journal"];
  const std::size_t end = segment.find_last_not_of('\0') + 1;
  segment.replace(end, 4, std::string("\x40\x01\x00\x00", 4));  // the beginning of a frame
  segment.replace(end + 20, 4, "half");
  ASSERT_EQ(segment.size(), stage.config.segment_bytes);
  stage.disk.set_contents(contents);
  EXPECT_FALSE(stage.check().ok);
  ASSERT_TRUE(stage.open());
  const auto recovered = stage.find_event("journal.recovered");
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].entry.detail.at("bytes"), 24);
  const std::string cut = stage.disk.contents().at(recovered[0].entry.detail.at("cut").get<std::string>());
  EXPECT_EQ(cut.size(), 24U);
  EXPECT_EQ(cut.substr(20), "half");
  const auto verification = stage.check();
  EXPECT_TRUE(verification.ok) << verification.why;
  EXPECT_EQ(stage.find_event("a").size(), 5U);
}

TEST(Journal, IsTheSameToTheByteForTheSameSeed) {
  const auto run = [] {
    JournalStage stage(7);
    EXPECT_TRUE(stage.open());
    for (int i = 0; i < 40; ++i) {
      EXPECT_TRUE(stage.add("a"));
      stage.pass(Seconds(40));
    }
    stage.journal->close(stage.now);
    return std::pair(stage.disk.contents(), stage.keys.contents());
  };
  EXPECT_EQ(run(), run());
}

TEST(Journal, RefusesAConfigurationThatCannotWork) {
  const auto code = [](auto change) {
    JournalStage stage;
    change(stage.config);
    const auto opened = stage.open();
    return opened ? std::string() : opened.error().code;
  };
  EXPECT_EQ(code([](auto&) {}), "");
  EXPECT_EQ(code([](auto& c) { c.node = ""; }), "audit.config");
  EXPECT_EQ(code([](auto& c) { c.node = std::string(64, 'n'); }), "audit.config");
  EXPECT_EQ(code([](auto& c) { c.segment_bytes = 4096; }), "audit.config");
  EXPECT_EQ(code([](auto& c) { c.head_every = Seconds(0); }), "audit.config");
  EXPECT_EQ(code([](auto& c) { c.head_every_entries = 0; }), "audit.config");
  EXPECT_EQ(code([](auto& c) { c.reserve_percent = 51; }), "audit.config");
}

}  // namespace sekisho::audit
