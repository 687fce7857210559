// The environment's own CA (core/pki): made, used and looked at on the machine that holds its folder; the gate's
// registry hears of every certificate over the API. Keys and passphrases stay in files of mode 0600 and in this
// process's memory.
#include "pki/folder.hpp"
#include "pki/wrap.hpp"
#include "programs/sekishoctl/ca_objects.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/input.hpp"
#include "run/asio_services.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

struct Args {
  std::string dir = "/etc/sekisho/ca", key_passphrase, passphrase, name, curve = "P-256", person, terminal, out;
  std::string serial, fingerprint, reason;
  int days = 0, crl_days = 30;
  bool replace = false, offline = false, p12_only = false;
};
using Shared = std::shared_ptr<Args>;

/// The CA is used by hand, beside no gate clock: the system's.
Instant now() {
  return std::chrono::time_point_cast<Instant::duration>(std::chrono::system_clock::now());
}

json facts_json(const pki::CertificateFacts& facts) {
  return {{"name", facts.name},
          {"serial_hex", facts.serial_hex},
          {"fingerprint_sha256", facts.fingerprint_sha256},
          {"not_before", to_rfc3339(facts.not_before)},
          {"not_after", to_rfc3339(facts.not_after)}};
}

json crl_json(const pki::CrlFacts& crl) {
  return {{"number", crl.number},
          {"this_update", to_rfc3339(crl.this_update)},
          {"next_update", to_rfc3339(crl.next_update)},
          {"revoked", crl.revoked}};
}

bool read_key_passphrase(Session& session, const Args& args, bool is_new, Secret& out) {
  if (args.key_passphrase.empty()) return true;
  return session.take(read_secret(args.key_passphrase,
                                  session.out.in({"認証局の鍵のパスフレーズ", "Passphrase of the CA's key"}), is_new),
                      out);
}

/// Opens the folder for a change; nothing when it was refused.
std::optional<pki::Folder> open_folder(Session& session, const Args& args) {
  Secret passphrase;
  if (!read_key_passphrase(session, args, false, passphrase)) return std::nullopt;
  auto folder = pki::Folder::open(args.dir, passphrase);
  if (!folder) {
    session.fails(folder.error());
    return std::nullopt;
  }
  return std::move(*folder);
}

// --- init, crl, show

void init(Session& session, const Args& args) {
  pki::FolderOptions options;
  options.authority.name = args.name;
  options.authority.curve = args.curve;
  if (args.days != 0) options.authority.life = std::chrono::days{args.days};
  options.crl_life = std::chrono::days{args.crl_days};
  if (!read_key_passphrase(session, args, true, options.passphrase)) return;
  run::KernelEntropy entropy;
  if (auto made = pki::Folder::init(args.dir, options, entropy, now()); !made) return session.fails(made.error());
  const auto view = pki::Folder::view(args.dir);
  if (!view) return session.fails(view.error());
  session.out.done({"認証局を作成しました。", "The CA is made."},
                   {{"certificate", args.dir + "/ca.pem"},
                    {"crl", args.dir + "/crl.pem"},
                    {"fingerprint_sha256", view->authority.fingerprint_sha256},
                    {"not_after", to_rfc3339(view->authority.not_after)},
                    {"next_update", to_rfc3339(view->crl.next_update)}});
}

void renew_list(Session& session, const Args& args) {
  auto folder = open_folder(session, args);
  if (!folder) return;
  std::optional<std::chrono::days> life;
  if (args.days != 0) life = std::chrono::days{args.days};
  pki::CrlFacts crl;
  if (session.take(folder->renew_crl(life, now()), crl)) {
    session.out.done({"失効リストを更新しました。", "The revocation list is renewed."}, crl_json(crl));
  }
}

void show(Session& session, const Args& args) {
  const auto view = pki::Folder::view(args.dir);
  if (!view) return session.fails(view.error());
  json rows = json::array();
  for (const pki::IssuedRow& row : view->issued) {
    json object = registry_object(row.facts);
    if (row.revoked_at) {
      object["revoked_at"] = to_rfc3339(*row.revoked_at);
      object["reason"] = row.reason;
    }
    rows.push_back(std::move(object));
  }
  json authority = facts_json(view->authority);
  authority["key_encrypted"] = view->key_encrypted;
  if (session.out.json) {
    return session.out.show({{"authority", authority}, {"crl", crl_json(view->crl)}, {"issued", rows}});
  }
  session.out.show(authority);
  session.out.show(crl_json(view->crl));
  if (now() >= view->crl.next_update) {
    session.out.note({"失効リストの期限が過ぎています。誰も接続できません。sekishoctl ca crl を実行してください。",
                      "The revocation list is past its time: nobody gets in. Run sekishoctl ca crl."});
  } else if (now() + std::chrono::days{7} >= view->crl.next_update) {
    session.out.note({"失効リストの期限が7日以内です。sekishoctl ca crl を実行してください。",
                      "The revocation list ends within 7 days. Run sekishoctl ca crl."});
  }
  session.out.note({"", ""});
  session.out.show(rows, {"person", "terminal", "serial_hex", "not_after", "revoked_at", "reason"});
}

// --- issue

struct Outputs {
  std::string certificate, key, pkcs12, passphrase;
};

Outputs outputs(const Args& args) {
  const std::string stem = args.out + "/" + args.person + "-" + args.terminal;
  return {stem + ".pem", stem + ".key", stem + ".p12", stem + ".p12.passphrase"};
}

Result<void> write_outputs(const Args& args, const pki::Leaf& leaf, const Secret& passphrase, pki::Existing existing) {
  const Outputs to = outputs(args);
  auto bundle = pki::make_pkcs12(leaf, passphrase);
  if (!bundle) return bundle.error();
  auto done = pki::write_file(to.certificate, leaf.certificate_pem, pki::kPublicMode, existing);
  if (done && !args.p12_only) done = pki::write_file(to.key, leaf.key_pem.reveal(), pki::kPrivateMode, existing);
  if (done) done = pki::write_file(to.pkcs12, *bundle, pki::kPrivateMode, existing);
  if (done && args.passphrase.empty()) {
    const Secret line(std::string(passphrase.reveal()) + "\n");
    done = pki::write_file(to.passphrase, line.reveal(), pki::kPrivateMode, existing);
  }
  return done;
}

void issue(Session& session, const Args& args) {
  if (args.passphrase == "-" && args.key_passphrase == "-") {
    return session.fails(fail("ctl.usage", "--passphrase-file -, --key-passphrase-file -"));
  }
  run::KernelEntropy entropy;
  Secret passphrase;
  if (args.passphrase.empty()) {
    passphrase = pki::new_passphrase(entropy);
  } else if (!session.take(
                 read_secret(args.passphrase,
                             session.out.in({"PKCS#12のパスフレーズ", "Passphrase of the PKCS#12 file"}), true),
                 passphrase)) {
    return;
  }
  // Everything that can be known beforehand is asked before anything is signed.
  if (auto good = pki::check_passphrase(passphrase); !good) return session.fails(good.error());
  const auto existing = args.replace ? pki::Existing::replaced : pki::Existing::kept;
  const Outputs to = outputs(args);
  if (auto folder = pki::make_folder(args.out, 0700); !folder) return session.fails(folder.error());
  for (const std::string& path : {to.certificate, to.key, to.pkcs12, to.passphrase}) {
    if (!args.replace && pki::exists(path)) return session.fails(fail("pki.file_exists", path));
  }
  auto folder = open_folder(session, args);
  if (!folder) return;

  // The registry allows a pair one certificate that is not revoked, also when it has expired.
  const bool replace = std::ranges::any_of(folder->issued(), [&](const pki::IssuedRow& row) {
    return !row.revoked_at && row.facts.person == args.person && row.facts.terminal == args.terminal;
  });
  json registered, refused;
  const auto accept = [&](const pki::Leaf& leaf) -> Result<void> {
    if (args.offline) return {};
    auto answer = call(session.socket, "certificate.register",
                       {{"object", registry_object(leaf.facts)}, {"replace", args.replace || replace}});
    if (!answer) return answer.error();
    if (!answer->error.is_null()) {
      refused = std::move(answer->error);
      return fail("ctl.refused");
    }
    registered = std::move(answer->result);
    return {};
  };
  pki::LeafOptions options{.person = args.person, .terminal = args.terminal};
  if (args.days != 0) options.life = std::chrono::days{args.days};
  const auto earlier = args.replace ? pki::Earlier::replaced : pki::Earlier::refused;
  const auto leaf = folder->issue(options, earlier, accept, entropy, now());
  if (!leaf) {
    session.exit_code = refused.is_null() ? session.out.failed(leaf.error()) : session.out.refused(refused);
    return;
  }
  if (auto written = write_outputs(args, *leaf, passphrase, existing); !written) return session.fails(written.error());

  json result = registry_object(leaf->facts);
  result["certificate"] = to.certificate;
  result["pkcs12"] = to.pkcs12;
  if (!args.p12_only) result["key_file"] = to.key;
  if (args.passphrase.empty()) result["passphrase_file"] = to.passphrase;
  if (registered.contains("generation")) result["generation"] = registered["generation"];
  session.out.done(args.offline ? Text{"発行しました。関所には sekishoctl certificate register で登録してください。",
                                       "Issued. Register it with the gate: sekishoctl certificate register."}
                                : Text{"発行し、関所に登録しました。", "Issued and registered with the gate."},
                   std::move(result));
}

// --- revoke

/// The gate's registry first: sessions end within 2 seconds. The list follows in any case.
void revoke(Session& session, const Args& args) {
  if (args.serial.empty() && args.fingerprint.empty() && args.person.empty() && args.terminal.empty()) {
    return session.fails(fail("ctl.usage", "--serial, --fingerprint, --person, --terminal"));
  }
  const auto picks = [&](const pki::IssuedRow& row) {
    const auto fits = [](const std::string& wanted, const std::string& is) { return wanted.empty() || wanted == is; };
    return fits(args.serial, row.facts.serial_hex) && fits(args.fingerprint, row.facts.fingerprint_sha256) &&
           fits(args.person, row.facts.person) && fits(args.terminal, row.facts.terminal);
  };
  auto folder = open_folder(session, args);
  if (!folder) return;
  json serials = json::array();
  for (const pki::IssuedRow& row : folder->issued()) {
    if (!picks(row)) continue;
    serials.push_back(row.facts.serial_hex);
    if (args.offline) continue;
    auto answer = call(session.socket, "registry.end", {{"kind", "certificate"}, {"id", row.facts.fingerprint_sha256}});
    if (!answer) {
      session.fails(answer.error());
      break;
    }
    const std::string code = answer->error.is_null() ? std::string() : answer->error.value("code", std::string());
    if (!code.empty() && code != "registry.already_ended" && code != "registry.no_such_object") {
      session.exit_code = session.out.refused(answer->error);
    }
  }
  const auto done = folder->revoke(picks, args.reason, now());
  if (!done && (done.error().code != "pki.already_revoked" || args.offline)) return session.fails(done.error());
  if (session.exit_code == 0) {
    session.out.done({"失効させ、失効リストを更新しました。", "Revoked; the list is renewed."}, {{"revoked", serials}});
  } else {
    session.out.note({"失効リストは更新しましたが、関所の台帳には伝わっていません。",
                      "The list is renewed, but the gate's registry has not heard of it."});
  }
}

CLI::App* add_verb(CLI::App* ca, Session& session, const Shared& args, const char* name, const char* help,
                   void (*work)(Session&, const Args&)) {
  auto* command = ca->add_subcommand(name, help);
  command->add_option("--dir", args->dir, "認証局のフォルダ / the CA's folder")->capture_default_str();
  on(command, session, [&session, args, work] { work(session, *args); });
  return command;
}

void add_key_passphrase(CLI::App* command, const Shared& args) {
  command->add_option("--key-passphrase-file", args->key_passphrase,
                      "認証局鍵のパスフレーズのファイル（- は標準入力） / file with the passphrase of the CA's key");
}

}  // namespace

void add_ca_commands(CLI::App& app, Session& session) {
  auto args = std::make_shared<Args>();
  auto* ca = app.add_subcommand("ca", "クライアント証明書の認証局 / the CA of client certificates");
  ca->require_subcommand(1);

  auto* make = add_verb(ca, session, args, "init", "認証局の作成 / make a CA", init);
  make->add_option("--name", args->name, "認証局の名前 / its name")->required();
  make->add_option("--days", args->days, "有効日数（既定3652） / life in days (3652)")->check(CLI::Range(1, 7305));
  make->add_option("--crl-days", args->crl_days, "失効リストの有効日数 / life of its lists in days")
      ->check(CLI::Range(1, 90))
      ->capture_default_str();
  make->add_option("--curve", args->curve, "鍵の種類 / kind of key")
      ->check(CLI::IsMember({"P-256", "P-384"}))
      ->capture_default_str();
  add_key_passphrase(make, args);

  auto* give = add_verb(ca, session, args, "issue", "証明書の発行 / issue a certificate", issue);
  give->add_option("--person", args->person, "利用者の識別子 / person's id")->required();
  give->add_option("--terminal", args->terminal, "端末の識別子 / terminal's id")->required();
  give->add_option("--out", args->out, "出力フォルダ / folder for the files")->required();
  give->add_option("--days", args->days, "有効日数（既定365） / life in days (365)")->check(CLI::Range(1, 825));
  give->add_option(
      "--passphrase-file", args->passphrase,
      "PKCS#12のパスフレーズのファイル（- は標準入力、省略時は自動生成） / file with the passphrase of the "
      "PKCS#12 file (- for stdin; made up when left out)");
  give->add_flag("--replace", args->replace, "旧証明書を直ちに失効 / revoke the earlier one now");
  give->add_flag("--p12-only", args->p12_only, "暗号化しない鍵ファイルを作らない / no key file without a passphrase");
  give->add_flag("--offline", args->offline, "関所に登録しない / do not register it with the gate");
  add_key_passphrase(give, args);

  auto* take = add_verb(ca, session, args, "revoke", "証明書の失効 / revoke certificates", revoke);
  take->add_option("--serial", args->serial, "証明書番号 / serial");
  take->add_option("--fingerprint", args->fingerprint, "SHA-256指紋 / SHA-256 fingerprint");
  take->add_option("--person", args->person, "この利用者のすべて / all of this person");
  take->add_option("--terminal", args->terminal, "この端末のすべて / all of this terminal");
  take->add_option("--reason", args->reason, "理由 / reason")->check([](const std::string& text) {
    return text.size() <= 1000 ? std::string() : std::string("1000バイトまで / at most 1000 bytes");
  });
  take->add_flag("--offline", args->offline, "失効リストだけ更新 / renew the list alone");
  add_key_passphrase(take, args);

  auto* list = add_verb(ca, session, args, "crl", "失効リストの更新 / renew the revocation list", renew_list);
  list->add_option("--days", args->days, "有効日数（以後もこの値） / life in days, kept from now on")
      ->check(CLI::Range(1, 90));
  add_key_passphrase(list, args);

  add_verb(ca, session, args, "show", "認証局と発行済み証明書 / the CA and what it has issued", show);
}

}  // namespace sekisho::ctl
