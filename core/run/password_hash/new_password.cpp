// What a new password must be: long enough, no common one, not made of the person's own words. Nothing about kinds of
// characters and no expiry (NIST SP 800-63B-4 §3.1.1).
#include "run/password_hash/password_hash.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>

namespace sekisho::run {
namespace {

constexpr std::size_t kMaxBytes = 512;
constexpr std::int32_t kMaxCharacters = 128;

/// Words that open too many doors. Judged after folding and without digits and marks at the ends ("Password123!" is
/// "password"), so each stands for the thousands of spellings that people make of it.
constexpr std::array kCommon{
    "password",  "passw0rd", "p@ssword",      "p@ssw0rd", "pass",       "qwerty",    "qwertyuiop", "asdfgh",
    "asdfghjkl", "zxcvbn",   "zxcvbnm",       "qazwsx",   "1qaz2wsx",   "abc",       "abcdef",     "abcdefg",
    "abcdefgh",  "admin",    "administrator", "root",     "user",       "guest",     "test",       "testtest",
    "welcome",   "letmein",  "login",         "master",   "monkey",     "dragon",    "sunshine",   "princess",
    "football",  "baseball", "superman",      "batman",   "iloveyou",   "trustno",   "shadow",     "michael",
    "jennifer",  "hello",    "freedom",       "whatever", "secret",     "changeme",  "default",    "system",
    "server",    "network",  "computer",      "internet", "windows",    "microsoft", "sekisho",    "kenchou",
    "kencho",    "hoshu",    "kanri",         "kanrisha", "tantou",     "nihon",     "japan",      "tokyo",
    "osaka",     "sakura",   "fujisan",       "arigatou", "konnichiwa", "himitsu",   "pasuwado"};

icu::UnicodeString folded(const icu::UnicodeString& text) {
  icu::UnicodeString out(text);
  out.foldCase();
  return out;
}

icu::UnicodeString core_of(icu::UnicodeString text) {
  const auto edge = [](UChar32 c) { return u_isalpha(c) == 0; };
  while (!text.isEmpty() && edge(text.char32At(0))) text.remove(0, U16_LENGTH(text.char32At(0)));
  while (!text.isEmpty() && edge(text.char32At(text.length() - 1))) text.truncate(text.length() - 1);
  return text;
}

bool one_character_again_and_again(const icu::UnicodeString& text) {
  for (std::int32_t i = 1; i < text.length(); ++i) {
    if (text[i] != text[0]) return false;
  }
  return true;
}

bool a_run_of_the_alphabet(const icu::UnicodeString& text) {
  bool up = text.length() > 1, down = up;
  for (std::int32_t i = 1; i < text.length(); ++i) {
    up = up && text[i] == text[i - 1] + 1;
    down = down && text[i] == text[i - 1] - 1;
  }
  return up || down;
}

}  // namespace

Result<Secret> normalise_password(const Secret& password) {
  if (password.size() > kMaxBytes) return fail("password.too_long");
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) return fail("password.service", u_errorName(status));
  const std::string_view bytes = password.reveal();
  icu::UnicodeString text = icu::UnicodeString::fromUTF8({bytes.data(), static_cast<std::int32_t>(bytes.size())});
  if (text.indexOf(static_cast<UChar>(0xFFFD)) >= 0 || text.indexOf(static_cast<UChar>(0)) >= 0) {
    return fail("password.not_text");
  }
  const icu::UnicodeString normal = nfkc->normalize(text, status);
  if (U_FAILURE(status)) return fail("password.not_text");
  std::string out;
  normal.toUTF8String(out);
  return Secret(std::move(out));
}

Result<void> check_new_password(const Secret& password, const PasswordContext& context) {
  auto normal = normalise_password(password);
  if (!normal) return normal.error();
  const std::string_view bytes = normal->reveal();
  const icu::UnicodeString text =
      folded(icu::UnicodeString::fromUTF8({bytes.data(), static_cast<std::int32_t>(bytes.size())}));
  const std::int32_t characters = text.countChar32();
  if (characters < (context.with_certificate ? 8 : 15)) return fail("password.too_short");
  if (characters > kMaxCharacters) return fail("password.too_long");
  if (one_character_again_and_again(text) || a_run_of_the_alphabet(text)) return fail("password.common");
  const icu::UnicodeString core = core_of(text);
  for (const char* common : kCommon) {
    const auto word = icu::UnicodeString::fromUTF8(common);
    if (core == word || core == word + word) return fail("password.common");
  }
  for (const std::string& own : context.words) {
    const icu::UnicodeString word = folded(icu::UnicodeString::fromUTF8(own));
    if (word.length() < 3) continue;
    icu::UnicodeString rest(text);
    rest.findAndReplace(word, icu::UnicodeString());
    if (rest.length() != text.length() && core_of(rest).length() < 6) return fail("password.context");
  }
  return {};
}

}  // namespace sekisho::run
