// Events of the desktops: what becomes of each, for log and journal.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::desktops {

inline constexpr Event kDesktopReady{"desktop.ready",
                                     Level::info,
                                     {"利用者の仮想デスクトップが使える状態になりました。対応は不要です。",
                                      "A person's desktop is ready. Nothing to do."},
                                     {"session", "desktop", "machine", "address", "code"},
                                     true};
inline constexpr Event kDesktopDestroyed{"desktop.destroyed",
                                         Level::info,
                                         {"使用した仮想デスクトップを消去しました。対応は不要です。",
                                          "A desktop that was used has been destroyed. Nothing to do."},
                                         {"session", "desktop", "machine", "address", "code"},
                                         true};
inline constexpr Event kDesktopStopped{
    "desktop.stopped",
    Level::warning,
    {"利用中の仮想デスクトップが停止しました。新しいものを用意できます。利用者が自分で停止したのでなければ確認してくだ"
     "さい。",
     "A desktop in use has stopped; a fresh one can be prepared. Look into it unless the person shut it down."},
    {"session", "desktop", "machine", "address", "code"},
    true};
inline constexpr Event kDesktopFailed{
    "desktop.failed",
    Level::error,
    {"仮想デスクトップを用意できません。自動でやり直します。続く場合は仮想化管理サーバを確認してください。",
     "A desktop cannot be prepared; it is tried again. If this goes on, look at the virtualisation manager."},
    {"session", "desktop", "machine", "address", "code"}};
inline constexpr Event kDesktopStray{
    "desktop.stray",
    Level::warning,
    {"管理していない仮想デスクトップを見つけたため消去します。関所の異常終了の後であれば対応は不要です。",
     "A desktop that belongs to no session was found and is destroyed. Nothing to do after a crash of the gate."},
    {"session", "desktop", "machine", "address", "code"},
    true};

}  // namespace sekisho::desktops
