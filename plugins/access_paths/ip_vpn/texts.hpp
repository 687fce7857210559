// Every sentence of the entrance's pages in both languages. What the gatekeeper says (questions, refusals) comes in
// both languages with the message and stands not here. Threads: constant data.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sekisho::ip_vpn {

enum class Language : std::uint8_t { ja, en };
[[nodiscard]] constexpr std::string_view tag_of(Language language) {
  return language == Language::ja ? "ja" : "en";
}
[[nodiscard]] constexpr Language other(Language language) {
  return language == Language::ja ? Language::en : Language::ja;
}

enum class Say : std::uint8_t {
  service,
  login_title,
  login_lead,
  id_label,
  password_label,
  missing,
  log_in,
  answer_title,
  answer,
  session_title,
  admitted,
  quarantine,
  remaining,
  to_desktop,
  log_out,
  logged_out_title,
  logged_out,
  refused_title,
  refused_what,
  refused_why,
  refused_remedy,
  refused_code,
  not_found_title,
  not_found,
  broken_title,
  broken,
  unavailable_title,
  unavailable,
  to_login,
  error_prefix,
  session_number,
  other_language,
  count_  ///< not a sentence
};

struct Words {
  Say say;
  std::string_view ja, en;
};

inline constexpr std::array<Words, static_cast<std::size_t>(Say::count_)> kWords{{
    {Say::service, "リモート保守環境（閉域網）", "Remote maintenance (closed network)"},
    {Say::login_title, "ログイン", "Log in"},
    {Say::login_lead, "貸出端末に入っているクライアント証明書を選び、IDとパスワードを入力してください。",
     "Choose the client certificate of this lent terminal, and enter your ID and password."},
    {Say::id_label, "ID（受理された申請書に記載）", "ID (named in your accepted application)"},
    {Say::password_label, "パスワード", "Password"},
    {Say::missing, "IDとパスワードを入力してください。", "Enter your ID and password."},
    {Say::log_in, "ログインする", "Log in"},
    {Say::answer_title, "追加の確認", "One more answer"},
    {Say::answer, "確認する", "Continue"},
    {Say::session_title, "接続中です", "You are connected"},
    {Say::admitted, "端末の点検に合格しています。仮想デスクトップを利用できます。",
     "This terminal has passed its inspection. Your virtual desktop is open."},
    {Say::quarantine,
     "端末の点検を待っています。端末の確認プログラムを実行し、合格するとこの画面から仮想デスクトップに進めます。",
     "This terminal waits for its inspection. Run its agent; when it has passed, go on to your virtual desktop from "
     "here."},
    {Say::remaining, "利用できる残り時間（分）", "Minutes that are left"},
    {Say::to_desktop, "仮想デスクトップへ進む", "To your virtual desktop"},
    {Say::log_out, "ログアウトする", "Log out"},
    {Say::logged_out_title, "ログアウトしました", "You have logged out"},
    {Say::logged_out, "仮想デスクトップと操作画面は閉じられました。", "Your desktop and its screens are closed."},
    {Say::refused_title, "接続できません", "You cannot connect"},
    {Say::refused_what, "結果", "What"},
    {Say::refused_why, "理由", "Why"},
    {Say::refused_remedy, "対処", "What to do"},
    {Say::refused_code, "お問い合わせ用の番号", "For your inquiry"},
    {Say::not_found_title, "ページが見つかりません", "Page not found"},
    {Say::not_found, "アドレスが正しいか確認してください。", "Check the address."},
    {Say::broken_title, "要求を処理できません", "The request was not understood"},
    {Say::broken, "ブラウザーから送られた内容の形式が正しくありません。",
     "What the browser sent does not have the right form."},
    {Say::unavailable_title, "いま判定ができません", "No decision can be made now"},
    {Say::unavailable, "数分後にもう一度お試しください。続くときは運用担当へご連絡ください。",
     "Try again in a few minutes. If it lasts, call the operator."},
    {Say::to_login, "ログイン画面へ", "To the login page"},
    {Say::error_prefix, "エラー：", "Error: "},
    {Say::session_number, "セッション番号", "Session number"},
    {Say::other_language, "English", "日本語"},
}};

namespace detail {
constexpr bool complete() {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    const Words& words = kWords[i];
    if (words.say != static_cast<Say>(i) || words.ja.empty() || words.en.empty()) return false;
  }
  return true;
}
}  // namespace detail
static_assert(detail::complete(), "a sentence is missing, stands twice or out of order");

[[nodiscard]] constexpr std::string_view say(Say what, Language language) {
  const Words& words = kWords[static_cast<std::size_t>(what)];
  return language == Language::ja ? words.ja : words.en;
}

}  // namespace sekisho::ip_vpn
