// Events of netd.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::netd {

inline constexpr Event kTableInstalled{
    "netd.table_installed",
    Level::info,
    {"カーネルの遮断表（table inet sekisho）を設定しました。rights は引き継いだ通信許可の数です。対応は不要です。",
     "The kernel's deny table (table inet sekisho) stands; rights: how many were taken over. Nothing to do."},
    {"paths", "rights"}};

inline constexpr Event kTableRestored{
    "netd.table_restored",
    Level::critical,
    {"遮断表が外部から削除または変更されたため、直ちに設定し直しました。nft flush ruleset "
     "などを実行した者・サービスを確認してください。",
     "Somebody removed or changed the deny table; it has been put back. Find who ran nft flush ruleset or the like."},
    {"detail", "rights"}};

inline constexpr Event kNotBarred{
    "netd.not_barred",
    Level::error,
    {"送信元の遮断をカーネルに設定できません。新しい接続には従来の上限だけが働きます。detail "
     "を確認し、続く場合はカーネルの"
     "ログを調べてください。",
     "Sources that a front bars could not be given to the kernel; for newcomers the usual limits alone hold. Look at "
     "detail, and at the kernel's log if it goes on."},
    {"path", "detail"}};

inline constexpr Event kTableLost{
    "netd.table_lost",
    Level::critical,
    {"遮断表を設定し直せません。安全のためデバイスを削除し、netd を再起動します。カーネルのログを確認してください。",
     "The deny table cannot be put back. All TUN devices are removed; netd is started again. Read the kernel's log."},
    {"detail"}};

inline constexpr Event kDeviceReady{
    "netd.device_ready",
    Level::info,
    {"トンネル用デバイスを用意しました。対応は不要です。", "A TUN device is ready. Nothing to do."},
    {"device", "path", "offloads"}};

inline constexpr Event kDeviceGone{
    "netd.device_gone",
    Level::critical,
    {"トンネル用デバイスが外部から削除されました。netd を再起動して作り直します。削除した者を確認してください。",
     "Somebody removed a TUN device. netd is started again and makes it anew. Find out who it was."},
    {"device"}};

inline constexpr Event kQueueHandedOver{
    "netd.queue_handed_over",
    Level::info,
    {"フロントへトンネルのキューを渡しました。対応は不要です。", "A front got its TUN queue. Nothing to do."},
    {"device", "path"}};

inline constexpr Event kQueueNotHandedOver{
    "netd.queue_not_handed_over",
    Level::critical,
    {"フロントへキューを渡せません。安全のため netd を終了し再起動します。デバイスが外部から削除されていないか確認し"
     "てください。",
     "A front cannot get its TUN queue. netd ends and is started again. See whether somebody removed the device."},
    {"device", "path", "detail"}};

inline constexpr Event kRightsRefused{
    "netd.rights_refused",
    Level::error,
    {"sekishod から規則に反する通信許可を求められ、拒否しました。同じ許可が繰り返される場合は不具合または侵害を疑ってく"
     "ださい。",
     "sekishod asked for a right that breaks a rule; it was refused. If it repeats, suspect a fault or a break-in."},
    {"device", "detail"}};

inline constexpr Event kNotApplied{
    "netd.not_applied",
    Level::error,
    {"通信許可をカーネルへ反映できませんでした。新しい接続は許可されません。detail を確認してください。",
     "Rights did not reach the kernel; nobody new is let in. See detail."},
    {"device", "detail"}};

inline constexpr Event kPacketsRefused{
    "netd.packets_refused",
    Level::warning,
    {"許可されていない通信をカーネルが遮断しました。フロントの手前で止まるはずの通信です。続く場合は送信元を調べてくだ"
     "さい。",
     "The kernel dropped packets that no right allows and that a front should have stopped. Look for the sender if it "
     "goes on."},
    {"device", "packets", "stray"}};

inline constexpr Event kRdpRefusedHere{"netd.rdp_refused",
                                       Level::warning,
                                       {"許可されていないRDP接続を遮断しました（R13）。接続元ごとに1秒に1行で、to "
                                        "は宛先の一つ、destinations は宛先の数です。セッシ"
                                        "ョンと利用者は監査ログの rdp.refused で確認してください。",
                                        "RDP that no right allows was refused (R13). A line for each source and "
                                        "second: `to` is one of its `destinations`. "
                                        "See rdp.refused in the audit journal for session and person."},
                                       {"from", "to", "destinations", "tries"}};

inline constexpr Event kFrontBreach{
    "netd.front_breach",
    Level::critical,
    {"フロントが決められた以外のことを netd へ送りました。侵害の疑いがあります。接続とキューを切りました。",
     "A front told netd something that none may tell. It may have been taken over. Its link and queue are cut."},
    {"path"}};

inline constexpr Event kLinkLost{
    "netd.link_lost",
    Level::warning,
    {"他のプロセスとの接続が切れました。監視プロセスが再起動します。通信許可は期限まで有効です。",
     "The link to another process was lost; the supervisor restarts it. Rights hold until they time out."},
    {"name", "why"}};

inline constexpr Event kServing{
    "netd.serving", Level::info, {"netd が起動しました。対応は不要です。", "netd serves. Nothing to do."}, {"paths"}};

inline constexpr Event kNotStarted{
    "netd.not_started",
    Level::critical,
    {"起動できません。detail の原因（権限、デバイス名の重複、nftables）を取り除いてください。",
     "netd cannot start. Remove the cause that detail names: rights, a device of that name, nftables."},
    {"code", "detail"}};

inline constexpr Event kSandboxOpen{
    "netd.sandbox_open",
    Level::warning,
    {"この実行環境ではプロセスの制限の一部が働いていません。検査用のビルド以外では使わないでください。",
     "Part of the sandbox does not work here. Use it for sanitizer builds only."},
    {"note"}};

inline constexpr Event kStopping{"netd.stopping",
                                 Level::info,
                                 {"netd を停止します。遮断表は残ります。", "netd stops. The deny table stays."},
                                 {"why"}};

}  // namespace sekisho::netd
