// The built program, as the supervisor starts it, in a network namespace of the test's own.
#include "netd/testing/real_netd.hpp"
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

using namespace netd::testing;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif
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
    configure([](auto&) {});
  }
  template <class Change>
  void configure(Change change) const {
    std::ifstream example(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
    auto document = nlohmann::json::parse(example);
    document["netd_uid"] = kNetdUid;
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

  void launch() {
    ready_ = false;
    exit_.reset();
    auto process = supervise::ChildProcess::start(loop_, {SEKISHO_NETD, "--config", config_}, *this);
    ASSERT_TRUE(process) << process.error().detail;
    process_ = std::move(*process);
  }
  void start() {
    launch();
    give_link("sekishod", gate_);
    give_link("front:internet", front_);
    ASSERT_TRUE(process_->hand_over("end", "", -1));
    ASSERT_TRUE(until([&] { return ready_ || exit_; }));
    ASSERT_TRUE(ready_) << "ended with " << exit_->code << ", signal " << exit_->signal;
  }
  void give_link(const std::string& name, std::unique_ptr<Neighbour>& neighbour) {
    const std::size_t colon = name.find(':');
    give_link(name, neighbour,
              {seam::kVersion, name.substr(0, colon), colon == std::string::npos ? "" : name.substr(colon + 1), "1"});
  }
  void give_link(const std::string& name, std::unique_ptr<Neighbour>& neighbour, const seam::Hello& hello) {
    auto ends = run::make_link_pair();
    ASSERT_TRUE(ends);
    neighbour = std::make_unique<Neighbour>();
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

  /// Whether Mori's connection from this port is taken.
  bool answers(std::uint16_t from_port) {
    EXPECT_TRUE(inject(queue(), tcp(kMori, kGate, {from_port})));
    const auto answer = take_answer(queue());
    return answer && answer->flags == (kSyn | kAck);
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

TEST_F(NetdProgram, ServesFromItsSandbox) {
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
  EXPECT_TRUE(answers(40002));
  EXPECT_TRUE(until([&] { return gate_->packets_refused == 1; }));
  EXPECT_FALSE(want({{kMori, {{kGate, 22, 6}}, 120}}).ok);
  EXPECT_TRUE(want({}).ok);
  EXPECT_FALSE(answers(40003));
  end_by(SIGTERM);
  EXPECT_EQ(exit_->code, 0);
}

TEST_F(NetdProgram, HasOneCapabilityAndNothingElse) {
  start();
  std::map<std::string, std::string> status;
  std::ifstream file("/proc/" + std::to_string(process_->pid()) + "/status");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(":\t");
    if (colon != std::string::npos) status[line.substr(0, colon)] = line.substr(colon + 2);
  }
  const std::string id = std::to_string(kNetdUid);
  EXPECT_EQ(status["Uid"], id + "\t" + id + "\t" + id + "\t" + id);
  EXPECT_EQ(status["Gid"], id + "\t" + id + "\t" + id + "\t" + id);
  EXPECT_EQ(status["CapEff"], "0000000000001000");
  EXPECT_EQ(status["CapPrm"], "0000000000001000");
  EXPECT_EQ(status["CapInh"], "0000000000000000");
  EXPECT_EQ(status["CapBnd"], "0000000000000000");
  EXPECT_EQ(status["CapAmb"], "0000000000000000");
  EXPECT_EQ(status["NoNewPrivs"], "1");
  EXPECT_EQ(status["Seccomp"], kSanitizer ? "0" : "2");
}

TEST_F(NetdProgram, ItsDeathIsInvisibleToARunningConnection) {
  start();
  ASSERT_TRUE(want({kMorisRight}).ok);
  const auto listener = serve(SOCK_STREAM, kGate, 5900);
  HandTcp mori(queue(), kMori, 5900);
  ASSERT_TRUE(mori.open());
  const run::Fd peer(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK));
  ASSERT_TRUE(peer);
  const run::Fd old_queue(front_->queue.release());
  end_by(SIGKILL);
  ASSERT_TRUE(mori.say("without netd"));
  EXPECT_EQ(received(peer.get()), "without netd");
  mori.hear();

  start();
  ASSERT_TRUE(mori.say(" and with the next"));
  EXPECT_EQ(received(peer.get()), " and with the next");
  mori.use(queue());
  mori.hear();
  ASSERT_TRUE(mori.say(" through its queue"));
  EXPECT_EQ(received(peer.get()), " through its queue");
  ASSERT_TRUE(want({}).ok);
  ASSERT_TRUE(mori.say("never"));
  EXPECT_EQ(received(peer.get()), "");
}

TEST_F(NetdProgram, PutsTheTableBackWhenSomebodyFlushesTheRules) {
  start();
  ASSERT_TRUE(want({kMorisRight}).ok);
  ASSERT_GE(queue(), 0);
  const auto listener = serve(SOCK_STREAM, kGate, 5900);
  auto intruder = NftKernel::open({});
  auto look = NftLook::open();
  ASSERT_TRUE(intruder && look);
  ASSERT_TRUE((*intruder)->run("flush ruleset\n"));
  const auto flushed = std::chrono::steady_clock::now();
  EXPECT_TRUE(until([&] { return look->shape({"arriving"}).has_value(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - flushed, std::chrono::seconds(1));
  EXPECT_TRUE(answers(40001)) << "rights come back with the table";
  ASSERT_TRUE(inject(queue(), ping(kMori, kGate)));
  EXPECT_FALSE(take_answer(queue()));
  EXPECT_FALSE(exit_);
}

TEST_F(NetdProgram, OutlivesItsGatekeeperAndServesTheNext) {
  start();
  ASSERT_TRUE(want({kMorisRight}).ok);
  const auto listener = serve(SOCK_STREAM, kGate, 5900);
  gate_.reset();
  EXPECT_TRUE(answers(40001));
  give_link("sekishod", gate_);
  EXPECT_TRUE(want({}).ok);
  EXPECT_FALSE(answers(40002));
}

TEST_F(NetdProgram, AFrontThatComesBackGetsAQueue) {
  start();
  ASSERT_TRUE(want({kMorisRight}).ok);
  const auto listener = serve(SOCK_STREAM, kGate, 5900);
  ASSERT_GE(queue(), 0);
  front_.reset();
  give_link("front:internet", front_);
  EXPECT_TRUE(answers(40001));
}

TEST_F(NetdProgram, TakesTheSourcesThatAFrontBars) {
  start();
  ASSERT_GE(queue(), 0);
  auto kernel = NftKernel::open({});
  ASSERT_TRUE(kernel);
  const auto barred = [&] { return (*kernel)->run("get element inet sekisho barred { 192.0.2.7 }\n").has_value(); };
  EXPECT_FALSE(barred());
  front_->link->send(seam::BarSources{{{"192.0.2.7", 600}}});
  EXPECT_TRUE(until(barred));
  EXPECT_TRUE(front_->closed.empty()) << "it may say so";
}

TEST_F(NetdProgram, AFrontThatSaysMoreThanItMayIsCutOff) {
  start();
  ASSERT_GE(queue(), 0);
  ASSERT_TRUE(want({kMorisRight}).ok);
  const auto listener = serve(SOCK_STREAM, kGate, 5900);
  front_->link->send(seam::DesiredNet{99, "sekisho0", {{"10.202.0.9", {{kGate, 5900, 6}}, 120}}});
  EXPECT_TRUE(until([&] { return !front_->closed.empty(); }));
  EXPECT_TRUE(front_->answers.empty());
  ASSERT_TRUE(inject(queue(), tcp("10.202.0.9", kGate, {})));
  EXPECT_FALSE(answers(40001)) << "no packet reaches its queue any more";
  EXPECT_TRUE(want({kMorisRight}).ok) << "the others are served";
}

TEST_F(NetdProgram, ANeighbourOfAnotherNameGetsNothing) {
  start();
  std::unique_ptr<Neighbour> impostor;
  give_link("front:internet", impostor, seam::Hello{seam::kVersion, "front", "other", "1"});
  EXPECT_TRUE(until([&] { return !impostor->closed.empty(); }));
  EXPECT_FALSE(impostor->queue);
}

TEST_F(NetdProgram, DoesNotStartWhereAnotherDeviceHasItsName) {
  const auto other = make_plain_tun("sekisho0", "10.9.0.1");
  ASSERT_TRUE(other);
  launch();
  ASSERT_TRUE(until([&] { return exit_.has_value(); }));
  process_.reset();
  EXPECT_EQ(exit_->code, 1);
  EXPECT_FALSE(ready_);
}

TEST_F(NetdProgram, DoesNotStartAsRoot) {
  configure([](auto& document) { document["netd_uid"] = 0; });
  launch();
  ASSERT_TRUE(until([&] { return exit_.has_value(); }));
  process_.reset();
  EXPECT_EQ(exit_->code, 1);
}

TEST_F(NetdProgram, SaysWhatIsWrongInItsConfiguration) {
  configure([](auto& document) { document["paths"][0]["tun"]["name"] = "x; flush ruleset"; });
  launch();
  ASSERT_TRUE(until([&] { return exit_.has_value(); }));
  process_.reset();
  EXPECT_EQ(exit_->code, 2);
}

}  // namespace sekisho::netd
