// An intruder edits a copy of the journal (T-70): every change is found and the first entry that no longer stands
// proved is named. SEKISHO_TAMPERINGS says how many of them; the unit run has 420, the slow run 10,000;
// SEKISHO_SEED chooses others.
#include "audit/canonical.hpp"
#include "audit/format.hpp"
#include "audit/tail.hpp"
#include "audit/testing/journal_stage.hpp"
#include "base/testing/environment.hpp"

#include <gtest/gtest.h>

namespace sekisho::audit {
namespace {

using Contents = std::map<std::string, std::string>;

/// Where a record stands and which entry it is, or comes before.
struct Place {
  std::string segment;
  std::size_t offset = 0, size = 0;
  std::uint64_t entry = 0;  ///< own number; of heads and key steps the number of the next entry
};

std::vector<Place> places(const Contents& contents) {
  std::vector<Place> out;
  Sha256 sha;
  for (const auto& [name, bytes] : contents) {
    if (!segment_number(name)) continue;
    Chain start = decode_header(bytes, sha)->before;
    start.hash = header_hash(bytes, sha);
    SegmentWalker walker(bytes, start, sha);
    for (;;) {
      const std::size_t from = walker.position();
      const std::uint64_t before = walker.chain().entries();
      const auto record = walker.next();
      if (!record.value()) break;
      out.push_back({name, from, walker.position() - from, before + 1});
    }
  }
  return out;
}

/// A journal of many segments, key periods and restarts, and a copy from its middle.
/// Signed end: it ends with a head, which was published; nothing else is known. Open end: entries follow the last head,
/// and the tail beside the key is known too.
struct Evidence {
  explicit Evidence(bool open_end) {
    JournalStage stage(3);
    for (int start = 0; start < 3; ++start) {
      EXPECT_TRUE(stage.open());
      for (int i = 0; i < 60; ++i) {
        Entry entry = stage.entry("session.ended");
        entry.detail["bytes"] = i * start;
        stage.journal->append(std::move(entry));
        stage.journal->pump(stage.now);
        stage.pass(Seconds(37));
      }
      if (start == 2 && open_end) {
        for (int i = 0; i < 7; ++i) EXPECT_TRUE(stage.add("session.granted", "ok"));
      } else {
        stage.journal->close(stage.now);
      }
      if (start == 1) older = stage.disk.contents();
    }
    stage.journal.reset();
    full = stage.disk.contents();
    trust = {stage.anchor(), {stage.published()}};
    if (open_end) trust.tail = stage.tail();
    all = places(full);
    old_entries = check(older).entries;
  }

  [[nodiscard]] Verification check(const Contents& contents) const {
    MemoryDisk disk;
    disk.set_contents(contents);
    return verify(disk, trust);
  }

  Contents full, older;
  Trust trust;
  std::vector<Place> all;
  std::uint64_t old_entries = 0;
};

const Evidence& evidence(bool open_end) {
  static const Evidence with_signed_end(false), with_open_end(true);
  return open_end ? with_open_end : with_signed_end;
}

const Evidence* under_test = nullptr;

/// What every_time() hands out.
const Evidence& evidence() {
  return *under_test;
}

std::size_t rounds() {
  return number_from_environment("SEKISHO_TAMPERINGS", 420, 7) / 7;
}

std::size_t below(std::mt19937& chance, std::size_t n) {
  return chance() % n;
}

/// Runs `tamper` many times; it changes the contents and says which entry must be named first.
void every_time(const char* what, const std::function<std::uint64_t(Contents&, std::mt19937&)>& tamper) {
  std::mt19937 chance(number_from_environment("SEKISHO_SEED", 42));
  const std::size_t times = rounds();
  ASSERT_GT(times, 0U);
  for (std::size_t i = 0; i < times; ++i) {
    const Evidence& kept = evidence(i % 2 != 0);
    under_test = &kept;
    Contents contents = kept.full;
    const std::uint64_t expected = tamper(contents, chance);
    ASSERT_NE(contents, kept.full);
    const Verification verification = kept.check(contents);
    ASSERT_FALSE(verification.ok) << what << ' ' << i << ", entry " << expected;
    ASSERT_EQ(verification.first_bad, expected) << what << ' ' << i << ": " << verification.why;
    ASSERT_FALSE(verification.why.empty());
  }
}

void cut_out(std::string& segment, std::size_t offset, std::size_t size) {
  segment.erase(offset, size);
  segment.append(size, '\0');
}

}  // namespace

TEST(JournalTampering, TheUntouchedJournalIsGood) {
  for (const bool open_end : {false, true}) {
    const Evidence& kept = evidence(open_end);
    const auto verification = kept.check(kept.full);
    EXPECT_TRUE(verification.ok) << verification.why;
    EXPECT_GE(kept.full.size(), 5U);
    EXPECT_GT(verification.entries, 180U);
    const bool ends_with_entry = kept.full.at(kept.all.back().segment)[kept.all.back().offset + 4] == '\1';
    EXPECT_EQ(ends_with_entry, open_end);
  }
}

TEST(JournalTampering, AModifiedByteIsFoundAndItsEntryNamed) {
  every_time("modify", [](Contents& contents, std::mt19937& chance) {
    const Place& place = evidence().all[below(chance, evidence().all.size())];
    auto& byte = contents[place.segment][place.offset + below(chance, place.size)];
    byte = static_cast<char>(byte ^ (1 + below(chance, 255)));
    return place.entry;
  });
}

TEST(JournalTampering, AModifiedHeaderOrTailIsFound) {
  every_time("header or tail", [](Contents& contents, std::mt19937& chance) {
    const Place& place = evidence().all[below(chance, evidence().all.size())];
    auto& segment = contents[place.segment];
    std::uint64_t first = 0, last = 0;
    std::size_t end = 0;
    for (const auto& p : evidence().all) {
      if (p.segment != place.segment) continue;
      if (first == 0) first = p.entry;
      last = p.entry;
      end = p.offset + p.size;
      if (segment.substr(p.offset + 4, 1) == std::string(1, '\1')) ++last;  // behind an entry comes the next one
    }
    const bool tail = below(chance, 2) == 0 && end < segment.size();
    const std::size_t at = tail ? end + below(chance, segment.size() - end) : below(chance, kHeaderBytes);
    segment[at] = static_cast<char>(segment[at] ^ (1 + below(chance, 255)));
    return tail ? last : first;
  });
}

TEST(JournalTampering, ADeletedRecordIsFoundAndItsEntryNamed) {
  every_time("delete", [](Contents& contents, std::mt19937& chance) {
    const Place& place = evidence().all[below(chance, evidence().all.size())];
    cut_out(contents[place.segment], place.offset, place.size);
    return place.entry;
  });
}

TEST(JournalTampering, AnInsertedRecordIsFoundAtItsPlace) {
  every_time("insert", [](Contents& contents, std::mt19937& chance) {
    // A copy of some record of the same journal before another one, as room at the end allows.
    for (;;) {
      const Place& copy = evidence().all[below(chance, evidence().all.size())];
      const Place& place = evidence().all[below(chance, evidence().all.size())];
      auto& segment = contents[place.segment];
      const std::size_t room = segment.size() - (segment.find_last_not_of('\0') + 1);
      if (room < copy.size + 8) continue;
      const std::string bytes = contents[copy.segment].substr(copy.offset, copy.size);
      // Before its own twin the copy is the good record, and the twin the one too many.
      const bool twin = copy.segment == place.segment && copy.offset == place.offset;
      segment.resize(segment.size() - copy.size);
      segment.insert(place.offset, bytes);
      const bool entry = bytes[4] == '\1';
      return twin && entry ? place.entry + 1 : place.entry;
    }
  });
}

TEST(JournalTampering, ReorderedRecordsAreFoundAtTheFirst) {
  every_time("reorder", [](Contents& contents, std::mt19937& chance) {
    for (;;) {
      const std::size_t i = below(chance, evidence().all.size() - 1);
      const Place &a = evidence().all[i], &b = evidence().all[i + 1];
      if (a.segment != b.segment) continue;
      auto& segment = contents[a.segment];
      segment = segment.substr(0, a.offset) + segment.substr(b.offset, b.size) + segment.substr(a.offset, a.size) +
                segment.substr(b.offset + b.size);
      return a.entry;
    }
  });
}

TEST(JournalTampering, ATruncatedJournalIsFoundByThePublishedHead) {
  every_time("truncate", [](Contents& contents, std::mt19937& chance) {
    const Place& place = evidence().all[below(chance, evidence().all.size())];
    auto& segment = contents[place.segment];
    // Cut at a record's edge or inside it, filled with zeros or not; later segments taken away or not.
    const std::size_t at = place.offset + (below(chance, 2) == 0 ? 0 : below(chance, place.size));
    const std::size_t size = segment.size();
    segment.resize(at);
    if (below(chance, 2) == 0) segment.resize(size, '\0');
    if (segment.size() != size) {
      std::uint64_t first = 0;
      for (const auto& p : evidence().all) {
        if (p.segment == place.segment && (first == 0 || p.entry < first)) first = p.entry;
      }
      return first;  // the file's size is wrong: nothing in it counts
    }
    if (below(chance, 2) == 0) contents.erase(contents.upper_bound(place.segment), contents.lower_bound("a"));
    return place.entry;
  });
}

TEST(JournalTampering, ARolledBackJournalIsFoundByThePublishedHead) {
  every_time("roll back", [&](Contents& contents, std::mt19937& chance) {
    if (below(chance, 2) == 0) {
      contents = evidence().older;
      return evidence().old_entries + 1;
    }
    // Whole segments gone from some point on.
    const Place& place = evidence().all[below(chance, evidence().all.size())];
    contents.erase(contents.lower_bound(place.segment), contents.lower_bound("a"));
    std::uint64_t first = 0;
    for (const auto& p : evidence().all) {
      if (p.segment == place.segment && (first == 0 || p.entry < first)) first = p.entry;
    }
    return first;
  });
}

// Whoever holds today's key can write a good-looking end, but not change what an older key signed.
TEST(JournalTampering, TodaysKeyCannotRewriteYesterday) {
  JournalStage stage(5);
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(stage.add("yesterday"));
  stage.pass(Seconds(60));
  stage.pass(Seconds(900));  // key step
  const std::uint64_t yesterday = stage.journal->writer().entries();
  ASSERT_TRUE(stage.add("today"));
  stage.journal->close(stage.now);
  stage.journal.reset();
  const std::string anchor = stage.anchor();
  const auto stolen = SigningKey::from_pem(Secret(stage.keys.contents().at("journal.pem")));
  ASSERT_TRUE(stolen);

  // He rewrites everything from the first entry on and signs with what he has.
  auto contents = stage.disk.contents();
  const std::string honest = contents["00000001.journal"];
  Sha256 sha;
  Chain chain = decode_header(honest, sha)->before;
  chain.hash = header_hash(honest, sha);
  std::string forged = honest.substr(0, kHeaderBytes);
  for (std::uint64_t i = 1; i <= yesterday; ++i) {
    append_record(forged, chain, Kind::entry, canonical_json(stage.entry("forged")), sha);
  }
  Head head;
  head.at = stage.now;
  head.chain = chain.hash;
  head.root = chain.tree.root(sha).value();
  head.tree_size = chain.entries();
  head.epoch = 1;
  head.node = "1";
  append_record(forged, chain, Kind::head, signed_head(head, *stolen), sha);
  forged.resize(honest.size(), '\0');
  contents["00000001.journal"] = forged;
  stage.disk.set_contents(contents);
  const auto verification = verify(stage.disk, {anchor, {}});
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(verification.why, "a head signed by a key that is not the announced one");
}

TEST(JournalTampering, ARewrittenEndIsFoundByAnyPublishedHeadOverIt) {
  JournalStage stage(6);
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(stage.add("a"));
  stage.journal->close(stage.now);
  const auto old_disk = stage.disk.contents(), old_keys = stage.keys.contents();
  const std::string early = stage.published();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(stage.add("inconvenient"));
  stage.journal->close(stage.now);
  const std::string late = stage.published();
  // Journal and keys are set back together, and history is written anew.
  stage.journal.reset();
  stage.disk.set_contents(old_disk);
  stage.keys.set_contents(old_keys);
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(stage.add("harmless"));
  stage.journal->close(stage.now);
  stage.journal.reset();
  EXPECT_TRUE(verify(stage.disk, {stage.anchor(), {early}}).ok);
  const auto verification = verify(stage.disk, {stage.anchor(), {early, late}});
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(verification.first_bad, 22U);  // 21 entries are proved by the early head
}

// Each record at the very end, alone: the one that stands beside a head has nothing behind it that would miss it.
TEST(JournalTampering, TheLastRecordIsMissedWhateverItIs) {
  for (const bool open_end : {false, true}) {
    const Evidence& kept = evidence(open_end);
    for (std::size_t gone = 1; gone <= 12; ++gone) {
      const Place& place = kept.all[kept.all.size() - gone];
      Contents contents = kept.full;
      auto& segment = contents[place.segment];
      std::fill(segment.begin() + static_cast<std::ptrdiff_t>(place.offset), segment.end(), '\0');
      const Verification verification = kept.check(contents);
      ASSERT_FALSE(verification.ok) << gone;
      ASSERT_EQ(verification.first_bad, place.entry) << gone << ": " << verification.why;
    }
  }
}

// He who takes the gate has today's key and every file, and may seal what he likes; but not over an older key's end.
TEST(JournalTampering, TodaysKeyCannotMoveTheEndBackOverAKeyStep) {
  JournalStage stage(7);
  ASSERT_TRUE(stage.open());
  ASSERT_TRUE(stage.add("before"));
  const std::uint64_t kept_entries = stage.journal->writer().entries();
  const auto cut_journal = stage.disk.contents();
  const std::string old_tail = stage.tail();
  ASSERT_TRUE(stage.add("inconvenient"));
  stage.pass(Seconds(60));
  stage.pass(Seconds(900));  // key step
  ASSERT_TRUE(stage.add("today"));
  const Trust now{stage.anchor(), {}, stage.tail()};
  stage.journal.reset();
  ASSERT_TRUE(verify(stage.disk, now).ok);
  const auto stolen = SigningKey::from_pem(Secret(stage.keys.contents().at("journal.pem")));
  ASSERT_TRUE(stolen);

  stage.disk.set_contents(cut_journal);
  EXPECT_EQ(verify(stage.disk, now).first_bad, kept_entries + 1);
  Tail forged = (*newest_tail(old_tail))->tail;
  EXPECT_TRUE(verify(stage.disk, {now.public_key_pem, {}, old_tail}).ok) << "an older state is a good journal";
  forged.key = stolen->public_key();
  const auto verification = verify(stage.disk, {now.public_key_pem, {}, signed_tail(forged, *stolen)});
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(verification.why, "the journal's tail is signed by a key of another time");
}

TEST(JournalTampering, ADamagedTailIsToldAndATornOneIsNot) {
  JournalStage stage(8);
  ASSERT_TRUE(stage.open());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(stage.add("a"));
  stage.journal.reset();
  const std::string whole = stage.tail();
  const std::size_t newest = (*newest_tail(whole))->slot;
  for (std::size_t at = 0; at < kTailBytes; ++at) {
    std::string torn = whole;
    torn[newest * kTailSlot + at] ^= 1;
    EXPECT_TRUE(verify(stage.disk, {stage.anchor(), {}, torn}).ok) << at << ": the older slot holds";
    torn[(1 - newest) * kTailSlot + at] ^= 1;
    const auto verification = verify(stage.disk, {stage.anchor(), {}, torn});
    EXPECT_FALSE(verification.ok) << at;
    EXPECT_EQ(verification.why, "the journal's tail is damaged");
  }
  for (const std::string& wiped : {std::string(), std::string(whole.size(), '\0')}) {
    const auto verification = verify(stage.disk, {stage.anchor(), {}, wiped});
    EXPECT_FALSE(verification.ok);
    EXPECT_EQ(verification.why, "the journal's tail was wiped");
  }
  SeededEntropy other(9);
  const SigningKey strange = SigningKey::make(other);
  const auto verification = verify(stage.disk, {stage.anchor(), {}, signed_tail((*newest_tail(whole))->tail, strange)});
  EXPECT_FALSE(verification.ok);
}

}  // namespace sekisho::audit
