// sekisho-hyperd --config FILE --zone ZONE: the one process of a zone that may speak to its hypervisors.
// Order of life: configuration -> plugins -> sandbox -> pool, watches -> links from the supervisor -> ready. Whatever
// fails before "ready" ends the process with its reason.
#include "base/events.hpp"
#include "base/log.hpp"
#include "base/site_config_parse.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"
#include "programs/hyperd/events.hpp"
#include "programs/hyperd/watch.hpp"
#include "programs/hyperd/window.hpp"
#include "registry/rules.hpp"
#include "run/asio_services.hpp"
#include "run/child_control.hpp"
#include "run/clock.hpp"
#include "run/loop.hpp"
#include "run/peer_link.hpp"
#include "run/sandbox.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::hyperd {
namespace {

namespace asio = boost::asio;

std::optional<registry::Zone> zone_of(std::string_view text) {
  for (const auto zone : {registry::Zone::internet_business, registry::Zone::internet_dmz, registry::Zone::my_number}) {
    if (registry::to_string(zone) == text) return zone;
  }
  return std::nullopt;
}

/// sekishod, or the relay of one path.
class Neighbour final : public seam::Link::Handler {
 public:
  Neighbour(std::string name, Window& window, Log& log, std::string zone)
      : name_(std::move(name)), window_(window), log_(log), zone_(std::move(zone)) {
    if (const std::size_t colon = name_.find(':'); colon != std::string::npos) relay_ = name_.substr(colon + 1);
  }
  ~Neighbour() override { detach(); }

  void open(asio::io_context& loop, const run::Clock& clock, run::Timers& timers, const std::string& node, run::Fd fd) {
    const std::string role = name_.substr(0, name_.find(':'));
    link_ = std::make_unique<run::PeerLink>(clock, timers, seam::Hello{seam::kVersion, "hyperd", zone_, node}, role,
                                            relay_, *this);
    link_->start(run::open_link(loop, std::move(fd), link_->inner()));
  }
  void close() {
    detach();
    if (link_) link_->close();
  }

 private:
  [[nodiscard]] bool is_relay() const { return !relay_.empty(); }
  void on_message(seam::Message message, int fd) override {
    const run::Fd unwanted(fd);  // nobody hands descriptors to hyperd but the supervisor
    if (std::holds_alternative<seam::Hello>(message)) {
      attached_ = true;
      return is_relay() ? window_.set_relay(relay_, link_.get()) : window_.set_gate(link_.get());
    }
    if (!attached_) return;
    is_relay() ? window_.from_relay(relay_, std::move(message)) : window_.from_gate(std::move(message));
  }
  void on_closed(std::string_view why) override {
    detach();
    log_.event(kHyperLinkLost, {{"zone", zone_}, {"name", name_}, {"why", why}});
  }
  void detach() {
    if (!std::exchange(attached_, false)) return;
    is_relay() ? window_.set_relay(relay_, nullptr) : window_.set_gate(nullptr);
  }

  const std::string name_;
  Window& window_;
  Log& log_;
  const std::string zone_;
  std::string relay_;
  std::unique_ptr<run::PeerLink> link_;
  bool attached_ = false;
};

class Daemon final : public run::ChildControl::Handler {
 public:
  Daemon(SiteConfig config, HyperConfig own)
      : config_(std::move(config)),
        own_(std::move(own)),
        early_log_(make_log({.program = "sekisho-hyperd", .in_background = false})),
        timers_(loop_, clock_),
        host_("sekisho-hyperd", entropy_, *early_log_) {}

  int run() {
    if (!load_drivers()) return 1;
    asio::signal_set signals(loop_, SIGTERM, SIGINT);
    signals.async_wait([this](boost::system::error_code error, int) {
      if (!error) stop("signal");
    });
    const auto inside = run::enter_sandbox(run::SandboxProfile::hyperd, own_.uid);
    if (!inside) return refuse(inside.error());
    log_ = make_log({.program = "sekisho-hyperd", .now = [this] { return clock_.now(); }});
    if (!inside->note.empty()) log_->event(kHyperSandboxOpen, {{"zone", own_.zone}, {"note", inside->note}});
    pools_ = std::make_unique<run::ThreadPools>(clock_, timers_, kPools);
    window_ = std::make_unique<Window>(*zone_of(own_.zone), drivers_, clock_, *pools_, *log_,
                                       [this](const std::string& relay) { close(relay); });
    for (const Drivers& driver : drivers_) {
      watches_.push_back(std::make_unique<Watch>(
          *driver.driver, timers_,
          [this, name = driver.name](const MachineEvent& event) { window_->saw(name, event); }));
    }
    control_ = std::make_unique<run::ChildControl>(loop_, *this);
    run::run_loop(loop_, [this](std::string_view what) { log_->event(kHyperBroke, {{"what", what}}); });
    watches_.clear();
    neighbours_.clear();
    control_.reset();
    window_.reset();
    pools_.reset();  // before the drivers
    return 0;
  }

 private:
  static constexpr run::ThreadPools::Sizes kPools{.store = {1, 1}, .password = {1, 1}, .general = {8, 256}};

  int refuse(const Error& error) {
    early_log_->event(kHyperRefused, {{"code", error.code}, {"detail", error.detail}});
    return 1;
  }

  bool load_drivers() {
    bool good = true;
    for (const ManagerConfig& manager : own_.managers) {
      // A loader of its own: two managers may use the same plugin.
      plugin::Loader loader(config_.plugin_directory, host_);
      auto loaded = loader.load(manager.plugin, PluginKind::console_driver);
      if (!loaded) {
        refuse(fail(loaded.error().code, manager.name + ": " + loaded.error().detail));
        good = good && !manager.plugin.critical;
        continue;
      }
      plugins_.push_back(*std::move(loaded));
      drivers_.push_back({manager.name,
                          manager.role == "desktops" ? hyper::ManagerRole::desktops : hyper::ManagerRole::consoles,
                          std::get<std::unique_ptr<ConsoleDriver>>(plugins_.back().object).get()});
    }
    return good;
  }

  /// Not inside the neighbour's own callback.
  void close(const std::string& relay) {
    timers_.post([this, name = relay.empty() ? std::string("sekishod") : "relay:" + relay] {
      if (const auto found = neighbours_.find(name); found != neighbours_.end()) found->second->close();
    });
  }
  void stop(std::string_view why) {
    if (log_) log_->event(kHyperStopping, {{"zone", own_.zone}, {"why", why}});
    loop_.stop();
  }

  // --- the supervisor
  void on_listener(std::string, run::Fd) override {}
  void on_link(std::string name, run::Fd fd) override {
    if (name != "sekishod" && !name.starts_with("relay:")) return;
    auto& slot = neighbours_[name];
    slot.reset();
    slot = std::make_unique<Neighbour>(name, *window_, *log_, own_.zone);
    slot->open(loop_, clock_, timers_, config_.node, std::move(fd));
  }
  void on_complete() override {
    control_->ready();
    log_->event(kHyperServing, {{"zone", own_.zone}, {"managers", drivers_.size()}});
  }
  void on_supervisor_gone(std::string_view why) override { stop(why); }

  const SiteConfig config_;
  const HyperConfig own_;
  std::unique_ptr<Log> early_log_, log_;  // before the sandbox there is one thread only
  asio::io_context loop_{1};
  run::GateClock clock_;
  run::AsioTimers timers_;
  run::KernelEntropy entropy_;
  plugin::SystemPluginHost host_;
  std::vector<plugin::LoadedPlugin> plugins_;
  std::vector<Drivers> drivers_;
  std::unique_ptr<run::ThreadPools> pools_;
  std::unique_ptr<Window> window_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::map<std::string, std::unique_ptr<Neighbour>> neighbours_;
  std::unique_ptr<run::ChildControl> control_;
};

int serve(const std::string& config_file, const std::string& zone) {
  const auto say = [](const Event& event, const Error& error) {
    make_log({.program = "sekisho-hyperd", .in_background = false})
        ->event(event, {{"code", error.code}, {"detail", error.detail}});
    return 2;
  };
  auto config = load_site_config(config_file);
  if (!config.value) {
    for (const Error& error : config.errors) say(kConfigRefused, error);
    return 2;
  }
  const auto own = std::ranges::find(config.value->hypervisors, zone, &HyperConfig::zone);
  if (own == config.value->hypervisors.end()) return say(kHyperRefused, fail("hyper.no_such_zone", zone));
  HyperConfig mine = *own;
  return Daemon(std::move(*config.value), std::move(mine)).run();
}

}  // namespace
}  // namespace sekisho::hyperd

int main(int argc, char** argv) {
  CLI::App app{"sekisho-hyperd: the hypervisors of one zone"};
  std::string config_file, zone;
  app.add_option("--config", config_file, "configuration file")->required();
  app.add_option("--zone", zone, "zone whose hypervisors these are")->required();
  CLI11_PARSE(app, argc, argv);
  return sekisho::hyperd::serve(config_file, zone);
}
