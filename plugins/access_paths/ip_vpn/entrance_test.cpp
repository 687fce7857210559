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
  for (const char* target : {"/nothing", "/remote/login", "/session?x=1", "/posture/v1/hostcheck", "/login", "/logout",
                             "/session?lang=fr", "/session?lang=en&x=1"}) {
    Visit visit;
    const std::string page = visit.send(get(target));
    EXPECT_THAT(page, StartsWith("HTTP/1.1 404 ")) << target;
    if (first.empty()) first = page;
    EXPECT_EQ(page, first) << target;
  }
}

// A gatekeeper that cannot judge says nothing about the session: the browser must find it again afterwards.
TEST(Entrance, ASessionOutlivesAGatekeeperThatCannotJudge) {
  const std::string session(kCookieSize, 's');
  const Refusal away{"R15", "gate.unavailable", {"不可", "no"}, {"応答なし", "no answer"}, {"待つ", "wait"}};
  for (const char* code : {"gate.unavailable", "gate.busy"}) {
    Refusal refusal = away;
    refusal.code = code;
    Visit visit;
    visit.send(get("/session", from_page(session)));
    const std::string page = visit.reply(Refused{refusal, false});
    EXPECT_THAT(page, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(page, Not(HasSubstr("__Host-session=;"))) << "the cookie stays";
    EXPECT_THAT(page, HasSubstr("href=\"/session\"")) << "and the page leads back to the session";
    EXPECT_THAT(page, HasSubstr("R15 " + std::string(code)));
    EXPECT_THAT(page, HasSubstr("Retry-After: 10\r\n"));
    visit.send(get("/session", from_page(session)));
    EXPECT_THAT(visit.reply(Resumed{}), StartsWith("HTTP/1.1 200 ")) << "and goes on";
  }
  Visit leaving;
  leaving.send(post("/logout", "token=" + page_token(kCookie, "logout", {}), from_page(session)));
  EXPECT_THAT(leaving.reply(Refused{away, false}), Not(HasSubstr("Max-Age=0")));
  Visit silent;
  silent.send(get("/session", from_page(session)));
  silent.wait(std::chrono::seconds(31));
  EXPECT_THAT(silent.host.written, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(silent.host.written, HasSubstr("href=\"/session\""));
  EXPECT_THAT(silent.host.written, Not(HasSubstr("Set-Cookie")));
  Visit agent;
  agent.send(get("/posture/v1/challenge"));
  EXPECT_THAT(agent.reply(Refused{away, false}), StartsWith("HTTP/1.1 503 ")) << "no verdict on the terminal";
}

TEST(Entrance, OnlyTheEndOfASessionDropsItsCookie) {
  for (const char* code : {"session.other_certificate", "session.other_address", "stop.in_force"}) {
    Visit visit;
    visit.send(get("/session", from_page(std::string(kCookieSize, 's'))));
    EXPECT_THAT(visit.reply(Refused{{"R04", code, {}, {}, {}}, false}), Not(HasSubstr("Max-Age=0"))) << code;
  }
  Visit visit;
  visit.send(get("/session", from_page(std::string(kCookieSize, 's'))));
  EXPECT_THAT(visit.reply(Refused{{"R17", "session.right_ended", {}, {}, {}}, false}), HasSubstr("Max-Age=0"));
}

TEST(Entrance, IdleAndLateCallersAreClosedByTheGivenTime) {
  const auto patience = [](const Visit& visit) {
    return std::chrono::duration<double>(visit.connection->next_deadline().value() - visit.now).count();
  };
  Visit silent;
  EXPECT_EQ(patience(silent), 15);
  Visit idle;
  idle.send(get("/"));
  EXPECT_EQ(patience(idle), 15);
  idle.wait(std::chrono::seconds(15));
  EXPECT_EQ(idle.host.closed, std::vector<std::string>{"no request"});
  Visit body;
  body.send("POST /login HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 100\r\n\r\n");
  EXPECT_EQ(patience(body), 5);
  Visit late;  // bytes that come before the front's timer has spoken
  late.now += std::chrono::seconds(16);
  EXPECT_EQ(late.send(get("/")), "");
  EXPECT_EQ(late.host.closed.size(), 1U);
}

// What is too long for its route is refused with its head; nothing of the body has come, and nothing is kept for it.
TEST(Entrance, EachRouteHasItsLargestBody) {
  const auto head = [](const char* target, const char* type, std::size_t length) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: gate.test\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
  };
  const struct {
    const char *target, *type;
    std::size_t most;
    bool json;
  } rows[] = {{"/posture/v1/report", "application/jose", 65536, true},
              {"/posture/v1/enrol", "application/json", 8192, true},
              {"/login", "application/x-www-form-urlencoded", 8192, false},
              {"/answer", "application/x-www-form-urlencoded", 8192, false},
              {"/nothing", "application/x-www-form-urlencoded", 8192, false}};
  for (const auto& row : rows) {
    Visit visit;
    const std::string said = visit.send(head(row.target, row.type, row.most + 1));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 413 ")) << row.target;
    EXPECT_THAT(said, HasSubstr(row.json ? "report.too_large" : "<html")) << row.target;
    EXPECT_EQ(visit.host.closed.size(), 1U) << row.target;
    Visit fits;
    EXPECT_EQ(fits.send(head(row.target, row.type, row.most)), "") << row.target;
    EXPECT_TRUE(fits.host.closed.empty()) << row.target;
  }
}

TEST(Entrance, NoPostOfAnotherSiteIsTaken) {
  const std::string token = "token=" + page_token(kCookie, "login", {}) + "&login=sato&password=secret";
  const std::string session(kCookieSize, 's');
  const struct {
    std::string target, body, type, fields;
  } posts[] = {
      {"/login", token, "application/x-www-form-urlencoded", from_page()},
      {"/answer", "token=" + page_token(kCookie, "code", "h") + "&handle=h&field=code&value=1",
       "application/x-www-form-urlencoded", from_page()},
      {"/resend", "token=" + page_token(kCookie, "code", "h") + "&handle=h&field=code",
       "application/x-www-form-urlencoded", from_page()},
      {"/logout", "token=" + page_token(kCookie, "logout", {}), "application/x-www-form-urlencoded",
       from_page(session)},
      {"/posture/v1/report", "a.b.c", "application/jose", ""},
      {"/posture/v1/enrol", "{}", "application/json", ""},
  };
  for (const auto& p : posts) {
    for (const char* site : {"cross-site", "same-site", "none", "Same-Origin"}) {
      Visit visit;
      const std::string said =
          visit.send(post(p.target, p.body, p.fields + "Sec-Fetch-Site: " + site + "\r\n", p.type));
      EXPECT_THAT(said, StartsWith("HTTP/1.1 403 ")) << p.target << " " << site;
      EXPECT_THAT(said, HasSubstr("page.other_origin")) << p.target << " " << site;
      EXPECT_TRUE(visit.host.asked.empty()) << p.target << " " << site;
    }
    Visit own;
    own.send(post(p.target, p.body, p.fields + "Sec-Fetch-Site: same-origin\r\n", p.type));
    EXPECT_EQ(own.host.asked.size(), 1U) << p.target;
  }
  Visit agent;
  EXPECT_THAT(agent.send(post("/posture/v1/report", "a.b.c", "Origin: https://evil.test\r\n", "application/jose")),
              HasSubstr("page.other_origin"));
}

LoginAsked question(const std::string& field, const std::string& handle = "handle-1",
                    std::uint32_t resend_after_s = 0) {
  return {handle, Ask{field, field, {"質問です", "A question"}, resend_after_s}};
}
std::string of_question(const std::string& field, const std::string& more = "",
                        const std::string& handle = "handle-1") {
  return "token=" + page_token(kCookie, field, handle) + "&handle=" + handle + "&field=" + field + more;
}

TEST(Entrance, AQuestionIsAskedWithTheInputThatFitsIt) {
  const struct {
    const char *field, *input, *label;
  } rows[] = {
      {"code", "inputmode=\"numeric\" autocomplete=\"one-time-code\"", "確認コード（6桁の数字）"},
      {"totp", "inputmode=\"numeric\" autocomplete=\"one-time-code\"", "質問です"},
      {"password", "type=\"password\" autocomplete=\"current-password\"", "パスワード"},
      {"birthplace", "type=\"text\" autocomplete=\"off\"", "質問です"},
  };
  for (const auto& row : rows) {
    Visit visit;
    visit.send(post("/login", login_body(), from_page()));
    const std::string page = visit.reply(question(row.field));
    EXPECT_THAT(page, HasSubstr(row.input)) << row.field;
    EXPECT_THAT(page, HasSubstr("<label for=\"value\">" + std::string(row.label))) << row.field;
    EXPECT_EQ(page.find("action=\"/resend\"") != page.npos, std::string(row.field) == "code");
  }
}

TEST(Entrance, AnotherCodeCanBeAskedForAndSaysWhen) {
  Visit visit;
  visit.send(post("/login", login_body(), from_page()));
  EXPECT_THAT(visit.reply(question("code", "handle-1", 60)), HasSubstr("あと60秒で再送できます"));
  visit.send(post("/resend", of_question("code"), from_page()));
  const auto* again = visit.host.last<AnswerLogin>();
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->handle, "handle-1");
  EXPECT_TRUE(again->evidence.empty()) << "an answer without a code asks for one";
  const std::string page = visit.reply(question("code", "handle-2", 60));
  EXPECT_THAT(page, HasSubstr("<p class=\"notice\" role=\"status\">質問です</p>"));
  EXPECT_THAT(page, HasSubstr("value=\"handle-2\""));
  EXPECT_THAT(page, Not(HasSubstr("class=\"error\"")));
  Visit other;
  EXPECT_THAT(other.send(post("/resend", of_question("totp"), from_page())), HasSubstr("page.stale"));
  EXPECT_TRUE(other.host.asked.empty()) << "nothing else is sent by mail";
}

TEST(Entrance, AWrongAnswerIsSaidWithTheQuestionThatComesAgain) {
  Visit visit;
  visit.send(post("/answer", of_question("code", "&value=123456"), from_page()));
  const std::string page = visit.reply(question("code", "handle-2"));
  EXPECT_THAT(page, HasSubstr("<a href=\"#value\">質問です</a>"));
  EXPECT_THAT(page, HasSubstr("aria-invalid=\"true\""));
  EXPECT_THAT(page, Not(HasSubstr("123456")));
  Visit next;
  next.send(post("/answer", of_question("password", "&value=x"), from_page()));
  EXPECT_THAT(next.reply(question("code", "handle-2")), Not(HasSubstr("aria-invalid")))
      << "another question is no fault";
  for (const auto& [field, words] :
       {std::pair{"code", "確認コードを入力してください。"}, std::pair{"password", "パスワードを入力してください。"},
        std::pair{"birthplace", "回答を入力してください。"}}) {
    Visit empty;
    const std::string same =
        empty.send(post("/answer", of_question(field, "&value=&resend_at=1800000040"), from_page()));
    EXPECT_THAT(same, HasSubstr(words));
    EXPECT_THAT(same, HasSubstr("value=\"handle-1\""));
    EXPECT_TRUE(empty.host.asked.empty()) << "an empty answer is no try, and no wish for another code";
    EXPECT_EQ(same.find("あと40秒で再送できます") != same.npos, std::string(field) == "code");
  }
}

TEST(Entrance, TheChosenLanguageOutlivesTheLogin) {
  const std::string session(kCookieSize, 's');
  const std::string japanese = "Accept-Language: ja\r\n";
  Visit visit;
  const std::string chosen = visit.send(get("/?lang=en", japanese));
  EXPECT_THAT(chosen, HasSubstr("Set-Cookie: __Host-language=en; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"));
  EXPECT_THAT(chosen, HasSubstr("<html lang=\"en\">"));
  const std::string kept = "Origin: https://gate.test\r\nCookie: __Host-page=" + kCookie +
                           "; __Host-session=" + session + "; __Host-language=en\r\n" + japanese;
  visit.send(post("/login", login_body("&login=sato&password=secret&lang=en"), kept));
  EXPECT_EQ(visit.host.last<BeginLogin>()->arrival.language, "en");
  EXPECT_THAT(visit.reply(Granted{Secret(session), "S", SessionState::quarantine, 60}), StartsWith("HTTP/1.1 303 "));
  visit.send(get("/session", kept));
  EXPECT_THAT(visit.reply(Resumed{}), HasSubstr("<html lang=\"en\">"));
  // Switched on the session's own page.
  visit.send(get("/session?lang=ja", kept));
  const std::string back = visit.reply(Resumed{});
  EXPECT_THAT(back, HasSubstr("Set-Cookie: __Host-language=ja;"));
  EXPECT_THAT(back, HasSubstr("<html lang=\"ja\">"));
  // A form that was shown in another language than the browser asks for, without any cookie of a language.
  Visit form;
  const std::string said = form.send(post("/login", login_body("&login=&password=&lang=en"), from_page() + japanese));
  EXPECT_THAT(said, HasSubstr("Set-Cookie: __Host-language=en;"));
  Visit odd;
  EXPECT_THAT(odd.send(get("/", "Cookie: __Host-language=fr\r\n")), HasSubstr("<html lang=\"ja\">"));
}

TEST(Entrance, AQuestionCanBeReadInTheOtherLanguageWithoutLosingTheLogin) {
  Visit visit;
  const std::string page =
      visit.send(post("/language", of_question("code", "&lang=ja&to=en&resend_at=1800000040"), from_page()));
  EXPECT_THAT(page, HasSubstr("<html lang=\"en\">"));
  EXPECT_THAT(page, HasSubstr("value=\"handle-1\""));
  EXPECT_THAT(page, HasSubstr("in 40 s"));
  EXPECT_TRUE(visit.host.asked.empty());
}

TEST(Entrance, WhoWaitsForTheInspectionIsAskedAboutAgain) {
  const std::string session(kCookieSize, 's');
  Visit visit;
  visit.send(get("/session", from_page(session)));
  SessionView view;
  view.state = SessionState::quarantine;
  const std::string waiting = visit.reply(Resumed{view});
  EXPECT_THAT(waiting, HasSubstr("Refresh: 10; url=/session\r\n"));
  EXPECT_THAT(waiting, HasSubstr("<a href=\"/session\">"));
  EXPECT_THAT(waiting, HasSubstr("10秒ごと"));
  visit.wait(std::chrono::seconds(10));
  EXPECT_TRUE(visit.host.closed.empty()) << "over the same connection";
  visit.send(get("/session", from_page(session)));
  view.state = SessionState::admitted;
  const std::string admitted = visit.reply(Resumed{view});
  EXPECT_THAT(admitted, Not(HasSubstr("Refresh:")));
  EXPECT_THAT(admitted, Not(HasSubstr("10秒ごと")));
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
