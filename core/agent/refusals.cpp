#include "agent/refusals.hpp"

#include <algorithm>

namespace sekisho::agent {
namespace {

struct Row {
  const char *rule, *code, *why_ja, *why_en, *remedy_ja, *remedy_en;
};

constexpr const char* kFilesJa = "管理担当の手順書に従って、端末の登録をやり直してください。";
constexpr const char* kFilesEn = "Enrol the terminal again as the operator's manual says.";
constexpr const char* kFactsJa = "情報収集の設定を確認し、直らない場合は管理担当へ連絡してください。";
constexpr const char* kFactsEn = "Look at the settings of the collection; contact the operator if it stays.";
constexpr const char* kWaitJa = "ネットワークの接続を確認し、しばらく待ってからやり直してください。";
constexpr const char* kWaitEn = "Look at the network connection, wait a while and try again.";
constexpr const char* kPrivateJa = "所有者だけが読み書きできる権限（0600）にしてください。";
constexpr const char* kPrivateEn = "Give it permissions for its owner alone (0600).";

constexpr Row kRows[] = {
    {"R10", "agent.internal", "確認プログラムの内部で誤りが起きました。", "The agent failed within itself.",
     "管理担当へ連絡してください。", "Contact the operator."},
    {"R10", "agent.unreachable", "接続先と通信できません。", "The gate cannot be reached.", kWaitJa, kWaitEn},
    {"R02", "agent.certificate",
     "接続先の証明書を確認できません。通信の途中で検査（証明書の差し替え）が行われている可能性があります。",
     "The gate's certificate does not verify. The connection may be inspected on the way.",
     "この接続先を通信検査の対象から外してください。直らない場合は管理担当へ連絡してください。",
     "Exclude this address from TLS inspection. Contact the operator if it stays."},
    {"R10", "agent.other_gate", "登録した接続先とは別の接続先です。", "This is another gate than the enrolled one.",
     "接続先のアドレスを確認してください。", "Look at the gate's address."},
    {"R10", "agent.answer_malformed", "接続先の返答を読み取れません。", "The gate's answer cannot be read.",
     "確認プログラムを最新にしてください。直らない場合は管理担当へ連絡してください。",
     "Update the agent. Contact the operator if it stays."},
    {"R10", "agent.busy", "接続先が混み合っています。", "The gate is busy.", kWaitJa, kWaitEn},
    {"R10", "agent.no_session", "VPN に接続していません。", "There is no VPN session.",
     "VPN に接続してからやり直してください。", "Connect the VPN and try again."},
    {"R10", "agent.session_lost", "接続が途絶えました。", "The session was lost.",
     "VPN の接続を確認し、必要なら再度接続してください。", "Look at the VPN and connect again if needed."},
    {"R10", "agent.facts_unreadable", "端末の情報を読み取れません。", "The terminal's facts cannot be read.", kFactsJa,
     kFactsEn},
    {"R10", "agent.facts_malformed", "端末の情報の形式が正しくありません。", "The terminal's facts are malformed.",
     kFactsJa, kFactsEn},
    {"R10", "agent.facts_too_large", "端末の情報が大きすぎます。", "The terminal's facts are too large.", kFactsJa,
     kFactsEn},
    {"R10", "agent.facts_source", "ファイルの情報は「simulator」と名乗るものだけを送ります。",
     "Facts from a file are sent only when they say that they come from a simulator.",
     "ファイルの collector.source を simulator にしてください。", "Set collector.source of the file to simulator."},
    {"R03", "agent.key_missing", "端末の鍵がありません。この端末はまだ登録されていません。",
     "There is no key: this terminal has not been enrolled.", "先に端末の登録（enrol）を行ってください。",
     "Enrol the terminal first."},
    {"R03", "agent.key_unreadable", "端末の鍵を読み取れません。", "The terminal's key cannot be read.", kFilesJa,
     kFilesEn},
    {"R03", "agent.key_open", "端末の鍵のファイルを、ほかの利用者が読み書きできます。",
     "The terminal's key file is open to others.", kPrivateJa, kPrivateEn},
    {"R03", "agent.token_unreadable", "登録用の番号のファイルを読み取れません。",
     "The file of the enrolment token cannot be read.", "ファイルの場所と内容を確認してください。",
     "Look at the file's place and content."},
    {"R03", "agent.token_open", "登録用の番号のファイルを、ほかの利用者が読み書きできます。",
     "The file of the enrolment token is open to others.", kPrivateJa, kPrivateEn},
    {"R03", "agent.state_unreadable", "端末の記録を読み書きできません。",
     "The agent's state cannot be read or written.", kFilesJa, kFilesEn},
    {"R03", "agent.state_open", "端末の記録のファイルを、ほかの利用者が書き換えられます。",
     "The agent's state file is open to others.", kPrivateJa, kPrivateEn},
    {"R03", "agent.state_of_other_key", "端末の記録が別の鍵のものです。", "The agent's state belongs to another key.",
     kFilesJa, kFilesEn},
    {"R03", "agent.state_busy", "ほかの確認プログラムが報告している最中です。", "Another agent is reporting.",
     "しばらく待ってからやり直してください。", "Wait a while and try again."},
    {"R10", "agent.settings", "確認プログラムの設定が正しくありません。", "The agent's settings are wrong.",
     "指定を確認してください。", "Look at the arguments."},
};

std::vector<Refusal> build() {
  std::vector<Refusal> out;
  for (const Row& row : kRows) {
    out.push_back({row.rule,
                   row.code,
                   {"端末の状態を報告できません。", "The terminal's state cannot be reported."},
                   {row.why_ja, row.why_en},
                   {row.remedy_ja, row.remedy_en}});
  }
  return out;
}

}  // namespace

const std::vector<Refusal>& refusals() {
  static const std::vector<Refusal> all = build();
  return all;
}

const Refusal& refusal(std::string_view code) {
  const auto found = std::ranges::find(refusals(), code, &Refusal::code);
  return found == refusals().end() ? refusals().front() : *found;
}

}  // namespace sekisho::agent
