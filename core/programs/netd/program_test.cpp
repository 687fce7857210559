// The built program, as the supervisor starts it, in a network namespace of the test's own.
#include "netd/testing/namespace.hpp"
#include "netd/testing/packets.hpp"
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
#include <vector>

namespace sekisho::netd {
namespace {

using namespace testing;

constexpr const char* kMori = "10.202.0.5";
constexpr const char* kGate = "10.202.0.1";
constexpr std::uint32_t kNetdUid = 64102;
constexpr auto kPatience = std::chrono::seconds(20);

/// One neighbour of netd: what it says and what it hears.
struct Neighbour final : seam::Link::Handler {
  void on_message(seam::Message message, int fd) override {
    if (std::holds_alternative<seam::Hello>(message)) greeted = true;
    if (const auto* handover = std::get_if<seam::Handover>(&message)) {
      device = handover->name;
      queue = run::Fd(fd);
    } else if (fd >= 0) {
      ::close(fd);
    }
    if (const auto* applied = std::get_if<seam::NetApplied>(&message)) answers[applied->number] = *applied;
    if (const auto* refused = std::get_if<seam::KernelRefused>(&message)) packets_refused += refused->packets;
  }
  void on_closed(std::string_view why) override { closed = why; }

  std::unique_ptr<run::PeerLink> link;
  bool greeted = false;
  std::string closed, device;
  run::Fd queue;
  std::map<std::uint64_t, seam::NetApplied> answers;
  std::uint64_t packets_refused = 0;
};

struct NetdProgram : ::testing::Test, supervise::ChildProcess::Handler {
  void SetUp() override {
    if (const auto why = enter_fresh_namespace()) GTEST_SKIP() << *why;
    config_ = ::testing::TempDir() + "netd-" + std::to_string(getpid()) + ".json";
    std::ifstream example(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
    auto document = nlohmann::json::parse(example);
    document["netd_uid"] = kNetdUid;
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
  void on_breach() override { ADD_FAILURE() << "netd told the supervisor something else"; }
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

  void start() {
    ready_ = false;
    exit_.reset();
    auto process = supervise::ChildProcess::start(loop_, {SEKISHO_NETD, "--config", config_}, *this);
    ASSERT_TRUE(process) << process.error().detail;
    process_ = std::move(*process);
    give_link("sekishod", gate_);
    give_link("front:internet", front_);
    ASSERT_TRUE(process_->hand_over("end", "", -1));
    ASSERT_TRUE(until([&] { return ready_ || exit_; }));
    ASSERT_TRUE(ready_) << "ended with " << exit_->code << ", signal " << exit_->signal;
  }
  void give_link(const std::string& name, std::unique_ptr<Neighbour>& neighbour) {
    auto ends = run::make_link_pair();
    ASSERT_TRUE(ends);
    neighbour = std::make_unique<Neighbour>();
    const std::size_t colon = name.find(':');
    const seam::Hello hello{seam::kVersion, name.substr(0, colon),
                            colon == std::string::npos ? "" : name.substr(colon + 1), "1"};
    neighbour->link = std::make_unique<run::PeerLink>(clock_, timers_, hello, "netd", "", *neighbour);
    neighbour->link->start(run::open_link(loop_, std::move((*ends)[0]), neighbour->link->inner()));
    ASSERT_TRUE(process_->hand_over("link", name, (*ends)[1].get()));
  }
  void end_by(int number) {
    process_->signal(number);
    ASSERT_TRUE(until([&] { return exit_.has_value(); }));
    process_.reset();
  }
  seam::NetApplied want(std::vector<seam::KernelRight> rights) {
    const seam::DesiredNet desired{++number_, "sekisho0", std::move(rights)};
    gate_->link->send(desired);
    EXPECT_TRUE(until([&] { return gate_->answers.contains(desired.number) || !gate_->closed.empty(); }));
    return gate_->answers[desired.number];
  }
  int queue() {
    EXPECT_TRUE(until([&] { return static_cast<bool>(front_->queue); }));
    return front_->queue.get();
  }

  boost::asio::io_context loop_{1};
  run::GateClock clock_;
  run::AsioTimers timers_{loop_, clock_};
  std::string config_;
  std::unique_ptr<supervise::ChildProcess> process_;
  std::unique_ptr<Neighbour> gate_, front_;
  std::optional<supervise::Exit> exit_;
  bool ready_ = false;
  std::uint64_t number_ = 0;
};

const seam::KernelRight kMorisRight{kMori, {{kGate, 443, 6}, {kGate, 5900, 6}}, 120};

}  // namespace

TEST_F(NetdProgram, ServesFromItsSandboxAndLeavesTheDenyTable) {
  start();
  EXPECT_TRUE(until([&] { return gate_->greeted && front_->greeted; }));
  ASSERT_GE(queue(), 0);
  EXPECT_EQ(front_->device, "sekisho0");
  const auto listener = serve(SOCK_STREAM, kGate, 5900);
  ASSERT_TRUE(listener);

  ASSERT_TRUE(inject(queue(), tcp(kMori, kGate, {})));
  EXPECT_FALSE(take_answer(queue()));
  const auto applied = want({kMorisRight});
  EXPECT_TRUE(applied.ok) << applied.error;
  ASSERT_TRUE(inject(queue(), tcp(kMori, kGate, {})));
  const auto answer = take_answer(queue());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->flags, kSyn | kAck);
  EXPECT_TRUE(until([&] { return gate_->packets_refused == 1; }));
  end_by(SIGTERM);
  EXPECT_EQ(exit_->code, 0);
}

}  // namespace sekisho::netd
