// Order of life: configuration -> plugins -> sandbox (user, capabilities, seccomp) -> journal, store, gate -> links
// from the supervisor -> ready -> serving. Whatever fails before "ready" ends the process with its reason.
#include "programs/sekishod/daemon.hpp"

#include "admission/assurance.hpp"
#include "api/server.hpp"
#include "audit/events.hpp"
#include "audit/file_journal.hpp"
#include "audit/reader.hpp"
#include "base/events.hpp"
#include "base/log.hpp"
#include "base/site_config_parse.hpp"
#include "gate/gate.hpp"
#include "net/mail/curl_mail.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"
#include "plugin/report.hpp"
#include "programs/sekishod/charon_socket.hpp"
#include "programs/sekishod/events.hpp"
#include "programs/sekishod/journal_at_start.hpp"
#include "programs/sekishod/settings.hpp"
#include "run/asio_services.hpp"
#include "run/child_control.hpp"
#include "run/clock.hpp"
#include "run/loop.hpp"
#include "run/password_hash/password_hash.hpp"
#include "run/peer_link.hpp"
#include "run/sandbox.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdio>
#include <map>
#include <utility>

namespace sekisho::programs {
namespace {

namespace asio = boost::asio;

/// One neighbour: its link and the gate's name for it.
class Neighbour final : public seam::Link::Handler {
 public:
  using Lost = std::function<void(const std::string& name, std::string_view why)>;
  Neighbour(std::string name, gate::Gate& gate, Lost lost)
      : name_(std::move(name)), gate_(gate), lost_(std::move(lost)) {}
  ~Neighbour() override {
    if (id_ != 0) gate_.detach(id_);
  }

  void open(asio::io_context& loop, const run::Clock& clock, run::Timers& timers, const std::string& node, run::Fd fd) {
    const std::size_t colon = name_.find(':');
    role_ = name_.substr(0, colon);
    path_ = colon == std::string::npos ? std::string() : name_.substr(colon + 1);
    link_ = std::make_unique<run::PeerLink>(clock, timers, seam::Hello{seam::kVersion, "sekishod", "", node}, role_,
                                            path_, *this);
    link_->start(run::open_link(loop, std::move(fd), link_->inner()));
  }
  void set_generation(std::uint64_t generation) {
    if (link_) link_->set_generation(generation);
  }

 private:
  void on_message(seam::Message message, int fd) override {
    run::Fd unwanted(fd);  // nobody hands descriptors to sekishod but the supervisor
    if (std::holds_alternative<seam::Hello>(message)) {
      if (id_ == 0) id_ = gate_.attach(role_, path_.empty() ? role_ : path_, *link_);
      if (id_ != 0) return;
      link_->close();
      return lost_(name_, "the gate does not take it");
    }
    if (id_ != 0) gate_.on_message(id_, std::move(message));
  }
  void on_closed(std::string_view why) override {
    if (id_ != 0) gate_.detach(std::exchange(id_, 0));
    lost_(name_, why);
  }

  std::string name_, role_, path_;
  gate::Gate& gate_;
  Lost lost_;
  std::unique_ptr<run::PeerLink> link_;
  gate::Gate::LinkId id_ = 0;
};

class Daemon final : public run::ChildControl::Handler {
 public:
  Daemon(const DaemonOptions& options, SiteConfig config)
      : options_(options),
        config_(std::move(config)),
        early_log_(make_log({.program = "sekishod", .in_background = false})),
        timers_(loop_, clock_of(options)),
        link_timers_(loop_, gate_clock_),
        host_("sekishod", entropy_, *early_log_),
        loader_(config_.plugin_directory, host_) {}

  int run() {
    const bool drivers = !options_.check_only || console_drivers_load();  // all that is wrong in one answer
    if (!load_plugins() || !drivers) return 1;
    auto gate_facts = gate_options(config_, options_.allow_simulator);
    if (!gate_facts) return refuse(gate_facts.error());
    gate_facts->bare_entrance = options_.bare_entrance;
    if (!worth_enough()) return 1;
    if (options_.check_only) {
      std::puts("{\"ok\":true}");
      return 0;
    }
    const auto inside = run::enter_sandbox(run::SandboxProfile::sekishod, config_.sekishod_uid);
    if (!inside) return refuse(inside.error());
    log_ = make_log({.program = "sekishod", .now = [this] { return clock().now(); }});
    if (!inside->note.empty()) log_->event(kDaemonSandboxOpen, {{"note", inside->note}});
    pools_ = std::make_unique<run::ThreadPools>(clock(), timers_);
    mail_ = net::open_mail(config_.mail, clock(), timers_, entropy_);
    auto recording = journal_config(config_);
    recording.on_health = [log = log_.get()](const std::optional<Error>& trouble) {
      if (!trouble) return log->event(audit::kHealthy);
      log->event(audit::kUnhealthy, {{"code", trouble->code}, {"detail", trouble->detail}});
    };
    auto journal = audit::open_journal(recording, [this] { return clock().now(); });
    if (!journal) return refuse(journal.error());
    journal_ = std::move(*journal);
    auto store = store::open(config_.store_url);
    if (!store) return refuse(store.error());
    const run::Services services{clock(), timers_, *pools_, entropy_, *mail_};
    gate_facts->hash_limit *= options_.patience;
    gate_facts->store_limit *= options_.patience;
    gate_ = std::make_unique<gate::Gate>(std::move(*gate_facts), services, std::shared_ptr(std::move(*store)),
                                         *journal_, gate_plugins());
    watch_ = std::make_unique<run::WallClockWatch>(gate_clock_, timers_, [this](run::GateClock::Micros by) {
      log_->event(kDaemonClockJump, {{"seconds", std::chrono::duration<double>(by).count()}});
    });
    asio::signal_set signals(loop_, SIGTERM, SIGINT);
    signals.async_wait([this](boost::system::error_code error, int) {
      if (!error) stop("signal");
    });
    const auto told = std::make_shared<JournalAtStart>(config_.journal.directory);
    gate_->start(
        [told](Instant from) { return told->unfinished(from); },
        [this](Result<void> started) {
          if (!started) {
            exit_code_ = refuse(started.error());
            return loop_.stop();
          }
          control_ = std::make_unique<run::ChildControl>(loop_, static_cast<run::ChildControl::Handler&>(*this));
        },
        [told](Instant from) { return told->ended(from); }, [told](Instant from) { return told->given_desktops(from); },
        [told](Instant from) { return told->recordings(from); }, [told](Instant from) { return told->screens(from); });
    run::run_loop(loop_, [this](std::string_view what) { log_->event(kDaemonBroke, {{"what", what}}); });
    // Links and API first: they hold references into the gate.
    server_.reset();
    neighbours_.clear();
    control_.reset();
    watch_.reset();
    gate_.reset();
    pools_.reset();
    return exit_code_;
  }

 private:
  run::Clock& clock_of(const DaemonOptions& options) {
    if (options.wrap_clock) wrapped_ = options.wrap_clock(gate_clock_);
    return clock();
  }
  run::Clock& clock() {
    if (wrapped_) return *wrapped_;
    return gate_clock_;
  }

  int refuse(const Error& error) {
    (log_ ? *log_ : *early_log_).event(kDaemonRefused, {{"code", error.code}, {"detail", error.detail}});
    return 1;
  }

  bool load_plugins() {
    auto authenticators = plugin::load_all(loader_, config_.authenticators, PluginKind::authenticator);
    auto checks = plugin::load_all(loader_, config_.posture_checks, PluginKind::posture_check);
    bool good = true;
    for (auto* list : {&authenticators, &checks}) {
      plugin::report(*early_log_, *list);
      for (const Error& error : list->refused) {
        refuse(error);
        good = false;
      }
      for (auto& plugin : list->plugins) plugins_.push_back(std::move(plugin));
    }
    return good;
  }

  /// Only for --check-config: sekishod itself never holds a hypervisor's library (T-62), sekisho-hyperd does.
  bool console_drivers_load() {
    bool good = true;
    for (const HyperConfig& zone : config_.hypervisors) {
      for (const ManagerConfig& manager : zone.managers) {
        plugin::Loader loader(config_.plugin_directory, host_);  // of its own: two managers may use the same plugin
        auto loaded = loader.load(manager.plugin, PluginKind::console_driver);
        if (loaded) continue;
        refuse(fail(loaded.error().code, zone.zone + "/" + manager.name + ": " + loaded.error().detail));
        good = good && !manager.plugin.critical;
      }
    }
    return good;
  }

  /// T-29: what looks like two factors but rests on a mail is refused here, not when somebody logs in.
  bool worth_enough() {
    const auto authenticators = gate_plugins().authenticators;
    bool good = true;
    for (std::size_t i = 0; i < config_.paths.size(); ++i) {
      const PathConfig& path = config_.paths[i];
      const auto fault = admission::assurance_fault(path.factors, authenticators, path.least_factors);
      if (!fault) continue;
      good = false;
      early_log_->event(kDaemonFactorsRefused, {{"pointer", "/paths/" + std::to_string(i) + "/factors"},
                                                {"code", fault->code},
                                                {"ja", fault->why.ja},
                                                {"en", fault->why.en}});
    }
    return good;
  }

  gate::GatePlugins gate_plugins() {
    gate::GatePlugins out;
    for (auto& loaded : plugins_) {
      if (auto* authenticator = std::get_if<std::unique_ptr<Authenticator>>(&loaded.object)) {
        out.authenticators[std::string((*authenticator)->factor())] = authenticator->get();
      } else if (auto* check = std::get_if<std::unique_ptr<PostureCheck>>(&loaded.object)) {
        out.checks[std::string((*check)->name())] = check->get();
      }
    }
    out.verify_password = [](const VerifyPassword& work) {
      const auto matched = run::verify_password(work.encoded_hash, work.candidate);
      return matched && *matched;
    };
    if (options_.verify_password) out.verify_password = options_.verify_password;
    out.tell_desktop = [this](const desktops::Note& note) {
      log_->event(*note.event, {{"session", note.session},
                                {"desktop", note.desktop},
                                {"machine", note.machine},
                                {"address", note.address},
                                {"code", note.code}});
    };
    for (const PathConfig& path : config_.paths) {
      if (!path.is_closed() || path.closed.vici_socket.empty()) continue;
      auto& socket = charons_[path.name];
      if (!socket) socket = std::make_unique<CharonSocket>(loop_, path.closed.vici_socket);
      out.vici[path.name] = socket.get();
    }
    out.tell_circuit = [this](const std::string&, const circuits::Note& note) { tell(note); };
    return out;
  }

  /// An event takes the fields that it names; the two numbers are never one event's together.
  void tell(const circuits::Note& note) {
    const char* number = note.event->has_field("circuits") ? "circuits" : "took_ms";
    if (note.event->has_field(number)) {
      return log_->event(
          *note.event,
          {{"circuit", note.circuit}, {"contractor", note.contractor}, {"code", note.code}, {number, note.number}});
    }
    log_->event(*note.event, {{"circuit", note.circuit},
                              {"contractor", note.contractor},
                              {"code", note.code},
                              {"peer", note.peer},
                              {"identity", note.identity},
                              {"cipher", note.cipher},
                              {"words", note.words}});
  }

  // --- the supervisor
  void on_listener(std::string address, run::Fd fd) override {
    if (address == "control") control_listener_ = std::move(fd);
  }
  void on_link(std::string name, run::Fd fd) override {
    auto& slot = neighbours_[name];
    slot.reset();
    slot = std::make_unique<Neighbour>(name, *gate_, [this](const std::string& who, std::string_view why) {
      log_->event(kDaemonLinkLost, {{"name", who}, {"why", why}});
    });
    slot->open(loop_, gate_clock_, link_timers_, config_.node, std::move(fd));
  }
  void on_complete() override {
    api::Context context{
        *gate_,
        [directory = config_.journal.directory](const audit::Query& query) { return audit::search(directory, query); },
        *pools_, entropy_, clock()};
    server_ = std::make_unique<api::Server>(loop_, std::move(control_listener_), std::move(context),
                                            api::Allowed{.uids = {0, config_.sekishod_uid}});
    control_->ready();
    log_->event(kDaemonServing, {{"node", config_.node}, {"sessions", gate_->sessions().size()}});
  }
  void on_supervisor_gone(std::string_view why) override { stop(why); }

  void stop(std::string_view why) {
    log_->event(kDaemonStopping, {{"why", why}});
    loop_.stop();
  }

  const DaemonOptions& options_;
  SiteConfig config_;
  std::unique_ptr<Log> early_log_, log_;  // before the sandbox there is one thread only
  asio::io_context loop_{1};
  run::GateClock gate_clock_;
  std::unique_ptr<run::Clock> wrapped_;
  run::AsioTimers timers_;
  run::AsioTimers link_timers_;  // whether a neighbour lives is a matter of the machine's time, which no lab moves
  run::KernelEntropy entropy_;
  plugin::SystemPluginHost host_;
  plugin::Loader loader_;
  std::vector<plugin::LoadedPlugin> plugins_;
  std::unique_ptr<run::ThreadPools> pools_;
  std::unique_ptr<run::Mail> mail_;
  std::unique_ptr<audit::Journal> journal_;
  std::map<std::string, std::unique_ptr<CharonSocket>> charons_;  // by path; the gate borrows them
  std::unique_ptr<gate::Gate> gate_;
  std::unique_ptr<run::WallClockWatch> watch_;
  std::unique_ptr<run::ChildControl> control_;
  std::map<std::string, std::unique_ptr<Neighbour>> neighbours_;
  run::Fd control_listener_;
  std::unique_ptr<api::Server> server_;
  int exit_code_ = 0;
};

}  // namespace

int run_daemon(const DaemonOptions& options) {
  run::end_when_broken("sekishod", true);
  auto parsed = load_site_config(options.config_file);
  if (!parsed.value) {
    const auto log = make_log({.program = "sekishod", .in_background = false});
    for (const auto& error : parsed.errors) {
      log->event(kConfigRefused, {{"code", error.code}, {"detail", error.detail}});
    }
    return 2;
  }
  return Daemon(options, std::move(*parsed.value)).run();
}

}  // namespace sekisho::programs
