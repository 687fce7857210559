// MerkleTree: the Merkle tree hash over a growing list, kept as its peaks (the roots of the full subtrees), so that a
// tree of any size costs at most 64 hashes of memory. Leaf: SHA-256(0x00 || entry); node: SHA-256(0x01 || left ||
// right). Threads: a plain value; `sha` belongs to the caller. Source: RFC 9162 §2.1.1.
#pragma once
#include "audit/digest.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace sekisho::audit {

class MerkleTree {
 public:
  MerkleTree() = default;
  /// From stored peaks, largest subtree first; their number must be popcount(size), else nullopt.
  [[nodiscard]] static std::optional<MerkleTree> restore(std::uint64_t size, std::vector<Hash> peaks);

  void append(Sha256& sha, std::string_view entry);
  /// Counts an entry without hashing it: from then on size() alone means something, and append() only counts too.
  void count() {
    ++size_;
    counted_ = true;
  }
  /// MTH({}) is SHA-256 of nothing. nullopt: some entry was only counted, so nobody knows.
  [[nodiscard]] std::optional<Hash> root(Sha256& sha) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::vector<Hash>& peaks() const { return peaks_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> peaks_;
  bool counted_ = false;
};

}  // namespace sekisho::audit
