// sekisho-netd --config FILE: the only process with CAP_NET_ADMIN, and with that capability alone.
// Order of life: configuration -> descriptors of /dev/net/tun, libnftables -> sandbox -> deny table -> devices -> links
// from the supervisor -> ready. Whatever fails before "ready" ends the process with its reason.
#include "base/events.hpp"
#include "base/log.hpp"
#include "base/site_config_parse.hpp"
#include "netd/events.hpp"
#include "netd/netd.hpp"
#include "netd/nft_kernel.hpp"
#include "netd/tun.hpp"
#include "run/asio_services.hpp"
#include "run/child_control.hpp"
#include "run/clock.hpp"
#include "run/peer_link.hpp"
#include "run/sandbox.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/descriptor_base.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sekisho::netd {
namespace {

namespace asio = boost::asio;

/// sekishod, or the front of one path.
class Neighbour final : public seam::Link::Handler {
 public:
  Neighbour(std::string name, Netd& netd, Log& log) : name_(std::move(name)), netd_(netd), log_(log) {
    const std::size_t colon = name_.find(':');
    role_ = name_.substr(0, colon);
    if (colon != std::string::npos) path_ = name_.substr(colon + 1);
  }
  ~Neighbour() override { detach(); }

  void open(asio::io_context& loop, const run::Clock& clock, run::Timers& timers, const std::string& node, run::Fd fd) {
    link_ = std::make_unique<run::PeerLink>(clock, timers, seam::Hello{seam::kVersion, "netd", "", node}, role_, path_,
                                            *this);
    link_->start(run::open_link(loop, std::move(fd), link_->inner()));
  }

 private:
  [[nodiscard]] bool is_front() const { return role_ == "front"; }

  void on_message(seam::Message message, int fd) override {
    run::Fd unwanted(fd);  // nobody hands descriptors to netd but the supervisor
    if (std::holds_alternative<seam::Hello>(message)) {
      attached_ = true;
      return is_front() ? netd_.attach_front(path_, *link_) : netd_.attach_gatekeeper(*link_);
    }
    if (!is_front()) return netd_.on_gatekeeper(message);
    if (std::holds_alternative<seam::Heartbeat>(message)) return;
    if (const auto* sources = std::get_if<seam::BarSources>(&message)) return netd_.bar(path_, *sources);
    log_.event(kFrontBreach, {{"path", path_}});
    detach();
    link_->close();
  }
  void on_closed(std::string_view why) override {
    detach();
    log_.event(kLinkLost, {{"name", name_}, {"why", why}});
  }
  void detach() {
    if (!std::exchange(attached_, false)) return;
    is_front() ? netd_.detach_front(path_) : netd_.detach_gatekeeper();
  }

  std::string name_, role_, path_;
  Netd& netd_;
  Log& log_;
  std::unique_ptr<run::PeerLink> link_;
  bool attached_ = false;
};

class Daemon final : public run::ChildControl::Handler {
 public:
  explicit Daemon(SiteConfig config)
      : config_(std::move(config)),
        log_(make_log({.program = "sekisho-netd", .now = [this] { return clock_.now(); }})),
        timers_(loop_, clock_) {}

  int run() {
    const auto paths = net_paths(config_);
    asio::signal_set signals(loop_, SIGTERM, SIGINT);
    signals.async_wait([this](boost::system::error_code error, int) {
      if (!error) stop("signal", 0);
    });
    auto nodes = TunDevices::open_nodes(paths.size());
    if (!nodes) return refuse(nodes.error());
    auto filter = NftKernel::open(paths);
    if (!filter) return refuse(filter.error());
    auto watch = open_nft_watch();
    if (!watch) return refuse(watch.error());
    const auto inside = run::enter_sandbox(run::SandboxProfile::netd, config_.netd_uid);
    if (!inside) return refuse(inside.error());
    if (!inside->note.empty()) log_->event(kSandboxOpen, {{"note", inside->note}});

    netd_.emplace(paths, **filter, clock_, timers_, *log_, [this] { stop("broken", 1); });
    if (auto installed = netd_->install(); !installed) return refuse(installed.error());
    auto devices = TunDevices::make(paths, std::move(*nodes));
    if (!devices) return refuse(devices.error());
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (paths[i].closed) continue;
      log_->event(kDeviceReady,
                  {{"device", paths[i].tun}, {"path", paths[i].name}, {"offloads", devices->offloads(i)}});
    }
    netd_->serve(*devices);
    asio::posix::stream_descriptor changes(loop_, watch->fd());
    follow(changes, *watch);
    control_ = std::make_unique<run::ChildControl>(loop_, *this);
    loop_.run();
    static_cast<void>(changes.release());
    neighbours_.clear();  // they hold references into the rest
    control_.reset();
    netd_.reset();
    return exit_code_;
  }

 private:
  void follow(asio::posix::stream_descriptor& changes, const NetlinkSocket& watch) {
    changes.async_wait(asio::posix::descriptor_base::wait_read,
                       [this, &changes, &watch](const boost::system::error_code& error) {
                         if (error) return;
                         if (drain(watch)) netd_->look();
                         follow(changes, watch);
                       });
  }
  int refuse(const Error& error) {
    log_->event(kNotStarted, {{"code", error.code}, {"detail", error.detail}});
    return 1;
  }
  void stop(std::string_view why, int exit_code) {
    log_->event(kStopping, {{"why", why}});
    exit_code_ = exit_code;
    loop_.stop();
  }

  // --- the supervisor
  void on_listener(std::string, run::Fd) override {}
  void on_link(std::string name, run::Fd fd) override {
    auto& slot = neighbours_[name];
    slot.reset();
    slot = std::make_unique<Neighbour>(name, *netd_, *log_);
    slot->open(loop_, clock_, timers_, config_.node, std::move(fd));
  }
  void on_complete() override {
    control_->ready();
    log_->event(kServing, {{"paths", config_.paths.size()}});
  }
  void on_supervisor_gone(std::string_view why) override { stop(why, 0); }

  const SiteConfig config_;
  asio::io_context loop_{1};
  run::GateClock clock_;
  std::unique_ptr<Log> log_;
  run::AsioTimers timers_;
  std::optional<Netd> netd_;
  std::unique_ptr<run::ChildControl> control_;
  std::map<std::string, std::unique_ptr<Neighbour>> neighbours_;
  int exit_code_ = 0;
};

int serve(const std::string& config_file) {
  auto parsed = load_site_config(config_file);
  if (!parsed.value) {
    const auto log = make_log({.program = "sekisho-netd", .in_background = false});
    for (const Error& error : parsed.errors) {
      log->event(kConfigRefused, {{"code", error.code}, {"detail", error.detail}});
    }
    return 2;
  }
  return Daemon(std::move(*parsed.value)).run();
}

}  // namespace
}  // namespace sekisho::netd

int main(int argc, char** argv) {
  CLI::App app("sekisho-netd: TUN devices and the kernel's filter");
  std::string config_file;
  app.add_option("--config", config_file, "The site configuration")->required();
  CLI11_PARSE(app, argc, argv);
  return sekisho::netd::serve(config_file);
}
