// Events of a recording's life. Those of the journal hold what verification needs (notes.hpp).
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::recording {

inline constexpr Event kOpened{"recording.opened",
                               Level::info,
                               {"画面の録画を始めました。header は録画ファイルの先頭のハッシュです。対応は不要です。",
                                "A screen's recording began; header is the hash of the file's head. Nothing to do."},
                               {"recording", "file", "target", "header"},
                               true};
inline constexpr Event kChunk{
    "recording.chunk",
    Level::info,
    {"録画の一区間を保存しました。sha256 は検証に使います。対応は不要です。",
     "A chunk of a recording is on the disk; sha256 is what it is verified by. Nothing to do."},
    {"recording", "number", "offset", "bytes", "begin", "end", "sha256"},
    true};
inline constexpr Event kClosed{"recording.closed",
                               Level::info,
                               {"録画を最後まで保存しました（chunks は区間の数）。対応は不要です。",
                                "A recording is whole, with all its chunks. Nothing to do."},
                               {"recording", "chunks", "why"},
                               true};
inline constexpr Event kFailed{
    "recording.failed",
    Level::error,
    {"録画を保存できないため、その画面を閉じました。ディスクの空きと状態を確認してください。",
     "A recording could not be kept, so its console was closed. Look at the disk's space and state."},
    {"recording", "code", "detail", "chunks"},
    true};
inline constexpr Event kBrokenOff{
    "recording.broken_off",
    Level::warning,
    {"録画が終わりの印のないまま途切れました（why は理由）。そこまでの内容は監査記録と照合できます。"
     "録画していたプロセスが止まった原因を確認してください。",
     "A recording has no end, for the reason that why gives. What it holds until then can be held against the journal. "
     "Look at why the process that recorded ended."},
    {"recording", "target", "why"},
    true};
inline constexpr Event kBehind{
    "recording.behind",
    Level::warning,
    {"途切れた録画が多く、記録が追いついていません（waiting "
     "は残りの件数）。順に記録します。続く場合は監査記録のディスクを確認してください。",
     "So many recordings have broken off that telling of them is behind; waiting is how many are left. They follow in "
     "their order. If it lasts, look at the journal's disk."},
    {"waiting"},
    true};
inline constexpr Event kExported{"recording.exported",
                                 Level::warning,
                                 {"録画の持ち出し（動画への変換）を許可しました。申請と照合してください。",
                                  "A recording was let out as a video. Compare it with its request."},
                                 {"recording", "by", "caller", "format", "reason"},
                                 true};
inline constexpr Event kExportRefused{
    "recording.export_refused",
    Level::warning,
    {"録画の持ち出しを断りました。監査者以外が試みています。理由を本人に確認してください。",
     "A recording was not let out: whoever asked is no auditor. Ask for the reason."},
    {"recording", "by", "caller", "format", "reason"},
    true};

}  // namespace sekisho::recording
