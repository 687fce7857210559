#include "posture_page.hpp"

#include "human_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sekisho::posture_page {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));

class NoEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{1}); }
};

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    EXPECT_LE(bytes.size(), 16384u);
    written.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void close(std::string_view why) override { closed.emplace_back(why); }
  std::uint64_t ask(GateRequest request) override {
    asked.push_back(std::get<PostureRequest>(std::move(request)));
    return asked.size();
  }
  void notice(FrontNotice) override { ADD_FAILURE() << "nothing to notice"; }
  void attach_tunnel(const SessionView&) override { ADD_FAILURE() << "no tunnel"; }
  void detach_tunnel() override { ADD_FAILURE() << "no tunnel"; }
  void deliver(std::span<const std::byte>) override { ADD_FAILURE() << "no packets"; }
  Entropy& entropy() override { return entropy_; }
  std::string taken() { return std::exchange(written, {}); }

  std::string written;
  std::vector<std::string> closed;
  std::vector<PostureRequest> asked;

 private:
  NoEntropy entropy_;
};

struct Visit {
  Visit() {
    Arrival arrival;
    arrival.path = "posture";
    arrival.peer_address = "10.202.0.7";
    connection = path.open(host, std::move(arrival), now);
  }
  void say(std::string_view text, std::size_t piece = 1'000'000) {
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const auto part = text.substr(at, piece);
      connection->on_bytes(std::as_bytes(std::span(part.data(), part.size())), now);
    }
  }
  std::string request(std::string_view text) {
    say(text);
    return host.taken();
  }
  void reply(GateReply reply) { connection->on_reply(host.asked.size(), std::move(reply), now); }
  /// Seconds from now until the connection acts by itself.
  [[nodiscard]] double patience() const {
    return std::chrono::duration<double>(connection->next_deadline().value() - now).count();
  }
  void wait(std::chrono::microseconds span) {
    now += span;
    if (const auto at = connection->next_deadline(); at && *at <= now) connection->on_deadline(now);
  }

  PosturePage path{Config{}};
  Host host;
  Instant now = kStart;
  std::unique_ptr<PathConnection> connection;
};

std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: gate.test\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view target, std::string_view type, std::string_view body) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: gate.test\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST(PosturePage, CarriesNoPackets) {
  EXPECT_FALSE(PosturePage(Config{}).carries_packets());
}

TEST(PosturePage, HandsEachRouteToTheGatekeeperAndTheAnswerBack) {
  const struct {
    std::string wire;
    const char *kind, *body;
  } rows[] = {
      {get("/posture/v1/challenge"), "challenge", ""},
      {post("/posture/v1/report", "application/jose", "a.b.c"), "report", "a.b.c"},
      {post("/posture/v1/enrol", "Application/JSON; charset=utf-8", R"({"token":"t"})"), "enrol", R"({"token":"t"})"},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {1u, 7u, 10'000u}) {
      Visit visit;
      visit.say(row.wire, piece);
      ASSERT_EQ(visit.host.asked.size(), 1u) << row.kind;
      EXPECT_EQ(visit.host.asked[0].kind, row.kind);
      EXPECT_EQ(visit.host.asked[0].body, row.body);
      EXPECT_EQ(visit.host.asked[0].arrival.peer_address, "10.202.0.7");
      EXPECT_EQ(visit.host.written, "") << "an answer before the gatekeeper's";
      visit.reply(PostureAnswer{409, R"({"decision":"deny"})"});
      const std::string answer = visit.host.taken();
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 409 "));
      EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
      EXPECT_EQ(body_of(answer), R"({"decision":"deny"})");
      EXPECT_TRUE(visit.host.closed.empty());
    }
  }
}

TEST(PosturePage, AnswersEverythingElseWithTheSame404) {
  const std::string wanted = Visit().request(get("/nothing"));
  ASSERT_THAT(wanted, StartsWith("HTTP/1.1 404 "));
  const std::string others[] = {
      get("/posture"),
      get("/posture/v1"),
      get("/posture/v1/challenge/"),
      get("/Posture/v1/challenge"),
      get("/posture/v2/challenge"),
      get("/posture/v1/challenge?x=1"),
      get("/?x"),
      get("/index.html"),
      get("/remote/login"),
      get("/posture/v1/report"),
      get("/posture/v1/enrol"),
      get("/posture/v1/hostcheck"),
      post("/", "text/plain", "x"),
      post("/posture/v1/challenge", "application/json", "{}"),
      post("/posture/v1/hostcheck", "application/x-www-form-urlencoded", "hostcheck=1"),
      get("/nothing", "X-Forwarded-For: 10.202.0.7\r\nX-Remote-User: mori\r\n"),
  };
  for (const std::string& wire : others) {
    Visit visit;
    EXPECT_EQ(visit.request(wire), wanted) << wire;
    EXPECT_TRUE(visit.host.asked.empty()) << wire;
  }
}

TEST(PosturePage, DoesNotTakeABodyOfAnotherMediaType) {
  const std::string wires[] = {post("/posture/v1/report", "application/json", "a.b.c"),
                               post("/posture/v1/report", "application/jose+json", "a.b.c"),
                               post("/posture/v1/enrol", "application/jose", "{}"),
                               "POST /posture/v1/report HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 1\r\n\r\nx"};
  for (const std::string& wire : wires) {
    Visit visit;
    EXPECT_THAT(visit.request(wire), StartsWith("HTTP/1.1 415 ")) << wire;
    EXPECT_TRUE(visit.host.asked.empty());
  }
}

TEST(PosturePage, TakesBodiesUpTo64KiB) {
  Visit visit;
  visit.say(post("/posture/v1/report", "application/jose", std::string(65536, 'a')), 1400);
  ASSERT_EQ(visit.host.asked.size(), 1u);
  EXPECT_EQ(visit.host.asked[0].body.size(), 65536u);

  Visit larger;
  const std::string answer = larger.request(
      "POST /posture/v1/report HTTP/1.1\r\nHost: gate.test\r\nContent-Type: application/jose\r\n"
      "Content-Length: 65537\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(nlohmann::json::parse(body_of(answer))["refusal"]["code"], "report.too_large");
  EXPECT_EQ(larger.host.closed.size(), 1u);
}

TEST(PosturePage, ClosesAfterABrokenRequestAndRunsNothingBehindIt) {
  for (const std::string broken :
       {"GET /../etc HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "POST /posture/v1/report HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    Visit visit;
    const std::string answer = visit.request(broken + get("/posture/v1/challenge"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << broken;
    EXPECT_EQ(answer.find("HTTP/1.1 2"), std::string::npos) << broken;
    EXPECT_EQ(visit.host.closed.size(), 1u) << broken;
    EXPECT_TRUE(visit.host.asked.empty()) << broken;
    visit.say(get("/posture/v1/challenge"));
    EXPECT_EQ(visit.host.written, "");
  }
}

TEST(PosturePage, ExplainsTheQuarantineInTheReadersLanguageFirst) {
  const std::string japanese = Visit().request(get("/"));
  EXPECT_THAT(japanese, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(japanese, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(japanese, HasSubstr("Content-Language: ja\r\n"));
  EXPECT_EQ(body_of(japanese), human_page("ja"));
  const std::string english = Visit().request(get("/", "Accept-Language: en-US,ja;q=0.5\r\n"));
  EXPECT_THAT(english, HasSubstr("<html lang=\"en\">"));
  EXPECT_EQ(body_of(english), human_page("en"));
  for (const std::string_view page : {human_page("ja"), human_page("en")}) {
    const auto in_japanese = page.find("<h1>端末の確認</h1>"), in_english = page.find("<h1>Check of the terminal</h1>");
    ASSERT_NE(in_japanese, std::string_view::npos);
    ASSERT_NE(in_english, std::string_view::npos);
    EXPECT_EQ(in_japanese < in_english, page == human_page("ja"));
    for (const char* never : {"<script", "style=", "<form", "ekisho", "http:", "https:"}) {
      EXPECT_EQ(page.find(never), std::string_view::npos) << never;
    }
  }
}

TEST(PosturePage, PutsTheSecurityHeadersOnEveryAnswer) {
  Visit judged;
  judged.say(get("/posture/v1/challenge"));
  judged.reply(PostureAnswer{200, "{}"});
  for (const std::string& answer : {Visit().request(get("/")), Visit().request(get("/nothing")),
                                    Visit().request("x\r\n\r\n"), judged.host.taken()}) {
    for (const char* wanted : {"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
                               "Strict-Transport-Security: max-age=31536000", "X-Content-Type-Options: nosniff",
                               "Referrer-Policy: no-referrer", "Cache-Control: no-store"}) {
      EXPECT_THAT(answer, HasSubstr(wanted));
    }
    EXPECT_THAT(answer, Not(HasSubstr("Server:")));
    EXPECT_THAT(answer, Not(HasSubstr("script-src")));
  }
}

TEST(PosturePage, NeverPassesAYesThatTheGatekeeperDidNotSay) {
  const GateReply odd[] = {Granted{Secret("c"), "S", SessionState::admitted},
                           Done{},
                           Resumed{},
                           LoginAsked{},
                           PostureAnswer{0, "{}"},
                           PostureAnswer{600, "{}"},
                           PostureAnswer{200, std::string(70000, 'x')}};
  for (std::size_t i = 0; i < std::size(odd); ++i) {
    Visit visit;
    visit.say(get("/posture/v1/challenge"));
    GateReply reply = Done{};
    if (const auto* posture = std::get_if<PostureAnswer>(&odd[i])) reply = *posture;
    if (std::holds_alternative<Granted>(odd[i])) reply = Granted{Secret("c"), "S", SessionState::admitted};
    if (std::holds_alternative<Resumed>(odd[i])) reply = Resumed{};
    if (std::holds_alternative<LoginAsked>(odd[i])) reply = LoginAsked{};
    visit.reply(std::move(reply));
    EXPECT_THAT(visit.host.written, StartsWith("HTTP/1.1 503 ")) << i;
  }
  Visit refused;
  refused.say(get("/posture/v1/challenge"));
  refused.reply(Refused{Refusal{"R19", "stop.in_force", {"何", "what"}, {"故", "why"}, {"対", "remedy"}}});
  EXPECT_THAT(refused.host.written, StartsWith("HTTP/1.1 403 "));
  const auto said = nlohmann::json::parse(body_of(refused.host.written));
  EXPECT_EQ(said["error"], "stop.in_force");
  EXPECT_EQ(said["refusal"]["remedy"]["ja"], "対");
}

TEST(PosturePage, TakesTheReplyToItsOwnQuestionOnly) {
  Visit visit;
  visit.say(get("/posture/v1/challenge"));
  visit.connection->on_reply(7, PostureAnswer{200, "{}"}, visit.now);
  EXPECT_EQ(visit.host.written, "");
  visit.reply(PostureAnswer{200, "{}"});
  visit.reply(PostureAnswer{200, "{}"});
  EXPECT_THAT(visit.host.taken(), StartsWith("HTTP/1.1 200 "));
}

TEST(PosturePage, ReadsPipelinedRequestsOneAfterTheOther) {
  Visit visit;
  visit.say(get("/posture/v1/challenge") + post("/posture/v1/report", "application/jose", "a.b.c") + get("/nothing"));
  EXPECT_EQ(visit.host.asked.size(), 1u);
  visit.reply(PostureAnswer{200, "1"});
  ASSERT_EQ(visit.host.asked.size(), 2u);
  EXPECT_EQ(body_of(visit.host.taken()), "1");
  visit.reply(PostureAnswer{200, "2"});
  EXPECT_THAT(visit.host.taken(), HasSubstr("HTTP/1.1 404 "));

  Visit flood;
  flood.say(get("/posture/v1/challenge"));
  flood.say(std::string(16385, 'x'));
  EXPECT_EQ(flood.host.closed.size(), 1u);
}

TEST(PosturePage, KeepsTheDeadlinesOfTheThreatPage) {
  Visit silent;
  EXPECT_EQ(silent.patience(), 15);
  silent.wait(15s);
  EXPECT_EQ(silent.host.closed, std::vector<std::string>{"no request"});

  Visit dripping;  // single bytes buy no time
  dripping.say("G");
  dripping.wait(9s);
  dripping.say("E");
  EXPECT_EQ(dripping.patience(), 1);
  dripping.wait(1s);
  EXPECT_EQ(dripping.host.closed.size(), 1u);

  Visit idle;
  idle.request(get("/"));
  EXPECT_EQ(idle.patience(), 15);

  Visit waiting;
  waiting.say(get("/posture/v1/challenge"));
  EXPECT_EQ(waiting.patience(), 30);
  waiting.wait(30s);
  EXPECT_THAT(waiting.host.written, StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(waiting.host.closed.size(), 1u);
}

TEST(PosturePage, DemandsABodyOfOneKiBASecondAndAllOfItWithin30Seconds) {
  const std::string head =
      "POST /posture/v1/report HTTP/1.1\r\nHost: gate.test\r\nContent-Type: application/jose\r\n"
      "Content-Length: 65536\r\n\r\n";
  Visit stalled;
  stalled.say(head);
  EXPECT_EQ(stalled.patience(), 5);
  stalled.wait(4s);
  stalled.say(std::string(1023, 'a'));
  EXPECT_EQ(stalled.patience(), 1) << "less than a KiB buys no time";
  stalled.wait(1s);
  EXPECT_EQ(stalled.host.closed, std::vector<std::string>{"the body comes too slowly"});

  Visit steady;
  steady.say(head);
  int seconds = 0;
  for (; steady.host.closed.empty() && seconds < 60; ++seconds) {
    steady.say(std::string(1100, 'a'));
    steady.wait(1s);
  }
  EXPECT_EQ(seconds, 30);

  Visit brisk;
  brisk.say(head);
  for (int i = 0; i < 16; ++i) {
    brisk.wait(1s);
    brisk.say(std::string(4096, 'a'));
  }
  EXPECT_TRUE(brisk.host.closed.empty());
  EXPECT_EQ(brisk.host.asked.size(), 1u);
}

TEST(PosturePage, ServesAHundredRequestsAConnection) {
  Visit visit;
  for (int i = 0; i < 99; ++i) visit.say(get("/nothing"));
  EXPECT_TRUE(visit.host.closed.empty());
  visit.host.taken();
  EXPECT_THAT(visit.request(get("/nothing")), HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(visit.host.closed.size(), 1u);

  Visit once;
  once.request(get("/", "Connection: close\r\n"));
  EXPECT_EQ(once.host.closed.size(), 1u);
}

TEST(PosturePage, SaysNothingToAPeerThatIsGone) {
  Visit visit;
  visit.say(get("/posture/v1/challenge"));
  visit.connection->on_gone(visit.now);
  visit.reply(PostureAnswer{200, "{}"});
  EXPECT_EQ(visit.host.written, "");
  EXPECT_FALSE(visit.connection->next_deadline());
}

}  // namespace
}  // namespace sekisho::posture_page
