#include "agent/agent.hpp"

#include "admission/posture_envelope.hpp"
#include "agent/refusals.hpp"
#include "agent/testing/gate_stub.hpp"

#include <set>

namespace sekisho::agent {
namespace {

using testing::kPin;
using testing::Loop;
using namespace std::chrono_literals;
using nlohmann::json;

std::string challenge(const std::string& sid, const std::string& gateway = "gate.test") {
  return json{
      {"nonce", "n"}, {"sid", sid}, {"gateway", gateway}, {"server_time", "2026-11-22T00:31:00Z"}, {"ttl_s", 120}}
      .dump();
}
std::string verdict(bool admitted, int recheck = 300, int heartbeat = 30) {
  return json{{"decision", admitted ? "admit" : "deny"},
              {"checks", json::array()},
              {"recheck_s", recheck},
              {"heartbeat_s", heartbeat}}
      .dump();
}
std::string refused(const std::string& code) {
  const json text{{"ja", "日"}, {"en", "e"}};
  return json{{"decision", "deny"},
              {"error", code},
              {"refusal", {{"rule", "R10"}, {"code", code}, {"what", text}, {"why", text}, {"remedy", text}}}}
      .dump();
}

const std::string kSession = "S20261122-1-000042";

/// A gate whose answers a test can bend.
struct Stage : Loop {
  explicit Stage(Options options, std::byte chance = std::byte{0}) : Loop(std::move(options), chance) {
    facts = [this]() -> Result<json> {
      if (!facts_error.empty()) return fail(facts_error, "detail");
      return document;
    };
    gate = [this](const WireAsk& ask) -> Result<WireAnswer> {
      if (unreachable) return fail(wire_error, "no route");
      WireAnswer out{200, {}, kPin, "10.202.0.7"};
      if (ask.method == "GET") {
        out.status = challenge_status;
        out.body = challenge_status == 200 ? challenge(sid) : refused(challenge_code);
      } else {
        payloads.push_back(json::parse(*admission::from_base64url(
            ask.body.substr(ask.body.find('.') + 1, ask.body.rfind('.') - ask.body.find('.') - 1))));
        out.status = report_status;
        out.body = report_status == 200 ? report_answer : refused(report_code);
        if (on_report) on_report();
      }
      return out;
    };
  }
  std::string sid = kSession, challenge_code = "session.unknown_cookie", report_code = "report.clock_skew";
  std::string report_answer = verdict(true);
  std::uint16_t challenge_status = 200, report_status = 200;
  bool unreachable = false;
  std::string wire_error = "agent.unreachable";
  std::string facts_error;
  std::function<void()> on_report;
  json document{{"collector", {{"source", "agent"}}}, {"collected_at", "2026-11-22T00:30:59Z"}, {"os", 1}};
  std::vector<json> payloads;
};
Options once(bool before_login = false) {
  return {.mode = Mode::once, .before_login = before_login};
}
Options stay() {
  return {.mode = Mode::stay};
}
EndKind kind_of(const Stage& stage) {
  EXPECT_TRUE(stage.end);
  return stage.end ? stage.end->kind : EndKind::local_failed;
}
std::string code_of(const Stage& stage) {
  return stage.end && stage.end->refusal ? stage.end->refusal->code : "";
}

TEST(Agent, SignsWhatTheChallengeSaid) {
  Stage stage(once());
  stage.begin();
  ASSERT_EQ(stage.payloads.size(), 1u);
  const json& payload = stage.payloads[0];
  EXPECT_EQ(payload["aud"], "gate.test");
  EXPECT_EQ(payload["sid"], kSession);
  EXPECT_EQ(payload["nonce"], "n");
  EXPECT_EQ(payload["srv"], kPin);
  EXPECT_EQ(payload["ip"], "10.202.0.7");
  EXPECT_EQ(payload["seq"], 0);
  EXPECT_EQ(payload["reason"], "connect");
  EXPECT_EQ(payload["iat"], 1795307460) << "gate time, not the local clock";
  EXPECT_EQ(payload["facts"], stage.document) << "a real collector's facts go out as they are";
  EXPECT_EQ(stage.sent[1].pin, kPin) << "the report goes to the certificate of the challenge alone";
  EXPECT_FALSE(stage.book.taken);

  Stage before(once(true));
  before.sid = "pre:abc";
  before.begin();
  EXPECT_TRUE(before.payloads.at(0)["ip"].is_null());
}

TEST(Agent, ReportsOnceAndEnds) {
  Stage passed(once());
  passed.begin();
  EXPECT_EQ(kind_of(passed), EndKind::passed);
  Stage denied(once());
  denied.report_answer = verdict(false);
  denied.begin();
  EXPECT_EQ(kind_of(denied), EndKind::denied);
  EXPECT_EQ(denied.reports(), 1);
  Stage refused(once());
  refused.report_status = 403;
  refused.begin();
  EXPECT_EQ(kind_of(refused), EndKind::denied);
  EXPECT_EQ(code_of(refused), "report.clock_skew");
}

TEST(Agent, NeverTakesAnOddAnswerForAYes) {
  for (const std::string& body :
       {std::string("{}"), std::string("[]"), std::string("admit"), std::string(),
        std::string(R"({"decision":"ADMIT","checks":[]})"), std::string(R"({"decision":true,"checks":[]})"),
        std::string(R"({"decision":"admit"})"),
        std::string(R"({"decision":"admit","decision":"admit","checks":[]})")}) {
    Stage stage(once());
    stage.report_answer = body;
    stage.begin();
    stage.pass(60s);
    EXPECT_EQ(kind_of(stage), EndKind::gate_failed) << body;
    EXPECT_EQ(code_of(stage), "agent.answer_malformed");
  }
  for (const std::uint16_t status : {201, 204, 302, 400, 404, 413}) {
    Stage stage(once());
    stage.report_status = status;
    stage.begin();
    stage.pass(60s);
    EXPECT_EQ(kind_of(stage), EndKind::gate_failed) << status;
  }
}

TEST(Agent, ASessionIsWantedUnlessTheReportIsForBeforeLogin) {
  Stage stage(once());
  stage.sid = "pre:abc";
  stage.begin();
  EXPECT_EQ(kind_of(stage), EndKind::gate_failed);
  EXPECT_EQ(code_of(stage), "agent.no_session");
  EXPECT_EQ(stage.reports(), 0);
  Stage refused(once());
  refused.challenge_status = 403;
  refused.begin();
  EXPECT_EQ(kind_of(refused), EndKind::denied);
  EXPECT_EQ(code_of(refused), "session.unknown_cookie");
}

TEST(Agent, ReportsToTheGateOfItsEnrolmentOnly) {
  Stage stage({.mode = Mode::once, .gateway = "gate.elsewhere"});
  stage.begin();
  EXPECT_EQ(kind_of(stage), EndKind::gate_failed);
  EXPECT_EQ(code_of(stage), "agent.other_gate");
  EXPECT_EQ(stage.reports(), 0);
}

TEST(Agent, SpendsNoNumberThatItCannotKeep) {
  Stage stage(once());
  stage.book.broken = "agent.state_busy";
  stage.begin();
  EXPECT_EQ(kind_of(stage), EndKind::local_failed);
  EXPECT_EQ(code_of(stage), "agent.state_busy");
  EXPECT_EQ(stage.reports(), 0);
}

TEST(Agent, StaysWithBeatsAndRegularReports) {
  Stage stage(stay());
  stage.begin();
  EXPECT_EQ(stage.reports(), 1);
  stage.pass(299s);
  EXPECT_EQ(stage.reports(), 1);
  EXPECT_EQ(stage.challenges(), 1 + 9) << "a beat each 30 s";
  stage.pass(1s);
  EXPECT_EQ(stage.reports(), 2);
  EXPECT_EQ(stage.payloads.at(1)["reason"], "interval");
  stage.pass(3000s);
  EXPECT_EQ(stage.reports(), 12);
  EXPECT_FALSE(stage.end);
  EXPECT_EQ(stage.told<SessionNews>().size(), 1u);
  EXPECT_EQ(stage.told<Judged>().size(), 12u);
}

TEST(Agent, TakesTheRhythmFromTheGate) {
  Stage stage(stay());
  stage.report_answer = verdict(true, 20, 5);
  stage.begin();
  stage.pass(20s);
  EXPECT_EQ(stage.reports(), 2);
  EXPECT_EQ(stage.challenges(), 5);
}

TEST(Agent, ChanceSpreadsTheReportsByATenth) {
  Stage stage(stay(), std::byte{0x11});
  stage.begin();
  const Instant first = stage.now;
  while (stage.reports() < 2) stage.pass(1s);
  EXPECT_LT(stage.now - first, 300s);
  EXPECT_GE(stage.now - first, 270s);
}

TEST(Agent, ReportsAChangeAtOnce) {
  Stage stage(stay());
  stage.begin();
  stage.pass(7s);
  stage.document["os"] = 2;
  stage.change();
  EXPECT_EQ(stage.reports(), 2);
  EXPECT_EQ(stage.payloads.at(1)["reason"], "event");
  EXPECT_EQ(stage.payloads.at(1)["facts"]["os"], 2);
  stage.change();
  EXPECT_EQ(stage.reports(), 3) << "said so is enough, the facts need not differ";
}

TEST(Agent, SeesAChangeThatNobodyTold) {
  Stage stage(stay());
  stage.begin();
  stage.document["collected_at"] = "2026-11-22T00:31:09Z";
  stage.pass(31s);
  EXPECT_EQ(stage.reports(), 1) << "a newer stamp is no change";
  stage.document["os"] = 2;
  stage.pass(30s);
  EXPECT_EQ(stage.reports(), 2);
  EXPECT_EQ(stage.payloads.at(1)["reason"], "event");
}

TEST(Agent, AChangeDuringAReportIsReportedNext) {
  Stage stage(stay());
  bool told = false;
  stage.on_report = [&] {
    if (std::exchange(told, true)) return;
    stage.document["os"] = 2;
    EXPECT_FALSE(stage.agent.on_change(stage.now).send);
  };
  stage.begin();
  stage.pass(0s);
  ASSERT_EQ(stage.reports(), 2);
  EXPECT_EQ(stage.payloads.at(0)["facts"]["os"], 1);
  EXPECT_EQ(stage.payloads.at(1)["facts"]["os"], 2);
}

TEST(Agent, TellsAdmissionQuarantineAndTheirReturn) {
  Stage stage(stay());
  stage.report_answer = verdict(false, 30);
  stage.begin();
  stage.report_answer = verdict(true);
  stage.pass(30s);
  stage.report_answer = verdict(false, 30);
  stage.change();
  stage.report_answer = verdict(true);
  stage.change();
  std::vector<SessionNews::What> seen;
  for (const SessionNews& n : stage.told<SessionNews>()) {
    seen.push_back(n.what);
    EXPECT_EQ(n.session, kSession);
  }
  using What = SessionNews::What;
  EXPECT_EQ(seen, (std::vector{What::quarantined, What::admitted, What::quarantined, What::admitted}));
}

TEST(Agent, ReportsBeforeLoginAndAgainWhenTheSessionIsThere) {
  Stage stage(stay());
  stage.sid = "pre:abc";
  stage.begin();
  EXPECT_EQ(stage.reports(), 1);
  EXPECT_TRUE(stage.told<SessionNews>().empty());
  stage.pass(600s);
  EXPECT_FALSE(stage.end);
  stage.sid = kSession;
  const int before = stage.reports();
  stage.pass(30s);
  EXPECT_EQ(stage.reports(), before + 1) << "a session needs a report of its own";
  EXPECT_EQ(stage.payloads.back()["reason"], "connect");
  EXPECT_EQ(stage.told<SessionNews>().at(0).what, SessionNews::What::admitted);
}

TEST(Agent, EndsWithItsSession) {
  for (const bool by_refusal : {true, false}) {
    Stage stage(stay());
    stage.begin();
    if (by_refusal) {
      stage.challenge_status = 403;
    } else {
      stage.sid = "pre:xyz";
    }
    stage.pass(31s);
    EXPECT_EQ(kind_of(stage), EndKind::session_over);
    EXPECT_EQ(stage.told<SessionNews>().back().what, SessionNews::What::ended);
    EXPECT_EQ(stage.reports(), 1);
  }
  Stage after_denial(stay());
  after_denial.begin();
  after_denial.report_answer = verdict(false, 30);
  after_denial.change();
  after_denial.challenge_status = 403;
  after_denial.pass(31s);
  EXPECT_EQ(kind_of(after_denial), EndKind::denied);
}

TEST(Agent, KeepsTryingAndEndsWhenTheGateHasClosedTheSession) {
  Stage stage(stay());
  stage.begin();
  stage.unreachable = true;
  stage.pass(250s);
  EXPECT_FALSE(stage.end);
  EXPECT_GE(stage.sent.size(), 13u);
  EXPECT_LE(stage.sent.size(), 25u) << "pauses grow to 20 s";
  stage.unreachable = false;
  stage.pass(20s);
  EXPECT_FALSE(stage.end);
  stage.unreachable = true;
  stage.pass(400s);
  EXPECT_EQ(kind_of(stage), EndKind::gate_failed);
  EXPECT_EQ(code_of(stage), "agent.session_lost");
}

TEST(Agent, DoesNotWaitLongForASessionThatWasDenied) {
  Stage stage(stay());
  stage.report_answer = verdict(false, 30);
  stage.begin();
  stage.unreachable = true;
  stage.pass(61s);
  EXPECT_EQ(kind_of(stage), EndKind::denied);
}

TEST(Agent, WaitsAMinuteForAGateThatWasNeverThere) {
  Stage stage(stay());
  stage.unreachable = true;
  stage.begin();
  stage.pass(59s);
  EXPECT_EQ(kind_of(stage), EndKind::gate_failed);
  EXPECT_EQ(code_of(stage), "agent.unreachable");
  Stage once_only(once());
  once_only.unreachable = true;
  once_only.begin();
  once_only.pass(12s);
  EXPECT_EQ(kind_of(once_only), EndKind::gate_failed);
  EXPECT_GE(once_only.sent.size(), 3u);
  Stage inspected(once());
  inspected.unreachable = true;
  inspected.wire_error = "agent.certificate";
  inspected.begin();
  EXPECT_EQ(code_of(inspected), "agent.certificate");
  EXPECT_EQ(inspected.sent.size(), 1u) << "a wrong certificate is not tried again";
}

TEST(Agent, ComesBackAtDifferentTimes) {
  std::set<Instant> seconds;
  for (const int chance : {0x00, 0x01, 0x02, 0x03}) {
    Stage stage(stay(), std::byte(chance));
    stage.unreachable = true;
    stage.begin();
    seconds.insert(*stage.agent.next_deadline());
    EXPECT_GE(*stage.agent.next_deadline() - stage.now, 500ms);
    EXPECT_LE(*stage.agent.next_deadline() - stage.now, 1s);
  }
  EXPECT_GE(seconds.size(), 3u);
}

TEST(Agent, AsksForANewNonceOnceWhenTheOldOneIsStale) {
  Stage stage(once());
  stage.report_status = 409;
  stage.report_code = "report.replayed";
  stage.on_report = [&] { stage.report_status = 200; };
  stage.begin();
  EXPECT_EQ(kind_of(stage), EndKind::passed);
  EXPECT_EQ(stage.payloads.at(1)["seq"], 1);

  Stage always(once());
  always.report_status = 409;
  always.begin();
  EXPECT_FALSE(always.end);
  EXPECT_EQ(always.reports(), 2) << "and not in a circle";
}

TEST(Agent, WaitsWhenItReportsTooOften) {
  Stage stage(stay());
  stage.report_status = 429;
  stage.report_code = "report.too_many";
  stage.begin();
  EXPECT_GE(*stage.agent.next_deadline() - stage.now, 5s);
  EXPECT_EQ(stage.told<Trouble>().at(0).refusal.code, "report.too_many");
}

TEST(Agent, GoesOnAfterARefusedReportUnlessTheKeyItselfIsRefused) {
  Stage stage(stay());
  stage.report_status = 403;
  stage.begin();
  EXPECT_FALSE(stage.end);
  stage.report_status = 200;
  stage.pass(30s);
  EXPECT_EQ(stage.told<Judged>().size(), 1u);
  stage.report_status = 403;
  stage.report_code = "device.key_revoked";
  stage.change();
  EXPECT_EQ(kind_of(stage), EndKind::denied);
  EXPECT_EQ(code_of(stage), "device.key_revoked");
}

TEST(Agent, NeverReportsFactsThatItCouldNotRead) {
  Stage stage(once());
  stage.facts_error = "agent.facts_malformed";
  stage.begin();
  EXPECT_EQ(kind_of(stage), EndKind::local_failed);
  EXPECT_EQ(code_of(stage), "agent.facts_malformed");
  EXPECT_TRUE(stage.sent.empty());

  Stage staying(stay());
  staying.begin();
  staying.facts_error = "agent.facts_unreadable";
  staying.pass(400s);
  EXPECT_FALSE(staying.end);
  EXPECT_EQ(staying.reports(), 1) << "old facts are not sent as new";
  EXPECT_GE(staying.challenges(), 13) << "but the gate hears that the agent lives";
  EXPECT_EQ(staying.told<Trouble>().at(0).refusal.code, "agent.facts_unreadable");
  staying.facts_error.clear();
  staying.pass(30s);
  EXPECT_EQ(staying.reports(), 2);
}

TEST(AgentRefusals, AreCompleteInBothLanguages) {
  std::set<std::string> codes;
  for (const Refusal& r : refusals()) {
    EXPECT_TRUE(codes.insert(r.code).second) << r.code;
    EXPECT_TRUE(r.code.starts_with("agent."));
    EXPECT_TRUE(r.rule.starts_with("R"));
    for (const Text& text : {r.what, r.why, r.remedy}) {
      EXPECT_NE(text.ja, "") << r.code;
      EXPECT_NE(text.en, "") << r.code;
    }
  }
  EXPECT_EQ(refusal("agent.key_open").code, "agent.key_open");
  EXPECT_EQ(refusal("nobody knows").code, "agent.internal");
}

}  // namespace
}  // namespace sekisho::agent
