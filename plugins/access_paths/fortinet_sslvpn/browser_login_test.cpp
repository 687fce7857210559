#include "browser_login.hpp"

#include "testing/browser.hpp"

#include <sekisho/sdk/path/page_forms.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace sekisho::fortinet {
namespace {

using namespace std::chrono_literals;
using testing::Browser;
using testing::Fields;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kSession = "0123456789abcdefghijABCDEFGHIJ_-0123456789x";

Granted grant() {
  return {Secret(kSession), "S20261122-1-000042", SessionState::quarantine, 60};
}
Refused refusal(std::string code = "contract.not_in_force", bool may_retry = false) {
  return {{"R16", std::move(code), {"何が", "what"}, {"なぜ", "why"}, {"どうする", "remedy"}}, may_retry};
}
bool refused_with(const std::string& page, const std::string& code) {
  return page.starts_with("HTTP/1.1 403 ") && page.find("<code>T-14 " + code + "</code>") != std::string::npos;
}

TEST(BrowserLogin, LeadsThroughIdPasswordAndCodeToTheCookie) {
  Browser browser;
  EXPECT_THAT(browser.open("/remote/login"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(browser.page, HasSubstr("; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"));
  EXPECT_EQ(browser.asked(), 0U) << "looking at the page begins nothing";

  EXPECT_EQ(browser.submit("/remote/login/id", {{"login", "mori"}}), "");
  auto& begin = browser.last_asked<BeginLogin>();
  EXPECT_EQ(begin.evidence.size(), 1U);
  EXPECT_EQ(begin.evidence.at("login").reveal(), "mori");
  EXPECT_EQ(begin.arrival.form, LoginForm::page);
  EXPECT_EQ(begin.arrival.user_agent, browser.agent);
  EXPECT_EQ(begin.arrival.language, "ja");
  EXPECT_THAT(browser.reply(Browser::question("password", "Handle-1")),
              HasSubstr("name=\"handle\" value=\"Handle-1\""));

  browser.submit("/remote/login/password", {{"password", "p&ss <word>"}});
  auto& second = browser.last_asked<AnswerLogin>();
  EXPECT_EQ(second.handle, "Handle-1");
  EXPECT_EQ(second.evidence.at("password").reveal(), "p&ss <word>");
  EXPECT_EQ(second.evidence.at("login").reveal(), "mori");
  EXPECT_EQ(second.arrival.form, LoginForm::page);
  browser.reply(Browser::question("code", "Handle-2", 60));
  EXPECT_THAT(browser.page, Not(HasSubstr("p&amp;ss")));

  browser.submit("/remote/login/code", {{"code", "873519"}});
  auto& third = browser.last_asked<AnswerLogin>();
  EXPECT_EQ(third.handle, "Handle-2");
  EXPECT_EQ(third.evidence.size(), 1U);
  EXPECT_EQ(third.evidence.at("code").reveal(), "873519");
  browser.reply(grant());
  EXPECT_THAT(browser.page, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(browser.page, HasSubstr("\r\nCache-Control: no-store\r\n"));
  EXPECT_THAT(browser.page, HasSubstr("__Host-login=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
  EXPECT_THAT(browser.page, Not(HasSubstr("Set-Cookie: SVPNCOOKIE"))) << "the browser itself gets no session";
  EXPECT_THAT(browser.page, HasSubstr("value=\"SVPNCOOKIE=" + kSession + "\""));
  const std::string commands = std::regex_replace(browser.page, std::regex("</?span>"), "");
  EXPECT_THAT(commands, HasSubstr("openconnect --protocol=fortinet -c 証明書.pem -k 鍵.pem --cookie-on-stdin "
                                  "https://vpn.test/</code>"));
  EXPECT_THAT(commands, HasSubstr("openfortivpn vpn.test:443 --user-cert=certificate.pem --user-key=key.pem "
                                  "--cookie-on-stdin</code>"));
  EXPECT_THAT(browser.page, HasSubstr("S20261122-1-000042"));
}

TEST(BrowserLogin, TakesAFormFromItsOwnOriginAlone) {
  for (const char* origin :
       {"", "null", "http://vpn.test", "https://vpn.test:444", "https://vpn.test:443", "https://VPN.test",
        "https://vpn.test.", "https://vpn.test/", "https://evil.test", "https://vpn.test.evil.test",
        "https://vpn.test https://vpn.test", "vpn.test", "https://"}) {
    SCOPED_TRACE(origin);
    Browser browser;
    browser.open("/remote/login");
    browser.origin = origin;
    EXPECT_TRUE(refused_with(browser.submit("/remote/login/id", {{"login", "mori"}}), "page.other_origin"));
    EXPECT_EQ(browser.asked(), 0U);
  }
  FortinetConfig config;
  config.origin = "https://gate.example:8443";
  Browser elsewhere(config);
  elsewhere.open("/remote/login");
  elsewhere.submit("/remote/login/id", {{"login", "mori"}});
  EXPECT_EQ(elsewhere.asked(), 0U) << "the configured origin counts, not what Host says";
  elsewhere.origin = config.origin;
  elsewhere.open("/remote/login");
  elsewhere.submit("/remote/login/id", {{"login", "mori"}});
  EXPECT_EQ(elsewhere.asked(), 1U);
}

TEST(BrowserLogin, TakesNoTokenButThatOfItsCookieStepAndLogin) {
  Browser browser;
  browser.reach("password");
  const Fields right = browser.form("/remote/login/password");
  const std::string cookie = browser.cookie;
  const auto refused = [&](Fields fields, const std::string& action = "/remote/login/password") {
    const std::size_t before = browser.asked();
    fields["password"] = "x";
    const bool stale = refused_with(browser.send(action, fields), "page.stale");
    return stale && browser.asked() == before;
  };
  const auto with = [&](const std::string& name, const std::string& value) {
    Fields out = right;
    out[name] = value;
    return out;
  };
  Fields without = right;
  without.erase("token");
  EXPECT_TRUE(refused(without)) << "missing";
  EXPECT_TRUE(refused(with("token", ""))) << "empty";
  EXPECT_TRUE(refused(with("token", std::string(43, 'A')))) << "wrong";
  EXPECT_TRUE(refused(with("token", right.at("token").substr(1)))) << "short";
  EXPECT_TRUE(refused(with("token", pages::page_token(cookie, "password", "Handle-9")))) << "another login's";
  EXPECT_TRUE(refused(with("token", pages::page_token(cookie, "code", "Handle-2")))) << "another step's";
  EXPECT_TRUE(refused(with("token", pages::page_token(std::string(43, 'B'), "password", "Handle-2"))))
      << "another browser's";
  EXPECT_TRUE(refused(with("token", pages::page_token("", "password", "Handle-2")))) << "of no cookie";
  EXPECT_TRUE(refused(with("handle", "Handle-9"))) << "token of one login, handle of another";
  EXPECT_TRUE(refused(with("handle", "")));
  EXPECT_TRUE(refused(with("handle", std::string(32, 'a'))));
  EXPECT_TRUE(refused(with("handle", "../x")));
  EXPECT_TRUE(refused(right, "/remote/login/code"));
  EXPECT_TRUE(refused(right, "/remote/login/resend"));
  EXPECT_TRUE(refused(right, "/remote/login/id"));
  for (const std::string& bad : {std::string(), std::string(42, 'a'), std::string(44, 'a'), std::string(42, 'a') + "=",
                                 cookie + "; __Host-login=" + cookie, std::string(43, 'B')}) {
    browser.cookie = bad;
    EXPECT_TRUE(refused(right)) << bad;
  }
  browser.cookie = cookie;
  EXPECT_FALSE(refused(right)) << "the check can pass";
}

TEST(BrowserLogin, NeverPutsAHandleOrTokenInAUrlOrHeader) {
  Browser browser;
  browser.reach("code", "SecretHandle");
  const std::regex url("(?:href|action|src)=\"([^\"]*)\"");
  int urls = 0;
  for (std::sregex_iterator it(browser.page.begin(), browser.page.end(), url), end; it != end; ++it, ++urls) {
    EXPECT_THAT((*it)[1].str(), Not(HasSubstr("SecretHandle")));
    EXPECT_THAT((*it)[1].str(), Not(HasSubstr(browser.form("/remote/login/code").at("token"))));
  }
  EXPECT_GE(urls, 4);
  EXPECT_THAT(browser.page.substr(0, browser.page.find("\r\n\r\n")), Not(HasSubstr("SecretHandle")));
}

TEST(BrowserLogin, AsksForThePasswordAgainInAFreshLogin) {
  Browser browser;
  browser.reach("password", "Handle-1");
  browser.submit("/remote/login/password", {{"password", "wrong"}});
  EXPECT_EQ(browser.reply(refusal("password.wrong", true)), "") << "the login begins anew first";
  auto& begin = browser.last_asked<BeginLogin>();
  EXPECT_EQ(begin.evidence.at("login").reveal(), "mori");
  EXPECT_EQ(begin.evidence.size(), 1U);
  EXPECT_EQ(begin.arrival.form, LoginForm::page);
  browser.reply(Browser::question("password", "Handle-7"));
  EXPECT_THAT(browser.page, HasSubstr("<a href=\"#password\">なぜどうする [R16 password.wrong]</a>"));
  EXPECT_THAT(browser.page, HasSubstr("aria-invalid=\"true\" aria-describedby=\"error\""));
  EXPECT_THAT(browser.page, HasSubstr("<title>エラー："));
  EXPECT_EQ(browser.form("/remote/login/password").at("handle"), "Handle-7");
  EXPECT_EQ(browser.form("/remote/login/password").at("login"), "mori");
  // And what refuses the new beginning is shown as it is.
  browser.submit("/remote/login/password", {{"password", "wrong"}});
  browser.reply(refusal("password.wrong", true));
  EXPECT_THAT(browser.reply(refusal("password.locked")), HasSubstr("<code>R16 password.locked</code>"));
  EXPECT_THAT(browser.page, StartsWith("HTTP/1.1 403 "));
}

TEST(BrowserLogin, SaysOnTheFormThatTheCodeWasWrong) {
  Browser browser;
  browser.reach("code", "Handle-2");
  EXPECT_THAT(browser.page, Not(HasSubstr("class=\"summary\"")));
  browser.submit("/remote/login/code", {{"code", "000000"}});
  browser.reply(Browser::question("code", "Handle-3", 42));
  EXPECT_THAT(browser.page, HasSubstr("<a href=\"#code\">質問です</a>"));
  EXPECT_EQ(browser.form("/remote/login/code").at("handle"), "Handle-3");
  EXPECT_THAT(browser.page, HasSubstr("あと42秒で再送できます"));
  // A further factor is no error.
  browser.submit("/remote/login/code", {{"code", "1"}});
  browser.reply(Browser::question("totp", "Handle-4"));
  EXPECT_THAT(browser.page, Not(HasSubstr("class=\"summary\"")));
  EXPECT_THAT(browser.page, HasSubstr("<label for=\"totp\">質問です</label>"));
  browser.submit("/remote/login/code", {{"totp", "123456"}});
  EXPECT_EQ(browser.last_asked<AnswerLogin>().evidence.at("totp").reveal(), "123456");
}

TEST(BrowserLogin, SendsACodeAgainAndCountsTheWaitItself) {
  Browser browser;
  browser.reach("code", "Handle-2");
  EXPECT_THAT(browser.page, HasSubstr("あと60秒で再送できます（17:01:00以降）"));
  browser.submit("/remote/login/resend");
  EXPECT_EQ(browser.last_asked<AnswerLogin>().handle, "Handle-2");
  EXPECT_TRUE(browser.last_asked<AnswerLogin>().evidence.empty()) << "an answer without a code asks for one";
  browser.reply(Browser::question("code", "Handle-3", 15));
  EXPECT_THAT(browser.page, HasSubstr("<p class=\"notice\">質問です</p>"));
  EXPECT_THAT(browser.page, Not(HasSubstr("class=\"summary\"")));
  browser.front.now += 10s;
  browser.submit("/remote/login/code", {{"code", ""}});
  EXPECT_THAT(browser.page, HasSubstr("確認コードを入力してください。"));
  browser.front.now += 60s;
  browser.submit("/remote/login/code", {{"code", ""}});
  EXPECT_THAT(browser.page, Not(HasSubstr("秒で再送できます")));
}

TEST(BrowserLogin, AnswersWhatIsMissingOrTooLongWithoutAskingAnybody) {
  Browser browser;
  browser.open("/remote/login");
  EXPECT_THAT(browser.submit("/remote/login/id", {{"login", ""}}),
              HasSubstr("<a href=\"#login\">IDを入力してください。</a>"));
  EXPECT_THAT(browser.submit("/remote/login/id", {{"login", std::string(513, 'a')}}), HasSubstr("長すぎます"));
  EXPECT_EQ(browser.asked(), 0U);
  browser.reach("password", "Handle-1");
  const std::size_t before = browser.asked();
  EXPECT_THAT(browser.submit("/remote/login/password", {{"password", ""}}),
              HasSubstr("パスワードを入力してください。"));
  EXPECT_EQ(browser.form("/remote/login/password").at("handle"), "Handle-1") << "the question is still open";
  EXPECT_THAT(browser.submit("/remote/login/password", {{"password", std::string(513, 'a')}}), HasSubstr("長すぎます"));
  EXPECT_EQ(browser.asked(), before);
  browser.submit("/remote/login/password", {{"password", "x"}});
  EXPECT_EQ(browser.asked(), before + 1);
}

TEST(BrowserLogin, ShowsHostileWordsAsText) {
  const std::string hostile = "\"><script>alert(1)</script>'&\xe2\x80\xae\x01\xff";
  const std::string shown = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;\xef\xbf\xbd\xef\xbf\xbd";
  Browser browser;
  browser.open("/remote/login");
  browser.submit("/remote/login/id", {{"login", "\"><script>alert(1)</script>"}});
  browser.reply(Browser::question("password", "Handle-1"));
  EXPECT_THAT(browser.page, HasSubstr("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""));
  EXPECT_THAT(browser.page, Not(HasSubstr("<script")));
  browser.reach("code");
  browser.submit("/remote/login/code", {{"code", "1"}});
  LoginAsked asked = Browser::question("code", "Handle-3");
  asked.ask.prompt.ja = hostile;
  EXPECT_THAT(browser.reply(std::move(asked)), HasSubstr(shown));
  browser.submit("/remote/login/code", {{"code", "1"}});
  Refused said = refusal();
  said.refusal.what.ja = said.refusal.why.en = said.refusal.code = said.refusal.rule = hostile;
  EXPECT_THAT(browser.reply(std::move(said)), HasSubstr(shown));
  EXPECT_THAT(browser.page, Not(HasSubstr("<script")));
  EXPECT_THAT(browser.open("/remote/login?lang=%22%3E%3Cscript%3E&realm="), Not(HasSubstr("<script")));
  EXPECT_THAT(browser.open("/remote/login?realm=%3Cscript%3E"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(browser.page, Not(HasSubstr("<script")));
}

TEST(BrowserLogin, SpeaksTheLanguageThatIsAskedForAndSwitchesWithoutLosingTheLogin) {
  Browser browser;
  EXPECT_THAT(browser.open("/remote/login"), HasSubstr("<html lang=\"ja\">"));
  EXPECT_THAT(browser.page, HasSubstr("<a lang=\"en\" hreflang=\"en\" href=\"/remote/login?lang=en\">English</a>"));
  browser.languages = "en-US,ja;q=0.5";
  EXPECT_THAT(browser.open("/remote/login"), HasSubstr("<html lang=\"en\">"));
  browser.languages = "";
  EXPECT_THAT(browser.open("/remote/login"), HasSubstr("<html lang=\"ja\">")) << "the configured one";
  EXPECT_THAT(browser.open("/remote/login?lang=en"), HasSubstr("<html lang=\"en\">"));
  browser.submit("/remote/login/id", {{"login", "mori"}});
  EXPECT_EQ(browser.last_asked<BeginLogin>().arrival.language, "en");
  browser.reply(Browser::question("password", "Handle-1"));
  EXPECT_THAT(browser.page, HasSubstr("<html lang=\"en\">"));
  browser.submit("/remote/login/password", {{"password", "x"}});
  browser.reply(Browser::question("code", "Handle-2", 60));
  const std::size_t before = browser.asked();
  browser.front.now += 5s;
  browser.submit("/remote/login/language");
  EXPECT_EQ(browser.asked(), before);
  EXPECT_THAT(browser.page, HasSubstr("<html lang=\"ja\">"));
  EXPECT_THAT(browser.page, HasSubstr("あと55秒で再送できます"));
  EXPECT_EQ(browser.form("/remote/login/code").at("handle"), "Handle-2");
  browser.submit("/remote/login/code", {{"code", "873519"}});
  EXPECT_EQ(browser.last_asked<AnswerLogin>().handle, "Handle-2");
  EXPECT_EQ(browser.last_asked<AnswerLogin>().arrival.language, "ja");
  // The password page keeps the id, never the password.
  browser.reply(refusal());
  browser.reach("password", "Handle-5");
  browser.submit("/remote/login/language");
  EXPECT_EQ(browser.form("/remote/login/password").at("login"), "mori");
}

TEST(BrowserLogin, ShowsEveryRefusalWithRuleCodeWhatWhyAndRemedyInBothLanguages) {
  Browser browser;
  browser.reach("code");
  browser.submit("/remote/login/code", {{"code", "1"}});
  browser.reply(refusal());
  EXPECT_THAT(browser.page, StartsWith("HTTP/1.1 403 "));
  for (const char* words :
       {"何が", "なぜ", "どうする", "what", "why", "remedy", "<code>R16 contract.not_in_force</code>",
        "<details lang=\"en\">", "href=\"/remote/login?lang=ja\""}) {
    EXPECT_THAT(browser.page, HasSubstr(words));
  }
}

TEST(BrowserLogin, AllowsTheFormsThatThePathAllows) {
  FortinetConfig config;
  config.login_forms = "client";
  Browser client(config);
  EXPECT_THAT(client.open("/remote/login"), HasSubstr("Please connect with the VPN client."));
  for (const char* path : {"/remote/saml/start", "/remote/saml/auth_id", "/remote/login/id"}) {
    EXPECT_THAT(client.open(path), StartsWith("HTTP/1.1 404 ")) << path;
    EXPECT_THAT(client.send(path, {}), StartsWith("HTTP/1.1 404 ")) << path;
  }
  EXPECT_THAT(client.open(std::string(style_path())), StartsWith("HTTP/1.1 404 "));
  config.login_forms = "browser";
  Browser pages(config);
  const std::string said = pages.front.request(testing::post("/remote/logincheck", "username=mori&credential=x"));
  EXPECT_THAT(said, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(said, HasSubstr("[R04 login.form_not_allowed]"));
  EXPECT_THAT(pages.front.request(testing::post("/remote/logincheck", "code=1&reqid=Handle-1")),
              HasSubstr("[R04 login.form_not_allowed]"));
  EXPECT_EQ(pages.asked(), 0U);
  pages.reach("code");
  EXPECT_EQ(pages.asked(), 2U);
}

TEST(BrowserLogin, SendsTheBrowserBackToTheClientThatOpenedIt) {
  FortinetConfig config;
  config.realm = "contractors";
  config.saml_port = 9020;
  Browser browser(config);
  browser.open("/remote/saml/start?redirect=1&realm=contractors");
  EXPECT_THAT(browser.page, HasSubstr("VPNクライアントから開かれた画面です"));
  EXPECT_THAT(browser.page, HasSubstr("href=\"/remote/saml/start?redirect=1&amp;realm=contractors&amp;lang=en\""));
  browser.submit("/remote/login/id", {{"login", "mori"}});
  EXPECT_EQ(browser.last_asked<BeginLogin>().arrival.form, LoginForm::page_for_client);
  browser.reply(Browser::question("password", "Handle-1"));
  browser.submit("/remote/login/password", {{"password", "x"}});
  EXPECT_EQ(browser.last_asked<AnswerLogin>().arrival.form, LoginForm::page_for_client);
  browser.reply(Browser::question("code", "Handle-2", 60));
  browser.submit("/remote/login/code", {{"code", "873519"}});
  browser.reply(LoginAsked{"Ab_-", Ask{"", "handover", {}, 0}});
  EXPECT_THAT(browser.page, HasSubstr("\r\nRefresh: 0; url=http://127.0.0.1:9020/?id=41625f2d\r\n"));
  EXPECT_THAT(browser.page, HasSubstr("href=\"http://127.0.0.1:9020/?id=41625f2d\""));
  // A grant that nobody can fetch is no answer here, and a handover is none on the other pages.
  browser.open("/remote/saml/start?redirect=1");
  browser.submit("/remote/login/id", {{"login", "mori"}});
  EXPECT_THAT(browser.reply(grant()), StartsWith("HTTP/1.1 503 "));
}

TEST(BrowserLogin, LetsTheClientFetchItsSessionByTheOneTimeId) {
  Browser client;
  client.agent = "Mozilla/5.0 SV1";
  EXPECT_EQ(client.open("/remote/saml/auth_id?id=41625f2d"), "");
  auto& answer = client.last_asked<AnswerLogin>();
  EXPECT_EQ(answer.handle, "Ab_-");
  EXPECT_EQ(answer.arrival.form, LoginForm::client);
  EXPECT_TRUE(answer.evidence.empty());
  client.reply(grant());
  EXPECT_THAT(client.page, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(client.page, HasSubstr("Set-Cookie: SVPNCOOKIE=" + kSession + "; path=/; secure; httponly"));
  client.open("/remote/saml/auth_id?id=41625f2d");
  EXPECT_THAT(client.reply(refusal("login.unknown_handle")), HasSubstr("[R16 login.unknown_handle]"));
  EXPECT_THAT(client.page, StartsWith("HTTP/1.1 403 "));
  client.open("/remote/saml/auth_id?id=41625f2d");
  EXPECT_THAT(client.reply(Browser::question("code", "Handle-1")), StartsWith("HTTP/1.1 503 "));
  for (const char* query :
       {"", "?", "?id=", "?id=4", "?id=4162zz", "?id=41625F2D", "?id=2e2e", "?id=41&id=41", "?id=41&x=1", "?x=41"}) {
    Browser other;
    EXPECT_THAT(other.open(std::string("/remote/saml/auth_id") + query), StartsWith("HTTP/1.1 403 ")) << query;
    EXPECT_EQ(other.asked(), 0U);
  }
}

TEST(BrowserLogin, AnswersWhatTheGatekeeperCannotMeanWith503) {
  const auto answered = [](GateReply reply) {
    Browser browser;
    browser.open("/remote/login");
    browser.submit("/remote/login/id", {{"login", "mori"}});
    return browser.reply(std::move(reply));
  };
  EXPECT_THAT(answered(Done{}), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answered(Resumed{}), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answered(PostureAnswer{}), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answered(Browser::question("code", "")), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answered(Browser::question("code", std::string(32, 'a'))), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answered(Browser::question("code", "a b")), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answered(Browser::question("handover", "Handle-1")), StartsWith("HTTP/1.1 503 "));
  for (const char* field : {"", "login", "token", "handle", "Code", "a b", "<b>"}) {
    EXPECT_THAT(answered(Browser::question(field, "Handle-1")), StartsWith("HTTP/1.1 503 ")) << field;
  }
  EXPECT_THAT(answered(Granted{Secret("short"), "S", SessionState::admitted, 60}), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answered(Granted{Secret(std::string(42, 'a') + "\""), "S", SessionState::admitted, 60}),
              StartsWith("HTTP/1.1 503 "));

  Browser silent;
  silent.open("/remote/login");
  silent.submit("/remote/login/id", {{"login", "mori"}});
  silent.front.now += 31s;
  silent.front.connection->on_deadline(silent.front.now);
  const std::string said = silent.front.host.taken();
  EXPECT_THAT(said, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(said, HasSubstr("<h1>いま判定ができません</h1>"));
}

TEST(BrowserLogin, ReadsFormsOfTheOneTypeAndRefusesBrokenOnes) {
  for (const char* type : {"", "Content-Type: text/plain\r\n", "Content-Type: multipart/form-data; boundary=x\r\n"}) {
    Browser browser;
    browser.open("/remote/login");
    const std::string body = "login=mori&token=" + browser.form("/remote/login/id").at("token");
    const std::string head = "Origin: https://vpn.test\r\nCookie: __Host-login=" + browser.cookie + "\r\n" + type;
    EXPECT_THAT(browser.front.request(testing::post("/remote/login/id", body, head)), StartsWith("HTTP/1.1 400 "));
    EXPECT_EQ(browser.asked(), 0U);
  }
  for (const char* body : {"login=a&login=b", "login=%zz", "login=%ff", "login=%00"}) {
    Browser browser;
    const std::string head = "Origin: https://vpn.test\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    EXPECT_THAT(browser.front.request(testing::post("/remote/login/id", body, head)), StartsWith("HTTP/1.1 400 "))
        << body;
  }
}

TEST(BrowserLogin, ShowsErrorsAsPagesTheSameForAllThatIsNotThere) {
  std::set<std::string> answers;
  for (const char* path :
       {"/x", "/remote/info", "/remote/login/id", "/remote/login/style.css", "/remote/sslvpn-tunnel2"}) {
    Browser browser;
    answers.insert(browser.open(path));
  }
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_THAT(*answers.begin(), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(*answers.begin(), HasSubstr("<h1>ページが見つかりません</h1>"));
  Browser browser;
  EXPECT_THAT(browser.open("/remote/index"), HasSubstr("<code>R04 session.no_cookie</code>"));
  struct Broken {
    const char* head;
    const char* status;
  };
  for (const Broken& broken : {Broken{"GET /%2e HTTP/1.1\r\nHost: vpn.test\r\n\r\n", "400"},
                               Broken{"PUT / HTTP/1.1\r\nHost: vpn.test\r\n\r\n", "405"}}) {
    Browser other;
    const std::string said = other.front.request(broken.head);
    EXPECT_THAT(said, StartsWith(std::string("HTTP/1.1 ") + broken.status));
    EXPECT_THAT(said, HasSubstr("<html lang=\"ja\">"));
    EXPECT_THAT(said, HasSubstr("\r\nConnection: close\r\n"));
  }
}

TEST(BrowserLogin, PutsTheSameHeadersOnEveryPageAndNoNameOfTheProduct) {
  std::vector<std::string> pages;
  Browser browser;
  pages.push_back(browser.open("/remote/login"));
  pages.push_back(browser.open("/remote/saml/start?redirect=1"));
  pages.push_back(browser.open("/x"));
  pages.push_back(browser.open("/remote/index"));
  pages.push_back(browser.send("/remote/login/id", {}));
  browser.reach("password");
  pages.push_back(browser.page);
  pages.push_back(browser.submit("/remote/login/language"));
  browser.reach("code");
  pages.push_back(browser.page);
  browser.submit("/remote/login/code", {{"code", "1"}});
  pages.push_back(browser.reply(refusal()));
  pages.push_back(broken_page(405).body.empty() ? "" : serialize(broken_page(405)));
  pages.push_back(serialize(unavailable_page({})));
  for (std::string page : pages) {
    SCOPED_TRACE(page.substr(0, page.find("\r\n")));
    for (const char* header :
         {"\r\nContent-Type: text/html; charset=utf-8\r\n", "\r\nCache-Control: no-store\r\n",
          "\r\nReferrer-Policy: same-origin\r\n", "\r\nX-Content-Type-Options: nosniff\r\n",
          "\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains\r\n",
          "\r\nCross-Origin-Opener-Policy: same-origin\r\n", "\r\nCross-Origin-Resource-Policy: same-origin\r\n",
          "\r\nVary: Accept, Accept-Language\r\n",
          "\r\nContent-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
          "frame-ancestors 'none'; base-uri 'none'; object-src 'none'\r\n"}) {
      EXPECT_THAT(page, HasSubstr(header));
    }
    for (char& c : page) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const char* word :
         {"sekisho", "関所gate", "forti", "<script", "<style", " style=", " onclick", "javascript:"}) {
      EXPECT_THAT(page, Not(HasSubstr(word)));
    }
  }
  Browser styles;
  const std::string css = styles.open(std::string(style_path()));
  EXPECT_THAT(css, HasSubstr("\r\nContent-Type: text/css; charset=utf-8\r\n"));
  EXPECT_THAT(css, HasSubstr("\r\nCache-Control: public, max-age=31536000, immutable\r\n"));
  EXPECT_THAT(css, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
}

TEST(BrowserLogin, KeepsThePageCookieOfOtherTabs) {
  Browser browser;
  browser.open("/remote/login");
  const std::string first = browser.cookie;
  EXPECT_EQ(first.size(), 43U);
  EXPECT_THAT(browser.open("/remote/login"), Not(HasSubstr("Set-Cookie")));
  EXPECT_EQ(browser.cookie, first);
  browser.cookie = "not ours";
  EXPECT_THAT(browser.open("/remote/login"), HasSubstr("Set-Cookie: __Host-login="));
  EXPECT_NE(browser.cookie, first);
}

TEST(BrowserLogin, GivesVpnClientsTheirShortPageAndNoCookie) {
  Browser client;
  const std::string said = client.front.request(testing::get("/remote/login", "User-Agent: Mozilla/5.0 SV1\r\n"));
  EXPECT_THAT(said, HasSubstr("Please connect with the VPN client."));
  EXPECT_THAT(said, Not(HasSubstr("Set-Cookie")));
}

}  // namespace
}  // namespace sekisho::fortinet
