// Every sentence of our pages in both languages, in one table: a word without its Japanese or English does not compile.
// What the gatekeeper says (questions, refusals) comes in both languages with the message and stands not here.
// Threads: constant data.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sekisho::fortinet {

enum class Language : std::uint8_t { ja, en };
[[nodiscard]] constexpr std::string_view tag_of(Language language) {
  return language == Language::ja ? "ja" : "en";
}
[[nodiscard]] constexpr Language other(Language language) {
  return language == Language::ja ? Language::en : Language::ja;
}

enum class Say : std::uint8_t {
  service,
  japanese,
  english,
  switch_language,
  step,
  step_id,
  step_password,
  step_code,
  id_title,
  id_lead,
  id_lead_client,
  id_label,
  id_hint,
  id_missing,
  id_unusable,
  next,
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
  other_title,
  resend_title,
  resend_wait,
  resend_now,
  resend,
  start_again,
  error_summary,
  error_prefix,
  done_title,
  done_lead,
  done_limit,
  done_value,
  done_value_hint,
  done_openconnect,
  done_openfortivpn,
  done_files,
  done_paste,
  done_secret,
  session_number,
  return_title,
  return_lead,
  return_limit,
  return_link,
  return_nothing,
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
  other_language,
  count_  ///< not a sentence
};

struct Words {
  Say say;
  std::string_view ja, en;
};

inline constexpr std::array<Words, static_cast<std::size_t>(Say::count_)> kWords{{
    {Say::service, "リモート保守環境", "Remote maintenance"},
    {Say::japanese, "日本語", "日本語"},
    {Say::english, "English", "English"},
    {Say::switch_language, "表示する言語", "Language"},
    {Say::step, "ログインの手順", "Steps of the login"},
    {Say::step_id, "ID", "ID"},
    {Say::step_password, "パスワード", "Password"},
    {Say::step_code, "確認コード", "Code"},
    {Say::id_title, "ログイン", "Log in"},
    {Say::id_lead, "登録された端末で、この環境のクライアント証明書を選んでログインしてください。",
     "Use your registered terminal and choose the client certificate of this environment."},
    {Say::id_lead_client, "VPNクライアントから開かれた画面です。ログインが終わると、接続はクライアントで始まります。",
     "Your VPN client opened this page. When you have logged in, the client connects by itself."},
    {Say::id_label, "ID", "ID"},
    {Say::id_hint, "受理された申請書に記載のIDです。", "The ID named in your accepted application."},
    {Say::id_missing, "IDを入力してください。", "Enter your ID."},
    {Say::id_unusable, "IDに使えない文字があるか、長すぎます。",
     "The ID is too long or has characters that cannot be used."},
    {Say::next, "次へ", "Continue"},
    {Say::password_title, "パスワードの入力", "Enter your password"},
    {Say::password_label, "パスワード", "Password"},
    {Say::password_missing, "パスワードを入力してください。", "Enter your password."},
    {Say::password_unusable, "パスワードに使えない文字があるか、長すぎます。",
     "The password is too long or has characters that cannot be used."},
    {Say::code_title, "確認コードの入力", "Enter the code"},
    {Say::code_label, "確認コード（6桁の数字）", "Code (6 digits)"},
    {Say::code_hint, "登録済みのメールアドレスに送られたコードです。",
     "It was sent to the mail address registered for you."},
    {Say::code_missing, "確認コードを入力してください。", "Enter the code."},
    {Say::code_unusable, "確認コードに使えない文字があるか、長すぎます。",
     "The code is too long or has characters that cannot be used."},
    {Say::log_in, "ログインする", "Log in"},
    {Say::other_title, "追加の確認", "One more answer"},
    {Say::resend_title, "メールが届かないとき", "If no mail arrives"},
    {Say::resend_wait, "あと{}秒で再送できます（{}以降）。", "You can ask for another code in {} s (from {})."},
    {Say::resend_now, "迷惑メールの振り分けも確認してください。再送すると、前のコードは使えなくなります。",
     "Look at your spam folder too. A new code replaces the one before."},
    {Say::resend, "確認コードを再送する", "Send another code"},
    {Say::start_again, "最初からやり直す", "Start again"},
    {Say::error_summary, "入力内容を確認してください", "Check what you entered"},
    {Say::error_prefix, "エラー：", "Error: "},
    {Say::done_title, "ログインしました", "You are logged in"},
    {Say::done_lead,
     "次の値をVPNクライアントに渡して接続してください。この画面と同じ端末・同じクライアント証明書が必要です。",
     "Hand this value to your VPN client and connect. It needs the same terminal and the same client certificate."},
    {Say::done_limit, "{}秒以内（{}まで）に接続しないと、この値は無効になります。",
     "Connect within {} s (until {}), or the value becomes void."},
    {Say::done_value, "クライアントに渡す値", "Value for the client"},
    {Say::done_value_hint, "欄を選び、すべてを選択してコピーしてください。", "Select the whole field and copy it."},
    {Say::done_openconnect, "openconnectで接続する", "With openconnect"},
    {Say::done_openfortivpn, "openfortivpnで接続する", "With openfortivpn"},
    {Say::done_files, "証明書.pem、鍵.pem は、配布されたクライアント証明書と鍵のファイルに読み替えてください。",
     "Put the files of your client certificate and key in place of certificate.pem and key.pem."},
    {Say::done_paste,
     "コマンドを実行し、上の値を貼り付けて Enter を押してください。値をコマンドの引数に書かないでください。",
     "Run the command, paste the value above and press Enter. Do not write the value into the command itself."},
    {Say::done_secret, "この値は誰にも渡さないでください。運用担当がお尋ねすることはありません。",
     "Give this value to nobody. The operator never asks for it."},
    {Say::session_number, "セッション番号", "Session number"},
    {Say::return_title, "ログインしました", "You are logged in"},
    {Say::return_lead, "VPNクライアントに戻ります。", "Going back to your VPN client."},
    {Say::return_limit, "{}秒以内（{}まで）にクライアントへ戻らないと、最初からやり直しになります。",
     "Return to the client within {} s (until {}), or start again."},
    {Say::return_link, "クライアントへ戻る", "Return to the client"},
    {Say::return_nothing, "自動で戻らないときは、次のリンクを押してください。",
     "If nothing happens, follow this link."},
    {Say::refused_title, "接続できません", "You cannot connect"},
    {Say::refused_what, "結果", "What"},
    {Say::refused_why, "理由", "Why"},
    {Say::refused_remedy, "対処", "What to do"},
    {Say::refused_code, "お問い合わせ用の番号", "For your inquiry"},
    {Say::not_found_title, "ページが見つかりません", "Page not found"},
    {Say::not_found_text, "アドレスが正しいか確認してください。", "Check the address."},
    {Say::broken_title, "要求を処理できません", "The request was not understood"},
    {Say::broken_text, "ブラウザーから送られた内容の形式が正しくありません。",
     "What the browser sent does not have the right form."},
    {Say::method_title, "この方法では開けません", "This method is not allowed"},
    {Say::method_text, "画面のリンクやボタンから操作してください。", "Use the links and buttons of the pages."},
    {Say::too_large_title, "送られた内容が大きすぎます", "The request is too large"},
    {Say::too_large_text, "入力を短くするか、このサイトのCookieを消してやり直してください。",
     "Enter less, or delete this site's cookies and try again."},
    {Say::unavailable_title, "いま判定ができません", "No decision can be made now"},
    {Say::unavailable_text, "数分後にもう一度お試しください。続くときは運用担当へご連絡ください。",
     "Try again in a few minutes. If it lasts, call the operator."},
    {Say::to_login, "ログイン画面へ", "To the login page"},
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
constexpr std::size_t blanks(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("{}"); at != text.npos; at = text.find("{}", at + 2)) ++count;
  return count;
}
constexpr bool same_blanks() {
  for (const Words& words : kWords) {
    if (blanks(words.ja) != blanks(words.en)) return false;
  }
  return true;
}
}  // namespace detail
static_assert(detail::complete(), "a sentence is missing, stands twice or out of order");
static_assert(detail::same_blanks(), "both languages need the same values");

[[nodiscard]] constexpr std::string_view say(Say what, Language language) {
  const Words& words = kWords[static_cast<std::size_t>(what)];
  return language == Language::ja ? words.ja : words.en;
}
/// The sentence with each "{}" replaced by the next value.
[[nodiscard]] std::string say(Say what, Language language, std::initializer_list<std::string_view> values);

}  // namespace sekisho::fortinet
