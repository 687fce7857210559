// The bytes of a recording: one header, then chunks to the end of the file; nothing is ever changed, only appended.
//
//   header   kHeaderBytes: magic, version, id, start, session, person, target, SHA-256 of itself
//   chunk    chunk header kChunkHeaderBytes | records | footer kFooterBytes             (all numbers little-endian)
//            header: "SKRC", u32 length of the whole chunk, u64 number from 1, i64 begin, i64 end (us since 1970),
//                    u32 records, u16 width, u16 height, u8 flags, 7 zeros, 16 bytes id, 32 bytes hash before
//            footer: SHA-256 of header and records, u32 length once more, "CRKS"
//   record   u8 kind | 3 zeros | u32 length | u32 us since the chunk's begin | payload
//
// A chunk's hash is the one in its footer: the plain SHA-256 of the chunk without its footer. The journal holds the
// same. "hash before" is the hash of the chunk before, or of the file's header: each chunk names its place. A chunk
// stands alone: what is compressed in it needs no other. One with flag_key begins with a black screen of its size and
// all tiles that are not black; every other one builds on the chunk before. A chunk covers [begin, end) without a gap
// to the next, whether or not something happened. The last chunk of a good end has flag_last, an `end` record and an
// `index` of all chunks before it; it is found from the end of the file. Without it (killed) the chunks are walked.
// Records of unknown kinds are passed over by their length, so that the format can grow.
//
// Threads: pure functions. Errors: recording.malformed. Source: consoles.md §4; threats.md T-63, T-65.
#pragma once
#include "audit/digest.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::recording {

using audit::Hash;
using audit::Sha256;
using audit::view;

inline constexpr std::size_t kHeaderBytes = 512;
inline constexpr std::size_t kChunkHeaderBytes = 96;
inline constexpr std::size_t kFooterBytes = 40;
inline constexpr std::size_t kRecordHeadBytes = 12;
inline constexpr std::size_t kMaxChunkBytes = 32u << 20;
inline constexpr std::size_t kMaxName = 63;  ///< session, person, target: bytes
inline constexpr std::uint16_t kMaxWidth = 3840, kMaxHeight = 2160;
inline constexpr std::size_t kTile = 64;                      ///< pixels, both ways
inline constexpr std::size_t kTileBytes = kTile * kTile * 3;  ///< R, G, B; rows top first; beyond the screen zeros
inline constexpr std::size_t kTilesPerRecord = 64;
inline constexpr std::size_t kMaxEventCode = 64, kMaxEventText = 512;
inline constexpr std::size_t kMaxIndexed = 32'768;  ///< a recording of more chunks ends without an index

/// Names one recording; unguessable (T-64): from an Entropy.
using RecordingId = std::array<std::uint8_t, 16>;
[[nodiscard]] std::string to_hex(const RecordingId& id);
[[nodiscard]] std::optional<RecordingId> id_from_hex(std::string_view hex);

struct FileHeader {
  RecordingId id{};
  Instant started_at{};
  std::string session, person, target;  ///< target: whose screen (UUID or id)
};
/// Exactly kHeaderBytes. Names longer than kMaxName bytes are cut.
[[nodiscard]] std::string encode_header(const FileHeader& header, Sha256& sha);
[[nodiscard]] Result<FileHeader> decode_header(std::string_view bytes, Sha256& sha);
/// What the first chunk holds as "hash before", and the journal as the header's hash.
[[nodiscard]] Hash header_hash(std::string_view header, Sha256& sha);

enum ChunkFlag : std::uint8_t {
  flag_key = 1,    ///< begins with a whole picture
  flag_tiles = 2,  ///< the picture changes in it
  flag_input = 4,  ///< pointer, key or event records
  flag_last = 8,
};

struct ChunkHeader {
  std::uint32_t length = 0;  ///< bytes, header to footer
  std::uint64_t number = 0;
  Instant begin{}, end{};
  std::uint32_t records = 0;
  std::uint16_t width = 0, height = 0;
  std::uint8_t flags = 0;
  RecordingId id{};
  Hash before{};
};
/// Needs the first kChunkHeaderBytes; says nothing about what follows.
[[nodiscard]] Result<ChunkHeader> decode_chunk_header(std::string_view bytes);
/// The whole chunk: header, footer and its hash agree. The hash.
[[nodiscard]] Result<Hash> check_chunk(std::string_view chunk, Sha256& sha);

enum class RecordKind : std::uint8_t { tiles = 1, pointer = 2, key = 3, event = 4, end = 5, index = 6 };

struct Record {
  std::uint8_t kind = 0;  ///< a RecordKind, or one that this program does not know
  Instant at{};
  std::string_view payload;  ///< borrowed from the chunk
};
/// Walks the records of a chunk that check_chunk() has found good.
class RecordWalker {
 public:
  RecordWalker(std::string_view chunk, const ChunkHeader& header);
  /// nullopt at the end. Errors: recording.malformed (lengths, times that go back or leave the chunk, count).
  [[nodiscard]] Result<std::optional<Record>> next();

 private:
  std::string_view chunk_;
  const ChunkHeader& header_;
  std::size_t position_ = kChunkHeaderBytes;
  std::uint32_t seen_ = 0, since_ = 0;
};

struct Pointer {
  std::uint16_t x = 0, y = 0, buttons = 0;
  friend bool operator==(const Pointer&, const Pointer&) = default;
};
struct Key {
  bool down = false;
  bool masked = false;                     ///< that a key was used, not which: keysym and scancode are 0
  std::uint32_t keysym = 0, scancode = 0;  ///< scancode: XT set 1, 0 when not known
  friend bool operator==(const Key&, const Key&) = default;
};
/// What the gate or the relay did beside the picture: "clipboard.dropped", "rdp.granted", "keys.masked".
struct PolicyEvent {
  std::string code;  ///< [a-z0-9_.]{1,64}
  std::string text;  ///< <= kMaxEventText bytes of UTF-8
  friend bool operator==(const PolicyEvent&, const PolicyEvent&) = default;
};
[[nodiscard]] std::string encode(const Pointer& pointer);
[[nodiscard]] std::string encode(const Key& key);
/// Longer or other code and text are cut and cleaned to what decodes.
[[nodiscard]] std::string encode(const PolicyEvent& event);
[[nodiscard]] Result<Pointer> decode_pointer(std::string_view payload);
[[nodiscard]] Result<Key> decode_key(std::string_view payload);
[[nodiscard]] Result<PolicyEvent> decode_event(std::string_view payload);

struct ChunkInfo {
  std::uint64_t number = 0, offset = 0;
  std::uint32_t length = 0;
  std::uint8_t flags = 0;
  std::uint16_t width = 0, height = 0;
  Instant begin{}, end{};
};
[[nodiscard]] std::string encode_index(std::span<const ChunkInfo> chunks);
/// Numbers from 1, offsets from kHeaderBytes and times follow each other without a gap.
[[nodiscard]] Result<std::vector<ChunkInfo>> decode_index(std::string_view payload);

/// Collects the records of one chunk.
class ChunkBuilder {
 public:
  /// `header`: id, number, begin, size and hash before are kept; flags are what is known beforehand.
  explicit ChunkBuilder(ChunkHeader header);
  /// `at` before the last record's instant counts as that one's.
  void add(RecordKind kind, Instant at, std::string_view payload);
  void flag(std::uint8_t more) { header_.flags |= more; }
  [[nodiscard]] const ChunkHeader& header() const { return header_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size() + kFooterBytes; }
  struct Sealed {
    std::string bytes;
    ChunkHeader header;
    Hash hash{};
  };
  /// Ends it at `end` (not before its last record).
  [[nodiscard]] Sealed seal(Instant end, Sha256& sha) &&;

 private:
  ChunkHeader header_;
  std::string bytes_;
  std::uint32_t since_ = 0;
};

}  // namespace sekisho::recording
