#include "programs/sekisho/plan.hpp"

#include "base/site_config_parse.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sekisho::supervise {
namespace {

SiteConfig example() {
  auto config = load_site_config(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
  SEKISHO_ASSERT(config.value.has_value());
  return std::move(*config.value);
}

struct Folder {
  Folder() : path(::testing::TempDir() + "plan-XXXXXX") { SEKISHO_ASSERT(mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

/// A loopback address and port that were free a moment ago.
std::string free_address() {
  const run::Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  SEKISHO_ASSERT(bind(probe.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  SEKISHO_ASSERT(getsockname(probe.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

SiteConfig small(const std::string& folder) {
  SiteConfig config;
  config.control_socket = folder + "/run/control.socket";
  PathConfig path;
  path.name = "internet";
  path.listen = {free_address()};
  path.tun.gate_address = "192.0.2.77";  // no interface of this machine
  path.entrance = "192.0.2.77:5900";
  config.paths.push_back(path);
  return config;
}

}  // namespace

TEST(Plan, ARelayListensAtItsPagesToo) {
  const Plan plan = make_plan(example(), "/etc/sekisho/gate.json", "/usr/bin");
  const auto relay = std::find_if(plan.children.begin(), plan.children.end(),
                                  [](const ChildPlan& child) { return child.name == "relay:internet"; });
  ASSERT_NE(relay, plan.children.end());
  EXPECT_EQ(relay->listeners, (std::vector<std::string>{"10.202.0.1:5900", "10.202.0.1:8443", "10.20.0.1:8443"}));
}

TEST(Plan, StartsTheKernelsGuardFirstAndFrontsLast) {
  const Plan plan = make_plan(example(), "/etc/sekisho/gate.json", "/usr/bin");
  std::vector<std::string> names;
  for (const auto& child : plan.children) names.push_back(child.name);
  EXPECT_EQ(names, (std::vector<std::string>{"netd", "sekishod", "relay:internet", "hyperd:internet_business",
                                             "front:internet", "posture"}));
  EXPECT_EQ(plan.listen_after, "netd");
  EXPECT_EQ(plan.children[3].argv, (std::vector<std::string>{"/usr/bin/sekisho-hyperd", "--config",
                                                             "/etc/sekisho/gate.json", "--zone", "internet_business"}));
  EXPECT_TRUE(plan.children[3].listeners.empty()) << "nobody connects to it";
  EXPECT_EQ(plan.children[4].argv, (std::vector<std::string>{"/usr/bin/sekisho-front", "--config",
                                                             "/etc/sekisho/gate.json", "--path", "internet"}));
  EXPECT_EQ(plan.children[4].listeners, (std::vector<std::string>{"198.51.100.1:443", "[2001:db8::1]:443"}));
  EXPECT_EQ(plan.children[1].listeners, std::vector<std::string>{"control"});
  EXPECT_EQ(plan.children[5].argv.back(), "--posture");
}

TEST(Plan, GivesAPathWithDtlsTheSameAddressesOverUdp) {
  SiteConfig config = example();
  config.paths[0].dtls = true;
  EXPECT_EQ(make_plan(config, "c", "d").children[4].listeners,
            (std::vector<std::string>{"198.51.100.1:443", "[2001:db8::1]:443", "udp/198.51.100.1:443",
                                      "udp/[2001:db8::1]:443"}));
}

TEST(Plan, JoinsEachWithTheNeighboursItNeedsAndNoOther) {
  const Plan plan = make_plan(example(), "c", "d");
  const std::vector<std::pair<std::string, std::string>> wanted{{"netd", "sekishod"},
                                                                {"relay:internet", "sekishod"},
                                                                {"hyperd:internet_business", "sekishod"},
                                                                {"hyperd:internet_business", "relay:internet"},
                                                                {"front:internet", "sekishod"},
                                                                {"front:internet", "netd"},
                                                                {"posture", "sekishod"}};
  EXPECT_EQ(plan.links, wanted);
}

TEST(Plan, LeavesOutWhatIsNotConfigured) {
  SiteConfig config = example();
  config.paths[0].entrance.clear();
  config.posture.listen.clear();
  config.hypervisors.clear();
  EXPECT_EQ(make_plan(config, "c", "d").children.size(), 3u);
}

TEST(Plan, ARelayIsJoinedWithTheHypervisorsOfItsPathsZonesAlone) {
  SiteConfig config = example();
  config.hypervisors.push_back(config.hypervisors[0]);
  config.hypervisors[1].zone = "my_number";
  const Plan plan = make_plan(config, "c", "d");
  EXPECT_EQ(std::ranges::count(plan.links, std::pair<std::string, std::string>("hyperd:my_number", "sekishod")), 1);
  EXPECT_EQ(std::ranges::count(plan.links, std::pair<std::string, std::string>("hyperd:my_number", "relay:internet")),
            0);
}

TEST(Listeners, BindAddressesThatDoNotExistYetOnlyForTuns) {
  const Folder folder;
  SiteConfig config = small(folder.path);
  const Plan plan = make_plan(config, "c", "d");
  const auto open = open_listeners(config, plan);
  ASSERT_TRUE(open) << open.error().detail;
  EXPECT_EQ(open->size(), 3u);
  for (const auto& [name, socket] : *open) {
    int listening = 1;
    socklen_t size = sizeof(listening);
    EXPECT_EQ(getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size), 0);
    EXPECT_EQ(listening, 0) << name;
    EXPECT_EQ(fcntl(socket.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  }
  struct stat about {};
  ASSERT_EQ(stat(config.control_socket.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);

  config.paths[0].listen = {"192.0.2.78:443"};
  const auto refused = open_listeners(config, make_plan(config, "c", "d"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "supervise.bind");
  EXPECT_NE(refused.error().detail.find("192.0.2.78:443"), std::string::npos);
}

TEST(Listeners, ForDatagramsStandBesideThoseForStreamsAndAreHeldAlone) {
  const Folder folder;
  SiteConfig config = small(folder.path);
  config.paths[0].dtls = true;
  const std::string name = "udp/" + config.paths[0].listen[0];
  const auto open = open_listeners(config, make_plan(config, "c", "d"));
  ASSERT_TRUE(open) << open.error().detail;
  ASSERT_TRUE(open->contains(name));
  int kind = 0;
  socklen_t size = sizeof(kind);
  ASSERT_EQ(getsockopt(open->at(name).get(), SOL_SOCKET, SO_TYPE, &kind, &size), 0);
  EXPECT_EQ(kind, SOCK_DGRAM);
  SiteConfig other = config;
  other.control_socket = folder.path + "/run/other.socket";
  EXPECT_FALSE(open_listeners(other, make_plan(other, "c", "d"))) << "nobody can share it";
}

TEST(Listeners, ReplaceAnOldSocketButNothingElse) {
  const Folder folder;
  const SiteConfig config = small(folder.path);
  const Plan plan = make_plan(config, "c", "d");
  ASSERT_TRUE(open_listeners(config, plan));
  ASSERT_TRUE(open_listeners(config, plan));
  std::filesystem::remove(config.control_socket);
  std::ofstream(config.control_socket) << "somebody's file";
  EXPECT_FALSE(open_listeners(config, plan));
  std::filesystem::remove(config.control_socket);
  std::filesystem::create_symlink("/dev/null", config.control_socket);
  EXPECT_FALSE(open_listeners(config, plan));
}

TEST(Listeners, RefuseAnAddressTwice) {
  const Folder folder;
  SiteConfig config = small(folder.path);
  config.posture.listen = config.paths[0].listen;
  const auto open = open_listeners(config, make_plan(config, "c", "d"));
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().detail.find("twice"), std::string::npos);
}

TEST(StateDirectories, AreMadeForThoseWhoWriteThemAlone) {
  const Folder folder;
  SiteConfig config;
  config.paths.emplace_back();
  config.sekishod_uid = geteuid() == 0 ? 65534 : geteuid();
  config.state_directory = folder.path + "/a/state";
  config.journal.directory = folder.path + "/a/state/journal";
  config.paths[0].pages.recordings = folder.path + "/b/recordings";
  config.paths[0].relay_uid = geteuid() == 0 ? 65533 : geteuid();
  ASSERT_TRUE(make_state_directories(config));
  ASSERT_TRUE(make_state_directories(config));
  for (const auto& made : {config.state_directory, config.journal.directory}) {
    struct stat about {};
    ASSERT_EQ(stat(made.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0700u);
    EXPECT_EQ(about.st_uid, config.sekishod_uid);
  }
  struct stat about {};
  ASSERT_EQ(stat(config.paths[0].pages.recordings.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  EXPECT_EQ(about.st_uid, config.paths[0].relay_uid) << "nobody else writes recordings, the gatekeeper neither";
  config.state_directory = folder.path + "/file";
  std::ofstream(config.state_directory) << "x";
  EXPECT_FALSE(make_state_directories(config));
}

}  // namespace sekisho::supervise
