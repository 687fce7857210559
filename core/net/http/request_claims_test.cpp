#include <sekisho/sdk/path/http.hpp>

#include <gtest/gtest.h>

#include <string>

namespace sekisho {
namespace {

HttpRequest with(std::string name, std::string value) {
  HttpRequest out;
  out.fields.emplace_back(std::move(name), std::move(value));
  return out;
}

TEST(RequestClaims, TakeTheFirstLanguageThatIsSpokenHere) {
  const std::pair<const char*, const char*> cases[] = {
      {"ja", "ja"}, {"en", "en"},      {"en-GB,ja;q=0.9", "en"}, {"fr, JA-jp ; q=0.1, en", "ja"}, {"fr,de;q=0.5", "xx"},
      {"", "xx"},   {",,;q=1,", "xx"}, {"english", "xx"},        {"j,e,ja2,en_US", "xx"},         {"*", "xx"},
  };
  for (const auto& [value, wanted] : cases) {
    EXPECT_EQ(accepted_language(with("accept-language", value), "xx"), wanted) << value;
  }
  EXPECT_EQ(accepted_language(HttpRequest{}, "ja"), "ja");
}

TEST(RequestClaims, KeepAPrintableUserAgentOnly) {
  EXPECT_EQ(printable_user_agent(with("user-agent", "Mozilla/5.0 (x)")), "Mozilla/5.0 (x)");
  EXPECT_EQ(printable_user_agent(with("user-agent", std::string(512, 'a'))).size(), 512u);
  EXPECT_EQ(printable_user_agent(with("user-agent", std::string(513, 'a'))), "");
  EXPECT_EQ(printable_user_agent(with("user-agent", "a\tb")), "");
  EXPECT_EQ(printable_user_agent(with("user-agent", "端末")), "");
  EXPECT_EQ(printable_user_agent(HttpRequest{}), "");
}

}  // namespace
}  // namespace sekisho
