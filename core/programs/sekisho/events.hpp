// Events of the supervisor.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::supervise {

inline constexpr Event kChildStarted{
    "supervise.child_started",
    Level::info,
    {"子プロセスを起動しました。対応は不要です。", "A process was started. Nothing to do."},
    {"child", "pid", "starts"}};

inline constexpr Event kChildReady{
    "supervise.child_ready",
    Level::info,
    {"子プロセスが受付を始めました。対応は不要です。", "A process serves. Nothing to do."},
    {"child", "pid"}};

inline constexpr Event kChildEnded{"supervise.child_ended",
                                   Level::error,
                                   {"子プロセスが終了しました。自動で再起動します。signal 31 "
                                    "は禁止された操作による強制終了です。繰り返す場合はそのプロセスの"
                                    "直前のログを確認してください。",
                                    "A process ended and will be started again. Signal 31: it tried something that its "
                                    "sandbox forbids. If it repeats, "
                                    "read what that process logged before."},
                                   {"child", "pid", "code", "signal", "again_in_ms"}};

inline constexpr Event kChildNotStarted{
    "supervise.child_not_started",
    Level::error,
    {"子プロセスを起動できません。プログラムの場所と権限を確認してください。再試行を続けます。",
     "A process cannot be started. Check the program's place and rights. Trying goes on."},
    {"child", "detail", "again_in_ms"}};

inline constexpr Event kChildNotReady{
    "supervise.child_not_ready",
    Level::error,
    {"子プロセスが時間内に準備を終えず、再起動します。直前のログを確認してください。",
     "A process did not become ready in time and is started again. Read what it logged before."},
    {"child", "pid"}};

inline constexpr Event kChildBreach{
    "supervise.child_breach",
    Level::critical,
    {"子プロセスが決められた以外のことを監視プロセスへ送りました。侵害の疑いがあります。強制終了し再起動します。",
     "A process told the supervisor something that none may tell. It may have been taken over. It is killed and "
     "started "
     "again."},
    {"child", "pid"}};

inline constexpr Event kChildStopped{
    "supervise.child_stopped",
    Level::info,
    {"子プロセスを停止しました。対応は不要です。", "A process was stopped. Nothing to do."},
    {"child", "pid", "code", "signal"}};

inline constexpr Event kChildKilled{
    "supervise.child_killed",
    Level::warning,
    {"停止の指示に従わない子プロセスを強制終了しました。", "A process that did not stop when told was killed."},
    {"child", "pid"}};

inline constexpr Event kListening{"supervise.listening",
                                  Level::info,
                                  {"待受を開始しました。対応は不要です。", "The sockets listen. Nothing to do."},
                                  {"sockets"}};

inline constexpr Event kAllReady{
    "supervise.ready", Level::info, {"すべてのプロセスが受付を始めました。", "Every process serves."}, {"children"}};

inline constexpr Event kStopping{
    "supervise.stopping", Level::info, {"停止を始めました。", "Stopping has begun."}, {"signal"}};

inline constexpr Event kStopped{
    "supervise.stopped", Level::info, {"すべてのプロセスを停止しました。", "Every process has stopped."}};

inline constexpr Event kCannotStart{
    "supervise.cannot_start",
    Level::critical,
    {"起動できません。detail の内容（アドレスの重複、権限、パス）を直してください。",
     "The supervisor cannot start. Mend what detail names: an address in use, rights, a path."},
    {"code", "detail"}};

}  // namespace sekisho::supervise
