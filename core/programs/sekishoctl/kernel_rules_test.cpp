// What is not understood never helps: each row here is a way in which rules look tighter than they are.
#include "programs/sekishoctl/kernel_rules.hpp"

#include "programs/sekishoctl/packet_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho::ctl {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kDrop = R"({"drop": null})", kAccept = R"({"accept": null})";

std::string match(const std::string& left, const std::string& right, const char* op = "==") {
  return R"({"match": {"op": ")" + std::string(op) + R"(", "left": )" + left + R"(, "right": )" + right + "}}";
}
std::string ip(const char* field) {
  return R"({"payload": {"protocol": "ip", "field": ")" + std::string(field) + R"("}})";
}
std::string th(const char* protocol, const char* field) {
  return R"({"payload": {"protocol": ")" + std::string(protocol) + R"(", "field": ")" + field + R"("}})";
}
std::string meta(const char* key) {
  return R"({"meta": {"key": ")" + std::string(key) + R"("}})";
}
std::string set(const std::string& elements, const std::string& more = "", const char* name = "s") {
  return R"({"set": {"family": "inet", "table": "sekisho", "name": ")" + std::string(name) + R"(", "handle": 2)" +
         more + (elements.empty() ? "" : R"(, "elem": [)" + elements + "]") + "}},";
}

constexpr const char* kTable = R"({"table": {"family": "inet", "name": "sekisho", "handle": 1}},)";
constexpr const char* kArriving =
    R"({"chain": {"family": "inet", "table": "sekisho", "name": "arriving", "handle": 1, "type": "filter",
        "hook": "prerouting", "prio": -300, "policy": "accept"}})";

struct Table {
  std::string table = kTable, sets{}, chain = kArriving;
  std::vector<std::string> rules{};  ///< of "arriving"
  std::vector<std::string> other{};  ///< of "other"
  KernelRules::From from = KernelRules::From::kernel;

  [[nodiscard]] Result<KernelRules> read() const {
    std::string out = R"({"nftables": [)" + table + sets + chain;
    int handle = 0;
    const auto add = [&](const char* name, const std::vector<std::string>& rules_of) {
      for (const std::string& rule : rules_of) {
        out += R"(, {"rule": {"family": "inet", "table": "sekisho", "chain": ")" + std::string(name) +
               R"(", "handle": )" + std::to_string(++handle) + R"(, "expr": [)" + rule + "]}}";
      }
    };
    add("arriving", rules);
    add("other", other);
    return KernelRules::read(out + "]}", from);
  }
};

Packets packets(const char* source, const char* destination, std::uint32_t protocol = kTcp, std::uint32_t port = 443) {
  Packets out{.iif = "eth0", .source = *parse_range(source), .destination = *parse_range(destination)};
  out.protocol = {protocol, protocol}, out.port = {port, port}, out.source_port = {40000, 40000};
  return out;
}
bool drops(const Table& table, const Packets& some) {
  const auto rules = table.read();
  EXPECT_TRUE(rules) << rules.error().detail;
  return rules && !rules->dropped_by("prerouting", some).empty();
}
std::vector<std::string> doubts(const Table& table) {
  const auto rules = table.read();
  return rules ? rules->doubts() : std::vector<std::string>{rules.error().detail};
}
/// Of the packets from everywhere to 10.40.0.0/24.
std::vector<std::string> passing(const Table& table) {
  const auto rules = table.read();
  EXPECT_TRUE(rules) << rules.error().detail;
  PacketSearch::Found found;
  const PacketSearch search(*rules, {});
  search.search({.iif = "eth0", .source = kAnyAddress, .destination = *parse_range("10.40.0.0/24")}, true, found);
  return found.pass;
}

const Packets kSome = packets("10.0.0.7", "10.40.0.11");

TEST(KernelRules, AStatementThatLetsSomePacketsOnMakesTheEndOfItsRuleUncertain) {
  EXPECT_TRUE(drops({.rules = {kDrop}}, kSome));
  EXPECT_TRUE(
      drops({.rules = {R"({"counter": {"packets": 1, "bytes": 2}}, {"log": {"prefix": "x"}}, )" + kDrop}}, kSome));
  for (
      const char* statement : {
          R"({"limit": {"rate": 10, "per": "second"}})",
          R"({"quota": {"val": 10, "val_unit": "mbytes"}})",
          R"({"ct count": {"val": 5}})",
          R"({"set": {"op": "update", "elem": {"payload": {"protocol": "ip", "field": "saddr"}}, "set": "@t"}})",
          R"({"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 7}})",
          R"({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}})",
          R"({"match": {"op": "<", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 1024}})",
          R"({"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "ip", "field": "saddr"}}, 1]}, "right": 1}})",
          R"({"match": {"op": "==", "left": {"payload": {"tunnel": "gre", "protocol": "ip", "field": "saddr"}},
               "right": "10.0.0.7"}})",
          R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth*"}})",
          R"({"match": {"left": {"meta": {"key": "iifname"}}, "right": "eth0"}})",
          R"({"match": 7})",
      }) {
    const Table table{.rules = {std::string(statement) + ", " + kDrop}};
    EXPECT_FALSE(drops(table, kSome)) << statement;
    EXPECT_THAT(doubts(table), IsEmpty()) << statement << ": it may hold or not, and that is all";
    // And the other way: it may let through what is dropped behind it.
    EXPECT_FALSE(drops({.rules = {std::string(statement) + ", " + kAccept, kDrop}}, kSome)) << statement;
  }
}

TEST(KernelRules, AStatementThatNobodyReadsHereIsADoubtAndNoDropBehindItCounts) {
  const struct {
    const char *statement, *name;
  } rows[] = {
      {R"({"mangle": {"key": {"payload": {"protocol": "ip", "field": "daddr"}}, "value": "10.40.0.1"}})", "mangle"},
      {R"({"dnat": {"addr": "10.40.0.1"}})", "dnat"},
      {R"({"redirect": {"port": 5}})", "redirect"},
      {R"({"tproxy": {"addr": "127.0.0.1", "port": 5}})", "tproxy"},
      {R"({"queue": {"num": 1}})", "queue"},
      {R"({"vmap": {"key": {"meta": {"key": "l4proto"}}, "data": {"set": [["tcp", {"accept": null}]]}}})", "vmap"},
      {R"({"flow": {"op": "add", "flowtable": "@f"}})", "flow"},
      {R"({"fwd": {"dev": "vdi-mn"}})", "fwd"},
      {R"({"xt": null})", "xt"},
      {R"({"notrack": null})", "notrack"},
      {R"("notrack")", "notrack"},
      {R"({"frobnicate": 1})", "frobnicate"},
      {R"({"drop": null, "accept": null})", "?"},
      {"7", "?"},
  };
  for (const auto& row : rows) {
    const Table table{.rules = {row.statement, kDrop}};
    EXPECT_FALSE(drops(table, kSome)) << row.statement;
    EXPECT_FALSE(drops({.rules = {row.statement + (", " + kDrop), kDrop}}, kSome)) << row.statement;
    EXPECT_THAT(doubts(table), ElementsAre(std::string("arriving 1: ") + row.name));
    // Whom it does not reach it does not change; it stays a doubt of the table.
    const Table elsewhere{.rules = {match(meta("iifname"), "\"eth1\"") + ", " + row.statement, kDrop}};
    EXPECT_TRUE(drops(elsewhere, kSome)) << row.statement;
    EXPECT_EQ(doubts(elsewhere).size(), 1U) << row.statement;
  }
}

TEST(KernelRules, WhoPerhapsLeavesTheChainIsNotDroppedByItsEnd) {
  const std::string perhaps = match(meta("mark"), "7");
  const Table goes{.rules = {perhaps + R"(, {"goto": {"target": "other"}})", kDrop}, .other = {R"({"counter": null})"}};
  EXPECT_FALSE(drops(goes, kSome)) << "behind a goto this chain is over";
  const Table jumps{.rules = {perhaps + R"(, {"jump": {"target": "other"}})", kDrop},
                    .other = {R"({"counter": null})"}};
  EXPECT_TRUE(drops(jumps, kSome)) << "behind a jump it goes on";
  EXPECT_FALSE(drops({.rules = {perhaps + R"(, {"return": null})", kDrop}}, kSome));
  EXPECT_FALSE(drops({.rules = {R"({"jump": {"target": "nowhere"}})", kDrop}}, kSome));
  EXPECT_FALSE(drops({.rules = {R"({"goto": {"target": "arriving"}})", kDrop}}, kSome)) << "chains that go in a circle";
}

TEST(KernelRules, OnlyOurTableAwakeAsAFilterAtRawGuards) {
  EXPECT_TRUE(drops({.rules = {kDrop}}, kSome));
  const std::string chain = kArriving;
  const auto with = [&](const std::string& what, const std::string& other) {
    std::string out = chain;
    return out.replace(out.find(what), what.size(), other);
  };
  const struct {
    std::string table, chain, doubt;
  } rows[] = {
      {R"({"table": {"family": "inet", "name": "sekisho", "handle": 1, "flags": "dormant"}},)", chain,
       "table inet sekisho: flags"},
      {R"({"table": {"family": "inet", "name": "sekisho", "handle": 1, "flags": ["owner"]}},)", chain,
       "table inet sekisho: flags"},
      {kTable, with(R"("type": "filter")", R"("type": "nat")"), "chain arriving: type nat"},
      {kTable, with("-300", "-90"), "chain arriving: priority -90"},
  };
  for (const auto& row : rows) {
    const Table table{.table = row.table, .chain = row.chain, .rules = {kDrop}};
    EXPECT_FALSE(drops(table, kSome)) << row.doubt;
    EXPECT_THAT(doubts(table), ElementsAre(row.doubt));
  }
  // Another's table is none, whatever it is called.
  for (const char* table : {R"({"table": {"family": "ip", "name": "sekisho"}},)",
                            R"({"table": {"family": "inet", "name": "sekisho2"}},)", ""}) {
    EXPECT_FALSE((Table{.table = table, .rules = {kDrop}}.read())) << table;
  }
  for (const auto& [what, other] : {std::pair(R"("family": "inet")", R"("family": "ip")"),
                                    std::pair(R"("table": "sekisho")", R"("table": "other")")}) {
    EXPECT_FALSE((Table{.chain = with(what, other), .rules = {kDrop}}.read())) << other;
  }
  const std::string foreign = std::string(kArriving) +
                              R"(, {"rule": {"family": "ip", "table": "sekisho", "chain": "arriving", "handle": 1,
                                  "expr": [{"drop": null}]}})";
  EXPECT_FALSE(drops({.chain = foreign}, kSome)) << "a rule of another family";
}

TEST(KernelRules, RulesOfOtherTablesThatSendElsewhereAreNamed) {
  const auto elsewhere = [](const std::string& statement) {
    const Table table{.chain = std::string(kArriving) +
                               R"(, {"rule": {"family": "ip", "table": "nat", "chain": "in", "handle": 4, "expr": [)" +
                               statement + "]}}"};
    const auto rules = table.read();
    return rules ? rules->elsewhere() : std::vector<std::string>{"?"};
  };
  EXPECT_THAT(elsewhere(R"({"dnat": {"addr": "10.40.0.1"}})"), ElementsAre("ip nat in 4: dnat"));
  for (const char* bad : {R"({"redirect": null})", R"({"tproxy": {"port": 5}})", R"({"fwd": {"dev": "vdi-mn"}})",
                          R"({"dup": {"addr": "10.40.0.1"}})", R"({"flow": {"op": "add"}})", R"({"queue": {}})",
                          R"({"mangle": {"key": {"payload": {"protocol": "ip", "field": "daddr"}}, "value": 1}})",
                          R"({"xt": null})", R"({"xt": {"type": "target", "name": "DNAT"}})", R"({"new": 1})", "7"}) {
    EXPECT_EQ(elsewhere(bad).size(), 1U) << bad;
  }
  for (const char* good :
       {R"({"masquerade": null})", R"({"snat": {"addr": "10.0.0.1"}})", R"({"accept": null})",
        R"({"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}})", R"("notrack")",
        R"({"xt": {"type": "match", "name": "comment"}})", R"({"xt": {"type": "target", "name": "MASQUERADE"}})"}) {
    EXPECT_THAT(elsewhere(good), IsEmpty()) << good;
  }
}

TEST(KernelRules, EveryIntervalOfASetIsLookedUpAtBothEndsAndOutside) {
  const std::string intervals =
      R"({"prefix": {"addr": "10.0.0.0", "len": 24}}, {"range": ["10.1.0.5", "10.1.0.9"]}, "10.9.9.9")";
  for (const bool named : {false, true}) {
    const std::string of = named ? "\"@s\"" : R"({"set": [)" + intervals + "]}";
    const Table table{.sets = named ? set(intervals) : "", .rules = {match(ip("saddr"), of) + ", " + kDrop}};
    const Table turned{.sets = table.sets, .rules = {match(ip("saddr"), of, "!=") + ", " + kDrop}};
    for (const char* inside : {"10.0.0.0", "10.0.0.255", "10.1.0.5", "10.1.0.9", "10.9.9.9", "10.0.0.128/25"}) {
      EXPECT_TRUE(drops(table, packets(inside, "10.40.0.1"))) << inside;
      EXPECT_FALSE(drops(turned, packets(inside, "10.40.0.1"))) << inside;
    }
    for (const char* outside : {"9.255.255.255", "10.0.1.0", "10.1.0.4", "10.1.0.10", "10.9.9.8", "10.9.9.10"}) {
      EXPECT_FALSE(drops(table, packets(outside, "10.40.0.1"))) << outside;
      EXPECT_TRUE(drops(turned, packets(outside, "10.40.0.1"))) << outside;
    }
    EXPECT_FALSE(drops(table, packets("10.0.0.0/23", "10.40.0.1"))) << "a part of them";
    EXPECT_FALSE(drops(turned, packets("10.0.0.0/23", "10.40.0.1"))) << "a part of them";
    EXPECT_THAT(doubts(table), IsEmpty());
  }
}

TEST(KernelRules, ANetworkWithABitBeyondItsPrefixHoldsNoPacket) {
  const auto from = [](const char* network) {
    return match(ip("saddr"), R"({"prefix": {"addr": ")" + std::string(network) + R"(", "len": 24}})") + ", ";
  };
  EXPECT_TRUE(drops({.rules = {from("10.0.0.0") + kDrop}}, kSome));
  EXPECT_FALSE(drops({.rules = {from("10.0.0.7") + kDrop}}, kSome)) << "the kernel compares what the mask leaves";
  EXPECT_FALSE(drops({.rules = {from("10.0.0.7") + kAccept, kDrop}}, kSome)) << "and what is not clear helps nobody";
}

TEST(KernelRules, EveryFieldOfAConcatenationIsLookedUp) {
  const std::string keys = R"({"concat": [)" + ip("saddr") + ", " + meta("l4proto") + ", " + th("th", "dport") + "]}";
  const Table table{
      .sets = set(R"({"concat": [{"prefix": {"addr": "10.0.0.0", "len": 24}}, "tcp", {"range": [22, 25]}]})"),
      .rules = {match(keys, "\"@s\"") + ", " + kDrop}};
  EXPECT_TRUE(drops(table, packets("10.0.0.0", "10.40.0.1", kTcp, 22)));
  EXPECT_TRUE(drops(table, packets("10.0.0.255", "10.40.0.1", kTcp, 25)));
  EXPECT_FALSE(drops(table, packets("10.0.1.0", "10.40.0.1", kTcp, 22)));
  EXPECT_FALSE(drops(table, packets("10.0.0.0", "10.40.0.1", kTcp, 21)));
  EXPECT_FALSE(drops(table, packets("10.0.0.0", "10.40.0.1", kTcp, 26)));
  EXPECT_FALSE(drops(table, packets("10.0.0.0", "10.40.0.1", kUdp, 22)));
  Packets fragment = packets("10.0.0.0", "10.40.0.1", kTcp, 22);
  fragment.fragment = true;
  EXPECT_FALSE(drops(table, fragment)) << "it has no ports, and the rule does not hold";
  Packets six = packets("10.0.0.0", "10.40.0.1", kTcp, 22);
  six.ipv6 = true;
  EXPECT_FALSE(drops(table, six));
  // As an exception it is taken for one where it may be.
  const Table open{.sets = table.sets, .rules = {match(keys, "\"@s\"") + ", " + kAccept, kDrop}};
  EXPECT_FALSE(drops(open, packets("10.0.0.0/16", "10.40.0.1", kTcp, 22)));
  EXPECT_TRUE(drops(open, packets("10.0.0.0/16", "10.40.0.1", kTcp, 26)));
}

TEST(KernelRules, AnElementThatMayGoAndASetThatMayGrowHelpNobody) {
  const std::string rule = match(ip("saddr"), "\"@s\"") + ", ", turned = match(ip("saddr"), "\"@s\"", "!=") + ", ";
  const char *in = "10.0.0.7", *out = "10.0.0.8", *to = "10.40.0.1";
  const std::string plain = R"("10.0.0.7")", timed = R"({"elem": {"val": "10.0.0.7", "timeout": 60, "expires": 59}})";
  EXPECT_TRUE(drops({.sets = set(plain), .rules = {rule + kDrop}}, packets(in, to)));
  EXPECT_TRUE(drops({.sets = set(R"({"elem": {"val": "10.0.0.7", "comment": "x"}})"), .rules = {rule + kDrop}},
                    packets(in, to)));
  EXPECT_TRUE(drops({.sets = set(plain), .rules = {turned + kDrop}}, packets(out, to)));
  // With a timeout, of its own or of the set: it may be gone, and it may be there.
  for (const auto& [elements, more] :
       {std::pair(timed, ""), std::pair(plain, R"(, "timeout": 60)"), std::pair(plain, R"(, "flags": ["timeout"])")}) {
    const std::string sets = set(elements, more);
    EXPECT_FALSE(drops({.sets = sets, .rules = {rule + kDrop}}, packets(in, to))) << sets;
    EXPECT_FALSE(drops({.sets = sets, .rules = {rule + kAccept, kDrop}}, packets(in, to))) << sets;
    EXPECT_TRUE(drops({.sets = sets, .rules = {rule + kAccept, kDrop}}, packets(out, to))) << sets;
  }
  // Packets fill it.
  const std::string filling =
      R"({"set": {"op": "add", "elem": {"payload": {"protocol": "ip", "field": "saddr"}}, "set": "@s"}})";
  EXPECT_FALSE(drops({.sets = set(plain), .rules = {turned + kDrop}, .other = {filling}}, packets(out, to)));
  EXPECT_FALSE(drops({.sets = set(plain, R"(, "flags": ["dynamic"])"), .rules = {turned + kDrop}}, packets(out, to)));
  // It has more than can be read, or is not there.
  const Table unread{.sets = set(plain + R"(, "*")"), .rules = {rule + kAccept, kDrop}};
  EXPECT_FALSE(drops(unread, packets(out, to)));
  EXPECT_THAT(doubts(unread), ElementsAre("set s: an element"));
  const Table missing{.rules = {rule + kAccept, kDrop}};
  EXPECT_FALSE(drops(missing, packets(out, to)));
  EXPECT_THAT(doubts(missing), ElementsAre("arriving 1: @s"));
}

TEST(KernelRules, AnEmptySetInAFileMayBeOneThatWasNotShown) {
  Table table{.sets = set(""), .rules = {match(ip("saddr"), "\"@s\"") + ", " + kAccept, kDrop}};
  EXPECT_TRUE(drops(table, kSome));
  EXPECT_THAT(doubts(table), IsEmpty());
  table.from = KernelRules::From::file;
  EXPECT_FALSE(drops(table, kSome));
  EXPECT_THAT(doubts(table), ElementsAre("set s: no elements are listed"));
}

TEST(KernelRules, ASetOfThoseWhoAreDroppedNeedNotBeShownAndProvesNothing) {
  const Table table{
      .sets = set(""), .rules = {match(ip("saddr"), "\"@s\"") + ", " + kDrop}, .from = KernelRules::From::file};
  EXPECT_FALSE(drops(table, kSome));
  EXPECT_THAT(doubts(table), IsEmpty());
}

TEST(KernelRules, APortIsOneOfItsProtocolAlone) {
  const Table tcp{.rules = {match(th("tcp", "dport"), "443") + ", " + kDrop}},
      any{.rules = {match(th("th", "dport"), "443") + ", " + kDrop}};
  EXPECT_TRUE(drops(tcp, packets("10.0.0.7", "10.40.0.1", kTcp)));
  EXPECT_FALSE(drops(tcp, packets("10.0.0.7", "10.40.0.1", kUdp)));
  EXPECT_TRUE(drops(any, packets("10.0.0.7", "10.40.0.1", kUdp)));
  EXPECT_FALSE(drops(any, packets("10.0.0.7", "10.40.0.1", 132))) << "SCTP has other bytes there, or the same";
  const Table open{.rules = {match(th("th", "dport"), "443") + ", " + kAccept, kDrop}};
  EXPECT_FALSE(drops(open, packets("10.0.0.7", "10.40.0.1", 132)));
  EXPECT_FALSE(drops(open, packets("10.0.0.7", "10.40.0.1", kEsp))) << "the SPI is the sender's choice";
}

TEST(PacketSearch, FindsTheOneAddressPortOrProtocolThatIsLeftOut) {
  const std::string to = match(ip("daddr"), R"({"prefix": {"addr": "10.40.0.0", "len": 24}})") + ", ";
  EXPECT_THAT(passing({.rules = {to + kDrop}}), IsEmpty());
  EXPECT_THAT(passing({.rules = {match(ip("saddr"), R"("10.9.8.7")") + ", " + kAccept, to + kDrop}}),
              Contains(::testing::StartsWith("eth0 10.9.8.7 > 10.40.0.0/24")));
  const auto udp = passing({.rules = {match(th("udp", "dport"), "5060") + ", " + kAccept, to + kDrop}});
  EXPECT_THAT(udp, ::testing::AllOf(Not(IsEmpty()), Each(HasSubstr("> 10.40.0.0/24 udp 5060"))));
  EXPECT_THAT(passing({.rules = {match(ip("daddr"), R"({"range": ["10.40.0.0", "10.40.0.254"]})") + ", " + kDrop}}),
              Contains(HasSubstr("> 10.40.0.255")));
  EXPECT_THAT(passing({.rules = {match(ip("daddr"), R"({"range": ["10.40.0.1", "10.40.0.255"]})") + ", " + kDrop}}),
              Contains(HasSubstr("> 10.40.0.0")));
  // Four protocols are dropped, and that is not all of them.
  const std::string four = match(meta("l4proto"), R"({"set": ["icmp", "tcp", "udp", "esp"]})") + ", ";
  EXPECT_THAT(passing({.rules = {four + to + kDrop}}), Contains(HasSubstr("protocol 0")));
  const auto gre = passing({.rules = {four + to + kDrop, match(meta("l4proto"), "\"gre\"", "!=") + ", " + to + kDrop}});
  EXPECT_THAT(gre, ::testing::AllOf(Not(IsEmpty()), Each(HasSubstr("protocol 47"))));
  // A drop that needs ports leaves later fragments.
  EXPECT_THAT(passing({.rules = {match(th("tcp", "dport"), R"({"range": [0, 65535]})") + ", " + kDrop,
                                 match(meta("l4proto"), "\"tcp\"", "!=") + ", " + kDrop}}),
              ::testing::AllOf(Not(IsEmpty()), Each(::testing::EndsWith(" fragment"))));
  // What came out of an SA alone.
  EXPECT_THAT(passing({.rules = {match(meta("ipsec"), "false") + ", " + kDrop}}),
              ::testing::AllOf(Not(IsEmpty()), Each(HasSubstr(" ipsec"))));
}

TEST(PacketSearch, ForwardRulesGuardNothingThatIsForThisMachine) {
  const std::string forward = std::string(kArriving) +
                              R"(, {"chain": {"family": "inet", "table": "sekisho", "name": "other", "handle": 2,
                                  "type": "filter", "hook": "forward", "prio": -300, "policy": "accept"}})";
  const auto rules = Table{.chain = forward, .other = {kDrop}}.read();
  ASSERT_TRUE(rules);
  const auto pass = [&](const std::vector<LocalAddress>& local) {
    PacketSearch::Found found;
    PacketSearch(*rules, local)
        .search({.iif = "eth0", .source = kAnyAddress, .destination = *parse_range("10.40.0.0/24")}, false, found);
    return found.pass;
  };
  EXPECT_THAT(pass({{"vdi-mn", "10.41.0.1"}}), IsEmpty());
  EXPECT_THAT(pass({{"vdi-mn", "10.40.0.1"}}), Contains(HasSubstr("> 10.40.0.1 ")));
  for (const bool onward : {false, true}) {
    PacketSearch::Found found;
    PacketSearch(*rules, {}).search({.iif = "eth0", .ipv6 = true, .onward = onward}, true, found);
    EXPECT_EQ(found.pass.empty(), onward) << "of IPv6 nobody knows the addresses: it is said";
  }
}

std::string fib(const std::string& flags, const char* result = "type") {
  return R"({"fib": {"result": ")" + std::string(result) + R"(", "flags": [)" + flags + "]}}";
}

/// Whether what comes by that device to `to` is all dropped, on a machine with these addresses.
bool all_dropped(const Table& table, const char* iif, const char* to,
                 const std::vector<LocalAddress>& local = {{"lo", "127.0.0.1"},
                                                           {"vdi", "10.20.0.1"},
                                                           {"vdi", "10.20.0.255", true},
                                                           {"vdi-mn", "10.40.0.1"},
                                                           {"both", "10.50.0.1"},
                                                           {"vdi", "10.50.0.1"}}) {
  const auto rules = table.read();
  EXPECT_TRUE(rules);
  PacketSearch::Found found;
  if (rules) {
    PacketSearch(*rules, local)
        .search({.iif = iif, .source = kAnyAddress, .destination = *parse_range(to)}, true, found);
  }
  return rules && found.pass.empty();
}

TEST(KernelRules, AnAddressOfThisMachineIsToldFromThoseOfTheDeviceThatAPacketCameBy) {
  const std::string here = fib(R"("daddr", "iif")"), anywhere = fib(R"("daddr")");
  const Table stray{.rules = {match(anywhere, "\"local\"") + ", " + match(here, "\"local\"", "!=") + ", " + kDrop}};
  EXPECT_TRUE(all_dropped(stray, "vdi", "10.40.0.1")) << "another device's";
  EXPECT_TRUE(all_dropped(stray, "another", "10.40.0.1"));
  EXPECT_FALSE(all_dropped(stray, "vdi-mn", "10.40.0.1")) << "its own";
  EXPECT_FALSE(all_dropped(stray, "vdi", "10.40.0.0/24")) << "most of these are not this machine's";
  EXPECT_FALSE(all_dropped(stray, "vdi-mn", "10.20.0.255")) << "a broadcast address is of no device's own";
  EXPECT_FALSE(all_dropped(stray, "both", "10.50.0.1")) << "which of two devices the routes name is not known";
  EXPECT_FALSE(all_dropped(stray, "vdi", "10.40.0.1", {})) << "nothing is known of this machine";
  const Table console{
      .rules = {match(ip("daddr"), "\"10.40.0.1\"") + ", " + match(here, "\"local\"", "!=") + ", " + kDrop}};
  EXPECT_TRUE(all_dropped(console, "vdi", "10.40.0.1"));
  EXPECT_FALSE(all_dropped(console, "vdi-mn", "10.40.0.1"));
  EXPECT_FALSE(all_dropped(console, "vdi", "10.40.0.1", {}));
  // The other way round: what is certainly the device's own.
  const Table own{.rules = {match(here, "\"local\"") + ", " + kDrop}};
  EXPECT_TRUE(all_dropped(own, "vdi-mn", "10.40.0.1"));
  EXPECT_FALSE(all_dropped(own, "vdi", "10.40.0.1"));
  EXPECT_FALSE(all_dropped(own, "both", "10.50.0.1"));
  // And what lets pass: an address that may be one counts for that.
  const Table accepts{.rules = {match(here, "\"local\"") + ", " + kAccept, kDrop}};
  EXPECT_TRUE(all_dropped(accepts, "vdi", "10.40.0.1"));
  EXPECT_FALSE(all_dropped(accepts, "vdi-mn", "10.40.0.1"));
  EXPECT_FALSE(all_dropped(accepts, "both", "10.50.0.1"));
  const Table accepts_any{.rules = {match(anywhere, "\"local\"") + ", " + kAccept, kDrop}};
  EXPECT_FALSE(all_dropped(accepts_any, "vdi", "10.77.0.1")) << "routes may make any address one of this machine's";
  // Of IPv6 the addresses are not looked at.
  const auto rules = stray.read();
  ASSERT_TRUE(rules);
  PacketSearch::Found found;
  PacketSearch(*rules, {{"vdi", "fd00::1"}}).search({.iif = "eth0", .ipv6 = true}, true, found);
  EXPECT_FALSE(found.pass.empty());
}

TEST(KernelRules, OtherFormsOfFibMayHoldOrNot) {
  const std::string left[] = {fib(R"("saddr", "iif")"),
                              fib(R"("daddr", "mark")"),
                              fib(R"("daddr", "oif")"),
                              fib(R"("iif", "daddr")"),
                              fib(R"("daddr", "iif")", "oif"),
                              R"({"fib": {"result": "type", "flags": "daddr"}})",
                              R"({"fib": {"result": "type", "flags": ["daddr", "iif"], "more": 1}})",
                              R"({"fib": 7})"};
  for (const std::string& each : left) {
    for (const char* op : {"==", "!="}) {
      const Table table{.rules = {match(each, "\"local\"", op) + ", " + kDrop}};
      for (const char* iif : {"vdi", "vdi-mn", "another"}) EXPECT_FALSE(all_dropped(table, iif, "10.40.0.1")) << each;
      EXPECT_THAT(doubts(table), IsEmpty()) << each;
    }
  }
  for (const char* right : {"\"unicast\"", "\"broadcast\"", "true", "7", R"({"set": ["local", "broadcast"]})"}) {
    const Table table{.rules = {match(fib(R"("daddr", "iif")"), right, "!=") + ", " + kDrop}};
    EXPECT_FALSE(all_dropped(table, "vdi", "10.40.0.1")) << right;
  }
}

TEST(KernelRules, AListingOfSomethingElseIsNone) {
  for (const char* text : {"", "{}", "[]", R"({"nftables": []})", R"({"nftables": 7})",
                           R"({"nftables": [7, null, "x"]})", R"({"nftables": [{"chain": {"name": "x"}}]})",
                           R"({"nftables": [{"table": {"family": "inet", "name": "sekisho"}}]})"}) {
    EXPECT_FALSE(KernelRules::read(text, KernelRules::From::kernel)) << text;
  }
}

TEST(KernelRules, NothingInAListingThrows) {
  for (const char* value :
       {"7", "null", "[]", "{}", "\"x\"", "[7]", "[null]", R"([{"match": {"op": 7, "left": 7, "right": 7}}])",
        R"([{"match": {"op": "==", "left": {"concat": 7}, "right": {"set": 7}}}, {"drop": null}])", R"([{"goto": 7}])",
        R"([{"set": 7}])"}) {
    const std::string rule = std::string(kArriving) + R"(, {"rule": {"family": "inet", "table": "sekisho", "chain":
        "arriving", "handle": )" +
                             value + R"(, "expr": )" + value + "}}";
    EXPECT_NO_THROW(EXPECT_FALSE(drops({.chain = rule}, kSome)) << value);
    const std::string chain = R"({"chain": {"family": "inet", "table": "sekisho", "name": )" + std::string(value) +
                              R"(, "hook": )" + value + R"(, "prio": )" + value + "}}, ";
    EXPECT_NO_THROW(EXPECT_TRUE(drops({.chain = chain + kArriving, .rules = {kDrop}}, kSome)) << value);
    const std::string sets = R"({"set": {"family": "inet", "table": "sekisho", "name": "s", "flags": )" +
                             std::string(value) + R"(, "elem": )" + value + "}},";
    EXPECT_NO_THROW(static_cast<void>(
        drops({.sets = sets, .rules = {match(ip("saddr"), "\"@s\"") + ", " + kAccept, kDrop}}, kSome)));
  }
}

TEST(Ranges, AreAddressesAndPrefixes) {
  EXPECT_EQ(to_text(*parse_range("10.95.0.0/16")), "10.95.0.0/16");
  EXPECT_EQ(to_text(*parse_range("10.95.3.7")), "10.95.3.7");
  EXPECT_EQ(to_text(Range{0x0a000001, 0x0a000009}), "10.0.0.1-10.0.0.9");
  EXPECT_EQ(to_text(kAnyAddress), "0.0.0.0/0");
  for (const char* text : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "x/8", "10.0.0.0/8x", "10.95.3.7/16"}) {
    EXPECT_FALSE(parse_range(text)) << text;
  }
}

}  // namespace
}  // namespace sekisho::ctl
