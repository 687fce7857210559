// The machine against the gate's real desk: what the agent signs is what the gate opens.
#include "admission/testing/posture_bench.hpp"
#include "agent/enrolment.hpp"
#include "agent/testing/gate_stub.hpp"

namespace sekisho::agent {
namespace {

using admission::testing::PostureBench;
using testing::Loop;
using namespace std::chrono_literals;

/// A desk behind a wire. Gate time runs with the loop's clock from another beginning.
struct DeskLoop : Loop {
  explicit DeskLoop(Options options) : Loop(std::move(options)) {
    bench.registry.terminals["pc-mori"].key_thumbprint = key.public_key().thumbprint();
    bench.registry.terminals["pc-mori"].key_jwk = key.public_key().jwk();
    document = admission::testing::example_facts("compliant");
    document["collected_at"] = "2026-11-22T00:31:00Z";
    document["collector"]["source"] = "simulator";
    bench.options.allow_simulator = true;
    facts = [this]() -> Result<nlohmann::json> { return document; };
    gate = [this](const WireAsk& ask) -> Result<WireAnswer> {
      bench.now = admission::testing::kGateTime + (now - testing::kLocalStart) + gate_offset;
      WireAnswer out{200, {}, admission::testing::kServer, session ? session->address : "192.0.2.7"};
      if (ask.path == "/posture/v1/challenge") {
        out.body = bench.desk().challenge(session, bench.now);
      } else {
        EXPECT_EQ(ask.pin, admission::testing::kServer);
        verdicts.push_back(bench.send(ask.body, session));
        out.status = verdicts.back().http_status;
        out.body = verdicts.back().answer;
      }
      return out;
    };
  }
  PostureBench bench;
  nlohmann::json document;
  std::chrono::seconds gate_offset{0};
  std::optional<admission::SessionRef> session;
  std::vector<admission::ReportVerdict> verdicts;
};

Options once(bool before_login) {
  return {.mode = Mode::once, .before_login = before_login};
}
Options stay() {
  return {.mode = Mode::stay};
}

TEST(AgentAndDesk, AReportBeforeLoginPasses) {
  DeskLoop loop(once(true));
  loop.begin();
  ASSERT_TRUE(loop.end);
  EXPECT_EQ(loop.end->kind, EndKind::passed);
  ASSERT_EQ(loop.verdicts.size(), 1u);
  EXPECT_TRUE(loop.verdicts[0].counted);
  EXPECT_EQ(loop.verdicts[0].terminal, "pc-mori");
  EXPECT_EQ(loop.told<Judged>().at(0).session, "");
}

TEST(AgentAndDesk, AReportInsideTheSessionPasses) {
  DeskLoop loop(once(false));
  loop.session = loop.bench.session_of_mori;
  loop.begin();
  ASSERT_TRUE(loop.end);
  EXPECT_EQ(loop.end->kind, EndKind::passed);
  EXPECT_EQ(loop.told<Judged>().at(0).session, "S20261122-1-000042");
  EXPECT_EQ(loop.told<Judged>().at(0).reason, "connect");
}

TEST(AgentAndDesk, AFailedCheckIsTheGatesVerdictWithBothLanguages) {
  DeskLoop loop(once(true));
  loop.bench.os.results = {admission::testing::result("R06", CheckVerdict::fail, "os.too_old")};
  loop.begin();
  ASSERT_TRUE(loop.end);
  EXPECT_EQ(loop.end->kind, EndKind::denied);
  const Verdict verdict = loop.told<Judged>().at(0).verdict;
  EXPECT_FALSE(verdict.admitted);
  ASSERT_EQ(verdict.checks.size(), 1u);
  EXPECT_EQ(verdict.checks[0].code, "os.too_old");
  EXPECT_EQ(verdict.checks[0].rule, "R06");
  for (const Text& text : {verdict.checks[0].why, verdict.checks[0].remedy, verdict.refusal->what, verdict.refusal->why,
                           verdict.refusal->remedy}) {
    EXPECT_NE(text.ja, "");
    EXPECT_NE(text.en, "");
  }
}

TEST(AgentAndDesk, AKeyThatNobodyEnrolledIsDenied) {
  DeskLoop loop(once(true));
  loop.bench.registry.terminals["pc-mori"].key_thumbprint = std::string(43, 'x');
  loop.begin();
  ASSERT_TRUE(loop.end && loop.end->refusal);
  EXPECT_EQ(loop.end->kind, EndKind::denied);
  EXPECT_EQ(loop.end->refusal->code, "device.key_unknown");
}

TEST(AgentAndDesk, AnotherTerminalsKeyInTheSessionIsDenied) {
  DeskLoop loop(once(false));
  loop.session = loop.bench.session_of_tani;
  loop.begin();
  ASSERT_TRUE(loop.end && loop.end->refusal);
  EXPECT_EQ(loop.end->kind, EndKind::denied);
  EXPECT_EQ(loop.end->refusal->code, "report.other_terminal");
}

TEST(AgentAndDesk, ADayOfReportsCountsEachTimeWhateverTheLocalClockSays) {
  DeskLoop loop(stay());
  loop.session = loop.bench.session_of_mori;
  loop.begin();
  for (int i = 0; i < 24; ++i) {
    loop.pass(1h);
    loop.gate_offset += 600s;  // the gate's clock steps: the agent follows its challenges
  }
  EXPECT_FALSE(loop.end);
  EXPECT_GT(loop.verdicts.size(), 24u * 12);
  for (const auto& verdict : loop.verdicts) ASSERT_TRUE(verdict.counted && verdict.passed) << verdict.answer;
  EXPECT_EQ(loop.told<Trouble>().size(), 0u);
  EXPECT_EQ(loop.told<SessionNews>().size(), 1u) << "admitted once";
}

TEST(AgentAndDesk, AFixtureWithAWrongClockStaysWrong) {
  DeskLoop loop(stay());
  loop.session = loop.bench.session_of_mori;
  loop.document["collected_at"] = "2026-11-22T00:20:00Z";
  loop.begin();
  loop.pass(10min);
  ASSERT_GT(loop.verdicts.size(), 2u);
  for (const auto& verdict : loop.verdicts) {
    EXPECT_FALSE(verdict.counted);
    EXPECT_EQ(verdict.refusal->code, "report.clock_skew");
  }
}

TEST(AgentAndDesk, ARewoundBookIsToldAsAClone) {
  DeskLoop loop(stay());
  loop.session = loop.bench.session_of_mori;
  loop.begin();
  loop.book.last = -1;
  loop.pass(10min);
  ASSERT_TRUE(loop.end && loop.end->refusal);
  EXPECT_EQ(loop.end->kind, EndKind::denied);
  EXPECT_EQ(loop.end->refusal->code, "device.clone_suspected");
}

TEST(AgentAndDesk, EnrolsAndReportsWithTheNewKey) {
  DeskLoop loop(once(true));
  registry::Terminal& terminal = loop.bench.registry.terminals["pc-mori"];
  const Secret token("0123456789abcdef0123456789abcdef");
  terminal.key_thumbprint.clear();
  terminal.key_jwk.clear();
  terminal.enrolment_hash = admission::sha256_hex(token.reveal());
  terminal.enrolment_until = loop.bench.now + 1h;
  const auto exchange = [&](const Secret& with) {
    const WireAsk ask = enrolment_ask(with, loop.key.public_key());
    EXPECT_EQ(ask.path, "/posture/v1/enrol");
    const auto verdict = loop.bench.desk().enrol(ask.body, loop.bench.registry, loop.bench.now);
    if (verdict.terminal) loop.bench.registry.terminals["pc-mori"] = *verdict.terminal;
    return enrolment_end({verdict.http_status, verdict.answer, {}, {}}, loop.key.public_key());
  };
  const auto wrong = exchange(Secret("fedcba9876543210fedcba9876543210"));
  ASSERT_TRUE(std::holds_alternative<Refusal>(wrong));
  EXPECT_EQ(std::get<Refusal>(wrong).code, "enrol.token_unknown");
  const auto right = exchange(token);
  ASSERT_TRUE(std::holds_alternative<Enrolled>(right));
  EXPECT_EQ(std::get<Enrolled>(right).terminal, "pc-mori");
  EXPECT_EQ(std::get<Enrolled>(right).gateway, admission::testing::kGateId);
  EXPECT_EQ(std::get<Refusal>(exchange(token)).code, "enrol.token_unknown") << "a token is good once";
  loop.begin();
  EXPECT_EQ(loop.end->kind, EndKind::passed);
}

TEST(AgentAndDesk, AGateThatConfirmsAnotherKeyIsNotBelieved) {
  DeskLoop loop(once(true));
  const std::string body =
      R"({"terminal":"pc-mori","kid":")" + std::string(43, 'x') + R"(","binding":1,"gateway":"gate.seki.example"})";
  const auto end = enrolment_end({200, body, {}, {}}, loop.key.public_key());
  ASSERT_TRUE(std::holds_alternative<Refusal>(end));
  EXPECT_EQ(std::get<Refusal>(end).code, "agent.answer_malformed");
}

}  // namespace
}  // namespace sekisho::agent
