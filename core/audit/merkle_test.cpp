#include "audit/merkle.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sekisho::audit {
namespace {

/// The definition of RFC 9162 §2.1.1, word by word, to compare with.
Hash mth(Sha256& sha, const std::vector<std::string>& d, std::size_t from, std::size_t to) {
  if (from == to) return sha({});
  if (to - from == 1) return sha({std::string_view("\x00", 1), d[from]});
  std::size_t k = 1;
  while (k * 2 < to - from) k *= 2;
  const Hash left = mth(sha, d, from, from + k), right = mth(sha, d, from + k, to);
  return sha({std::string_view("\x01", 1), view(left), view(right)});
}

}  // namespace

TEST(Merkle, GivesTheRootsOfThePublishedExampleTree) {
  // The eight leaves and roots of the Certificate Transparency reference tests.
  const std::vector<std::string> leaves = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Sha256 sha;
  MerkleTree tree;
  EXPECT_EQ(to_hex(view(*tree.root(sha))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    tree.append(sha, *from_hex(leaves[i]));
    EXPECT_EQ(to_hex(view(*tree.root(sha))), roots[i]) << i;
  }
}

TEST(Merkle, EqualsTheDefinitionAtEverySizeAndAfterRestoring) {
  Sha256 sha;
  std::vector<std::string> entries;
  MerkleTree tree;
  for (std::size_t n = 1; n <= 140; ++n) {
    entries.push_back("entry " + std::to_string(n));
    tree.append(sha, entries.back());
    ASSERT_EQ(tree.root(sha), mth(sha, entries, 0, n)) << n;
    auto restored = MerkleTree::restore(tree.size(), tree.peaks());
    ASSERT_TRUE(restored);
    tree = *restored;
  }
  EXPECT_FALSE(MerkleTree::restore(3, {Hash{}}));
}

TEST(Merkle, ATreeThatOnlyCountedHasNoRootInsteadOfAWrongOne) {
  Sha256 sha;
  MerkleTree tree;
  ASSERT_TRUE(tree.root(sha)) << "an empty tree has the one that the standard gives it";
  tree.count();
  EXPECT_FALSE(tree.root(sha)) << "not the empty tree's";
  for (int i = 0; i < 5; ++i) {
    tree.append(sha, "entry");  // of 1, 3 and 5 entries the joints are missing
    EXPECT_FALSE(tree.root(sha)) << i;
  }
  EXPECT_EQ(tree.size(), 6U);
  MerkleTree grown;
  grown.append(sha, "entry");
  ASSERT_TRUE(grown.root(sha));
  grown.count();
  grown.append(sha, "entry");
  EXPECT_FALSE(grown.root(sha));
  EXPECT_EQ(grown.size(), 3U);
}

TEST(Digest, ReadsOnlyLowerCaseHexOfTheRightLength) {
  const std::string good(64, 'a');
  EXPECT_TRUE(hash_from_hex(good));
  EXPECT_EQ(to_hex(view(*hash_from_hex(good))), good);
  EXPECT_FALSE(hash_from_hex(std::string(64, 'A')));
  EXPECT_FALSE(hash_from_hex(std::string(63, 'a')));
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace sekisho::audit
