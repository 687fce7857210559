#include "mails.hpp"

#include <algorithm>
#include <string>

namespace sekisho::email_code {
namespace {

/// What came from outside is shown only if it is plain: letters, digits and the signs of addresses.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, 64));
  std::ranges::replace_if(
      out,
      [](char c) {
        const bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return !fine && c != '.' && c != ':' && c != '-' && c != '_' && c != '%';
      },
      '?');
  return out;
}

std::string minutes(std::chrono::seconds span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(span + std::chrono::seconds(59)).count());
}

struct Facts {
  std::string when, source, path;
};
Facts facts_of(const Occasion& occasion) {
  return {to_jst(occasion.now), plain(occasion.source), plain(occasion.path)};
}

std::string japanese_facts(const Config& config, const Facts& facts) {
  return "日時: " + facts.when + "\n接続元: " + facts.source + "\n接続先: " + config.system_name_ja + "（" +
         facts.path + "）\n";
}
std::string english_facts(const Config& config, const Facts& facts) {
  return "Time: " + facts.when + "\nFrom: " + facts.source + "\nTo: " + config.system_name_en + " (" + facts.path +
         ")\n";
}

}  // namespace

std::string to_jst(Instant at) {
  const std::string text = to_rfc3339(at + std::chrono::hours(9));
  return text.substr(0, 10) + " " + text.substr(11, 8) + " JST";
}

SendMail code_mail(const Config& config, const Subject& to, std::string_view code, const Occasion& occasion) {
  const Facts facts = facts_of(occasion);
  const std::string life = minutes(config.life);
  SendMail mail;
  mail.to = to.mail;
  mail.subject = "【" + config.system_name_ja + "】確認コード / Verification code";
  mail.body = to.name + " 様\n\n" + config.system_name_ja + "へのログインに使う確認コードです。\n\n    " +
              std::string(code) + "\n\n有効時間: " + life +
              "分。新しいコードが届いたときは、古いコードは使えません。\n" + japanese_facts(config, facts) +
              "\n心当たりがないときは、このコードを誰にも伝えず、" + config.contact_ja +
              "へすぐに連絡してください。あなたのIDとパスワードが他人に知られているおそれがあります。\n"
              "職員がこのコードをお尋ねすることはありません。\n\n"
              "----------------------------------------\n\n"
              "This is the verification code for your login to " +
              config.system_name_en + ".\n\n    " + std::string(code) + "\n\nValid for " + life +
              " minutes. A newer code makes this one useless.\n" + english_facts(config, facts) +
              "\nNot you? Tell nobody this code and contact " + config.contact_en +
              " at once: somebody may know your ID and password.\nStaff never ask for this code.\n";
  return mail;
}

SendMail lock_mail(const Config& config, const Subject& to, bool disabled, const Occasion& occasion) {
  const Facts facts = facts_of(occasion);
  const std::string wait = minutes(config.lock);
  SendMail mail;
  mail.to = to.mail;
  mail.subject = disabled ? "【" + config.system_name_ja + "】確認コードの停止 / Verification codes ended"
                          : "【" + config.system_name_ja + "】確認コードの一時停止 / Verification codes locked";
  const std::string then_ja = disabled ? "このメールアドレスへの確認コードの送付を停止しました。再び利用するには、"
                                         "メールアドレスの登録をやり直す必要があります。\n"
                                       : wait + "分間、確認コードによるログインを停止します。\n";
  const std::string then_en =
      disabled ? "Codes are no longer sent to this address. To use them again your address must be registered anew.\n"
               : "Logins with a code are locked for " + wait + " minutes.\n";
  mail.body = to.name + " 様\n\n確認コードの誤りが続きました。" + then_ja + japanese_facts(config, facts) +
              "\n心当たりがないときは、" + config.contact_ja +
              "へすぐに連絡してください。\n\n"
              "----------------------------------------\n\n"
              "Wrong verification codes were entered too often. " +
              then_en + english_facts(config, facts) + "\nNot you? Contact " + config.contact_en + " at once.\n";
  return mail;
}

}  // namespace sekisho::email_code
