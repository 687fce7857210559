#include "registry/circuits.hpp"

#include "registry/json.hpp"
#include "registry/rules.hpp"
#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace sekisho::registry {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using testing::cast;
using testing::kNow;

Instant day(const char* date, Day as = Day::begin) {
  return parse_moment(date, as).value();
}
std::string code(const std::optional<Refusal>& refusal) {
  return refusal ? refusal->code : "none";
}
std::string arrive(const Registry& r, Line line = Line::up, Instant now = kNow) {
  return code(refuse_on_circuit(r, "pc-sato", "line-sato", "10.90.1.10", line, now));
}
std::string rights(const Registry& r, Instant now = kNow) {
  const auto answer = rights_of(r, "sato", "pc-sato", "closed", {Zone::my_number}, true, now);
  return answer.refusal ? answer.refusal->code : "granted";
}

TEST(Circuit, ItsStateFollowsFromItsDays) {
  Circuit c;
  EXPECT_EQ(state_of(c, kNow), CircuitState::unknown);
  c.planned_at = kNow + days(9);  // a plan without an order is none
  EXPECT_EQ(state_of(c, kNow), CircuitState::unknown);
  c.planned_at.reset();
  c.ordered_at = kNow + microseconds(1);
  EXPECT_EQ(state_of(c, kNow), CircuitState::unknown);
  c.ordered_at = kNow;
  EXPECT_EQ(state_of(c, kNow), CircuitState::ordered);
  c.planned_at = kNow + days(9);
  EXPECT_EQ(state_of(c, kNow), CircuitState::planned);
  c.usable_at = kNow + microseconds(1);
  EXPECT_EQ(state_of(c, kNow), CircuitState::planned);
  c.usable_at = kNow;
  EXPECT_EQ(state_of(c, kNow), CircuitState::usable);
  c.ended_at = kNow + microseconds(1);
  EXPECT_EQ(state_of(c, kNow), CircuitState::usable);
  c.ended_at = kNow;
  EXPECT_EQ(state_of(c, kNow), CircuitState::ceased);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(to_string(static_cast<CircuitState>(i)).empty());
}

TEST(Circuit, IsExpectedThreeMonthsAfterItsOrderUnlessPlanned) {
  Circuit c;
  EXPECT_EQ(expected_at(c), std::nullopt);
  for (const auto& [ordered, expected] :
       {std::pair{"2026-08-20", "2026-11-20"}, std::pair{"2026-11-30", "2027-02-28"},
        std::pair{"2027-11-30", "2028-02-29"}, std::pair{"2026-10-01", "2027-01-01"}}) {
    c.ordered_at = day(ordered);
    EXPECT_EQ(expected_at(c), day(expected)) << ordered;
  }
  c.planned_at = day("2026-12-24");
  EXPECT_EQ(expected_at(c), day("2026-12-24"));
}

TEST(Circuit, IsLateFromTheDayItWasExpectedUntilItIsUsable) {
  Circuit c;
  EXPECT_FALSE(is_late(c, kNow));
  c.ordered_at = kNow - days(200);
  EXPECT_TRUE(is_late(c, kNow));
  c.planned_at = kNow + microseconds(1);
  EXPECT_FALSE(is_late(c, kNow));
  c.planned_at = kNow;
  EXPECT_TRUE(is_late(c, kNow));
  c.usable_at = kNow;
  EXPECT_FALSE(is_late(c, kNow));
  c.ended_at = kNow;
  EXPECT_FALSE(is_late(c, kNow));
}

TEST(Circuit, IsFoundByTheAddressThatComesOverIt) {
  Registry r = cast();
  const auto found = [&](const char* address) {
    const Circuit* circuit = circuit_of(r, address, kNow);
    return circuit == nullptr ? std::string("none") : circuit->id;
  };
  EXPECT_EQ(found("10.90.1.0"), "line-sato");
  EXPECT_EQ(found("10.90.1.255"), "line-sato");
  for (const char* other : {"10.90.2.1", "10.90.0.255", "", "10.90.1", "10.90.1.1/32", "10.90.1.1 ", "::ffff:10.90.1.1",
                            "010.90.1.1", "fe80::1", "gate"}) {
    EXPECT_EQ(found(other), "none") << other;
  }
  r.circuits.at("line-sato").ended_at = kNow;
  EXPECT_EQ(found("10.90.1.1"), "none");
}

TEST(LentTerminal, PassesOnItsOwnCircuitAlone) {
  const Registry r = cast();
  EXPECT_EQ(arrive(r), "none");
  Registry two = r;
  Circuit other = r.circuits.at("line-sato");
  other.id = "line-two", other.prefixes = {"10.90.2.0/24"};
  two.circuits.emplace(other.id, other);
  const auto over = [&](const char* terminal, const char* circuit, const char* address) {
    return code(refuse_on_circuit(two, terminal, circuit, address, Line::up, kNow));
  };
  EXPECT_EQ(over("pc-sato", "line-sato", "10.90.1.10"), "none");
  EXPECT_EQ(over("pc-sato", "line-two", "10.90.2.10"), "circuit.other_terminal");
  EXPECT_EQ(over("pc-sato", "line-sato", "10.90.2.10"), "circuit.other_address");
  EXPECT_EQ(over("pc-sato", "", "10.90.1.10"), "circuit.unknown");
  EXPECT_EQ(over("pc-sato", "line-none", "10.90.1.10"), "circuit.unknown");
  EXPECT_EQ(over("pc-sato", "line-sato", ""), "circuit.other_address");
  EXPECT_EQ(over("pc-mori", "line-sato", "10.90.1.10"), "terminal.not_lent");
  EXPECT_EQ(over("pc-none", "line-sato", "10.90.1.10"), "terminal.unknown");
  EXPECT_EQ(over("", "line-sato", "10.90.1.10"), "terminal.unknown");
}

TEST(LentTerminal, PassesOnlyWhileTheLineIsKnownToBeUp) {
  EXPECT_EQ(arrive(cast(), Line::unknown), "circuit.line_unknown");
  EXPECT_EQ(arrive(cast(), Line::down), "circuit.line_down");
  EXPECT_EQ(arrive(cast(), static_cast<Line>(7)), "circuit.line_down");
}

TEST(LentTerminal, EachFaultOfLoanAndCircuitTakesArrivalAndRights) {
  struct Case {
    const char* code;
    std::function<void(Registry&)> change;
  };
  const auto pc = [](Registry& r) -> Terminal& { return r.terminals.at("pc-sato"); };
  const auto line = [](Registry& r) -> Circuit& { return r.circuits.at("line-sato"); };
  const std::vector<Case> cases{
      {"terminal.not_handed_over", [&](Registry& r) { pc(r).handed_over_at.reset(); }},
      {"terminal.not_handed_over", [&](Registry& r) { pc(r).handed_over_at = kNow + microseconds(1); }},
      {"terminal.returned", [&](Registry& r) { pc(r).returned_at = kNow; }},
      {"terminal.returned", [&](Registry& r) { pc(r).wiped_at = kNow; }},
      {"terminal.overdue", [&](Registry& r) { pc(r).due_at = kNow; }},
      {"circuit.none", [&](Registry& r) { pc(r).circuit.clear(); }},
      {"circuit.none", [&](Registry& r) { r.circuits.clear(); }},
      {"circuit.other_contractor", [&](Registry& r) { line(r).contractor = "mori-kogyo"; }},
      {"circuit.ceased", [&](Registry& r) { line(r).ended_at = kNow; }},
      {"circuit.not_usable", [&](Registry& r) { line(r).usable_at = kNow + microseconds(1); }},
      {"circuit.not_usable", [&](Registry& r) { line(r).usable_at.reset(); }},
      {"circuit.not_usable", [&](Registry& r) { line(r).usable_at.reset(), line(r).ordered_at.reset(); }}};
  EXPECT_EQ(rights(cast()), "granted");
  for (const Case& c : cases) {
    Registry r = cast();
    c.change(r);
    EXPECT_EQ(arrive(r), c.code);
    EXPECT_EQ(rights(r), c.code);
    EXPECT_EQ(loan_end(r, pc(r), kNow), kNow) << c.code;
  }
}

TEST(LentTerminal, ItsRightsEndWithLoanAndCircuit) {
  const std::vector<std::function<void(Registry&, Instant)>> ends{
      [](Registry& r, Instant at) { r.terminals.at("pc-sato").due_at = at; },
      [](Registry& r, Instant at) { r.terminals.at("pc-sato").returned_at = at; },
      [](Registry& r, Instant at) { r.circuits.at("line-sato").ended_at = at; }};
  for (const auto& end : ends) {
    Registry r = cast();
    const Instant at = kNow + days(1);
    end(r, at);
    const auto answer = rights_of(r, "sato", "pc-sato", "closed", {Zone::my_number}, true, kNow);
    ASSERT_TRUE(answer.rights);
    EXPECT_EQ(answer.rights->until, at);
    EXPECT_EQ(loan_end(r, r.terminals.at("pc-sato"), kNow), at);
    EXPECT_NE(rights(r, at), "granted");
  }
  Registry r = cast();
  r.terminals.at("pc-sato").due_at.reset();
  EXPECT_EQ(loan_end(r, r.terminals.at("pc-sato"), kNow), Instant::max());
}

TEST(LentTerminal, TheInventoryComesBackFromItsJson) {
  const Registry r = cast();
  const auto out = export_object(r, Kind::terminal, "pc-sato").value();
  EXPECT_EQ(out.at("circuit"), "line-sato");
  EXPECT_EQ(out.at("lent_to"), "sato");
  Registry back;
  const ObjectRead read = read_object(Kind::terminal, out, back);
  EXPECT_TRUE(read.findings.empty());
  EXPECT_EQ(back.terminals.at("pc-sato"), r.terminals.at("pc-sato"));
  const auto own = export_object(r, Kind::terminal, "pc-mori").value();
  EXPECT_FALSE(own.contains("circuit") || own.contains("place") || own.contains("due_at"));
}

TEST(ClosedPath, IsMyNumbersOrTakesLentTerminalsAlone) {
  EXPECT_TRUE(is_closed_path({Zone::my_number}, true));
  EXPECT_TRUE(is_closed_path({Zone::my_number}, false)) << "whatever the configuration forgot";
  EXPECT_TRUE(is_closed_path({Zone::internet_dmz}, true));
  EXPECT_TRUE(is_closed_path({Zone::internet_dmz, Zone::my_number}, false));
  EXPECT_FALSE(is_closed_path({Zone::internet_business, Zone::internet_dmz}, false));
  EXPECT_FALSE(is_closed_path({}, false));
}

}  // namespace
}  // namespace sekisho::registry
