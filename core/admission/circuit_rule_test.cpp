#include "admission/circuit_rule.hpp"

#include "admission/enforcement_points.hpp"
#include "admission/login.hpp"
#include "registry/refusals.hpp"
#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>

namespace sekisho::admission {
namespace {

using registry::Line;
using registry::Zone;
using registry::testing::cast;
using registry::testing::kNow;

Arrival over(const char* circuit, const char* address) {
  Arrival arrival;
  arrival.path = "closed", arrival.circuit = circuit, arrival.peer_address = address;
  return arrival;
}
std::string code(const std::optional<Refusal>& refusal) {
  return refusal ? refusal->rule + "/" + refusal->code : "none";
}
PathPolicy policy(const char* path, std::vector<Zone> zones, bool lent_only) {
  PathPolicy out;
  out.path = path, out.zones = std::move(zones), out.lent_only = lent_only;
  return out;
}
const PathPolicy kClosed = policy("closed", {Zone::my_number}, true);
const PathPolicy kInternet = policy("internet", {Zone::internet_business, Zone::internet_dmz}, false);

TEST(CircuitRule, TheClosedPathTakesALentTerminalOnItsCircuit) {
  const auto answer = [](const char* terminal, const Arrival& arrival, Line line) {
    return code(refuse_circuit(kClosed, cast(), terminal, arrival, line, kNow));
  };
  EXPECT_EQ(answer("pc-sato", over("line-sato", "10.90.1.10"), Line::up), "none");
  EXPECT_EQ(answer("pc-sato", over("line-sato", "10.90.1.10"), Line::unknown), "R02/circuit.line_unknown");
  EXPECT_EQ(answer("pc-sato", over("line-sato", "10.90.1.10"), Line::down), "R02/circuit.line_down");
  EXPECT_EQ(answer("pc-sato", over("line-sato", "10.91.1.10"), Line::up), "R03/circuit.other_address");
  EXPECT_EQ(answer("pc-sato", over("", "10.90.1.10"), Line::up), "R03/circuit.unknown");
  EXPECT_EQ(answer("pc-mori", over("line-sato", "10.90.1.10"), Line::up), "R03/terminal.not_lent");
  EXPECT_EQ(answer("", over("line-sato", "10.90.1.10"), Line::up), "R03/terminal.unknown");
  registry::Registry r = cast();
  r.circuits.at("line-sato").usable_at.reset();
  EXPECT_EQ(code(refuse_circuit(kClosed, r, "pc-sato", over("line-sato", "10.90.1.10"), Line::up, kNow)),
            "R21/circuit.not_usable");
}

TEST(CircuitRule, APathToTheMyNumberZoneIsClosedWhateverItsPolicySays) {
  const PathPolicy careless = policy("closed", {Zone::internet_business, Zone::my_number}, false);
  EXPECT_EQ(code(refuse_circuit(careless, cast(), "pc-mori", over("", "192.0.2.1"), Line::up, kNow)),
            "R03/terminal.not_lent");
}

TEST(CircuitRule, AnotherPathKnowsNoCircuits) {
  EXPECT_EQ(code(refuse_circuit(kInternet, cast(), "pc-mori", over("", "192.0.2.1"), Line::unknown, kNow)), "none");
  EXPECT_EQ(code(refuse_circuit(kInternet, cast(), "pc-sato", over("line-sato", "10.90.1.10"), Line::up, kNow)),
            "R01/circuit.other_path");
}

TEST(CircuitRule, WhoArrivesOverNoKnownCircuitOrNoLineIsRefusedBeforeHeSaysWhoHeIs) {
  const auto answer = [](const Arrival& arrival, Line line) {
    return code(refuse_arrival(kClosed, cast(), arrival, line, kNow));
  };
  EXPECT_EQ(answer(over("line-sato", "10.90.1.10"), Line::up), "none");
  EXPECT_EQ(answer(over("line-sato", "10.90.1.10"), Line::unknown), "R02/circuit.line_unknown");
  EXPECT_EQ(answer(over("line-sato", "10.90.1.10"), Line::down), "R02/circuit.line_down");
  EXPECT_EQ(answer(over("line-sato", "192.0.2.1"), Line::up), "R03/circuit.unknown");
  EXPECT_EQ(answer(over("", "10.90.1.10"), Line::up), "R03/circuit.unknown");
}

TEST(CircuitRule, EveryCodeIsAnEnforcementPointWithWords) {
  for (const char* each :
       {"terminal.not_handed_over", "terminal.returned", "terminal.overdue", "circuit.none", "circuit.other_contractor",
        "circuit.ceased", "circuit.not_usable", "circuit.unknown", "circuit.other_terminal", "circuit.other_address",
        "circuit.other_path", "circuit.line_unknown", "circuit.line_down"}) {
    const Refusal words = registry::refusal(each);
    EXPECT_TRUE(is_enforcement_point(words.rule, words.code)) << each;
    EXPECT_EQ(refusal(each), words);
  }
}

}  // namespace
}  // namespace sekisho::admission
