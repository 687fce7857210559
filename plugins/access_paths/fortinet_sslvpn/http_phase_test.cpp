#include "http_phase.hpp"

#include "answers.hpp"
#include "fortinet_path.hpp"
#include "testing/bytes.hpp"
#include "testing/entropy.hpp"
#include "testing/front.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace sekisho::fortinet {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::Front;
using testing::get;
using ::testing::HasSubstr;
using testing::kStart;
using ::testing::Not;
using testing::post;
using ::testing::StartsWith;

const std::string kCookie = "0123456789abcdefghijABCDEFGHIJ_-0123456789x";

std::string with_cookie(const std::string& value) {
  return "Cookie: SVPNCOOKIE=" + value + "\r\n";
}
Refused refusal(bool may_retry = false) {
  return {Refusal{"R16", "contract.ended", {"何", "what"}, {"理由", "why"}, {"対処", "remedy"}}, may_retry};
}
SessionView view() {
  SessionView out;
  out.session = "S20261122-1-000042";
  out.address = "10.202.0.10";
  out.gate_address = "10.202.0.1";
  out.remaining_s = 7200;
  out.language = "ja";
  return out;
}
std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

constexpr std::string_view kRound1 = "username=taro&credential=p%26ss%20w0rd&realm=&ajax=1&just_logged_in=1";
constexpr std::string_view kRound2 =
    "username=taro&code=873519&realm=&code2=&reqid=Handle-1&polid=1-1-1&grp=remote&portal=remote&magic=1-1";

struct Row {
  const char* method;
  const char* path;
  int without, with;  ///< status without and with a well-formed cookie; 0: the gatekeeper is asked
};
// The reviewed table (threats.md T-02). Whatever is not in it is 404.
constexpr Row kReviewed[] = {
    {"GET", "/", 302, 302},
    {"GET", "/contractors", 302, 302},
    {"GET", "/remote/login", 200, 200},
    {"POST", "/remote/logincheck", 0, 0},
    {"GET", "/remote/index", 403, 0},
    {"GET", "/remote/fortisslvpn", 403, 0},
    {"GET", "/remote/fortisslvpn_xml", 403, 0},
    {"GET", "/remote/sslvpn-tunnel", 403, 0},
    {"GET", "/remote/logout", 200, 0},
    {"POST", "/remote/hostcheck_validate", 403, 0},
    {"GET", "/remote/saml/start", 200, 200},
    {"GET", "/remote/saml/auth_id", 403, 403},
    {"POST", "/remote/login/id", 403, 403},
    {"POST", "/remote/login/password", 403, 403},
    {"POST", "/remote/login/code", 403, 403},
    {"POST", "/remote/login/resend", 403, 403},
    {"POST", "/remote/login/language", 403, 403},
};

TEST(Routes, AnswerExactlyTheReviewedTable) {
  const char* others[] = {"/remote",
                          "/remote/",
                          "/remote/info",
                          "/remote/Login",
                          "/remote/login/",
                          "/remote/loginx",
                          "/remote/logincheck/",
                          "/REMOTE/login",
                          "/remote/sslvpn-tunnel2",
                          "/remote/saml",
                          "/remote/saml/start/",
                          "/remote/login/style.css",
                          "/remote/hostcheck_install",
                          "/remote/fgt_lang",
                          "/remote/error",
                          "/contractor",
                          "/contractorsx",
                          "/Contractors",
                          "/others",
                          "/favicon.ico",
                          "/robots.txt",
                          "/api",
                          "/message"};
  std::vector<std::pair<std::string, std::string>> all;
  for (const char* method : {"GET", "POST"}) {
    for (const Row& row : kReviewed) all.emplace_back(method, row.path);
    for (const char* path : others) all.emplace_back(method, path);
  }
  for (const auto& [method, path] : all) {
    int expected[2] = {404, 404};
    for (const Row& row : kReviewed) {
      if (method == row.method && path == row.path) expected[0] = row.without, expected[1] = row.with;
    }
    for (const bool cookie : {false, true}) {
      FortinetConfig config;
      config.realm = "contractors";
      Front front(config);
      const std::string fields = cookie ? with_cookie(kCookie) : std::string();
      const std::string_view body = path == std::string("/remote/logincheck") ? kRound1 : "hostcheck=";
      const std::string answer = front.request(method == "GET" ? get(path, fields) : post(path, body, fields));
      const int status = expected[cookie ? 1 : 0];
      if (status == 0) {
        EXPECT_EQ(front.host.asked.size(), 1U) << method << " " << path;
        EXPECT_EQ(answer, "") << method << " " << path;
      } else {
        EXPECT_TRUE(front.host.asked.empty()) << method << " " << path;
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " ")) << method << " " << path;
      }
    }
  }
}

TEST(Routes, AnswerTheSame404ForAllElse) {
  std::set<std::string> answers;
  for (const char* path : {"/remote/info", "/x", "/remote/saml/x", "/others", "/remote/sslvpn-tunnel2"}) {
    Front front;
    answers.insert(front.request(get(path)));
  }
  EXPECT_EQ(answers.size(), 1U);
}

TEST(HttpPhase, NamesNoProductAndNoVersionInAnyAnswer) {
  Front front;
  std::string all = front.request(get("/")) + front.request(get("/remote/login")) + front.request(get("/x")) +
                    front.request(get("/remote/logout")) + front.request(get("/remote/index"));
  front.say(post("/remote/logincheck", kRound1));
  front.reply(refusal());
  all += front.host.taken();
  for (char& c : all) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"sekisho", "forti", "server:", "x-powered", "openssl", "boost", "beast"}) {
    const std::string clean = [&] {  // the routes' own names are the protocol's
      std::string text = all;
      for (std::size_t at = text.find("/remote/fortisslvpn"); at != std::string::npos;
           at = text.find("/remote/fortisslvpn")) {
        text.erase(at, 19);
      }
      return text;
    }();
    EXPECT_THAT(clean, Not(HasSubstr(word)));
  }
}

TEST(HttpPhase, SendsTheRealmAlongOnlyWhenItIsConfigured) {
  FortinetConfig config;
  config.realm = "contractors";
  Front front(config);
  EXPECT_THAT(front.request(get("/contractors")), HasSubstr("Location: /remote/login?realm=contractors\r\n"));
  EXPECT_THAT(front.request(get("/")), HasSubstr("Location: /remote/login\r\n"));
  Front none;
  EXPECT_THAT(none.request(get("/contractors")), StartsWith("HTTP/1.1 404 "));
}

TEST(HttpPhase, HandsTheLoginToTheGatekeeperDecodedOnce) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{17}, std::size_t{10'000}}) {
    Front front;
    front.say(post("/remote/logincheck", kRound1, "User-Agent: Mozilla/5.0 SV1\r\nAccept-Language: en-US,ja\r\n"),
              piece);
    ASSERT_EQ(front.host.asked.size(), 1U);
    auto& begin = std::get<BeginLogin>(front.host.asked[0]);
    EXPECT_EQ(begin.evidence.size(), 2U);
    EXPECT_EQ(begin.evidence.at("login").reveal(), "taro");
    EXPECT_EQ(begin.evidence.at("password").reveal(), "p&ss w0rd");
    EXPECT_EQ(begin.arrival.user_agent, "Mozilla/5.0 SV1");
    EXPECT_EQ(begin.arrival.language, "en");
  }
}

TEST(HttpPhase, AsksTheQuestionInTheTextFormWithThePromptMadePlain) {
  Front front;
  front.say(post("/remote/logincheck", kRound1));
  front.reply(LoginAsked{"Handle-1", Ask{"code", "code", {"コード", "A, b <c> 100% \xe3\x81\x82 ok"}, 0}});
  const std::string answer = front.host.taken();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "));
  EXPECT_EQ(body_of(answer),
            "ret=2,reqid=Handle-1,polid=1-1-1,grp=remote,portal=remote,magic=1-1,tokeninfo=,chal_msg=A; b c> 100  ok");
  front.say(post("/remote/logincheck", kRound2));
  ASSERT_EQ(front.host.asked.size(), 2U);
  auto& second = std::get<AnswerLogin>(front.host.asked[1]);
  EXPECT_EQ(second.handle, "Handle-1");
  EXPECT_EQ(second.evidence.at("code").reveal(), "873519");
  EXPECT_EQ(second.evidence.size(), 1U);
}

TEST(HttpPhase, ReadsTheAnswerOfEveryClientVersion) {
  for (const char* body : {
           "username=taro&code=873519&realm=&reqid=H&polid=1-1-1&grp=remote&portal=remote&magic=1-1",
           "username=taro&realm=&reqid=H&polid=1-1-1&grp=remote&portal=remote&peer=&code=873519&code2=&magic=1-1",
       }) {
    Front front;
    front.say(post("/remote/logincheck", body));
    ASSERT_EQ(front.host.asked.size(), 1U) << body;
    EXPECT_EQ(std::get<AnswerLogin>(front.host.asked[0]).evidence.at("code").reveal(), "873519");
  }
}

TEST(HttpPhase, AsksForAnAppsCodeInTheSameForm) {
  Front front;
  front.say(post("/remote/logincheck", kRound1));
  front.reply(LoginAsked{"Handle-1", Ask{"totp", "totp", {"コード", "Enter the code"}, 0}});
  EXPECT_EQ(body_of(front.host.taken()),
            "ret=2,reqid=Handle-1,polid=1-1-1,grp=ask-totp,portal=remote,magic=1-1,tokeninfo=,chal_msg=Enter the code");
  front.say(post("/remote/logincheck",
                 "username=taro&code=873519&realm=&code2=&reqid=Handle-1&polid=1-1-1&grp=ask-totp&portal=remote"));
  ASSERT_EQ(front.host.asked.size(), 2U);
  auto& second = std::get<AnswerLogin>(front.host.asked[1]);
  EXPECT_EQ(second.evidence.at("totp").reveal(), "873519");
  EXPECT_EQ(second.evidence.size(), 1U);
}

TEST(HttpPhase, AGroupOfAnotherKindAnswersTheMailedCode) {
  for (const char* group : {"contractors", "ask-", "ask-login", "ask-password", "ask-handover", "ask-Totp", "ask-a.b",
                            "ask-abcdefghijklmnopq", "totp"}) {
    Front front;
    front.say(post("/remote/logincheck", std::string("username=taro&code=1&reqid=H&grp=") + group));
    ASSERT_EQ(front.host.asked.size(), 1U) << group;
    EXPECT_EQ(std::get<AnswerLogin>(front.host.asked[0]).evidence.count("code"), 1U) << group;
  }
}

TEST(HttpPhase, UsesTheConfiguredPromptWhenTheLoginNamesNone) {
  Front front;
  front.say(post("/remote/logincheck", kRound1));
  front.reply(LoginAsked{"h", Ask{"code", "code", {"コード", "コード"}, 0}});
  EXPECT_THAT(front.host.taken(), ::testing::EndsWith("chal_msg=Enter the 6-digit code sent to your mail address"));
}

TEST(HttpPhase, GivesOneCookieWithTheGrant) {
  for (const bool claim : {false, true}) {
    FortinetConfig config;
    config.ask_hostcheck = claim;
    Front front(config);
    front.say(post("/remote/logincheck", kRound2));
    front.reply(Granted{Secret(kCookie), "S20261122-1-000042", SessionState::quarantine});
    const std::string answer = front.host.taken();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nSet-Cookie: SVPNCOOKIE=" + kCookie + "; path=/; secure; httponly\r\n"));
    EXPECT_EQ(answer.find("Set-Cookie"), answer.rfind("Set-Cookie"));
    EXPECT_THAT(body_of(answer), StartsWith("ret=1,redir=/remote/fortisslvpn_xml"));
    EXPECT_EQ(answer.find("action=\"/remote/hostcheck_validate\"") != std::string::npos, claim);
    EXPECT_TRUE(front.host.closes.empty());
  }
}

TEST(HttpPhase, RefusesBrokenLogins) {
  const std::string long_value(513, 'x'), long_handle(32, 'h');
  const std::string bodies[] = {"",
                                "username=taro",
                                "credential=x",
                                "username=&credential=x",
                                "username=taro&credential=",
                                "username=taro&username=b&credential=x",
                                "username=taro&credential=%zz",
                                "username=taro&credential=%00",
                                "username=taro&credential=%ff",
                                "username=" + long_value + "&credential=x",
                                "username=taro&credential=" + long_value,
                                "username=taro&reqid=&code=1",
                                "username=taro&reqid=h&code=",
                                "username=taro&reqid=h",
                                "username=taro&reqid=" + long_handle + "&code=1",
                                "username=taro&reqid=a%2fb&code=1",
                                "username=taro&reqid=h&code=" + long_value,
                                "enc=0011223344556677",
                                "&&&"};
  for (const std::string& body : bodies) {
    Front front;
    EXPECT_THAT(front.request(post("/remote/logincheck", body)), StartsWith("HTTP/1.1 400 ")) << body;
    EXPECT_TRUE(front.host.asked.empty()) << body;
    EXPECT_EQ(front.host.closes.size(), 1U) << body;
  }
}

TEST(HttpPhase, NeverGivesACookieToAnythingButAGrant) {
  const auto replies = [] {
    std::vector<GateReply> out;
    out.emplace_back(refusal());
    out.emplace_back(refusal(true));
    out.emplace_back(Resumed{view()});
    out.emplace_back(Done{});
    out.emplace_back(PostureAnswer{});
    out.emplace_back(Granted{Secret("short"), "S", SessionState::quarantine});
    out.emplace_back(Granted{Secret(std::string(42, 'a') + "="), "S", SessionState::quarantine});
    out.emplace_back(LoginAsked{"bad,handle", Ask{"code", "code", {"あ", "a"}, 0}});
    out.emplace_back(LoginAsked{"", Ask{"code", "code", {"あ", "a"}, 0}});
    out.emplace_back(LoginAsked{"h", Ask{"x", "password", {"あ", "a"}, 0}});
    return out;
  };
  for (std::size_t i = 0; i < replies().size(); ++i) {
    for (const std::string_view round : {kRound1, kRound2}) {
      Front front;
      front.say(post("/remote/logincheck", round));
      front.reply(std::move(replies()[i]));
      const std::string answer = front.host.taken();
      EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie"))) << i;
      EXPECT_THAT(answer, Not(HasSubstr("ret=1"))) << i;
      EXPECT_THAT(answer, Not(HasSubstr("ret=2"))) << i;
    }
  }
}

TEST(HttpPhase, AnswersARefusalInTheWantedLanguageFirst) {
  for (const bool english : {false, true}) {
    Front front;
    front.say(post("/remote/logincheck", kRound1, english ? "Accept-Language: en\r\n" : ""));
    front.reply(refusal());
    const std::string answer = front.host.taken();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_EQ(answer.find("接続できません") > answer.find("Access refused"), english);
    EXPECT_THAT(answer, HasSubstr("[R16 contract.ended]"));
    EXPECT_THAT(answer, Not(HasSubstr("<form")));
  }
}

TEST(HttpPhase, BoundsRetZeroPerConnection) {
  FortinetConfig config;
  config.wrong_passwords = 2;
  Front front(config);
  std::vector<std::string> first_lines;
  for (int i = 0; i < 4; ++i) {
    front.say(post("/remote/logincheck", kRound1));
    front.reply(refusal(true));
    first_lines.push_back(front.host.taken().substr(0, 12));
  }
  EXPECT_THAT(first_lines, ElementsAre("HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 403", "HTTP/1.1 403"));
}

TEST(HttpPhase, TakesOneWellFormedCookieOnly) {
  const std::string good = "SVPNCOOKIE=" + kCookie;
  const std::string bad[] = {"",
                             "SVPNCOOKIE=",
                             "SVPNCOOKIE=" + kCookie.substr(1),
                             "SVPNCOOKIE=" + kCookie + "a",
                             "SVPNCOOKIE=" + kCookie.substr(1) + "+",
                             "SVPNCOOKIE=" + kCookie.substr(1) + "=",
                             "SVPNCOOKIE=\"" + kCookie + "\"",
                             "SVPNCOOKIE = " + kCookie,
                             "svpncookie=" + kCookie,
                             "SVPNTMPCOOKIE=" + kCookie,
                             good + "; " + good,
                             good + ";SVPNCOOKIE=",
                             "a=b; " + good + "; SVPNCOOKIE=x"};
  for (const std::string& cookie : bad) {
    Front front;
    EXPECT_THAT(front.request(get("/remote/fortisslvpn_xml", "Cookie: " + cookie + "\r\n")),
                StartsWith("HTTP/1.1 403 "))
        << cookie;
    EXPECT_TRUE(front.host.asked.empty()) << cookie;
  }
  for (const std::string& cookie : {good, "a=b; " + good, good + ";x=y", good + ";"}) {
    Front front;
    front.say(get("/remote/fortisslvpn_xml", "Cookie: " + cookie + "\r\n"));
    ASSERT_EQ(front.host.asked.size(), 1U) << cookie;
    EXPECT_EQ(std::get<ResumeSession>(front.host.asked[0]).cookie.reveal(), kCookie);
    EXPECT_FALSE(std::get<ResumeSession>(front.host.asked[0]).open_tunnel);
  }
}

TEST(HttpPhase, SendsSettingsWithOneRouteAndNothingElseOfTheInside) {
  Front front;
  front.say(get("/remote/fortisslvpn_xml?dual_stack=1", with_cookie(kCookie)));
  front.reply(Resumed{view()});
  EXPECT_EQ(body_of(front.host.taken()),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
            "<sslvpn-tunnel ver=\"2\" dtls=\"0\" patch=\"1\">"
            "<dtls-config heartbeat-interval=\"10\" heartbeat-fail-count=\"3\" heartbeat-idle-timeout=\"10\" "
            "client-hello-timeout=\"10\"/><tunnel-method value=\"ppp\"/>"
            "<auth-ses check-src-ip=\"0\" tun-connect-without-reauth=\"1\" tun-user-ses-timeout=\"120\"/>"
            "<client-config save-password=\"off\" keep-alive=\"off\" auto-connect=\"off\"/>"
            "<ipv4><assigned-addr ipv4=\"10.202.0.10\"/><split-tunnel-info><addr ip=\"10.202.0.1\" "
            "mask=\"255.255.255.255\"/></split-tunnel-info></ipv4>"
            "<idle-timeout val=\"3600\"/><auth-timeout val=\"7200\"/></sslvpn-tunnel>\n");
}

TEST(HttpPhase, WidensTheRouteToTheSessionsPrefixWithoutHostBits) {
  SessionView wide = view();
  wide.gate_address = "10.202.1.77";
  wide.prefix = 20;
  EXPECT_THAT(settings(wide, false).body, HasSubstr("<addr ip=\"10.202.0.0\" mask=\"255.255.240.0\"/>"));
}

TEST(HttpPhase, RefusesAViewThatItCannotExpress) {
  for (int i = 0; i < 4; ++i) {
    SessionView bad = view();
    if (i == 0) bad.address = "";
    if (i == 1) bad.address = "10.202.0.10\"/><x";
    if (i == 2) bad.gate_address = "fd00::1";
    if (i == 3) bad.prefix = 0;
    for (const char* path : {"/remote/fortisslvpn_xml", "/remote/sslvpn-tunnel"}) {
      Front front;
      front.say(get(path, with_cookie(kCookie)));
      front.reply(Resumed{bad});
      EXPECT_THAT(front.host.taken(), StartsWith("HTTP/1.1 503 ")) << i;
      EXPECT_TRUE(front.host.attached.empty());
    }
  }
}

TEST(HttpPhase, AnswersATunnelRequestWithFramesAndNeverWithHttp) {
  Front front;
  // The client's first frame rides on the same record as the request.
  std::string request = "GET /remote/sslvpn-tunnel HTTP/1.1\r\nHost: sslvpn\r\n" + with_cookie(kCookie) + "\r\n";
  request += testing::text_of(testing::hex("00 16 50 50 00 10 c0 21 01 01 00 0e 01 04 05 4a 05 06 e7 a5 65 3e"));
  front.say(request);
  ASSERT_EQ(front.host.asked.size(), 1U);
  EXPECT_TRUE(std::get<ResumeSession>(front.host.asked[0]).open_tunnel);
  EXPECT_EQ(front.host.written, "");
  EXPECT_TRUE(front.host.attached.empty());
  front.reply(Resumed{view()});
  ASSERT_EQ(front.host.attached.size(), 1U);
  const auto answer = testing::bytes_of(front.host.taken());
  EXPECT_EQ(testing::to_hex(std::span(answer).first(12)), "00 16 50 50 00 10 c0 21 01 01 00 0e");
  // The Ack of the frame that came early.
  EXPECT_EQ(testing::to_hex(std::span(answer).subspan(22)),
            "00 16 50 50 00 10 c0 21 02 01 00 0e 01 04 05 4a 05 06 e7 a5 65 3e");
}

TEST(HttpPhase, RefusesATunnelInHttpAndCloses) {
  Front front;
  front.say(get("/remote/sslvpn-tunnel", with_cookie(kCookie)));
  front.reply(refusal());
  EXPECT_THAT(front.host.taken(), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(front.host.closes.size(), 1U);
  EXPECT_TRUE(front.host.attached.empty());
}

TEST(HttpPhase, ForgetsTheCookieAtLogoutWhateverTheGatekeeperSays) {
  for (const bool known : {false, true}) {
    Front front;
    front.say(get("/remote/logout", with_cookie(kCookie)));
    ASSERT_EQ(front.host.asked.size(), 1U);
    EXPECT_EQ(std::get<LogoutSession>(front.host.asked[0]).cookie.reveal(), kCookie);
    front.reply(known ? GateReply(Done{}) : GateReply(refusal()));
    EXPECT_THAT(front.host.taken(), HasSubstr("Set-Cookie: SVPNCOOKIE=; path=/; expires=Sun, 11 Mar 1984"));
  }
  Front without;
  EXPECT_THAT(without.request(get("/remote/logout")), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpPhase, BoundsTheClaimAndPassesItOnUntouched) {
  Front front;
  const std::string claim = "hostcheck=1000,10.0.19045&check_virtual_desktop=01:02|0a:0b";
  front.say(post("/remote/hostcheck_validate", claim, with_cookie(kCookie)));
  ASSERT_EQ(front.host.asked.size(), 1U);
  EXPECT_EQ(std::get<PostureRequest>(front.host.asked[0]).kind, "hostcheck");
  EXPECT_EQ(std::get<PostureRequest>(front.host.asked[0]).body, claim);
  front.reply(PostureAnswer{200, "{}"});
  EXPECT_THAT(front.host.taken(), StartsWith("HTTP/1.1 200 "));
  for (const std::string& bad : {std::string(4097, 'a'), std::string("hostcheck=\x01"), std::string("a\xff")}) {
    Front other;
    EXPECT_THAT(other.request(post("/remote/hostcheck_validate", bad, with_cookie(kCookie))),
                StartsWith("HTTP/1.1 400 "));
  }
}

TEST(HttpPhase, ReadsRequestsInOrderThatCameAheadOfAnAnswer) {
  Front front;
  front.say(post("/remote/logincheck", kRound1) + get("/remote/login") + get("/x"));
  EXPECT_EQ(front.host.written, "");
  front.reply(refusal());
  const std::string all = front.host.taken();
  const std::size_t first = all.find("HTTP/1.1 403"), second = all.find("HTTP/1.1 200"),
                    third = all.find("HTTP/1.1 404");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

TEST(HttpPhase, KeepsOnlySoMuchAheadOfAnAnswer) {
  Front front;
  front.say(post("/remote/logincheck", kRound1));
  front.say(std::string(16384, 'G'));
  EXPECT_TRUE(front.host.closes.empty());
  front.say("G");
  EXPECT_THAT(front.host.closes, ElementsAre("too much sent ahead of an answer"));
  front.reply(Granted{Secret(kCookie), "S", SessionState::quarantine});
  EXPECT_EQ(front.host.written, "");
}

TEST(HttpPhase, ClosesAfterEveryFramingError) {
  for (const char* wire :
       {"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\x00\xf4"}) {
    Front front;
    const std::string answer = front.request(std::string(wire) + "\r\n\r\n" + get("/remote/login"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 ")) << wire;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << wire;
    EXPECT_THAT(answer, Not(HasSubstr("HTTP/1.1 200"))) << wire;
    EXPECT_EQ(front.host.closes.size(), 1U) << wire;
  }
}

TEST(HttpPhase, KeepsItsDeadlines) {
  Front front;
  EXPECT_EQ(front.connection->next_deadline(), kStart + 15s);
  front.now = kStart + 5s;
  front.say("GET /remote/login HT");
  EXPECT_EQ(front.connection->next_deadline(), kStart + 15s);  // ten seconds for the whole request
  front.now = kStart + 14s;
  front.say("TP/1.1\r\n");
  EXPECT_EQ(front.connection->next_deadline(), kStart + 15s);  // dripping does not help
  front.say("Host: a\r\n\r\n");
  EXPECT_EQ(front.connection->next_deadline(), kStart + 74s);
  front.connection->on_deadline(kStart + 74s);
  EXPECT_THAT(front.host.closes, ElementsAre("no request"));
  EXPECT_EQ(front.connection->next_deadline(), std::nullopt);
  Front drip;
  drip.say("G");
  drip.connection->on_deadline(kStart + 10s);
  EXPECT_THAT(drip.host.closes, ElementsAre("the request took too long"));
}

TEST(HttpPhase, ServesAHundredRequestsAndThenCloses) {
  Front front;
  for (int i = 0; i < 99; ++i) front.say(get("/remote/login"));
  EXPECT_TRUE(front.host.closes.empty());
  front.say(get("/remote/login"));
  EXPECT_EQ(front.host.closes.size(), 1U);
}

TEST(HttpPhase, ClosesWhenTheClientWantsIt) {
  Front front;
  EXPECT_THAT(front.request(get("/", "Connection: close\r\n")), HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(front.host.closes.size(), 1U);
}

TEST(HttpPhase, IgnoresAReplyToAnotherQuestion) {
  Front front;
  front.say(post("/remote/logincheck", kRound1));
  front.connection->on_reply(7, Granted{Secret(kCookie), "S", SessionState::quarantine}, kStart);
  EXPECT_EQ(front.host.written, "");
}

}  // namespace
}  // namespace sekisho::fortinet
