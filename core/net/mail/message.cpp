#include "net/mail/message.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace sekisho::net {
namespace {

constexpr std::size_t kMaxSubject = 255, kMaxBody = 64 * 1024;
constexpr std::size_t kLine = 76;       // of base64, RFC 2045 §6.8
constexpr std::size_t kWordBytes = 39;  // "Subject: ", its base64 and its frame fit into 76 characters, RFC 2047 §2

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? kAlphabet[(group >> (18 - 6 * j)) & 63] : '=';
  }
  return out;
}

/// Length of the well-formed UTF-8 character at the front (RFC 3629), 0 if there is none.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character(text);
    if (size == 0 || text[0] == '\0') return false;
    text.remove_prefix(size);
  }
  return true;
}

/// Always encoded: one form for every subject, and no subject can look like an encoded word of its own.
std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t taken = 0;
    while (taken < text.size()) {
      const std::size_t size = character(text.substr(taken));
      if (taken + size > kWordBytes) break;
      taken += size;
    }
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64(text.substr(0, taken)) + "?=";
    text.remove_prefix(taken);
  }
  return out;
}

/// "Sun, 22 Nov 2026 00:31:00 +0000"
std::string date_of(Instant at) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::string text = to_rfc3339(at);  // "2026-11-22T00:31:00.000000Z"
  return std::string(kDays.at(std::chrono::weekday(day).c_encoding())) + ", " + text.substr(8, 2) + " " +
         kMonths.at(static_cast<unsigned>(date.month()) - 1) + " " + text.substr(0, 4) + " " + text.substr(11, 8) +
         " +0000";
}

}  // namespace

bool is_address(std::string_view text) {
  static constexpr std::string_view kForbidden = " ,;:\"'`<>()[]\\";
  const bool plain = std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < 0x7f && kForbidden.find(c) == std::string_view::npos; });
  const std::size_t at = text.find('@');
  return plain && text.size() <= 254 && text.front() != '-' && std::ranges::count(text, '@') == 1 && at != 0 &&
         at + 1 < text.size();
}

Result<Secret> compose(const MessageParts& parts) {
  if (parts.to.empty() || parts.from.empty() || parts.message_id.empty() || !is_address(parts.to) ||
      !is_address(parts.from) || !is_address(parts.message_id)) {
    return fail("mail.bad_address", "sender, receiver or Message-ID is not one plain address");
  }
  if (parts.subject.find_first_of("\r\n") != parts.subject.npos) {
    return fail("mail.bad_address", "a line end in the subject");
  }
  if (parts.subject.empty() || parts.subject.size() > kMaxSubject || parts.body.size() > kMaxBody ||
      !is_text(parts.subject) || !is_text(parts.body)) {
    return fail("mail.bad_text", "subject or body is too long or no UTF-8");
  }
  std::string out = "From: " + std::string(parts.from) + "\r\nTo: " + std::string(parts.to) +
                    "\r\nSubject: " + encoded_words(parts.subject) + "\r\nDate: " + date_of(parts.date) +
                    "\r\nMessage-ID: <" + std::string(parts.message_id) +
                    ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
                    "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n";
  // Text in base64 keeps its line ends as CR LF (RFC 2046 §4.1.1).
  std::string lines;
  lines.reserve(parts.body.size() + parts.body.size() / 16);
  for (const char c : parts.body) {
    if (c == '\r') continue;
    if (c == '\n') lines += '\r';
    lines += c;
  }
  std::string coded = base64(lines);
  wipe(lines.data(), lines.size());
  out.reserve(out.size() + coded.size() + coded.size() / kLine * 2 + 2);  // no reallocation leaves a copy behind
  for (std::size_t i = 0; i < coded.size(); i += kLine) {
    out.append(coded, i, kLine);
    out += "\r\n";
  }
  wipe(coded.data(), coded.size());
  return Secret(std::move(out));
}

}  // namespace sekisho::net
