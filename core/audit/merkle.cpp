#include "audit/merkle.hpp"

#include <bit>
#include <utility>

namespace sekisho::audit {
namespace {

constexpr std::string_view kLeaf("\x00", 1);
constexpr std::string_view kNode("\x01", 1);

}  // namespace

std::optional<MerkleTree> MerkleTree::restore(std::uint64_t size, std::vector<Hash> peaks) {
  if (peaks.size() != static_cast<std::size_t>(std::popcount(size))) return std::nullopt;
  MerkleTree tree;
  tree.size_ = size;
  tree.peaks_ = std::move(peaks);
  return tree;
}

void MerkleTree::append(Sha256& sha, std::string_view entry) {
  if (counted_) return count();
  Hash hash = sha({kLeaf, entry});
  // Every trailing one bit of the old size is a full subtree of equal height to be joined.
  for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    hash = sha({kNode, view(peaks_.back()), view(hash)});
    peaks_.pop_back();
  }
  peaks_.push_back(hash);
  ++size_;
}

std::optional<Hash> MerkleTree::root(Sha256& sha) const {
  if (counted_) return std::nullopt;
  if (peaks_.empty()) return sha({});
  Hash hash = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) hash = sha({kNode, view(peaks_[i]), view(hash)});
  return hash;
}

}  // namespace sekisho::audit
