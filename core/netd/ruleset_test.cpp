#include "netd/ruleset.hpp"

#include "netd/nft_reading.hpp"

#include <gtest/gtest.h>

namespace sekisho::netd {
namespace {

using std::chrono::milliseconds;

NetPath internet() {
  return {"internet", "sekisho0", *parse_ipv4("10.202.0.1"), 24, 1354, {5900, 443}};
}
const Right kScreen{0x0aca0005, 6, 5900}, kPosture{0x0aca0005, 6, 443};

std::string listing(const std::string& elements) {
  return R"({"nftables": [{"metainfo": {"version": "1.0.6"}},
    {"table": {"family": "inet", "name": "sekisho", "handle": 1}},
    {"set": {"family": "inet", "table": "sekisho", "name": "rights_internet", "flags": ["timeout"], "elem": [)" +
         elements + "]}}]}";
}
std::string element(const std::string& address, const std::string& protocol, const std::string& port,
                    const std::string& more = R"(, "timeout": 120, "expires": 60)") {
  return R"({"elem": {"val": {"concat": [")" + address + R"(", "10.202.0.1", )" + protocol + ", " + port + "]}" + more +
         "}}";
}

}  // namespace

TEST(Ruleset, IsThisTable) {
  EXPECT_EQ(install_commands({internet()}, {{{kScreen, milliseconds(60'000)}, {kPosture, milliseconds(1)}}},
                             {{{0x0a140065, 0x0a1e0101}, milliseconds(90'000)}}),
            R"(add table inet sekisho
delete table inet sekisho
table inet sekisho {
  counter refused_internet { }
  counter stray_internet { }
  counter unasked_internet { }
  set rights_internet {
    type ipv4_addr . ipv4_addr . inet_proto . inet_service
    flags timeout
    elements = { 10.202.0.5 . 10.202.0.1 . 6 . 443 timeout 1ms, 10.202.0.5 . 10.202.0.1 . 6 . 5900 timeout 60000ms }
  }
  chain from_internet {
    ip saddr . ip daddr . meta l4proto . th dport @rights_internet accept
    counter name "refused_internet" drop
  }
  chain to_internet {
    ip daddr . ip saddr . meta l4proto . th sport @rights_internet accept
    counter name "unasked_internet" drop
  }
  counter rdp_refused { }
  counter rdp_unasked { }
  set rdp_rights {
    type ipv4_addr . ipv4_addr
    flags timeout
    elements = { 10.20.0.101 . 10.30.1.1 timeout 90000ms }
  }
  set rdp_tried {
    type ipv4_addr . ipv4_addr . inet_proto . inet_service
    size 4096
    flags dynamic,timeout
    timeout 15s
  }
  chain rdp_asked {
    meta l4proto tcp ip saddr . ip daddr @rdp_rights accept
    update @rdp_tried { ip saddr . ip daddr . meta l4proto . th sport counter }
    meta l4proto tcp counter name "rdp_refused" reject with tcp reset
    counter name "rdp_refused" drop
  }
  chain rdp_answered {
    meta l4proto tcp ip daddr . ip saddr @rdp_rights accept
    counter name "rdp_unasked" drop
  }
  counter barred { }
  set barred {
    type ipv4_addr
    size 1024
    flags timeout
  }
  set barred_networks {
    type ipv6_addr
    size 1024
    flags timeout
  }
  chain arriving {
    type filter hook prerouting priority raw; policy accept;
    iifname "sekisho0" goto from_internet
    iifname != "lo" ip saddr 10.202.0.0/24 counter name "stray_internet" drop
    iifname != "lo" ip daddr 10.202.0.0/24 counter name "stray_internet" drop
    ip saddr 10.202.0.0/24 ip saddr != 10.202.0.1 counter name "stray_internet" drop
  }
  chain crossing {
    type filter hook forward priority raw; policy accept;
    iifname "sekisho0" counter name "refused_internet" drop
    oifname "sekisho0" counter name "unasked_internet" drop
    meta l4proto { tcp, udp } th dport 3389 goto rdp_asked
    meta l4proto { tcp, udp } th sport 3389 goto rdp_answered
    meta nfproto ipv6 counter name "stray_internet" drop
  }
  chain leaving {
    type filter hook output priority raw; policy accept;
    oifname "sekisho0" goto to_internet
  }
}
)");
}

TEST(Ruleset, OpeningsOfBarredSourcesEndBeforeEverythingElse) {
  auto path = internet();
  path.front_ports = {8443, 443};
  const std::string all = install_commands({path}, {{}}, {});
  const std::string rules = R"(policy accept;
    tcp flags & (syn | ack) == syn tcp dport { 443, 8443 } fib daddr type local ip saddr @barred counter name "barred" drop
    tcp flags & (syn | ack) == syn tcp dport { 443, 8443 } fib daddr type local ip6 saddr & ffff:ffff:ffff:ffff:: @barred_networks counter name "barred" drop
    iifname "sekisho0" goto from_internet
)";
  EXPECT_NE(all.find(rules), all.npos) << all;
}

TEST(Ruleset, TheConsolePagesAddressIsThatOfItsDevice) {
  constexpr const char* kRule =
      "    iifname != \"lo\" ip daddr 10.60.0.1 fib daddr . iif type != local counter name \"stray_internet\" drop\n";
  auto path = internet();
  EXPECT_EQ(install_commands({path}, {{}}, {}).find("fib"), std::string::npos);
  path.console_address = *parse_ipv4("10.60.0.1");
  EXPECT_NE(install_commands({path}, {{}}, {}).find(kRule), std::string::npos);
}

/// A path of the closed network beside the Internet's, with desktops on both sides.
std::vector<NetPath> two_paths(bool kernel_esp = false) {
  NetPath open = internet();
  open.desktops = {{*parse_ipv4("10.20.0.0"), 24}};
  open.places = {open.desktops[0], {open.network(), open.prefix}, {*parse_ipv4("198.51.100.1"), 32}};
  open.strangers = {*parse_ipv4("198.51.100.1")};
  NetPath closed{"closed", kernel_esp ? "closed0" : "ipsec0", *parse_ipv4("10.95.0.1"), 16, 1354, {5900, 8443, 443}};
  closed.closed = ClosedNet{"closed0", *parse_ipv4("172.30.0.1"), kernel_esp, {443}};
  closed.desktops = {{*parse_ipv4("10.40.0.0"), 24}};
  closed.places = {closed.desktops[0], {closed.network(), closed.prefix}, {*parse_ipv4("172.30.0.1"), 32}};
  return {open, closed};
}
std::string chain(const std::string& all, const std::string& name) {
  const auto begin = all.find("  chain " + name + " {");
  return begin == all.npos ? std::string() : all.substr(begin, all.find("  }\n", begin) - begin);
}

TEST(Ruleset, AClosedPathsFrontIsThereForItsNetworkAndTheRestByRights) {
  const std::string all = install_commands(two_paths(), {{}, {}}, {});
  EXPECT_EQ(chain(all, "from_closed"), R"(  chain from_closed {
    ip saddr 10.95.0.0/16 ip daddr 10.95.0.1 tcp dport 443 accept
    ip saddr . ip daddr . meta l4proto . th dport @rights_closed accept
    counter name "refused_closed" drop
)");
  EXPECT_EQ(chain(all, "to_closed"), R"(  chain to_closed {
    ip daddr 10.95.0.0/16 ip saddr 10.95.0.1 tcp sport 443 accept
    ip daddr . ip saddr . meta l4proto . th sport @rights_closed accept
    counter name "unasked_closed" drop
)");
}

TEST(Ruleset, AtTheClosedInterfaceThereIsIkeAndNothingElse) {
  const std::string all = install_commands(two_paths(), {{}, {}}, {});
  EXPECT_EQ(chain(all, "arriving"), R"(  chain arriving {
    type filter hook prerouting priority raw; policy accept;
    iifname "sekisho0" goto from_internet
    iifname "ipsec0" goto from_closed
    iifname != "lo" ip saddr 10.202.0.0/24 counter name "stray_internet" drop
    iifname != "lo" ip daddr 10.202.0.0/24 counter name "stray_internet" drop
    ip saddr 10.202.0.0/24 ip saddr != 10.202.0.1 counter name "stray_internet" drop
    iifname != "lo" ip saddr 10.95.0.0/16 counter name "stray_closed" drop
    iifname != "lo" ip daddr 10.95.0.0/16 counter name "stray_closed" drop
    ip saddr 10.95.0.0/16 ip saddr != 10.95.0.1 counter name "stray_closed" drop
    iifname != "lo" ip saddr 10.20.0.0/24 ip daddr { 10.40.0.0/24, 10.95.0.0/16, 172.30.0.1 } counter name "stray_closed" drop
    iifname != "lo" ip saddr 10.40.0.0/24 ip daddr { 10.20.0.0/24, 10.202.0.0/24, 198.51.100.1 } counter name "stray_internet" drop
    iifname != "lo" ip daddr != 198.51.100.1 fib daddr type local fib daddr . iif type != local counter name "stray_closed" drop
    iifname != "lo" meta nfproto ipv6 fib daddr type local fib daddr . iif type != local counter name "stray_closed" drop
    iifname "closed0" ip daddr 172.30.0.1 udp dport { 500, 4500 } accept
    iifname "closed0" counter name "stray_closed" drop
    iifname != "lo" ip daddr 172.30.0.1 counter name "stray_closed" drop
)");
  EXPECT_NE(chain(all, "crossing").find("    iifname \"closed0\" counter name \"stray_closed\" drop\n"), all.npos);
  EXPECT_EQ(chain(all, "leaving"), R"(  chain leaving {
    type filter hook output priority raw; policy accept;
    oifname "sekisho0" goto to_internet
    oifname "ipsec0" goto to_closed
    oifname "closed0" ip saddr 172.30.0.1 udp sport { 500, 4500 } accept
    oifname "closed0" counter name "unasked_closed" drop
)");
}

TEST(Ruleset, WhereTheKernelDoesEspOnlyWhatAnSaCarriedIsThePaths) {
  const std::string all = install_commands(two_paths(true), {{}, {}}, {});
  const std::string arriving = chain(all, "arriving"), leaving = chain(all, "leaving");
  EXPECT_NE(arriving.find("    iifname \"closed0\" meta ipsec exists goto from_closed\n"), arriving.npos);
  EXPECT_EQ(arriving.find("    iifname \"closed0\" goto"), arriving.npos);
  EXPECT_NE(arriving.find("    iifname \"closed0\" ip daddr 172.30.0.1 ip protocol esp accept\n"), arriving.npos);
  EXPECT_NE(leaving.find("    oifname \"closed0\" ip saddr 10.95.0.1 rt ipsec exists goto to_closed\n"), leaving.npos)
      << "an answer leaves through an SA or not at all";
  EXPECT_NE(leaving.find("    oifname \"closed0\" counter name \"unasked_closed\" drop\n"), leaving.npos);
}

TEST(Ruleset, NoIpv6IsForwardedWhateverItsZone) {
  for (const bool kernel_esp : {false, true}) {
    const std::string crossing = chain(install_commands(two_paths(kernel_esp), {{}, {}}, {}), "crossing");
    const std::string rule = "    meta nfproto ipv6 counter name \"stray_closed\" drop\n";
    ASSERT_GE(crossing.size(), rule.size());
    EXPECT_EQ(crossing.substr(crossing.size() - rule.size()), rule) << "behind RDP's own words for it";
    EXPECT_EQ(crossing.find(" accept\n"), crossing.npos) << "and nothing before it lets any pass";
  }
  EXPECT_EQ(install_commands({}, {}, {}).find("ipv6 "), std::string::npos) << "no path, no zone";
}

TEST(Ruleset, AsksConntrackNothing) {
  const std::string all = install_commands({internet()}, {{}}, {});
  EXPECT_EQ(all.find(" ct "), std::string::npos);
  EXPECT_EQ(all.find("established"), std::string::npos);
}

TEST(Ruleset, AChangeWorksWhateverOfItExists) {
  EXPECT_EQ(change_commands(internet(), {kPosture}, {{kScreen, milliseconds(120'000)}}),
            R"(add element inet sekisho rights_internet { 10.202.0.5 . 10.202.0.1 . 6 . 443 timeout 1000ms }
add element inet sekisho rights_internet { 10.202.0.5 . 10.202.0.1 . 6 . 5900 timeout 120000ms }
delete element inet sekisho rights_internet { 10.202.0.5 . 10.202.0.1 . 6 . 443, 10.202.0.5 . 10.202.0.1 . 6 . 5900 }
add element inet sekisho rights_internet { 10.202.0.5 . 10.202.0.1 . 6 . 5900 timeout 120000ms }
)");
  EXPECT_EQ(change_commands(internet(), {}, {}), "");
}

TEST(NftReading, ReadsTheElementsOfOurSets) {
  const auto found =
      read_rights(listing(element("10.202.0.5", "6", "5900") + ", " + element("10.202.0.6", "\"17\"", "\"443\"")));
  ASSERT_TRUE(found) << found.error().detail;
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].set, "rights_internet");
  EXPECT_EQ((*found)[0].destination, "10.202.0.1");
  EXPECT_EQ((*found)[0].right, kScreen);
  EXPECT_EQ((*found)[0].left, std::chrono::seconds(60));
  EXPECT_EQ((*found)[1].right, (Right{0x0aca0006, 17, 443}));
}

TEST(NftReading, LeavesOutWhatItDoesNotUnderstand) {
  for (const std::string& bad : {
           element("10.202.0.5", "6", "5900", ""),                           // no end
           element("10.202.0.5", "\"tcp\"", "5900"),                         // a name
           element("10.202.0.5", "300", "5900"),                             // out of range
           element("10.202.0.5", "6", "70000"),                              //
           element("10.202.0.5", "6", "-1"),                                 //
           element("10.202.0.5", "6.5", "5900"),                             //
           element("10.202.0.5", "6", "5900", R"(, "expires": -3)"),         //
           element("10.202.0.5", "6", "5900", R"(, "expires": "soon")"),     //
           element("10.202.0.0/24", "6", "5900"),                            // a network
           std::string(R"({"elem": {"val": "10.202.0.5", "expires": 5}})"),  //
           std::string(R"({"elem": {"val": {"concat": ["10.202.0.5"]}, "expires": 5}})"),
           std::string(R"("10.202.0.5")"),
           std::string("7"),
       }) {
    const auto found = read_rights(listing(bad + ", " + element("10.202.0.6", "6", "443")));
    ASSERT_TRUE(found) << bad;
    EXPECT_EQ(found->size(), 1u) << bad;
  }
}

TEST(NftReading, OtherTablesAreNotOurs) {
  for (const char* text : {
           R"({"nftables": []})",
           R"({"nftables": [{"set": {"family": "ip", "table": "sekisho", "name": "rights_internet", "elem": [7]}}]})",
           R"({"nftables": [{"set": {"family": "inet", "table": "other", "name": "rights_internet", "elem": [7]}}]})",
           R"({"nftables": [{"set": {"family": 5, "table": "sekisho"}}, 3, null, {"set": 1}]})",
           R"({"nftables": [{"set": {"family": "inet", "table": "sekisho", "name": 7, "elem": []}}]})",
       }) {
    const auto found = read_rights(text);
    EXPECT_TRUE(!found || found->empty()) << text;
  }
  for (const char* text : {"", "{}", "[]", "3", R"({"nftables": 3})", R"({"nftables": [)"}) {
    EXPECT_FALSE(read_rights(text)) << text;
  }
}

}  // namespace sekisho::netd
