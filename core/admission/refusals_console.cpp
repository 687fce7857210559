// Refusals of pages and screens: desktop page, console page, tickets, screens that end.
#include "admission/refusal_rows.hpp"

namespace sekisho::admission {
namespace {

constexpr std::string_view kPageJa = "この操作はできません。";
constexpr std::string_view kPageEn = "This cannot be done.";
constexpr std::string_view kScreenJa = "画面を開けません。";
constexpr std::string_view kScreenEn = "The screen cannot be opened.";
constexpr std::string_view kDeskJa = "リモート保守環境の管理担当へ連絡してください。";
constexpr std::string_view kDeskEn = "Contact the operator of the remote-maintenance environment.";
constexpr std::string_view kWaitJa = "しばらく待ってからやり直してください。";
constexpr std::string_view kWaitEn = "Wait a while and try again.";
constexpr std::string_view kAgainJa = "ページを開き直してください。";
constexpr std::string_view kAgainEn = "Load the page anew.";

constexpr RefusalRow kRows[] = {
    {"R12", "console.not_a_desktop", kPageJa, kPageEn,
     "管理コンソールは、接続中の仮想デスクトップの中からだけ開けます。",
     "The management console opens only from within the desktop of a live session.",
     "仮想デスクトップへログインし、その中のブラウザーで開いてください。",
     "Log in to your desktop and open it in the browser there."},
    {"R12", "console.not_logged_in", kPageJa, kPageEn, "管理コンソールへのログインがまだ済んでいません。",
     "You have not logged in to the management console yet.", "利用者IDとパスワードでログインしてください。",
     "Log in with your ID and password."},
    {"R12", "console.other_person", kPageJa, kPageEn,
     "この仮想デスクトップは、ログインしようとした利用者のものではありません。",
     "This desktop belongs to somebody else than the person who logs in.", "ご自身の利用者IDでログインしてください。",
     "Log in with your own ID."},
    {"R12", "console.no_such_server", kScreenJa, kScreenEn, "このサーバは、契約と申請の対象に含まれていません。",
     "This server is not among those of your contract and application.",
     "申請の対象を確認し、必要なら新しい申請を提出してください。",
     "Check what your application covers and submit a new one if needed."},
    {"R13", "console.physical", kScreenJa, kScreenEn, "物理サーバには管理コンソールの画面がありません。",
     "A physical server has no screen at the management console.",
     "仮想デスクトップからリモートデスクトップで接続してください。",
     "Connect to it by remote desktop from your virtual desktop."},
    {"R13", "rdp.closed", "RDPで接続できません。", "This RDP connection is not allowed.",
     "RDPは、コンソールを開いているサーバから同じ契約の他のサーバへ、または仮想デスクトップから物理サーバへだけ使え"
     "ます。",
     "RDP works only from a server whose console you have open to other servers of the same contract, or from your "
     "desktop to a physical server.",
     "接続元のサーバのコンソールを開いてからやり直してください。",
     "Open the console of the server you start from, then try again."},
    {"R01", "console.other_zone", kScreenJa, kScreenEn, "この画面は、別の接続方式のゾーンにあります。",
     "This screen is in a zone of another way of connecting.", kDeskJa, kDeskEn},
    {"R13", "rdp.too_many", "RDPで接続できません。", "This RDP connection is not allowed.",
     "同時に許可できるRDP接続の数に達しています。", "As many RDP connections as can be allowed at a time are allowed.",
     "使い終わったコンソールを閉じ、しばらくしてからやり直してください。",
     "Close the consoles that you no longer need and try again later."},
    {"R12", "console.too_many", kScreenJa, kScreenEn, "同時に開ける画面の数に達しています。",
     "As many screens as are allowed are open.", "開いている画面を閉じてからやり直してください。",
     "Close one of them and try again."},
    {"R12", "ticket.bad", kScreenJa, kScreenEn, "画面を開くための許可が正しくないか、使用済みか、期限切れです。",
     "The ticket for this screen is not valid, was used or is too old.", kAgainJa, kAgainEn},
    {"R11", "desktop.not_ready", kScreenJa, kScreenEn, "仮想デスクトップの準備がまだ終わっていません。",
     "Your desktop is not ready yet.", kWaitJa, kWaitEn},
    {"R12", "console.machine_off", kScreenJa, kScreenEn, "このサーバの電源が入っていません。",
     "This server is switched off.", kDeskJa, kDeskEn},
    {"R15", "desktop.page_only", kScreenJa, kScreenEn,
     "この仮想デスクトップは、操作を録画するデスクトップページからだけ開けます。",
     "This desktop opens only at the desktop page, where what is done is recorded.",
     "VPNに接続したまま、ブラウザーでデスクトップページを開いてください。",
     "Stay connected and open the desktop page in a browser."},
    {"R12", "console.no_hypervisor", kScreenJa, kScreenEn, "仮想化管理サーバとの通信が止まっています。",
     "The virtualisation manager is out of the gate's reach.",
     "しばらく待ってからやり直してください。続く場合は、リモート保守環境の管理担当へ連絡してください。",
     "Wait a while and try again. If it goes on, contact the operator of the remote-maintenance environment."},
    {"R01", "hyper.not_expected", "仮想化管理サーバの窓口を受け付けません。",
     "This window to the virtualisation managers is not taken.",
     "構成にないゾーンの sekisho-hyperd か、同じゾーンの2つ目です。",
     "It is a sekisho-hyperd of a zone that is not configured, or the second one of its zone.",
     "構成の hypervisors と、動いている sekisho-hyperd を確認してください。",
     "Compare hypervisors in the configuration with the sekisho-hyperd that run."},
    {"R12", "console.unreachable", kScreenJa, kScreenEn, "画面の接続先が応答しません。",
     "What shows this screen does not answer.", kWaitJa, kWaitEn},
    {"R15", "console.not_recorded", kScreenJa, kScreenEn, "録画を保存できないため、画面を開けません。",
     "Screens are closed while they cannot be recorded.", kWaitJa, kWaitEn},
    {"R12", "page.other_origin", kPageJa, kPageEn, "別のサイトからの要求は受け付けません。",
     "Requests that come from another site are not taken.", kAgainJa, kAgainEn},
    {"R12", "page.malformed", kPageJa, kPageEn, "要求の形式が正しくありません。", "The request is malformed.", kAgainJa,
     kAgainEn},
    {"R12", "page.unknown", kPageJa, kPageEn, "お探しのページはありません。", "There is no such page.", kAgainJa,
     kAgainEn},
};

}  // namespace

std::span<const RefusalRow> console_refusal_rows() {
  return kRows;
}

}  // namespace sekisho::admission
