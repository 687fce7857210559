// sekishoctl: the staff's shell tool. Commands stand in *_commands.cpp.
#include "programs/sekishoctl/commands.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

namespace sekisho::ctl {

bool Session::call(const std::string& method, const nlohmann::json& params, nlohmann::json& result) {
  auto answer = ctl::call(socket, method, params);
  if (!answer) {
    exit_code = out.failed(answer.error());
    return false;
  }
  if (!answer->error.is_null()) {
    exit_code = out.refused(answer->error);
    return false;
  }
  result = std::move(answer->result);
  return true;
}

Result<std::string> read_input(const std::string& path) {
  constexpr std::size_t kMost = 16u << 20;
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail("ctl.unreadable", path);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (text.size() > kMost) return fail("ctl.unreadable", path + ": more than 16 MiB");
  return text;
}

}  // namespace sekisho::ctl

int main(int argc, char** argv) {
  CLI::App app{"sekishoctl: 関所の管理 / manages a Sekisho gate"};
  sekisho::ctl::Session session;
  if (const char* language = std::getenv("LANG");
      language != nullptr && std::string_view(language).substr(0, 2) == "en") {
    session.out.language = "en";
  }
  app.add_flag("--json", session.out.json, "answers as JSON");
  app.add_option("--socket", session.socket, "control socket")->capture_default_str();
  app.add_option("--lang", session.out.language, "ja or en")->check(CLI::IsMember({"ja", "en"}));
  app.require_subcommand(1);
  app.fallthrough();
  sekisho::ctl::add_registry_commands(app, session);
  sekisho::ctl::add_live_commands(app, session);
  sekisho::ctl::add_journal_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return session.exit_code;
}
