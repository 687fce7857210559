// sekisho supervise --config FILE [--programs DIR] [--ready-fd N] [--status FILE]
#include "base/events.hpp"
#include "base/log.hpp"
#include "base/site_config_parse.hpp"
#include "programs/sekisho/events.hpp"
#include "programs/sekisho/plan.hpp"
#include "programs/sekisho/supervisor.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace sekisho::supervise {
namespace {

struct Options {
  std::string config_file, programs, status_file;
  int ready_fd = -1;
};

/// Written whole or not at all: who reads it never sees half.
void write_status(const std::string& file, const std::vector<ChildStatus>& children) {
  if (file.empty()) return;
  nlohmann::json list = nlohmann::json::array();
  for (const ChildStatus& child : children) {
    list.push_back(
        {{"name", child.name}, {"state", to_string(child.state)}, {"pid", child.pid}, {"starts", child.starts}});
  }
  const std::string fresh = file + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << nlohmann::json{{"supervisor", getpid()}, {"children", list}}.dump() << '\n';
    if (!out.flush()) return;
  }
  std::error_code ignored;
  std::filesystem::rename(fresh, file, ignored);
}

int supervise(const Options& options) {
  // No writer thread: this process forks.
  const auto log = make_log({.program = "sekisho", .in_background = false});
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);  // inherited by all children
  signal(SIGPIPE, SIG_IGN);
  const auto refuse = [&](const Error& error) {
    log->event(kCannotStart, {{"code", error.code}, {"detail", error.detail}});
    return 1;
  };

  const auto config = load_site_config(options.config_file);
  if (!config.value) {
    for (const Error& error : config.errors) {
      log->event(kConfigRefused, {{"code", error.code}, {"detail", error.detail}});
    }
    return 2;
  }
  std::error_code error;
  std::string programs = options.programs;
  if (programs.empty()) programs = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  Plan plan = make_plan(*config.value, std::filesystem::absolute(options.config_file), programs);
  if (auto made = make_state_directories(*config.value); !made) return refuse(made.error());
  auto listeners = open_listeners(*config.value, plan);
  if (!listeners) return refuse(listeners.error());

  boost::asio::io_context loop(1);
  run::GateClock clock;
  run::AsioTimers timers(loop, clock);
  std::unique_ptr<Supervisor> supervisor;
  Supervisor::Callbacks callbacks;
  callbacks.on_change = [&] { write_status(options.status_file, supervisor->status()); };
  callbacks.on_all_ready = [&] {
    if (options.ready_fd < 0) return;
    static_cast<void>(!write(options.ready_fd, "ready\n", 6));
    close(options.ready_fd);
  };
  callbacks.on_stopped = [&] { loop.stop(); };
  supervisor = std::make_unique<Supervisor>(loop, clock, timers, std::move(plan), std::move(*listeners), *log,
                                            std::move(callbacks));
  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& failed, int number) {
    if (failed) return;
    log->event(kStopping, {{"signal", number}});
    supervisor->stop();
  });
  supervisor->start();
  loop.run();
  const bool failed = supervisor->failed();
  supervisor.reset();
  unlink(config.value->control_socket.c_str());
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace sekisho::supervise

int main(int argc, char** argv) {
  CLI::App app("Sekisho: the gate's supervisor");
  app.require_subcommand(1);
  sekisho::supervise::Options options;
  auto* supervise = app.add_subcommand("supervise", "Start the gate's processes and bring back what dies");
  supervise->add_option("--config", options.config_file, "The site configuration")->required();
  supervise->add_option("--programs", options.programs, "Folder of the programs; default: where this one lies");
  supervise->add_option("--ready-fd", options.ready_fd, "Gets \"ready\" and a line feed once every process serves");
  supervise->add_option("--status", options.status_file, "File that always shows the processes' states, as JSON");
  CLI11_PARSE(app, argc, argv);
  if (options.ready_fd >= 0) fcntl(options.ready_fd, F_SETFD, FD_CLOEXEC);
  return sekisho::supervise::supervise(options);
}
