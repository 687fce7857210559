// The password factor's refusals. None tells whether the account exists: a stranger's id gets the same ones (T-32).
// Threads: constant data.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <string>

namespace sekisho::password {

enum class No { wrong, too_fast, locked, service_busy };

[[nodiscard]] inline Refusal refusal(No no) {
  const Text what{"ログインできません。", "You cannot log in."};
  switch (no) {
    case No::wrong:
      return {"R04",
              "password.wrong",
              what,
              {"ID またはパスワードが正しくありません。", "The ID or the password is not right."},
              {"ID とパスワードを確かめて入力し直してください。忘れたときは管理担当へ連絡してください。",
               "Check both and enter them again. If you have forgotten the password, contact the operator."}};
    case No::too_fast:
      return {"R04",
              "password.too_fast",
              what,
              {"失敗が続いたため、次に試せるまで待ち時間があります。",
               "After several failures there is a wait before the next try."},
              {"1分ほど待ってからログインし直してください。", "Wait about a minute, then log in again."}};
    case No::locked:
      return {"R04",
              "password.locked",
              what,
              {"失敗が続いたため、パスワードでの確認を一時的に止めています。",
               "After too many failures the password check is locked for a while."},
              {"30分以上待ってからログインし直してください。心当たりがないときは管理担当へ連絡してください。",
               "Wait 30 minutes or more, then log in again. If the failures were not yours, contact the operator."}};
    case No::service_busy:
      break;
  }
  return {
      "R04",
      "password.service_busy",
      what,
      {"混み合っていて、パスワードを確認できませんでした。", "The password could not be checked, the gate is busy."},
      {"しばらく待ってからログインし直してください。", "Wait a moment, then log in again."}};
}

}  // namespace sekisho::password
