#include "admission/posture.hpp"

#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::admission {
namespace {

using testing::PostureBench;
using testing::result;

struct Desk : ::testing::Test {
  PostureBench bench;
  ReportVerdict report() { return bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_mori); }
  void except(const std::string& check, const std::string& terminal = "pc-mori") {
    registry::Application application;
    application.id = "app-1";
    application.terminals = {"pc-mori"};
    application.state = registry::ApplicationState::accepted;
    bench.registry.applications["app-1"] = application;
    bench.registry.exceptions["ex-1"] = {
        "ex-1", "app-1", terminal, check, "old machine", "yama", bench.now + std::chrono::hours(24)};
  }
};

TEST_F(Desk, AChallengeSaysForWhomAndHowLong) {
  const auto in_tunnel = nlohmann::json::parse(bench.desk().challenge(bench.session_of_mori, bench.now));
  EXPECT_EQ(in_tunnel["sid"], "S20261122-1-000042");
  EXPECT_EQ(in_tunnel["gateway"], testing::kGateId);
  EXPECT_EQ(in_tunnel["ttl_s"], 120);
  EXPECT_EQ(in_tunnel["server_time"], "2026-11-22T00:31:00.000000Z");
  EXPECT_EQ(in_tunnel["nonce"].get<std::string>().size(), 43u);
  const auto first = nlohmann::json::parse(bench.desk().challenge(std::nullopt, bench.now));
  const auto second = nlohmann::json::parse(bench.desk().challenge(std::nullopt, bench.now));
  EXPECT_TRUE(first["sid"].get<std::string>().starts_with("pre:"));
  EXPECT_NE(first["sid"], second["sid"]);
  EXPECT_NE(first["nonce"], second["nonce"]);
}

TEST_F(Desk, StrangersChallengesNeverTakeASessionsAway) {
  bench.options.nonces = 4;
  const auto mine = bench.payload(bench.session_of_mori);
  const auto early = bench.payload(std::nullopt);
  for (int i = 0; i < 100; ++i) (void)bench.desk().challenge(std::nullopt, bench.now);
  EXPECT_TRUE(bench.send(mine, bench.mori, bench.session_of_mori).counted);
  EXPECT_EQ(bench.send(early, bench.mori, std::nullopt).http_status, 409) << "the oldest stranger's goes";
}

TEST_F(Desk, ASessionHoldsAFewChallengesAndTheNewestWork) {
  const auto oldest = bench.payload(bench.session_of_mori);
  for (int i = 0; i < 8; ++i) (void)bench.desk().challenge(bench.session_of_mori, bench.now);
  const auto newest = bench.payload(bench.session_of_mori);
  EXPECT_EQ(bench.send(oldest, bench.mori, bench.session_of_mori).http_status, 409);
  EXPECT_TRUE(bench.send(newest, bench.mori, bench.session_of_mori).counted);
}

TEST_F(Desk, ThePassAnswerTellsWhenToComeAgain) {
  const auto verdict = report();
  const auto answer = nlohmann::json::parse(verdict.answer);
  EXPECT_EQ(answer["decision"], "admit");
  EXPECT_EQ(answer["recheck_s"], 300);
  EXPECT_EQ(answer["heartbeat_s"], 30);
  EXPECT_EQ(answer["checks"].size(), 1u);
  EXPECT_FALSE(answer.contains("refusal"));
  auto next = bench.payload(bench.session_of_mori);
  next.nonce = answer["next_nonce"];
  EXPECT_TRUE(bench.send(next, bench.mori, bench.session_of_mori).counted) << "the next nonce is good";
}

TEST_F(Desk, AnEnforcedFailOrUnknownDeniesAndSaysWhy) {
  for (const CheckVerdict bad : {CheckVerdict::fail, CheckVerdict::unknown, static_cast<CheckVerdict>(77)}) {
    bench.os.results = {result("R06", bad, "os.too_old")};
    bench.os.results[0].observed = "19045";
    const auto verdict = report();
    EXPECT_TRUE(verdict.counted);
    EXPECT_FALSE(verdict.passed);
    ASSERT_TRUE(verdict.refusal);
    EXPECT_EQ(verdict.refusal->code, "os.too_old");
    EXPECT_EQ(verdict.refusal->rule, "R06");
    EXPECT_NE(verdict.refusal->why.ja.find("19045"), std::string::npos);
    const auto answer = nlohmann::json::parse(verdict.answer);
    EXPECT_EQ(answer["decision"], "deny");
    EXPECT_EQ(answer["recheck_s"], 30);
    EXPECT_EQ(answer["checks"][0]["remedy_ja"], "サポート中の Windows 11 へ更新してください。");
    EXPECT_NE(answer["checks"][0]["why_ja"].get<std::string>().find("Windows 11"), std::string::npos);
    EXPECT_NE(answer["checks"][0]["why_en"], "");
    EXPECT_EQ(answer["refusal"]["code"], "os.too_old");
  }
}

TEST_F(Desk, AFailureThatNamesNoReasonIsStillNamed) {
  bench.os.results = {result("", CheckVerdict::fail, "")};
  const auto verdict = report();
  EXPECT_FALSE(verdict.passed);
  ASSERT_TRUE(verdict.refusal);
  EXPECT_EQ(verdict.refusal->code, "posture.failed");
  EXPECT_EQ(verdict.refusal->rule, "R10");
  EXPECT_EQ(verdict.results[0].code, "posture.failed");
}

TEST_F(Desk, WarnAndNotApplicableAdmit) {
  bench.os.results = {result("R06", CheckVerdict::warn, "os.build_ends_soon"),
                      result("R06", CheckVerdict::not_applicable, "")};
  const auto verdict = report();
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.results[1].code, "") << "nothing failed";
}

TEST_F(Desk, ModesWarnAndOffLowerACheck) {
  bench.os.results = {result("R06", CheckVerdict::fail, "os.too_old")};
  bench.policy.checks[0].mode = CheckMode::warn;
  const auto warned = report();
  EXPECT_TRUE(warned.passed);
  EXPECT_EQ(warned.results[0].verdict, CheckVerdict::warn);
  bench.policy.checks[0].mode = CheckMode::off;
  const int calls = bench.os.calls;
  const auto off = report();
  EXPECT_TRUE(off.passed);
  EXPECT_TRUE(off.results.empty());
  EXPECT_EQ(bench.os.calls, calls);
}

TEST_F(Desk, ACheckThatIsMissingBrokenOrSilentDenies) {
  bench.policy.checks.push_back({"not_loaded", CheckMode::enforce});
  auto verdict = report();
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.refusal->code, "posture.check_unavailable");
  bench.policy.checks.pop_back();
  bench.os.throws = true;
  EXPECT_FALSE(report().passed);
  bench.os.throws = false;
  bench.os.results.clear();
  EXPECT_FALSE(report().passed);
}

TEST_F(Desk, AnAcceptedExceptionTurnsAFailIntoAWarningUntilItsLastDay) {
  bench.os.results = {result("R06", CheckVerdict::fail, "os.too_old")};
  except("os");
  auto verdict = report();
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.results[0].verdict, CheckVerdict::warn);
  EXPECT_EQ(verdict.results[0].until, bench.now + std::chrono::hours(24));
  bench.now += std::chrono::hours(24);
  EXPECT_FALSE(report().passed);
}

TEST_F(Desk, AnExceptionForAnotherCheckTerminalOrApplicationHelpsNobody) {
  bench.os.results = {result("R06", CheckVerdict::fail, "os.too_old")};
  except("antivirus");
  EXPECT_FALSE(report().passed);
  except("os", "pc-tani");
  EXPECT_FALSE(report().passed);
  except("os");
  bench.registry.applications["app-1"].state = registry::ApplicationState::submitted;
  EXPECT_FALSE(report().passed);
  except("os");
  bench.registry.applications["app-1"].terminals = {"pc-tani"};
  EXPECT_FALSE(report().passed);
  except("os");
  bench.registry.applications.clear();
  EXPECT_FALSE(report().passed);
}

TEST_F(Desk, TheChecksSeeTheProvedTerminalAndItsOwnMemory) {
  bench.os.memory = {{"seen", 1}};
  const auto first = report();
  EXPECT_EQ(bench.os.signed_by, "pc-mori");
  EXPECT_EQ(bench.os.binding, 1);
  EXPECT_EQ(bench.os.macs, std::vector<std::string>{"3c:7c:3f:1a:2b:01"});
  EXPECT_TRUE(bench.os.memory_seen.is_null());
  bench.os.memory = std::string(5000, 'x');
  EXPECT_TRUE(report().counted);
  EXPECT_EQ(bench.os.memory_seen, nlohmann::json({{"seen", 1}}));
  EXPECT_TRUE(report().counted);
  EXPECT_EQ(bench.os.memory_seen, nlohmann::json({{"seen", 1}})) << "what is too large is not kept";
}

TEST_F(Desk, SimulatedFactsAreForLabsOnly) {
  auto payload = bench.payload(bench.session_of_mori);
  for (const char* source : {"simulator", "osquery", "fortinet_hostcheck"}) {
    payload = bench.payload(bench.session_of_mori);
    payload.facts["collector"]["source"] = source;
    const auto verdict = bench.send(payload, bench.mori, bench.session_of_mori);
    EXPECT_EQ(verdict.http_status, 403);
    EXPECT_EQ(verdict.refusal->code, "report.source_not_allowed") << source;
    EXPECT_FALSE(verdict.counted);
  }
  PostureBench lab;
  lab.options.allow_simulator = true;
  auto simulated = lab.payload(std::nullopt);
  simulated.facts["collector"]["source"] = "simulator";
  EXPECT_TRUE(lab.send(simulated, lab.mori, std::nullopt).passed);
  auto claimed = lab.payload(std::nullopt);
  claimed.facts["collector"]["source"] = "fortinet_hostcheck";
  EXPECT_FALSE(lab.send(claimed, lab.mori, std::nullopt).counted);
}

TEST_F(Desk, FactsOfAnotherTimeFailTheReport) {
  for (const int skew : {-301, 301}) {
    auto payload = bench.payload(bench.session_of_mori);
    payload.facts["collected_at"] = to_rfc3339(bench.now + Seconds(skew));
    EXPECT_EQ(bench.send(payload, bench.mori, bench.session_of_mori).refusal->code, "report.clock_skew");
  }
  auto payload = bench.payload(bench.session_of_mori);
  payload.facts["collected_at"] = to_rfc3339(bench.now - Seconds(300));
  EXPECT_TRUE(bench.send(payload, bench.mori, bench.session_of_mori).passed);
}

TEST_F(Desk, FactsThatBreakTheSchemaFailTheReport) {
  auto payload = bench.payload(bench.session_of_mori);
  payload.facts["os"]["build"] = "26200";
  auto verdict = bench.send(payload, bench.mori, bench.session_of_mori);
  EXPECT_EQ(verdict.http_status, 400);
  EXPECT_EQ(verdict.refusal->code, "report.malformed");
  payload = bench.payload(bench.session_of_mori);
  payload.facts["schema"] = "sekisho.device-facts/2.0";
  verdict = bench.send(payload, bench.mori, bench.session_of_mori);
  EXPECT_EQ(verdict.refusal->code, "report.other_schema");
}

TEST_F(Desk, ATerminalThatReportsWithoutEndIsSlowedDown) {
  int counted = 0;
  ReportVerdict last;
  for (int i = 0; i < 70; ++i) {
    last = report();
    counted += last.counted ? 1 : 0;
  }
  EXPECT_EQ(counted, 60);
  EXPECT_EQ(last.http_status, 429);
  EXPECT_EQ(last.refusal->code, "report.too_many");
  bench.now += Seconds(2);
  EXPECT_TRUE(report().counted);
  EXPECT_TRUE(report().counted);
  EXPECT_FALSE(report().counted);
}

TEST_F(Desk, TheWorstFailureIsSaidFirst) {
  bench.os.results = {result("R08", CheckVerdict::unknown, "update.unknown"),
                      result("R08", CheckVerdict::fail, "update.behind"), result("R07", CheckVerdict::fail, "av.off")};
  EXPECT_EQ(report().refusal->code, "av.off");
  bench.os.results.pop_back();
  EXPECT_EQ(report().refusal->code, "update.behind");
}

TEST_F(Desk, HostileTextOfATerminalIsCutBetweenCharacters) {
  bench.os.results = {result("R06", CheckVerdict::fail, "os.too_old")};
  for (int i = 0; i < 200; ++i) bench.os.results[0].observed += "保";
  const auto verdict = report();
  EXPECT_LE(verdict.results[0].observed.size(), 256u);
  EXPECT_TRUE(is_utf8(verdict.results[0].observed));
}

// --- host check
// -------------------------------------------------------------------------------------------------------

const char* const kForm = "hostcheck=0100,10.0.26100&check_virtual_desktop=3c:7c:3f:1a:2b:01";

TEST_F(Desk, AHostCheckNeverAdmitsByItself) {
  const auto verdict = bench.desk().hostcheck(kForm, *bench.session_of_mori, bench.registry, bench.policy, bench.now);
  EXPECT_FALSE(verdict.passed);
  EXPECT_FALSE(verdict.counted) << "a perfect claim says nothing";
  EXPECT_EQ(verdict.refusal->code, "posture.unsigned");
  EXPECT_TRUE(bench.os.signed_by.empty());
  EXPECT_EQ(bench.os.binding, 0);
}

TEST_F(Desk, AHostCheckOfATerminalThatIsGoneIsRefused) {
  bench.registry.terminals.clear();
  const auto verdict = bench.desk().hostcheck(kForm, *bench.session_of_mori, bench.registry, bench.policy, bench.now);
  EXPECT_EQ(verdict.http_status, 403);
  EXPECT_FALSE(verdict.passed);
  ASSERT_TRUE(verdict.refusal);
  EXPECT_EQ(verdict.refusal->code, "device.key_unknown");
  EXPECT_EQ(bench.os.calls, 0) << "nothing is judged for nobody";
}

TEST_F(Desk, AHostCheckMayLowerRights) {
  bench.os.results = {result("R06", CheckVerdict::fail, "os.too_old")};
  const auto verdict = bench.desk().hostcheck(kForm, *bench.session_of_mori, bench.registry, bench.policy, bench.now);
  EXPECT_TRUE(verdict.counted);
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.refusal->code, "os.too_old");
}

TEST_F(Desk, WhatAHostCheckStatesIsTheReasonAndNotThatNobodySignedIt) {
  bench.os.results = {result("R03", CheckVerdict::fail, "device.key_unknown"),
                      result("R06", CheckVerdict::fail, "os.too_old")};
  const auto claim = bench.desk().hostcheck(kForm, *bench.session_of_mori, bench.registry, bench.policy, bench.now);
  EXPECT_EQ(claim.refusal->code, "os.too_old");
  bench.os.results = {result("R07", CheckVerdict::unknown, "av.unknown"),
                      result("R03", CheckVerdict::fail, "device.key_unknown")};
  const auto silent = bench.desk().hostcheck(kForm, *bench.session_of_mori, bench.registry, bench.policy, bench.now);
  EXPECT_EQ(silent.refusal->code, "av.unknown");
}

TEST_F(Desk, AHostCheckThatIsMerelyUnsignedOrSilentCountsForNothing) {
  bench.os.results = {result("R03", CheckVerdict::fail, "device.key_unknown"),
                      result("R07", CheckVerdict::unknown, "av.unknown")};
  const auto verdict = bench.desk().hostcheck(kForm, *bench.session_of_mori, bench.registry, bench.policy, bench.now);
  EXPECT_FALSE(verdict.counted);
  EXPECT_FALSE(verdict.passed);
}

TEST_F(Desk, AHostCheckAdmitsWithAnAcceptedException) {
  bench.os.results = {result("R07", CheckVerdict::unknown, "av.unknown")};
  except("os");
  const auto verdict = bench.desk().hostcheck(kForm, *bench.session_of_mori, bench.registry, bench.policy, bench.now);
  EXPECT_TRUE(verdict.passed);
  EXPECT_TRUE(verdict.counted);
  EXPECT_EQ(bench.desk().hostcheck("x", *bench.session_of_mori, bench.registry, bench.policy, bench.now).http_status,
            400);
}

// --- enrolment
// --------------------------------------------------------------------------------------------------------

struct Enrolment : Desk {
  Enrolment() {
    auto& terminal = bench.registry.terminals["pc-new"];
    terminal.id = "pc-new";
    terminal.enrolment_hash = sha256_hex(token);
    terminal.enrolment_until = bench.now + std::chrono::hours(72);
  }
  EnrolVerdict enrol(const std::string& with, const nlohmann::json& jwk) {
    return bench.desk().enrol(nlohmann::json{{"token", with}, {"jwk", jwk}}.dump(), bench.registry, bench.now);
  }
  const std::string token = "one-time-token-of-the-new-terminal";
  DeviceKey key = *DeviceKey::generate();
  nlohmann::json jwk = nlohmann::json::parse(key.public_key().jwk());
};

TEST_F(Enrolment, ATokenNamesTheTerminalAndIsSpent) {
  const auto verdict = enrol(token, jwk);
  ASSERT_EQ(verdict.http_status, 200) << verdict.answer;
  ASSERT_TRUE(verdict.terminal);
  EXPECT_EQ(verdict.terminal->id, "pc-new");
  EXPECT_EQ(verdict.terminal->key_thumbprint, key.public_key().thumbprint());
  EXPECT_EQ(verdict.terminal->binding, 1);
  EXPECT_TRUE(verdict.terminal->enrolment_hash.empty());
  EXPECT_FALSE(verdict.terminal->enrolment_until);
  EXPECT_EQ(nlohmann::json::parse(verdict.answer)["terminal"], "pc-new");
  bench.registry.terminals["pc-new"] = *verdict.terminal;
  EXPECT_EQ(enrol(token, jwk).http_status, 403);
  EXPECT_TRUE(bench.send(bench.payload(std::nullopt), key, std::nullopt).counted);
}

TEST_F(Enrolment, AWrongLateOrEndedTokenGetsOneAnswer) {
  const std::string wrong = enrol("a-token-that-nobody-ever-gave-out", jwk).answer;
  bench.now += std::chrono::hours(72);
  EXPECT_EQ(enrol(token, jwk).answer, wrong);
  bench.now -= std::chrono::hours(1);
  bench.registry.terminals["pc-new"].ended_at = bench.now;
  EXPECT_EQ(enrol(token, jwk).answer, wrong);
  EXPECT_EQ(enrol(token, jwk).http_status, 403);
  EXPECT_FALSE(enrol(token, jwk).terminal);
}

TEST_F(Enrolment, AnEmptyStoredHashMatchesNothing) {
  bench.registry.terminals["pc-new"].enrolment_hash.clear();
  EXPECT_EQ(enrol(std::string(32, ' '), jwk).http_status, 403);
}

TEST_F(Enrolment, AKeyOfAnotherTerminalIsRefused) {
  const auto verdict = enrol(token, nlohmann::json::parse(bench.mori.public_key().jwk()));
  EXPECT_EQ(verdict.http_status, 409);
  EXPECT_EQ(nlohmann::json::parse(verdict.answer)["error"], "enrol.key_in_use");
  EXPECT_FALSE(verdict.terminal);
}

TEST_F(Enrolment, AMalformedRequestSpendsNoToken) {
  auto with_private = jwk;
  with_private["d"] = "AAAA";
  EXPECT_EQ(enrol(token, with_private).http_status, 400);
  EXPECT_EQ(enrol("short", jwk).http_status, 400);
  EXPECT_EQ(enrol(token, "x").http_status, 400);
  for (const std::string& body : {std::string(), std::string("[]"), std::string("{}"), std::string(5000, ' '),
                                  std::string("{\"token\":1,\"jwk\":{}}")}) {
    EXPECT_EQ(bench.desk().enrol(body, bench.registry, bench.now).http_status, 400);
  }
  EXPECT_EQ(enrol(token, jwk).http_status, 200);
}

}  // namespace
}  // namespace sekisho::admission
