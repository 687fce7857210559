// sekisho-relay --config FILE --path NAME
// Order of life: configuration, pages and their keys -> loop -> sandbox -> folder of recordings -> entrances and links
// from the supervisor -> ready -> serving.
// Whatever fails before "ready" ends the process with its reason.
#include "audit/disk.hpp"
#include "base/events.hpp"
#include "base/log.hpp"
#include "base/site_config_parse.hpp"
#include "net/tls/server_files.hpp"
#include "plugin/files.hpp"
#include "programs/relay/events.hpp"
#include "programs/relay/hyper_screens.hpp"
#include "programs/relay/recording_thread.hpp"
#include "programs/relay/relay.hpp"
#include "programs/relay/screen_desk.hpp"
#include "programs/relay/static_files.hpp"
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
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::relay {
namespace {

constexpr std::size_t kLongestPem = 64 * 1024;

/// What a page needs of files, read while they may still be opened.
struct BuiltPage {
  screens::StaticFiles files;
  std::shared_ptr<PageTls> tls;
};
struct BuiltPages {
  BuiltPage desktop, console;
};

/// The hyperd of one zone.
class HyperLink final : private seam::Link::Handler {
 public:
  HyperLink(std::string zone, HyperScreens& screens, Log& log, std::string path)
      : zone_(std::move(zone)), screens_(screens), log_(log), path_(std::move(path)) {}
  ~HyperLink() override { detach(); }
  HyperLink(const HyperLink&) = delete;
  HyperLink& operator=(const HyperLink&) = delete;

  void open(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, const std::string& node,
            run::Fd fd) {
    link_ = std::make_unique<run::PeerLink>(clock, timers, seam::Hello{seam::kVersion, "relay", path_, node}, "hyperd",
                                            zone_, static_cast<seam::Link::Handler&>(*this));
    link_->start(run::open_link(loop, std::move(fd), link_->inner()));
  }

 private:
  void on_message(seam::Message message, int raw) override {
    run::Fd fd(raw);
    if (std::holds_alternative<seam::Hello>(message)) {
      attached_ = true;
      return screens_.set_link(zone_, link_.get());
    }
    if (!attached_ || screens_.on_message(zone_, message, std::move(fd))) return;
    lost("it said what no hyperd of this zone says");
    link_->close();
  }
  void on_closed(std::string_view why) override { lost(why); }
  void lost(std::string_view why) {
    log_.event(kRelayHyperLost, {{"path", path_}, {"zone", zone_}, {"why", why}});
    detach();
  }
  void detach() {
    if (std::exchange(attached_, false)) screens_.set_link(zone_, nullptr);
  }

  const std::string zone_;
  HyperScreens& screens_;
  Log& log_;
  const std::string path_;
  std::unique_ptr<run::PeerLink> link_;
  bool attached_ = false;
};

class Process final : private run::ChildControl::Handler, private seam::Link::Handler {
 public:
  Process(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Log& log, const PathConfig& path,
          std::string node, BuiltPages built, std::unique_ptr<audit::Disk> recordings)
      : loop_(loop),
        clock_(clock),
        timers_(timers),
        log_(log),
        path_(path),
        node_(std::move(node)),
        built_(std::move(built)),
        relay_(loop, clock, timers),
        addresses_(loop, clock, timers),
        screens_(clock, timers, addresses_),
        desk_(loop, clock, timers, entropy_, log, screens_, on_a_thread(std::move(recordings), clock, timers),
              limits_of(path)),
        control_(loop, *this) {
    serve(seam::Place::desktop, path.pages.desktop, built_.desktop);
    serve(seam::Place::console, path.pages.console, built_.console);
  }

  void stop(std::string_view why) {
    log_.event(kRelayStopping, {{"path", path_.name}, {"why", why}});
    loop_.stop();
  }
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  static DeskLimits limits_of(const PathConfig& path) {
    return DeskLimits(std::set<std::string>(path.zones.begin(), path.zones.end()));
  }

  /// One page: what it answers, and who serves it once its listener has come.
  struct Page {
    Page(seam::Place place, const PageConfig& config, const BuiltPage& built)
        : listen(config.listen), pages(place, config.origin, built.files), tls(built.tls) {}
    std::string listen;
    screens::Pages pages;
    std::shared_ptr<PageTls> tls;
    run::Fd listener;
    std::unique_ptr<PageServer> server;
  };
  void serve(seam::Place place, const PageConfig& config, const BuiltPage& built) {
    if (config.listen.empty()) return;
    pages_.push_back(std::make_unique<Page>(place, config, built));
    desk_.serve(pages_.back()->pages);
  }

  // --- the supervisor
  void on_listener(std::string address, run::Fd fd) override {
    if (address == path_.entrance) {
      listener_ = std::move(fd);
      return;
    }
    const auto page = std::ranges::find(pages_, address, [](const auto& each) { return each->listen; });
    if (page != pages_.end()) (*page)->listener = std::move(fd);
  }
  void on_link(std::string name, run::Fd fd) override {
    if (name.starts_with("hyperd:")) {
      const std::string zone = name.substr(name.find(':') + 1);
      auto& slot = hyperds_[zone];
      slot.reset();
      slot = std::make_unique<HyperLink>(zone, screens_, log_, path_.name);
      return slot->open(loop_, clock_, timers_, node_, std::move(fd));
    }
    if (name != "sekishod") return;
    lend(nullptr);
    link_ = std::make_unique<run::PeerLink>(clock_, timers_, seam::Hello{seam::kVersion, "relay", path_.name, node_},
                                            "sekishod", "", static_cast<seam::Link::Handler&>(*this));
    link_->start(run::open_link(loop_, std::move(fd), link_->inner()));
  }
  void on_complete() override {
    const auto missing = std::ranges::find_if(pages_, [](const auto& page) { return !page->listener; });
    if (!listener_ || missing != pages_.end()) {
      const std::string& what = listener_ ? (*missing)->listen : path_.entrance;
      log_.event(kRelayRefused, {{"code", "relay.no_entrance"}, {"detail", what}});
      exit_code_ = 1;
      return loop_.stop();
    }
    relay_.listen(std::move(listener_));
    for (const auto& page : pages_) {
      page->server = std::make_unique<PageServer>(loop_, clock_, timers_, page->pages, desk_, page->tls);
      page->server->listen(std::move(page->listener));
    }
    control_.ready();
    log_.event(kRelayServing, {{"path", path_.name}, {"entrance", path_.entrance}});
  }
  void on_supervisor_gone(std::string_view why) override { stop(why); }

  // --- sekishod
  void on_message(seam::Message message, int fd) override {
    const run::Fd unwanted(fd);  // the gatekeeper hands over none
    if (std::holds_alternative<seam::Hello>(message)) return lend(link_.get());
    relay_.on_message(message);
    desk_.on_message(message);
  }
  void on_closed(std::string_view why) override {
    log_.event(kRelayLinkLost, {{"path", path_.name}, {"why", why}});
    lend(nullptr);
  }
  void lend(seam::Link* link) {
    relay_.set_link(link);
    desk_.set_link(link);
  }

  boost::asio::io_context& loop_;
  const run::Clock& clock_;
  run::Timers& timers_;
  Log& log_;
  const PathConfig& path_;
  const std::string node_;
  run::Fd listener_;
  std::unique_ptr<run::PeerLink> link_;  // outlives the relay, which may speak while it ends
  const BuiltPages built_;
  run::KernelEntropy entropy_;
  Relay relay_;
  TcpScreens addresses_;
  HyperScreens screens_;
  std::map<std::string, std::unique_ptr<HyperLink>> hyperds_;  // by zone
  ScreenDesk desk_;
  std::vector<std::unique_ptr<Page>> pages_;
  run::ChildControl control_;
  int exit_code_ = 0;
};

Result<std::string> read_pem(const std::string& name) {
  const auto file = plugin::open_absolute(name);
  if (!file) return fail("relay.tls", tls::about_file(name, file.error().detail));
  auto text = plugin::read_whole(*file, kLongestPem);
  if (!text) return fail("relay.tls", tls::about_file(name, text.error().detail));
  return text;
}

Result<void> build(const PageConfig& page, BuiltPage& out) {
  auto files = load_static_files(page.files);
  if (!files) return files.error();
  out.files = std::move(*files);
  if (page.tls.certificate_file.empty()) return {};
  tls::ServerSettings settings;
  auto certificate = read_pem(page.tls.certificate_file), key = read_pem(page.tls.key_file);
  if (!certificate) return certificate.error();
  if (!key) return key.error();
  settings.certificate_pem = std::move(*certificate);
  settings.key_pem = Secret(std::move(*key));
  auto context = tls::TlsServerContext::make(settings);
  if (!context) return tls::in_files(context.error(), {page.tls.certificate_file, page.tls.key_file, {}});
  out.tls = std::make_shared<PageTls>(std::move(*context));
  return {};
}

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
  const bool with_pages = !path->pages.desktop.listen.empty() || !path->pages.console.listen.empty();
  BuiltPages built;
  for (const auto& [page, out] :
       {std::pair(&path->pages.desktop, &built.desktop), std::pair(&path->pages.console, &built.console)}) {
    if (page->listen.empty()) continue;
    if (const auto done = build(*page, *out); !done) {
      log->event(kRelayRefused, {{"code", done.error().code}, {"detail", done.error().detail}});
      return 2;
    }
  }
  boost::asio::io_context loop(1);
  run::AsioTimers timers(loop, clock);
  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  const auto profile = with_pages ? run::SandboxProfile::recording_relay : run::SandboxProfile::relay;
  const auto inside = run::enter_sandbox(profile, path->relay_uid);
  if (!inside) {
    log->event(kRelayRefused, {{"code", inside.error().code}, {"detail", inside.error().detail}});
    return 1;
  }
  if (!inside->note.empty()) log->event(kRelaySandboxOpen, {{"path", name}, {"note", inside->note}});
  // As its own user: a folder that this user may not write to records nothing, and that must show now.
  std::unique_ptr<audit::Disk> recordings;
  if (with_pages) {
    auto opened = audit::open_posix_disk(path->pages.recordings, audit::Make::no);
    if (!opened) {
      log->event(kRelayRefused, {{"code", opened.error().code}, {"detail", opened.error().detail}});
      return 1;
    }
    recordings = std::move(*opened);
  }
  Process process(loop, clock, timers, *log, *path, config.value->node, std::move(built), std::move(recordings));
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
