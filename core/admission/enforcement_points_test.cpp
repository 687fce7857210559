#include "admission/enforcement_points.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace sekisho::admission {
namespace {

namespace fs = std::filesystem;

TEST(EnforcementPoints, AreUniqueAndNamed) {
  std::set<std::string> seen;
  const std::regex rule("R(0[1-9]|1[0-9]|2[0-2])"), name("[a-z]+\\.[a-z_]+");
  for (const EnforcementPoint& point : enforcement_points()) {
    EXPECT_TRUE(std::regex_match(std::string(point.rule), rule)) << point.rule;
    EXPECT_TRUE(std::regex_match(std::string(point.name), name)) << point.name;
    EXPECT_TRUE(!point.where.empty() && fs::exists(fs::path(SEKISHO_SOURCE_DIR) / point.where)) << point.name;
    EXPECT_TRUE(seen.insert(std::string(point.rule) + "/" + std::string(point.name)).second) << point.name;
  }
  EXPECT_GT(seen.size(), 50u);
}

TEST(EnforcementPoints, StandBehindEveryCallInTheTree) {
  const std::regex call("enforce\\(\\s*(?:kRule|\"(R[0-9]{2})\")\\s*,\\s*\"([a-z_.]+)\"");
  const std::regex mark("// enforces (R[0-9]{2})/([a-z_.]+)");  // what `./dev mutate` goes by where no code is named
  const std::regex login_call("refused_by\\(\\s*\"([a-z_.]+)\"");
  std::size_t calls = 0, marks = 0;
  for (const char* folder : {"core", "plugins"}) {
    for (const auto& file : fs::recursive_directory_iterator(fs::path(SEKISHO_SOURCE_DIR) / folder)) {
      const std::string path = file.path().string();
      if (file.path().extension() != ".cpp" || path.ends_with("_test.cpp")) continue;
      std::ifstream in(file.path());
      std::stringstream text;
      text << in.rdbuf();
      const std::string source = text.str();
      for (std::sregex_iterator it(source.begin(), source.end(), call), end; it != end; ++it) {
        const std::string rule = (*it)[1].matched ? (*it)[1].str() : "R04";
        EXPECT_TRUE(is_enforcement_point(rule, (*it)[2].str())) << path << ": " << it->str();
        ++calls;
      }
      for (std::sregex_iterator it(source.begin(), source.end(), mark), end; it != end; ++it) {
        EXPECT_TRUE(is_enforcement_point((*it)[1].str(), (*it)[2].str())) << path << ": " << it->str();
        ++marks;
      }
      if (!path.ends_with("core/admission/login.cpp")) continue;
      for (std::sregex_iterator it(source.begin(), source.end(), login_call), end; it != end; ++it) {
        EXPECT_TRUE(is_enforcement_point("R04", (*it)[1].str())) << path << ": " << it->str();
        ++calls;
      }
    }
  }
  EXPECT_GE(calls, 10u) << "the pattern no longer finds the calls";
  EXPECT_GE(marks, 10u) << "nor the marks";
}

TEST(Enforce, AnswersWhetherTheRuleHolds) {
  EXPECT_TRUE(enforce("R04", "password.wrong", true));
  EXPECT_FALSE(enforce("R04", "password.wrong", false));
}

TEST(Enforce, AbortsOnARuleThatNoTableKnows) {
  EXPECT_DEATH((void)enforce("R04", "no.such_point", true), "stands in no table");
  EXPECT_DEATH((void)enforce("R05", "password.wrong", true), "stands in no table");
}

}  // namespace
}  // namespace sekisho::admission
