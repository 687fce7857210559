// Refusals of the login machine itself. Texts say what to do, never whether an account exists (T-32).
#include "admission/refusal_rows.hpp"

namespace sekisho::admission {
namespace {

constexpr std::string_view kNoLoginJa = "ログインできません。";
constexpr std::string_view kNoLoginEn = "You cannot log in.";
constexpr std::string_view kAgainJa = "最初からログインし直してください。";
constexpr std::string_view kAgainEn = "Log in again from the beginning.";
constexpr std::string_view kDeskJa = "リモート保守環境の管理担当へ連絡してください。";
constexpr std::string_view kDeskEn = "Contact the operator of the remote-maintenance environment.";

constexpr RefusalRow kRows[] = {
    {"R04", "login.no_factors", kNoLoginJa, kNoLoginEn, "この接続経路には本人確認の方法が設定されていません。",
     "No proof of identity is configured for this access path.", kDeskJa, kDeskEn},
    {"R04", "login.factor_missing", kNoLoginJa, kNoLoginEn, "必要な本人確認の一部を行えません。",
     "A required proof of identity is not available.", kDeskJa, kDeskEn},
    {"R04", "login.factor_failed", kNoLoginJa, kNoLoginEn, "本人確認の処理に失敗しました。",
     "Checking your identity failed.", "しばらく待ってログインし直してください。続くときは管理担当へ連絡してください。",
     "Wait a moment and log in again. If it goes on, contact the operator."},
    {"R04", "login.factor_refused", kNoLoginJa, kNoLoginEn, "本人確認ができませんでした。",
     "Your identity could not be confirmed.", kAgainJa, kAgainEn},
    {"R04", "login.expired", kNoLoginJa, kNoLoginEn, "ログインの途中で制限時間を過ぎました。",
     "The time limit for this login has passed.", kAgainJa, kAgainEn},
    {"R04", "login.unknown_handle", kNoLoginJa, kNoLoginEn,
     "このログインの手続きは見つからないか、すでに使われています。",
     "This login is not known or has already been answered.", kAgainJa, kAgainEn},
    {"R04", "login.out_of_order", kNoLoginJa, kNoLoginEn, "ログインの手順が正しくありません。",
     "The steps of the login came in the wrong order.", kAgainJa, kAgainEn},
    {"R04", "login.second_answer", kNoLoginJa, kNoLoginEn, "すでに確認が済んだ項目がもう一度送られました。",
     "Something that was already confirmed was sent a second time.", kAgainJa, kAgainEn},
    {"R04", "login.other_login", kNoLoginJa, kNoLoginEn, "途中で別のIDが入力されました。",
     "A different ID was given in the middle of the login.", kAgainJa, kAgainEn},
    {"R04", "login.other_certificate", kNoLoginJa, kNoLoginEn, "途中でクライアント証明書が変わりました。",
     "The client certificate changed in the middle of the login.", kAgainJa, kAgainEn},
    {"R04", "login.other_address", kNoLoginJa, kNoLoginEn, "途中で接続元のアドレスが変わりました。",
     "Your source address changed in the middle of the login.", "安定した回線で最初からログインし直してください。",
     "Log in again from the beginning over a stable line."},
    {"R04", "login.other_path", kNoLoginJa, kNoLoginEn, "途中で接続経路が変わりました。",
     "The access path changed in the middle of the login.", kAgainJa, kAgainEn},
};

}  // namespace

std::span<const RefusalRow> login_refusal_rows() {
  return kRows;
}

}  // namespace sekisho::admission
