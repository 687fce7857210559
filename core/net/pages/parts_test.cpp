#include <sekisho/sdk/path/page_parts.hpp>
#include <sekisho/sdk/path/page_style.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::pages {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Instant kNow = Instant(std::chrono::seconds(1'800'000'000));

TEST(PageWords, FillTheBlanksInOrder) {
  EXPECT_EQ(say(Common::resend_wait, Language::en, {"7", "12:00:00"}),
            "You can ask for another code in 7 s (from 12:00:00).");
  EXPECT_EQ(say(Common::resend_wait, Language::ja, {"7"}), "あと7秒で再送できます（{}以降）。");
}

TEST(PageWords, AreJapaneseAndEnglish) {
  const auto ascii = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  };
  for (const auto& words : kCommonWords) {
    // Names of languages stand in their own language.
    if (words.say == Common::japanese || words.say == Common::english) continue;
    EXPECT_TRUE(ascii(words.en)) << words.en;
    EXPECT_TRUE(words.en == "ID" || !ascii(words.ja)) << words.ja;
  }
}

enum class Two : std::uint8_t { first, second, count_ };

TEST(PageWords, ATableWithoutAWordOrWithOtherBlanksIsNotComplete) {
  using Table = std::array<Words<Two>, 2>;
  EXPECT_TRUE(complete(Table{{{Two::first, "い{}", "a{}"}, {Two::second, "ろ", "b"}}}));
  EXPECT_FALSE(complete(Table{{{Two::first, "い{}", "a"}, {Two::second, "ろ", "b"}}}));
  EXPECT_FALSE(complete(Table{{{Two::first, "い", ""}, {Two::second, "ろ", "b"}}}));
  EXPECT_FALSE(complete(Table{{{Two::second, "い", "a"}, {Two::first, "ろ", "b"}}}));
  EXPECT_FALSE(complete(Table{{{Two::first, "い", "a"}}}));
}

TEST(PageParts, ShowJapansTime) {
  EXPECT_EQ(clock_in_japan(0), "09:00:00");
  EXPECT_EQ(clock_in_japan(86399), "08:59:59");
  EXPECT_EQ(clock_in_japan(15 * 3600), "00:00:00");
}

TEST(PageParts, AFieldNamesItsErrorAndItsHint) {
  const auto field_of = [](std::string_view hint, std::string_view error) {
    Html out;
    field(out, Language::en, {"code", "<Code>", hint, error, "type=\"text\"", "1\"2"});
    return std::move(out).str();
  };
  const std::string plain = field_of({}, {});
  EXPECT_THAT(plain, HasSubstr("<label for=\"code\">&lt;Code&gt;</label>"));
  EXPECT_THAT(plain, HasSubstr("type=\"text\" value=\"1&quot;2\">"));
  EXPECT_THAT(plain, Not(HasSubstr("aria-")));
  EXPECT_THAT(field_of("h", {}), HasSubstr("aria-describedby=\"hint\""));
  const std::string wrong = field_of("h", "<no>");
  EXPECT_THAT(wrong, HasSubstr("<strong>Error: </strong>&lt;no&gt;"));
  EXPECT_THAT(wrong, HasSubstr("aria-invalid=\"true\" aria-describedby=\"error hint\""));
  Html summary;
  error_summary(summary, Language::en, "code", {});
  EXPECT_EQ(summary.str(), "");
  error_summary(summary, Language::en, "code", "no");
  EXPECT_THAT(summary.str(), HasSubstr("<a href=\"#code\">no</a>"));
}

TEST(PageParts, TheFormForAnotherCodeSaysHowLongToWait) {
  Html fields;
  hidden(fields, "handle", "h");
  const auto form = [&](std::int64_t at) {
    Html out;
    resend_form(out, Language::en, {"/resend", fields, at}, kNow);
    return std::move(out).str();
  };
  EXPECT_THAT(form(seconds_of(kNow) + 40), HasSubstr("in 40 s (from " + clock_in_japan(seconds_of(kNow) + 40)));
  EXPECT_THAT(form(seconds_of(kNow)), Not(HasSubstr("resend-wait")));
  EXPECT_THAT(form(0), HasSubstr("action=\"/resend\">\n<input type=\"hidden\" name=\"handle\" value=\"h\">"));
}

TEST(PageParts, ARefusalStandsInBothLanguagesTheReadersFirst) {
  const Refusal refusal{"R09", "browser.too_old", {"何", "what"}, {"理由は", "why"}, {"対処は", "remedy"}};
  for (const Language language : {Language::ja, Language::en}) {
    const std::string page = refusal_page({language, "S", "/s.css"}, refusal, {"/again", "again"}).str();
    EXPECT_EQ(page.find("理由は") < page.find("<dd>why</dd>"), language == Language::ja);
    EXPECT_THAT(page, HasSubstr("<code>R09 browser.too_old</code>"));
    EXPECT_THAT(page, HasSubstr("<a href=\"/again\">again</a>"));
  }
  EXPECT_THAT(refusal_page({}, refusal, {}).str(), Not(HasSubstr("class=\"again\"")));
}

TEST(PageParts, ARequestThatNobodyCouldReadIsNamedByItsStatus) {
  EXPECT_EQ(words_for_broken(405).title, Common::method_title);
  for (const std::uint16_t status : {413, 414, 431}) EXPECT_EQ(words_for_broken(status).title, Common::too_large_title);
  EXPECT_EQ(words_for_broken(400).title, Common::broken_title);
}

TEST(PageStyle, ComesUnderANameOfItsBytesAndMayBeKept) {
  EXPECT_THAT(style_path("/style-"), ::testing::MatchesRegex("/style-[0-9a-f]{16}.css"));
  EXPECT_EQ(style_path("/a/").substr(3), style_path("/b/").substr(3));
  const HttpResponse sheet = style_sheet();
  EXPECT_EQ(sheet.content_type, "text/css; charset=utf-8");
  EXPECT_GT(sheet.cache_s, 0U);
  EXPECT_THAT(sheet.body, HasSubstr("--key:"));
}

}  // namespace
}  // namespace sekisho::pages
