// Posture requests: who asks, and what a verdict does to the session.
#include "gate/testing/gate_bench.hpp"

namespace sekisho::gate::testing {
namespace {

TEST_F(GateTest, AnUnknownKeyInsideAnAdmittedTunnelEndsTheSession) {
  put_posture();
  const std::string session = pass();
  ASSERT_EQ(gate->sessions().size(), 1u);
  FakeLink page;
  const auto page_id = gate->attach("posture", "internet", page);
  Arrival inside = arrival("");
  inside.peer_address = address_of(session);
  const auto report = [&](std::string body) {
    gate->on_message(page_id, seam::Request{++number, PostureRequest{"report", inside, {}, std::move(body)}});
    settle();
  };
  report("no envelope at all");
  EXPECT_EQ(gate->sessions().size(), 1u) << "noise on the page says nothing";
  admission::ReportPayload payload;
  payload.facts = nlohmann::json::object();
  report(*admission::seal_report(payload, *admission::DeviceKey::generate()));
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "device.key_unknown"), 1u);
}

TEST_F(GateTest, AHeartbeatIsAnsweredAtOnceWithoutTheStore) {
  const std::string session = pass();
  ASSERT_NE(session, "");
  FakeLink page;
  const auto page_id = gate->attach("posture", "internet", page);
  Arrival inside = arrival("");
  inside.peer_address = address_of(session);
  gate->on_message(page_id, seam::Request{++number, PostureRequest{"challenge", inside, {}, {}}});
  const auto* reply = page.last<seam::Reply>();  // no job has run: nothing was settled
  ASSERT_NE(reply, nullptr);
  const auto* answer = std::get_if<PostureAnswer>(&reply->body);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(nlohmann::json::parse(answer->body).at("sid"), session);
}

TEST_F(GateTest, AHostCheckClaimNeedsCookieAndCertificateAndAdmitsNobody) {
  const char* const kForm = "hostcheck=0100,10.0.26200&check_virtual_desktop=3c:7c:3f:1a:2b:01";
  const std::string session = pass();
  ASSERT_NE(session, "");
  const auto claim = [&](const std::string& with, Arrival from) {
    return as<PostureAnswer>(ask(PostureRequest{"hostcheck", std::move(from), Secret(with), kForm}));
  };
  const auto* stranger = claim(std::string(43, 'A'), arrival());
  ASSERT_NE(stranger, nullptr);
  EXPECT_EQ(stranger->status, 403);
  EXPECT_NE(stranger->body.find("session.unknown_cookie"), std::string::npos);
  const auto* thief = claim(cookie, arrival("another leaf"));
  ASSERT_NE(thief, nullptr);
  EXPECT_EQ(thief->status, 403);
  EXPECT_NE(thief->body.find("session.other_certificate"), std::string::npos);
  EXPECT_EQ(journal.count("posture.claimed"), 0u);

  const auto* own = claim(cookie, arrival());
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->status, 200);
  EXPECT_NE(own->body.find("posture.unsigned"), std::string::npos) << own->body;
  EXPECT_EQ(journal.count("posture.claimed", "posture.unsigned"), 1u);
  ASSERT_EQ(gate->sessions().size(), 1u);
  EXPECT_EQ(gate->sessions()[0].state, SessionState::quarantine) << "an unsigned claim admits nobody";

  FakeLink page;  // and it comes on the tunnel's own front alone
  const auto page_id = gate->attach("posture", "posture", page);
  gate->on_message(page_id, seam::Request{++number, PostureRequest{"hostcheck", arrival(), Secret(cookie), kForm}});
  settle();
  EXPECT_EQ(page.last<seam::Reply>(), nullptr);
}

TEST_F(GateTest, WhatTheGateCannotJudgeItDoesNotAnswerWithAVerdict) {
  const std::string session = pass();
  FakeLink page;
  const auto page_id = gate->attach("posture", "internet", page);
  Arrival inside = arrival("");
  inside.peer_address = address_of(session);
  for (const char* kind : {"report", "enrol"}) {
    store->fail_next(fail("store.unavailable", "full"));
    gate->on_message(page_id, seam::Request{++number, PostureRequest{kind, inside, {}, "{}"}});
    settle();
    const auto* reply = page.last<seam::Reply>();
    ASSERT_NE(reply, nullptr);
    const auto* answer = as<PostureAnswer>(*reply);
    ASSERT_NE(answer, nullptr) << kind;
    EXPECT_EQ(answer->status, 503) << kind;
    EXPECT_NE(answer->body.find("gate.unavailable"), std::string::npos) << kind;
  }
  EXPECT_EQ(journal.count("posture.reported"), 0u);
  EXPECT_EQ(gate->sessions().size(), 1u);
}

/// A terminal that reports well inside its tunnel.
class ReportTest : public GateTest {
 protected:
  ReportTest() {
    change([this](registry::Registry next) -> Result<registry::Registry> {
      registry::Terminal& terminal = next.terminals.at("pc-mori");
      terminal.key_thumbprint = key.public_key().thumbprint();
      terminal.key_jwk = key.public_key().jwk();
      terminal.binding = 1;
      return next;
    });
    page_id = gate->attach("posture", "internet", page);
  }
  ~ReportTest() override { gate->detach(page_id); }

  const PostureAnswer* post(const char* kind, const std::string& session, std::string body) {
    Arrival inside = arrival("");
    inside.peer_address = address_of(session);
    inside.user_agent = user_agent;
    gate->on_message(page_id, seam::Request{++number, PostureRequest{kind, inside, {}, std::move(body)}});
    settle();
    const auto* reply = page.last<seam::Reply>();
    return reply != nullptr ? as<PostureAnswer>(*reply) : nullptr;
  }
  void report(const std::string& session) {
    const auto* asked = post("challenge", session, {});
    ASSERT_NE(asked, nullptr);
    const auto challenge = nlohmann::json::parse(asked->body);
    admission::ReportPayload payload;
    payload.aud = challenge.at("gateway");
    payload.sid = challenge.at("sid");
    payload.nonce = challenge.at("nonce");
    payload.ip = address_of(session);
    payload.srv = admission::testing::kServer;
    payload.iat = std::chrono::duration_cast<Seconds>(fake.timers.now().time_since_epoch()).count();
    payload.seq = 1;
    payload.reason = "connect";
    payload.facts = admission::testing::example_facts("compliant");
    payload.facts["collected_at"] = to_rfc3339(fake.timers.now());
    post("report", session, *admission::seal_report(payload, key));
  }

  std::string user_agent;
  admission::DeviceKey key = *admission::DeviceKey::generate();
  FakeLink page;
  Gate::LinkId page_id = 0;
};

TEST_F(ReportTest, WhoComesBackFromQuarantineLogsInAtTheConsolePageAnew) {
  put_posture();
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  const auto asks = [&](seam::ConsoleQuestion question) {
    gate->on_message(relay_id,
                     seam::ConsoleRequest{++number, seam::Place::console, "10.20.0.11", {}, std::move(question)});
    settle();
    return relay.last<seam::ConsoleReply>();
  };
  ASSERT_TRUE(std::holds_alternative<seam::ConsoleDone>(asks(seam::ConsoleLogin{"mori", Secret("x")})->body));
  fake.timers.advance(Seconds{121});  // the agent is silent
  ASSERT_EQ(gate->sessions().at(0).state, SessionState::quarantine);
  report(session);
  ASSERT_EQ(gate->sessions().at(0).state, SessionState::admitted);
  const auto* refused = std::get_if<seam::ConsoleRefused>(&asks(seam::ListServers{})->body);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "console.not_logged_in");
}

TEST_F(ReportTest, AnInnerAddressWithoutASessionIsNobodys) {
  Arrival inside = arrival("");
  inside.peer_address = "10.202.0.99";
  gate->on_message(page_id, seam::Request{++number, PostureRequest{"challenge", inside, {}, {}}});
  settle();
  ASSERT_NE(page.last<seam::Reply>(), nullptr);
  const auto* answer = as<PostureAnswer>(*page.last<seam::Reply>());
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->status, 403);
  EXPECT_NE(answer->body.find("session.unknown_cookie"), std::string::npos);
}

TEST_F(ReportTest, WhatReportsIsJudgedByTheNameThatItGivesItself) {
  gate->detach(page_id);
  checks = {{"browser", admission::CheckMode::enforce}};
  browser.results = {{"browser", "R09", CheckVerdict::pass, {}, {}, {}, {}, std::nullopt}};
  start();
  page_id = gate->attach("posture", "internet", page);
  const std::string session = pass();
  ASSERT_NE(session, "");
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  user_agent = "Mozilla/5.0 Edg/118.0";
  browser.user_agent_seen = "nobody";
  report(session);
  EXPECT_EQ(browser.user_agent_seen, user_agent);
}

TEST_F(ReportTest, WhereNoPathSaysWhatIsCheckedNothingIs) {
  without_paths = true;
  start();
  page_id = gate->attach("posture", "internet", page);
  gate->on_message(page_id, seam::Request{++number, PostureRequest{"challenge", arrival(""), {}, {}}});
  settle();
  ASSERT_NE(page.last<seam::Reply>(), nullptr);
  const auto* answer = as<PostureAnswer>(*page.last<seam::Reply>());
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->status, 503);
}

TEST_F(ReportTest, AdmissionWaitsForItsEntryOnDisk) {
  const std::string session = pass();
  journal.held = true;
  report(session);
  ASSERT_EQ(journal.count("posture.reported"), 1u);
  ASSERT_EQ(journal.waiting.size(), 1u);
  EXPECT_EQ(gate->sessions().at(0).state, SessionState::quarantine);
  journal.waiting[0](std::uint64_t{1});
  settle();
  EXPECT_EQ(gate->sessions().at(0).state, SessionState::admitted);
  EXPECT_EQ(netd.last<seam::DesiredNet>()->rights.at(0).filter.size(), 2u);
}

TEST_F(ReportTest, WithoutThatEntryTheSessionEnds) {
  const std::string session = pass();
  journal.held = true;
  report(session);
  ASSERT_EQ(journal.waiting.size(), 1u);
  journal.waiting[0](fail("audit.unwritable"));
  settle();
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "gate.unavailable"), 1u);
}

}  // namespace
}  // namespace sekisho::gate::testing
