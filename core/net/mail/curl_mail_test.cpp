// A real client against a server that misbehaves (T-28): no mail without verified TLS, no word of the server repeated,
// no mail held up by another.
#include "net/mail/curl_mail.hpp"

#include "net/mail/testing/mail_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace sekisho::net {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::Contains;
using testing::FakeSmtpServer;
using ::testing::HasSubstr;
using testing::MailStage;
using testing::Manner;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kCodeInBase64 = "Y29kZSAwNDcyMzg";  // "code 047238"

/// What must hold however a conversation went: nothing of the mail, and no password, before TLS.
void expect_nothing_in_clear(const FakeSmtpServer& server) {
  for (const auto& seen : server.results()) {
    for (const auto& command : seen.in_clear) {
      EXPECT_THAT(command, AnyOf(StartsWith("EHLO "), StartsWith("HELO "), "STARTTLS", "QUIT"));
    }
  }
}

std::size_t delivered(const FakeSmtpServer& server) {
  std::size_t out = 0;
  for (const auto& seen : server.results()) out += seen.text.empty() ? 0 : 1;
  return out;
}

}  // namespace

TEST(CurlMailTest, DeliversOverVerifiedTls) {
  MailStage stage;
  stage.options.user = "sekisho";
  stage.options.password = Secret("correct horse");
  FakeSmtpServer server(stage.server_identity(), {});
  stage.open(server.port());
  stage.send(1);
  EXPECT_EQ(stage.end_of(1), "");
  const auto seen = server.results();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_THAT(seen[0].in_clear, ::testing::ElementsAre("EHLO seki.test", "STARTTLS"));
  EXPECT_THAT(seen[0].in_tls, Contains("MAIL FROM:<sekisho@seki.test>"));
  EXPECT_THAT(seen[0].in_tls, Contains("RCPT TO:<mori@contractor.test>"));
  EXPECT_THAT(seen[0].in_tls, Contains("secret AHNla2lzaG8AY29ycmVjdCBob3JzZQ=="));  // \0sekisho\0correct horse
  EXPECT_THAT(seen[0].text, HasSubstr(kCodeInBase64));
  EXPECT_THAT(seen[0].text, HasSubstr("\r\nSubject: =?UTF-8?B?"));
}

struct Case {
  const char* name;
  Manner manner;
  const char* code;  ///< of the end
  const char* peer;  ///< of a refusal for good: three digits or nothing
};
class Misbehaviour : public ::testing::TestWithParam<Case> {};

TEST_P(Misbehaviour, EndsAsItMust) {
  const Case& c = GetParam();
  MailStage stage;
  const bool final_word = std::string_view(c.code) == "mail.no_tls" || std::string_view(c.code) == "mail.refused";
  stage.options.attempt = milliseconds(final_word ? 10'000 : 400);
  stage.options.limit = milliseconds(final_word ? 20'000 : 1'000);
  // Again and again: a retry does not change what it meets.
  FakeSmtpServer server(stage.server_identity(), std::vector<Manner>(50, c.manner));
  stage.open(server.port());
  stage.send(1);
  EXPECT_EQ(stage.end_of(1), c.code);
  if (const auto& end = stage.ends.at(1); !end) {
    if (final_word) {
      EXPECT_EQ(end.error().peer, c.peer);
    } else {  // how far the last of several tries came is chance
      EXPECT_THAT(end.error().peer, AnyOf("", ::testing::MatchesRegex("[2-5][0-9][0-9]")));
    }
    EXPECT_THAT(end.error().detail, Not(HasSubstr("047238")));
    EXPECT_THAT(end.error().detail, Not(HasSubstr("nobody")));
  }
  if (final_word) {
    EXPECT_LT(stage.took[1], milliseconds(8'000));
    EXPECT_EQ(server.accepted(), 1U) << "tried again though it was refused for good";
  }
  EXPECT_EQ(delivered(server), 0U);
  expect_nothing_in_clear(server);
}

INSTANTIATE_TEST_SUITE_P(Server, Misbehaviour,
                         ::testing::Values(Case{"OffersNoTls", Manner::offers_no_tls, "mail.no_tls", "250"},
                                           Case{"RefusesStarttls", Manner::refuses_starttls, "mail.no_tls", "454"},
                                           Case{"TalksBeforeTls", Manner::talks_before_tls, "mail.no_tls", "220"},
                                           Case{"RefusesReceiver", Manner::refuses_receiver, "mail.refused", "550"},
                                           Case{"RefusesAndHangs", Manner::refuses_and_hangs, "mail.refused", "550"},
                                           Case{"RefusesText", Manner::refuses_text, "mail.refused", "554"},
                                           Case{"BusyForever", Manner::busy_at_mail, "mail.unreachable", "451"},
                                           Case{"Silent", Manner::silent, "mail.unreachable", ""},
                                           Case{"SilentAfterData", Manner::silent_after_data, "mail.unreachable",
                                                "354"},
                                           Case{"ClosesInData", Manner::closes_in_data, "mail.unreachable", "354"},
                                           Case{"EndlessLines", Manner::endless_lines, "mail.unreachable", "220"},
                                           Case{"EndlessLine", Manner::endless_line, "mail.unreachable", "220"},
                                           Case{"NoSmtp", Manner::no_smtp, "mail.unreachable", ""}),
                         [](const auto& info) { return info.param.name; });

TEST(CurlMailTest, NoCertificateButTheRightOneWillDo) {
  const tls::testing::Authority other("other CA");
  MailStage stage;
  const struct {
    const char* what;
    tls::testing::Identity identity;
  } bad[] = {
      {"another CA", MailStage::issue(other, "localhost", false)},
      {"another name", MailStage::issue(stage.authority, "post.example", false)},
      {"expired", MailStage::issue(stage.authority, "localhost", true)},
  };
  int number = 0;
  for (const auto& c : bad) {
    FakeSmtpServer server(c.identity, {});
    stage.open(server.port());
    stage.send(++number);
    EXPECT_EQ(stage.end_of(number), "mail.no_tls") << c.what;
    EXPECT_EQ(server.accepted(), 1U) << c.what;
    EXPECT_EQ(delivered(server), 0U) << c.what;
    EXPECT_THAT(server.results()[0].in_tls, ::testing::IsEmpty()) << c.what;
    expect_nothing_in_clear(server);
    stage.mail.reset();
  }
}

TEST(CurlMailTest, ABusyServerGetsTheMailLater) {
  MailStage stage;
  FakeSmtpServer server(stage.server_identity(), {Manner::busy_at_mail, Manner::closes_in_data, Manner::good});
  stage.open(server.port());
  stage.send(1);
  EXPECT_EQ(stage.end_of(1), "");
  EXPECT_EQ(server.accepted(), 3U);
  EXPECT_EQ(delivered(server), 1U);
}

TEST(CurlMailTest, NobodyListens) {
  MailStage stage;
  std::uint16_t port = 0;
  { port = FakeSmtpServer(stage.server_identity(), {}).port(); }
  stage.options.limit = milliseconds(400);
  stage.open(port);
  stage.send(1);
  EXPECT_EQ(stage.end_of(1), "mail.unreachable");
}

// The login of the ninth person does not feel what the eight before him met.
TEST(CurlMailTest, OthersMailsArriveWhileEightMisbehave) {
  MailStage stage;
  const std::vector<Manner> eight = {Manner::silent,       Manner::slow,   Manner::silent_after_data,
                                     Manner::endless_line, Manner::slow,   Manner::endless_lines,
                                     Manner::busy_at_mail, Manner::no_smtp};
  FakeSmtpServer server(stage.server_identity(), eight);
  stage.options.attempt = stage.options.limit = milliseconds(20'000);
  stage.options.first_wait = milliseconds(10'000);
  stage.open(server.port());
  for (int i = 0; i < 8; ++i) stage.send(i);
  ASSERT_TRUE(stage.until([&] { return server.accepted() == 8; }));
  for (int i = 8; i < 12; ++i) stage.send(i);
  for (int i = 8; i < 12; ++i) {
    EXPECT_EQ(stage.end_of(i), "");
    EXPECT_LT(stage.took[i], milliseconds(3000));
  }
  const auto waiting = std::chrono::steady_clock::now();
  stage.mail.reset();  // gives up the others
  EXPECT_LT(std::chrono::steady_clock::now() - waiting, std::chrono::seconds(5));
  for (int i = 0; i < 8; ++i) EXPECT_NE(stage.end_of(i), "no end");
  EXPECT_EQ(stage.ends.at(0).error().code == "mail.closed" || stage.ends.at(1).error().code == "mail.closed", true);
}

TEST(CurlMailTest, TheSpoolIsBoundedAndEmptiesAgain) {
  MailStage stage;
  FakeSmtpServer server(stage.server_identity(), std::vector<Manner>(3, Manner::silent));
  stage.options.spool = 3;
  stage.options.limit = stage.options.attempt = milliseconds(700);
  stage.open(server.port());
  for (int i = 0; i < 10; ++i) stage.send(i);
  for (int i = 3; i < 10; ++i) EXPECT_EQ(stage.end_of(i), "mail.busy") << i;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.end_of(i), "mail.unreachable") << i;
  stage.send(10);
  EXPECT_EQ(stage.end_of(10), "");
}

TEST(CurlMailTest, ABadMailIsRefusedAndTakesNoPlace) {
  MailStage stage;
  FakeSmtpServer server(stage.server_identity(), {});
  stage.options.spool = 1;
  stage.open(server.port());
  stage.send(1, "mori@contractor.test\r\nRCPT TO:<x@y.test>");
  stage.send(2, "mori@contractor.test", "\xff\n");
  EXPECT_EQ(stage.end_of(1), "mail.bad_address");
  EXPECT_EQ(stage.end_of(2), "mail.bad_text");
  EXPECT_EQ(server.accepted(), 0U);
  stage.send(3);
  EXPECT_EQ(stage.end_of(3), "");
}

TEST(CurlMailTest, ABurstArrivesWholeAndOnce) {
  MailStage stage;
  FakeSmtpServer server(stage.server_identity(), {});
  stage.options.limit = stage.options.attempt = milliseconds(30'000);
  stage.open(server.port());
  for (int i = 0; i < 60; ++i) stage.send(i);
  for (int i = 0; i < 60; ++i) ASSERT_EQ(stage.end_of(i), "") << i;
  EXPECT_EQ(delivered(server), 60U);
}

TEST(CurlMailTest, SaysWhatIsMisconfigured) {
  MailStage stage;
  const auto refused = [&](auto change) {
    MailOptions options;
    options.url = "smtp://post.example:25";
    options.from = "sekisho@seki.test";
    options.ca_pem = stage.authority.pem();
    change(options);
    const auto made = CurlMail::make(std::move(options), stage.clock, stage.timers, stage.entropy);
    return made ? std::string() : made.error().code;
  };
  EXPECT_EQ(refused([](auto&) {}), "");
  for (const char* url : {"", "http://a", "post.example", "smtp://", "smtp://a/b", "smtp://user:pass@a", "smtp://a b",
                          "smtp://a\r\nb", "smtp://a?b", "file:///etc/passwd", "SMTP://a"}) {
    EXPECT_EQ(refused([&](auto& o) { o.url = url; }), "mail.misconfigured") << url;
  }
  EXPECT_EQ(refused([](auto& o) { o.from = "nobody"; }), "mail.misconfigured");
  EXPECT_EQ(refused([](auto& o) { o.ca_pem = ""; }), "mail.misconfigured");
  EXPECT_EQ(refused([](auto& o) { o.user = "a"; }), "mail.misconfigured");
  EXPECT_EQ(refused([](auto& o) { o.password = Secret("a"); }), "mail.misconfigured");
  EXPECT_EQ(refused([](auto& o) { o.spool = 0; }), "mail.misconfigured");
  EXPECT_EQ(refused([](auto& o) { o.parallel = 0; }), "mail.misconfigured");
}

TEST(CurlMailTest, ADaemonWithABrokenConfigurationStillAnswers) {
  MailStage stage;
  MailConfig config;
  config.url = "smtp://localhost:25";
  config.from = "sekisho@seki.test";
  config.ca_file = "/nonexistent/ca.pem";
  const auto mail = open_mail(config, stage.clock, stage.timers, stage.entropy);
  ASSERT_NE(mail, nullptr);
  std::string code;
  mail->send({}, [&](const Result<void>& end) { code = end.error().code; });
  EXPECT_EQ(code, "") << "not inside send()";
  ASSERT_TRUE(stage.until([&] { return !code.empty(); }));
  EXPECT_EQ(code, "mail.misconfigured");
}

TEST(CurlMailTest, ReadsItsFiles) {
  MailStage stage;
  std::string folder = ::testing::TempDir() + "mail-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder + "/" + name, std::ios::binary) << text;
    return folder + "/" + name;
  };
  MailConfig config;
  config.url = "smtps://post.example:465";
  config.from = "sekisho@seki.test";
  config.ca_file = write("ca.pem", stage.authority.pem());
  config.limit_s = 7;
  config.user_file = write("user", "sekisho:pass:word\n");
  auto options = mail_options(config);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->user, "sekisho");
  EXPECT_EQ(options->password.reveal(), "pass:word");
  EXPECT_EQ(options->limit, std::chrono::seconds(7));
  for (const char* text : {"", "nobody", ":x", "x:", "\nuser:password"}) {
    config.user_file = write("user", text);
    EXPECT_FALSE(mail_options(config)) << text;
  }
  config.user_file = folder + "/absent";
  EXPECT_EQ(mail_options(config).error().code, "mail.misconfigured");
  config.user_file.clear();
  config.ca_file = write("ca.pem", std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(mail_options(config).error().code, "mail.misconfigured");
  for (const char* name : {"ca.pem", "user"}) unlink((folder + "/" + name).c_str());
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

}  // namespace sekisho::net
