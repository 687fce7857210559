// Commands on a running gate: health, sessions, stops.
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/words.hpp"

#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

/// For people: the conditions with their meaning and what to do, instead of codes.
void show_health(Session& session) {
  json result;
  if (!session.call("health", json::object(), result)) return;
  if (session.out.json) return session.out.show(result);
  const json conditions = result.value("conditions", json::array());
  json links = json::array();
  for (const auto& link : result.value("links", json::array())) {
    const std::string role = link.value("role", std::string()), name = link.value("name", std::string());
    links.push_back(name.empty() || name == role ? role : role + ":" + name);
  }
  result.erase("conditions");
  result["links"] = links;
  const json rdp = result.value("rdp", json::object());
  result["rdp"] = rdp.value("rights", 0);
  session.out.show(result);
  if (conditions.empty()) return session.out.note({"異常はありません。", "Everything is well."});
  for (const auto& each : conditions) {
    const auto code = each.get<std::string>();
    session.out.note({"● " + code, "* " + code});
    for (const ConditionWords& words : condition_words()) {
      if (words.code != code.substr(0, code.find(':'))) continue;
      for (const Text* text : {&words.title, &words.remedy}) {
        session.out.note({"    " + text->ja, "    " + text->en});
      }
    }
  }
  json refused = rdp.value("refused", json::array());
  if (refused.empty()) return;
  for (json& one : refused) one["destination"] = one.value("address", std::string());  // not an address of the tunnel
  session.out.show(refused, {"at", "person", "source", "from", "to", "destination", "protocol", "tries"});
}

struct Args {
  std::string number, reason, scope, target;
};

}  // namespace

void add_live_commands(CLI::App& app, Session& session) {
  auto args = std::make_shared<Args>();
  auto* health = app.add_subcommand("health", "関所の状態 / state of the gate");
  on(health, session, [&session] { show_health(session); });

  auto* sessions = app.add_subcommand("sessions", "セッション一覧 / live sessions");
  on(sessions, session, [&session] {
    json result;
    if (!session.call("session.list", json::object(), result)) return;
    if (session.out.json) return session.out.show(result);
    session.out.show(result["sessions"], {"number", "state", "person", "terminal", "contract", "zone", "address",
                                          "peer", "tunnel_up", "until", "node"});
  });

  auto* circuits = app.add_subcommand("circuits", "閉域網の回線の状態 / circuits of the closed network");
  on(circuits, session, [&session] {
    json result;
    if (!session.call("circuit.list", json::object(), result)) return;
    if (session.out.json) return session.out.show(result);
    session.out.show(result["circuits"], {"circuit", "contractor", "site", "state", "line", "since", "addresses",
                                          "in_use_by", "closed_because", "expected_at", "late"});
  });

  auto* one = app.add_subcommand("session", "一つのセッション / one session");
  one->require_subcommand(1);
  auto* show = one->add_subcommand("show", "表示 / show");
  show->add_option("number", args->number, "セッション番号 / session number")->required();
  on(show, session, [&session, args] {
    json result;
    if (session.call("session.show", {{"number", args->number}}, result)) session.out.show(result);
  });
  auto* end = one->add_subcommand("end", "終了させる / end");
  end->add_option("number", args->number, "セッション番号 / session number")->required();
  end->add_option("--reason", args->reason, "理由（利用者に表示） / reason, shown to the person");
  on(end, session, [&session, args] {
    json result;
    if (session.call("session.end", {{"number", args->number}, {"reason", args->reason}}, result)) {
      session.out.done({"終了しました。", "Ended."});
    }
  });

  auto* server = app.add_subcommand("server", "サーバ / servers");
  server->require_subcommand(1);
  auto* power = server->add_subcommand("power", "電源の操作 / switch its machine");
  power->add_option("server", args->target, "サーバの識別子 / id of the server")->required();
  power->add_option("action", args->reason, "start, shut_down, power_off, reboot, reset")
      ->required()
      ->check(CLI::IsMember({"start", "shut_down", "power_off", "reboot", "reset"}));
  on(power, session, [&session, args] {
    json result;
    if (session.call("server.power", {{"server", args->target}, {"action", args->reason}}, result)) {
      session.out.done({"操作しました。", "Done."});
    }
  });

  const std::vector<std::string> scopes{"all", "path", "contractor", "person", "terminal", "desktop"};
  auto* stop = app.add_subcommand("stop", "緊急停止 / emergency stop");
  stop->add_option("scope", args->scope, "all, path, contractor, person, terminal, desktop")
      ->required()
      ->check(CLI::IsMember(scopes));
  stop->add_option("target", args->target, "対象の識別子（all では不要） / id of what is stopped; none with all");
  stop->add_option("--reason", args->reason, "理由 / reason");
  on(stop, session, [&session, args] {
    json result;
    if (session.call("stop", {{"scope", args->scope}, {"target", args->target}, {"reason", args->reason}}, result)) {
      session.out.done({"停止しました。", "Stopped."}, result);
    }
  });
  auto* release = app.add_subcommand("release", "停止の解除 / release a stop");
  release->add_option("scope", args->scope, "all, path, contractor, person, terminal, desktop")
      ->required()
      ->check(CLI::IsMember(scopes));
  release->add_option("target", args->target, "対象の識別子（all では不要） / id of what was stopped; none with all");
  on(release, session, [&session, args] {
    json result;
    if (session.call("release", {{"scope", args->scope}, {"target", args->target}}, result)) {
      session.out.done({"解除しました。", "Released."});
    }
  });
  auto* stops = app.add_subcommand("stops", "停止中の一覧 / stops in force");
  on(stops, session, [&session] {
    json result;
    if (!session.call("stops", json::object(), result)) return;
    if (session.out.json) return session.out.show(result);
    session.out.show(result["stops"], {"scope", "target", "at", "by", "reason"});
  });
}

}  // namespace sekisho::ctl
