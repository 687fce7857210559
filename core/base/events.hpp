// Events of the base room.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho {

inline constexpr Event kLogDropped{
    "log.dropped",
    Level::warning,
    {"ログの書き出しが追いつかず、古い行を捨てました。標準エラー出力の受け手（journald等）の負荷を確認してください。",
     "Lines were dropped because whoever reads stderr is too slow. Look at the load of journald or the pipe's reader."},
    {"lines"}};

inline constexpr Event kConfigRefused{
    "config.refused",
    Level::critical,
    {"設定ファイルに誤りがあり、起動しません。detail の場所（JSONポインタ）を直してください。",
     "The configuration has an error and the program does not start. Mend the place that detail names (JSON pointer)."},
    {"code", "detail"}};

inline constexpr Event kPluginSays{
    "plugin.says",
    Level::info,
    {"プラグインからの通知です。said がプラグイン側の通知番号で、意味はプラグインのREADMEにあります。",
     "A plugin reports something; said is its own event id, explained in its README."},
    {"plugin", "said", "fields"}};

}  // namespace sekisho
