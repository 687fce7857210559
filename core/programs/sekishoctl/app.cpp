// The command line as a whole: what stands around the commands of *_commands.cpp.
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/input.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace sekisho::ctl {
namespace {

std::unique_ptr<CLI::App> make_app(Session& session) {
  auto app = std::make_unique<CLI::App>("関所の管理 / manages a Sekisho gate", "sekishoctl");
  app->add_flag("--json", session.out.json, "JSONで出力 / answers as JSON");
  app->add_option("--socket", session.socket, "制御ソケット / control socket")
      ->envname("SEKISHO_SOCKET")
      ->capture_default_str();
  app->add_option("--lang", session.out.language, "表示言語 / language")->check(CLI::IsMember({"ja", "en"}));
  app->require_subcommand(1);
  app->fallthrough();
  add_registry_commands(*app, session);
  add_rights_commands(*app, session);
  add_ca_commands(*app, session);
  add_live_commands(*app, session);
  add_check_commands(*app, session);
  add_journal_commands(*app, session);
  add_recording_commands(*app, session);
  return app;
}

void collect(const CLI::App& app, const std::string& prefix, std::vector<std::string>& out) {
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) {
    const std::string name = prefix.empty() ? child->get_name() : prefix + " " + child->get_name();
    collect(*child, name, out);
  }
  if (children.empty()) out.push_back(prefix);
}

}  // namespace

bool Session::call(const std::string& method, const nlohmann::json& params, nlohmann::json& result) {
  auto answer = ctl::call(socket, method, params);
  if (!answer) {
    fails(answer.error());
    return false;
  }
  if (!answer->error.is_null()) {
    exit_code = out.refused(answer->error);
    return false;
  }
  result = std::move(answer->result);
  return true;
}

void on(CLI::App* command, Session& session, std::function<void()> fn) {
  command->callback([&session, fn = std::move(fn)] {
    if (!session.only_parse) fn();
  });
}

int run(int argc, const char* const* argv) {
  Session session;
  // POSIX: LC_ALL before LC_MESSAGES before LANG.
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    if (std::string_view(value).substr(0, 2) == "en") session.out.language = "en";
    break;
  }
  const auto app = make_app(session);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
      std::fprintf(stderr, "%s", session.out.in({"指定に誤りがあります。", "The command line is not right. "}).c_str());
    }
    return app->exit(error) == 0 ? 0 : 2;
  }
  return session.exit_code;
}

std::string parse_error(const std::vector<std::string>& words) {
  Session session;
  session.only_parse = true;
  const auto app = make_app(session);
  try {
    app->parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the back
  } catch (const CLI::ParseError& error) {
    return error.get_name() + std::string(": ") + error.what();
  }
  return {};
}

std::vector<std::string> command_names() {
  Session session;
  std::vector<std::string> out;
  collect(*make_app(session), "", out);
  return out;
}

}  // namespace sekisho::ctl
