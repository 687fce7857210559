// Events of a front.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::front {

inline constexpr Event kTurnedAway{
    "front.turned_away",
    Level::warning,
    {"同時接続の上限のため、新しい接続の一部を断りました（直近10秒の数）。接続中の利用者に影響はありません。続く場合は"
     "攻撃を疑い、送信元を調べてください。",
     "Newcomers were turned away because a limit of simultaneous connections was reached (counts of the last 10 s). "
     "Those "
     "inside are not affected. If it goes on, suspect an attack and look at the sources."},
    {"path", "full", "crowded_source", "early_drop"}};
inline constexpr Event kSourcesBarred{
    "front.sources_barred",
    Level::warning,
    {"実らない接続を繰り返す送信元からの新しい接続に、しばらく応答しないことにしました（some "
     "はその一部）。利用者が入ったこ"
     "とのある送信元は対象になりません。攻撃を疑い、送信元を調べてください。",
     "New connections of sources that open one after another for nothing are left unanswered for a while (some names a "
     "few). A source from which a person came in is never among them. Suspect an attack and look at the sources."},
    {"path", "sources", "some"}};
inline constexpr Event kConnectionClosed{
    "front.connection_closed",
    Level::debug,
    {"接続が終わりました。対応は不要です。", "A connection has ended. Nothing to do."},
    {"path", "peer", "why"}};
inline constexpr Event kConnectionBroke{"front.connection_broke",
                                        Level::error,
                                        {"処理中の異常のため、この接続だけを切りました。ほかの利用者に影響はありません"
                                         "。what を確認し、繰り返す場合はメモリー"
                                         "不足かプラグインの不具合を調べてください。",
                                         "Something went wrong inside the gate and this one connection was cut; others "
                                         "are not affected. Look at what; if it "
                                         "happens again, memory is short or a plugin is broken."},
                                        {"path", "peer", "what"}};
inline constexpr Event kGateThere{
    "front.gate_there",
    Level::info,
    {"関所の本体とつながりました。張られているトンネルを届け直しました。対応は不要です。",
     "The gatekeeper is there; the tunnels that stand were announced to it again. Nothing to do."},
    {"path", "tunnels"}};
inline constexpr Event kGateLost{"front.gate_lost",
                                 Level::warning,
                                 {"関所の本体との接続が切れました。新しい接続は断り、今のトンネルは最長120秒保ちます。s"
                                  "ekishod の記録を調べてください。",
                                  "The link to the gatekeeper is lost. Newcomers are refused, the tunnels stay for at "
                                  "most 120 s. Look at the log of "
                                  "sekishod."},
                                 {"path", "tunnels"}};
inline constexpr Event kAbandoned{
    "front.abandoned",
    Level::critical,
    {"関所の本体が120秒間応答しないため、すべてのトンネルを閉じました。sekishod を復旧してください。",
     "The gatekeeper has been away for 120 s: every tunnel was closed. Bring sekishod back."},
    {"path", "tunnels"}};
inline constexpr Event kAcceptPaused{
    "front.accept_paused",
    Level::error,
    {"新しい接続を受け取れず、短く休みました。error を確認し、ファイル記述子やメモリーの不足を調べてください。",
     "New connections could not be accepted for a moment. Look at error: descriptors or memory may be short."},
    {"path", "error"}};
inline constexpr Event kDatagramsServing{
    "front.datagrams_serving",
    Level::info,
    {"UDP（DTLS）の受付を始めました。gso・gro は、まとめて送受信するカーネル機能が使えるかどうかです。対応は不要です。",
     "UDP (DTLS) is served. gso and gro say whether the kernel sends and receives many datagrams at once. Nothing to "
     "do."},
    {"path", "gso", "gro"}};
inline constexpr Event kDatagramsPaused{
    "front.datagrams_paused",
    Level::error,
    {"UDP の受信に失敗し、短く休みました。利用者は TLS でつながります。error を確認してください。",
     "UDP could not be received for a moment; clients use TLS. Look at error."},
    {"path", "error"}};
inline constexpr Event kHelloFlood{
    "front.hello_flood",
    Level::warning,
    {"DTLS の接続要求が多すぎるため、一部を捨てました（直近10秒の数）。接続中の利用者に影響はなく、新しい利用者は TLS "
     "でつながります。続く場合は攻撃を疑い、送信元を調べてください。",
     "Too many DTLS hellos: some were dropped (count of the last 10 s). Those inside are not affected, newcomers use "
     "TLS. If it goes on, suspect an attack and look at the sources."},
    {"path", "dropped"}};
inline constexpr Event kTunThere{"front.tun_there",
                                 Level::info,
                                 {"TUN のキューを受け取りました。パケットを中継できます。対応は不要です。",
                                  "A TUN queue was handed over: packets can pass. Nothing to do."},
                                 {"path", "device"}};
inline constexpr Event kTunLost{
    "front.tun_lost",
    Level::error,
    {"TUN を読めなくなりました。netd が新しいキューを渡すまでパケットは通りません。netd の記録を調べてください。",
     "The TUN can no longer be read. No packet passes until netd hands over a new queue. Look at the log of netd."},
    {"path", "error"}};

}  // namespace sekisho::front
