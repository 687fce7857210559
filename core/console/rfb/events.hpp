// What a console reports: each of these also stands in the session's journal, and staff see it beside the screen.
// "what" is a cause's code (causes.hpp), "by" viewer or guest.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::rfb {

inline constexpr Event kStopped{"console.stopped",
                                Level::warning,
                                {"画面の通信のうち許可されていないもの（クリップボード、電源操作、音声など）を止めまし"
                                 "た。画面は続いています。同じ人が繰り返す場合は本人に確認してください。",
                                 "Something on a screen that is not allowed (clipboard, power, sound …) was stopped; "
                                 "the screen goes on. If the same "
                                 "person repeats it, ask him."},
                                {"session", "machine", "what", "by", "count", "bytes", "total"},
                                true};
inline constexpr Event kBroken{"console.broken",
                               Level::error,
                               {"許可されていない、または正しくない通信のため画面を閉じました。what "
                                "を確認し、ファイル転送などの試みであれば本人に確認してください。",
                                "A screen was closed because of a message that is not allowed or not correct. Look at "
                                "what; if it was an attempt such as "
                                "a file transfer, ask the person."},
                               {"session", "machine", "what", "by", "detail"},
                               true};
inline constexpr Event kNotOpened{
    "console.not_opened",
    Level::error,
    {"画面を開けませんでした。仮想化基盤の設定と状態を確認してください。",
     "A screen could not be opened. Look at the settings and the state of the virtualisation side."},
    {"session", "machine", "what", "by", "detail"},
    true};
inline constexpr Event kTypedFast{
    "console.typed_fast",
    Level::warning,
    {"人の入力より速いキー入力がありました。貼り付けの代わりの自動入力でないか録画で確認してください。",
     "Keys came faster than a person types. See in the recording whether a script typed instead of a clipboard."},
    {"session", "machine", "count", "total"},
    true};
inline constexpr Event kHeld{
    "console.held",
    Level::debug,
    {"閲覧側が求めた機能のうち許可されていないものを外しました。対応は不要です。",
     "A viewer's wish (a feature, a size, input while only looking) was left out. Nothing to do."},
    {"session", "machine", "what", "by", "count", "total"}};

}  // namespace sekisho::rfb
