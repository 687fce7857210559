// Commands on what gives rights and takes them: contracts, applications, people, terminals, certificates, exceptions.
#include "pki/authority.hpp"
#include "programs/sekishoctl/ca_objects.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/input.hpp"
#include "programs/sekishoctl/registry_access.hpp"
#include "run/asio_services.hpp"
#include "run/password_hash/password_hash.hpp"

#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

struct Args {
  std::string id, file, by, note;
  bool build_up = false, replace = false, without_certificate = false;
};
using Shared = std::shared_ptr<Args>;

void set_password(Session& session, const Args& args) {
  json person;
  if (!find_object(session, "person", args.id, person)) return;
  const auto password = read_secret(args.file, session.out.in({"新しいパスワード", "New password"}), /*twice=*/true);
  if (!password) return session.fails(password.error());
  run::PasswordContext about;
  about.with_certificate = !args.without_certificate;
  about.words = {args.id, person.value("login", ""), person.value("contractor", "")};
  if (const auto accepted = run::check_new_password(*password, about); !accepted) {
    return session.fails(accepted.error());
  }
  run::KernelEntropy entropy;
  std::string hash;
  if (!session.take(run::hash_password(*password, entropy, {}), hash)) return;
  json result;
  if (session.call("person.set_password_hash", {{"person", args.id}, {"hash", hash}}, result)) {
    session.out.done({"パスワードを設定しました。", "The password is set."}, result);
  }
}

/// `<kind> end ID` (a certificate's verb is revoke): the right is over, its sessions end within 2 seconds.
CLI::App* add_kind(CLI::App& app, Session& session, const Shared& args, const std::string& kind,
                   const std::string& help, const std::string& verb = "end") {
  auto* of_kind = app.add_subcommand(kind, help);
  of_kind->require_subcommand(1);
  auto* end = of_kind->add_subcommand(
      verb, verb == "end" ? "直ちに終了（接続中のセッションも終了） / ends now, with its sessions"
                          : "直ちに失効（接続中のセッションも終了） / revoked now, its sessions end");
  end->add_option("id", args->id, kind == "certificate" ? "SHA-256指紋 / SHA-256 fingerprint" : "識別子 / id")
      ->required();
  on(end, session, [&session, args, kind] {
    json result;
    if (session.call("registry.end", {{"kind", kind}, {"id", args->id}}, result)) {
      session.out.done(kind == "certificate" ? Text{"失効させました。", "Revoked."} : Text{"終了しました。", "Ended."},
                       result);
    }
  });
  return of_kind;
}

/// A command that hands one JSON object to a method.
void add_object(CLI::App* of_kind, Session& session, const Shared& args, const std::string& verb,
                const std::string& help, const std::string& method, const Text& sentence) {
  auto* command = of_kind->add_subcommand(verb, help);
  command->add_option("file", args->file, "JSON, - は標準入力 / - for stdin")->required();
  on(command, session, [&session, args, method, sentence] {
    json object, result;
    if (session.take(read_json(args->file), object) && session.call(method, {{"object", object}}, result)) {
      session.out.done(sentence, result);
    }
  });
}

void add_application(CLI::App& app, Session& session, const Shared& args) {
  auto* application = add_kind(app, session, args, "application", "申請 / applications");
  add_object(application, session, args, "submit", "提出 / submit", "application.submit",
             {"提出しました。", "Submitted."});
  for (const bool accept : {true, false}) {
    auto* decide = accept ? application->add_subcommand("accept", "受理 / accept")
                          : application->add_subcommand("return", "差戻し / return");
    decide->add_option("id", args->id, "識別子 / id")->required();
    decide->add_option("--by", args->by, "承認者の識別子 / approver's id")->required();
    decide->add_option("--note", args->note, "備考 / note");
    if (accept) {
      decide->add_flag("--build-up-exception", args->build_up,
                       "保守以外の作業を例外として認める / work that is not maintenance (R18)");
    }
    on(decide, session, [&session, args, accept] {
      json params{{"id", args->id}, {"by", args->by}, {"note", args->note}}, result;
      if (accept) params["build_up_exception"] = args->build_up;
      if (session.call(accept ? "application.accept" : "application.return", params, result)) {
        session.out.done(accept ? Text{"受理しました。", "Accepted."} : Text{"差し戻しました。", "Returned."}, result);
      }
    });
  }
}

void add_certificate(CLI::App& app, Session& session, const Shared& args) {
  auto* certificate = add_kind(app, session, args, "certificate", "証明書 / certificates", "revoke");
  auto* enter =
      certificate->add_subcommand("register", "発行済み証明書の登録 / register a certificate that was issued");
  enter->add_option("file", args->file, "PEM, - は標準入力 / - for stdin")->required();
  enter->add_flag("--replace", args->replace,
                  "同じ利用者・端末の旧証明書を失効 / revoke the pair's earlier certificates");
  on(enter, session, [&session, args] {
    std::string pem;
    pki::CertificateFacts facts;
    json result;
    if (session.take(read_input(args->file), pem) && session.take(pki::read_leaf(pem), facts) &&
        session.call("certificate.register", {{"object", registry_object(facts)}, {"replace", args->replace}},
                     result)) {
      session.out.done({"登録しました。", "Registered."}, result);
    }
  });
}

}  // namespace

void add_rights_commands(CLI::App& app, Session& session) {
  auto args = std::make_shared<Args>();
  add_kind(app, session, args, "contract", "契約 / contracts");
  add_kind(app, session, args, "circuit", "回線 / circuits");
  add_application(app, session, args);
  add_certificate(app, session, args);

  auto* person = add_kind(app, session, args, "person", "利用者 / people");
  auto* passwd = person->add_subcommand(
      "passwd", "パスワードの設定（標準入力かファイルから） / set a password, read from stdin or a file");
  passwd->add_option("id", args->id, "識別子 / id")->required();
  passwd->add_option("--file", args->file, "パスワードのファイル / file with the password")->default_val("-");
  passwd->add_flag("--without-certificate", args->without_certificate,
                   "証明書を使わない接続方式（15文字以上） / a path without certificates: 15 characters or more");
  on(passwd, session, [&session, args] { set_password(session, *args); });
  add_factor_commands(*person, session);

  auto* terminal = add_kind(app, session, args, "terminal", "端末 / terminals");
  auto* token =
      terminal->add_subcommand("enrol-token", "端末鍵の登録トークン（一度だけ） / one-time token for the device key");
  token->add_option("id", args->id, "識別子 / id")->required();
  on(token, session, [&session, args] {
    json result;
    if (session.call("terminal.enrolment_token", {{"terminal", args->id}}, result)) session.out.show(result);
  });

  auto* exception = add_kind(app, session, args, "exception", "点検の例外 / posture exceptions");
  add_object(exception, session, args, "grant", "許可 / grant", "exception.grant", {"許可しました。", "Granted."});
}

}  // namespace sekisho::ctl
