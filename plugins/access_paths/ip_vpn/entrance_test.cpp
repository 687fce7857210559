#include "entrance.hpp"

#include <sekisho/sdk/path/page_forms.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho::ip_vpn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));
using pages::kCookieSize;
using pages::page_token;

const std::string kCookie(kCookieSize, 'c');

class OneByte final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{1}); }
};

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    EXPECT_LE(bytes.size(), 16384U);
    written.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void close(std::string_view why) override { closed.emplace_back(why); }
  std::uint64_t ask(GateRequest request) override {
    asked.push_back(std::move(request));
    return asked.size();
  }
  void notice(FrontNotice) override { ADD_FAILURE() << "nothing to notice"; }
  void attach_tunnel(const SessionView&) override { ADD_FAILURE() << "no tunnel"; }
  void detach_tunnel() override { ADD_FAILURE() << "no tunnel"; }
  void deliver(std::span<const std::byte>) override { ADD_FAILURE() << "no packets"; }
  Entropy& entropy() override { return entropy_; }
  template <class T>
  const T* last() const {
    return asked.empty() ? nullptr : std::get_if<T>(&asked.back());
  }

  std::string written;
  std::vector<std::string> closed;
  std::vector<GateRequest> asked;

 private:
  OneByte entropy_;
};

struct Visit {
  explicit Visit(Config config = {}) : path(std::move(config)) {
    Arrival arrival;
    arrival.path = "closed";
    arrival.peer_address = "10.95.1.10";
    arrival.circuit = "line-tani";
    arrival.certificate_chain = {"leaf"};
    connection = path.open(host, std::move(arrival), now);
  }
  std::string send(std::string_view text, std::size_t piece = 1'000'000) {
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const auto part = text.substr(at, piece);
      connection->on_bytes(std::as_bytes(std::span(part.data(), part.size())), now);
    }
    return std::exchange(host.written, {});
  }
  std::string reply(GateReply reply) {
    connection->on_reply(host.asked.size(), std::move(reply), now);
    return std::exchange(host.written, {});
  }
  void wait(std::chrono::microseconds span) {
    now += span;
    if (const auto at = connection->next_deadline(); at && *at <= now) connection->on_deadline(now);
  }

  Entrance path;
  Host host;
  Instant now = kStart;
  std::unique_ptr<PathConnection> connection;
};

std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: gate.test\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view target, std::string_view body, std::string_view fields,
                 std::string_view type = "application/x-www-form-urlencoded") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: gate.test\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) + "\r\n" +
         std::string(body);
}
std::string from_page(const std::string& session = {}) {
  std::string out = "Origin: https://gate.test\r\nCookie: __Host-page=" + kCookie;
  if (!session.empty()) out += "; __Host-session=" + session;
  return out + "\r\n";
}
std::string login_body(const std::string& more = "&login=sato&password=secret") {
  return "token=" + page_token(kCookie, "login", {}) + more;
}

TEST(Entrance, TheFirstPageAsksForIdAndPasswordInBothLanguages) {
  Visit visit;
  const std::string page = visit.send(get("/"));
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(page, HasSubstr("lang=\"ja\""));
  EXPECT_THAT(page, HasSubstr("貸出端末"));
  EXPECT_THAT(page, HasSubstr("name=\"password\""));
  EXPECT_THAT(page, HasSubstr("Set-Cookie: __Host-page="));
  EXPECT_THAT(visit.send(get("/?lang=en")), HasSubstr("lent terminal"));
  EXPECT_THAT(visit.send(get(std::string(style_path()))), HasSubstr("Content-Type: text/css"));
  EXPECT_TRUE(visit.host.asked.empty());
}

TEST(Entrance, AFormBecomesOneQuestionWithTheTerminalsCertificateAndNoCircuitOfItsOwn) {
  for (const std::size_t piece : {1U, 7U, 10'000U}) {
    Visit visit;
    visit.send(post("/login", login_body(), from_page()), piece);
    const auto* begin = visit.host.last<BeginLogin>();
    ASSERT_NE(begin, nullptr);
    EXPECT_EQ(begin->arrival.peer_address, "10.95.1.10");
    EXPECT_EQ(begin->arrival.certificate_chain.at(0), "leaf");
    EXPECT_EQ(begin->arrival.circuit, "") << "the gatekeeper goes by the address";
    EXPECT_EQ(begin->arrival.form, LoginForm::page) << "R09 is judged here";
    EXPECT_EQ(begin->evidence.at("login").reveal(), "sato");
    EXPECT_EQ(begin->evidence.at("password").reveal(), "secret");
  }
}

TEST(Entrance, AFormOfAnotherSiteOrPageIsNoQuestion) {
  const std::string cookie = "Cookie: __Host-page=" + kCookie + "\r\n";
  for (const std::string& fields : {cookie, cookie + "Origin: https://evil.test\r\n",
                                    std::string("Origin: https://gate.test\r\n"), std::string()}) {
    Visit visit;
    EXPECT_THAT(visit.send(post("/login", login_body(), fields)), StartsWith("HTTP/1.1 403 ")) << fields;
    EXPECT_TRUE(visit.host.asked.empty()) << fields;
  }
  Visit visit;
  const std::string other = "token=" + page_token(kCookie, "logout", {}) + "&login=sato&password=secret";
  EXPECT_THAT(visit.send(post("/login", other, from_page())), HasSubstr("page.stale"));
  EXPECT_TRUE(visit.host.asked.empty());
}

TEST(Entrance, AWrongPasswordIsSaidAndTheIdStays) {
  Visit visit;
  visit.send(post("/login", login_body(), from_page()));
  const Refusal wrong{"R04", "password.wrong", {"w", "w"}, {"違います<b>", "wrong"}, {"やり直し", "again"}};
  const std::string page = visit.reply(Refused{wrong, true});
  EXPECT_THAT(page, HasSubstr("違います&lt;b&gt;")) << "text is never markup";
  EXPECT_THAT(page, HasSubstr("[R04 password.wrong]"));
  EXPECT_THAT(page, HasSubstr("value=\"sato\""));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
}

TEST(Entrance, ARefusalIsShownInBothLanguagesWithItsRule) {
  Visit visit;
  visit.send(post("/login", login_body(), from_page()));
  const std::string page = visit.reply(
      Refused{{"R03", "terminal.not_lent", {"不可", "no"}, {"貸出端末ではありません", "not lent"}, {"a", "b"}}, false});
  EXPECT_THAT(page, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(page, HasSubstr("R03 terminal.not_lent"));
  EXPECT_THAT(page, HasSubstr("貸出端末ではありません"));
  EXPECT_THAT(page, HasSubstr("not lent"));
}

TEST(Entrance, AMailedCodeIsAskedOnItsOwnPage) {
  Visit visit;
  visit.send(post("/login", login_body(), from_page()));
  Ask ask;
  ask.field = "code";
  ask.prompt = {"コード", "Code"};
  const std::string page = visit.reply(LoginAsked{"handle-1", ask});
  EXPECT_THAT(page, HasSubstr("action=\"/answer\""));
  const std::string token = page_token(kCookie, "code", "handle-1");
  EXPECT_THAT(page, HasSubstr(token));
  visit.send(post("/answer", "token=" + token + "&handle=handle-1&field=code&value=123456", from_page()));
  const auto* answer = visit.host.last<AnswerLogin>();
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->handle, "handle-1");
  EXPECT_EQ(answer->evidence.at("code").reveal(), "123456");
}

TEST(Entrance, AnAnswerFitsItsOwnQuestionAlone) {
  const std::string token = page_token(kCookie, "code", "handle-1");
  for (const char* body : {"&handle=handle-2&field=code&value=1", "&handle=handle-1&field=password&value=1",
                           "&handle=handle%2F1&field=code&value=1"}) {
    Visit visit;
    EXPECT_THAT(visit.send(post("/answer", "token=" + token + body, from_page())), HasSubstr("page.stale")) << body;
    EXPECT_TRUE(visit.host.asked.empty()) << body;
  }
}

TEST(Entrance, AGrantBecomesACookieAndTheSessionsPage) {
  Visit visit;
  visit.send(post("/login", login_body(), from_page()));
  const std::string session(kCookieSize, 's');
  const std::string go = visit.reply(Granted{Secret(session), "S20261127-1-000001", SessionState::quarantine, 60});
  EXPECT_THAT(go, StartsWith("HTTP/1.1 303 "));
  EXPECT_THAT(go, HasSubstr("Location: /session\r\n"));
  EXPECT_THAT(go, HasSubstr("Set-Cookie: __Host-session=" + session + "; Path=/; Secure; HttpOnly; SameSite=Strict"));
  visit.send(get("/session", from_page(session)));
  const auto* resume = visit.host.last<ResumeSession>();
  ASSERT_NE(resume, nullptr);
  EXPECT_EQ(resume->cookie.reveal(), session);
  EXPECT_FALSE(resume->open_tunnel);
}

TEST(Entrance, TheDesktopIsShownToWhomWasAdmittedAlone) {
  Config config;
  config.desktop_page = "https://10.95.0.1:8443";
  const std::string session(kCookieSize, 's');
  for (const bool admitted : {false, true}) {
    Visit visit(config);
    visit.send(get("/session", from_page(session)));
    SessionView view;
    view.session = "S20261127-1-000001";
    view.state = admitted ? SessionState::admitted : SessionState::quarantine;
    view.remaining_s = 3600;
    const std::string page = visit.reply(Resumed{view});
    EXPECT_THAT(page, HasSubstr("S20261127-1-000001"));
    EXPECT_EQ(page.find("href=\"https://10.95.0.1:8443/\"") != page.npos, admitted);
  }
}

TEST(Entrance, AnEndedSessionLosesItsCookie) {
  Visit visit;
  visit.send(get("/session", from_page(std::string(kCookieSize, 's'))));
  const std::string page = visit.reply(Refused{{"R04", "session.unknown_cookie", {}, {}, {}}, false});
  EXPECT_THAT(page, HasSubstr("Set-Cookie: __Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
}

TEST(Entrance, LoggingOutNeedsThePagesToken) {
  const std::string session(kCookieSize, 's');
  Visit visit;
  EXPECT_THAT(visit.send(post("/logout", "token=x", from_page(session))), HasSubstr("page.stale"));
  EXPECT_TRUE(visit.host.asked.empty());
  visit.send(post("/logout", "token=" + page_token(kCookie, "logout", {}), from_page(session)));
  const auto* logout = visit.host.last<LogoutSession>();
  ASSERT_NE(logout, nullptr);
  EXPECT_EQ(logout->cookie.reveal(), session);
  EXPECT_THAT(visit.reply(Done{}), HasSubstr("Max-Age=0"));
}

TEST(Entrance, AgentsReportHereAndAreAnsweredJson) {
  const struct {
    std::string wire;
    const char* kind;
  } rows[] = {{get("/posture/v1/challenge"), "challenge"},
              {post("/posture/v1/report", "a.b.c", "", "application/jose"), "report"},
              {post("/posture/v1/enrol", "{}", "", "application/json"), "enrol"}};
  for (const auto& row : rows) {
    Visit visit;
    visit.send(row.wire);
    const auto* asked = visit.host.last<PostureRequest>();
    ASSERT_NE(asked, nullptr) << row.kind;
    EXPECT_EQ(asked->kind, row.kind);
    EXPECT_EQ(asked->arrival.peer_address, "10.95.1.10");
    const std::string answer = visit.reply(PostureAnswer{409, R"({"decision":"deny"})"});
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 409 "));
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/json"));
  }
  Visit visit;
  EXPECT_THAT(visit.send(post("/posture/v1/report", "{}", "", "application/json")), StartsWith("HTTP/1.1 415 "));
}

TEST(Entrance, EverythingElseIsOneAndTheSame404) {
  std::string first;
  for (const char* target : {"/nothing", "/remote/login", "/session?x=1", "/posture/v1/hostcheck", "/login"}) {
    Visit visit;
    const std::string page = visit.send(get(target));
    EXPECT_THAT(page, StartsWith("HTTP/1.1 404 ")) << target;
    if (first.empty()) first = page;
    EXPECT_EQ(page, first) << target;
  }
}

TEST(Entrance, ASilentGatekeeperIs503AndASlowCallerIsClosed) {
  Visit visit;
  visit.send(post("/login", login_body(), from_page()));
  visit.wait(std::chrono::seconds(31));
  EXPECT_THAT(visit.host.written, StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(visit.host.closed.size(), 1U);
  Visit slow;
  slow.send("GET / HT");
  slow.wait(std::chrono::seconds(11));
  EXPECT_EQ(slow.host.closed.size(), 1U);
}

}  // namespace
}  // namespace sekisho::ip_vpn
