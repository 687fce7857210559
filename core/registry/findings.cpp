#include "registry/findings.hpp"

#include "registry/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace sekisho::registry {
namespace {

struct Row {
  std::string_view code, ja, en;
};

constexpr std::array kRows{
    // The document itself.
    Row{"document.not_an_object", "オブジェクトである必要があります。", "This must be an object."},
    Row{"document.schema", "schema は \"sekisho.registry/1\" である必要があります。",
        "schema must be \"sekisho.registry/1\"."},
    Row{"field.unknown", "知らない項目です。", "This key is not known."},
    Row{"field.missing", "必須の項目がありません。", "This key is required."},
    Row{"field.type", "値の型が違います。必要な型: {}", "The value has the wrong type; wanted: {}."},
    Row{"field.range", "値が範囲外です。範囲: {}", "The value is out of range: {}."},
    Row{"field.choice", "選べない値です。選択肢: {}", "This is not one of the choices: {}."},
    Row{"field.moment", "日付（2026-04-01）または UTC の時刻（2026-04-01T00:00:00Z）で書いてください。",
        "Write a day (2026-04-01) or an instant in UTC (2026-04-01T00:00:00Z)."},
    Row{"field.too_many", "件数が多すぎます。上限: {}", "There are too many entries; at most {}."},
    Row{"key.duplicate", "同じ識別子が二度あります。", "The same identifier stands here twice."},
    // Single values.
    Row{"id.malformed", "識別子は英小文字・数字で始まり、英小文字・数字・_・- の 63 文字以内です。",
        "An identifier begins with a-z or 0-9 and has at most 63 of a-z, 0-9, _ and -."},
    Row{"key.mismatch", "登録の鍵と内容の識別子が一致しません。", "The object stands under another key than its own."},
    Row{"text.empty", "空にはできません。", "This must not be empty."},
    Row{"text.too_long", "長すぎます。上限（バイト）: {}", "The text is too long; at most {} bytes."},
    Row{"text.invisible", "制御文字・見えない文字・不正な UTF-8 は使えません。",
        "Control characters, invisible characters and malformed UTF-8 are refused."},
    Row{"reference.unknown", "参照先が登録されていません。", "Nothing with this identifier is registered."},
    Row{"list.empty", "一つ以上必要です。", "At least one entry is needed."},
    Row{"list.duplicate", "同じ値が二度あります。", "The same value stands here twice."},
    Row{"period.empty", "終わりは始まりより後である必要があります。", "The end must lie after the beginning."},
    Row{"moment.range", "1970 年から 9999 年までの時刻を書いてください。",
        "Write an instant of the years 1970 to 9999."},
    // Entities.
    Row{"server.no_machine", "仮想サーバには管理サーバ名（manager）と UUID（machine）が必要です。",
        "A virtual server needs its manager and its machine's UUID."},
    Row{"server.no_address", "物理サーバには IPv4 アドレスが必要です。", "A physical server needs an IPv4 address."},
    Row{"contract.number_handling", "個人番号利用事務系のシステムには number_handling が true の契約が必要です。",
        "A system of the My Number zone needs a contract with number_handling true."},
    Row{"login.not_canonical", "ログイン ID は正規の形（英小文字・数字・._@-、64 文字以内）で書いてください。",
        "Write the login in its canonical form (a-z, 0-9, ._@-, at most 64)."},
    Row{"login.duplicate", "同じログイン ID の人が既にいます。", "Another person has this login already."},
    Row{"mail.malformed", "メールアドレスの形が正しくありません。", "This is not a mail address."},
    Row{"person.password_hash", "PHC 形式のハッシュである必要があります。", "This must be a hash in PHC form."},
    Row{"person.contractor_missing", "受託事業者の役割には所属事業者が必要です。",
        "The contractor role needs a contractor."},
    Row{"person.mixed_roles", "受託事業者の人に職員・承認者・監査者の役割は付けられません。",
        "A contractor's person cannot be staff, approver or auditor."},
    Row{"certificate.fingerprint", "SHA-256 指紋は英小文字の 16 進 64 桁です。",
        "The SHA-256 fingerprint is 64 lower-case hexadecimal digits."},
    Row{"certificate.serial", "シリアル番号は英小文字の 16 進です。", "The serial is lower-case hexadecimal."},
    Row{"certificate.contractor", "利用者と端末の事業者が異なります。",
        "The person and the terminal belong to different contractors."},
    Row{"certificate.second", "この人と端末には、失効していない証明書が既にあります。",
        "This person and terminal have another certificate that is not revoked."},
    Row{"terminal.mac", "MAC アドレスは 02:… のような英小文字のコロン区切りで書いてください。",
        "Write a hardware address as six lower-case pairs with colons."},
    Row{"terminal.mac_local",
        "機器固有の MAC アドレスではありません（ランダム・マルチキャスト・ゼロは照合に使えません）。",
        "This is no burned-in address (random, multicast and zero addresses never match)."},
    Row{"terminal.key", "端末鍵は JWK と拇印の両方が必要で、秘密鍵は含められません。",
        "A terminal's key needs both JWK and thumbprint, and no private part."},
    Row{"terminal.key_taken", "この端末鍵は、利用中の別の端末のものです。端末ごとに新しい鍵で登録してください。",
        "Another terminal that is in use has this key. Enrol each terminal with a key of its own."},
    Row{"terminal.binding", "鍵の無い端末の binding は 0 です。", "Without a key, binding is 0."},
    Row{"terminal.enrolment", "登録トークンのハッシュと期限は両方必要です。",
        "The hash of the enrolment token and its end belong together."},
    Row{"terminal.own_has_no_loan", "貸出の項目は貸出端末だけに書けます。",
        "Only a lent terminal has entries of a loan."},
    Row{"terminal.loan_incomplete", "引渡し済みの貸出端末には回線・借受者・設置場所が必要です。",
        "A lent terminal that was handed over needs its circuit, the person it is lent to and its place."},
    Row{"terminal.loan_contractor", "端末と同じ事業者のものである必要があります。",
        "This must belong to the terminal's contractor."},
    Row{"terminal.loan_order", "引渡し・期限・返却・消去の順に並ぶ日付が必要です。",
        "Handing over, due day, return and wiping come in this order, each with the one before it."},
    Row{"desktop.address", "IPv4 アドレスで書いてください。", "Write an IPv4 address."},
    Row{"desktop.address_taken", "同じアドレスとポートの仮想デスクトップが既にあります。",
        "Another desktop has this address and port."},
    Row{"circuit.prefix", "ネットワークは 192.0.2.0/24 のように書いてください。",
        "Write a network as in 192.0.2.0/24."},
    Row{"circuit.other_network", "構成の閉域網の範囲に入っていません（R01）。",
        "This is outside the closed network of the configuration (R01)."},
    Row{"circuit.overlap", "ほかの回線のネットワークと重なっています。", "This overlaps a network of another circuit."},
    Row{"circuit.order", "利用予定・利用開始は発注より前にはなりません。",
        "A circuit is neither planned nor usable before it is ordered."},
    Row{"circuit.device_name", "拠点装置の名前は line-01.example.jp のような英小文字の DNS 名です。",
        "The site device's name is a lower-case DNS name as in line-01.example.jp."},
    Row{"circuit.device_name_taken", "ほかの回線の拠点装置と同じ名前です。",
        "The site device of another circuit has this name."},
    Row{"circuit.device_certificate", "拠点装置の証明書は DER を base64 で書いたものです。名前と証明書は両方必要です。",
        "The site device's certificate is DER in base64; name and certificate belong together."},
    Row{"circuit.device_certificate_taken", "ほかの回線の拠点装置と同じ証明書です。",
        "The site device of another circuit has this certificate."},
    Row{"application.other_contractor", "契約の事業者に属していません。",
        "This does not belong to the contract's contractor."},
    Row{"application.system", "契約に含まれないシステムです。", "The contract does not cover this system."},
    Row{"application.period", "契約の期間の外です。", "This lies outside the contract's period."},
    Row{"application.undecided", "受理・差戻しには決定者と日時が必要です。",
        "An accepted or returned application needs who decided and when."},
    Row{"application.decided_early", "提出中の申請に決定者や日時は書けません。",
        "A submitted application has no decision yet."},
    Row{"application.decided_by_applicant", "申請者は自分の申請を決定できません。",
        "An applicant cannot decide on the application."},
    Row{"application.decided_by", "決定者は承認者の役割を持つ人である必要があります。",
        "Who decides must be a person with the approver role."},
    Row{"application.exception", "例外の承認は構築・導入の申請だけに付きます。",
        "Only a build-up application can carry the exception."},
    Row{"exception.application", "受理された申請が必要です。", "This must be an accepted application."},
    Row{"exception.terminal", "申請に含まれる端末である必要があります。",
        "The terminal must be one of the application's."},
    Row{"exception.approver", "承認者の役割を持ち、申請者でない人である必要があります。",
        "This must be an approver who is not an applicant."},
    Row{"exception.until", "申請の期間を超えています。", "This goes beyond the application's period."},
    Row{"zone.contract", "契約の対象が、接続方式の異なるゾーンにまたがっています（R01）。",
        "The contract covers systems of zones that different paths lead to (R01)."},
    Row{"zone.server",
        "接続方式の異なるゾーンのサーバと、アドレス・仮想マシン・仮想化管理サーバを共有しています（R01）。",
        "A server in a zone of another path has this address, machine or manager (R01)."},
    Row{"zone.desktop", "接続方式の異なるゾーンの仮想デスクトップまたはサーバと同じアドレスです（R01）。",
        "A desktop or server in a zone of another path has this address (R01)."},
    Row{"zone.circuit", "回線のネットワークに、仮想デスクトップまたはサーバのアドレスが含まれています（R01）。",
        "The circuit's network holds the address of a desktop or server (R01)."},
    Row{"zone.terminal", "事業者の端末と同じ MAC アドレスの貸出端末は登録できません（R01、R03）。",
        "A lent terminal has no hardware address of a contractor's own one (R01, R03)."},
    Row{"stop.scope", "範囲は all, path, contractor, person, terminal, desktop のいずれかです。",
        "The scope is all, path, contractor, person, terminal or desktop."},
    Row{"stop.target", "all 以外には対象が必要で、all に対象は書けません。",
        "Every scope but all needs a target, and all takes none."},
};

std::string with(std::string_view sentence, std::string_view about) {
  std::string out(sentence);
  if (const std::size_t at = out.find("{}"); at != std::string::npos) out.replace(at, 2, about.substr(0, 80));
  return out;
}

/// What a finding is about, wherever its object stands in the document.
struct Subject {
  Kind kind{};
  std::string id, rest;
};

/// nullopt: the pointer names no object of this registry.
std::optional<Subject> subject_of(const Registry& registry, std::string_view pointer) {
  if (!pointer.starts_with('/')) return std::nullopt;
  const std::size_t second = pointer.find('/', 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto kind = kind_of(pointer.substr(1, second - 1));
  const std::size_t third = std::min(pointer.find('/', second + 1), pointer.size());
  std::size_t place = 0;
  const auto [end, bad] = std::from_chars(pointer.data() + second + 1, pointer.data() + third, place);
  if (!kind || bad != std::errc{} || end != pointer.data() + third) return std::nullopt;
  std::optional<Subject> out;
  for_each_kind(registry, [&](Kind each, const auto& map) {
    if (each != *kind || place >= map.size()) return;
    out = Subject{each, std::next(map.begin(), static_cast<std::ptrdiff_t>(place))->first,
                  std::string(pointer.substr(third))};
  });
  return out;
}

/// An exception ends by an earlier last day; a later one is no end.
bool lasts_longer(const Registry& before, const Registry& next, const Subject& subject) {
  return subject.kind == Kind::exception &&
         before.exceptions.at(subject.id).until < next.exceptions.at(subject.id).until;
}

/// The object without what an end of it changes (end_object(), a terminal's return).
nlohmann::json but_for_its_end(const Registry& registry, const Subject& subject) {
  auto out = export_object(registry, subject.kind, subject.id, {.secrets = true});
  if (!out) return nullptr;
  for (const char* end : {"ended_at", "revoked_at", "returned_at", "wiped_at"}) out->erase(end);
  if (subject.kind == Kind::application && out->value("state", "") == to_string(ApplicationState::ended)) {
    out->erase("state");
  }
  if (subject.kind == Kind::exception) out->erase("until");  // judged below
  if (subject.kind == Kind::terminal) {                      // an end closes an enrolment that was open
    out->erase("enrolment_hash");
    out->erase("enrolment_until");
  }
  return *out;
}

}  // namespace

Finding finding(std::string pointer, std::string_view code, std::string_view about) {
  const auto row = std::ranges::find_if(kRows, [&](const Row& r) { return r.code == code; });
  SEKISHO_ASSERT(row != kRows.end());
  return Finding{std::move(pointer), std::string(code), Text{with(row->ja, about), with(row->en, about)}};
}

std::vector<Finding> all_finding_codes() {
  std::vector<Finding> out;
  out.reserve(std::size(kRows));
  for (const Row& row : kRows) {
    out.push_back({"", std::string(row.code), Text{std::string(row.ja), std::string(row.en)}});
  }
  return out;
}

std::vector<Finding> findings_of_change(std::vector<Finding> of_next, const Registry& next,
                                        const std::vector<Finding>& of_before, const Registry& before) {
  std::set<std::tuple<Kind, std::string, std::string, std::string>> old;
  for (const Finding& f : of_before) {
    if (auto subject = subject_of(before, f.pointer)) old.emplace(subject->kind, subject->id, subject->rest, f.code);
  }
  std::map<std::pair<Kind, std::string>, bool> same;  // an object is compared once, however much is wrong with it
  std::erase_if(of_next, [&](const Finding& f) {
    const auto subject = subject_of(next, f.pointer);
    if (!subject || !old.contains({subject->kind, subject->id, subject->rest, f.code})) return false;
    const auto [known, fresh] = same.emplace(std::pair{subject->kind, subject->id}, false);
    if (fresh) {
      auto was = but_for_its_end(before, *subject), is = but_for_its_end(next, *subject);
      if (!is.contains("state")) was.erase("state");  // an application that the change ends
      known->second = was == is && !lasts_longer(before, next, *subject);
    }
    return known->second;
  });
  return of_next;
}

nlohmann::json findings_json(const std::vector<Finding>& findings) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Finding& f : findings) {
    rows.push_back({{"pointer", f.pointer}, {"code", f.code}, {"ja", f.text.ja}, {"en", f.text.en}});
  }
  return rows;
}

Error invalid(const std::vector<Finding>& findings) {
  // Pointers may quote a key of the document: bad UTF-8 in one must not become an exception here.
  return fail("registry.invalid",
              findings_json(findings).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace sekisho::registry
