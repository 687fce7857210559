#include "recording/format.hpp"

#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>

namespace sekisho::recording {
namespace {

struct RecordingFormat : ::testing::Test {
  Sha256 sha;
  FileHeader header = test_header();
  ChunkHeader chunk_header() {
    ChunkHeader out;
    out.number = 1;
    out.begin = header.started_at;
    out.width = 640;
    out.height = 480;
    out.flags = flag_key;
    out.id = header.id;
    return out;
  }
  static Instant at(int ms, Instant begin) { return begin + std::chrono::milliseconds(ms); }
};

}  // namespace

TEST_F(RecordingFormat, AHeaderReadsBackAndAnyChangedByteIsTold) {
  const std::string bytes = encode_header(header, sha);
  ASSERT_EQ(bytes.size(), kHeaderBytes);
  const auto back = decode_header(bytes, sha);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, header.id);
  EXPECT_EQ(back->started_at, header.started_at);
  EXPECT_EQ(back->session, header.session);
  EXPECT_EQ(back->person, "mori");
  EXPECT_EQ(back->target, "web-01");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decode_header(changed, sha)) << i;
    EXPECT_NE(header_hash(changed, sha), header_hash(bytes, sha)) << i;
  }
  EXPECT_FALSE(decode_header(bytes.substr(0, kHeaderBytes - 1), sha));
}

TEST_F(RecordingFormat, NamesInTheHeaderAreCutToWholeCharacters) {
  header.person = std::string(62, 'a') + "森";
  header.target = "a\nb";
  const auto back = decode_header(encode_header(header, sha), sha);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->person, std::string(62, 'a'));
  EXPECT_EQ(back->target, "a");
}

TEST_F(RecordingFormat, AChunkReadsBackRecordByRecord) {
  ChunkBuilder builder(chunk_header());
  builder.add(RecordKind::pointer, at(5, header.started_at), encode(Pointer{3, 4, 1}));
  builder.add(RecordKind::event, at(7, header.started_at), encode(PolicyEvent{"clipboard.dropped", "12 bytes"}));
  const auto sealed = std::move(builder).seal(at(5000, header.started_at), sha);
  const auto hash = check_chunk(sealed.bytes, sha);
  ASSERT_TRUE(hash) << hash.error().detail;
  EXPECT_EQ(*hash, sealed.hash);
  EXPECT_EQ(*hash, sha({std::string_view(sealed.bytes).substr(0, sealed.bytes.size() - kFooterBytes)}))
      << "the journal's hash is the plain SHA-256 of the chunk without its footer";
  const auto decoded = decode_chunk_header(sealed.bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->records, 2U);
  EXPECT_EQ(decoded->end, at(5000, header.started_at));
  RecordWalker walker(sealed.bytes, *decoded);
  const auto first = walker.next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->at, at(5, header.started_at));
  EXPECT_EQ(*decode_pointer((*first)->payload), (Pointer{3, 4, 1}));
  const auto second = walker.next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ(*decode_event((*second)->payload), (PolicyEvent{"clipboard.dropped", "12 bytes"}));
  const auto end = walker.next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST_F(RecordingFormat, AnyChangedByteOfAChunkIsTold) {
  ChunkBuilder builder(chunk_header());
  builder.add(RecordKind::key, at(5, header.started_at), encode(Key{true, false, 0x61, 30}));
  const std::string bytes = std::move(builder).seal(at(9, header.started_at), sha).bytes;
  ASSERT_TRUE(check_chunk(bytes, sha));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    EXPECT_FALSE(check_chunk(changed, sha)) << i;
  }
  EXPECT_FALSE(check_chunk(bytes.substr(0, bytes.size() - 1), sha));
  EXPECT_FALSE(check_chunk(bytes + '\0', sha));
}

TEST_F(RecordingFormat, ARecordBeforeTheOneBeforeItCountsAsThatOnesTime) {
  ChunkBuilder builder(chunk_header());
  builder.add(RecordKind::pointer, at(50, header.started_at), encode(Pointer{}));
  builder.add(RecordKind::pointer, at(20, header.started_at), encode(Pointer{}));
  const auto sealed = std::move(builder).seal(at(0, header.started_at), sha);
  EXPECT_EQ(sealed.header.end, at(50, header.started_at));
  RecordWalker walker(sealed.bytes, sealed.header);
  static_cast<void>(walker.next());
  const auto second = walker.next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->at, at(50, header.started_at));
}

TEST_F(RecordingFormat, RecordsThatLieAboutLengthTimeOrCountAreMalformed) {
  const auto walk = [&](const std::function<void(std::string&)>& change) {
    ChunkBuilder builder(chunk_header());
    builder.add(RecordKind::pointer, at(5, header.started_at), encode(Pointer{}));
    builder.add(RecordKind::pointer, at(6, header.started_at), encode(Pointer{}));
    auto sealed = std::move(builder).seal(at(9, header.started_at), sha);
    change(sealed.bytes);
    const auto decoded = decode_chunk_header(sealed.bytes);
    EXPECT_TRUE(decoded);
    RecordWalker walker(sealed.bytes, *decoded);
    for (;;) {
      const auto record = walker.next();
      if (!record) return false;
      if (!*record) return true;
    }
  };
  constexpr std::size_t kFirst = kChunkHeaderBytes, kSecond = kFirst + kRecordHeadBytes + 6;
  EXPECT_TRUE(walk([](std::string&) {}));
  EXPECT_FALSE(walk([](std::string& b) { b[kFirst + 4] = 7; })) << "a length that eats into the next";
  EXPECT_FALSE(walk([](std::string& b) { b[kSecond + 7] = 1; })) << "a length beyond the chunk";
  EXPECT_FALSE(walk([](std::string& b) { b[kSecond + 8] = 0, b[kSecond + 9] = 0; })) << "time goes back";
  EXPECT_FALSE(walk([](std::string& b) { b[kSecond + 10] = 9; })) << "behind the chunk's end";
  EXPECT_FALSE(walk([](std::string& b) { b[kSecond + 1] = 1; })) << "a head of another kind";
  EXPECT_FALSE(walk([](std::string& b) { b[32] = 3; })) << "fewer records than announced";
  EXPECT_FALSE(walk([](std::string& b) { b[32] = 1; })) << "more records than announced";
}

TEST_F(RecordingFormat, HeadersThatCannotBeAreMalformed) {
  const auto good = [&](const std::function<void(std::string&)>& change) {
    std::string bytes = ChunkBuilder(chunk_header()).seal(at(9, header.started_at), sha).bytes;
    change(bytes);
    return decode_chunk_header(bytes).has_value();
  };
  EXPECT_TRUE(good([](std::string&) {}));
  EXPECT_FALSE(good([](std::string& b) { b[0] = 'X'; }));
  EXPECT_FALSE(good([](std::string& b) { b[4] = 1, b[5] = 0; })) << "shorter than itself";
  EXPECT_FALSE(good([](std::string& b) { b[7] = 0x7F; })) << "longer than a chunk may be";
  EXPECT_FALSE(good([](std::string& b) { b[8] = 0; })) << "number 0";
  EXPECT_FALSE(good([](std::string& b) { b[23] = '\x80'; })) << "before all time";
  EXPECT_FALSE(good([](std::string& b) { b[31] = 0, b[30] = 0; })) << "ends before it begins";
  EXPECT_FALSE(good([](std::string& b) { b[36] = b[37] = 0; })) << "no width";
  EXPECT_FALSE(good([](std::string& b) { b[37] = 0x0F, b[36] = 1; })) << "3841 wide";
  EXPECT_FALSE(good([](std::string& b) { b[39] = 0x08, b[38] = 0x71; })) << "2161 high";
  EXPECT_FALSE(good([](std::string& b) { b[40] = 0; })) << "a first chunk without a picture";
  EXPECT_FALSE(good([](std::string& b) { b[40] = 0x11; })) << "a flag that is none";
  EXPECT_FALSE(good([](std::string& b) { b[47] = 1; })) << "more than zeros";
}

TEST_F(RecordingFormat, InputRecordsReadBackAndHaveOneSpelling) {
  const Key key{true, false, 0xFF0D, 28};
  EXPECT_EQ(*decode_key(encode(key)), key);
  EXPECT_EQ(*decode_key(encode(Key{true, true, 0xFF0D, 28})), (Key{true, true, 0, 0})) << "masked: not which";
  std::string leak = encode(Key{true, true, 0, 0});
  leak[4] = 1;
  EXPECT_FALSE(decode_key(leak));
  EXPECT_FALSE(decode_key(encode(key) + "x"));
  EXPECT_FALSE(decode_pointer("12345"));
  const PolicyEvent event{"rdp.granted", "web-01 → web-02"};
  EXPECT_EQ(*decode_event(encode(event)), event);
  EXPECT_EQ(*decode_event(encode(PolicyEvent{"Bad Code", "a\nb"})), (PolicyEvent{"_ad__ode", "a"}));
  EXPECT_EQ(decode_event(encode(PolicyEvent{"", std::string(900, 'x')}))->text.size(), kMaxEventText);
  EXPECT_FALSE(decode_event(""));
  EXPECT_FALSE(
      decode_event(std::string("\x05"
                               "abc",
                               4)));
  EXPECT_FALSE(
      decode_event(std::string("\x03"
                               "abc\xff",
                               5)))
      << "no UTF-8";
}

TEST_F(RecordingFormat, AnIndexWithAGapIsMalformed) {
  std::vector<ChunkInfo> chunks(3);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    chunks[i] = {i + 1,
                 kHeaderBytes + 200 * i,
                 200,
                 static_cast<std::uint8_t>(i == 0 ? flag_key : 0),
                 640,
                 480,
                 at(static_cast<int>(i) * 10, header.started_at),
                 at(static_cast<int>(i) * 10 + 10, header.started_at)};
  }
  const auto back = decode_index(encode_index(chunks));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 3U);
  EXPECT_EQ((*back)[2].offset, chunks[2].offset);
  EXPECT_EQ((*back)[2].number, 3U);
  auto gap = chunks;
  gap[1].end += Seconds(1);
  EXPECT_FALSE(decode_index(encode_index(gap)));
  auto no_picture = chunks;
  no_picture[0].flags = 0;
  EXPECT_FALSE(decode_index(encode_index(no_picture)));
  EXPECT_FALSE(decode_index(encode_index(chunks) + "x"));
}

TEST_F(RecordingFormat, IdsHaveOneSpelling) {
  const auto id = id_from_hex(to_hex(header.id));
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, header.id);
  EXPECT_FALSE(id_from_hex(to_hex(header.id).substr(2)));
  EXPECT_FALSE(id_from_hex(std::string(32, 'G')));
}

}  // namespace sekisho::recording
