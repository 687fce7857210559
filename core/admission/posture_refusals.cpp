#include "admission/posture_refusals.hpp"

#include <algorithm>
#include <array>

namespace sekisho::admission {
namespace {

struct Row {
  std::string_view rule, code;
  std::string_view why_ja, why_en;
  std::string_view remedy_ja, remedy_en;
};

constexpr std::string_view kRegisterJa =
    "登録済みの端末ではありません。ランダムなハードウェアアドレスを無効にするか、端末の変更申請をしてください。";
constexpr std::string_view kRegisterEn =
    "This is not a registered terminal. Switch random hardware addresses off, or apply for a change of terminal.";
constexpr std::string_view kKeyJa = "端末の登録が確認できません。管理担当へ連絡してください。";
constexpr std::string_view kKeyEn = "The terminal's registration cannot be confirmed. Contact the operator.";
constexpr std::string_view kWindowsJa = "サポート中の Windows 11 へ更新してください。";
constexpr std::string_view kWindowsEn = "Update to a Windows 11 release that is still supported.";
constexpr std::string_view kOtherOsJa = "この種類の OS は利用できません。Windows 11 の端末を使用してください。";
constexpr std::string_view kOtherOsEn = "This kind of operating system cannot be used. Use a terminal with Windows 11.";
constexpr std::string_view kAntivirusJa =
    "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。";
constexpr std::string_view kAntivirusEn =
    "Switch an allowed antivirus product on (look for expiry, a pause, and remains of a removed product).";
constexpr std::string_view kSignatureJa = "定義ファイルを更新してください。";
constexpr std::string_view kSignatureEn = "Update the antivirus definitions.";
constexpr std::string_view kUpdateJa = "Windows Update を適用し、再起動してください。";
constexpr std::string_view kUpdateEn = "Apply Windows Update and restart.";
constexpr std::string_view kBrowserJa = "Edge 124、Chrome 126、Firefox 123 以上で開いてください。";
constexpr std::string_view kBrowserEn = "Open it with Edge 124, Chrome 126, Firefox 123 or later.";
constexpr std::string_view kUnknownJa = "確認できない項目を管理担当へ連絡してください。";
constexpr std::string_view kUnknownEn = "Tell the operator which item could not be confirmed.";
constexpr std::string_view kReconnectJa = "再度接続してください。";
constexpr std::string_view kReconnectEn = "Connect again.";
constexpr std::string_view kAgentJa = "端末の確認プログラム（sekisho-agent）を最新にして、もう一度実行してください。";
constexpr std::string_view kAgentEn = "Update the terminal's agent (sekisho-agent) and run it again.";

constexpr Row kRows[] = {
    // R03: which terminal speaks
    {"R03", "device.key_unknown", "端末の鍵が登録されていません。", "The terminal's key is not registered.", kKeyJa,
     kKeyEn},
    {"R03", "device.key_revoked", "端末の登録は取り消されています。", "The terminal's registration has ended.", kKeyJa,
     kKeyEn},
    {"R03", "device.clone_suspected", "同じ鍵を持つ端末がほかにあると疑われます。",
     "Another machine seems to hold the same key.", kKeyJa, kKeyEn},
    {"R03", "device.binding_too_low", "端末の鍵の保護が、必要な水準に達していません。",
     "The terminal's key is not protected as strongly as demanded.", kKeyJa, kKeyEn},
    {"R03", "report.bad_signature", "端末の状態の署名が正しくありません。", "The signature of the report is wrong.",
     kKeyJa, kKeyEn},
    {"R03", "report.other_terminal", "この接続の端末とは別の端末の報告です。",
     "The report comes from another terminal than this session's.", "ログインした端末で実行してください。",
     "Run it on the terminal that logged in."},
    // R05: hardware addresses
    {"R05", "device.mac_not_registered", "登録されたハードウェアアドレスが見つかりません。",
     "No registered hardware address was found.", kRegisterJa, kRegisterEn},
    {"R05", "device.mac_only_local", "ランダムなハードウェアアドレスしかありません。",
     "There are only random hardware addresses.", kRegisterJa, kRegisterEn},
    {"R05", "device.mac_unknown", "ハードウェアアドレスを確認できません。", "The hardware addresses could not be read.",
     kUnknownJa, kUnknownEn},
    {"R05", "device.mac_usb_only", "ドック等の外付けアダプターだけで照合しました。",
     "Only an external adapter (a dock, for example) matched.", "内蔵アダプターのアドレスも登録してください。",
     "Register the address of the built-in adapter too."},
    {"R05", "device.mac_overridden", "ハードウェアアドレスが書き換えられています。",
     "The hardware address has been rewritten.", "アダプターの設定を元へ戻してください。",
     "Restore the adapter's own address."},
    {"R05", "device.forwarding", "他の機器の通信を中継する設定です。",
     "The terminal is set to forward other machines' traffic.", "通信の中継（共有）を無効にしてください。",
     "Switch forwarding (connection sharing) off."},
    // R06: Windows
    {"R06", "os.too_old", "Windows 11 より古い OS です。", "The operating system is older than Windows 11.", kWindowsJa,
     kWindowsEn},
    {"R06", "os.build_ended", "この Windows 11 のサポートは終了しています。",
     "Support of this Windows 11 release has ended.", kWindowsJa, kWindowsEn},
    {"R06", "os.build_not_allowed", "許可されていない Windows のビルドです。", "This Windows build is not allowed.",
     kWindowsJa, kWindowsEn},
    {"R06", "os.build_ends_soon", "この Windows 11 のサポートは間もなく終了します。",
     "Support of this Windows 11 release ends soon.", kWindowsJa, kWindowsEn},
    {"R06", "os.server", "サーバー用の Windows です。", "This is a Windows for servers.", kOtherOsJa, kOtherOsEn},
    {"R06", "os.insider", "プレビュー版（Insider）の Windows です。", "This is an Insider preview of Windows.",
     kOtherOsJa, kOtherOsEn},
    {"R06", "os.not_windows", "Windows ではありません。", "This is not Windows.", kOtherOsJa, kOtherOsEn},
    {"R06", "os.unknown", "OS の情報を確認できません。", "The operating system could not be determined.", kUnknownJa,
     kUnknownEn},
    // R07: antivirus
    {"R07", "av.none", "ウイルス対策ソフトが見つかりません。", "No antivirus product was found.", kAntivirusJa,
     kAntivirusEn},
    {"R07", "av.not_allowed", "許可されていないウイルス対策ソフトです。", "This antivirus product is not allowed.",
     kAntivirusJa, kAntivirusEn},
    {"R07", "av.off", "ウイルス対策ソフトが無効です。", "The antivirus product is switched off.", kAntivirusJa,
     kAntivirusEn},
    {"R07", "av.snoozed", "ウイルス対策ソフトが一時停止中です。", "The antivirus product is paused.", kAntivirusJa,
     kAntivirusEn},
    {"R07", "av.passive", "ウイルス対策ソフトがパッシブモードで、防御していません。",
     "The antivirus product is in passive mode and does not protect.", kAntivirusJa, kAntivirusEn},
    {"R07", "av.expired", "ウイルス対策ソフトの契約が期限切れです。", "The antivirus product's licence has expired.",
     kAntivirusJa, kAntivirusEn},
    {"R07", "av.program_missing", "登録されたウイルス対策ソフトの実体がありません。",
     "The registered antivirus program is not there.", kAntivirusJa, kAntivirusEn},
    {"R07", "av.signer_mismatch", "ウイルス対策ソフトの署名が製品と一致しません。",
     "The antivirus program's signature does not fit the product.", kAntivirusJa, kAntivirusEn},
    {"R07", "av.signature_old", "定義ファイルが古くなっています。", "The antivirus definitions are too old.",
     kSignatureJa, kSignatureEn},
    {"R07", "av.signature_stuck", "定義ファイルが長い間更新されていません。",
     "The antivirus definitions have not changed for long.", kSignatureJa, kSignatureEn},
    {"R07", "av.unknown", "ウイルス対策ソフトの状態を確認できません。",
     "The antivirus product's state could not be determined.", kUnknownJa, kUnknownEn},
    // R08: updates
    {"R08", "update.behind", "セキュリティ更新プログラムが不足しています。", "Security updates are missing.", kUpdateJa,
     kUpdateEn},
    {"R08", "update.too_long_ago", "最後の更新から日数が経ちすぎています。", "The last update was too long ago.",
     kUpdateJa, kUpdateEn},
    {"R08", "update.reboot_pending", "更新を完了するための再起動が済んでいません。",
     "A restart is needed to finish updating.", kUpdateJa, kUpdateEn},
    {"R08", "update.table_old", "更新プログラムの一覧が古いため、最後の更新日で判断しました。",
     "The table of updates is old, so the date of the last update was judged.", kUpdateJa, kUpdateEn},
    {"R08", "update.unknown", "更新プログラムの適用状況を確認できません。",
     "The state of updates could not be determined.", kUnknownJa, kUnknownEn},
    // R09: browser
    {"R09", "browser.too_old", "ブラウザーの版が古すぎます。", "The browser is too old.", kBrowserJa, kBrowserEn},
    {"R09", "browser.not_allowed", "許可されていないブラウザーです。", "This browser is not allowed.", kBrowserJa,
     kBrowserEn},
    {"R09", "browser.unknown", "ブラウザーの種類と版を確認できません。",
     "The browser and its version could not be determined.", kBrowserJa, kBrowserEn},
    // R10: reports
    {"R10", "posture.failed", "端末の確認に合格していません。", "The terminal did not pass its checks.", kUnknownJa,
     kUnknownEn},
    {"R10", "posture.no_report", "端末の状態が届きませんでした。", "No report about the terminal arrived in time.",
     kAgentJa, kAgentEn},
    {"R10", "posture.silent", "端末の確認プログラムから応答がありません。", "The terminal's agent has fallen silent.",
     kAgentJa, kAgentEn},
    {"R10", "posture.check_unavailable", "端末の確認の一つを実行できませんでした。",
     "One of the checks could not be carried out.", "管理担当へ連絡してください。", "Contact the operator."},
    {"R10", "posture.unsigned", "署名のない申告だけでは接続できません。", "An unsigned statement alone does not admit.",
     kAgentJa, kAgentEn},
    {"R10", "report.malformed", "報告の形式が正しくありません。", "The report is malformed.", kAgentJa, kAgentEn},
    {"R10", "report.other_schema", "報告の版に対応していません。", "The report's version is not understood.", kAgentJa,
     kAgentEn},
    {"R10", "report.too_large", "報告が大きすぎます。", "The report is too large.", kAgentJa, kAgentEn},
    {"R10", "report.too_many", "短い間に報告が多すぎます。", "Too many reports in a short time.",
     "しばらく待ってからやり直してください。", "Wait a while and try again."},
    {"R10", "report.replayed", "報告が古いか、すでに使われています。", "The report is stale or was used before.",
     kReconnectJa, kReconnectEn},
    {"R10", "report.clock_skew", "端末の時計が大きくずれています。", "The terminal's clock is too far off.",
     "端末の時計を合わせてください。", "Set the terminal's clock."},
    {"R10", "report.intercepted", "通信の途中で検査（証明書の差し替え）が行われています。",
     "The connection is inspected on the way: the certificate was replaced.", "通信検査の対象から外してください。",
     "Exclude this address from TLS inspection."},
    {"R10", "report.other_gate", "別の接続先にあてた報告です。", "The report is meant for another gate.", kReconnectJa,
     kReconnectEn},
    {"R10", "report.other_session", "別の接続にあてた報告です。", "The report is meant for another session.",
     kReconnectJa, kReconnectEn},
    {"R10", "report.other_address", "別のトンネルアドレスからの報告です。", "The report names another tunnel address.",
     kReconnectJa, kReconnectEn},
    {"R10", "report.source_not_allowed", "この方法で集めた情報は受け付けられません。",
     "Facts collected in this way are not accepted.", kAgentJa, kAgentEn},
    {"R10", "report.missed", "端末の定期的な報告が届きませんでした。", "The terminal's regular reports stopped.",
     "端末の確認プログラム（sekisho-agent）を動かしたまま、再度接続してください。",
     "Keep the terminal's agent (sekisho-agent) running and connect again."},
    // R03: enrolment of a key
    {"R03", "enrol.malformed", "登録の要求の形式が正しくありません。", "The enrolment request is malformed.", kAgentJa,
     kAgentEn},
    {"R03", "enrol.token_unknown", "登録用の番号が正しくないか、期限が切れています。",
     "The enrolment token is wrong or has expired.", "管理担当から新しい登録用の番号を受け取ってください。",
     "Ask the operator for a new enrolment token."},
    {"R03", "enrol.key_in_use", "この鍵は別の端末に登録されています。", "This key belongs to another terminal.",
     "端末ごとに新しい鍵を作ってください。", "Make a new key for each terminal."},
};

Text what_of(std::string_view code) {
  if (code.starts_with("enrol.")) return {"端末の鍵を登録できません。", "The terminal's key cannot be enrolled."};
  return {"端末の確認に合格していないため、接続できません。",
          "You cannot connect: the terminal did not pass its checks."};
}

std::vector<Refusal> build() {
  std::vector<Refusal> out;
  for (const Row& row : kRows) {
    out.push_back({std::string(row.rule),
                   std::string(row.code),
                   what_of(row.code),
                   {std::string(row.why_ja), std::string(row.why_en)},
                   {std::string(row.remedy_ja), std::string(row.remedy_en)}});
  }
  std::ranges::sort(out, {}, &Refusal::code);
  return out;
}

const std::vector<Refusal>& catalogue() {
  static const std::vector<Refusal> all = build();
  return all;
}

}  // namespace

std::vector<Refusal> posture_refusals() {
  return catalogue();
}

const Refusal* posture_refusal(std::string_view code) {
  const auto found =
      std::ranges::lower_bound(catalogue(), code, {}, [](const Refusal& r) -> std::string_view { return r.code; });
  return found == catalogue().end() || found->code != code ? nullptr : &*found;
}

Refusal refusal_of(const CheckResult& result) {
  const Refusal* known = posture_refusal(result.code);
  Refusal out = known != nullptr ? *known : *posture_refusal("posture.failed");
  out.rule = result.rule;
  out.code = result.code;
  if (!result.remedy.ja.empty() && !result.remedy.en.empty()) out.remedy = result.remedy;
  if (!result.observed.empty()) {
    out.why.ja += "（確認された値: " + result.observed;
    out.why.en += " (seen: " + result.observed;
    if (!result.required.empty()) {
      out.why.ja += "、必要な値: " + result.required;
      out.why.en += "; wanted: " + result.required;
    }
    out.why.ja += "）";
    out.why.en += ")";
  }
  return out;
}

bool is_mendable(std::string_view code) {
  constexpr auto kMendable =
      std::to_array<std::string_view>({"av.signature_old", "av.unknown", "update.behind", "update.too_long_ago",
                                       "update.reboot_pending", "update.unknown"});
  return std::ranges::find(kMendable, code) != kMendable.end();
}

}  // namespace sekisho::admission
