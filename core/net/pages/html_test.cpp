#include <sekisho/sdk/path/html.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho::pages {
namespace {

using ::testing::HasSubstr;

std::string escaped(std::string_view text) {
  Html out;
  out.text(text);
  return out.str();
}

TEST(Html, LetsNothingFromOutsideBecomeMarkup) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(escaped("a<b>&\"'c"), "a&lt;b&gt;&amp;&quot;&#39;c");
  EXPECT_EQ(escaped("関所 café 🚪"), "関所 café 🚪");
  EXPECT_EQ(escaped(std::string_view("a\0b\x1f\x7f\n", 6)), "a" + bad + "b" + bad + bad + bad);
  for (const char* broken : {"\x80", "\xc0\xbc", "\xc1\xbf", "\xe0\x80\xbc", "\xed\xa0\x80", "\xf0\x80\x80\xbc",
                             "\xf4\x90\x80\x80", "\xff", "\xe3\x81", "\xf5\x80\x80\x80"}) {
    EXPECT_THAT(escaped(std::string(broken) + "<"), ::testing::EndsWith("&lt;"));
    EXPECT_EQ(escaped(broken).find(broken), std::string::npos) << "broken UTF-8 does not pass";
  }
  for (const char* reordering : {"\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"}) {
    EXPECT_EQ(escaped(reordering), bad);
  }
  EXPECT_EQ(escaped("\u2026\u2065"), "\u2026\u2065") << "their neighbours stay";
}

TEST(Html, TakesMarkupFromLiteralsAndPartsAlone) {
  Html part;
  part.add("<b>").text("<b>").add("</b>");
  Html whole;
  whole.add("<p>").add(part).add("</p>");
  EXPECT_EQ(std::move(whole).str(), "<p><b>&lt;b&gt;</b></p>");
}

}  // namespace
}  // namespace sekisho::pages
