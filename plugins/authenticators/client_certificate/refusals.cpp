#include "refusals.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace sekisho::client_certificate {
namespace {

struct Row {
  std::string_view code, why_ja, why_en, remedy_ja, remedy_en;
};
constexpr std::string_view kInstallJa =
    "登録した端末に、この環境用のクライアント証明書を正しく導入してください。ポータルサイトの手順書を参照してください"
    "。";
constexpr std::string_view kInstallEn =
    "Install the client certificate of this environment on the registered terminal; see the manual on the portal site.";
constexpr std::string_view kRenewJa = "管理担当へ連絡し、新しい証明書の発行を受けてください。";
constexpr std::string_view kRenewEn = "Contact the operator and have a new certificate issued.";

constexpr std::array<Row, 11> kRows = {{
    {"certificate.missing", "クライアント証明書が提示されませんでした。", "No client certificate was shown.",
     kInstallJa, kInstallEn},
    {"certificate.malformed", "クライアント証明書の内容を読み取れません。", "The client certificate cannot be read.",
     kRenewJa, kRenewEn},
    {"certificate.untrusted", "この環境で発行された証明書ではありません。",
     "The certificate was not issued for this environment.", kInstallJa, kInstallEn},
    {"certificate.expired", "クライアント証明書の有効期限が切れています。", "The client certificate has expired.",
     kRenewJa, kRenewEn},
    {"certificate.not_yet_valid", "クライアント証明書の有効期間がまだ始まっていません。",
     "The client certificate is not valid yet.", "有効期間の開始日を確認してください。",
     "Check the day on which it becomes valid."},
    {"certificate.revoked", "クライアント証明書は失効しています。", "The client certificate has been revoked.",
     kRenewJa, kRenewEn},
    {"certificate.crl_stale", "証明書の失効情報が新しくないため、確認できません。",
     "The certificate cannot be checked, the revocation list is not current.",
     "管理担当へ連絡してください。端末側でできることはありません。",
     "Contact the operator. There is nothing to do on the terminal."},
    {"certificate.wrong_usage", "クライアント認証用の証明書ではありません。",
     "The certificate is not meant for client authentication.", kInstallJa, kInstallEn},
    {"certificate.weak_key", "証明書の鍵または署名方式の強度が足りません。",
     "The key or the signature of the certificate is too weak.", kRenewJa, kRenewEn},
    {"certificate.not_registered", "この証明書は登録されていません。", "The certificate is not registered.", kRenewJa,
     kRenewEn},
    {"certificate.other_person", "証明書と入力された ID が一致しません。",
     "The certificate does not belong to the ID that was given.",
     "自分の ID と、自分に発行された証明書の入った端末を使ってください。",
     "Use your own ID and the terminal that holds the certificate issued to you."},
}};

constexpr auto kCodes = [] {
  std::array<std::string_view, kRows.size()> out{};
  for (std::size_t i = 0; i < kRows.size(); ++i) out[i] = kRows[i].code;
  return out;
}();

}  // namespace

std::span<const std::string_view> codes() {
  return kCodes;
}

Refusal refusal(std::string_view code) {
  const auto found = std::ranges::find(kRows, code, &Row::code);
  SEKISHO_ASSERT(found != kRows.end());
  return {"R04",
          std::string(code),
          {"ログインできません。", "You cannot log in."},
          {std::string(found->why_ja), std::string(found->why_en)},
          {std::string(found->remedy_ja), std::string(found->remedy_en)}};
}

}  // namespace sekisho::client_certificate
