// Events of sekisho-front.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::programs {

inline constexpr Event kFrontServing{"front.serving",
                                     Level::info,
                                     {"受付プロセスが起動し、接続を受け付けます。対応は不要です。",
                                      "The front has started and accepts connections. Nothing to do."},
                                     {"path", "listeners"}};
inline constexpr Event kFrontRefused{"front.not_started",
                                     Level::critical,
                                     {"受付プロセスを起動できません。detail の原因を取り除いてください。",
                                      "The front cannot start. Remove the cause that detail names."},
                                     {"path", "code", "detail"}};
inline constexpr Event kFrontSandboxOpen{
    "front.sandbox_open",
    Level::warning,
    {"この実行環境では受付プロセスの制限の一部が働いていません。検査用のビルド以外では使わないでください。",
     "Part of the sandbox does not work here. Use it for sanitizer builds only."},
    {"path", "note"}};
inline constexpr Event kFrontLinkLost{
    "front.link_lost",
    Level::warning,
    {"他のプロセスとの接続が切れました。監視プロセスが再起動します。繰り返す場合は原因を調べてください。",
     "The link to another process was lost; the supervisor restarts it. Look for the cause if it happens again."},
    {"path", "name", "why"}};
inline constexpr Event kFrontUnwanted{
    "front.unwanted_descriptor",
    Level::error,
    {"設定にない装置のキューを渡されたため、閉じました。netd と設定を調べてください。",
     "A queue of a device that is not configured was handed over and closed. Look at netd and the configuration."},
    {"path", "device"}};
inline constexpr Event kFrontBroke{
    "front.broke",
    Level::critical,
    {"処理中の異常のため、受付プロセスが自ら終了しました。監視プロセスが再起動し、利用者は自動でつながり直します。what "
     "を"
     "確認し、繰り返す場合はメモリー不足かプラグインの不具合を調べてください。",
     "Something went wrong inside and the front has ended itself. The supervisor starts it anew and clients come back "
     "by "
     "themselves. Look at what; if it happens again, memory is short or a plugin is broken."},
    {"path", "what"}};
inline constexpr Event kFrontStopping{
    "front.stopping", Level::info, {"受付プロセスを停止します。", "The front stops."}, {"path", "why"}};

}  // namespace sekisho::programs
