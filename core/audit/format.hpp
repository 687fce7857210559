// The bytes of a journal segment: one header block, then framed records, then zeros to the end of the file.
//
//   header   kHeaderBytes: magic, version, numbers, the state of chain and tree at its start, SHA-256 of itself
//   record   u32 length | u8 kind | 3 zero bytes | u64 sequence | payload | 32 bytes chain hash     (little-endian)
//
//   chain hash of a header = SHA-256(0x02 || header);  of a record = SHA-256(0x03 || hash before || frame || payload)
//
// `sequence` of an entry counts entries from 1; a head and a key step carry the number of entries before them.
// Merkle leaves are the payloads of entries alone, so that a head is a signed tree head of RFC 9162 over them.
// Threads: pure functions. Ranges: payload 1..kMaxPayload bytes. Errors: audit.malformed. Source: threats.md T-70.
#pragma once
#include "audit/digest.hpp"
#include "audit/merkle.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::audit {

inline constexpr std::size_t kHeaderBytes = 4096;
inline constexpr std::size_t kFrameBytes = 16;
inline constexpr std::size_t kMaxPayload = 8 * 1024;
inline constexpr std::size_t kMaxNode = 63;

enum class Kind : std::uint8_t { entry = 1, head = 2, key = 3 };

[[nodiscard]] constexpr std::size_t record_bytes(std::size_t payload) {
  return kFrameBytes + payload + sizeof(Hash);
}

/// The state of a journal after some record: what the next record builds on.
struct Chain {
  Hash hash{};      ///< chain hash of the last record, or of the segment's header
  MerkleTree tree;  ///< over all entries
  std::uint64_t heads = 0;
  [[nodiscard]] std::uint64_t entries() const { return tree.size(); }
};

struct SegmentHeader {
  std::uint64_t number = 1;         ///< 1, 2, 3 …
  std::uint64_t segment_bytes = 0;  ///< size of the file
  std::uint64_t epoch = 0;          ///< how often the journal had been started
  Instant created_at{};
  std::uint64_t key_period = 0;  ///< of the key that signs from here on
  Hash key{};                    ///< its raw public key
  std::string node;              ///< <= kMaxNode bytes
  Chain before;                  ///< hash: the last of the segment before, zeros in the first
};

/// Exactly kHeaderBytes.
[[nodiscard]] std::string encode_header(const SegmentHeader& header, Sha256& sha);
[[nodiscard]] Result<SegmentHeader> decode_header(std::string_view bytes, Sha256& sha);
[[nodiscard]] Hash header_hash(std::string_view header, Sha256& sha);

/// Appends one record to `out` and moves `chain` on.
void append_record(std::string& out, Chain& chain, Kind kind, std::string_view payload, Sha256& sha);

/// A record found in a segment; `payload` is borrowed from it.
struct Record {
  Kind kind = Kind::entry;
  std::uint64_t sequence = 0;
  std::string_view payload;
  Hash hash{};
};

/// Walks the records of one segment from memory and moves its chain on. Checks frames, sequence, chain hashes and that
/// nothing but zeros follows the last record; the meaning of payloads is the caller's.
class SegmentWalker {
 public:
  enum class Tree : std::uint8_t { grown, counted };
  /// `segment` is the whole file; borrowed. `start`: the chain after the header. `counted`: the tree's hashes are not
  /// wanted; chain() then knows the number of entries, not their root.
  SegmentWalker(std::string_view segment, Chain start, Sha256& sha, Tree tree = Tree::grown);
  /// The next record; nullopt at the end. Error: audit.malformed, after which only error() and position() mean
  /// something.
  [[nodiscard]] Result<std::optional<Record>> next();
  [[nodiscard]] const Chain& chain() const { return chain_; }
  /// Bytes from the file's start that hold header and good records.
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  std::string_view segment_;
  Chain chain_;
  Sha256& sha_;
  Tree tree_;
  std::size_t position_ = kHeaderBytes;
};

/// "00000001.journal" and back.
[[nodiscard]] std::string segment_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> segment_number(std::string_view name);

}  // namespace sekisho::audit
