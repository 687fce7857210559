#include "registry/refusals.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <array>

namespace sekisho::registry {
namespace {

struct Row {
  std::string_view rule, code, what_ja, what_en, why_ja, why_en, remedy_ja, remedy_en;
};

constexpr std::string_view kNoEntryJa = "リモート保守環境に接続できません。";
constexpr std::string_view kNoEntryEn = "You cannot be connected to the remote maintenance environment.";
constexpr std::string_view kAskStaffJa = "リモート保守環境管理担当へ連絡してください。";
constexpr std::string_view kAskStaffEn = "Contact the staff of the remote maintenance environment.";
constexpr std::string_view kWaitJa = "解除の連絡があるまでお待ちください。お急ぎの場合は管理担当へ連絡してください。";
constexpr std::string_view kWaitEn = "Wait until the stop is lifted. If it is urgent, contact the staff.";

// rights_of() and refuse_on_circuit(), in the order in which they judge.
constexpr std::array kRights{
    Row{"R19", "stop.all", kNoEntryJa, kNoEntryEn, "管理者がすべての接続を緊急停止しています。",
        "The operator has stopped all connections.", kWaitJa, kWaitEn},
    Row{"R19", "stop.path", kNoEntryJa, kNoEntryEn, "この接続方式は緊急停止されています。",
        "This way of connecting is stopped.", kWaitJa, kWaitEn},
    Row{"R19", "stop.contractor", kNoEntryJa, kNoEntryEn, "所属する事業者の接続が停止されています。",
        "The connections of your company are stopped.", kWaitJa, kWaitEn},
    Row{"R19", "stop.person", kNoEntryJa, kNoEntryEn, "この利用者の接続が停止されています。",
        "The connections of this person are stopped.", kWaitJa, kWaitEn},
    Row{"R19", "stop.terminal", kNoEntryJa, kNoEntryEn, "この端末の接続が停止されています。",
        "The connections of this terminal are stopped.", kWaitJa, kWaitEn},
    Row{"R19", "stop.desktop", kNoEntryJa, kNoEntryEn, "割り当てられた仮想デスクトップが停止されています。",
        "The virtual desktop assigned to you is stopped.", kWaitJa, kWaitEn},
    Row{"R17", "person.unknown", kNoEntryJa, kNoEntryEn, "利用者の登録が確認できません。",
        "No registration of this person was found.", "利用者の登録について、所属の窓口から管理担当へ確認してください。",
        "Ask your company's contact to check the registration with the staff."},
    Row{"R17", "person.ended", kNoEntryJa, kNoEntryEn, "利用者の登録は終了しています。",
        "The registration of this person has ended.", "利用を続けるには、新しい申請を提出してください。",
        "Submit a new application to go on."},
    Row{"R17", "person.not_yet_valid", kNoEntryJa, kNoEntryEn, "利用者の登録期間がまだ始まっていません。",
        "The registration of this person has not begun yet.", "登録期間の開始日以降に接続してください。",
        "Connect on or after the first day of the registration."},
    Row{"R17", "person.expired", kNoEntryJa, kNoEntryEn, "利用者の登録期間が過ぎています。",
        "The registration of this person has expired.", "期間を延ばす申請を提出してください。",
        "Submit an application to extend the period."},
    Row{"R03", "terminal.unknown", kNoEntryJa, kNoEntryEn, "端末の登録が確認できません。",
        "No registration of this terminal was found.", "登録済みの端末から接続するか、端末の登録を申請してください。",
        "Connect from a registered terminal, or apply for its registration."},
    Row{"R03", "terminal.ended", kNoEntryJa, kNoEntryEn, "この端末の登録は終了しています。",
        "The registration of this terminal has ended.", "登録済みの端末から接続するか、端末の登録を申請してください。",
        "Connect from a registered terminal, or apply for its registration."},
    Row{"R03", "terminal.other_contractor", kNoEntryJa, kNoEntryEn,
        "この端末は別の事業者の端末として登録されています。", "This terminal is registered for another company.",
        "自社の登録済み端末から接続してください。", "Connect from a terminal registered for your own company."},
    Row{"R03", "terminal.not_lent", kNoEntryJa, kNoEntryEn, "この接続方式では、県が貸し出した端末だけを利用できます。",
        "This way of connecting takes only terminals lent by the prefecture.", "貸出端末から接続してください。",
        "Connect from the lent terminal."},
    Row{"R03", "terminal.not_own", kNoEntryJa, kNoEntryEn, "貸出端末は、この接続方式では利用できません。",
        "A lent terminal cannot be used on this way of connecting.", "事前に登録した自社の端末から接続してください。",
        "Connect from your company's own registered terminal."},
    Row{"R03", "terminal.not_handed_over", kNoEntryJa, kNoEntryEn, "この貸出端末の引渡しが登録されていません。",
        "This lent terminal is not registered as handed over.", kAskStaffJa, kAskStaffEn},
    Row{"R03", "terminal.returned", kNoEntryJa, kNoEntryEn, "この貸出端末は返却済みです。",
        "This lent terminal has been returned.", "現在貸し出されている端末から接続してください。",
        "Connect from the terminal that is lent to you now."},
    Row{"R03", "terminal.overdue", kNoEntryJa, kNoEntryEn, "この貸出端末の返却期限が過ぎています。",
        "This lent terminal is past the day it was due back.", "端末を返却するか、期限の延長を申請してください。",
        "Return the terminal, or apply for a later day."},
    Row{"R03", "circuit.none", kNoEntryJa, kNoEntryEn, "この貸出端末には回線が登録されていません。",
        "No circuit is registered for this lent terminal.", kAskStaffJa, kAskStaffEn},
    Row{"R03", "circuit.other_contractor", kNoEntryJa, kNoEntryEn, "この貸出端末の回線は別の事業者のものです。",
        "The circuit of this lent terminal belongs to another company.", kAskStaffJa, kAskStaffEn},
    Row{"R21", "circuit.ceased", kNoEntryJa, kNoEntryEn, "この回線の利用は終了しています。",
        "This circuit has been given up.", kAskStaffJa, kAskStaffEn},
    Row{"R21", "circuit.not_usable", kNoEntryJa, kNoEntryEn, "この回線はまだ利用できません。",
        "This circuit is not usable yet.", "回線の利用開始日を確認してください（発注から最大3カ月程度かかります）。",
        "Look up the day from which the circuit is usable (up to three months after its order)."},
    Row{"R03", "circuit.unknown", kNoEntryJa, kNoEntryEn, "接続元の回線の登録が確認できません。",
        "No registration of the circuit you come from was found.", "登録された回線から接続してください。",
        "Connect over a registered circuit."},
    Row{"R03", "circuit.other_terminal", kNoEntryJa, kNoEntryEn, "この貸出端末は、この回線では利用できません。",
        "This lent terminal cannot be used on this circuit.", "端末に登録された回線から接続してください。",
        "Connect over the circuit that the terminal is registered for."},
    Row{"R03", "circuit.other_address", kNoEntryJa, kNoEntryEn, "接続元のアドレスが、この回線のものではありません。",
        "The address you come from does not belong to this circuit.", "端末に登録された回線から接続してください。",
        "Connect over the circuit that the terminal is registered for."},
    Row{"R01", "circuit.other_path", kNoEntryJa, kNoEntryEn, "閉域網の回線は、この接続方式では利用できません。",
        "A circuit of the closed network cannot be used on this way of connecting.",
        "システムの種別に合った接続方式（インターネットVPN または IP-VPN）で接続してください。",
        "Use the way of connecting that fits the system (Internet VPN or IP-VPN)."},
    Row{"R02", "circuit.line_unknown", kNoEntryJa, kNoEntryEn, "回線の暗号化の状態を確認できません。",
        "Whether the circuit is encrypted cannot be told right now.", "しばらく待ってからやり直してください。",
        "Wait a while and try again."},
    Row{"R02", "circuit.line_down", kNoEntryJa, kNoEntryEn, "回線の暗号化された接続が確立していません。",
        "The circuit's encrypted connection is not up.", "拠点の回線装置の状態を確認してください。",
        "Look at the state of the site's VPN device."},
    Row{"R16", "contract.none", kNoEntryJa, kNoEntryEn, "所属する事業者の保守契約が登録されていません。",
        "No maintenance contract of your company is registered.", "担当所属を通じて保守契約の登録を確認してください。",
        "Ask the owning department to have the maintenance contract registered."},
    Row{"R16", "contract.not_in_force", kNoEntryJa, kNoEntryEn, "保守契約が期間外か、終了しています。",
        "The maintenance contract is outside its period or has ended.", "担当所属に契約の状況を確認してください。",
        "Ask the owning department about the contract."},
    Row{"R17", "application.none", kNoEntryJa, kNoEntryEn, "この契約について利用の申請がありません。",
        "There is no application for use under this contract.", "利用申請書を提出してください。",
        "Submit the application form."},
    Row{"R17", "application.not_accepted", kNoEntryJa, kNoEntryEn,
        "申請がまだ受理されていないか、差戻し・終了になっています。",
        "The application is not accepted yet, or was returned or has ended.", "申請の状態を確認してください。",
        "Check the state of the application."},
    Row{"R17", "application.not_in_period", kNoEntryJa, kNoEntryEn, "申請で認められた期間の外です。",
        "It is outside the period of the accepted application.",
        "申請した期間内に接続するか、期間を変更する申請をしてください。",
        "Connect within the period, or apply to change it."},
    Row{"R17", "application.person_missing", kNoEntryJa, kNoEntryEn, "受理された申請に、この利用者が含まれていません。",
        "The accepted application does not name this person.", "利用者を追加する申請をしてください。",
        "Apply to add the person."},
    Row{"R17", "application.terminal_missing", kNoEntryJa, kNoEntryEn, "受理された申請に、この端末が含まれていません。",
        "The accepted application does not name this terminal.",
        "申請した端末から接続するか、端末を追加する申請をしてください。",
        "Connect from a terminal of the application, or apply to add this one."},
    Row{"R18", "purpose.build_up", kNoEntryJa, kNoEntryEn, "構築・導入試験は、原則として現地で行う作業です。",
        "Build-up and introduction tests are done on site.", "現地で作業するか、例外の承認を受けてください。",
        "Work on site, or ask for an exception to be granted."},
    Row{"R01", "zone.other_path", kNoEntryJa, kNoEntryEn, "申請したシステムは、この接続方式では利用できません。",
        "The systems applied for are not reached over this way of connecting.",
        "システムの種別に合った接続方式（インターネットVPN または IP-VPN）で接続してください。",
        "Use the way of connecting that fits the system (Internet VPN or IP-VPN)."},
    Row{"R11", "desktop.none", kNoEntryJa, kNoEntryEn, "利用できる仮想デスクトップが割り当てられていません。",
        "No virtual desktop is assigned to you.", kAskStaffJa, kAskStaffEn},
};

constexpr std::string_view kNotDoneJa = "変更できません。";
constexpr std::string_view kNotDoneEn = "The change was not made.";

constexpr std::array kChanges{
    Row{"R17", "registry.invalid", kNotDoneJa, kNotDoneEn, "登録内容に誤りがあります。",
        "The registry would hold mistakes.", "各項目の指摘を直して、もう一度実行してください。",
        "Mend each finding and try again."},
    Row{"R17", "registry.no_such_object", kNotDoneJa, kNotDoneEn, "指定されたものは登録されていません。",
        "There is no such object in the registry.", "識別子を確認してください。", "Check the identifier."},
    Row{"R17", "registry.exists", kNotDoneJa, kNotDoneEn, "同じ識別子のものが既に登録されています。",
        "An object with this identifier exists already.", "別の識別子を選んでください。", "Choose another identifier."},
    Row{"R17", "registry.in_use", kNotDoneJa, kNotDoneEn, "ほかの登録から参照されています。",
        "Other objects refer to it.", "参照している登録を先に直すか、削除の代わりに終了してください。",
        "Change the referring objects first, or end it instead of deleting it."},
    Row{"R17", "registry.cannot_end", kNotDoneJa, kNotDoneEn, "この種類の登録には終了がありません。",
        "Objects of this kind cannot be ended.", "不要な登録は削除してください。", "Delete it if it is not needed."},
    Row{"R17", "registry.already_ended", kNotDoneJa, kNotDoneEn, "既に終了または失効しています。",
        "It has ended or been revoked already.", "操作は不要です。", "Nothing needs to be done."},
    Row{"R17", "registry.generation_differs", kNotDoneJa, kNotDoneEn, "ほかの変更が先に行われました。",
        "Another change was made in the meantime.", "書き出しからやり直してください。",
        "Begin again with a fresh export."},
    Row{"R19", "registry.stop_by_hand", kNotDoneJa, kNotDoneEn, "緊急停止は登録の編集では変えられません。",
        "Emergency stops cannot be changed by editing the registry.", "停止・解除の操作を使ってください。",
        "Use the stop and release commands."},
    Row{"R04", "certificate.revocation_final", kNotDoneJa, kNotDoneEn, "証明書の失効は取り消せません。",
        "A revocation of a certificate is final.", "新しい証明書を発行してください。", "Issue a new certificate."},
    Row{"R17", "application.state_by_hand", kNotDoneJa, kNotDoneEn, "申請の受理・差戻し・終了は編集では行えません。",
        "An application is not accepted, returned or ended by editing it.",
        "受理・差戻し・終了の操作を使ってください。", "Use the accept, return and end commands."},
    Row{"R17", "application.wrong_state", kNotDoneJa, kNotDoneEn, "申請の状態がこの操作に合いません。",
        "The application is not in a state that allows this.", "申請の状態を確認してください。",
        "Check the state of the application."},
    Row{"T-38", "application.own_decision", kNotDoneJa, kNotDoneEn,
        "申請者本人または同じ事業者の人は、受理・差戻しができません。",
        "An applicant, or a person of the applicant's company, cannot decide on the application.",
        "別の承認者が操作してください。", "Another approver has to decide."},
    Row{"T-38", "application.not_approver", kNotDoneJa, kNotDoneEn,
        "操作した人は、有効な承認者として登録されていません。",
        "The person deciding is not registered as an approver in force.", "承認者の権限を持つ職員が操作してください。",
        "A member of staff with the approver role has to decide."},
    Row{"R04", "person.bad_password_hash", kNotDoneJa, kNotDoneEn, "パスワードハッシュの形式が認められません。",
        "The password hash has no accepted form.", "sekishoctl person passwd で設定してください。",
        "Set it with sekishoctl person passwd."},
};

Refusal words(const Row& row) {
  const auto text = [](std::string_view ja, std::string_view en) { return Text{std::string(ja), std::string(en)}; };
  return Refusal{std::string(row.rule), std::string(row.code), text(row.what_ja, row.what_en),
                 text(row.why_ja, row.why_en), text(row.remedy_ja, row.remedy_en)};
}

template <std::size_t N>
std::vector<Refusal> all(const std::array<Row, N>& rows) {
  std::vector<Refusal> out;
  out.reserve(N);
  for (const Row& row : rows) out.push_back(words(row));
  return out;
}

}  // namespace

std::optional<Refusal> find_refusal(std::string_view code) {
  const auto has_code = [&](const Row& row) { return row.code == code; };
  if (const auto found = std::ranges::find_if(kRights, has_code); found != kRights.end()) return words(*found);
  if (const auto found = std::ranges::find_if(kChanges, has_code); found != kChanges.end()) return words(*found);
  return std::nullopt;
}

Refusal refusal(std::string_view code) {
  auto found = find_refusal(code);
  SEKISHO_ASSERT(found.has_value());
  return *std::move(found);
}

std::vector<Refusal> all_refusals() {
  return all(kRights);
}
std::vector<Refusal> change_refusals() {
  return all(kChanges);
}

}  // namespace sekisho::registry
