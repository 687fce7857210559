// Events of sekisho-hyperd.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::hyperd {

inline constexpr Event kHyperServing{
    "hyperd.serving",
    Level::info,
    {"仮想化管理の窓口が受付を始めました。対応は不要です。", "The window to the hypervisors serves. Nothing to do."},
    {"zone", "managers"}};
inline constexpr Event kHyperRefused{
    "hyperd.not_started",
    Level::critical,
    {"起動できません。detail の原因を取り除いてください。", "hyperd cannot start. Remove the cause that detail names."},
    {"code", "detail"}};
inline constexpr Event kHyperLinkLost{
    "hyperd.link_lost",
    Level::warning,
    {"隣のプロセスとの接続が切れました。開いている画面は続きます。続く場合は相手の状態を確認してください。",
     "The link to a neighbour was lost. Open screens go on. If it stays, look at that process."},
    {"zone", "name", "why"}};
inline constexpr Event kHyperBreach{
    "hyperd.breach",
    Level::error,
    {"隣のプロセスが許されない要求を送ったため接続を切りました。乗っ取りのおそれがあります。担当者が調べてください。",
     "A neighbour asked for what it may not, and its link was closed. It may be taken over: look into it."},
    {"zone", "name", "why"}};
inline constexpr Event kHyperScreenRefused{
    "hyperd.screen_refused",
    Level::warning,
    {"画面を開く要求を断りました。繰り返す場合は session の利用者と機器を確認してください。",
     "A screen was not opened. If this repeats, look at the person of that session and at the machine."},
    {"zone", "relay", "session", "machine", "code"}};
inline constexpr Event kHyperManagerLost{
    "hyperd.manager_lost",
    Level::error,
    {"仮想化管理サーバに接続できません。仮想化管理サーバの状態を確認してください。自動で再接続します。",
     "A virtualisation manager cannot be reached. Look at it; the connection comes back by itself."},
    {"zone", "manager"}};
inline constexpr Event kHyperManagerBack{
    "hyperd.manager_back",
    Level::info,
    {"仮想化管理サーバに接続しました。対応は不要です。", "A virtualisation manager is connected. Nothing to do."},
    {"zone", "manager"}};
inline constexpr Event kHyperSandboxOpen{
    "hyperd.sandbox_open",
    Level::warning,
    {"この実行環境ではプロセスの制限の一部が働いていません。検査用のビルド以外では使わないでください。",
     "Part of the sandbox does not work here. Use it for sanitizer builds only."},
    {"zone", "note"}};
inline constexpr Event kHyperStopping{"hyperd.stopping",
                                      Level::info,
                                      {"仮想化管理の窓口を停止します。", "The window to the hypervisors stops."},
                                      {"zone", "why"}};
inline constexpr Event kHyperBroke{
    "hyperd.broke",
    Level::critical,
    {"想定外の失敗のため終了します。再起動されます。what を開発元へ伝えてください。",
     "An unexpected failure ends the process; it is started again. Report what to the developers."},
    {"what"}};

}  // namespace sekisho::hyperd
