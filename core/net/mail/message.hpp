// A mail as bytes: headers and a base64 body, ready for DATA.
// Threads: pure functions. Date and Message-ID are handed in: the composer asks no clock and no chance.
// Source: RFC 5322, RFC 2045 §6.8 (base64), RFC 2047 (encoded words), RFC 3834 §5 (Auto-Submitted); threats.md T-28.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/time.hpp>

#include <string>
#include <string_view>

namespace sekisho::net {

struct MessageParts {
  std::string_view from, to;  ///< one address each
  std::string_view subject;   ///< UTF-8
  std::string_view body;      ///< UTF-8, lines end with LF
  Instant date{};
  std::string_view message_id;  ///< "local@domain" without angle brackets
};

/// Lines end with CR LF and have at most 76 bytes but for addresses and Message-ID. The result may hold a code, so it
/// is a Secret. Errors: mail.bad_address (not one printable ASCII address; CR or LF anywhere in a header),
/// mail.bad_text (no UTF-8, NUL, subject over 255 bytes, body over 64 KiB).
[[nodiscard]] Result<Secret> compose(const MessageParts& parts);

/// One address that may stand in a header and in an SMTP command: printable ASCII without blank, comma, semicolon,
/// quotes, brackets or backslash, exactly one "@" with something on both sides, <= 254 bytes.
[[nodiscard]] bool is_address(std::string_view text);

}  // namespace sekisho::net
