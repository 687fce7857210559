#include "circuits/refusals.hpp"

#include "registry/refusals.hpp"

#include <algorithm>
#include <array>

namespace sekisho::circuits {
namespace {

struct Row {
  std::string_view rule, code, why_ja, why_en, remedy_ja, remedy_en;
};
constexpr std::string_view kWhatJa = "この回線は利用できません。", kWhatEn = "This circuit carries nothing.";
constexpr std::string_view kNothingJa = "対応は不要です。", kNothingEn = "Nothing to do.";
constexpr std::array kRows{
    // closed_because()
    Row{"R03", "circuit.no_device", "拠点装置の名前または証明書が登録されていません。",
        "The site's device has no name or no certificate in the registry.",
        "台帳の回線に device_name と device_certificate を登録してください。",
        "Register device_name and device_certificate of the circuit."},
    Row{"R03", "circuit.device_expired", "拠点装置の証明書が有効期間の外です。",
        "The certificate of the site's device is outside its days.",
        "装置の証明書を更新し、新しいものを台帳に登録してください。",
        "Renew the device's certificate and register the new one."},
    Row{"R03", "circuit.no_prefix", "拠点のアドレス範囲が登録されていません。",
        "The site's network is not in the registry.", "台帳の回線に prefixes を登録してください。",
        "Register prefixes of the circuit."},
    // What ends a connection that stood.
    Row{"R03", "circuit.removed", "回線が台帳から削除されました。", "The circuit was taken out of the registry.",
        "意図した変更なら対応は不要です。", "Nothing to do, if it was meant."},
    Row{"R03", "circuit.changed", "回線の登録が変更されたため、新しい内容で接続し直します。",
        "The circuit's entry was changed; it connects anew with what stands there now.", kNothingJa, kNothingEn},
    Row{"R03", "circuit.not_meant", "台帳にない接続が IPsec エンジン（charon）にありました。",
        "The IPsec engine (charon) held a connection that the registry does not know.",
        "関所の再起動の直後でなければ、charon を操作した人と設定を確認してください。",
        "Unless the gate has just started, find out who changed charon's settings."},
    // What a tunnel is refused for.
    Row{"R02", "circuit.ike_version", "IKEv2 でない接続です。", "The tunnel was not made with IKEv2.",
        "拠点装置を IKEv2 に設定し、charon に別の設定がないか確認してください。",
        "Set the site's device to IKEv2, and look for other settings of charon."},
    Row{"R03", "circuit.other_identity", "登録された拠点装置とは別の名前で接続しています。",
        "The tunnel's other end has another identity than the registered device.",
        "拠点装置と台帳の device_name を確認してください。心当たりがなければ回線を停止してください。",
        "Compare the device with device_name of the registry; if nobody knows of it, stop the circuit."},
    Row{"R02", "circuit.weak", "認められていない暗号方式で接続しています。",
        "The tunnel uses a cipher that is not allowed.",
        "拠点装置を AES-GCM（256ビット）に設定し、charon に別の設定がないか確認してください。",
        "Set the site's device to AES-GCM with 256 bits, and look for other settings of charon."},
};

Refusal words(const Row& row) {
  const auto text = [](std::string_view ja, std::string_view en) { return Text{std::string(ja), std::string(en)}; };
  return {std::string(row.rule), std::string(row.code), text(kWhatJa, kWhatEn), text(row.why_ja, row.why_en),
          text(row.remedy_ja, row.remedy_en)};
}

}  // namespace

std::optional<Refusal> find_refusal(std::string_view code) {
  const auto found = std::ranges::find(kRows, code, &Row::code);
  if (found != kRows.end()) return words(*found);
  return registry::find_refusal(code);
}

std::vector<Refusal> all_refusals() {
  std::vector<Refusal> out;
  out.reserve(std::size(kRows));
  for (const Row& row : kRows) out.push_back(words(row));
  return out;
}

}  // namespace sekisho::circuits
