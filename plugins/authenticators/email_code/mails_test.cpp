#include "mails.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sekisho::email_code {
namespace {

struct MailsTest : testing::Test {
  MailsTest() {
    mori.known = true;
    mori.name = "森 花子";
    mori.mail = "mori@contractor.test";
  }
  static std::string golden(const std::string& name) {
    std::ifstream in(std::string(SEKISHO_SOURCE_DIR) + "/plugins/authenticators/email_code/testdata/" + name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  static std::string shown(const SendMail& mail) {
    return "To: " + mail.to + "\nSubject: " + mail.subject + "\n\n" + mail.body;
  }
  Config config;
  Subject mori;
  Occasion occasion{Instant(std::chrono::seconds(1795307460)), "203.0.113.7", "internet"};
};

TEST_F(MailsTest, LookLikeTheGoldenCopies) {
  EXPECT_EQ(shown(code_mail(config, mori, "047238", occasion)), golden("code_mail.txt"));
  EXPECT_EQ(shown(lock_mail(config, mori, false, occasion)), golden("lock_mail.txt"));
  EXPECT_EQ(shown(lock_mail(config, mori, true, occasion)), golden("disabled_mail.txt"));
}

TEST_F(MailsTest, HoldNoLinkAndNoCodeInTheSubject) {
  for (const SendMail& mail : {code_mail(config, mori, "047238", occasion), lock_mail(config, mori, true, occasion)}) {
    EXPECT_EQ(mail.subject.find("047238"), std::string::npos);
    for (const char* sign : {"http", "www.", "://", "mailto:"}) EXPECT_EQ(mail.body.find(sign), std::string::npos);
    std::istringstream lines(mail.body);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 900u);
  }
}

TEST_F(MailsTest, SayTheTimeOfJapan) {
  EXPECT_EQ(to_jst(*parse_rfc3339("2026-11-22T00:31:00Z")), "2026-11-22 09:31:00 JST");
  EXPECT_EQ(to_jst(*parse_rfc3339("2026-12-31T15:00:00.999999Z")), "2027-01-01 00:00:00 JST");
}

TEST_F(MailsTest, ShowForeignTextOnlyWhenItIsPlain) {
  occasion.source = "203.0.113.7\r\nBcc: hama@elsewhere.test <a href=x>";
  occasion.path = "\xe2\x80\xae";
  const std::string body = code_mail(config, mori, "047238", occasion).body;
  EXPECT_NE(body.find("203.0.113.7??Bcc:?hama?elsewhere.test??a?href?x?"), std::string::npos) << body;
  EXPECT_EQ(body.find('\r'), std::string::npos);
  EXPECT_EQ(body.find("\xe2\x80\xae"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::email_code
