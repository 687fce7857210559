#include "otp.hpp"

#include <sekisho/sdk/memory.hpp>
#include <sekisho/sdk/result.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <span>

namespace sekisho::totp {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

unsigned hmac(const EVP_MD* hash, std::string_view key, std::string_view message, Digest& out) {
  unsigned size = 0;
  SEKISHO_ASSERT(HMAC(hash, key.data(), static_cast<int>(key.size()),
                      reinterpret_cast<const unsigned char*>(message.data()), message.size(), out.data(),
                      &size) != nullptr);
  return size;
}

/// Length first, so that no two lists of fields make the same bytes.
void append(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out += ':';
  out += field;
}

/// RFC 3986: everything but the unreserved characters.
std::string percent(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

std::uint32_t hotp(std::string_view seed, std::uint64_t counter) {
  std::string message(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) message[i] = static_cast<char>(counter >> (56 - 8 * i) & 0xff);
  Digest digest{};
  const unsigned size = hmac(EVP_sha1(), seed, message, digest);
  SEKISHO_ASSERT(size == 20);
  const std::size_t at = digest[19] & 0x0f;
  const std::uint32_t value = (digest[at] & 0x7fU) << 24 | std::uint32_t{digest[at + 1]} << 16 |
                              std::uint32_t{digest[at + 2]} << 8 | digest[at + 3];
  wipe(digest.data(), digest.size());
  return value;
}

Secret six_digits(std::uint32_t value) {
  std::string digits = std::to_string(value % 1'000'000);
  digits.insert(0, 6 - digits.size(), '0');
  return Secret(std::move(digits));
}

std::int64_t step_of(Instant at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  return std::max<std::int64_t>(seconds, 0) / kStep_s;
}

Secret seed_of(const Secret& key, std::string_view person, std::string_view salt_hex) {
  std::string message;
  for (const std::string_view field : {std::string_view("sekisho totp seed 1"), person, salt_hex}) {
    append(message, field);
  }
  Digest digest{};
  need_memory(hmac(EVP_sha256(), key.reveal(), message, digest) >= kSeedBytes);
  Secret out(std::string(reinterpret_cast<const char*>(digest.data()), kSeedBytes));
  wipe(digest.data(), digest.size());
  return out;
}

std::string key_mark(const Secret& key) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  Digest digest{};
  need_memory(hmac(EVP_sha256(), key.reveal(), "sekisho totp key mark 1", digest) >= 4);
  std::string out;
  for (const unsigned char byte : std::span(digest).first(4)) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string base32(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (have += 8; have >= 5; have -= 5) out += kAlphabet[bits >> (have - 5) & 31];
  }
  if (have > 0) out += kAlphabet[bits << (5 - have) & 31];
  return out;
}

Secret otpauth_uri(std::string_view issuer, std::string_view login, const Secret& seed) {
  std::string secret = base32(seed.reveal());
  std::string out = "otpauth://totp/" + percent(issuer) + ":" + percent(login) + "?secret=" + secret +
                    "&issuer=" + percent(issuer) + "&algorithm=SHA1&digits=6&period=30";
  wipe(secret.data(), secret.size());
  return Secret(std::move(out));
}

Secret tidy_code(std::string_view typed) {
  std::string out;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    const std::string_view rest = typed.substr(i);
    if (rest[0] == ' ' || rest[0] == '\t') continue;
    if (rest.starts_with("\xe3\x80\x80")) {  // U+3000
      i += 2;
    } else if (rest.size() >= 3 && rest.starts_with("\xef\xbc") && rest[2] >= '\x90' && rest[2] <= '\x99') {
      out += static_cast<char>('0' + (rest[2] - '\x90'));  // U+FF10..U+FF19
      i += 2;
    } else {
      out += rest[0];
    }
  }
  return Secret(std::move(out));
}

}  // namespace sekisho::totp
