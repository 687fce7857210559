// Authenticator apps: `person totp ID` enrols, `person totp-end ID` ends. The URI holds the seed: it goes to a private
// file or, when asked for, to stdout; never into an argument or a log.
#include "pki/files.hpp"
#include "programs/sekishoctl/commands.hpp"

#include <sekisho/sdk/secret.hpp>

#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

struct Args {
  std::string id, out;
  bool show = false;
};

void enrol(Session& session, const Args& args) {
  // Nothing is changed unless it is clear where the secret goes.
  if (args.show != args.out.empty()) {
    return session.fails(fail("ctl.usage", "--show / --out FILE: 一つだけ / exactly one of them"));
  }
  if (!args.out.empty() && pki::exists(args.out)) return session.fails(fail("pki.file_exists", args.out));
  json result;
  if (!session.call("person.enrol_factor", {{"person", args.id}, {"factor", "totp"}}, result)) return;
  const Secret uri(result.value("shown", std::string()));
  if (args.show) return session.out.show({{"otpauth", std::string(uri.reveal())}});
  if (auto written =
          pki::write_file(args.out, std::string(uri.reveal()) + "\n", pki::kPrivateMode, pki::Existing::kept);
      !written) {
    return session.fails(written.error());
  }
  session.out.done({"登録しました。前のアプリのコードはもう使えません。 " + args.out,
                    "Enrolled; codes of an app enrolled before no longer count. " + args.out});
}

}  // namespace

void add_factor_commands(CLI::App& person, Session& session) {
  auto args = std::make_shared<Args>();
  auto* totp = person.add_subcommand(
      "totp", "認証アプリの登録（前の登録は無効） / enrol an authenticator app, whatever was enrolled before ends");
  totp->add_option("id", args->id, "識別子 / id")->required();
  totp->add_flag("--show", args->show,
                 "登録用URI（秘密を含む）を標準出力へ一度だけ表示 / prints the otpauth URI, a secret, this once");
  totp->add_option("--out", args->out,
                   "登録用URIの出力先（本人だけが読める） / file for it, readable by its owner alone");
  on(totp, session, [&session, args] { enrol(session, *args); });

  auto* end = person.add_subcommand("totp-end", "認証アプリの登録の終了 / end an app's enrolment");
  end->add_option("id", args->id, "識別子 / id")->required();
  on(end, session, [&session, args] {
    json result;
    if (session.call("person.end_factor", {{"person", args->id}, {"factor", "totp"}}, result)) {
      session.out.done({"登録を終了しました。", "The enrolment is ended."}, result);
    }
  });
}

}  // namespace sekisho::ctl
