// Netd over a kernel that does what the test says.
#include "netd/netd.hpp"

#include "base/testing/memory_log.hpp"
#include "run/testing/fake_services.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

namespace sekisho::netd {
namespace {

constexpr const char* kGate = "10.202.0.1";

struct FakeFilter final : Filter {
  Result<void> run(const std::string& commands) override {
    ran.push_back(commands);
    if (answers.empty()) return {};
    const bool good = answers.front();
    answers.pop_front();
    if (good) return {};
    return fail("netd.nft", "No such file or directory");
  }
  Result<std::map<std::string, std::uint64_t>> counters() override {
    return std::map<std::string, std::uint64_t>{
        {"refused_internet", refused}, {"stray_internet", stray}, {"rdp_refused", rdp}};
  }
  Result<std::string> shape() override {
    if (!there) return fail("netd.nft", "reading the table: No such file or directory");
    return table;
  }
  std::vector<FoundRight> rights() override { return found; }
  std::vector<FoundRdp> rdp_rights() override { return found_rdp; }
  Result<std::vector<RdpSeen>> rdp_tried() override { return tried; }

  std::vector<std::string> ran;
  std::deque<bool> answers;  ///< of the next transactions; none: yes
  std::uint64_t refused = 0, stray = 0;
  std::string table = "as made";
  bool there = true;
  std::vector<FoundRight> found;
  std::vector<FoundRdp> found_rdp;
  std::vector<RdpSeen> tried;
  std::uint64_t rdp = 0;
};

struct FakeDevices final : Devices {
  Result<run::Fd> hand_out(std::size_t) override {
    story += "out ";
    if (broken) return fail("netd.tun", "broken");
    return run::Fd(open("/dev/null", O_RDWR | O_CLOEXEC));
  }
  void rest(std::size_t) override { story += "rest "; }
  void remove_all() override { story += "removed "; }
  bool alive(std::size_t) override { return living; }
  std::string story;
  bool broken = false, living = true;
};

struct FakeLink final : seam::Link {
  ~FakeLink() override { reset(); }
  void send(const seam::Message& message) override {
    if (const auto* applied = std::get_if<seam::NetApplied>(&message)) answers.push_back(*applied);
    if (const auto* told = std::get_if<seam::KernelRefused>(&message)) refused.push_back(*told);
    if (const auto* told = std::get_if<seam::RdpRefused>(&message)) rdp.push_back(*told);
  }
  void send_with_fd(const seam::Message& message, int fd) override {
    reset();
    queue = fd;
    handover = std::get<seam::Handover>(message);
  }
  void close() override {}
  void reset() {
    if (queue >= 0) ::close(queue);
    queue = -1;
  }
  std::vector<seam::NetApplied> answers;
  std::vector<seam::KernelRefused> refused;
  std::vector<seam::RdpRefused> rdp;
  seam::Handover handover;
  int queue = -1;
};

struct Served : ::testing::Test {
  Served() {
    filter.found = {};
    EXPECT_TRUE(netd.install());
    netd.serve(devices);
    netd.attach_gatekeeper(gate);
  }
  seam::NetApplied want(std::vector<seam::KernelRight> rights, const char* tun = "sekisho0") {
    netd.on_gatekeeper(seam::DesiredNet{++number, tun, std::move(rights)});
    EXPECT_EQ(gate.answers.back().number, number);
    return gate.answers.back();
  }
  seam::NetApplied want_rdp(std::vector<seam::RdpRight> rights) {
    netd.on_gatekeeper(seam::DesiredRdp{++number, std::move(rights)});
    EXPECT_EQ(gate.answers.back().number, number);
    return gate.answers.back();
  }
  static seam::KernelRight mori() { return {"10.202.0.5", {{kGate, 443, 6}}, 120}; }

  run::testing::FakeTimers timers{*parse_rfc3339("2026-11-22T00:00:00Z")};
  MemoryLog log;
  FakeFilter filter;
  FakeDevices devices;
  FakeLink gate, front;
  bool ended = false;
  std::uint64_t number = 0;
  Netd netd{{{"internet", "sekisho0", *parse_ipv4(kGate), 24, 1354, {5900, 443}}}, filter, timers, timers, log, [this] {
              ended = true;
            }};
};

}  // namespace

TEST_F(Served, AnswersEachStateWithWhatTheKernelSaid) {
  EXPECT_TRUE(want({mori()}).ok);
  EXPECT_EQ(filter.ran.size(), 2u);
  EXPECT_TRUE(want({mori()}).ok);
  EXPECT_EQ(filter.ran.size(), 2u) << "nothing to do, nothing done";
}

TEST_F(Served, AStateWithABadRightIsAppliedWithoutItAndAnsweredWithNo) {
  const auto answer = want({mori(), {"10.202.0.6", {{kGate, 22, 6}}, 120}});
  EXPECT_FALSE(answer.ok);
  EXPECT_NE(answer.error.find("10.202.0.6"), std::string::npos) << answer.error;
  EXPECT_NE(filter.ran.back().find("10.202.0.5"), std::string::npos);
  EXPECT_TRUE(log.has("netd.rights_refused"));
}

TEST_F(Served, AnUnknownDeviceIsAnsweredWithNo) {
  const auto answer = want({mori()}, "lo");
  EXPECT_FALSE(answer.ok);
  EXPECT_EQ(answer.error.substr(0, 16), "netd.unknown_tun");
  EXPECT_EQ(filter.ran.size(), 1u);
}

TEST_F(Served, ATransactionThatFailsIsFollowedByTheWholeTable) {
  filter.answers = {false, true};
  EXPECT_TRUE(want({mori()}).ok);
  ASSERT_EQ(filter.ran.size(), 3u);
  EXPECT_NE(filter.ran.back().find("delete table inet sekisho"), std::string::npos);
  EXPECT_NE(filter.ran.back().find("10.202.0.5"), std::string::npos);
  EXPECT_TRUE(log.has("netd.table_restored"));
  EXPECT_FALSE(ended);
}

TEST_F(Served, WithoutATableThereIsNoDeviceAndNoNetd) {
  filter.answers = {false, false};
  EXPECT_FALSE(want({mori()}).ok);
  EXPECT_EQ(devices.story, "removed ");
  timers.settle();
  EXPECT_TRUE(ended);
  EXPECT_TRUE(log.has("netd.table_lost"));
  netd.attach_front("internet", front);
  EXPECT_EQ(front.queue, -1) << "a front gets no queue any more";
}

TEST_F(Served, AnotherTableThanItMadeIsPutBackWithTheRightsThatHaveTime) {
  ASSERT_TRUE(want({mori()}).ok);
  timers.advance(std::chrono::seconds(1));
  EXPECT_EQ(filter.ran.size(), 2u);
  filter.table = "with a hole";
  timers.advance(std::chrono::seconds(1));
  ASSERT_EQ(filter.ran.size(), 3u);
  EXPECT_NE(filter.ran.back().find("timeout 118000ms"), std::string::npos) << filter.ran.back();
  filter.there = false;
  netd.look();
  EXPECT_EQ(filter.ran.size(), 4u) << "told of a change it does not wait for the second";
}

TEST_F(Served, TheSumOfRefusedPacketsWaitsForAGatekeeper) {
  netd.detach_gatekeeper();
  filter.refused = 5;
  timers.advance(std::chrono::seconds(3));
  filter.stray = 2;
  timers.advance(std::chrono::seconds(3));
  EXPECT_TRUE(gate.refused.empty());
  netd.attach_gatekeeper(gate);
  ASSERT_EQ(gate.refused.size(), 1u);
  EXPECT_EQ(gate.refused[0].packets, 7u);
  EXPECT_EQ(gate.refused[0].tun, "sekisho0");
  timers.advance(std::chrono::seconds(5));
  EXPECT_EQ(gate.refused.size(), 1u) << "only what has grown";
  filter.refused = 3;  // somebody reset the counter
  timers.advance(std::chrono::seconds(1));
  ASSERT_EQ(gate.refused.size(), 2u);
  EXPECT_EQ(gate.refused[1].packets, 3u);
}

TEST_F(Served, AFrontGetsAnEmptiedQueueOfItsPathOnEveryLink) {
  netd.attach_front("internet", front);
  EXPECT_EQ(devices.story, "rest out ");
  EXPECT_GE(front.queue, 0);
  EXPECT_EQ(front.handover.kind, "tun");
  EXPECT_EQ(front.handover.name, "sekisho0");
  netd.detach_front("internet");
  FakeLink next;
  netd.attach_front("internet", next);
  EXPECT_EQ(devices.story, "rest out rest rest out ");
  EXPECT_GE(next.queue, 0);
  FakeLink stranger;
  netd.attach_front("nowhere", stranger);
  EXPECT_EQ(stranger.queue, -1);
}

TEST_F(Served, AQueueThatCannotBeHandedOutEndsNetd) {
  devices.broken = true;
  netd.attach_front("internet", front);
  timers.settle();
  EXPECT_TRUE(ended);
  EXPECT_TRUE(log.has("netd.queue_not_handed_over"));
}

TEST_F(Served, ADeviceThatHasGoneEndsNetd) {
  devices.living = false;
  timers.advance(std::chrono::seconds(1));
  EXPECT_TRUE(ended);
}

TEST_F(Served, TheGatekeepersLossChangesNothingInTheKernel) {
  ASSERT_TRUE(want({mori()}).ok);
  const std::size_t before = filter.ran.size();
  netd.detach_gatekeeper();
  timers.advance(std::chrono::seconds(200));
  EXPECT_EQ(filter.ran.size(), before);
}

TEST_F(Served, ABarOfAFrontGoesToTheKernelAndAFaultOfItEndsNothing) {
  netd.bar("internet", {{{"192.0.2.7", 30}}});
  EXPECT_EQ(filter.ran.back(), "add element inet sekisho barred { 192.0.2.7 timeout 30s }\n");
  netd.bar("internet", {{{"192.0.2.8", 30}}});
  EXPECT_EQ(filter.ran.size(), 2u) << "a front that goes mad does not keep netd from the rights";
  timers.advance(Netd::kBarEvery);
  netd.bar("nowhere", {{{"192.0.2.8", 30}}});
  EXPECT_EQ(filter.ran.size(), 2u) << "no path of ours";
  EXPECT_FALSE(log.has("netd.not_barred"));

  filter.answers = {false};
  netd.bar("internet", {{{"192.0.2.8", 30}}});
  EXPECT_EQ(filter.ran.size(), 3u) << "the table is not put back for it";
  EXPECT_EQ(std::count(log.ids.begin(), log.ids.end(), "netd.not_barred"), 1);
  timers.advance(Netd::kBarEvery);
  netd.bar("internet", {{{"192.0.2.9", 30}, {"everybody", 30}}});
  EXPECT_EQ(filter.ran.size(), 3u) << "nothing of a list that is none";
  EXPECT_EQ(std::count(log.ids.begin(), log.ids.end(), "netd.not_barred"), 2);
  EXPECT_FALSE(ended);
}

TEST_F(Served, AnRdpStateIsAppliedAndAnsweredAsTheKernelSaid) {
  EXPECT_TRUE(want_rdp({{"10.52.0.1", "10.53.0.1", 120}}).ok);
  ASSERT_EQ(filter.ran.size(), 2u);
  EXPECT_NE(filter.ran.back().find("rdp_rights { 10.52.0.1 . 10.53.0.1 timeout 120000ms }"), std::string::npos);
  EXPECT_TRUE(want_rdp({{"10.52.0.1", "10.53.0.1", 120}}).ok);
  EXPECT_EQ(filter.ran.size(), 2u) << "nothing to do, nothing done";
  const auto refused = want_rdp({{"10.202.0.5", "10.53.0.1", 120}});
  EXPECT_EQ(refused.error.substr(0, 12), "netd.refused");
  EXPECT_NE(filter.ran.back().find("delete element inet sekisho rdp_rights { 10.52.0.1 . 10.53.0.1 }"),
            std::string::npos)
      << "and what is no longer wanted goes all the same";
}

TEST_F(Served, ATableThatIsPutBackHasTheRdpRightsThatHaveTime) {
  ASSERT_TRUE(want_rdp({{"10.52.0.1", "10.53.0.1", 120}}).ok);
  timers.advance(std::chrono::seconds(1));
  filter.table = "with a hole";
  netd.look();
  EXPECT_NE(filter.ran.back().find("10.52.0.1 . 10.53.0.1 timeout 119000ms"), std::string::npos) << filter.ran.back();
  filter.answers = {false, true};
  EXPECT_TRUE(want_rdp({}).ok);
  EXPECT_EQ(filter.ran.back().find("10.52.0.1"), std::string::npos) << "without the one that ended just now";
}

TEST_F(Served, RefusedRdpIsToldWithinASecondAndWaitsForAGatekeeper) {
  const RdpPair pair{*parse_ipv4("10.60.0.11"), *parse_ipv4("10.52.0.1")};
  filter.rdp = 1;
  filter.tried = {{pair, 6, 40001, 1}};
  timers.advance(std::chrono::seconds(1));
  ASSERT_EQ(gate.rdp.size(), 1u);
  EXPECT_EQ(gate.rdp[0].tries, (std::vector<seam::RdpTry>{{"10.60.0.11", "10.52.0.1", 6, 1, 1}}));
  EXPECT_TRUE(log.has("netd.rdp_refused"));
  netd.detach_gatekeeper();
  filter.rdp = 2;
  filter.tried.push_back({pair, 6, 40002, 1});
  timers.advance(std::chrono::seconds(3));
  EXPECT_EQ(gate.rdp.size(), 1u);
  netd.attach_gatekeeper(gate);
  EXPECT_EQ(gate.rdp.size(), 2u);
}

TEST_F(Served, ASweepIsOneLineOfItsSourceASecond) {
  const std::uint32_t first = *parse_ipv4("10.52.0.1"), here = *parse_ipv4("10.60.0.11");
  filter.rdp = 101;
  for (std::uint16_t n = 0; n < 50; ++n) {
    for (const std::uint8_t protocol : {6, 17}) filter.tried.push_back({{here, first + n}, protocol, 40001, 1});
  }
  filter.tried.push_back({{here + 1, first}, 6, 40001, 1});
  timers.advance(std::chrono::seconds(1));
  ASSERT_EQ(std::ranges::count(log.ids, "netd.rdp_refused"), 2);
  const std::string& line =
      log.lines.at(static_cast<std::size_t>(std::ranges::find(log.ids, "netd.rdp_refused") - log.ids.begin()));
  for (const char* said : {R"("from":"10.60.0.11")", R"("destinations":50)", R"("tries":100)"}) {
    EXPECT_NE(line.find(said), std::string::npos) << line;
  }
  ASSERT_EQ(gate.rdp.size(), 1u);
  EXPECT_EQ(gate.rdp[0].tries.size(), 101u) << "the gatekeeper hears of each";
}

TEST(Netd, TakesOverRdpRightsAndTellsWhatAnOlderOneMayNotHaveTold) {
  run::testing::FakeTimers timers(*parse_rfc3339("2026-11-22T00:00:00Z"));
  MemoryLog log;
  FakeFilter filter;
  filter.found_rdp = {{{*parse_ipv4("10.52.0.1"), *parse_ipv4("10.53.0.1")}, std::chrono::seconds(40)}};
  filter.tried = {{{*parse_ipv4("10.60.0.11"), *parse_ipv4("10.52.0.1")}, 6, 40001, 1}};
  Netd netd({{"internet", "sekisho0", *parse_ipv4(kGate), 24, 1354, {443}}}, filter, timers, timers, log, [] {});
  ASSERT_TRUE(netd.install());
  ASSERT_EQ(filter.ran.size(), 1u);
  EXPECT_NE(filter.ran[0].find("elements = { 10.52.0.1 . 10.53.0.1 timeout 40000ms }"), std::string::npos);
  FakeLink gate;
  netd.attach_gatekeeper(gate);
  ASSERT_EQ(gate.rdp.size(), 1u);
  EXPECT_EQ(gate.rdp[0].tries.size(), 1u);
}

TEST(Netd, TakesOverWhatTheKernelHoldsInTheTransactionThatInstalls) {
  run::testing::FakeTimers timers(*parse_rfc3339("2026-11-22T00:00:00Z"));
  MemoryLog log;
  FakeFilter filter;
  filter.found = {{"rights_internet", kGate, {*parse_ipv4("10.202.0.5"), 6, 443}, std::chrono::seconds(40)},
                  {"rights_internet", kGate, {*parse_ipv4("10.202.0.5"), 6, 22}, std::chrono::seconds(40)}};
  Netd netd({{"internet", "sekisho0", *parse_ipv4(kGate), 24, 1354, {443}}}, filter, timers, timers, log, [] {});
  ASSERT_TRUE(netd.install());
  ASSERT_EQ(filter.ran.size(), 1u);
  EXPECT_NE(filter.ran[0].find("10.202.0.5 . 10.202.0.1 . 6 . 443 timeout 40000ms"), std::string::npos);
  EXPECT_EQ(filter.ran[0].find(". 22"), std::string::npos);
}

TEST(Netd, DoesNotStartWithoutItsTable) {
  run::testing::FakeTimers timers(*parse_rfc3339("2026-11-22T00:00:00Z"));
  MemoryLog log;
  FakeFilter filter;
  filter.answers = {false};
  Netd netd({{"internet", "sekisho0", *parse_ipv4(kGate), 24, 1354, {443}}}, filter, timers, timers, log, [] {});
  EXPECT_FALSE(netd.install());
}

}  // namespace sekisho::netd
