#include "programs/sekisho_front/front_program.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"sekisho-front: one access path of Sekisho, or its posture page"};
  std::string config, path;
  bool posture = false;
  app.add_option("--config", config, "configuration file")->required();
  auto* what = app.add_option_group("what to serve");
  what->add_option("--path", path, "name of the access path");
  what->add_flag("--posture", posture, "the posture page");
  what->require_option(1);
  CLI11_PARSE(app, argc, argv);
  const sekisho::front::StrictPacketFilter filter;
  return sekisho::programs::run_front({config, path, posture, filter});
}
