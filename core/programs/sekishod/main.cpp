#include "programs/sekishod/daemon.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"sekishod: the gatekeeper of Sekisho"};
  sekisho::programs::DaemonOptions options;
  app.add_option("--config", options.config_file, "configuration file")->required();
  app.add_flag("--check-config", options.check_only, "check the configuration and all plugins, then stop");
  CLI11_PARSE(app, argc, argv);
  return sekisho::programs::run_daemon(options);
}
