// Events of the journal itself. All of them stand in the journal; the alarm about health also goes to the log.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::audit {

inline constexpr Event kOpened{"journal.opened",
                               Level::info,
                               {"監査ジャーナルを開きました（epoch は起動回数）。対応は不要です。",
                                "The journal was opened; epoch counts its starts. Nothing to do."},
                               {"epoch", "segment"},
                               true};
inline constexpr Event kRecovered{
    "journal.recovered",
    Level::warning,
    {"書き込み途中で止まった末尾を切り取りました。切り取った部分は cut "
     "のファイルにあります。停電等の心当たりが無ければ調べてください。",
     "An unfinished write at the end was cut off and kept in the file named by cut. Without a power cut or a killed "
     "program to explain it, investigate."},
    {"bytes", "cut", "segment", "sha256"},
    true};
inline constexpr Event kRepaired{
    "journal.repaired",
    Level::warning,
    {"書き込みできない状態から回復しました。refused はその間に断った記録の数です。ディスクを点検してください。",
     "The journal can write again; refused is how many entries it had to answer with an error. Examine the disk."},
    {"code", "refused", "since"},
    true};
inline constexpr Event kKeyStepFailed{
    "journal.key_step_failed",
    Level::error,
    {"署名鍵を交代できませんでした。鍵の置き場所の権限と空き容量を確認してください。記録は続いています。",
     "The signing key could not be replaced. Look at rights and space of its directory. Entries are still written."},
    {"code"},
    true};
inline constexpr Event kTailFailed{
    "journal.tail_failed",
    Level::error,
    {"ジャーナルの末尾の位置を鍵の置き場所に記録できません。権限とディスクを確認してください。記録は続いています。",
     "Where the journal ends cannot be noted beside the signing key. Look at rights and disk of its directory. Entries "
     "are still written."},
    {"code"},
    true};
inline constexpr Event kUnhealthy{
    "journal.unhealthy",
    Level::critical,
    {"監査ジャーナルに書けないため、新しい接続を断っています。ディスクの空きと状態を確認してください。自動で回復します"
     "。",
     "The journal cannot be written, so newcomers are refused. Look at the disk's space and state. It recovers by "
     "itself."},
    {"code", "detail"}};
inline constexpr Event kHealthy{
    "journal.healthy",
    Level::info,
    {"監査ジャーナルが回復しました。対応は不要です。", "The journal is well again. Nothing to do."},
    {}};

}  // namespace sekisho::audit
