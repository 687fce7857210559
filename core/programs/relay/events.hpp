// Events of sekisho-relay.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::relay {

inline constexpr Event kRelayServing{
    "relay.serving",
    Level::info,
    {"デスクトップの入口が受付を始めました。対応は不要です。", "The desktop's entrance serves. Nothing to do."},
    {"path", "entrance"}};
inline constexpr Event kRelayRefused{"relay.not_started",
                                     Level::critical,
                                     {"起動できません。detail の原因を取り除いてください。",
                                      "The relay cannot start. Remove the cause that detail names."},
                                     {"code", "detail"}};
inline constexpr Event kRelayLinkLost{
    "relay.link_lost",
    Level::warning,
    {"関所の本体との接続が切れました。つながっている画面は 120 秒続きます。本体の状態を確認してください。",
     "The link to the gatekeeper was lost. Open screens go on for 120 s. Look at the gatekeeper."},
    {"path", "why"}};
inline constexpr Event kRelayHyperLost{
    "relay.hyper_lost",
    Level::warning,
    {"仮想化管理の窓口（sekisho-hyperd）との接続が切れました。開いている画面は続き、新しい画面は開けません。"
     "hyperd の状態を確認してください。",
     "The link to a zone's sekisho-hyperd was lost. Open screens go on, no new ones open. Look at that hyperd."},
    {"path", "zone", "why"}};
inline constexpr Event kRelaySandboxOpen{
    "relay.sandbox_open",
    Level::warning,
    {"この実行環境ではプロセスの制限の一部が働いていません。検査用のビルド以外では使わないでください。",
     "Part of the sandbox does not work here. Use it for sanitizer builds only."},
    {"path", "note"}};
inline constexpr Event kRelayStopping{"relay.stopping",
                                      Level::info,
                                      {"デスクトップの入口を停止します。", "The desktop's entrance stops."},
                                      {"path", "why"}};

inline constexpr Event kScreenOpened{"relay.screen_opened",
                                     Level::info,
                                     {"画面を開きました。対応は不要です。", "A screen was opened. Nothing to do."},
                                     {"session", "console", "target"}};
inline constexpr Event kScreenClosed{
    "relay.screen_closed",
    Level::info,
    {"画面を閉じました（code は理由）。対応は不要です。", "A screen was closed; code says why. Nothing to do."},
    {"session", "console", "code", "detail"}};
inline constexpr Event kScreenNotOpened{
    "relay.screen_not_opened",
    Level::error,
    {"許可された画面を開けませんでした。detail の原因（接続先、録画先）を確認してください。",
     "A screen that was allowed could not be opened. Look at what detail names: the guest, or where recordings go."},
    {"session", "code", "detail"}};
inline constexpr Event kRecordingLost{
    "relay.recording_lost",
    Level::error,
    {"録画を続けられなくなり、その画面を閉じました。録画先のディスクと本体との接続を確認してください。",
     "A recording could not go on and its screen was closed. Look at the disk of recordings and the link to the gate."},
    {"console", "code", "detail"}};

}  // namespace sekisho::relay
