// Commands on the registry: documents, objects, applications, passwords, enrolment.
#include "base/json.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "registry/fields.hpp"
#include "run/asio_services.hpp"
#include "run/password_hash/password_hash.hpp"

#include <algorithm>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

struct Args {
  std::string kind, id, file, by, note, target;
  std::vector<std::string> fields;
  bool secrets = false, exception = false, with_certificate = true;
  std::int64_t generation = -1;
};

/// Reads a JSON document; shows what is wrong with it.
bool read_json(Session& session, const std::string& path, json& out) {
  auto text = read_input(path);
  if (!text) {
    session.exit_code = session.out.failed(text.error());
    return false;
  }
  auto parsed = parse_json(*text, {.bytes = 16u << 20, .depth = 10});
  if (!parsed) {
    session.exit_code = session.out.failed(parsed.error());
    return false;
  }
  out = std::move(*parsed);
  return true;
}

std::string plural(const std::string& kind) {
  const auto found = registry::kind_of(kind);
  return found ? std::string(registry::name_of(*found).many) : std::string();
}

bool find_object(Session& session, const Args& args, json& object) {
  json document;
  if (!session.call("registry.export", json::object(), document)) return false;
  for (const auto& row : document.value(plural(args.kind), json::array())) {
    const std::string key = row.value("id", row.value("fingerprint_sha256", std::string()));
    if (key == args.id) {
      object = row;
      return true;
    }
  }
  session.exit_code = session.out.failed(fail("registry.no_such_object", args.kind + " " + args.id));
  return false;
}

void set_password(Session& session, const Args& args) {
  auto text = read_input(args.file);
  if (!text) {
    session.exit_code = session.out.failed(text.error());
    return;
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  const Secret password(std::move(*text));
  json person;
  if (!find_object(session, args, person)) return;
  run::PasswordContext about;
  about.with_certificate = args.with_certificate;
  about.words = {args.id, person.value("login", ""), person.value("contractor", "")};
  if (const auto accepted = run::check_new_password(password, about); !accepted) {
    session.exit_code = session.out.failed(accepted.error());
    return;
  }
  run::KernelEntropy entropy;
  auto hash = run::hash_password(password, entropy, {});
  if (!hash) {
    session.exit_code = session.out.failed(hash.error());
    return;
  }
  json result;
  if (session.call("person.set_password_hash", {{"person", args.id}, {"hash", *hash}}, result))
    session.out.show(result);
}

void add_object_commands(CLI::App& app, Session& session, const std::shared_ptr<Args>& args) {
  auto* list = app.add_subcommand("list", "一覧 / list objects of a kind");
  list->add_option("kind", args->kind)->required();
  list->callback([&session, args] {
    json document;
    if (plural(args->kind).empty()) {
      session.exit_code = session.out.failed(fail("ctl.usage", "unknown kind " + args->kind));
      return;
    }
    if (session.call("registry.export", json::object(), document)) {
      session.out.show(document.value(plural(args->kind), json::array()));
    }
  });
  auto* show = app.add_subcommand("show", "表示 / show one object");
  show->add_option("kind", args->kind)->required();
  show->add_option("id", args->id)->required();
  show->callback([&session, args] {
    json object;
    if (find_object(session, *args, object)) session.out.show(object);
  });
  auto* put = app.add_subcommand("put", "登録・置換 / add or replace one object from a JSON file");
  put->add_option("kind", args->kind)->required();
  put->add_option("file", args->file, "JSON file, - for stdin")->required();
  put->callback([&session, args] {
    json object, result;
    if (read_json(session, args->file, object) &&
        session.call("registry.put", {{"kind", args->kind}, {"object", object}}, result)) {
      session.out.show(result);
    }
  });
  auto* edit = app.add_subcommand("edit", "項目の変更 / change fields of one object");
  edit->add_option("kind", args->kind)->required();
  edit->add_option("id", args->id)->required();
  edit->add_option("fields", args->fields, "name=value; value is JSON, or a text")->required();
  edit->callback([&session, args] {
    json object, result;
    if (!find_object(session, *args, object)) return;
    for (const std::string& field : args->fields) {
      const std::size_t equals = field.find('=');
      if (equals == std::string::npos) {
        session.exit_code = session.out.failed(fail("ctl.usage", field + ": name=value is wanted"));
        return;
      }
      const std::string value = field.substr(equals + 1);
      const auto parsed = parse_json(value);
      object[field.substr(0, equals)] = parsed ? *parsed : json(value);
    }
    if (session.call("registry.put", {{"kind", args->kind}, {"object", object}}, result)) session.out.show(result);
  });
  auto* remove = app.add_subcommand("remove", "削除 / remove one object that nothing uses");
  remove->add_option("kind", args->kind)->required();
  remove->add_option("id", args->id)->required();
  remove->callback([&session, args] {
    json result;
    if (session.call("registry.remove", {{"kind", args->kind}, {"id", args->id}}, result)) session.out.show(result);
  });
}

/// `<kind> end ID`: the right is over, its sessions end.
CLI::App* add_kind(CLI::App& app, Session& session, const std::shared_ptr<Args>& args, const std::string& kind,
                   const std::string& verb, const std::string& help) {
  auto* of_kind = app.add_subcommand(kind, help);
  of_kind->require_subcommand(1);
  auto* end = of_kind->add_subcommand(verb, "終了 / ends now, with its sessions");
  end->add_option("id", args->id)->required();
  end->callback([&session, args, kind] {
    json result;
    if (session.call("registry.end", {{"kind", kind}, {"id", args->id}}, result)) session.out.show(result);
  });
  return of_kind;
}

}  // namespace

void add_registry_commands(CLI::App& app, Session& session) {
  auto args = std::make_shared<Args>();
  auto* exporting = app.add_subcommand("export", "台帳の書き出し / export the registry");
  exporting->add_flag("--with-secrets", args->secrets, "password hashes and open enrolments too");
  exporting->callback([&session, args] {
    json document;
    if (!session.call("registry.export", {{"secrets", args->secrets}}, document)) return;
    std::puts(document.dump(session.out.json ? -1 : 1).c_str());
  });
  auto* import = app.add_subcommand("import", "台帳の読み込み / import a registry document");
  import->add_option("file", args->file, "JSON file, - for stdin")->required();
  import->add_option("--if-generation", args->generation, "only when the registry is still of this generation");
  import->callback([&session, args] {
    json document, result;
  if (!read_json(session, args->file, document)) return;
  json params{{"document", std::move(document)}};
  if (args->generation >= 0) params["if_generation"] = args->generation;
  if (session.call("registry.import", params, result)) session.out.show(result);
});
add_object_commands(app, session, args);

add_kind(app, session, args, "contract", "end", "契約 / contracts");
add_kind(app, session, args, "circuit", "end", "回線 / circuits");
add_kind(app, session, args, "certificate", "revoke", "証明書 / certificates");

auto* application = add_kind(app, session, args, "application", "end", "申請 / applications");
auto* submit = application->add_subcommand("submit", "提出 / submit from a JSON file");
submit->add_option("file", args->file)->required();
submit->callback([&session, args] {
  json object, result;
  if (read_json(session, args->file, object) && session.call("application.submit", {{"object", object}}, result)) {
    session.out.show(result);
  }
});
for (const bool accept : {true, false}) {
  auto* decide = accept ? application->add_subcommand("accept", "受理 / accept")
                        : application->add_subcommand("return", "差戻し / return");
  decide->add_option("id", args->id)->required();
  decide->add_option("--by", args->by, "承認者 / approver's person id")->required();
  decide->add_option("--note", args->note, "備考 / note");
  if (accept) decide->add_flag("--build-up-exception", args->exception, "R18: work that is not maintenance");
  decide->callback([&session, args, accept] {
    json params{{"id", args->id}, {"by", args->by}, {"note", args->note}}, result;
    if (accept) params["build_up_exception"] = args->exception;
    if (session.call(accept ? "application.accept" : "application.return", params, result)) session.out.show(result);
  });
}

auto* person = add_kind(app, session, args, "person", "end", "利用者 / people");
auto* passwd = person->add_subcommand("passwd", "パスワードの設定 / set a password, read from stdin or a file");
passwd->add_option("id", args->id)->required();
passwd->add_option("--file", args->file, "file with the password; default: stdin")->default_val("-");
passwd->callback([&session, args] { set_password(session, *args); });

auto* terminal = add_kind(app, session, args, "terminal", "end", "端末 / terminals");
auto* token = terminal->add_subcommand("enrol-token", "端末鍵の登録券 / one-time token for the device key");
token->add_option("id", args->id)->required();
token->callback([&session, args] {
  json result;
  if (session.call("terminal.enrolment_token", {{"terminal", args->id}}, result)) session.out.show(result);
});

auto* exception = add_kind(app, session, args, "exception", "end", "点検の例外 / posture exceptions");
auto* grant = exception->add_subcommand("grant", "許可 / grant from a JSON file");
grant->add_option("file", args->file)->required();
grant->callback([&session, args] {
  json object, result;
  if (read_json(session, args->file, object) && session.call("exception.grant", {{"object", object}}, result)) {
    session.out.show(result);
  }
});
}  // namespace sekisho::ctl

}  // namespace sekisho::ctl
