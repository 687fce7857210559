// The same proof from what a real kernel lists, in a network namespace of the test's own: the fixture is what the
// kernel makes of netd's table, and what people do to a kernel beside netd is seen there as nft shows it.
#include "netd/testing/namespace.hpp"
#include "programs/sekishoctl/packet_search.hpp"
#include "programs/sekishoctl/testing/two_paths.hpp"

#include <errno.h>
#include <gmock/gmock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;
using namespace testing;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Said {
  bool good = false;
  std::string command, out;
};
/// Runs `nft WORDS`, with `input` as its commands when there are any.
Said run_nft(const std::string& words, const std::string& input = {}) {
  std::array<char, 32> file{"/tmp/two_paths.XXXXXX"};
  const run::Fd fd(mkstemp(file.data()));
  if (!fd || write(fd.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    return {false, "a file of commands", strerror(errno)};
  }
  Said said{false, "nft " + words + (input.empty() ? "" : std::string(" -f ") + file.data()) + " 2>&1", {}};
  FILE* pipe = popen(said.command.c_str(), "re");
  for (int c = pipe == nullptr ? EOF : fgetc(pipe); c != EOF; c = fgetc(pipe)) {
    said.out.push_back(static_cast<char>(c));
  }
  said.good = pipe != nullptr && pclose(pipe) == 0;
  unlink(file.data());
  return said;
}
/// What it said; nullopt and a failure when it failed.
std::optional<std::string> nft(const std::string& words, const std::string& input = {}) {
  Said said = run_nft(words, input);
  if (said.good) return std::move(said.out);
  ADD_FAILURE() << said.command << "\n" << said.out;
  return std::nullopt;
}

/// Without what differs from kernel to kernel and from second to second.
json comparable(json listing) {
  json out = json::array();
  for (json& entry : listing["nftables"]) {
    if (entry.contains("metainfo")) continue;
    json& object = entry.begin().value();
    object.erase("handle");
    if (object.contains("elem")) {
      for (json& each : object["elem"]) {
        if (each.contains("elem")) each["elem"].erase("expires");
      }
      std::sort(object["elem"].begin(), object["elem"].end(),
                [](const json& a, const json& b) { return a.dump() < b.dump(); });
    }
    out.push_back(std::move(entry));
  }
  return out;
}

class InNamespace : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netd::testing::enter_fresh_namespace()) GTEST_SKIP() << *why;
    if (system("nft --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "nft is not installed";  // NOLINT(cert-env33-c)
    ASSERT_TRUE(nft("", rendered()));
  }
  static std::string listing() { return nft("-j list ruleset").value_or(""); }
  static std::vector<Claim> claims() {
    const auto rules = KernelRules::read(listing(), KernelRules::From::kernel);
    EXPECT_TRUE(rules) << (rules ? "" : rules.error().detail);
    return rules ? prove_zones(site(), registered(), kLocal, *rules) : std::vector<Claim>{};
  }
};

TEST_F(InNamespace, TheFixtureIsWhatTheKernelMakesOfNetdsTable) {
  EXPECT_EQ(comparable(json::parse(listing())),
            comparable(json::parse(text_of(std::string(kFolder) + "two_paths.json"))));
}

TEST_F(InNamespace, TheProofHoldsForIt) {
  EXPECT_THAT(unproved(claims()), IsEmpty());
}

TEST_F(InNamespace, TheProofHoldsForItWhereTheKernelDoesEsp) {
  SiteConfig config = site();
  config.paths[1].closed.esp = "kernel";
  config.paths[1].closed.device = config.paths[1].closed.ike_device;
  ASSERT_TRUE(nft("", rendered(config)));
  const auto rules = KernelRules::read(listing(), KernelRules::From::kernel);
  ASSERT_TRUE(rules);
  EXPECT_THAT(unproved(prove_zones(config, registered(), kLocal, *rules)), IsEmpty());
}

// What nft 1.0.6 lists as the flags of such a table is memory that it gave back already: a text of something else, no
// JSON any more, or the end of nft. The table's flags are there whenever it can be read.
TEST_F(InNamespace, ATableThatSleepsProvesNothing) {
  ASSERT_TRUE(nft("", "add table inet sekisho { flags dormant; }\n"));
  const Said said = run_nft("-j list ruleset");
  if (!said.good) return;  // check zones says so, and that is no proof
  const auto rules = KernelRules::read(said.out, KernelRules::From::kernel);
  if (!rules) return;  // the same
  EXPECT_THAT(unproved(prove_zones(site(), registered(), kLocal, *rules)),
              Contains(HasSubstr("table inet sekisho: flags")));
}

TEST_F(InNamespace, WhatIsDoneToTheKernelBesideNetdIsSeen) {
  const struct {
    const char *commands, *seen;
  } rows[] = {
      {"insert rule inet sekisho arriving ip daddr set 10.40.0.11\n", "arriving "},
      {"insert rule inet sekisho arriving meta mark set 7\n", ": mangle"},
      {"insert rule inet sekisho arriving meta l4proto vmap { tcp : accept }\n", ": vmap"},
      {"insert rule inet sekisho arriving limit rate 10/second accept\n", "sekisho0 "},
      {"insert rule inet sekisho arriving ip saddr 10.20.0.77 accept\n", "10.20.0.77 > 10.95.0."},
      {"add element inet sekisho rights_internet { 10.202.0.5 . 10.40.0.11 . 6 . 443 timeout 60s }\n",
       "10.202.0.5 > 10.40.0.11"},
      {"flush chain inet sekisho from_internet\n", "sekisho0 "},
      {"flush chain inet sekisho crossing\n", "another IPv6 onward"},
      {"insert rule inet sekisho crossing ip6 saddr fd00::/8 accept\n", " IPv6 onward"},
      {"insert rule inet sekisho crossing meta l4proto ipv6-icmp accept\n", "another IPv6 onward protocol 58"},
      {"add table ip other\nadd chain ip other in { type nat hook prerouting priority dstnat; }\n"
       "add rule ip other in tcp dport 443 dnat to 10.40.0.11\n",
       "ip other in 2: dnat"},
      {"add table ip other\nadd chain ip other in { type filter hook prerouting priority mangle; }\n"
       "add rule ip other in ip daddr set 10.40.0.11\n",
       "ip other in 2: mangle"},
  };
  for (const auto& row : rows) {
    ASSERT_TRUE(nft("flush ruleset"));
    ASSERT_TRUE(nft("", rendered() + row.commands)) << row.commands;
    EXPECT_THAT(unproved(claims()), Contains(HasSubstr(row.seen))) << row.commands;
  }
}

TEST_F(InNamespace, TheRulesOfOwnDevicesCountByThemselves) {
  // Of netd's table those rules alone that ask the routes, as this kernel lists them.
  std::string commands =
      "table inet sekisho {\n  counter stray_internet {}\n  counter stray_closed {}\n"
      "  chain arriving {\n    type filter hook prerouting priority raw; policy accept;\n";
  std::size_t count = 0;
  const std::string all = rendered();
  for (std::size_t at = 0, end = 0; (end = all.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = all.substr(at, end - at);
    if (line.find(" fib ") == std::string::npos || line.find(" @barred") != std::string::npos) continue;
    commands += line + "\n";
    ++count;
  }
  EXPECT_EQ(count, 4U) << "two console pages, every other address, and IPv6";
  ASSERT_TRUE(nft("flush ruleset"));
  ASSERT_TRUE(nft("", commands + "  }\n}\n"));
  const auto rules = KernelRules::read(listing(), KernelRules::From::kernel);
  ASSERT_TRUE(rules);
  EXPECT_THAT(rules->doubts(), IsEmpty());
  const PacketSearch search(*rules, kLocal);
  const auto pass = [&](const char* iif, const char* to) {
    PacketSearch::Found found;
    search.search({.iif = iif, .source = kAnyAddress, .destination = *parse_range(to)}, true, found);
    return found.pass;
  };
  for (const char* iif : {"vdi", "sekisho0", "eth0", "another"}) {
    EXPECT_THAT(pass(iif, "10.40.0.1"), IsEmpty()) << iif << ": the My Number console page is at another device";
    EXPECT_THAT(pass(iif, "10.95.0.1"), IsEmpty()) << iif;
    EXPECT_THAT(pass(iif, "10.40.0.11"), Not(IsEmpty())) << iif << ": no address of this machine";
    EXPECT_THAT(pass(iif, "198.51.100.1"), Not(IsEmpty())) << iif << ": strangers come to it";
  }
  EXPECT_THAT(pass("vdi-mn", "10.20.0.1"), IsEmpty());
  EXPECT_THAT(pass("vdi-mn", "10.40.0.1"), Not(IsEmpty())) << "its own";
}

TEST_F(InNamespace, AFormOfFibThatNobodyReadsProvesNothing) {
  for (const char* rule :
       {"fib daddr . mark type != unicast drop", "fib saddr . iif oif missing drop",
        "fib daddr . iif type { local, broadcast } drop", "fib daddr . iif type != broadcast drop"}) {
    ASSERT_TRUE(nft("flush ruleset"));
    ASSERT_TRUE(
        nft("", std::string("table inet sekisho {\n  chain arriving {\n    type filter hook prerouting priority "
                            "raw; policy accept;\n    ") +
                    rule + "\n  }\n}\n"));
    const auto rules = KernelRules::read(listing(), KernelRules::From::kernel);
    ASSERT_TRUE(rules);
    PacketSearch::Found found;
    PacketSearch(*rules, kLocal)
        .search({.iif = "vdi", .source = kAnyAddress, .destination = *parse_range("10.40.0.1")}, true, found);
    EXPECT_THAT(found.pass, Not(IsEmpty())) << rule;
  }
}

TEST_F(InNamespace, WhatOthersDoWithoutSendingAnythingElsewhereIsNotHeldAgainstIt) {
  ASSERT_TRUE(
      nft("",
          "add table inet perimeter\nadd chain inet perimeter in { type filter hook input priority 0; policy drop; }\n"
          "add rule inet perimeter in ct state established counter accept\n"
          "add rule inet perimeter in limit rate 10/second log\nadd table ip out\n"
          "add chain ip out post { type nat hook postrouting priority srcnat; }\nadd rule ip out post masquerade\n"));
  EXPECT_THAT(unproved(claims()), IsEmpty());
}

}  // namespace
}  // namespace sekisho::ctl
