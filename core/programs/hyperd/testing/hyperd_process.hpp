// The built sekisho-hyperd as a child of a test: its configuration, its two neighbours, questions and screens.
// Threads: the test's loop. Needs SEKISHO_HYPERD, the program's path.
#pragma once
#include "hyper/testing/hyper_bench.hpp"
#include "programs/sekisho/child_process.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"
#include "run/peer_link.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::hyperd::testing {

using hyper::testing::kSession;
using hyper::testing::kTicket;
using hyper::testing::kZone;

inline constexpr std::uint32_t kUid = 64103;
inline constexpr auto kPatience = std::chrono::seconds(60);

struct Neighbour final : seam::Link::Handler {
  void on_message(seam::Message message, int fd) override {
    if (fd >= 0) descriptor = run::Fd(fd);
    if (std::holds_alternative<seam::Hello>(message)) greeted = true;
    if (auto* answer = std::get_if<seam::HyperAnswer>(&message)) answers[answer->number] = std::move(*answer);
    if (auto* screen = std::get_if<seam::ScreenAnswer>(&message)) screens.push_back(std::move(*screen));
    if (auto* saw = std::get_if<seam::HyperSaw>(&message)) seen.push_back(std::move(*saw));
  }
  void on_closed(std::string_view why) override { closed = why; }

  std::unique_ptr<run::PeerLink> link;
  bool greeted = false;
  std::string closed;
  run::Fd descriptor;
  std::map<std::uint64_t, seam::HyperAnswer> answers;
  std::vector<seam::ScreenAnswer> screens;
  std::vector<seam::HyperSaw> seen;
};

struct HyperdProcess : ::testing::Test, supervise::ChildProcess::Handler {
  void SetUp() override {
    config_ = ::testing::TempDir() + "hyperd-" + std::to_string(getpid()) + ".json";
    configure([](auto&) {});
  }
  template <class Change>
  void configure(Change change) const {
    std::ifstream example(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
    auto document = nlohmann::json::parse(example);
    document["plugin_directory"] = SEKISHO_PLUGIN_DIR;
    auto& own = document["hypervisors"][0];
    own["uid"] = geteuid() == 0 ? kUid : geteuid();
    own["managers"][0]["plugin"]["config"] = {
        {"uri", "test:///default"}, {"role", "consoles"}, {"power", {"power_off", "start"}}};
    auto& desks = own["managers"][1]["plugin"]["config"];
    desks["uri"] = "test:///default";
    desks["models"][0]["pool"] = "default-pool";
    change(document);
    std::ofstream(config_) << document;
  }
  void TearDown() override {
    if (process_) {
      process_->signal(SIGKILL);
      until([&] { return exit_.has_value(); });
    }
    unlink(config_.c_str());
  }

  void on_ready() override { ready_ = true; }
  void on_breach() override { ADD_FAILURE() << "hyperd told the supervisor something else"; }
  void on_exit(supervise::Exit exit) override { exit_ = exit; }

  template <class Check>
  bool until(Check check) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!check()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.run_one_for(std::chrono::milliseconds(50));
      loop_.restart();
    }
    return true;
  }
  void launch() {
    auto process = supervise::ChildProcess::start(loop_, {SEKISHO_HYPERD, "--config", config_, "--zone", kZone}, *this);
    ASSERT_TRUE(process) << process.error().detail;
    process_ = std::move(*process);
  }
  void start() {
    launch();
    give_link("sekishod", "", gate_);
    give_link("relay", "internet", relay_);
    ASSERT_TRUE(process_->hand_over("end", "", -1));
    ASSERT_TRUE(until([&] { return ready_ || exit_; }));
    ASSERT_TRUE(ready_) << "ended with " << exit_->code << ", signal " << exit_->signal;
    ASSERT_TRUE(until([&] { return (gate_->greeted && relay_->greeted) || exit_; }));
  }
  void give_link(const std::string& role, const std::string& name, std::unique_ptr<Neighbour>& neighbour) {
    auto ends = run::make_link_pair();
    ASSERT_TRUE(ends);
    neighbour = std::make_unique<Neighbour>();
    neighbour->link = std::make_unique<run::PeerLink>(clock_, timers_, seam::Hello{seam::kVersion, role, name, "1"},
                                                      "hyperd", kZone, *neighbour);
    neighbour->link->start(run::open_link(loop_, std::move((*ends)[0]), neighbour->link->inner()));
    ASSERT_TRUE(process_->hand_over("link", name.empty() ? role : role + ":" + name, (*ends)[1].get()));
  }
  /// "done", "machines n" or the code of the failure.
  std::string ask(const std::string& manager, seam::HyperVerb verb) {
    const std::uint64_t number = ++number_;
    gate_->link->send(seam::HyperAsk{number, kZone, manager, std::move(verb)});
    if (!until([&] { return gate_->answers.contains(number) || exit_ || !gate_->closed.empty(); })) return "silence";
    if (exit_) return "ended by signal " + std::to_string(exit_->signal);
    if (!gate_->closed.empty()) return "closed";
    const auto& result = gate_->answers.at(number).result;
    if (const auto* failed = std::get_if<seam::HyperFailed>(&result)) return failed->code + " " + failed->detail;
    if (const auto* list = std::get_if<seam::HyperMachines>(&result)) {
      return "machines " + std::to_string(list->machines.size());
    }
    return "done";
  }
  /// Opens by ticket; the refusal's code, or "" when a descriptor has come.
  std::string open(const std::string& uuid, seam::ScreenKind kind) {
    const std::string allowed = ask("servers", seam::HyperAllow{Secret(kTicket), kSession, uuid, "internet", kind, 30});
    if (allowed != "done") return allowed;
    relay_->screens.clear();
    relay_->link->send(seam::ScreenAsk{9, kZone, "servers", kSession, uuid, kind, Secret(kTicket)});
    if (!until([&] { return !relay_->screens.empty() || exit_; })) return "silence";
    if (exit_) return "ended by signal " + std::to_string(exit_->signal);
    return relay_->screens[0].ok ? "" : relay_->screens[0].refusal.code;
  }

  boost::asio::io_context loop_{1};
  run::GateClock clock_;
  run::AsioTimers timers_{loop_, clock_};
  std::string config_;
  std::unique_ptr<supervise::ChildProcess> process_;
  std::unique_ptr<Neighbour> gate_, relay_;
  std::optional<supervise::Exit> exit_;
  bool ready_ = false;
  std::uint64_t number_ = 0;
};

}  // namespace sekisho::hyperd::testing
