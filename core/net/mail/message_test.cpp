#include "net/mail/message.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace sekisho::net {
namespace {

MessageParts parts() {
  MessageParts out;
  out.from = "sekisho@seki.test";
  out.to = "mori@contractor.test";
  out.subject = "code";
  out.body = "hello\n";
  out.date = *parse_rfc3339("2026-11-22T00:31:00Z");
  out.message_id = "00112233445566778899aabbccddeeff@seki.test";
  return out;
}

std::string text_of(const MessageParts& from) {
  auto text = compose(from);
  return text ? std::string(text->reveal()) : text.error().code;
}

std::string code_of(const MessageParts& from) {
  const auto text = compose(from);
  return text ? "" : text.error().code;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    EXPECT_NE(end, std::string::npos) << "a line without CR LF";
    if (end == std::string::npos) return out;
    out.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return out;
}

std::string from_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) continue;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xFF);
    }
  }
  return out;
}

/// What a reader sees of the subject: encoded words joined as RFC 2047 §6.2 says.
std::string subject_in(const std::string& text) {
  std::string out;
  const std::string head = text.substr(0, text.find("\r\n\r\n"));
  std::size_t at = head.find("\r\nSubject: ");
  std::size_t end = head.find("\r\nDate: ");
  for (at = head.find("=?UTF-8?B?", at); at < end; at = head.find("=?UTF-8?B?", at)) {
    const std::size_t stop = head.find("?=", at);
    EXPECT_LE(stop + 2 - at, 75U) << "RFC 2047 §2";
    out += from_base64(head.substr(at + 10, stop - at - 10));
    at = stop;
  }
  return out;
}

std::string body_in(const std::string& text) {
  return from_base64(std::string_view(text).substr(text.find("\r\n\r\n") + 4));
}

}  // namespace

// Written by hand once and read back by another program: `python3 -m email` shows subject and body as below.
TEST(MailMessage, IsWhatTheGoldenFileSays) {
  MessageParts p = parts();
  p.subject = "【リモート保守環境】確認コード / Verification code";
  p.body = "森 花子 様\n\n    047238\n\n有効時間: 5分。\n.\nValid for 5 minutes.\n";
  std::ifstream file(SEKISHO_SOURCE_DIR "/core/net/mail/testdata/code.eml", std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text_of(p), golden);
  EXPECT_EQ(subject_in(golden), p.subject);
  EXPECT_EQ(body_in(golden), "森 花子 様\r\n\r\n    047238\r\n\r\n有効時間: 5分。\r\n.\r\nValid for 5 minutes.\r\n");
}

TEST(MailMessage, CarriesEverySubjectAndBodyUnchanged) {
  for (const std::string piece : {"a", "é", "関", "🦊", "a関", " ", "=?UTF-8?B?x?="}) {
    std::string subject, body;
    while (subject.size() + piece.size() <= 255) {
      subject += piece;
      body = subject + "\n";
      MessageParts p = parts();
      p.subject = subject;
      p.body = body;
      const std::string text = text_of(p);
      ASSERT_EQ(subject_in(text), subject);
      ASSERT_EQ(body_in(text), subject + "\r\n");
      for (const auto& line : lines_of(text)) {
        ASSERT_LE(line.size(), 76U) << line;
        for (const char c : line) ASSERT_TRUE(c >= ' ' && c < 0x7f) << "only printable ASCII travels";
      }
    }
  }
}

TEST(MailMessage, LineEndsBecomeCrLfOnce) {
  MessageParts p = parts();
  p.body = "a\nb\r\nc";
  EXPECT_EQ(body_in(text_of(p)), "a\r\nb\r\nc");
}

TEST(MailMessage, LongBodiesAreCutIntoShortLines) {
  MessageParts p = parts();
  const std::string body(64 * 1024, 'x');
  p.body = body;
  const std::string text = text_of(p);
  for (const auto& line : lines_of(text)) ASSERT_LE(line.size(), 78U);
  EXPECT_EQ(body_in(text), body);
}

TEST(MailMessage, NoHeaderCanBeInjected) {
  for (const char* evil : {"a\r\nBcc: x@y.test", "a\nBcc: x@y.test", "a\rBcc: x@y.test", "\r\n", "a\n"}) {
    MessageParts p = parts();
    p.subject = evil;
    EXPECT_EQ(code_of(p), "mail.bad_address") << evil;
  }
  for (const char* evil : {"",
                           "a",
                           "@",
                           "a@",
                           "@b",
                           "a@b@c",
                           "a b@c",
                           "a@b c",
                           "a@b,c@d",
                           "a@b;c",
                           "a@b\r\nBcc: x@y",
                           "a@b\nc",
                           "a@b\r",
                           "<a@b>",
                           "\"a\"@b",
                           "a@b>",
                           "-a@b",
                           "a\\@b",
                           "a@b:c",
                           "(a)@b",
                           "a@[1.2.3.4]",
                           "ä@b",
                           "a@b\x7f",
                           "a`id`@b",
                           "a'b@c"}) {
    for (const int where : {0, 1, 2}) {
      MessageParts p = parts();
      (where == 0 ? p.to : where == 1 ? p.from : p.message_id) = evil;
      EXPECT_EQ(code_of(p), "mail.bad_address") << evil << ' ' << where;
    }
  }
  const std::string long_one = std::string(250, 'a') + "@b.c";
  EXPECT_TRUE(is_address(long_one));
  EXPECT_FALSE(is_address("a" + long_one));
  EXPECT_FALSE(is_address(std::string_view("a@b\0c", 5)));
  EXPECT_TRUE(is_address("mori+vpn@contractor.test"));
}

TEST(MailMessage, RefusesWhatIsNoText) {
  const auto subject = [](std::string_view text) {
    MessageParts p = parts();
    p.subject = text;
    return code_of(p);
  };
  const auto body = [](std::string_view text) {
    MessageParts p = parts();
    p.body = text;
    return code_of(p);
  };
  for (const std::string_view evil :
       {std::string_view("\x80"), std::string_view("\xC0\xAF"), std::string_view("\xE3\x81"),
        std::string_view("\xED\xA0\x80"), std::string_view("\xF4\x90\x80\x80"), std::string_view("a\0b", 3)}) {
    EXPECT_EQ(subject(evil), "mail.bad_text");
    EXPECT_EQ(body(evil), "mail.bad_text");
  }
  EXPECT_EQ(subject(""), "mail.bad_text");
  EXPECT_EQ(subject(std::string(256, 'a')), "mail.bad_text");
  EXPECT_EQ(subject(std::string(255, 'a')), "");
  EXPECT_EQ(body(std::string(64 * 1024 + 1, 'a')), "mail.bad_text");
  EXPECT_EQ(body(""), "");
}

TEST(MailMessage, SaysTheDateAsRfc5322) {
  const auto date = [](const char* at) {
    MessageParts p = parts();
    p.date = *parse_rfc3339(at);
    const std::string text = text_of(p);
    const std::size_t from = text.find("\r\nDate: ") + 8;
    return text.substr(from, text.find("\r\n", from) - from);
  };
  EXPECT_EQ(date("2026-11-22T00:31:00Z"), "Sun, 22 Nov 2026 00:31:00 +0000");
  EXPECT_EQ(date("2024-02-29T23:59:59.999999Z"), "Thu, 29 Feb 2024 23:59:59 +0000");
  EXPECT_EQ(date("1970-01-01T00:00:00Z"), "Thu, 01 Jan 1970 00:00:00 +0000");
}

}  // namespace sekisho::net
