#include "browser_pages.hpp"

#include "routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace sekisho::fortinet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Instant kNow = Instant(std::chrono::seconds(1'800'000'000));

TEST(Texts, AreJapaneseAndEnglish) {
  for (const auto& words : kWords) {
    const auto ascii = [](std::string_view text) {
      return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
    };
    EXPECT_TRUE(ascii(words.en)) << words.en;
    EXPECT_TRUE(words.en == "ID" || !ascii(words.ja)) << words.ja;
  }
}

std::vector<std::string> every_page(Language language) {
  const PageFrame frame{language, false, {}, {}};
  const PageFrame client{language, true, "realm", "Name & co"};
  const Granted grant{Secret(std::string(43, 'c')), "S20261122-1-000042", SessionState::quarantine, 60};
  const Refusal refusal{"R09", "browser.too_old", {"何", "what"}, {"理由", "why"}, {"対処", "remedy"}};
  Question password{.handle = "h", .token = "t", .field = "password", .login = "mori"};
  Question code{.handle = "h", .token = "t", .field = "code", .resend_at = 1'800'000'060, .notice = "n"};
  Question wrong{.handle = "h", .token = "t", .field = "code", .error = "e"};
  Question totp{.handle = "h", .token = "t", .field = "totp", .prompt = "p"};
  std::vector<std::string> out;
  for (const HttpResponse& page :
       {id_page(frame, "t", "", ""), id_page(client, "t", "mori", "wrong"), question_page(frame, password, kNow),
        question_page(client, code, kNow), question_page(frame, wrong, kNow), question_page(frame, totp, kNow),
        done_page(frame, grant, "https://vpn.test", kNow), return_page(client, "61", 8020, 60, kNow),
        refusal_page(frame, refusal, true), not_found_page(frame, true), unavailable_page(frame), broken_page(405),
        broken_page(400), broken_page(431)}) {
    EXPECT_TRUE(page.page);
    EXPECT_LT(page.body.size(), 16384U) << "one record";
    out.push_back(page.body);
  }
  return out;
}

std::vector<std::string> all_of(const std::string& page, const std::string& pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> out;
  for (std::sregex_iterator it(page.begin(), page.end(), expression), end; it != end; ++it) out.push_back((*it)[1]);
  return out;
}

TEST(Pages, CanBeReadByEverybody) {
  for (const Language language : {Language::ja, Language::en}) {
    for (const std::string& page : every_page(language)) {
      SCOPED_TRACE(page.substr(0, 300));
      EXPECT_THAT(page, HasSubstr("<html lang=\""));
      EXPECT_THAT(page, HasSubstr("<meta name=\"viewport\" content=\"width=device-width\">"));
      EXPECT_EQ(all_of(page, "<(h1)>").size(), 1U);
      EXPECT_EQ(all_of(page, "<(main) ").size(), 1U);
      EXPECT_EQ(all_of(page, "<(title)>[^<]+</title>").size(), 1U);
      const auto ids = all_of(page, " id=\"([^\"]+)\"");
      const std::set<std::string> unique(ids.begin(), ids.end());
      EXPECT_EQ(unique.size(), ids.size()) << "an id stands twice";
      for (const std::string& pointer :
           all_of(page, "(?:for|href|aria-labelledby|aria-describedby)=\"#?([^\"/:]+)\"")) {
        std::istringstream names(pointer);
        for (std::string name; names >> name;) EXPECT_TRUE(unique.contains(name)) << name;
      }
      const auto labels = all_of(page, "<label for=\"([^\"]+)\">");
      for (const std::string& input : all_of(page, "<input (id=\"[^\"]+\"|class=\"value\")")) {
        EXPECT_FALSE(labels.empty()) << input;
      }
      EXPECT_THAT(page, Not(HasSubstr("<script")));
      EXPECT_THAT(page, HasSubstr("href=\"" + std::string(style_path()) + "\""));
    }
  }
}

TEST(Pages, LinkTheErrorToItsField) {
  const HttpResponse page = id_page({}, "t", "mori", "だめ");
  EXPECT_THAT(page.body, HasSubstr("tabindex=\"-1\" autofocus"));
  EXPECT_THAT(page.body, HasSubstr("<a href=\"#login\">だめ</a>"));
  EXPECT_THAT(page.body, HasSubstr("aria-invalid=\"true\" aria-describedby=\"error hint\""));
}

TEST(Pages, NameTheGateAsTheClientsWantIt) {
  const Granted grant{Secret(std::string(43, 'c')), "S", SessionState::quarantine, 60};
  const auto said = [&](std::string_view origin) { return done_page({}, grant, origin, kNow).body; };
  EXPECT_THAT(said("https://vpn.test"), HasSubstr("openfortivpn vpn.test:443 "));
  EXPECT_THAT(said("https://vpn.test:8443"), HasSubstr("openfortivpn vpn.test:8443 "));
  EXPECT_THAT(said("https://[2001:db8::1]"), HasSubstr("openfortivpn [2001:db8::1]:443 "));
  EXPECT_THAT(said("https://[2001:db8::1]:8443"), HasSubstr("openfortivpn [2001:db8::1]:8443 "));
}

TEST(Pages, SayWhichMethodsAreAllowed) {
  const std::string text = serialize(broken_page(405));
  EXPECT_THAT(text, HasSubstr("\r\nAllow: GET, POST\r\n"));
  EXPECT_THAT(serialize(broken_page(400)), Not(HasSubstr("Allow:")));
}

}  // namespace
}  // namespace sekisho::fortinet
