// sekisho-relay --config FILE --path NAME
// Order of life: configuration -> loop -> sandbox -> entrance and link from the supervisor -> ready -> serving.
// Whatever fails before "ready" ends the process with its reason.
#include "base/events.hpp"
#include "base/log.hpp"
#include "base/site_config_parse.hpp"
#include "programs/relay/events.hpp"
#include "programs/relay/relay.hpp"
#include "run/asio_services.hpp"
#include "run/child_control.hpp"
#include "run/clock.hpp"
#include "run/peer_link.hpp"
#include "run/sandbox.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace sekisho::relay {
namespace {

class Process final : private run::ChildControl::Handler, private seam::Link::Handler {
 public:
  Process(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Log& log, const PathConfig& path,
          std::string node)
      : loop_(loop),
        clock_(clock),
        timers_(timers),
        log_(log),
        path_(path),
        node_(std::move(node)),
        relay_(loop, clock, timers),
        control_(loop, *this) {}

  void stop(std::string_view why) {
    log_.event(kRelayStopping, {{"path", path_.name}, {"why", why}});
    loop_.stop();
  }
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  // --- the supervisor
  void on_listener(std::string address, run::Fd fd) override {
    if (address == path_.entrance) listener_ = std::move(fd);
  }
  void on_link(std::string name, run::Fd fd) override {
    if (name != "sekishod") return;
    relay_.set_link(nullptr);
    link_ = std::make_unique<run::PeerLink>(clock_, timers_, seam::Hello{seam::kVersion, "relay", path_.name, node_},
                                            "sekishod", "", static_cast<seam::Link::Handler&>(*this));
    link_->start(run::open_link(loop_, std::move(fd), link_->inner()));
  }
  void on_complete() override {
    if (!listener_) {
      log_.event(kRelayRefused, {{"code", "relay.no_entrance"}, {"detail", path_.entrance}});
      exit_code_ = 1;
      return loop_.stop();
    }
    relay_.listen(std::move(listener_));
    control_.ready();
    log_.event(kRelayServing, {{"path", path_.name}, {"entrance", path_.entrance}});
  }
  void on_supervisor_gone(std::string_view why) override { stop(why); }

  // --- sekishod
  void on_message(seam::Message message, int fd) override {
    const run::Fd unwanted(fd);  // nobody hands descriptors to a relay but the supervisor
    if (std::holds_alternative<seam::Hello>(message)) {
      relay_.set_link(link_.get());
    } else {
      relay_.on_message(message);
    }
  }
  void on_closed(std::string_view why) override {
    log_.event(kRelayLinkLost, {{"path", path_.name}, {"why", why}});
    relay_.set_link(nullptr);
  }

  boost::asio::io_context& loop_;
  const run::Clock& clock_;
  run::Timers& timers_;
  Log& log_;
  const PathConfig& path_;
  const std::string node_;
  run::Fd listener_;
  std::unique_ptr<run::PeerLink> link_;  // outlives the relay, which may speak while it ends
  Relay relay_;
  run::ChildControl control_;
  int exit_code_ = 0;
};

int run_relay(const std::string& config_file, const std::string& name) {
  const run::GateClock clock;
  // Its writer thread starts before the sandbox, which forbids new ones.
  const auto log = make_log({.program = "sekisho-relay", .now = [&] { return clock.now(); }});
  const auto config = load_site_config(config_file);
  if (!config.value) {
    for (const Error& error : config.errors) {
      log->event(kConfigRefused, {{"code", error.code}, {"detail", error.detail}});
    }
    return 2;
  }
  const auto path = std::ranges::find(config.value->paths, name, &PathConfig::name);
  if (path == config.value->paths.end() || path->entrance.empty()) {
    log->event(kRelayRefused, {{"code", "relay.no_entrance"}, {"detail", name}});
    return 2;
  }
  boost::asio::io_context loop(1);
  run::AsioTimers timers(loop, clock);
  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  const auto inside = run::enter_sandbox(run::SandboxProfile::relay, path->relay_uid);
  if (!inside) {
    log->event(kRelayRefused, {{"code", inside.error().code}, {"detail", inside.error().detail}});
    return 1;
  }
  if (!inside->note.empty()) log->event(kRelaySandboxOpen, {{"path", name}, {"note", inside->note}});
  Process process(loop, clock, timers, *log, *path, config.value->node);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) process.stop("signal");
  });
  loop.run();
  return process.exit_code();
}

}  // namespace
}  // namespace sekisho::relay

int main(int argc, char** argv) {
  CLI::App app{"sekisho-relay: the entrance to the desktops of one path"};
  std::string config_file, path;
  app.add_option("--config", config_file, "configuration file")->required();
  app.add_option("--path", path, "name of the path whose entrance this is")->required();
  CLI11_PARSE(app, argc, argv);
  return sekisho::relay::run_relay(config_file, path);
}
