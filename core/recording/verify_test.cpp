// Somebody edits a recording (T-65): every kind of edit is told and its chunk named. SEKISHO_TAMPERINGS says how many
// edits of each kind; SEKISHO_SEED chooses others.
#include "recording/verify.hpp"

#include "base/testing/environment.hpp"
#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sekisho::recording {
namespace {

/// A recording of over 1,000 chunks with a good end, and where each of them stands.
struct Evidence {
  Evidence() {
    for (int i = 0; i < 1100; ++i) {
      if (i % 3 != 0) stage.noise(0, 0, static_cast<std::uint16_t>(1 + stage.chance() % 60), 4);
      stage.pass(Seconds(5));
    }
    stage.close();
    bytes = stage.bytes();
    notes = stage.notes();
    RecordingStage other(320, 200, {}, test_header(9));
    for (int i = 0; i < 20; ++i) {
      other.noise(0, 0, 30, 30);
      other.pass(Seconds(5));
    }
    other.close();
    foreign = other.bytes();
    foreign_notes = other.notes();
  }
  RecordingStage stage;
  std::string bytes, foreign;
  Notes notes, foreign_notes;
};

Evidence& evidence() {
  static Evidence all;
  return all;
}

Verification check(const std::string& bytes, const Notes& notes = evidence().notes) {
  audit::MemoryDisk disk;
  disk.set_contents({{"a.skr", bytes}});
  const auto file = disk.open("a.skr", audit::Access::read).value();
  return verify(*file, notes).value();
}

std::string said(const Verification& v) {
  std::string out;
  for (const auto& f : v.findings) {
    out += std::string(to_string(f.what)) + " " + std::to_string(f.chunk) + " (" + f.why + "); ";
  }
  return out;
}

std::vector<std::pair<Damage, std::uint64_t>> findings(const Verification& v) {
  std::vector<std::pair<Damage, std::uint64_t>> out;
  for (const auto& finding : v.findings) out.emplace_back(finding.what, finding.chunk);
  return out;
}

using Found = std::vector<std::pair<Damage, std::uint64_t>>;

void every_time(const std::function<Found(std::string&, std::mt19937&)>& tamper) {
  std::mt19937 chance(number_from_environment("SEKISHO_SEED", 42));
  const std::uint32_t rounds = number_from_environment("SEKISHO_TAMPERINGS", 25, 1);
  for (std::uint32_t i = 0; i < rounds; ++i) {
    std::string bytes = evidence().bytes;
    const Found expected = tamper(bytes, chance);
    ASSERT_NE(bytes, evidence().bytes);
    const Verification v = check(bytes);
    ASSERT_FALSE(v.ok);
    ASSERT_EQ(findings(v), expected) << said(v);
    for (const Finding& finding : v.findings) ASSERT_FALSE(finding.why.empty());
  }
}

const ChunkNote& any(std::mt19937& chance, std::size_t leave = 0) {
  return evidence().notes.chunks[chance() % (evidence().notes.chunks.size() - leave)];
}

std::string cut_out(const ChunkNote& note) {
  return evidence().bytes.substr(note.offset, note.length);
}

}  // namespace

TEST(RecordingTampering, TheUntouchedRecordingIsGood) {
  const Verification v = check(evidence().bytes);
  EXPECT_TRUE(v.ok) << said(v);
  EXPECT_TRUE(v.closed);
  EXPECT_GT(v.chunks, 1000U);
  EXPECT_EQ(v.chunks, evidence().notes.chunks.size());
  EXPECT_EQ(v.proved_until, evidence().stage.now);
  EXPECT_EQ(v.unproved_bytes, 0U);
}

TEST(RecordingTampering, AChangedByteIsFoundAndItsChunkNamed) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote& note = any(chance);
    // As often in its head or footer as in what it holds.
    const std::size_t at = std::array<std::size_t, 3>{
        chance() % kChunkHeaderBytes, note.length - 1 - chance() % kFooterBytes, chance() % note.length}[chance() % 3];
    char& byte = bytes[note.offset + at];
    byte = static_cast<char>(byte ^ (1 + chance() % 255));
    return {{Damage::changed, note.number}};
  });
}

TEST(RecordingTampering, AChangedHeaderIsFound) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    char& byte = bytes[chance() % kHeaderBytes];
    byte = static_cast<char>(byte ^ (1 + chance() % 255));
    return {{Damage::header, 0}};
  });
}

TEST(RecordingTampering, AHeaderThatWasMadeAnewIsFound) {
  Sha256 sha;
  FileHeader forged = evidence().stage.header;
  forged.person = "hama";
  std::string bytes = evidence().bytes;
  bytes.replace(0, kHeaderBytes, encode_header(forged, sha));
  EXPECT_EQ(findings(check(bytes)), (Found{{Damage::header, 0}}));
}

TEST(RecordingTampering, AMissingChunkIsFoundAndNamed) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote& note = any(chance, 1);
    bytes.erase(note.offset, note.length);
    return {{Damage::missing, note.number}};
  });
}

TEST(RecordingTampering, ACutEndIsFoundAndTheFirstLostChunkNamed) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote& note = any(chance);
    bytes.resize(note.offset + (chance() % 2 == 0 ? 0 : chance() % note.length));
    return {{Damage::cut, note.number}};
  });
}

TEST(RecordingTampering, SwappedChunksAreFoundAndNamed) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const std::size_t i = chance() % (evidence().notes.chunks.size() - 1);
    const ChunkNote &a = evidence().notes.chunks[i], &b = evidence().notes.chunks[i + 1];
    bytes = bytes.substr(0, a.offset) + cut_out(b) + cut_out(a) + bytes.substr(b.offset + b.length);
    return {{Damage::reordered, a.number}};
  });
}

TEST(RecordingTampering, AChunkThatWasMovedFarIsFoundAndNamed) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const std::size_t size = evidence().notes.chunks.size();
    const ChunkNote& moved = evidence().notes.chunks[chance() % (size / 2)];
    const ChunkNote& before = evidence().notes.chunks[size / 2 + 1 + chance() % (size / 2 - 1)];
    bytes = bytes.substr(0, moved.offset) +
            bytes.substr(moved.offset + moved.length, before.offset - moved.offset - moved.length) + cut_out(moved) +
            bytes.substr(before.offset);
    return {{Damage::reordered, moved.number}};
  });
}

TEST(RecordingTampering, AForeignChunkThatWasPutInIsFound) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote& place = any(chance);
    const ChunkNote& strange = evidence().foreign_notes.chunks[chance() % evidence().foreign_notes.chunks.size()];
    bytes.insert(place.offset, evidence().foreign, strange.offset, strange.length);
    return {{Damage::foreign, strange.number}};
  });
}

TEST(RecordingTampering, AChunkThatWasReplacedByAForeignOneIsMissedToo) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote& place = any(chance, 1);
    const ChunkNote& strange = evidence().foreign_notes.chunks[chance() % evidence().foreign_notes.chunks.size()];
    bytes.replace(place.offset, place.length, evidence().foreign, strange.offset, strange.length);
    return {{Damage::foreign, strange.number}, {Damage::missing, place.number}};
  });
}

TEST(RecordingTampering, ASecondCopyIsForeign) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote &copy = any(chance), &place = any(chance);
    bytes.insert(place.offset, cut_out(copy));
    // In front of its original the copy is the good one, and what it jumps over comes late.
    if (copy.number <= place.number) return {{Damage::foreign, copy.number}};
    Found out;
    for (std::uint64_t number = place.number; number < copy.number; ++number) {
      if (out.size() < kMaxFindings) out.emplace_back(Damage::reordered, number);
    }
    if (out.size() < kMaxFindings) out.emplace_back(Damage::foreign, copy.number);
    return out;
  });
}

TEST(RecordingTampering, AChunkThatWasMadeAnewIsFound) {
  // All its sums are right; only the journal knows better.
  Sha256 sha;
  every_time([&sha](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote& note = any(chance, 1);
    const auto header = decode_chunk_header(cut_out(note)).value();
    ChunkBuilder builder(header);
    builder.add(RecordKind::event, header.begin, encode(PolicyEvent{"nothing.happened", ""}));
    bytes.replace(note.offset, note.length, std::move(builder).seal(header.end, sha).bytes);
    return {{Damage::changed, note.number}};
  });
}

TEST(RecordingTampering, BytesThatArePutInOrTakenOutAreFound) {
  every_time([](std::string& bytes, std::mt19937& chance) -> Found {
    const ChunkNote& note = any(chance, 1);
    if (chance() % 2 == 0) {
      bytes.insert(note.offset, std::string(1 + chance() % 300, 'x'));
      return {{Damage::foreign, 0}};
    }
    bytes.erase(note.offset + 1 + chance() % (note.length - 60), 1 + chance() % 50);
    return {{Damage::changed, note.number}};
  });
}

TEST(RecordingTampering, BytesBehindAGoodEndAreFound) {
  EXPECT_EQ(findings(check(evidence().bytes + "x")), (Found{{Damage::foreign, 0}}));
  const auto& strange = evidence().foreign_notes.chunks[3];
  EXPECT_EQ(findings(check(evidence().bytes + evidence().foreign.substr(strange.offset, strange.length))),
            (Found{{Damage::foreign, strange.number}}));
}

TEST(RecordingTampering, SeveralEditsAreAllTold) {
  std::string bytes = evidence().bytes;
  const auto& chunks = evidence().notes.chunks;
  bytes.erase(chunks[800].offset, chunks[800].length);
  bytes[chunks[500].offset + 70] ^= 1;
  bytes[chunks[20].offset + 5] ^= 0x7F;  // its length
  const Verification v = check(bytes);
  EXPECT_EQ(findings(v), (Found{{Damage::changed, 21}, {Damage::changed, 501}, {Damage::missing, 801}})) << said(v);
  EXPECT_EQ(v.chunks, chunks.size() - 3);
  EXPECT_EQ(v.proved_until, chunks[19].end);
}

TEST(RecordingTampering, AnotherRecordingUnderThisNameIsFound) {
  const Verification v = check(evidence().foreign);
  EXPECT_FALSE(v.ok);
  ASSERT_FALSE(v.findings.empty());
  EXPECT_EQ(v.findings[0].what, Damage::header);
  EXPECT_EQ(v.chunks, 0U);
}

TEST(RecordingTampering, AFileWithoutAJournalIsNotProved) {
  const Verification v = check(evidence().bytes, Notes{});
  EXPECT_FALSE(v.ok);
  EXPECT_EQ(v.chunks, 0U);
}

TEST(RecordingTampering, AnEmptyFileIsNoRecording) {
  EXPECT_FALSE(check("").ok);
  EXPECT_FALSE(check(std::string(100, 'x')).ok);
}

TEST(RecordingTampering, WhatABrokenOffRecordingHasBehindTheJournalIsToldAsUnproved) {
  RecordingStage stage;
  for (int i = 0; i < 10; ++i) {
    stage.noise(0, 0, 50, 50);
    stage.pass(Seconds(5));
  }
  // Killed between the disk and the journal, and within the next write.
  const auto file = stage.open();
  const auto chunks = read_contents(*file)->chunks;
  stage.journal.pop_back();
  const auto one_more = stage.check();
  EXPECT_TRUE(one_more.ok) << said(one_more);
  EXPECT_FALSE(one_more.closed);
  EXPECT_EQ(one_more.unproved_bytes, chunks.back().length);
  const std::string bytes = stage.bytes();
  stage.set_bytes(bytes + bytes.substr(kHeaderBytes, 150));
  const auto torn = stage.check();
  EXPECT_TRUE(torn.ok) << said(torn);
  EXPECT_EQ(torn.unproved_bytes, chunks.back().length + 150);
  // But never two whole chunks: only one is out at a time.
  stage.journal.pop_back();
  stage.set_bytes(bytes);
  EXPECT_EQ(findings(stage.check()), (Found{{Damage::foreign, chunks.back().number}}));
  // Nor one that does not follow what is proved.
  stage.journal.clear();
  stage.journal.push_back(opened_entry(stage.header, stage.file->header_hash(), "", stage.now));
  stage.set_bytes(bytes.substr(0, kHeaderBytes) + bytes.substr(chunks[4].offset, chunks[4].length));
  EXPECT_FALSE(stage.check().ok);
}

TEST(RecordingTampering, AJournalThatContradictsItselfIsTold) {
  const auto with = [](const std::function<void(std::vector<audit::Entry>&)>& change) {
    RecordingStage stage;
    for (int i = 0; i < 5; ++i) {
      stage.noise(0, 0, 50, 50);
      stage.pass(Seconds(5));
    }
    stage.close();
    change(stage.journal);
    return stage.check();
  };
  EXPECT_TRUE(with([](auto&) {}).ok);
  EXPECT_TRUE(with([](auto& j) { j.push_back(j[2]); }).ok) << "the same note twice: a chunk that was written again";
  EXPECT_FALSE(with([](auto& j) { j.erase(j.begin() + 3); }).ok) << "a chunk that the journal does not have";
  EXPECT_FALSE(with([](auto& j) { j[3].detail["number"] = j[2].detail["number"]; }).ok) << "two hashes of one chunk";
  EXPECT_FALSE(with([](auto& j) { j.back().detail["chunks"] = 3U; }).ok) << "an end before the last chunk";
  EXPECT_FALSE(with([](auto& j) { j.erase(j.begin()); }).ok) << "no beginning";
}

/// A recording of `times.size()` chunks as its own relay would write it that lies about time: file and journal agree.
/// Each chunk's begin and end, and what its records say, in seconds behind the start.
struct Lie {
  int begin, end;
  std::vector<int> records;
};
Verification check_lie(const std::vector<Lie>& lies, const std::function<void(std::vector<ChunkNote>&)>& journal = {},
                       std::size_t faults = 0) {
  Sha256 sha;
  const FileHeader head = test_header();
  const auto at = [&](int second) { return head.started_at + Seconds(second); };
  std::string bytes = encode_header(head, sha);
  Notes notes;
  notes.header = header_hash(bytes, sha);
  Hash before = *notes.header;
  for (const Lie& lie : lies) {
    ChunkHeader header;
    header.number = notes.chunks.size() + 1;
    header.begin = at(std::min(lie.begin, lie.end));
    header.width = 64;
    header.height = 64;
    header.flags = notes.chunks.empty() ? flag_key : 0;
    header.id = head.id;
    header.before = before;
    ChunkBuilder builder(header);
    // As a builder never does it: each record at its own time, the later ones before the earlier ones as well.
    std::string chunk;
    for (std::size_t i = 0; i < lie.records.size(); ++i)
      builder.add(RecordKind::event, header.begin, encode(PolicyEvent{"a.b", ""}));
    auto sealed = std::move(builder).seal(at(std::max(lie.begin, lie.end)), sha);
    chunk = sealed.bytes.substr(0, sealed.bytes.size() - kFooterBytes);
    const std::size_t record = kRecordHeadBytes + encode(PolicyEvent{"a.b", ""}).size();
    for (std::size_t i = 0; i < lie.records.size(); ++i) {
      const auto since = static_cast<std::uint32_t>(lie.records[i]) * 1'000'000U;
      for (std::size_t b = 0; b < 4; ++b) {
        chunk[kChunkHeaderBytes + i * record + 8 + b] = static_cast<char>(since >> (8 * b));
      }
    }
    const Hash hash = sha({chunk});
    notes.chunks.push_back({header.number, bytes.size(), static_cast<std::uint32_t>(sealed.bytes.size()), at(lie.begin),
                            at(lie.end), hash});
    bytes += chunk + std::string(view(hash)) + sealed.bytes.substr(chunk.size() + sizeof(Hash));
    before = hash;
  }
  if (journal) journal(notes.chunks);
  sort_notes(notes);
  EXPECT_EQ(notes.faults.size(), faults);
  audit::MemoryDisk disk;
  disk.set_contents({{"a.skr", bytes}});
  const auto file = disk.open("a.skr", audit::Access::read).value();
  return verify(*file, notes).value();
}

TEST(RecordingTime, OfAnHonestRecordingIsGood) {
  const auto v = check_lie({{0, 5, {0, 1, 1, 5}}, {5, 10, {}}, {10, 12, {0, 2}}});
  EXPECT_TRUE(v.ok) << said(v);
  EXPECT_EQ(v.chunks, 3U);
  EXPECT_EQ(v.proved_until, test_header().started_at + Seconds(12));
}

TEST(RecordingTime, ThatGoesBackBetweenChunksIsFound) {
  const auto v = check_lie({{0, 5, {}}, {5, 10, {}}, {7, 12, {}}, {12, 15, {}}});
  EXPECT_EQ(findings(v), (Found{{Damage::contents, 3}})) << said(v);
  EXPECT_EQ(v.chunks, 3U);
  EXPECT_EQ(v.proved_until, test_header().started_at + Seconds(10)) << "nothing from there on is proved";
}

TEST(RecordingTime, ThatGoesBackWithinAChunkIsFound) {
  EXPECT_EQ(findings(check_lie({{0, 5, {}}, {5, 10, {3, 1}}, {10, 15, {}}})), (Found{{Damage::contents, 2}}));
  EXPECT_EQ(findings(check_lie({{0, 5, {}}, {5, 10, {1, 6}}, {10, 15, {}}})), (Found{{Damage::contents, 2}}))
      << "a record behind its chunk's end";
  // Its end before its begin: the head cannot say so, the journal can.
  EXPECT_FALSE(check_lie({{0, 5, {}}, {10, 5, {}}}).ok);
  const auto v = check_lie({{0, 5, {}}, {5, 3, {}}});
  EXPECT_NE(said(v).find("contents 2 (its time goes back)"), std::string::npos) << said(v);
}

TEST(RecordingTime, ThatBeginsBeforeItsHeaderOrLeavesAGapIsFound) {
  EXPECT_EQ(findings(check_lie({{-5, 0, {}}, {0, 5, {}}})), (Found{{Damage::contents, 1}}));
  EXPECT_EQ(findings(check_lie({{0, 5, {}}, {65, 70, {}}})), (Found{{Damage::contents, 2}}));
}

TEST(RecordingTime, BehindAChunkThatTheJournalLacksIsNotToldAsMissingAsWell) {
  const std::vector<Lie> honest{{0, 5, {}}, {5, 10, {}}, {10, 15, {}}, {15, 20, {}}};
  const auto lack = check_lie(
      honest, [](auto& chunks) { chunks.erase(chunks.begin() + 1); }, 1);
  EXPECT_NE(said(lack).find("chunk 2 is not in the journal"), std::string::npos) << said(lack);
  EXPECT_EQ(said(lack).find("time is missing"), std::string::npos) << said(lack);
  // What the journal does know behind it is held to its time again.
  const std::vector<Lie> gap{{0, 5, {}}, {5, 10, {}}, {10, 15, {}}, {75, 80, {}}};
  const auto both = check_lie(
      gap, [](auto& chunks) { chunks.erase(chunks.begin() + 1); }, 1);
  EXPECT_NE(said(both).find("contents 4 (time is missing before it)"), std::string::npos) << said(both);
}

TEST(RecordingTime, ThatIsNotTheJournalsIsFound) {
  const auto v = check_lie({{0, 5, {}}, {5, 10, {}}}, [](auto& chunks) { chunks[1].end += Seconds(1); });
  EXPECT_EQ(findings(v), (Found{{Damage::contents, 2}})) << said(v);
  EXPECT_EQ(v.chunks, 1U);
}

TEST(RecordingTime, AChunkThatTheJournalCallsAnotherOneIsFound) {
  const std::vector<Lie> honest{{0, 5, {}}, {5, 10, {}}};
  const std::string words = "the journal calls it another chunk than it says it is";
  const auto longer = check_lie(honest, [](auto& chunks) { ++chunks[1].length; });
  EXPECT_NE(said(longer).find("contents 2 (" + words + ")"), std::string::npos) << said(longer);
  const auto swapped = check_lie(honest, [](auto& chunks) { std::swap(chunks[0].number, chunks[1].number); });
  EXPECT_NE(said(swapped).find(words), std::string::npos) << said(swapped);
}

TEST(RecordingNotes, AnEntryThatDoesNotHoldWhatItShouldIsRefused) {
  RecordingStage stage;
  stage.pass(Seconds(5));
  ASSERT_EQ(stage.journal.size(), 2U);
  const audit::Entry good = stage.journal[1];
  Notes notes;
  ASSERT_TRUE(add_note(notes, stage.header.id, good));
  ASSERT_EQ(notes.chunks.size(), 1U);
  for (const char* key : {"number", "offset", "bytes", "begin", "end", "sha256"}) {
    audit::Entry bad = good;
    bad.detail[key] = "x";
    EXPECT_FALSE(add_note(notes, stage.header.id, bad)) << key;
    bad.detail.erase(key);
    EXPECT_FALSE(add_note(notes, stage.header.id, bad)) << key;
  }
  audit::Entry other = good;
  other.detail["recording"] = to_hex(test_header(9).id);
  EXPECT_TRUE(add_note(notes, stage.header.id, other));
  EXPECT_EQ(notes.chunks.size(), 1U) << "of another recording";
}

}  // namespace sekisho::recording
