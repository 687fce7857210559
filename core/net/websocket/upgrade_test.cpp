#include "net/websocket/upgrade.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <string>
#include <vector>

namespace sekisho::websocket {
namespace {

const UpgradeRules kRules{.origin = "https://gate.example:10443", .path = "/console/screen"};
const std::string kTicket(43, 'q');

using Fields = std::map<std::string, std::string>;

Fields good() {
  return {{"Host", "gate.example:10443"},
          {"Upgrade", "websocket"},
          {"Connection", "keep-alive, Upgrade"},
          {"Sec-WebSocket-Version", "13"},
          {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
          {"Sec-WebSocket-Protocol", "binary, sekisho.ticket." + kTicket},
          {"Origin", kRules.origin}};
}

/// Through the strict parser, as in the program: what it refuses counts as refused too.
std::uint16_t status(const Fields& fields, const std::string& line = "GET /console/screen HTTP/1.1",
                     const std::string& more = "") {
  std::string text = line + "\r\n";
  for (const auto& [name, value] : fields) text += name + ": " + value + "\r\n";
  text += more + "\r\n";
  HttpRequestParser parser;
  const auto progress = parser.feed(std::as_bytes(std::span(text)));
  if (progress.refusal) return progress.refusal->status;
  if (!progress.request) return 0;
  const auto verdict = judge_upgrade(*progress.request, kRules);
  if (const auto* refusal = std::get_if<HttpRefusal>(&verdict)) return refusal->status;
  return 101;
}

Fields with(const std::string& name, const std::string& value) {
  Fields fields = good();
  fields[name] = value;
  return fields;
}
Fields without(const std::string& name) {
  Fields fields = good();
  fields.erase(name);
  return fields;
}

TEST(Upgrade, AnswersTheStandardsExampleAndNamesOneProtocol) {
  HttpRequest request{.method = "GET", .path = "/console/screen", .query = {}, .fields = {}, .body = {}};
  for (const auto& [name, value] : good()) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    request.fields.emplace_back(lower, value);
  }
  const auto verdict = judge_upgrade(request, kRules);
  const auto* upgrade = std::get_if<Upgrade>(&verdict);
  ASSERT_NE(upgrade, nullptr);
  EXPECT_EQ(upgrade->accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 §1.3
  EXPECT_EQ(upgrade->ticket.reveal(), kTicket);
  const std::string answer = switching_protocols(*upgrade);
  EXPECT_EQ(answer,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: binary\r\n\r\n");
}

TEST(Upgrade, TakesTheOriginThatIsConfiguredAndNoOther) {
  EXPECT_EQ(status(good()), 101);
  EXPECT_EQ(status(without("Origin")), 403);
  for (const char* origin :
       {"null", "", "https://gate.example", "https://gate.example:443", "http://gate.example:10443",
        "https://GATE.example:10443", "https://gate.example:10443/", "https://gate.example:104430",
        "https://evil.example", "https://gate.example:10443.evil.example",
        "https://evil.example/https://gate.example:10443", "https://gate.example:10443 https://evil.example", "*"}) {
    EXPECT_EQ(status(with("Origin", origin)), 403) << origin;
  }
  EXPECT_EQ(status(good(), "GET /console/screen HTTP/1.1", "Origin: https://gate.example:10443\r\n"), 400) << "twice";
}

TEST(Upgrade, WantsAWholeWebSocketOpening) {
  EXPECT_EQ(status(without("Upgrade")), 400);
  EXPECT_EQ(status(with("Upgrade", "h2c")), 400);
  EXPECT_EQ(status(with("Upgrade", "WebSocket")), 101) << "the name has no case";
  EXPECT_EQ(status(without("Connection")), 400);
  EXPECT_EQ(status(with("Connection", "close")), 400);
  EXPECT_EQ(status(with("Connection", "upgrade")), 101);
  EXPECT_EQ(status(without("Sec-WebSocket-Version")), 426);
  for (const char* version : {"8", "12", "14", "013", "13, 8"})
    EXPECT_EQ(status(with("Sec-WebSocket-Version", version)), 426);
  EXPECT_EQ(status(with("Content-Length", "0"), "POST /console/screen HTTP/1.1"), 400);
  EXPECT_EQ(status(good(), "GET /console/screen/ HTTP/1.1"), 404);
  EXPECT_EQ(status(good(), "GET /console HTTP/1.1"), 404);
}

TEST(Upgrade, AKeyIsSixteenBytesOfBase64) {
  for (const char* key :
       {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZR==",
        "dGhlIHNhbXBsZSBub25jZQ==A", "dGhlIHNhbXBsZSBub2 jZQ==", "dGhlIHNhbXBsZSBub2-jZQ==", "dGhlIHNhbXBsZSBub25jZQQQ",
        "dGhlIHNhbXBsZSBub25jZTE2MTY=", "=GhlIHNhbXBsZSBub25jZQ=="}) {
    EXPECT_EQ(status(with("Sec-WebSocket-Key", key)), 400) << key;
  }
  EXPECT_EQ(status(without("Sec-WebSocket-Key")), 400);
  EXPECT_EQ(status(good(), "GET /console/screen HTTP/1.1", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400);
}

TEST(Upgrade, WantsOneTicketOfTheRightShapeBesideBinary) {
  const std::string ticket = "sekisho.ticket." + kTicket;
  EXPECT_EQ(status(with("Sec-WebSocket-Protocol", ticket + ",binary")), 101) << "either order";
  EXPECT_EQ(status(with("Sec-WebSocket-Protocol", ticket)), 400);
  EXPECT_EQ(status(without("Sec-WebSocket-Protocol")), 400);
  EXPECT_EQ(status(with("Sec-WebSocket-Protocol", "base64, " + ticket)), 400);
  for (const std::string& bad :
       std::vector<std::string>{"binary", "binary, sekisho.ticket.", "binary, sekisho.ticket." + kTicket + "q",
                                "binary, sekisho.ticket." + kTicket.substr(1), "binary, " + ticket + ", " + ticket,
                                "binary, Ticket." + kTicket, "binary, sekisho.ticket." + kTicket.substr(1) + "+",
                                "binary, sekisho.ticket." + kTicket.substr(1) + "="}) {
    EXPECT_EQ(status(with("Sec-WebSocket-Protocol", bad)), 403) << bad;
  }
  EXPECT_EQ(status(with("Sec-WebSocket-Protocol", "a,b,c,d,e,f,g,binary," + ticket)), 400) << "too many";
  EXPECT_NE(status(good(), "GET /console/screen HTTP/1.1", "Sec-WebSocket-Protocol: binary\r\n"), 101) << "twice";
  EXPECT_NE(status(without("Sec-WebSocket-Protocol"), "GET /console/screen?ticket=" + kTicket + " HTTP/1.1"), 101)
      << "never in the URL";
}

}  // namespace
}  // namespace sekisho::websocket
