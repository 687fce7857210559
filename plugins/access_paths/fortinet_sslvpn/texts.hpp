// The sentences of this path's own pages, in both languages; those of every path stand in page_words.hpp.
// Threads: constant data.
#pragma once
#include <sekisho/sdk/path/page_words.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sekisho::fortinet {

using pages::Common;
using pages::Language;

enum class Say : std::uint8_t {
  service,
  step,
  step_id,
  step_password,
  step_code,
  id_lead,
  id_lead_client,
  next,
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
  return_title,
  return_lead,
  return_limit,
  return_link,
  return_nothing,
  count_  ///< not a sentence
};

inline constexpr std::array<pages::Words<Say>, static_cast<std::size_t>(Say::count_)> kWords{{
    {Say::service, "リモート保守環境", "Remote maintenance"},
    {Say::step, "ログインの手順", "Steps of the login"},
    {Say::step_id, "ID", "ID"},
    {Say::step_password, "パスワード", "Password"},
    {Say::step_code, "確認コード", "Code"},
    {Say::id_lead, "登録された端末で、この環境のクライアント証明書を選んでログインしてください。",
     "Use your registered terminal and choose the client certificate of this environment."},
    {Say::id_lead_client, "VPNクライアントから開かれた画面です。ログインが終わると、接続はクライアントで始まります。",
     "Your VPN client opened this page. When you have logged in, the client connects by itself."},
    {Say::next, "次へ", "Continue"},
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
    {Say::return_title, "ログインしました", "You are logged in"},
    {Say::return_lead, "VPNクライアントに戻ります。", "Going back to your VPN client."},
    {Say::return_limit, "{}秒以内（{}まで）にクライアントへ戻らないと、最初からやり直しになります。",
     "Return to the client within {} s (until {}), or start again."},
    {Say::return_link, "クライアントへ戻る", "Return to the client"},
    {Say::return_nothing, "自動で戻らないときは、次のリンクを押してください。",
     "If nothing happens, follow this link."},
}};

static_assert(pages::complete(kWords), "a sentence is missing, stands twice, out of order or with other values");

[[nodiscard]] constexpr std::string_view say(Say what, Language language) {
  return pages::look_up(kWords, what, language);
}
/// The sentence with each "{}" replaced by the next value.
[[nodiscard]] inline std::string say(Say what, Language language, std::initializer_list<std::string_view> values) {
  return pages::fill(say(what, language), values);
}

}  // namespace sekisho::fortinet
