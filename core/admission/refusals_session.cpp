// Refusals and end reasons of running sessions and of a gate that is short of something.
#include "admission/refusal_rows.hpp"

namespace sekisho::admission {
namespace {

constexpr std::string_view kEndedJa = "接続を終了しました。";
constexpr std::string_view kEndedEn = "The session has ended.";
constexpr std::string_view kNoJa = "接続できません。";
constexpr std::string_view kNoEn = "You cannot connect.";
constexpr std::string_view kAgainJa = "続けるにはログインし直してください。";
constexpr std::string_view kAgainEn = "Log in again to go on.";
constexpr std::string_view kDeskJa = "リモート保守環境の管理担当へ連絡してください。";
constexpr std::string_view kDeskEn = "Contact the operator of the remote-maintenance environment.";
constexpr std::string_view kWaitJa = "しばらく待ってからやり直してください。";
constexpr std::string_view kWaitEn = "Wait a while and try again.";

constexpr RefusalRow kRows[] = {
    {"R04", "session.unknown_cookie", kNoJa, kNoEn, "この接続の許可は見つからないか、すでに終わっています。",
     "This session is not known or has already ended.", kAgainJa, kAgainEn},
    {"R04", "session.other_certificate", kNoJa, kNoEn, "ログインのときと異なるクライアント証明書です。",
     "This is not the client certificate that logged in.", "ログインに使った端末と証明書で接続してください。",
     "Connect with the terminal and certificate that logged in."},
    {"R04", "session.other_address", kNoJa, kNoEn, "ログインのときと異なるアドレスからの接続です。",
     "This is not the address that logged in.", "ログインに使った端末と回線で接続してください。",
     "Connect with the terminal and circuit that logged in."},
    {"R03", "session.address_in_use", kNoJa, kNoEn, "このアドレスでは別の接続が続いています。",
     "Another session is going on at this address.",
     "先の接続が終わってからやり直してください。一つのアドレスを複数の端末で共有することはできません。",
     "Try again when that session is over. Terminals cannot share one address."},
    {"R01", "circuit.other_network", kNoJa, kNoEn, "接続元のアドレスが、閉域網に割り当てた範囲にありません。",
     "Your address is outside the range of the closed network.", kDeskJa, kDeskEn},
    {"R19", "session.ended_by_staff", kEndedJa, kEndedEn, "管理担当者がこの接続を終了しました。",
     "Staff ended this session.", kDeskJa, kDeskEn},
    {"R04", "session.logged_out", kEndedJa, kEndedEn, "ログアウトしました。", "You logged out.", kAgainJa, kAgainEn},
    {"R04", "session.idle", kEndedJa, kEndedEn, "一定時間、通信がありませんでした。",
     "Nothing was sent or received for too long.", kAgainJa, kAgainEn},
    {"R17", "session.right_ended", kEndedJa, kEndedEn,
     "契約、申請、利用者または端末の利用期間が終わったか、取り消されました。",
     "The contract, application, person or terminal that gave the right has ended or was withdrawn.",
     "申請の状態を確認し、必要なら新しい申請を提出してください。",
     "Check the state of your application and submit a new one if needed."},
    {"R04", "session.absolute_limit", kEndedJa, kEndedEn, "一回の接続の上限時間に達しました。",
     "The longest time of one session has been reached.", kAgainJa, kAgainEn},
    {"R04", "session.no_tunnel", kEndedJa, kEndedEn, "ログイン後、決められた時間内にVPN接続が始まりませんでした。",
     "The tunnel was not opened in time after the login.", kAgainJa, kAgainEn},
    {"R04", "session.not_given", kEndedJa, kEndedEn, "接続許可の記録後に関所の処理が中断し、許可は渡されませんでした。",
     "The gate was interrupted after the grant was recorded; the grant was never handed over.", kAgainJa, kAgainEn},
    {"R04", "session.moved", kEndedJa, kEndedEn, "この接続は別の関所で続いています。",
     "This session goes on at another gate of this house.", kAgainJa, kAgainEn},
    {"R04", "session.replaced", kEndedJa, kEndedEn, "同じ利用者が新しくログインしました。",
     "The same person has logged in anew.", "心当たりがないときは、直ちに管理担当へ連絡してください。",
     "If this was not you, contact the operator at once."},
    {"R04", "session.reconnect_expired", kEndedJa, kEndedEn, "接続が切れたまま、再接続できる時間を過ぎました。",
     "The connection was lost and not restored in time.", kAgainJa, kAgainEn},
    {"R04", "gate.busy", kNoJa, kNoEn, "ただいま混み合っています。", "The gate is busy.", kWaitJa, kWaitEn},
    {"R15", "gate.unavailable", kNoJa, kNoEn, "記録を残せないため、新しい接続を受け付けられません。",
     "New sessions are refused while they cannot be recorded.", kWaitJa, kWaitEn},
    {"R11", "pool.exhausted", kNoJa, kNoEn, "割り当てられる接続用アドレスがありません。", "No inner address is free.",
     kWaitJa, kWaitEn},
    {"R10", "posture.quarantine", kNoJa, kNoEn,
     "端末の点検がまだ済んでいないため、仮想デスクトップへは接続できません。",
     "The terminal has not passed its inspection yet, so the virtual desktop is closed.",
     "端末の点検結果を確認し、示された項目を直してください。",
     "Look at the terminal's inspection and mend what it names."},
    {"R04", "certificate.revoked", kEndedJa, kEndedEn, "クライアント証明書が失効したか、有効期限が切れました。",
     "The client certificate was revoked or has expired.", kDeskJa, kDeskEn},
    {"R10", "posture.refused_before_login", kNoJa, kNoEn, "この端末は直前の点検に合格していません。",
     "This terminal failed its latest inspection.",
     "端末の点検結果に示された項目を直してから、ログインし直してください。",
     "Mend what the terminal's inspection names, then log in again."},
};

}  // namespace

std::span<const RefusalRow> session_refusal_rows() {
  return kRows;
}

}  // namespace sekisho::admission
