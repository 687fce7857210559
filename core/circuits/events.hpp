// Events of the circuits: what becomes of the closed network's lines, for log and journal.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::circuits {

inline constexpr Event kCircuitOpened{"circuits.opened",
                                      Level::info,
                                      {"回線の接続設定を有効にしました。拠点装置からの接続を待ちます。対応は不要です。",
                                       "A circuit was opened: its site's device may connect. Nothing to do."},
                                      {"circuit", "contractor"},
                                      true};
inline constexpr Event kCircuitClosed{
    "circuits.closed",
    Level::info,
    {"回線の接続設定を削除し、暗号化された接続を切断しました。code が理由です。対応は不要です。",
     "A circuit was closed and its tunnels ended, for the reason in code. Nothing to do."},
    {"circuit", "contractor", "code", "took_ms"},
    true};
inline constexpr Event kLineUp{"circuits.line_up",
                               Level::info,
                               {"拠点装置との暗号化された接続が確立しました。対応は不要です。",
                                "The tunnel to a site's device is up. Nothing to do."},
                               {"circuit", "contractor", "peer", "identity", "cipher"},
                               true};
inline constexpr Event kLineDown{
    "circuits.line_down",
    Level::warning,
    {"拠点装置との暗号化された接続が切れました。回線の終了や停止でなければ、拠点の装置と回線を確認してください。",
     "The tunnel to a site's device is down. Unless the circuit was closed, look at the device and its line."},
    {"circuit", "contractor", "code"},
    true};
inline constexpr Event kCharonLost{
    "circuits.charon_lost",
    Level::error,
    {"IPsec エンジン（charon）に接続できません。戻るまで閉域網からの接続をすべて拒否します。charon の状態を確認してくだ"
     "さい。",
     "The IPsec engine (charon) cannot be reached; the closed path refuses everybody until it is back. Look at "
     "charon."},
    {"code", "words"},
    true};
inline constexpr Event kCharonBack{"circuits.charon_back",
                                   Level::info,
                                   {"IPsec エンジン（charon）に接続し、回線の設定を確認しました。対応は不要です。",
                                    "The IPsec engine (charon) is there and holds what it should. Nothing to do."},
                                   {"circuits"},
                                   true};
inline constexpr Event kLoadFailed{
    "circuits.load_failed",
    Level::error,
    {"回線の接続設定を charon が受け付けません。words が charon の回答です。証明書と charon の設定を確認してください。",
     "Charon does not take a circuit's connection; words is its answer. Look at the certificates and charon's "
     "settings."},
    {"circuit", "code", "words"},
    true};
inline constexpr Event kCloseLate{
    "circuits.close_late",
    Level::error,
    {"終了した回線の切断を 2 秒以内に確認できませんでした。やり直しを続けます。charon の状態を確認してください。",
     "It could not be confirmed within 2 s that a closed circuit's tunnels are gone; it is tried again. Look at "
     "charon."},
    {"circuit", "code", "words"},
    true};
inline constexpr Event kStray{
    "circuits.stray",
    Level::warning,
    {"登録と合わない暗号化された接続を見つけたため切断します。code が理由です。charon の設定を確認してください。",
     "A tunnel that does not fit the registry was found and is ended, for the reason in code. Look at charon's "
     "settings."},
    {"circuit", "peer", "identity", "code"},
    true};

// Of the sessions that came over a line; the journal has them with session and person.
inline constexpr Event kLineLost{"circuit.line_lost",
                                 Level::warning,
                                 {"セッションの回線の暗号化された接続が切れたため、通信を止めました。猶予の間に戻らなけ"
                                  "れば終了します。拠点の装置と回線を"
                                  "確認してください。",
                                  "The line that a session came over is not up: nothing passes any more, and the "
                                  "session ends unless the line is back "
                                  "within the grace. Look at the site's device and its line."},
                                 {"circuit", "line"},
                                 true};
inline constexpr Event kLineBack{"circuit.line_back",
                                 Level::info,
                                 {"セッションの回線が戻り、通信を再開しました。対応は不要です。",
                                  "The line that a session came over is back, and so are its rights. Nothing to do."},
                                 {"circuit", "line"},
                                 true};

}  // namespace sekisho::circuits
