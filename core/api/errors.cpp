// The words of the API's errors: its own, those of registry changes, and the operator's errors of gate, store and
// journal.
#include "api/methods.hpp"
#include "registry/refusals.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sekisho::api {
namespace {

const std::vector<Refusal>& own() {
  static const std::vector<Refusal> rows{
      {"R19",
       "api.bad_request",
       {"この依頼は形式が正しくないため受け付けません。", "The request is not well formed and is refused."},
       {"detail が示す項目が無いか、型か範囲が違います。",
        "The member that detail names is missing, of another type or out of range."},
       {"項目を直して送り直してください。", "Mend the member and send it again."}},
      {"R19",
       "api.unknown_method",
       {"この操作は存在しません。", "There is no such method."},
       {"操作名が一覧にありません。", "The name is not in the table."},
       {"sekishoctl --help で操作名を確かめてください。", "See sekishoctl --help for the names."}},
      {"R19",
       "api.busy",
       {"同時の依頼が多すぎます。", "Too many requests at once."},
       {"一つの接続で64件の依頼が処理中です。", "64 requests of this connection are under way."},
       {"応答を待ってから送ってください。", "Wait for answers, then send again."}},
      {"R19",
       "gate.no_such_session",
       {"そのセッションはありません。", "There is no such session."},
       {"番号が違うか、既に終了しています。", "The number is wrong or the session has ended."},
       {"sekishoctl sessions で番号を確かめてください。", "See sekishoctl sessions for the numbers."}},
      {"R04",
       "gate.cannot_enrol",
       {"この要素は登録できません。", "This factor cannot be enrolled."},
       {"その要素のプラグインが設定にないか、登録の要らない要素です。",
        "Its plugin is not configured, or the factor needs no enrolment."},
       {"設定ファイルの authenticators に totp があるか確かめてください。",
        "See whether the configuration's authenticators list totp."}},
      {"R19",
       "gate.no_such_stop",
       {"その停止は設定されていません。", "There is no such stop."},
       {"範囲か対象が違うか、既に解除されています。", "Scope or target is wrong, or it has been released."},
       {"sekishoctl stops で確かめてください。", "See sekishoctl stops."}},
      {"R19",
       "gate.bad_stop",
       {"この停止の指定は使えません。", "This stop cannot be set."},
       {"範囲は all, path, contractor, person, terminal, desktop のいずれかで、all 以外は対象が要ります。",
        "The scope is all, path, contractor, person, terminal or desktop; all takes no target, the others need one."},
       {"範囲と対象を直してください。", "Mend scope and target."}},
      {"R12",
       "server.no_hypervisor",
       {"サーバの電源を操作できません。", "The server cannot be switched."},
       {"そのゾーンの sekisho-hyperd がいないか、構成にありません。",
        "The zone's sekisho-hyperd is missing, or the configuration has none."},
       {"sekishoctl health を確認してください。", "See sekishoctl health."}},
      {"R12",
       "server.not_switched",
       {"サーバの電源は変わっていません。", "The server was not switched."},
       {"物理サーバか、仮想化管理サーバの設定（power）で許していない操作か、機械がありません。理由は detail "
        "にあります。",
        "It is physical, the manager's policy (power) does not allow it, or there is no such machine; detail says "
        "which."},
       {"構成の hypervisors の power と、台帳の machine を確認してください。",
        "Compare power in the configuration's hypervisors and machine in the registry."}},
      {"R15",
       "recording.not_auditor",
       {"この録画は持ち出せません。", "This recording is not let out."},
       {"--by の人は有効な監査者ではありません。", "Whom --by names is no auditor in force."},
       {"監査者の役割を持つ人に依頼してください。", "Ask a person with the auditor role."}},
      {"T-72",
       "store.unavailable",
       {"台帳に書き込めません。", "The store cannot be written."},
       {"データベースが応答しません。", "The database does not answer."},
       {"データベースとディスクを確認し、やり直してください。", "Look at the database and its disk, then try again."}},
      {"T-72",
       "run.late",
       {"時間内に終わりませんでした。", "It did not end in time."},
       {"内部の処理が混み合っているか止まっています。", "Work inside is slow or stuck."},
       {"sekishoctl health を確認し、やり直してください。", "See sekishoctl health, then try again."}},
  };
  return rows;
}

nlohmann::json text(const Text& t) {
  return {{"ja", t.ja}, {"en", t.en}};
}

}  // namespace

std::vector<Refusal> api_refusals() {
  return own();
}

nlohmann::json error_json(const Error& error) {
  nlohmann::json out{{"code", error.code}};
  Refusal words{"",
                error.code,
                {"処理に失敗しました。", "It failed."},
                {error.detail, error.detail},
                {"sekishoctl health と記録を確認してください。", "See sekishoctl health and the log."}};
  const auto mine = std::find_if(own().begin(), own().end(), [&](const Refusal& r) { return r.code == error.code; });
  const auto of_changes = registry::change_refusals();
  const auto theirs =
      std::find_if(of_changes.begin(), of_changes.end(), [&](const Refusal& r) { return r.code == error.code; });
  if (mine != own().end()) {
    words = *mine;
  } else if (theirs != of_changes.end()) {
    words = *theirs;
  } else if (auto rights = registry::find_refusal(error.code)) {
    words = std::move(*rights);
  }
  out["what"] = text(words.what);
  out["why"] = text(words.why);
  out["remedy"] = text(words.remedy);
  if (error.code == "registry.invalid") {
    out["findings"] = nlohmann::json::parse(error.detail, nullptr, false);
  } else if (!error.detail.empty()) {
    out["detail"] = error.detail;
  }
  return out;
}

}  // namespace sekisho::api
