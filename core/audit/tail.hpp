// Tail: where the journal ends. It stands beside the signing key and is signed anew with every group commit, before
// anybody is told that his entry is durable, so that an end that was cut off is missed (T-70).
//
//   file   kTailSlots sectors, written in turn, hardly ever synced; the newest whole one counts
//   slot   "SEKISHOT" | u64 entries | u64 records | u64 epoch | chain | root | key | signature        (little-endian)
//
// After a kill the file is exact; after a power cut it may be older than the journal, never newer: the journal is
// synced first. Threads: pure functions. Errors: audit.malformed. Source: core/decisions/0005-tail-of-the-journal.md.
#pragma once
#include "audit/signing.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::audit {

struct Tail {
  Hash chain{};               ///< chain hash of the last record
  Hash root{};                ///< Merkle tree hash over all entries
  std::uint64_t entries = 0;  ///< of the journal
  std::uint64_t records = 0;  ///< entries, heads and key steps
  std::uint64_t epoch = 0;
  PublicKey key{};
};

inline constexpr std::size_t kTailBytes = 8 + 3 * 8 + 3 * 32 + 64;
inline constexpr std::size_t kTailSlot = 512, kTailSlots = 2;  ///< a sector each: one of them is whole
static_assert(kTailBytes <= kTailSlot);

/// Exactly kTailBytes; `tail.key` is not looked at.
[[nodiscard]] std::string signed_tail(const Tail& tail, const SigningKey& key);

struct FoundTail {
  Tail tail;
  std::size_t slot = 0;
};
/// The newest good slot of a tail's file, checked with the key that it names: the caller must trust that key.
/// nullopt: nothing was ever sealed (empty or zeros). Error: something stands there, and no slot is good.
[[nodiscard]] Result<std::optional<FoundTail>> newest_tail(std::string_view file,
                                                           const Signatures& signatures = ed25519());

}  // namespace sekisho::audit
