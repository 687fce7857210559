#include <sekisho/sdk/path/http.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Serialize, WritesTheStatusLinesThatClientsCompare) {
  EXPECT_THAT(serialize({.status = 200, .body = "ok"}), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(serialize({.status = 401}), StartsWith("HTTP/1.1 401 Authorization Required\r\n"));
  EXPECT_THAT(serialize({.status = 302, .fields = {{"Location", "/remote/login"}}}),
              StartsWith("HTTP/1.1 302 Found\r\n"));
  EXPECT_THAT(serialize({.status = 403}), StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_THAT(serialize({.status = 501}), StartsWith("HTTP/1.1 501 Not Implemented\r\n"));
}

TEST(Serialize, PutsTheFixedHeadersOnEveryAnswer) {
  for (const std::uint16_t status : {200, 302, 400, 403, 404, 405, 411, 413, 414, 431, 500, 501, 505}) {
    for (const bool page : {false, true}) {
      const std::string text = serialize({.status = status, .body = "x", .page = page});
      for (const char* header :
           {"\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains\r\n",
            "\r\nX-Content-Type-Options: nosniff\r\n",
            page ? "\r\nReferrer-Policy: same-origin\r\n" : "\r\nReferrer-Policy: no-referrer\r\n",
            "\r\nCross-Origin-Opener-Policy: same-origin\r\n", "\r\nCross-Origin-Resource-Policy: same-origin\r\n",
            "\r\nCache-Control: no-store\r\n", "\r\nContent-Security-Policy: default-src 'none'; ",
            "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "\r\nContent-Length: 1\r\n"})
        EXPECT_THAT(text, HasSubstr(header)) << status;
      EXPECT_THAT(text, EndsWith("\r\n\r\nx"));
      EXPECT_THAT(text, Not(HasSubstr("unsafe")));
      EXPECT_THAT(text, Not(HasSubstr("Server:")));
      EXPECT_THAT(text, Not(HasSubstr("ekisho")));
    }
  }
}

TEST(Serialize, LetsAPageLoadItsOwnFilesOnly) {
  EXPECT_THAT(serialize({.body = "x", .page = true, .scripts = true}), HasSubstr("img-src 'self' data:;"));
  EXPECT_THAT(serialize({.body = "x", .page = true, .scripts = true}), HasSubstr("script-src 'self'"));
  EXPECT_THAT(serialize({.body = "x", .page = true}), HasSubstr("style-src 'self'"));
  EXPECT_THAT(serialize({.body = "x", .page = true}), Not(HasSubstr("script-src")));
  EXPECT_THAT(serialize({.body = "x", .page = true}), Not(HasSubstr("data:")));
  EXPECT_THAT(serialize({.body = "x", .scripts = true}), Not(HasSubstr("script-src")));
}

TEST(Serialize, LetsAFileThatNeverChangesBeKeptAndNothingElse) {
  const std::string file = serialize({.body = "x", .cache_s = 86400});
  EXPECT_THAT(file, HasSubstr("\r\nCache-Control: public, max-age=86400, immutable\r\n"));
  EXPECT_THAT(file, Not(HasSubstr("no-store")));
  EXPECT_THAT(serialize({.body = "x", .page = true}), HasSubstr("\r\nCache-Control: no-store\r\n"));
}

TEST(Serialize, NeverLetsAValueSplitTheHead) {
  for (const char* bad : {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "\x7f", "\xe3\x81\x82"}) {
    const std::string text = serialize({.status = 302, .fields = {{"Location", bad}}});
    EXPECT_THAT(text, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(text, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(text, Not(HasSubstr(bad)));
  }
  EXPECT_THAT(serialize({.fields = {{"X Y", "z"}}}), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(serialize({.content_type = "text/plain\r\nX: y"}), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(serialize({.status = 99}), StartsWith("HTTP/1.1 500 "));
}

TEST(Serialize, GivesNoBodyWhereNoneMayStand) {
  const std::string text = serialize({.status = 204, .body = "x"});
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("Content-Length")));
}

TEST(Serialize, SaysWhenTheConnectionCloses) {
  EXPECT_THAT(serialize({.close = true}), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(serialize({}), Not(HasSubstr("Connection")));
}

}  // namespace
}  // namespace sekisho
