// The sentences of the entrance's own pages, in both languages; those of every path stand in page_words.hpp.
// Threads: constant data.
#pragma once
#include <sekisho/sdk/path/page_words.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sekisho::ip_vpn {

using pages::Common;
using pages::Language;

enum class Say : std::uint8_t {
  service,
  login_lead,
  answer,
  session_title,
  admitted,
  quarantine,
  asks_itself,
  ask_again,
  remaining,
  to_desktop,
  log_out,
  logged_out_title,
  logged_out,
  later_title,
  to_session,
  count_  ///< not a sentence
};

inline constexpr std::array<pages::Words<Say>, static_cast<std::size_t>(Say::count_)> kWords{{
    {Say::service, "リモート保守環境（閉域網）", "Remote maintenance (closed network)"},
    {Say::login_lead, "貸出端末に入っているクライアント証明書を選び、IDとパスワードを入力してください。",
     "Choose the client certificate of this lent terminal, and enter your ID and password."},
    {Say::answer, "確認する", "Continue"},
    {Say::session_title, "接続中です", "You are connected"},
    {Say::admitted, "端末の点検に合格しています。仮想デスクトップを利用できます。",
     "This terminal has passed its inspection. Your virtual desktop is open."},
    {Say::quarantine,
     "端末の点検を待っています。端末の確認プログラムを実行し、合格するとこの画面から仮想デスクトップに進めます。",
     "This terminal waits for its inspection. Run its agent; when it has passed, go on to your virtual desktop from "
     "here."},
    {Say::asks_itself, "この画面は{}秒ごとに自動で確認し直します。", "This page asks again by itself every {} s."},
    {Say::ask_again, "いま確認し直す", "Ask again now"},
    {Say::remaining, "利用できる残り時間（分）", "Minutes that are left"},
    {Say::to_desktop, "仮想デスクトップへ進む", "To your virtual desktop"},
    {Say::log_out, "ログアウトする", "Log out"},
    {Say::logged_out_title, "ログアウトしました", "You have logged out"},
    {Say::logged_out, "仮想デスクトップと操作画面は閉じられました。", "Your desktop and its screens are closed."},
    {Say::later_title, "いまは確認できません", "It cannot be looked up now"},
    {Say::to_session, "接続の状態をもう一度確認する", "Look at your session again"},
}};
static_assert(pages::complete(kWords), "a sentence is missing, stands twice, out of order or with other values");

[[nodiscard]] constexpr std::string_view say(Say what, Language language) {
  return pages::look_up(kWords, what, language);
}
/// The sentence with each "{}" replaced by the next value.
[[nodiscard]] inline std::string say(Say what, Language language, std::initializer_list<std::string_view> values) {
  return pages::fill(say(what, language), values);
}
[[nodiscard]] constexpr pages::Both both(Say what) {
  return {say(what, Language::ja), say(what, Language::en)};
}

}  // namespace sekisho::ip_vpn
