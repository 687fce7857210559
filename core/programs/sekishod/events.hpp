// Events of sekishod.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::programs {

inline constexpr Event kDaemonServing{
    "sekishod.serving",
    Level::info,
    {"関所の本体が起動し、受付を始めました。対応は不要です。", "The gatekeeper has started and serves. Nothing to do."},
    {"node", "sessions"}};
inline constexpr Event kDaemonRefused{"sekishod.not_started",
                                      Level::critical,
                                      {"起動できません。detail の原因を取り除いてください。",
                                       "The gatekeeper cannot start. Remove the cause that detail names."},
                                      {"code", "detail"}};
inline constexpr Event kDaemonFactorsRefused{
    "sekishod.factors_refused",
    Level::critical,
    {"接続経路の本人確認の要素が足りないため、起動しません。pointer の場所を直してください。理由は ja にあります。",
     "The factors of an access path are not enough and the gatekeeper does not start. Mend the place that pointer "
     "names; the reason stands in en."},
    {"pointer", "code", "ja", "en"}};
inline constexpr Event kDaemonLinkLost{
    "sekishod.link_lost",
    Level::warning,
    {"他のプロセスとの接続が切れました。監視プロセスが再起動します。繰り返す場合は原因を調べてください。",
     "The link to another process was lost; the supervisor restarts it. Look for the cause if it happens again."},
    {"name", "why"}};
inline constexpr Event kDaemonClockJump{
    "sekishod.clock_jump",
    Level::warning,
    {"システム時計が大きく動きました。関所の時刻は変わりません。時刻同期を確認してください。",
     "The system clock jumped. Gate time stays as it is. Check the time synchronisation."},
    {"seconds"}};
inline constexpr Event kDaemonSandboxOpen{
    "sekishod.sandbox_open",
    Level::warning,
    {"この実行環境ではプロセスの制限の一部が働いていません。検査用のビルド以外では使わないでください。",
     "Part of the sandbox does not work here. Use it for sanitizer builds only."},
    {"note"}};
inline constexpr Event kDaemonBroke{"sekishod.broke",
                                    Level::critical,
                                    {"処理中の異常のため、関所の本体が自ら終了しました。監視プロセスが再起動し、張られ"
                                     "ているトンネルはそのままです。what を"
                                     "確認し、繰り返す場合はメモリー不足かプラグインの不具合を調べてください。",
                                     "Something went wrong inside and the gatekeeper has ended itself. The supervisor "
                                     "starts it anew; tunnels stand. Look "
                                     "at what; if it happens again, memory is short or a plugin is broken."},
                                    {"what"}};
inline constexpr Event kDaemonStopping{
    "sekishod.stopping", Level::info, {"関所の本体を停止します。", "The gatekeeper stops."}, {"why"}};

}  // namespace sekisho::programs
