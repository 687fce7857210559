#include "net/http/strict_head.hpp"
#include "net/http/testing/attack_lists.hpp"

#include <sekisho/sdk/path/http.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sekisho {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

struct Outcome {
  std::vector<HttpRequest> requests;
  std::optional<HttpRefusal> refusal;
  std::size_t consumed = 0;
};
/// Feeds `wire` in pieces of `step` bytes until it is used up or refused.
Outcome run(std::string_view wire, std::size_t step, HttpLimits limits = {}) {
  HttpRequestParser parser(limits);
  Outcome outcome;
  std::size_t at = 0;
  while (at < wire.size()) {
    std::string_view piece = wire.substr(at, step);
    while (!piece.empty()) {
      auto progress = parser.feed(bytes_of(piece));
      outcome.consumed += progress.consumed;
      if (progress.request) outcome.requests.push_back(std::move(*progress.request));
      if (progress.refusal) {
        outcome.refusal = progress.refusal;
        return outcome;
      }
      if (progress.consumed == 0) return outcome;
      at += progress.consumed;
      piece.remove_prefix(progress.consumed);
    }
  }
  return outcome;
}
std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: vpn.test\r\n" + std::string(fields) + "\r\n";
}

constexpr std::string_view kSecond = "GET /second HTTP/1.1\r\nHost: vpn.test\r\n\r\n";

TEST(HttpRequestParser, RefusesEveryBadVectorInPiecesOfAnySize) {
  const auto vectors = http::testing::attack_requests();
  EXPECT_GE(vectors.size(), 60u);
  for (const auto& vector : vectors) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
      const Outcome outcome = run(vector.wire + std::string(kSecond), step);
      ASSERT_TRUE(outcome.refusal) << vector.name << " step " << step;
      EXPECT_EQ(outcome.refusal->status, vector.status) << vector.name << ": " << outcome.refusal->detail;
      EXPECT_TRUE(outcome.requests.empty()) << vector.name;
    }
  }
}

TEST(HttpRequestParser, TakesNoByteAfterARefusal) {
  HttpRequestParser parser;
  ASSERT_TRUE(parser.feed(bytes_of("\n")).refusal);
  const auto later = parser.feed(bytes_of(kSecond));
  EXPECT_TRUE(later.refusal);
  EXPECT_EQ(later.consumed, 0u);
  EXPECT_FALSE(later.request);
}

// T-01: spellings of a path that other products decoded after they had routed.
TEST(HttpRequestParser, RefusesEverySpellingOfTraversal) {
  const auto spellings = http::testing::attack_paths();
  EXPECT_GE(spellings.size(), 60u);
  for (const auto& spelling : spellings) {
    const Outcome outcome = run(get(spelling), 4096);
    ASSERT_TRUE(outcome.refusal) << spelling;
    EXPECT_EQ(outcome.refusal->status, 400) << spelling;
  }
}

// T-06: one character class filling the head.
TEST(HttpRequestParser, SurvivesEightKibOfOneByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string fill(8192, static_cast<char>(byte));
    EXPECT_TRUE(run(fill + "\r\n\r\n", 1000).refusal) << byte;
    EXPECT_TRUE(run(get("/", "X: " + fill + "\r\n"), 1000).refusal) << byte;
    EXPECT_TRUE(run(get("/", fill + ": x\r\n"), 1000).refusal) << byte;
    EXPECT_TRUE(run(get("/" + fill), 1000).refusal) << byte;
  }
}

TEST(HttpRequestParser, ReadsWhatOpenconnectSends) {
  const std::string body = "username=taro&credential=p%26ss&realm=&ajax=1&just_logged_in=1";
  const std::string wire =
      "POST /remote/logincheck HTTP/1.1\r\nHost: vpn.test\r\nUser-Agent: Mozilla/5.0 SV1\r\n"
      "X-Pad: 0000000000000000\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  for (std::size_t step = 1; step <= wire.size(); step += 13) {
    const Outcome outcome = run(wire, step);
    ASSERT_FALSE(outcome.refusal) << outcome.refusal->detail;
    ASSERT_EQ(outcome.requests.size(), 1u);
    const HttpRequest& request = outcome.requests[0];
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/remote/logincheck");
    EXPECT_EQ(request.field("user-agent"), "Mozilla/5.0 SV1");
    EXPECT_EQ(request.body, body);
    EXPECT_TRUE(request.keep_alive);
    EXPECT_EQ(outcome.consumed, wire.size());
  }
}

TEST(HttpRequestParser, ReadsWhatOpenfortivpnSends) {
  const Outcome outcome =
      run("GET /remote/fortisslvpn_xml?dual_stack=1 HTTP/1.1\r\nHost: vpn.test:443\r\n"
          "User-Agent: Mozilla/5.0 SV1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n"
          "Pragma: no-cache\r\nCache-Control: no-store, no-cache, must-revalidate\r\n"
          "If-Modified-Since: Sat, 1 Jan 2000 00:00:00 GMT\r\n"
          "Content-Type: application/x-www-form-urlencoded\r\nCookie: \r\nContent-Length: 0\r\n\r\n",
          4096);
  ASSERT_FALSE(outcome.refusal) << outcome.refusal->detail;
  ASSERT_EQ(outcome.requests.size(), 1u);
  EXPECT_EQ(outcome.requests[0].path, "/remote/fortisslvpn_xml");
  EXPECT_EQ(outcome.requests[0].query, "dual_stack=1");
  EXPECT_EQ(outcome.requests[0].field("cookie"), "");
}

TEST(HttpRequestParser, ReadsAGetWithAFormAsBody) {
  const Outcome outcome = run("GET /remote/login HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\ncert=&nup=", 4096);
  ASSERT_EQ(outcome.requests.size(), 1u);
  EXPECT_EQ(outcome.requests[0].body, "cert=&nup=");
}

TEST(HttpRequestParser, LeavesTunnelBytesBehindTheRequestAlone) {
  HttpRequestParser parser;
  const std::string request = "GET /remote/sslvpn-tunnel HTTP/1.1\r\nHost: sslvpn\r\nCookie: SVPNCOOKIE=x\r\n\r\n";
  const std::string frames("\x00\x18PP\x00\x12\xff\x03", 8);
  const auto progress = parser.feed(bytes_of(request + frames));
  ASSERT_TRUE(progress.request);
  EXPECT_EQ(progress.consumed, request.size());
  EXPECT_FALSE(parser.in_request());
}

TEST(HttpRequestParser, SplitsRequestsThatArriveTogether) {
  const std::string post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGET";
  const Outcome outcome = run(post + std::string(kSecond), 1000);
  ASSERT_EQ(outcome.requests.size(), 2u);
  EXPECT_EQ(outcome.requests[0].body, "GET");
  EXPECT_EQ(outcome.requests[1].path, "/second");
}

TEST(HttpRequestParser, KnowsWhenARequestHasBegun) {
  HttpRequestParser parser;
  EXPECT_FALSE(parser.in_request());
  EXPECT_FALSE(parser.feed(bytes_of("G")).request);
  EXPECT_TRUE(parser.in_request());
  EXPECT_FALSE(parser.in_body());
  EXPECT_FALSE(parser.feed(bytes_of("ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")).request);
  EXPECT_TRUE(parser.in_request());
  EXPECT_TRUE(parser.in_body());
  EXPECT_TRUE(parser.feed(bytes_of("x")).request);
  EXPECT_FALSE(parser.in_request());
  EXPECT_FALSE(parser.in_body());
}

TEST(HttpRequestParser, AcceptsWhatLiesExactlyOnTheLimits) {
  EXPECT_EQ(run(get("/" + std::string(4096 - 14, 'a')), 512).requests.size(), 1u);
  const std::string rest = get("/", "X: \r\n");
  EXPECT_EQ(run(get("/", "X: " + std::string(8192 - rest.size(), 'a') + "\r\n"), 512).requests.size(), 1u);
  std::string many;
  for (int i = 0; i < 63; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(run(get("/", many), 512).requests.size(), 1u);
  const std::string body(8192, 'b');
  EXPECT_EQ(run("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n" + body, 512).requests.at(0).body, body);
}

TEST(HttpRequestParser, AcceptsTheOwnHostInAbsoluteForm) {
  const Outcome outcome = run(get("HTTPS://VPN.test/remote/login?realm=a"), 512);
  ASSERT_EQ(outcome.requests.size(), 1u);
  EXPECT_EQ(outcome.requests[0].path, "/remote/login");
  EXPECT_EQ(outcome.requests[0].query, "realm=a");
}

TEST(HttpRequestParser, ClosesWhenThePeerWantsIt) {
  EXPECT_FALSE(run(get("/", "Connection: close\r\n"), 512).requests.at(0).keep_alive);
  EXPECT_FALSE(run(get("/", "Connection: Upgrade, Close\r\n"), 512).requests.at(0).keep_alive);
  EXPECT_TRUE(run(get("/", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), 512).requests.at(0).keep_alive);
}

TEST(HttpRequest, AnswersNothingForAFieldThatOccursTwice) {
  const auto request = run(get("/", "X-A: 1\r\nx-a: 2\r\nX-B: 3\r\n"), 512).requests.at(0);
  EXPECT_EQ(request.field("x-a"), "");
  EXPECT_EQ(request.field("x-b"), "3");
  EXPECT_EQ(request.field("x-c"), "");
}

TEST(AcceptableHost, KnowsNamesAddressesAndPorts) {
  for (const char* good : {"a", "vpn.test", "vpn.test:443", "10.0.0.1:65535", "[::1]", "[2001:db8::1]:1", "sslvpn"})
    EXPECT_TRUE(http::acceptable_host(good)) << good;
  for (const char* bad : {"", ":443", "[", "[]", "[::1", "[::1]x", "[::1]:", "a:b", "a b", "a%62", "a:123456"})
    EXPECT_FALSE(http::acceptable_host(bad)) << bad;
}

TEST(AcceptableQuery, TakesEscapesButNoEscapedControl) {
  for (const char* good : {"", "a=b&c=%e3%81%82", "x=%2f..", "redirect=1&realm="})
    EXPECT_TRUE(http::acceptable_query(good)) << good;
  for (const char* bad : {"%", "%a", "%zz", "a=%00", "a=%0d%0a", "a=%7f", "a#b", "a\\b", "a\"b"})
    EXPECT_FALSE(http::acceptable_query(bad)) << bad;
}

}  // namespace
}  // namespace sekisho
