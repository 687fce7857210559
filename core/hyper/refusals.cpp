#include "hyper/refusals.hpp"

#include <algorithm>

namespace sekisho::hyper {

std::vector<Refusal> all_screen_refusals() {
  return {
      {"R12",
       "screen.busy",
       {"このコンソールは使用中です。", "This console is in use."},
       {"シリアルコンソールは同時に一人しか使用できません。", "One person at a time can use a serial console."},
       {"使用が終わってから再度開いてください。", "Open it again when it is free."}},
      {"R12",
       "screen.not_running",
       {"この機器は動作していません。", "This machine does not run."},
       {"停止中の機器の画面は開けません。", "A machine that is stopped has no screen."},
       {"電源の状態を担当者に確認してください。", "Ask the operator about its power."}},
      {"T-60",
       "screen.ticket",
       {"この画面を開く権利がありません。", "Nothing here entitles to this screen."},
       {"画面を開く許可は一度だけ、30秒以内に、許可された機器に対してのみ有効です。",
        "A permission opens one screen once, within 30 seconds, and no other machine's."},
       {"一覧に戻り、もう一度開いてください。", "Go back to the list and open it again."}},
      {"R14",
       "screen.way_out",
       {"この機器の画面は開けません。", "This machine's screen stays closed."},
       {"画面以外にデータを持ち出せる装置（USBリダイレクト、共有フォルダー、プリンターポート、クリップボード等）が仮想"
        "マシンに定義されています。",
        "The machine is defined with a device that carries more than a picture out: USB redirection, a shared folder, "
        "a printer port, a "
        "clipboard channel."},
       {"担当者に、仮想マシンの定義からその装置を外すよう連絡してください。",
        "Ask the operator to take that device out of the machine's definition."}},
      {"R12",
       "screen.unreachable",
       {"画面に接続できません。", "The screen cannot be reached."},
       {"仮想化管理サーバが応答しません。", "The virtualisation manager does not answer."},
       {"しばらくしてから再度開き、続く場合は担当者へ連絡してください。",
        "Open it again later, and tell the operator if it goes on."}},
  };
}

Refusal screen_refusal(std::string_view code) {
  const auto all = all_screen_refusals();
  const auto found = std::ranges::find(all, code, &Refusal::code);
  return found == all.end() ? all.back() : *found;
}

}  // namespace sekisho::hyper
