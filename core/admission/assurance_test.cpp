#include "admission/assurance.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sekisho::admission {
namespace {

class Weighted final : public Authenticator {
 public:
  Weighted(std::string_view factor, unsigned weight) : factor_(factor), weight_(weight) {}
  std::string_view factor() const override { return factor_; }
  unsigned weight() const override { return weight_; }
  AuthStep step(AuthRequest) override { return {}; }

 private:
  std::string_view factor_;
  unsigned weight_;
};

struct AssuranceTest : testing::Test {
  Weighted certificate{"certificate", 1}, password{"password", 1}, code{"code", 0}, totp{"totp", 1};
  std::map<std::string, Authenticator*> all{
      {"certificate", &certificate}, {"password", &password}, {"code", &code}, {"totp", &totp}};
  std::string fault(const std::vector<std::string>& factors, unsigned wanted = 2) {
    const auto end = assurance_fault(factors, all, wanted);
    return end ? end->code : "none";
  }
};

TEST_F(AssuranceTest, CountsTheMailedCodeAsNothing) {
  EXPECT_EQ(fault({"certificate", "password", "code"}), "none");
  EXPECT_EQ(fault({"certificate", "password"}), "none");
  EXPECT_EQ(fault({"password", "code"}), "assurance.too_few");
  EXPECT_EQ(fault({"certificate", "code"}), "assurance.too_few");
  EXPECT_EQ(fault({"code"}), "assurance.too_few");
  EXPECT_EQ(fault({"code"}, 1), "assurance.too_few");
  EXPECT_EQ(fault({"password", "code"}, 1), "none");
}

TEST_F(AssuranceTest, CountsTheAppsCodeAsAFactor) {
  EXPECT_EQ(fault({"password", "totp"}), "none");
  EXPECT_EQ(fault({"totp", "code"}), "assurance.too_few");
  EXPECT_EQ(fault({"certificate", "password", "totp"}, 3), "none");
  EXPECT_EQ(fault({"certificate", "password", "totp", "code"}, 4), "assurance.too_few");
}

TEST_F(AssuranceTest, ExplainsWhatCountsWhatInBothLanguages) {
  const Text why = assurance_fault({"password", "code"}, all, 2)->why;
  for (const char* words : {"demands 2 factors", "worth 1", "password counts 1", "code counts 0", "no factor"}) {
    EXPECT_NE(why.en.find(words), std::string::npos) << words << " in " << why.en;
  }
  for (const char* words : {"2要素を求め", "1要素にしか", "passwordは1", "codeは0", "要素に数えません"}) {
    EXPECT_NE(why.ja.find(words), std::string::npos) << words << " in " << why.ja;
  }
  const Text without = assurance_fault({"password"}, all, 2)->why;
  EXPECT_EQ(without.en.find("mail"), std::string::npos) << without.en;
}

TEST_F(AssuranceTest, RefusesPoliciesThatCannotBeMeant) {
  EXPECT_EQ(fault({}), "assurance.no_factors");
  EXPECT_EQ(fault({"password", "password"}), "assurance.duplicate_factor");
  EXPECT_EQ(fault({"certificate", "otp"}), "assurance.unknown_factor");
}

}  // namespace
}  // namespace sekisho::admission
