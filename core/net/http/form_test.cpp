#include <sekisho/sdk/path/http.hpp>

#include <gtest/gtest.h>

namespace sekisho {
namespace {

TEST(ParseForm, ReadsWhatTheClientsPost) {
  const auto form = parse_form("username=taro&credential=p%26ss%20w0rd&realm=&ajax=1");
  ASSERT_TRUE(form);
  ASSERT_EQ(form->size(), 4u);
  EXPECT_EQ((*form)[1].second, "p&ss w0rd");
  EXPECT_EQ((*form)[2].second, "");
}
TEST(ParseForm, DecodesExactlyOnce) {
  EXPECT_EQ(parse_form("a=%2541").value().at(0).second, "%41");
}
TEST(ParseForm, ReadsPlusAsSpaceAndJapanese) {
  EXPECT_EQ(parse_form("a=x+y%2Bz").value().at(0).second, "x y+z");
  EXPECT_EQ(parse_form("a=%E9%96%A2%e6%89%80").value().at(0).second, "関所");
}
TEST(ParseForm, TakesAnEmptyBodyAndANameAlone) {
  EXPECT_TRUE(parse_form("").value().empty());
  EXPECT_EQ(parse_form("a").value().at(0).second, "");
  EXPECT_EQ(parse_form("a=b=c").value().at(0).second, "b=c");
}
TEST(ParseForm, RefusesBrokenEscapes) {
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=%u0041", "%=a", "a=% 1"}) EXPECT_FALSE(parse_form(bad)) << bad;
}
TEST(ParseForm, RefusesNamesThatOccurTwice) {
  EXPECT_FALSE(parse_form("a=1&a=2"));
  EXPECT_FALSE(parse_form("a=1&%61=1"));
  EXPECT_TRUE(parse_form("a=1&A=1"));
}
TEST(ParseForm, RefusesEmptyPairsAndNames) {
  for (const char* bad : {"&", "a=1&", "&a=1", "a=1&&b=2", "=1"}) EXPECT_FALSE(parse_form(bad)) << bad;
}
TEST(ParseForm, RefusesNulAndBadUtf8) {
  for (const char* bad : {"a=%00", "%00=a", "a=%80", "a=%c0%af", "a=%c1%81", "a=%e0%80%80", "a=%ed%a0%80",
                          "a=%f0%80%80%80", "a=%f4%90%80%80", "a=%f5%80%80%80", "a=%e3%81", "a=\xff"})
    EXPECT_FALSE(parse_form(bad)) << bad;
  EXPECT_TRUE(parse_form("a=%f4%8f%bf%bf&b=%ed%9f%bf&c=%ee%80%80"));
}
TEST(ParseForm, TakesThirtyTwoPairsAndNoMore) {
  std::string body;
  for (int i = 0; i < 32; ++i) body += (i ? "&n" : "n") + std::to_string(i) + "=v";
  EXPECT_EQ(parse_form(body).value().size(), 32u);
  EXPECT_FALSE(parse_form(body + "&n32=v"));
}

}  // namespace
}  // namespace sekisho
