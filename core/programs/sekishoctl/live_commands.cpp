// Commands on a running gate: health, sessions, stops.
#include "programs/sekishoctl/commands.hpp"

namespace sekisho::ctl {

using nlohmann::json;

void add_live_commands(CLI::App& app, Session& session) {
  auto* health = app.add_subcommand("health", "状態 / state of the gate");
  health->callback([&session] {
    json result;
    if (session.call("health", json::object(), result)) session.out.show(result);
  });

  auto* sessions = app.add_subcommand("sessions", "セッション一覧 / live sessions");
  sessions->callback([&session] {
    json result;
    if (!session.call("session.list", json::object(), result)) return;
    if (session.out.json) return session.out.show(result);
    session.out.show(result["sessions"], {"number", "state", "person", "terminal", "contract", "zone", "address",
                                          "peer", "tunnel_up", "until"});
  });

  auto* one = app.add_subcommand("session", "一つのセッション / one session");
  one->require_subcommand(1);
  struct Args {
    std::string number, reason, scope, target;
  };
  auto args = std::make_shared<Args>();
  auto* show = one->add_subcommand("show", "表示 / show");
  show->add_option("number", args->number)->required();
  show->callback([&session, args] {
    json result;
    if (session.call("session.show", {{"number", args->number}}, result)) session.out.show(result);
  });
  auto* end = one->add_subcommand("end", "終了させる / end");
  end->add_option("number", args->number)->required();
  end->add_option("--reason", args->reason, "理由（利用者に表示） / reason, shown to the person");
  end->callback([&session, args] {
    json result;
    if (session.call("session.end", {{"number", args->number}, {"reason", args->reason}}, result)) {
      session.out.done("終了しました。", "Ended.");
    }
  });

  auto* stop = app.add_subcommand("stop", "緊急停止 / emergency stop");
  stop->add_option("scope", args->scope, "all, path, contractor, person, terminal, desktop")->required();
  stop->add_option("target", args->target);
  stop->add_option("--reason", args->reason, "理由 / reason");
  stop->callback([&session, args] {
    json result;
    if (session.call("stop", {{"scope", args->scope}, {"target", args->target}, {"reason", args->reason}}, result)) {
      session.out.show(result);
    }
  });
  auto* release = app.add_subcommand("release", "停止の解除 / release a stop");
  release->add_option("scope", args->scope)->required();
  release->add_option("target", args->target);
  release->callback([&session, args] {
    json result;
    if (session.call("release", {{"scope", args->scope}, {"target", args->target}}, result)) {
      session.out.done("解除しました。", "Released.");
    }
  });
  auto* stops = app.add_subcommand("stops", "停止中の一覧 / stops in force");
  stops->callback([&session] {
    json result;
    if (!session.call("stops", json::object(), result)) return;
    session.out.show(session.out.json ? result : result["stops"]);
  });
}

}  // namespace sekisho::ctl
