// The mailed code's refusals.
// Threads: constant data.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <string>

namespace sekisho::email_code {

enum class No { wrong, expired, too_many_tries, locked, disabled, send_limit, no_address };

[[nodiscard]] inline Refusal refusal(No no) {
  const Text what{"ログインできません。", "You cannot log in."};
  const Text again{"最初からログインし直し、新しいコードを受け取ってください。",
                   "Log in again from the beginning and receive a new code."};
  const Text desk{"リモート保守環境の管理担当へ連絡してください。",
                  "Contact the operator of the remote-maintenance environment."};
  switch (no) {
    case No::wrong:
      return {"R04",
              "code.wrong",
              what,
              {"確認コードが違います。", "The code is not right."},
              {"最も新しいメールのコードを確かめて入力し直してください。",
               "Check the code in the newest mail and enter it again."}};
    case No::expired:
      return {"R04",
              "code.expired",
              what,
              {"確認コードの有効時間が過ぎたか、新しいコードが発行されています。",
               "The code has expired or a newer one was sent."},
              again};
    case No::too_many_tries:
      return {"R04",
              "code.too_many_tries",
              what,
              {"確認コードの入力を決められた回数間違えました。", "The code was wrong as often as is allowed."},
              again};
    case No::locked:
      return {"R04",
              "code.locked",
              what,
              {"確認コードの誤りが続いたため、一時的に止めています。",
               "After too many wrong codes this step is locked for a while."},
              {"30分以上待ってからログインし直してください。心当たりがないときは管理担当へ連絡してください。",
               "Wait 30 minutes or more, then log in again. If the codes were not yours, contact the operator."}};
    case No::disabled:
      return {"R04",
              "code.disabled",
              what,
              {"確認コードの送付先が停止されています。", "The address for codes has been disabled."},
              desk};
    case No::send_limit:
      return {"R04",
              "code.send_limit",
              what,
              {"確認コードを送れる回数または間隔の制限に達しました。",
               "No further code may be sent yet, too many or too soon after the last one."},
              {"しばらく待ってからログインし直してください。1分後に送れない場合は1時間以上待ってください。",
               "Wait a while, then log in again. If a minute is not enough, wait an hour or more."}};
    case No::no_address:
      break;
  }
  return {"R04",
          "code.no_address",
          what,
          {"確認コードの送付先メールアドレスが登録されていません。", "No mail address is registered for codes."},
          desk};
}

}  // namespace sekisho::email_code
