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
  Weighted certificate{"certificate", 1}, password{"password", 1}, code{"code", 0};
  std::map<std::string, Authenticator*> all{{"certificate", &certificate}, {"password", &password}, {"code", &code}};
  std::string error_of(const std::vector<std::string>& factors) {
    const auto end = assurance(factors, all);
    return end ? "ok " + std::to_string(end.value()) : end.error().code;
  }
};

TEST_F(AssuranceTest, CountsTheMailedCodeAsNothing) {
  EXPECT_EQ(error_of({"certificate", "password", "code"}), "ok 2");
  EXPECT_EQ(error_of({"certificate", "password"}), "ok 2");
  EXPECT_EQ(error_of({"password", "code"}), "assurance.too_few");
  EXPECT_EQ(error_of({"certificate", "code"}), "assurance.too_few");
  EXPECT_EQ(error_of({"code"}), "assurance.too_few");
  const auto end = assurance({"password", "code"}, all);
  EXPECT_NE(end.error().detail.find("code counts 0"), std::string::npos) << end.error().detail;
}

TEST_F(AssuranceTest, RefusesPoliciesThatCannotBeMeant) {
  EXPECT_EQ(error_of({}), "assurance.no_factors");
  EXPECT_EQ(error_of({"password", "password"}), "assurance.duplicate_factor");
  EXPECT_EQ(error_of({"certificate", "totp"}), "assurance.unknown_factor");
}

}  // namespace
}  // namespace sekisho::admission
