// Commands on the registry as a whole and on single objects of any kind.
#include "base/json.hpp"
#include "pki/files.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/input.hpp"
#include "programs/sekishoctl/registry_access.hpp"
#include "registry/fields.hpp"

#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

constexpr const char* kKindHelp =
    "contractor, system, server, contract, person, terminal, certificate, desktop, circuit, application, exception, "
    "stop";

std::string plural(const std::string& kind) {
  const auto found = registry::kind_of(kind);
  return found ? std::string(registry::name_of(*found).many) : std::string();
}

std::string is_kind(const std::string& name) {
  return plural(name).empty() ? "種類は / the kinds are: " + std::string(kKindHelp) : std::string();
}

struct Args {
  std::string kind, id, file, out;
  std::vector<std::string> fields;
  bool secrets = false;
  std::int64_t generation = -1;
};

/// What a table shows of a kind; everything else stands in `show` and in --json.
std::vector<std::string> columns_of(const std::string& kind) {
  using registry::Kind;
  switch (registry::kind_of(kind).value_or(Kind::stop)) {
    case Kind::contractor:
      return {"id", "name"};
    case Kind::system:
      return {"id", "name", "department", "zone"};
    case Kind::server:
      return {"id", "system", "kind", "manager", "address"};
    case Kind::contract:
      return {"id", "contractor", "title", "period", "systems", "ended_at"};
    case Kind::person:
      return {"id", "name", "contractor", "login", "mail", "roles", "valid", "ended_at"};
    case Kind::terminal:
      return {"id", "name", "contractor", "kind", "macs", "binding", "ended_at"};
    case Kind::certificate:
      return {"person", "terminal", "serial_hex", "not_after", "revoked_at", "fingerprint_sha256"};
    case Kind::desktop:
      return {"id", "person", "zone", "address", "port"};
    case Kind::circuit:
      return {"id", "contractor", "site", "prefixes", "planned_at", "usable_at", "ended_at"};
    case Kind::application:
      return {"id", "state", "contract", "people", "terminals", "systems", "period", "purpose", "decided_by"};
    case Kind::exception:
      return {"id", "check", "terminal", "application", "approver", "until", "reason"};
    case Kind::stop:
      return {"scope", "target", "at", "by", "reason"};
  }
  return {};
}

void export_registry(Session& session, const Args& args) {
  json document;
  if (!session.call("registry.export", {{"secrets", args.secrets}}, document)) return;
  const std::string text = document.dump(session.out.json && args.out.empty() ? -1 : 1) + "\n";
  if (args.out.empty()) {
    std::fputs(text.c_str(), stdout);
    return;
  }
  if (auto written = pki::write_file(args.out, text, pki::kPrivateMode, pki::Existing::replaced); !written) {
    return session.fails(written.error());
  }
  session.out.done({"書き出しました: " + args.out, "Written: " + args.out}, {{"generation", document["generation"]}});
}

void edit_object(Session& session, const Args& args) {
  json object;
  std::uint64_t generation = 0;
  if (!find_object(session, args.kind, args.id, object, &generation)) return;
  for (const std::string& field : args.fields) {
    const std::size_t equals = field.find('=');
    if (equals == std::string::npos || equals == 0) return session.fails(fail("ctl.usage", field + " (name=value)"));
    const std::string name = field.substr(0, equals), value = field.substr(equals + 1);
    if (value.empty()) {
      object.erase(name);
      continue;
    }
    // What begins like JSON must be JSON; everything else is a text ("2026-04-01", "森工業").
    const auto parsed = parse_json(value);
    if (!parsed && (value.front() == '{' || value.front() == '[' || value.front() == '"')) {
      return session.fails(parsed.error());
    }
    object[name] = parsed ? *parsed : json(value);
  }
  json result;
  if (session.call("registry.put", {{"kind", args.kind}, {"object", object}, {"if_generation", generation}}, result)) {
    session.out.done({"変更しました。", "Changed."}, result);
  }
}

}  // namespace

bool find_object(Session& session, const std::string& kind, const std::string& id, json& object,
                 std::uint64_t* generation) {
  json document;
  if (!session.call("registry.export", json::object(), document)) return false;
  if (generation != nullptr) *generation = document.value("generation", std::uint64_t{0});
  for (const auto& row : document.value(plural(kind), json::array())) {
    const std::string key = row.value("id", row.value("fingerprint_sha256", std::string()));
    if (key != id) continue;
    object = row;
    return true;
  }
  session.fails(fail("registry.no_such_object", kind + " " + id));
  return false;
}

void add_registry_commands(CLI::App& app, Session& session) {
  auto args = std::make_shared<Args>();
  const auto kind_option = [&](CLI::App* command) {
    command->add_option("kind", args->kind, kKindHelp)->required()->check(is_kind);
  };

  auto* exporting = app.add_subcommand("export", "台帳の書き出し / export the registry");
  exporting->add_flag("--with-secrets", args->secrets,
                      "パスワードのハッシュと未使用の登録トークンも含める / password hashes and open enrolments too");
  exporting->add_option("--out", args->out, "出力先（本人だけが読める） / file, readable by its owner alone");
  on(exporting, session, [&session, args] { export_registry(session, *args); });

  auto* import = app.add_subcommand("import", "台帳の読み込み（全体を置換） / import a whole registry");
  import->add_option("file", args->file, "JSON, - は標準入力 / - for stdin")->required();
  import
      ->add_option("--if-generation", args->generation,
                   "台帳がこの世代のままの場合だけ / only while the registry is of this generation")
      ->check(CLI::NonNegativeNumber);
  on(import, session, [&session, args] {
    json document, result;
    if (!session.take(read_json(args->file), document)) return;
    json params{{"document", std::move(document)}};
    if (args->generation >= 0) params["if_generation"] = args->generation;
    if (session.call("registry.import", params, result)) session.out.done({"読み込みました。", "Imported."}, result);
  });

  auto* list = app.add_subcommand("list", "一覧 / list objects of a kind");
  kind_option(list);
  on(list, session, [&session, args] {
    json document;
    if (session.call("registry.export", json::object(), document)) {
      session.out.show(document.value(plural(args->kind), json::array()), columns_of(args->kind));
    }
  });

  auto* show = app.add_subcommand("show", "表示 / show one object");
  kind_option(show);
  show->add_option("id", args->id, "識別子 / id")->required();
  on(show, session, [&session, args] {
    json object;
    if (find_object(session, args->kind, args->id, object)) session.out.show(object);
  });

  auto* put = app.add_subcommand("put", "登録・置換 / add or replace one object");
  kind_option(put);
  put->add_option("file", args->file, "JSON, - は標準入力 / - for stdin")->required();
  on(put, session, [&session, args] {
    json object, result;
    if (session.take(read_json(args->file), object) &&
        session.call("registry.put", {{"kind", args->kind}, {"object", object}}, result)) {
      session.out.done({"登録しました。", "Registered."}, result);
    }
  });

  auto* edit = app.add_subcommand("edit", "項目の変更 / change fields of one object");
  kind_option(edit);
  edit->add_option("id", args->id, "識別子 / id")->required();
  edit->add_option("fields", args->fields,
                   "項目=値（値はJSONか文字列、空なら削除） / name=value; JSON or text, empty: removed")
      ->required();
  on(edit, session, [&session, args] { edit_object(session, *args); });

  auto* remove = app.add_subcommand("remove", "削除 / remove one object that nothing refers to");
  kind_option(remove);
  remove->add_option("id", args->id, "識別子 / id")->required();
  on(remove, session, [&session, args] {
    json result;
    if (session.call("registry.remove", {{"kind", args->kind}, {"id", args->id}}, result)) {
      session.out.done({"削除しました。", "Removed."}, result);
    }
  });
}

}  // namespace sekisho::ctl
