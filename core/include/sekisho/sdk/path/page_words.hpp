// The sentences of pages in both languages: the catalogue that all access paths with pages share, and the shape of a
// path's own table. A sentence without its Japanese or its English does not compile. What the gatekeeper says
// (questions, refusals) comes in both languages with the message and stands in no table.
// Threads: constant data, pure functions. Ownership: sentences live for ever. Ranges: "{}" is the place of a value;
// both languages have the same number of them. Errors: none. The implementation stands in core/net/pages.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::pages {

enum class Language : std::uint8_t { ja, en };
[[nodiscard]] constexpr std::string_view tag_of(Language language) {
  return language == Language::ja ? "ja" : "en";
}
[[nodiscard]] constexpr Language other(Language language) {
  return language == Language::ja ? Language::en : Language::ja;
}
/// Of "ja" and "en"; nullopt for anything else.
[[nodiscard]] constexpr std::optional<Language> language_named(std::string_view tag) {
  if (tag == "ja") return Language::ja;
  if (tag == "en") return Language::en;
  return std::nullopt;
}
/// Borrowed from `text`.
[[nodiscard]] inline std::string_view pick(const Text& text, Language language) {
  return language == Language::ja ? text.ja : text.en;
}

/// One sentence that is named by `Key`, an enumeration whose last name is no sentence.
template <class Key>
struct Words {
  Key say;
  std::string_view ja, en;
};

/// Whether the table names every sentence once, in order, and in both languages with the same number of values.
template <class Key, std::size_t N>
[[nodiscard]] constexpr bool complete(const std::array<Words<Key>, N>& table) {
  const auto blanks = [](std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find("{}"); at != text.npos; at = text.find("{}", at + 2)) ++count;
    return count;
  };
  for (std::size_t i = 0; i < N; ++i) {
    const Words<Key>& words = table[i];
    if (words.say != static_cast<Key>(i) || words.ja.empty() || words.en.empty()) return false;
    if (blanks(words.ja) != blanks(words.en)) return false;
  }
  return true;
}
/// `table` is complete().
template <class Key, std::size_t N>
[[nodiscard]] constexpr std::string_view look_up(const std::array<Words<Key>, N>& table, Key what, Language language) {
  const Words<Key>& words = table[static_cast<std::size_t>(what)];
  return language == Language::ja ? words.ja : words.en;
}
/// The sentence with each "{}" replaced by the next value; places without a value stay as they are.
[[nodiscard]] std::string fill(std::string_view sentence, std::initializer_list<std::string_view> values);

/// Sentences of every path.
enum class Common : std::uint8_t {
  japanese,
  english,
  switch_language,
  login_title,
  id_label,
  id_hint,
  id_missing,
  id_unusable,
  password_title,
  password_label,
  password_missing,
  password_unusable,
  code_title,
  code_label,
  code_hint,
  code_missing,
  code_unusable,
  log_in,
  answer_title,
  answer_missing,
  answer_unusable,
  resend_title,
  resend_wait,
  resend_now,
  resend,
  start_again,
  error_summary,
  error_prefix,
  session_number,
  refused_title,
  refused_what,
  refused_why,
  refused_remedy,
  refused_code,
  not_found_title,
  not_found_text,
  broken_title,
  broken_text,
  method_title,
  method_text,
  too_large_title,
  too_large_text,
  unavailable_title,
  unavailable_text,
  to_login,
  count_  ///< not a sentence
};

inline constexpr std::array<Words<Common>, static_cast<std::size_t>(Common::count_)> kCommonWords{{
    {Common::japanese, "日本語", "日本語"},
    {Common::english, "English", "English"},
    {Common::switch_language, "表示する言語", "Language"},
    {Common::login_title, "ログイン", "Log in"},
    {Common::id_label, "ID", "ID"},
    {Common::id_hint, "受理された申請書に記載のIDです。", "The ID named in your accepted application."},
    {Common::id_missing, "IDを入力してください。", "Enter your ID."},
    {Common::id_unusable, "IDに使えない文字があるか、長すぎます。",
     "The ID is too long or has characters that cannot be used."},
    {Common::password_title, "パスワードの入力", "Enter your password"},
    {Common::password_label, "パスワード", "Password"},
    {Common::password_missing, "パスワードを入力してください。", "Enter your password."},
    {Common::password_unusable, "パスワードに使えない文字があるか、長すぎます。",
     "The password is too long or has characters that cannot be used."},
    {Common::code_title, "確認コードの入力", "Enter the code"},
    {Common::code_label, "確認コード（6桁の数字）", "Code (6 digits)"},
    {Common::code_hint, "登録済みのメールアドレスに送られたコードです。",
     "It was sent to the mail address registered for you."},
    {Common::code_missing, "確認コードを入力してください。", "Enter the code."},
    {Common::code_unusable, "確認コードに使えない文字があるか、長すぎます。",
     "The code is too long or has characters that cannot be used."},
    {Common::log_in, "ログインする", "Log in"},
    {Common::answer_title, "追加の確認", "One more answer"},
    {Common::answer_missing, "回答を入力してください。", "Enter the answer."},
    {Common::answer_unusable, "回答に使えない文字があるか、長すぎます。",
     "The answer is too long or has characters that cannot be used."},
    {Common::resend_title, "メールが届かないとき", "If no mail arrives"},
    {Common::resend_wait, "あと{}秒で再送できます（{}以降）。", "You can ask for another code in {} s (from {})."},
    {Common::resend_now, "迷惑メールの振り分けも確認してください。再送すると、前のコードは使えなくなります。",
     "Look at your spam folder too. A new code replaces the one before."},
    {Common::resend, "確認コードを再送する", "Send another code"},
    {Common::start_again, "最初からやり直す", "Start again"},
    {Common::error_summary, "入力内容を確認してください", "Check what you entered"},
    {Common::error_prefix, "エラー：", "Error: "},
    {Common::session_number, "セッション番号", "Session number"},
    {Common::refused_title, "接続できません", "You cannot connect"},
    {Common::refused_what, "結果", "What"},
    {Common::refused_why, "理由", "Why"},
    {Common::refused_remedy, "対処", "What to do"},
    {Common::refused_code, "お問い合わせ用の番号", "For your inquiry"},
    {Common::not_found_title, "ページが見つかりません", "Page not found"},
    {Common::not_found_text, "アドレスが正しいか確認してください。", "Check the address."},
    {Common::broken_title, "要求を処理できません", "The request was not understood"},
    {Common::broken_text, "ブラウザーから送られた内容の形式が正しくありません。",
     "What the browser sent does not have the right form."},
    {Common::method_title, "この方法では開けません", "This method is not allowed"},
    {Common::method_text, "画面のリンクやボタンから操作してください。", "Use the links and buttons of the pages."},
    {Common::too_large_title, "送られた内容が大きすぎます", "The request is too large"},
    {Common::too_large_text, "入力を短くするか、このサイトのCookieを消してやり直してください。",
     "Enter less, or delete this site's cookies and try again."},
    {Common::unavailable_title, "いま判定ができません", "No decision can be made now"},
    {Common::unavailable_text, "数分後にもう一度お試しください。続くときは運用担当へご連絡ください。",
     "Try again in a few minutes. If it lasts, call the operator."},
    {Common::to_login, "ログイン画面へ", "To the login page"},
}};
static_assert(complete(kCommonWords), "a sentence is missing, stands twice, out of order or with other values");

[[nodiscard]] constexpr std::string_view say(Common what, Language language) {
  return look_up(kCommonWords, what, language);
}
[[nodiscard]] inline std::string say(Common what, Language language, std::initializer_list<std::string_view> values) {
  return fill(say(what, language), values);
}

/// A sentence in both languages, borrowed from a table.
struct Both {
  std::string_view ja, en;
  [[nodiscard]] constexpr std::string_view in(Language language) const { return language == Language::ja ? ja : en; }
};
[[nodiscard]] constexpr Both both(Common what) {
  return {say(what, Language::ja), say(what, Language::en)};
}

}  // namespace sekisho::pages
