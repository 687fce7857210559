// Order of life: configuration -> TLS files and plugin -> loop -> sandbox (user, capabilities, seccomp) -> links and
// listeners from the supervisor -> ready -> serving. After the sandbox nothing is opened and nobody is connected to.
#include "programs/sekisho_front/front_program.hpp"

#include "base/events.hpp"
#include "base/log.hpp"
#include "base/site_config_parse.hpp"
#include "front/front.hpp"
#include "net/tls/server_files.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"
#include "programs/sekisho_front/events.hpp"
#include "run/asio_services.hpp"
#include "run/child_control.hpp"
#include "run/clock.hpp"
#include "run/loop.hpp"
#include "run/peer_link.hpp"
#include "run/priority.hpp"
#include "run/sandbox.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace sekisho::programs {
namespace {

namespace asio = boost::asio;

constexpr const char* kGatekeeper = "sekishod";
constexpr const char* kNetd = "netd";
/// Descriptors that are no connections: links, listeners, the loop's own, the log.
constexpr rlim_t kOtherDescriptors = 64;
/// A packet that comes for somebody inside is handled soon, on a machine that is full of work too.
constexpr std::chrono::microseconds kTurn{200};
/// After the tunnels were told that the gatekeeper is gone: time for their last words.
constexpr Seconds kLastWords{3};

/// The part of the configuration that this front serves.
struct Part {
  std::string name;  ///< on links and in the log: the path, or "posture"
  PluginConfig plugin;
  TlsConfig tls;
  TunConfig tun;
  std::vector<std::string> listen;
  std::uint32_t uid = 0;
  bool dtls = false;
};

std::optional<Part> part_of(const SiteConfig& config, const FrontOptions& options) {
  if (options.posture) {
    if (config.posture.listen.empty()) return std::nullopt;
    TunConfig none;
    none.name.clear();
    return Part{"posture", {.plugin = "posture_page"}, config.posture.tls,
                none,      config.posture.listen,      config.posture.uid};
  }
  const auto found = std::find_if(config.paths.begin(), config.paths.end(),
                                  [&](const PathConfig& path) { return path.name == options.path; });
  if (found == config.paths.end()) return std::nullopt;
  return Part{found->name, found->plugin, found->tls, found->tun, found->listen, found->uid, found->dtls};
}

class FrontProcess final : private run::ChildControl::Handler {
 public:
  FrontProcess(const FrontOptions& options, const SiteConfig& config, Part part)
      : options_(options),
        part_(std::move(part)),
        node_(config.node),
        // Its writer thread starts here: none can later.
        log_(make_log({.program = "sekisho-front", .now = [this] { return clock_.now(); }})),
        host_(part_.plugin.plugin, entropy_, *log_),
        loader_(config.plugin_directory, host_) {}

  int run() {
    if (auto prepared = prepare(); !prepared) return refuse(prepared.error());
    // These open descriptors.
    asio::signal_set signals(loop_, SIGTERM, SIGINT);
    signals.async_wait([this](boost::system::error_code error, int) {
      if (!error) stop("signal", 0);
    });
    raise_descriptor_limit();
    run::take_short_turns(kTurn);
    const auto inside = run::enter_sandbox(run::SandboxProfile::front, part_.uid);
    if (!inside) return refuse(inside.error());
    if (!inside->note.empty()) {
      log_->event(kFrontSandboxOpen, {{"path", part_.name}, {"note", inside->note}});
    }
    front::FrontLimits limits;
    limits.connections = std::min(limits.connections, connections_);
    limits.penalise_unknown = !options_.posture;
    front_ = std::make_unique<front::Front>(
        loop_,
        front::Engine::Parts{.clock = clock_,
                             .timers = timers_,
                             .entropy = entropy_,
                             .log = *log_,
                             .tls = *tls_,
                             .path = *path_,
                             .filter = options_.filter,
                             .path_name = part_.name,
                             .limits = limits,
                             .dtls = dtls_ ? &*dtls_ : nullptr},
        [this] { abandoned(); }, [this](auto bars) { bar(bars); });
    run::ChildControl::Handler& handler = *this;
    control_ = std::make_unique<run::ChildControl>(loop_, handler);
    run::run_loop(loop_, [this](std::string_view what) {
      log_->event(kFrontBroke, {{"path", part_.name}, {"what", what}});
    });
    front_.reset();  // first: its connections speak to links and plugin
    links_.clear();
    control_.reset();
    return exit_code_;
  }

 private:
  /// One neighbour and the link to it.
  struct Neighbour final : seam::Link::Handler {
    Neighbour(FrontProcess& the_process, std::string the_name) : process(the_process), name(std::move(the_name)) {}
    void on_message(seam::Message message, int fd) override { process.on_message(*this, std::move(message), fd); }
    void on_closed(std::string_view why) override { process.on_closed(*this, why); }
    FrontProcess& process;
    const std::string name;
    std::unique_ptr<run::PeerLink> link;
  };

  Result<void> prepare() {
    auto loaded = loader_.load(part_.plugin, PluginKind::access_path);
    if (!loaded) return loaded.error();
    path_ = std::get<std::shared_ptr<AccessPath>>(loaded->object);
    if (path_->carries_packets() != !part_.tun.gate_address.empty()) {
      return fail("front.tun", "the path's plugin and its \"tun\" do not agree on whether packets are carried");
    }
    if (part_.dtls && !path_->speaks_datagrams()) {
      return fail("front.dtls", "the path's plugin speaks no DTLS: take \"dtls\" out of the path");
    }
    tls::ServerSettings settings;
    const auto read = [this](const std::string& file, auto take) -> Result<void> {
      if (file.empty()) return {};
      auto text = host_.read_file(file);
      if (!text) return fail(text.error().code, tls::about_file(file, text.error().detail));
      take(std::move(*text));
      return {};
    };
    for (const auto& done :
         {read(part_.tls.certificate_file, [&](std::string text) { settings.certificate_pem = std::move(text); }),
          read(part_.tls.key_file, [&](std::string text) { settings.key_pem = Secret(std::move(text)); }),
          read(part_.tls.client_ca_file, [&](std::string text) { settings.client_ca_pem = std::move(text); })}) {
      if (!done) return done.error();
    }
    const tls::ServerFiles files{part_.tls.certificate_file, part_.tls.key_file, part_.tls.client_ca_file};
    auto context = tls::TlsServerContext::make(settings);
    if (!context) return tls::in_files(context.error(), files);
    tls_.emplace(std::move(*context));
    if (!part_.dtls) return {};
    auto datagrams = tls::DtlsServerContext::make(settings);
    if (!datagrams) return tls::in_files(datagrams.error(), files);
    dtls_.emplace(std::move(*datagrams));
    return {};
  }

  void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t wanted = front::FrontLimits{}.connections + kOtherDescriptors;
    if (limit.rlim_cur < wanted) {
      limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, limit.rlim_max);
      setrlimit(RLIMIT_NOFILE, &limit);
      getrlimit(RLIMIT_NOFILE, &limit);
    }
    connections_ = limit.rlim_cur > 2 * kOtherDescriptors ? limit.rlim_cur - kOtherDescriptors : kOtherDescriptors;
  }

  int refuse(const Error& error) {
    log_->event(kFrontRefused, {{"path", part_.name}, {"code", error.code}, {"detail", error.detail}});
    return 1;
  }

  // --- the supervisor
  // ---------------------------------------------------------------------------------------------------
  void on_listener(std::string address, run::Fd fd) override {
    const bool datagrams = dtls_ && address.starts_with(run::kDatagramListener);
    if (datagrams) address.erase(0, run::kDatagramListener.size());
    if (std::find(part_.listen.begin(), part_.listen.end(), address) == part_.listen.end()) return;
    (datagrams ? datagrams_ : listeners_).push_back(std::move(fd));
  }

  void on_link(std::string name, run::Fd fd) override {
    if (name != kGatekeeper && name != kNetd) return;
    if (name == kGatekeeper) front_->engine().set_gate(nullptr);
    auto& slot = links_[name];
    slot = std::make_unique<Neighbour>(*this, name);
    const seam::Hello own{seam::kVersion, options_.posture ? "posture" : "front",
                          options_.posture ? std::string() : part_.name, node_};
    slot->link = std::make_unique<run::PeerLink>(clock_, timers_, own, name, "", *slot);
    slot->link->start(run::open_link(loop_, std::move(fd), slot->link->inner()));
  }

  void on_complete() override {
    for (run::Fd& listener : listeners_) front_->listen(std::move(listener));
    for (run::Fd& socket : datagrams_) front_->take_datagrams(std::move(socket));
    control_->ready();
    log_->event(kFrontServing, {{"path", part_.name}, {"listeners", listeners_.size()}});
    listeners_.clear();
    datagrams_.clear();
  }

  void on_supervisor_gone(std::string_view why) override { stop(why, 0); }

  // --- the neighbours
  // ---------------------------------------------------------------------------------------------------
  void on_message(Neighbour& from, seam::Message message, int raw) {
    run::Fd fd(raw);
    if (const auto* beat = std::get_if<seam::Heartbeat>(&message)) {
      return from.link->set_generation(beat->generation);
    }
    if (from.name == kGatekeeper) {
      if (std::holds_alternative<seam::Hello>(message)) return front_->engine().set_gate(from.link.get());
      return front_->engine().on_gate_message(std::move(message));
    }
    const auto* handover = std::get_if<seam::Handover>(&message);
    if (handover == nullptr || handover->kind != "tun" || !fd) return;
    if (handover->name != part_.tun.name || !path_->carries_packets()) {
      return log_->event(kFrontUnwanted, {{"path", part_.name}, {"device", handover->name}});
    }
    front_->set_tun(std::move(fd), handover->name);
  }

  void on_closed(Neighbour& from, std::string_view why) {
    log_->event(kFrontLinkLost, {{"path", part_.name}, {"name", from.name}, {"why", why}});
    if (from.name == kGatekeeper) front_->engine().set_gate(nullptr);
  }

  /// Without netd, nobody is barred; who goes on is told once more.
  void bar(std::span<const front::Bar> bars) {
    const auto netd = links_.find(kNetd);
    if (netd == links_.end() || !netd->second->link->greeted()) return;
    seam::BarSources out;
    for (const front::Bar& bar : bars) {
      out.sources.push_back({source_text(bar.source), static_cast<std::uint32_t>(bar.time.count())});
    }
    netd->second->link->send(out);
  }

  /// A new start brings fresh links to both sides.
  void abandoned() {
    timers_.at(clock_.now() + kLastWords, [this] { stop("the gatekeeper is gone", 1); });
  }

  void stop(std::string_view why, int code) {
    log_->event(kFrontStopping, {{"path", part_.name}, {"why", why}});
    exit_code_ = code;
    loop_.stop();
  }

  const FrontOptions& options_;
  const Part part_;
  const std::string node_;
  run::GateClock clock_;
  std::unique_ptr<Log> log_;
  run::KernelEntropy entropy_;
  plugin::SystemPluginHost host_;
  plugin::Loader loader_;
  std::shared_ptr<AccessPath> path_;
  std::optional<tls::TlsServerContext> tls_;
  std::optional<tls::DtlsServerContext> dtls_;
  asio::io_context loop_{1};
  run::AsioTimers timers_{loop_, clock_};
  std::unique_ptr<front::Front> front_;
  std::unique_ptr<run::ChildControl> control_;
  std::map<std::string, std::unique_ptr<Neighbour>> links_;
  std::vector<run::Fd> listeners_, datagrams_;
  std::size_t connections_ = 0;
  int exit_code_ = 0;
};

}  // namespace

int run_front(const FrontOptions& options) {
  run::end_when_broken("sekisho-front", false);
  signal(SIGPIPE, SIG_IGN);
  auto parsed = load_site_config(options.config_file);
  std::optional<Part> part;
  if (parsed.value) part = part_of(*parsed.value, options);
  if (!part) {
    const auto log = make_log({.program = "sekisho-front", .in_background = false});
    for (const auto& error : parsed.errors) {
      log->event(kConfigRefused, {{"code", error.code}, {"detail", error.detail}});
    }
    if (parsed.value) {
      log->event(kFrontRefused, {{"path", options.posture ? "posture" : options.path},
                                 {"code", "front.no_such_path"},
                                 {"detail", "the configuration has no such path"}});
    }
    return 2;
  }
  return FrontProcess(options, *parsed.value, std::move(*part)).run();
}

}  // namespace sekisho::programs
