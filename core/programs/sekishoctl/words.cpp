#include "programs/sekishoctl/words.hpp"

#include "circuits/refusals.hpp"
#include "pki/words.hpp"
#include "registry/refusals.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace sekisho::ctl {
namespace {

struct Label {
  std::string_view name, ja, en;
};
constexpr std::array kLabels{
    Label{"address", "内側アドレス", "address"},
    Label{"addresses", "アドレス範囲", "addresses"},
    Label{"application", "申請", "application"},
    Label{"applications", "申請", "applications"},
    Label{"approver", "承認者", "approver"},
    Label{"at", "日時 (UTC)", "at (UTC)"},
    Label{"binding", "鍵の結び付き", "key binding"},
    Label{"begin", "開始 (UTC)", "begin (UTC)"},
    Label{"build_up_exception", "構築作業の例外", "build-up exception"},
    Label{"by", "操作者", "by"},
    Label{"bytes_in", "受信バイト", "bytes in"},
    Label{"bytes_out", "送信バイト", "bytes out"},
    Label{"bytes", "バイト", "bytes"},
    Label{"certificate", "証明書", "certificate"},
    Label{"against", "反証", "against"},
    Label{"check", "点検項目", "check"},
    Label{"claim", "主張", "claim"},
    Label{"chunk", "区間", "chunk"},
    Label{"chunks", "区間数", "chunks"},
    Label{"cipher", "暗号方式", "cipher"},
    Label{"circuit", "回線", "circuit"},
    Label{"closed", "正常な終了", "good end"},
    Label{"closed_because", "閉じている理由", "closed because"},
    Label{"code", "コード", "code"},
    Label{"condition", "状態", "condition"},
    Label{"contract", "契約", "contract"},
    Label{"contractor", "受託事業者", "contractor"},
    Label{"crl", "失効リスト", "revocation list"},
    Label{"decided_at", "決定日時", "decided at"},
    Label{"decided_by", "決定者", "decided by"},
    Label{"decision_note", "決定の備考", "decision note"},
    Label{"department", "担当所属", "owning department"},
    Label{"desktop", "仮想デスクトップ", "desktop"},
    Label{"destination", "RDPの接続先アドレス", "RDP to address"},
    Label{"device_certificate", "拠点装置の証明書", "site device's certificate"},
    Label{"device_name", "拠点装置の名前", "site device's name"},
    Label{"due_at", "返却期限", "due back"},
    Label{"end", "終了 (UTC)", "end (UTC)"},
    Label{"ended", "終了したセッション数", "sessions ended"},
    Label{"ended_at", "終了", "ended"},
    Label{"entries", "記録件数", "entries"},
    Label{"event", "事象", "event"},
    Label{"file", "ファイル", "file"},
    Label{"fingerprint_sha256", "SHA-256指紋", "SHA-256 fingerprint"},
    Label{"first_bad", "最初の異常な記録", "first bad entry"},
    Label{"from", "接続元", "from"},
    Label{"frames", "コマ数", "frames"},
    Label{"generation", "台帳の世代", "registry generation"},
    Label{"granted_at", "許可日時 (UTC)", "granted at (UTC)"},
    Label{"handed_over_at", "引渡し日", "handed over"},
    Label{"heads", "署名付き要約", "signed heads"},
    Label{"id", "識別子", "id"},
    Label{"identity", "相手装置の名前", "device's identity"},
    Label{"journal", "監査記録", "journal"},
    Label{"key", "識別子", "id"},
    Label{"key_file", "秘密鍵", "private key"},
    Label{"key_encrypted", "認証局鍵の暗号化", "CA key encrypted"},
    Label{"key_jwk", "端末の公開鍵", "device key"},
    Label{"key_thumbprint", "端末鍵の指紋", "device key thumbprint"},
    Label{"kind", "種類", "kind"},
    Label{"lent_to", "借受者", "lent to"},
    Label{"links", "内部プロセス", "processes"},
    Label{"login", "ログインID", "login"},
    Label{"machine", "仮想サーバUUID", "machine"},
    Label{"macs", "ハードウェアアドレス", "hardware addresses"},
    Label{"mail", "メール", "mail"},
    Label{"manager", "仮想化管理サーバ", "manager"},
    Label{"meaning", "意味", "meaning"},
    Label{"name", "名称", "name"},
    Label{"next_update", "失効リスト期限 (UTC)", "list due (UTC)"},
    Label{"node", "ノード", "node"},
    Label{"not_after", "有効期限 (UTC)", "not after (UTC)"},
    Label{"not_before", "有効開始 (UTC)", "not before (UTC)"},
    Label{"number", "番号", "number"},
    Label{"number_handling", "個人番号の取扱い", "My Number data"},
    Label{"offset", "位置", "offset"},
    Label{"ok", "正常", "ok"},
    Label{"ordered_at", "手配日", "ordered"},
    Label{"otpauth", "登録用URI（この一度だけ表示）", "otpauth URI (shown this once)"},
    Label{"passphrase_file", "パスフレーズの控え", "passphrase file"},
    Label{"expected_at", "開通予定", "expected at"},
    Label{"holds", "成立", "holds"},
    Label{"kinds", "調べた種類", "kinds looked at"},
    Label{"shown_by", "根拠", "shown by"},
    Label{"in_use_by", "利用中のセッション", "in use by"},
    Label{"late", "遅延", "late"},
    Label{"line", "暗号化", "line"},
    Label{"loaded", "接続設定", "loaded"},
    Label{"path", "接続方式", "path"},
    Label{"peer", "接続元", "peer"},
    Label{"people", "利用者", "people"},
    Label{"period", "期間", "period"},
    Label{"person", "利用者", "person"},
    Label{"pkcs12", "PKCS#12", "PKCS#12"},
    Label{"place", "設置場所", "place"},
    Label{"planned_at", "開通予定日", "planned"},
    Label{"plays_s", "再生時間（秒）", "plays (s)"},
    Label{"port", "ポート", "port"},
    Label{"prefixes", "アドレス範囲", "prefixes"},
    Label{"protocol", "プロトコル", "protocol"},
    Label{"proved_until", "証明された範囲 (UTC)", "proved until (UTC)"},
    Label{"purpose", "目的", "purpose"},
    Label{"rdp", "許可中のRDP", "RDP allowed"},
    Label{"reason", "理由", "reason"},
    Label{"recording", "録画の識別子", "recording"},
    Label{"refused_packets", "遮断パケット", "refused packets"},
    Label{"remedy", "対応", "what to do"},
    Label{"result", "結果", "result"},
    Label{"returned_at", "返却日", "returned"},
    Label{"revoked", "失効", "revoked"},
    Label{"revoked_at", "失効日時 (UTC)", "revoked at (UTC)"},
    Label{"role", "役割", "role"},
    Label{"roles", "役割", "roles"},
    Label{"rule", "規則", "rule"},
    Label{"scope", "範囲", "scope"},
    Label{"screens", "開いている画面", "screens open"},
    Label{"sequence", "連番", "sequence"},
    Label{"serial_hex", "証明書番号", "serial"},
    Label{"source", "RDPの接続元", "RDP from"},
    Label{"to", "RDPの接続先", "RDP to"},
    Label{"tries", "試行回数", "tries"},
    Label{"session", "セッション", "session"},
    Label{"sessions", "セッション数", "sessions"},
    Label{"since", "いつから (UTC)", "since (UTC)"},
    Label{"site", "拠点", "site"},
    Label{"started_at", "起動日時 (UTC)", "started at (UTC)"},
    Label{"state", "状態", "state"},
    Label{"summary", "作業内容", "summary"},
    Label{"system", "情報システム", "system"},
    Label{"systems", "情報システム", "systems"},
    Label{"target", "対象", "target"},
    Label{"terminal", "端末", "terminal"},
    Label{"terminals", "端末", "terminals"},
    Label{"this_update", "失効リスト発行 (UTC)", "list issued (UTC)"},
    Label{"title", "件名", "title"},
    Label{"token", "登録トークン（この一度だけ表示）", "token (shown this once)"},
    Label{"tunnel_up", "トンネル", "tunnel"},
    Label{"unproved_bytes", "未証明の末尾（バイト）", "unproved end (bytes)"},
    Label{"until", "期限 (UTC)", "until (UTC)"},
    Label{"usable_at", "利用開始日", "usable from"},
    Label{"valid", "有効期間", "valid"},
    Label{"what", "異常", "what"},
    Label{"why", "理由", "why"},
    Label{"wiped_at", "消去日", "wiped"},
    Label{"zone", "区画", "zone"},
};

struct Value {
  std::string_view member, value, ja, en;
};
constexpr std::array kValues{
    Value{"state", "asking", "認証中", "asking"},
    Value{"state", "quarantine", "点検待ち", "quarantine"},
    Value{"state", "admitted", "接続中", "admitted"},
    Value{"state", "ended", "終了", "ended"},
    Value{"state", "submitted", "提出済み", "submitted"},
    Value{"state", "accepted", "受理", "accepted"},
    Value{"state", "returned", "差戻し", "returned"},
    Value{"line", "up", "確立", "up"},
    Value{"line", "down", "切断", "down"},
    Value{"line", "unknown", "不明", "unknown"},
    Value{"state", "unknown", "未発注", "not ordered"},
    Value{"state", "ordered", "発注済み", "ordered"},
    Value{"state", "planned", "開通予定", "planned"},
    Value{"state", "usable", "利用可", "usable"},
    Value{"state", "ceased", "廃止", "ceased"},
    Value{"zone", "internet_business", "インターネット接続系業務", "internet_business"},
    Value{"zone", "internet_dmz", "インターネット接続系DMZ", "internet_dmz"},
    Value{"zone", "my_number", "個人番号利用事務系", "my_number"},
    Value{"kind", "own", "自社端末", "own"},
    Value{"kind", "lent", "貸出端末", "lent"},
    Value{"kind", "virtual_machine", "仮想サーバ", "virtual machine"},
    Value{"kind", "physical", "物理サーバ", "physical"},
    Value{"purpose", "maintenance", "保守", "maintenance"},
    Value{"purpose", "build_up", "構築・導入試験", "build-up"},
    Value{"roles", "contractor", "受託事業者", "contractor"},
    Value{"roles", "staff", "担当職員", "staff"},
    Value{"roles", "approver", "承認者", "approver"},
    Value{"roles", "auditor", "監査者", "auditor"},
    Value{"result", "ok", "成功", "ok"},
    Value{"result", "refused", "拒否", "refused"},
    Value{"result", "ended", "終了", "ended"},
    Value{"result", "error", "異常", "error"},
    Value{"journal", "ok", "正常", "ok"},
    Value{"journal", "unwritable", "書き込み不可", "unwritable"},
    Value{"state", "complete", "完了", "complete"},
    Value{"state", "open_end", "録画中または中断", "under way or broken off"},
    Value{"state", "unreadable", "読めない", "unreadable"},
    Value{"what", "header", "先頭が違う", "another header"},
    Value{"what", "changed", "改変", "changed"},
    Value{"what", "missing", "欠落", "missing"},
    Value{"what", "cut", "末尾の切断", "cut off"},
    Value{"what", "reordered", "順序の入替え", "reordered"},
    Value{"what", "foreign", "無関係なデータ", "foreign"},
    Value{"what", "journal", "監査記録の不整合", "journal"},
    Value{"what", "contents", "内容の矛盾", "contents"},
    Value{"scope", "all", "すべて", "all"},
    Value{"scope", "path", "接続方式", "path"},
    Value{"scope", "contractor", "受託事業者", "contractor"},
    Value{"scope", "person", "利用者", "person"},
    Value{"scope", "terminal", "端末", "terminal"},
    Value{"scope", "desktop", "仮想デスクトップ", "desktop"},
};

Refusal row(const char* code, Text why, Text remedy) {
  return {"R19", code, {"処理できませんでした。", "It could not be done."}, std::move(why), std::move(remedy)};
}

nlohmann::json text(const Text& t) {
  return {{"ja", t.ja}, {"en", t.en}};
}

std::optional<Refusal> find(const std::vector<Refusal>& rows, std::string_view code) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Refusal& r) { return r.code == code; });
  if (found == rows.end()) return std::nullopt;
  return *found;
}

}  // namespace

std::optional<Text> label(std::string_view member) {
  const auto found = std::find_if(kLabels.begin(), kLabels.end(), [&](const Label& l) { return l.name == member; });
  if (found == kLabels.end()) return std::nullopt;
  return Text{std::string(found->ja), std::string(found->en)};
}

std::optional<Text> value_words(std::string_view member, std::string_view value) {
  // A circuit's codes come with their reason: whoever looks at the circuits wants to know what to mend.
  if (member == "closed_because" || (member == "code" && value.starts_with("circuit."))) {
    const auto words = circuits::find_refusal(value);
    if (!words) return std::nullopt;
    return Text{std::string(value) + " " + words->why.ja, std::string(value) + " " + words->why.en};
  }
  const auto found = std::find_if(kValues.begin(), kValues.end(),
                                  [&](const Value& v) { return v.member == member && v.value == value; });
  if (found == kValues.end()) return std::nullopt;
  return Text{std::string(found->ja), std::string(found->en)};
}

const std::vector<ConditionWords>& condition_words() {
  static const std::vector<ConditionWords> kRows{
      {"journal.unwritable",
       {"監査記録を書き込めません。新しい接続はすべて拒否されます。",
        "The journal cannot be written. Every newcomer is refused."},
       {"journal.directory のあるディスクの空き容量と権限を確認してください。回復は自動です。",
        "Look at space and permissions of the disk below journal.directory. It recovers by itself."}},
      {"store.unavailable",
       {"データベースに届きません。新しい接続はすべて拒否され、接続中の人はそのまま続けられます。",
        "The database is out of reach. Every newcomer is refused; those inside go on."},
       {"データベースの稼働、ネットワーク、ディスクの空き容量を確認してください。回復は自動です。",
        "See whether the database runs, its network and its disk. It recovers by itself."}},
      {"link.netd_missing",
       {"sekisho-netd が動作していません。新しい接続は許可できません。",
        "sekisho-netd is missing. Nobody new can be let in."},
       {"ログの supervise.* を確認してください。2分以内に戻らないと、カーネルの許可が切れて接続中の人も切断されます。",
        "See the supervise.* lines of the log. After two minutes the kernel's rights run out and tunnels close."}},
      {"link.front_missing",
       {"この接続方式の sekisho-front が動作していません。", "The sekisho-front of this path is missing."},
       {"ログの supervise.* と front.* を確認してください。証明書・鍵の期限と権限が主な原因です。",
        "See supervise.* and front.* in the log; certificates and keys are the usual cause."}},
      {"link.relay_missing",
       {"この接続方式の sekisho-relay が動作していません。仮想デスクトップに接続できません。",
        "The sekisho-relay of this path is missing. Desktops are out of reach."},
       {"ログの supervise.* と relay.* を確認してください。", "See supervise.* and relay.* in the log."}},
      {"link.hyperd_missing",
       {"このゾーンの sekisho-hyperd が動作していません。仮想デスクトップの用意と画面の新規の表示ができません。",
        "The sekisho-hyperd of this zone is missing. No desktop is prepared and no new screen opens."},
       {"ログの supervise.* と hyperd.* を確認してください。開いている画面はそのまま使えます。",
        "See supervise.* and hyperd.* in the log. Screens that are open go on."}},
      {"desktop.not_registered",
       {"構成にある仮想デスクトップが、台帳のこのゾーンにありません。だれも使えません。",
        "The configuration names a desktop that the registry does not have in this zone. Nobody can use it."},
       {"構成の hypervisors の pools か、台帳の desktops を直してください。",
        "Mend pools in the configuration's hypervisors or desktops in the registry."}},
      {"circuits.charon_away",
       {"IPsec エンジン（charon）に接続できません。閉域網からの接続をすべて拒否しています。",
        "The IPsec engine (charon) cannot be reached; the closed path refuses everybody."},
       {"charon と構成の closed.vici_socket を確認してください。",
        "Look at charon and at closed.vici_socket of the configuration."}},
      {"circuits.line_down",
       {"利用できる回線の暗号化された接続が確立していません。", "The tunnel of a circuit that may be open is not up."},
       {"拠点の回線装置を確認してください。sekishoctl circuits に状態があります。",
        "Look at the site's VPN device; sekishoctl circuits shows the state."}},
      {"circuits.late",
       {"予定日を過ぎても利用を開始していない回線があります（R21）。",
        "A circuit is past its expected day and not usable (R21)."},
       {"回線の手配を確認し、登録簿の planned_at か usable_at を改めてください。",
        "Ask about the order, and mend planned_at or usable_at in the registry."}},
      {"rdp.refused",
       {"許可されていないRDP接続を、この1時間に遮断しました（R13）。",
        "RDP that is not allowed was refused within the last hour (R13)."},
       {"下の一覧で利用者と接続元を確認してください。sekishoctl journal search --event rdp.refused に全件があります。",
        "See person and source below; sekishoctl journal search --event rdp.refused has them all."}},
      {"stop",
       {"緊急停止中です。", "An emergency stop is in force."},
       {"意図した停止なら対応は不要です。sekishoctl stops で確認し、release で解除します。",
        "Nothing to do if it is meant. sekishoctl stops shows it, release lifts it."}},
  };
  return kRows;
}

std::vector<Refusal> ctl_refusals() {
  const Text password_remedy{
      "15文字以上（証明書と併用する場合は8文字以上）で、ありふれた語や自分のIDを避けて決めてください。",
      "Use 15 characters or more (8 beside a certificate), no common word and not the own id."};
  const Text look{"内容を確かめてやり直してください。", "Look at it and try again."};
  const Text json_why{"JSONとして読めません。", "It is not JSON of the wanted form."};
  const Text json_remedy{"detail の場所を直してください。", "Mend the place that the detail names."};
  std::vector<Refusal> rows{
      row("ctl.no_gate", {"関所の制御ソケットに接続できません。", "The gate's control socket does not answer."},
          {"関所が動いているか、--socket の場所、実行した利用者の権限を確かめてください。",
           "See whether the gate runs, whether --socket names its socket, and whether this user may open it."}),
      row("ctl.not_allowed", {"関所が接続を閉じました。", "The gate closed the connection."},
          {"許可された利用者（root または sekishod の利用者）で実行してください。",
           "Run it as a user whom the gate allows (root or sekishod's)."}),
      row("ctl.late", {"関所が30秒以内に応答しません。", "The gate has not answered within 30 s."},
          {"sekishoctl health とログを確認してください。", "See sekishoctl health and the log."}),
      row("ctl.broken", {"関所との通信が途切れました。", "The talk with the gate broke off."}, look),
      row("zones.ruleset", {"カーネルの規則を読めません。", "The kernel's rules cannot be read."},
          {"関所の機械で root として実行してください。--ruleset で nft -j list ruleset の出力を渡すこともできます。",
           "Run it as root on the gate's machine, or hand over the output of nft -j list ruleset with --ruleset."}),
      row("zones.addresses", {"この機械のアドレスを読めません。", "The addresses of this machine cannot be read."},
          {"関所の機械で root として実行してください。", "Run it as root on the gate's machine."}),
      row("ctl.unreadable", {"ファイルを読めません。", "The file cannot be read."},
          {"場所・権限・大きさ（16 MiBまで）を確かめてください。",
           "Check its place, permissions and size (at most 16 MiB)."}),
      row("ctl.usage", {"指定が正しくありません。", "The command line is not right."},
          {"--help で使い方を確かめてください。", "See --help."}),
      row("ctl.empty_secret", {"秘密の値が空か、長すぎます。", "The secret is empty or too long."},
          {"1行で、1024バイトまでにしてください。", "Give one line of at most 1024 bytes."}),
      row("ctl.secrets_differ", {"二回の入力が一致しません。", "The two entries differ."}, look),
      row("ctl.unwritable", {"ファイルを書き込めません。", "The file cannot be written."},
          {"場所・権限・空き容量を確かめてください。", "Check its place, permissions and space."}),
      row("recording.broken", {"録画が監査記録と一致しません。", "The recording is not what the journal says."},
          {"ファイルに触れず、複製を取って責任者に報告してください。findings が変えられた区間を示します。",
           "Touch nothing, take a copy, report it. The findings name the chunks that were changed."}),
      row("recording.malformed", {"録画ファイルとして読めません。", "It cannot be read as a recording."},
          {"ファイルを確かめてください。録画のはずなら、触れずに責任者に報告してください。",
           "See whether it is the right file. If it should be a recording, touch nothing and report it."}),
      row("recording.empty", {"録画に画面がありません。", "There is no picture in the recording."}, look),
      row("recording.bad_note", {"監査記録にある録画の記載を読めません。", "The journal's notes of it cannot be read."},
          {"sekishoctl journal verify で監査記録を検証してください。",
           "Verify the journal: sekishoctl journal verify."}),
      row("video.exists", {"出力先にファイルがあります。", "There is a file at that place already."},
          {"別の名前を指定してください。", "Give another name."}),
      row("video.no_ffmpeg", {"ffmpeg を起動できません。", "ffmpeg cannot be started."},
          {"ffmpeg を導入するか、--ffmpeg で場所を指定してください。", "Install ffmpeg, or name it with --ffmpeg."}),
      row("video.failed", {"動画を作成できませんでした。", "The film could not be made."},
          {"ffmpeg の出力と空き容量を確かめてください。", "See what ffmpeg said, and the space."}),
      row("journal.broken", {"監査記録の検証に失敗しました。", "The journal does not verify."},
          {"ファイルに触れず、複製を取って責任者に報告してください。first_bad より前の記録は正しいと証明されています。",
           "Touch nothing, take a copy, report it. What stands before first_bad is proved."}),
  };
  for (const char* code :
       {"password.too_short", "password.too_long", "password.not_text", "password.common", "password.context"}) {
    rows.push_back(row(code, {"このパスワードは使えません。", "This password cannot be used."}, password_remedy));
  }
  for (const char* code : {"json.too_large", "json.bom", "json.malformed", "json.duplicate_key", "json.too_deep",
                           "json.nul", "json.number_range", "json.wrong_type", "json.missing"}) {
    rows.push_back(row(code, json_why, json_remedy));
  }
  return rows;
}

nlohmann::json error_words(const Error& error) {
  auto words = find(ctl_refusals(), error.code);
  if (!words) words = find(pki::pki_refusals(), error.code);
  if (!words) words = find(registry::change_refusals(), error.code);
  if (!words)
    words = row("", {error.detail, error.detail}, {"内容を確かめてやり直してください。", "Look at it and try again."});
  nlohmann::json out{
      {"code", error.code}, {"what", text(words->what)}, {"why", text(words->why)}, {"remedy", text(words->remedy)}};
  if (!error.detail.empty()) out["detail"] = error.detail;
  return out;
}

}  // namespace sekisho::ctl
