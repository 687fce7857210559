#include <sekisho/sdk/path/page_forms.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::pages {
namespace {

class OneByte final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{1}); }
};

HttpRequest with(std::vector<std::pair<std::string, std::string>> fields) {
  HttpRequest out;
  out.fields = std::move(fields);
  return out;
}

const std::string kOne(kCookieSize, 'a'), kTwo(kCookieSize, 'b');

TEST(PageForms, ACookieCountsOnceAndInItsShapeAlone) {
  EXPECT_EQ(token_cookie(with({{"cookie", "x=1; __Host-page=" + kOne + " ;y"}}), "__Host-page"), kOne);
  EXPECT_EQ(token_cookie(with({{"cookie", "__Host-page=" + kOne + "; __Host-page=" + kTwo}}), "__Host-page"), "");
  EXPECT_EQ(token_cookie(with({{"cookie", "__Host-page=" + kOne + "a"}}), "__Host-page"), "");
  EXPECT_EQ(token_cookie(with({{"cookie", "__Host-page=" + kOne.substr(1) + "/"}}), "__Host-page"), "");
  EXPECT_EQ(token_cookie(with({{"cookie", "__Host-pages=" + kOne}}), "__Host-page"), "");
  EXPECT_EQ(token_cookie(with({}), "__Host-page"), "");
  EXPECT_EQ(cookie_value(with({{"cookie", "a=b=c"}}), "a"), "b=c");
  EXPECT_EQ(set_cookie("__Host-a", "b"), "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(drop_cookie("__Host-a"), "__Host-a=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
  OneByte entropy;
  EXPECT_EQ(new_cookie(entropy).size(), kCookieSize);
  EXPECT_TRUE(is_base64url(new_cookie(entropy)));
}

TEST(PageForms, ATokenFitsItsCookieKindAndHandleAlone) {
  const std::string token = page_token(kOne, "code", "h1");
  EXPECT_EQ(token.size(), kCookieSize);
  EXPECT_TRUE(token_fits(token, kOne, "code", "h1"));
  EXPECT_FALSE(token_fits(token, kTwo, "code", "h1"));
  EXPECT_FALSE(token_fits(token, kOne, "password", "h1"));
  EXPECT_FALSE(token_fits(token, kOne, "code", "h2"));
  EXPECT_FALSE(token_fits(page_token("", "code", "h1"), "", "code", "h1")) << "no cookie fits nothing";
  EXPECT_NE(page_token(kOne, "ab", "c"), page_token(kOne, "a", "bc")) << "no two lists of parts make the same bytes";
}

TEST(PageForms, OnlyOurOwnOriginCounts) {
  const auto from = [](const char* origin) { return with({{"host", "gate.test:8443"}, {"origin", origin}}); };
  EXPECT_TRUE(same_origin(from("https://gate.test:8443"), {}));
  EXPECT_TRUE(same_origin(from("https://10.0.0.1"), "https://10.0.0.1"));
  for (const char* other : {"https://gate.test", "http://gate.test:8443", "null", "", "https://gate.test:8443/"}) {
    EXPECT_FALSE(same_origin(from(other), {})) << other;
  }
  EXPECT_FALSE(same_origin(with({{"host", "gate.test"}}), {}));
  EXPECT_FALSE(same_origin(from("https://gate.test:8443"), "https://10.0.0.1")) << "Host decides nothing then";
}

TEST(PageForms, ABrowserThatSpeaksOfAnotherSiteIsBelieved) {
  const auto from = [](std::vector<std::pair<std::string, std::string>> more) {
    more.emplace_back("host", "gate.test");
    return with(std::move(more));
  };
  EXPECT_FALSE(from_other_site(from({}), {})) << "a program says neither";
  EXPECT_FALSE(from_other_site(from({{"origin", "https://gate.test"}, {"sec-fetch-site", "same-origin"}}), {}));
  EXPECT_TRUE(from_other_site(from({{"origin", "https://evil.test"}}), {}));
  for (const char* site : {"cross-site", "same-site", "none", "", "Same-Origin"}) {
    EXPECT_TRUE(from_other_site(from({{"sec-fetch-site", site}}), {})) << site;
    EXPECT_FALSE(same_origin(from({{"origin", "https://gate.test"}, {"sec-fetch-site", site}}), {})) << site;
  }
  EXPECT_TRUE(from_other_site(from({{"sec-fetch-site", "same-origin"}, {"sec-fetch-site", "cross-site"}}), {}));
}

TEST(PageForms, FieldsAreReadOnceAndInTheirShape) {
  const auto pairs = FormPairs::read("a=1&b=%41+");
  ASSERT_TRUE(pairs);
  EXPECT_EQ(pairs->value("a"), "1");
  EXPECT_EQ(pairs->value("b"), "A ");
  EXPECT_EQ(pairs->value("c"), "");
  EXPECT_FALSE(FormPairs::read("a=1&a=2"));
  EXPECT_TRUE(handle_shape("Handle-1_"));
  EXPECT_FALSE(handle_shape(""));
  EXPECT_FALSE(handle_shape("a/b"));
  EXPECT_FALSE(handle_shape(std::string(32, 'a')));
  EXPECT_TRUE(field_shape("totp"));
  for (const char* taken : {"", "login", "token", "handle", "field", "lang", "client", "realm", "handover", "Code"}) {
    EXPECT_FALSE(field_shape(taken)) << taken;
  }
  EXPECT_FALSE(field_shape(std::string(33, 'a')));
  EXPECT_EQ(small_number("1800000000"), 1'800'000'000);
  for (const char* odd : {"", "-1", "1.5", "18000000000", "x"}) EXPECT_EQ(small_number(odd), 0) << odd;
}

TEST(PageForms, AMediaTypeIsComparedWithoutItsParameters) {
  const auto type = [](const char* text) { return with({{"content-type", text}}); };
  EXPECT_TRUE(media_type_is(type("Application/JSON ; charset=utf-8"), "application/json"));
  EXPECT_FALSE(media_type_is(type("application/json+x"), "application/json"));
  EXPECT_FALSE(media_type_is(with({}), "application/json"));
}

}  // namespace
}  // namespace sekisho::pages
