#include "run/password_hash/password_hash.hpp"

#include <gtest/gtest.h>

namespace sekisho::run {
namespace {

struct CountingEntropy final : Entropy {
  void fill(std::span<std::byte> out) override {
    for (auto& byte : out) byte = static_cast<std::byte>(next++);
  }
  unsigned next = 1;
};

TEST(PasswordHash, VerifiesItsOwnAndRefusesAnother) {
  CountingEntropy entropy;
  const auto hash = hash_password(Secret("quiet river under cedar"), entropy, {});
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_TRUE(*verify_password(*hash, Secret("quiet river under cedar")));
  EXPECT_FALSE(*verify_password(*hash, Secret("quiet river under cedaR")));
  EXPECT_FALSE(needs_rehash(*hash, {}));
  EXPECT_TRUE(needs_rehash(*hash, {128 * 1024, 2, 1}));
}

TEST(PasswordHash, FullWidthAndHalfWidthSpellingsAreOnePassword) {
  CountingEntropy entropy;
  const auto hash = hash_password(Secret("ｐａｓｓ森川ｶﾞｷﾞ"), entropy, kFloor);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(*verify_password(*hash, Secret("pass森川ガギ")));
}

TEST(PasswordHash, TakesNoWeakProfileAndNoForeignHash) {
  CountingEntropy entropy;
  EXPECT_FALSE(hash_password(Secret("x"), entropy, {1024, 1, 1}));
  for (const char* bad :
       {"", "plain", "$argon2i$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=65536,t=99,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ"}) {
    EXPECT_FALSE(verify_password(bad, Secret("x"))) << bad;
  }
}

TEST(NewPassword, LengthIsCountedInCharacters) {
  EXPECT_TRUE(check_new_password(Secret("森川谷山海空道橋"), {}));
  EXPECT_EQ(check_new_password(Secret("森川谷山海空道"), {}).error().code, "password.too_short");
  EXPECT_EQ(check_new_password(Secret("correct horse"), {.with_certificate = false, .words = {}}).error().code,
            "password.too_short");
  EXPECT_TRUE(check_new_password(Secret("correct horse battery"), {.with_certificate = false, .words = {}}));
  EXPECT_EQ(check_new_password(Secret(std::string(513, 'x')), {}).error().code, "password.too_long");
}

TEST(NewPassword, CommonOnesAndTheOwnNameAreRefused) {
  for (const char* bad :
       {"Password123!", "PASSWORD", "qwertyuiop", "12345678", "aaaaaaaaaa", "abcdefgh", "87654321", "welcome2026"}) {
    EXPECT_EQ(check_new_password(Secret(bad), {}).error().code, "password.common") << bad;
  }
  EXPECT_EQ(
      check_new_password(Secret("mori-kogyo2026"), {.with_certificate = true, .words = {"mori-kogyo"}}).error().code,
      "password.context");
  EXPECT_TRUE(check_new_password(Secret("quiet river under cedar 12"), {.with_certificate = true, .words = {"mori"}}));
  EXPECT_EQ(check_new_password(Secret("\xff\xfe\xff\xfe\xff\xfe\xff\xfe"), {}).error().code, "password.not_text");
}

}  // namespace
}  // namespace sekisho::run
