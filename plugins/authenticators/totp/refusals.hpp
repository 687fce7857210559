// The one-time codes' refusals. None but `totp.not_enrolled`, told only to who proved the owner's certificate, tells
// whether the account exists (T-32).
// Threads: constant data.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <string>

namespace sekisho::totp {

enum class No { wrong, used, too_many_tries, locked, disabled, not_enrolled };

[[nodiscard]] inline Refusal refusal(No no) {
  const Text what{"ログインできません。", "You cannot log in."};
  const Text desk{"リモート保守環境の管理担当へ連絡してください。",
                  "Contact the operator of the remote-maintenance environment."};
  switch (no) {
    case No::wrong:
      return {
          "R04",
          "totp.wrong",
          what,
          {"認証アプリのコードが違います。", "The code of the authenticator app is not right."},
          {"アプリに今表示されている6桁を入力してください。続くときは端末の時刻が合っているか確かめてください。",
           "Enter the 6 digits that the app shows now. If it goes on, check the clock of the device with the app."}};
    case No::used:
      return {"R04",
              "totp.used",
              what,
              {"そのコードはすでに使われています。", "That code has been used already."},
              {"アプリの表示が次のコードに変わるまで（30秒以内）待ってから入力してください。",
               "Wait until the app shows the next code (within 30 seconds) and enter that one."}};
    case No::too_many_tries:
      return {"R04",
              "totp.too_many_tries",
              what,
              {"認証アプリのコードを決められた回数間違えました。",
               "The code of the authenticator app was wrong as often as is allowed."},
              {"最初からログインし直してください。", "Log in again from the beginning."}};
    case No::locked:
      return {"R04",
              "totp.locked",
              what,
              {"認証アプリのコードの誤りが続いたため、一時的に止めています。",
               "After too many wrong codes of the authenticator app this step is locked for a while."},
              {"30分以上待ってからログインし直してください。心当たりがないときは管理担当へ連絡してください。",
               "Wait 30 minutes or more, then log in again. If the codes were not yours, contact the operator."}};
    case No::disabled:
      return {"R04",
              "totp.disabled",
              what,
              {"認証アプリの登録が停止されています。", "The enrolment of the authenticator app has been disabled."},
              desk};
    case No::not_enrolled:
      break;
  }
  return {"R04",
          "totp.not_enrolled",
          what,
          {"認証アプリが登録されていません。", "No authenticator app is enrolled for you."},
          desk};
}

}  // namespace sekisho::totp
