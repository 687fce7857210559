#include "gate/gate.hpp"

#include "admission/posture_envelope.hpp"
#include "admission/testing/login_bench.hpp"
#include "admission/testing/posture_bench.hpp"
#include "gate/state.hpp"
#include "registry/testing/cast.hpp"
#include "run/testing/fake_services.hpp"
#include "store/testing/memory_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <set>

namespace sekisho::gate {
namespace {

using admission::testing::asks;
using admission::testing::hashes;
using admission::testing::Scripted;

constexpr const char* kLeaf = "leaf of mori on pc-mori";

/// Keeps entries; their durability is answered at once, later, or with an error.
struct FakeJournal final : audit::Journal {
  void append(audit::Entry entry, audit::Durable durable) override {
    entries.push_back(std::move(entry));
    if (!durable) return;
    if (broken) return durable(fail("audit.unwritable"));
    if (held) return waiting.push_back(std::move(durable));
    durable(entries.size());
  }
  [[nodiscard]] bool healthy() const override { return !broken; }
  [[nodiscard]] std::size_t count(std::string_view event, std::string_view code = {}) const {
    return static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), [&](const audit::Entry& e) {
      return e.event == event && (code.empty() || e.code == code);
    }));
  }
  std::vector<audit::Entry> entries;
  std::vector<audit::Durable> waiting;
  bool broken = false, held = false;
};

/// A neighbour that keeps what it is told; netd says yes to every state.
struct FakeLink final : seam::Link {
  void send(const seam::Message& message) override {
    auto packet = seam::encode(message);
    ASSERT_TRUE(packet);
    auto copy = seam::decode(packet->bytes());
    ASSERT_TRUE(copy);
    if (on_send) on_send(*copy);
    sent.push_back(std::move(*copy));
  }
  void send_with_fd(const seam::Message&, int) override { FAIL(); }
  void close() override {}
  template <class T>
  [[nodiscard]] const T* last() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (const auto* found = std::get_if<T>(&*it)) return found;
    }
    return nullptr;
  }
  template <class T>
  [[nodiscard]] std::ptrdiff_t count() const {
    return std::count_if(sent.begin(), sent.end(), [](const auto& one) { return std::holds_alternative<T>(one); });
  }
  std::vector<seam::Message> sent;
  std::function<void(const seam::Message&)> on_send;
};

class GateTest : public ::testing::Test {
 protected:
  GateTest() : fake(1, registry::testing::kNow) {
    registry::Registry cast = registry::testing::cast();
    registry::Certificate certificate = cast.certificates.at(std::string(64, 'a'));
    certificate.fingerprint_sha256 = sha256_hex(kLeaf);
    cast.certificates = {{certificate.fingerprint_sha256, certificate}};
    EXPECT_TRUE(store->transact([&](store::Tx& tx) { tx.replace_registry(cast); }));
    start();
  }

  void start() {
    GateOptions options;
    options.gate_id = "gate.seki.test";
    options.generation_poll = std::chrono::milliseconds{0};
    GatePath path;
    path.policy.path = "internet";
    path.policy.zones = {registry::Zone::internet_business, registry::Zone::internet_dmz};
    path.policy.factors = {"certificate", "password", "code"};
    path.policy.checks = checks;
    if (idle_limit) path.policy.idle_limit = *idle_limit;
    if (absolute_limit) path.policy.absolute_limit = *absolute_limit;
    path.tun = "sekisho0";
    path.gate_address = "10.202.0.1";
    path.posture_page = {"10.202.0.1", 8443, 6};
    path.entrance = {"10.202.0.1", 5900, 6};
    options.paths = {path};
    GatePlugins plugins;
    plugins.authenticators = {{"certificate", &certificate}, {"password", &password}, {"code", &code}};
    plugins.checks = {{"browser", &browser}};
    plugins.verify_password = [](const VerifyPassword& work) { return work.candidate.reveal() == "candidate"; };
    gate = std::make_unique<Gate>(std::move(options), fake.services(), store, journal, std::move(plugins));
    bool started = false;
    gate->start([this](Instant) -> Result<std::vector<std::string>> { return unfinished; },
                [&](Result<void> end) { started = end.has_value(); },
                [this](Instant) -> Result<std::vector<std::string>> { return ended; });
    fake.timers.settle();
    ASSERT_TRUE(started);
    netd.on_send = [this](const seam::Message& message) {
      if (const auto* desired = std::get_if<seam::DesiredNet>(&message)) {
        fake.timers.post([this, number = desired->number] {
          gate->on_message(netd_id, seam::NetApplied{number, netd_works, {}});
        });
      }
    };
    netd_id = gate->attach("netd", "netd", netd);
    front_id = gate->attach("front", "internet", front);
    relay_id = gate->attach("relay", "internet", relay);
    fake.timers.settle();
  }

  static Arrival arrival(std::string leaf = kLeaf) {
    Arrival out;
    out.path = "internet";
    out.peer_address = "198.51.100.7";
    out.certificate_chain = {std::move(leaf)};
    return out;
  }

  static Evidence evidence(std::initializer_list<std::pair<const char*, const char*>> members) {
    Evidence out;
    for (const auto& [name, value] : members) out.emplace(name, Secret(value));
    return out;
  }

  const seam::Reply& ask(GateRequest request) {
    gate->on_message(front_id, seam::Request{++number, std::move(request)});
    fake.timers.settle();
    return reply();
  }
  const seam::Reply& reply() const {
    for (auto it = front.sent.rbegin(); it != front.sent.rend(); ++it) {
      const auto* found = std::get_if<seam::Reply>(&*it);
      if (found != nullptr && found->number == number) return *found;
    }
    static const seam::Reply kNone{0, Done{}};
    return kNone;
  }
  template <class T>
  const T* as(const seam::Reply& of) const {
    return of.number == number ? std::get_if<T>(&of.body) : nullptr;
  }

  /// Certificate, password and code; the granted session.
  std::string pass() {
    const auto* asked = as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})}));
    if (asked == nullptr) return {};
    const auto* granted =
        as<Granted>(ask(AnswerLogin{asked->handle, arrival(), evidence({{"login", "mori"}, {"code", "right"}})}));
    if (granted == nullptr) return {};
    cookie = std::string(granted->cookie.reveal());
    return granted->session;
  }
  std::string address_of(const std::string& session) const {
    for (const auto& s : gate->sessions()) {
      if (s.number == session) return s.address;
    }
    return {};
  }

  run::testing::FakeServices fake;
  std::shared_ptr<store::testing::MemoryStore> store = std::make_shared<store::testing::MemoryStore>();
  FakeJournal journal;
  Scripted certificate{"certificate", [](AuthRequest request) {
                         AuthStep step = admission::testing::says_yes(std::move(request));
                         step.terminal = "pc-mori";
                         return step;
                       }};
  Scripted password{"password", hashes};
  Scripted code{"code", asks("code")};
  admission::testing::ScriptedCheck browser{"browser"};
  std::vector<admission::CheckPolicy> checks;
  std::optional<Seconds> idle_limit, absolute_limit;  ///< of the path, where a test has its own
  FakeLink netd, front, relay;
  std::vector<std::string> unfinished, ended;  ///< what the journal says at a start
  std::unique_ptr<Gate> gate;
  Gate::LinkId netd_id = 0, front_id = 0, relay_id = 0;
  bool netd_works = true;
  std::uint64_t number = 0;
  std::string cookie;
};

TEST_F(GateTest, GrantsAfterEveryFactorWithEntryRowAndKernelRight) {
  const std::string session = pass();
  ASSERT_EQ(session, "S20261122-1-000001");
  EXPECT_EQ(cookie.size(), 43u);
  EXPECT_EQ(journal.count("session.granted"), 1u);
  const auto* desired = netd.last<seam::DesiredNet>();
  ASSERT_NE(desired, nullptr);
  ASSERT_EQ(desired->rights.size(), 1u);
  ASSERT_EQ(desired->rights[0].filter.size(), 1u) << "in quarantine the posture page alone";
  EXPECT_EQ(desired->rights[0].filter[0].port, 8443);
  std::optional<store::SessionRow> row;
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { row = tx.session(session); }));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, "quarantine");
  EXPECT_EQ(row->cookie_hash, sha256_hex(cookie)) << "the cookie itself is stored nowhere";
}

TEST_F(GateTest, NoCookieLeavesBeforeItsEntryIsOnDisk) {
  journal.held = true;
  EXPECT_EQ(pass(), "");
  EXPECT_EQ(as<Granted>(reply()), nullptr);
  EXPECT_TRUE(gate->sessions().empty());
  ASSERT_EQ(journal.waiting.size(), 1u);
  journal.waiting[0](std::uint64_t{1});
  fake.timers.settle();
  EXPECT_NE(as<Granted>(reply()), nullptr);
}

TEST_F(GateTest, ABrokenJournalRefusesNewcomersAndKeepsThoseInside) {
  const std::string inside = pass();
  journal.broken = true;
  const auto* refused = as<Refused>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "gate.unavailable");
  EXPECT_EQ(gate->sessions().size(), 1u);
}

TEST_F(GateTest, AHangingStoreRefusesInTime) {
  fake.blocking.mode = run::testing::FakeBlocking::Mode::held;
  gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  fake.timers.advance(Seconds{4});
  const auto* refused = as<Refused>(reply());
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "gate.unavailable");
}

TEST_F(GateTest, WithoutTheKernelsRightNothingIsGiven) {
  netd_works = false;
  EXPECT_EQ(pass(), "");
  const auto* refused = as<Refused>(reply());
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "gate.unavailable");
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, ASessionAndItsHeirGoToTheKernelTogether) {
  ASSERT_NE(pass(), "");
  const auto before = netd.count<seam::DesiredNet>();
  ASSERT_NE(pass(), "");
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  EXPECT_EQ(netd.last<seam::DesiredNet>()->rights.size(), 1u);
}

TEST_F(GateTest, WhileNetdIsBusyChangesWaitForItsAnswerOrItsLimit) {
  const std::string session = pass();
  const auto before = netd.count<seam::DesiredNet>();
  netd.on_send = nullptr;  // takes it and is silent
  gate->end_session(session, "uid:0", "drill", [](Result<void>) {});
  fake.timers.settle();
  ASSERT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  EXPECT_EQ(pass(), "") << "a grant waits for the kernel";
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  gate->on_message(netd_id, seam::NetApplied{netd.last<seam::DesiredNet>()->number, true, {}});
  fake.timers.settle();
  ASSERT_EQ(netd.count<seam::DesiredNet>(), before + 2);
  EXPECT_EQ(as<Granted>(reply()), nullptr);
  gate->on_message(netd_id, seam::NetApplied{netd.last<seam::DesiredNet>()->number, true, {}});
  EXPECT_NE(as<Granted>(reply()), nullptr);

  gate->stop({.scope = "all", .target = {}, .at = {}, .by = "uid:0", .reason = "drill"}, [](Result<std::size_t>) {});
  fake.timers.settle();
  gate->release("all", "", "uid:0", [](Result<void>) {});
  fake.timers.settle();
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 3);
  EXPECT_EQ(pass(), "");
  fake.timers.advance(Seconds{2});  // a netd that hangs holds up a later state for so long
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 4);
}

TEST_F(GateTest, WhatNetdRefusedIsToldAgain) {
  const std::string session = pass();
  netd_works = false;
  gate->end_session(session, "uid:0", "drill", [](Result<void>) {});
  fake.timers.settle();
  const auto before = netd.count<seam::DesiredNet>();
  netd_works = true;
  fake.timers.advance(Seconds{1});
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1);
  EXPECT_TRUE(netd.last<seam::DesiredNet>()->rights.empty());
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(netd.count<seam::DesiredNet>(), before + 1) << "what was taken is not told again";
}

TEST_F(GateTest, ASessionEndsWithItsCertificate) {
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  gate->change_registry(
      [](registry::Registry next) -> Result<registry::Registry> {
        next.certificates.begin()->second.not_after = registry::testing::kNow + Seconds{90};
        return next;
      },
      "uid:0", "shorter certificate", [](Result<std::uint64_t> end) { EXPECT_TRUE(end); });
  fake.timers.advance(Seconds{89});
  EXPECT_EQ(gate->sessions().size(), 1u);
  fake.timers.advance(Seconds{2});
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "session.right_ended"), 1u);
}

TEST_F(GateTest, AHandleIsGoodForOneAnswer) {
  const auto* asked = as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})}));
  ASSERT_NE(asked, nullptr);
  const std::string handle = asked->handle;
  ASSERT_NE(as<Granted>(ask(AnswerLogin{handle, arrival(), evidence({{"code", "right"}})})), nullptr);
  const auto* refused = as<Refused>(ask(AnswerLogin{handle, arrival(), evidence({{"code", "right"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "login.unknown_handle");
}

TEST_F(GateTest, ACookieCountsWithItsOwnCertificateAlone) {
  ASSERT_NE(pass(), "");
  EXPECT_NE(as<Resumed>(ask(ResumeSession{Secret(cookie), arrival(), false})), nullptr);
  const auto* refused = as<Refused>(ask(ResumeSession{Secret(cookie), arrival("another leaf"), true}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "session.other_certificate");
  const auto* unknown = as<Refused>(ask(ResumeSession{Secret(std::string(43, 'A')), arrival(), true}));
  ASSERT_NE(unknown, nullptr);
  EXPECT_EQ(unknown->refusal.code, "session.unknown_cookie");
}

TEST_F(GateTest, EndingAContractEndsItsSessionOnEveryPlane) {
  const std::string session = pass();
  bool changed = false;
  gate->change_registry(
      [](registry::Registry next) -> Result<registry::Registry> {
        next.contracts.at("c-web").ended_at = registry::testing::kNow;
        return next;
      },
      "uid:0", "end contract", [&](Result<std::uint64_t> end) { changed = end.has_value(); });
  fake.timers.settle();
  ASSERT_TRUE(changed);
  EXPECT_TRUE(gate->sessions().empty());
  const auto* push = front.last<seam::Push>();
  ASSERT_NE(push, nullptr);
  const auto* ended = std::get_if<SessionEnded>(&push->body);
  ASSERT_NE(ended, nullptr);
  EXPECT_EQ(ended->session, session);
  EXPECT_TRUE(ended->code.starts_with("contract.")) << ended->code;
  EXPECT_TRUE(netd.last<seam::DesiredNet>()->rights.empty());
  EXPECT_EQ(relay.last<seam::EntranceEnd>()->session, session);
  const auto* refused = as<Refused>(ask(ResumeSession{Secret(cookie), arrival(), true}));
  ASSERT_NE(refused, nullptr);
}

TEST_F(GateTest, AnEndByStaffOrByThePersonIsJournaledUnderItsNumber) {
  const std::string first = pass();
  gate->end_session(first, "uid:0", "drill", [](Result<void> end) { EXPECT_TRUE(end); });
  EXPECT_EQ(journal.entries.back().event, "session.ended");
  EXPECT_EQ(journal.entries.back().session, first);
  EXPECT_EQ(journal.entries.back().person, "mori");
  EXPECT_NE(journal.entries.back().detail["why"].get<std::string>().find("drill"), std::string::npos);
  fake.timers.settle();
  const std::string second = pass();
  ask(LogoutSession{Secret(cookie), arrival()});
  EXPECT_EQ(journal.entries.back().code, "session.logged_out");
  EXPECT_EQ(journal.entries.back().session, second);
  EXPECT_EQ(journal.entries.back().detail["by"], "mori");
}

TEST_F(GateTest, TheEmergencyStopBitesWhileTheStoreHangs) {
  ASSERT_NE(pass(), "");
  fake.blocking.mode = run::testing::FakeBlocking::Mode::held;
  gate->stop({.scope = "all", .target = {}, .at = {}, .by = "uid:0", .reason = "drill"}, [](Result<std::size_t>) {});
  EXPECT_TRUE(gate->sessions().empty());
  fake.timers.settle();
  EXPECT_TRUE(netd.last<seam::DesiredNet>()->rights.empty());
  fake.blocking.mode = run::testing::FakeBlocking::Mode::at_once;
  const auto* refused = as<Refused>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "stop.all");
}

TEST_F(GateTest, AReleasedStopLetsPeopleInAgain) {
  std::optional<std::size_t> ended;
  gate->stop({.scope = "person", .target = "mori", .at = {}, .by = "uid:0", .reason = {}},
             [&](Result<std::size_t> end) {
               EXPECT_TRUE(end) << end.error().code << " " << end.error().detail;
               if (end) ended = *end;
             });
  fake.timers.settle();
  EXPECT_EQ(ended, 0u);
  EXPECT_EQ(pass(), "");
  EXPECT_EQ(as<Refused>(reply())->refusal.code, "stop.person");
  bool released = false;
  gate->release("person", "mori", "uid:0", [&](Result<void> end) { released = end.has_value(); });
  fake.timers.settle();
  ASSERT_TRUE(released);
  EXPECT_NE(pass(), "");
}

TEST_F(GateTest, TheEntranceOpensForTheAdmittedAlone) {
  const std::string session = pass();
  gate->on_message(relay_id, seam::EntranceAsk{7, address_of(session)});
  fake.timers.settle();
  const auto* grant = relay.last<seam::EntranceGrant>();
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "posture.quarantine");
  gate->on_message(relay_id, seam::EntranceAsk{8, "10.202.0.77"});
  fake.timers.settle();
  EXPECT_FALSE(relay.last<seam::EntranceGrant>()->ok);
  EXPECT_EQ(relay.last<seam::EntranceGrant>()->number, 8u);
}

TEST_F(GateTest, AGoodReportBeforeLoginAdmitsAtOnceAndABadOneRefusesWithItsReason) {
  store::PostureRow row;
  row.terminal = "pc-mori";
  row.reported_at = registry::testing::kNow - Seconds{60};
  row.verdict = "pass";
  row.results = "[]";
  row.memory = "{}";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.put_posture(row); }));
  const std::string session = pass();
  ASSERT_NE(session, "");
  EXPECT_EQ(gate->sessions()[0].state, SessionState::admitted);
  gate->on_message(relay_id, seam::EntranceAsk{9, address_of(session)});
  fake.timers.settle();
  EXPECT_TRUE(relay.last<seam::EntranceGrant>()->ok);
  EXPECT_EQ(relay.last<seam::EntranceGrant>()->desktop, "vdi-01");

  row.verdict = "fail";
  row.results = R"([{"check":"antivirus","verdict":"fail","code":"av.off"}])";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.put_posture(row); }));
  EXPECT_EQ(pass(), "");
  EXPECT_EQ(as<Refused>(reply())->refusal.code, "av.off");
}

TEST_F(GateTest, TheEntranceStaysClosedForWhoLosesHisAdmissionMeanwhile) {
  store::PostureRow row;
  row.terminal = "pc-mori";
  row.reported_at = registry::testing::kNow;
  row.verdict = "pass";
  row.results = "[]";
  row.memory = "{}";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.put_posture(row); }));
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  journal.held = true;  // the entry of the opened desktop is on its way to the disk
  gate->on_message(relay_id, seam::EntranceAsk{9, address_of(session)});
  fake.timers.advance(Seconds{121});  // and the agent is silent
  ASSERT_EQ(gate->sessions().at(0).state, SessionState::quarantine);
  ASSERT_EQ(journal.waiting.size(), 1u);
  journal.waiting[0](std::uint64_t{1});
  fake.timers.settle();
  const auto* grant = relay.last<seam::EntranceGrant>();
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "posture.quarantine");
}

TEST_F(GateTest, AnUnknownKeyInsideAnAdmittedTunnelEndsTheSession) {
  store::PostureRow row;
  row.terminal = "pc-mori";
  row.reported_at = registry::testing::kNow;
  row.verdict = "pass";
  row.results = "[]";
  row.memory = "{}";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.put_posture(row); }));
  const std::string session = pass();
  ASSERT_EQ(gate->sessions().size(), 1u);
  FakeLink page;
  const auto page_id = gate->attach("posture", "internet", page);
  Arrival inside = arrival("");
  inside.peer_address = address_of(session);
  const auto report = [&](std::string body) {
    gate->on_message(page_id, seam::Request{++number, PostureRequest{"report", inside, {}, std::move(body)}});
    fake.timers.settle();
  };
  report("no envelope at all");
  EXPECT_EQ(gate->sessions().size(), 1u) << "noise on the page says nothing";
  admission::ReportPayload payload;
  payload.facts = nlohmann::json::object();
  report(*admission::seal_report(payload, *admission::DeviceKey::generate()));
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "device.key_unknown"), 1u);
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
  fake.timers.settle();
  EXPECT_EQ(page.last<seam::Reply>(), nullptr);
}

TEST_F(GateTest, ASessionWithoutTunnelOrAfterItsGraceEnds) {
  ASSERT_NE(pass(), "");
  fake.timers.advance(Seconds{61});
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "session.no_tunnel"), 1u);

  const std::string again = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{again, "tls"}});
  gate->on_message(front_id, seam::Notice{TunnelDown{again, false, "reset", 10, 20, 0}});
  fake.timers.advance(Seconds{100});
  EXPECT_EQ(gate->sessions().size(), 1u) << "within the grace of 120 s";
  fake.timers.advance(Seconds{25});
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, ASilentTunnelEndsAtItsIdleLimit) {
  idle_limit = Seconds{60};
  start();
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  fake.timers.advance(Seconds{58});
  EXPECT_EQ(gate->sessions().size(), 1u);
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(journal.count("session.ended", "session.idle"), 1u);
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, NoSessionOutlivesTheAbsoluteLimit) {
  absolute_limit = Seconds{60};
  start();
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  fake.timers.advance(Seconds{58});
  EXPECT_EQ(gate->sessions().size(), 1u);
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(journal.count("session.ended", "session.absolute_limit"), 1u);
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, ANewLoginReplacesTheOlderSession) {
  const std::string first = pass();
  const std::string second = pass();
  ASSERT_NE(second, "");
  ASSERT_EQ(gate->sessions().size(), 1u);
  EXPECT_EQ(gate->sessions()[0].number, second);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 1u);
}

TEST_F(GateTest, AnOlderSessionEndsInTheTransactionOfItsHeirOrNotAtAll) {
  const std::string old = pass();
  const auto row_of = [&](const std::string& session) {
    std::optional<store::SessionRow> row;
    EXPECT_TRUE(store->transact([&](store::Tx& tx) { row = tx.session(session); }));
    return row;
  };
  journal.held = true;
  EXPECT_EQ(pass(), "");
  ASSERT_EQ(journal.waiting.size(), 1u);
  store->fail_next(fail("store.unavailable", "full"));
  journal.waiting[0](std::uint64_t{1});
  fake.timers.settle();
  ASSERT_NE(as<Refused>(reply()), nullptr);
  EXPECT_EQ(journal.count("session.ended", "session.not_given"), 1u);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 0u);
  ASSERT_EQ(gate->sessions().size(), 1u);
  EXPECT_EQ(gate->sessions()[0].number, old) << "who was inside stays inside";
  EXPECT_EQ(row_of(old)->state, "quarantine");

  journal.held = false;
  const std::string heir = pass();
  ASSERT_NE(heir, "");
  EXPECT_EQ(row_of(old)->state, "ended");
  EXPECT_EQ(row_of(old)->end_code, "session.replaced");
  EXPECT_EQ(row_of(old)->ended_at, row_of(heir)->granted_at);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 1u);
}

TEST_F(GateTest, AGrantWhoseCommitCameTooLateIsClosed) {
  journal.held = true;
  EXPECT_EQ(pass(), "");
  ASSERT_EQ(journal.waiting.size(), 1u);
  store->lose_next_answer(fail("store.unavailable", "the answer is lost"));
  journal.waiting[0](std::uint64_t{1});
  fake.timers.settle();
  ASSERT_NE(as<Refused>(reply()), nullptr);
  EXPECT_TRUE(gate->sessions().empty());
  ASSERT_TRUE(store->transact([&](store::Tx& tx) {
    EXPECT_TRUE(tx.open_sessions().empty()) << "it would hold its address, and be revived by a restart";
    const auto row = tx.session("S20261122-1-000001");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->end_code, "session.not_given");
  }));
}

TEST_F(GateTest, AStepThatAnothersCommitHeldIsAnsweredThoughThePoolWasBusy) {
  fake.blocking.mode = run::testing::FakeBlocking::Mode::held;
  gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  fake.blocking.full = true;
  gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  fake.blocking.full = false;
  while (fake.blocking.finish()) fake.timers.settle();
  EXPECT_EQ(password.seen.size(), 4u) << "both steps were done, each with its hash";
  EXPECT_NE(as<LoginAsked>(reply()), nullptr);
}

TEST_F(GateTest, AStepThatCouldNotBeQueuedIsNotDoneLater) {
  fake.blocking.out_of_memory = true;
  EXPECT_THROW(
      gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}}),
      std::bad_alloc);
  fake.blocking.out_of_memory = false;
  EXPECT_TRUE(password.seen.empty());
  ASSERT_NE(as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}})})), nullptr);
  EXPECT_EQ(password.seen.size(), 2u) << "one step, with its hash";
}

TEST_F(GateTest, NoSessionNumberIsGivenTwiceAndFewAreLost) {
  std::set<std::string> given;
  std::string last;
  const auto log_in = [&] {
    const std::string session = pass();
    EXPECT_NE(session, "");
    EXPECT_TRUE(given.insert(session).second) << session;
    EXPECT_LT(last, session);
    last = session;
  };
  for (int n = 0; n < 20; ++n) {
    // A login that is refused at its end gives its number back.
    const auto* asked = as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})}));
    ASSERT_NE(asked, nullptr);
    ask(AnswerLogin{asked->handle, arrival(), evidence({{"login", "mori"}, {"code", "wrong"}})});
    log_in();
  }
  EXPECT_EQ(last, "S20261122-1-000020");
  gate.reset();
  start();
  log_in();
  EXPECT_EQ(last, "S20261122-1-000033") << "what the stopped process had taken is never given";
  fake.timers.advance(std::chrono::hours{24});
  log_in();
  EXPECT_EQ(last, "S20261123-1-000001");
}

TEST_F(GateTest, JudgesTheBrowserOfAPageBeforeAnyFactorAndLeavesTheClientsFormAlone) {
  browser.results = {admission::testing::result("R09", CheckVerdict::fail, "browser.too_old")};
  checks = {{"browser", admission::CheckMode::enforce}};
  start();
  Arrival page = arrival();
  page.form = LoginForm::page;
  const auto* refused = as<Refused>(ask(BeginLogin{page, evidence({{"login", "mori"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.rule + refused->refusal.code, "R09browser.too_old");
  EXPECT_FALSE(refused->may_retry);
  EXPECT_EQ(journal.count("login.refused", "browser.too_old"), 1u);
  EXPECT_TRUE(password.seen.empty()) << "no factor was asked";
  EXPECT_NE(pass(), "") << "the client's own form is judged elsewhere";

  browser.results = {admission::testing::result("R09", CheckVerdict::pass, "")};
  const auto* asked = as<LoginAsked>(ask(BeginLogin{page, evidence({{"login", "mori"}, {"password", "x"}})}));
  ASSERT_NE(asked, nullptr);
  browser.results = {admission::testing::result("R09", CheckVerdict::fail, "browser.not_allowed")};
  refused = as<Refused>(ask(AnswerLogin{asked->handle, page, evidence({{"code", "right"}})}));
  ASSERT_NE(refused, nullptr) << "every step is judged";
  EXPECT_EQ(refused->refusal.code, "browser.not_allowed");
}

TEST_F(GateTest, AClientFetchesOnceAndAloneWhatItsPersonProvedOnThePages) {
  const auto prove = [this]() -> std::string {
    Arrival page = arrival();
    page.form = LoginForm::page_for_client;
    const auto* asked = as<LoginAsked>(ask(BeginLogin{page, evidence({{"login", "mori"}, {"password", "x"}})}));
    if (asked == nullptr) return {};
    const auto* handed = as<LoginAsked>(ask(AnswerLogin{asked->handle, page, evidence({{"code", "right"}})}));
    return handed != nullptr && handed->ask.field == "handover" ? handed->handle : std::string();
  };
  const auto refused_code = [this](const std::string& id, const Arrival& from) -> std::string {
    const auto* refused = as<Refused>(ask(AnswerLogin{id, from, {}}));
    return refused != nullptr ? refused->refusal.code : std::string();
  };
  std::string id = prove();
  ASSERT_EQ(id.size(), 31u);
  EXPECT_TRUE(gate->sessions().empty()) << "nothing is given to the browser";
  EXPECT_EQ(journal.count("login.handed_over"), 1u);
  const auto* granted = as<Granted>(ask(AnswerLogin{id, arrival(), {}}));
  ASSERT_NE(granted, nullptr);
  EXPECT_EQ(granted->cookie.size(), 43u);
  EXPECT_EQ(granted->tunnel_within_s, 60u);
  EXPECT_EQ(refused_code(id, arrival()), "login.unknown_handle") << "once";

  Arrival elsewhere = arrival();
  elsewhere.peer_address = "198.51.100.8";
  EXPECT_EQ(refused_code(prove(), elsewhere), "login.other_address");
  EXPECT_EQ(refused_code(prove(), arrival("another leaf")), "login.other_certificate");
  Arrival page = arrival();
  page.form = LoginForm::page_for_client;
  EXPECT_EQ(refused_code(prove(), page), "login.unknown_handle") << "a page does not take it";
  id = prove();
  fake.timers.advance(Seconds{60});
  EXPECT_EQ(refused_code(id, arrival()), "login.expired");
  // Rights are judged where the person can read why.
  store::PostureRow row;
  row.terminal = "pc-mori";
  row.reported_at = fake.timers.now();
  row.verdict = "fail";
  row.results = R"([{"check":"antivirus","verdict":"fail","code":"av.off"}])";
  row.memory = "{}";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.put_posture(row); }));
  EXPECT_EQ(prove(), "");
  EXPECT_EQ(as<Refused>(reply())->refusal.code, "av.off");
}

TEST_F(GateTest, AfterARestartSessionsLiveOnAndUngivenGrantsAreClosed) {
  const std::string session = pass();
  unfinished = {session, "S20261122-1-000099"};
  gate.reset();
  front.sent.clear();
  start();
  ASSERT_EQ(gate->sessions().size(), 1u);
  EXPECT_EQ(journal.count("session.ended", "session.not_given"), 1u);
  EXPECT_NE(as<Resumed>(ask(ResumeSession{Secret(cookie), arrival(), true})), nullptr);
}

TEST_F(GateTest, AnEndThatTheJournalKeptAndTheStoreDidNotIsNoSessionAfterARestart) {
  const std::string session = pass();
  ended = {session};
  gate.reset();
  start();
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(as<Refused>(ask(ResumeSession{Secret(cookie), arrival(), true}))->refusal.code, "session.unknown_cookie");
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { EXPECT_EQ(tx.session(session)->state, "ended"); }));
}

TEST_F(GateTest, AfterARestartTheJournalHearsOfEndsThatTheStoreAloneKnows) {
  const std::string session = pass(), foreign = "S20261122-2-000001";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) {
    store::SessionRow row = *tx.session(session);
    row.state = "ended";
    row.ended_at = fake.timers.now();
    row.end_code = "session.replaced";
    tx.put_session(row);
    row.number = foreign;  // its own node tells its own journal
    row.node = "2";
    tx.put_session(row);
  }));
  gate.reset();
  unfinished = {session, foreign};
  start();
  ASSERT_EQ(journal.count("session.ended"), 1u);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 1u);
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, AFrontSpeaksForItsOwnPathAlone) {
  Arrival forged = arrival();
  forged.path = "closed";
  const auto* asked =
      as<LoginAsked>(ask(BeginLogin{std::move(forged), evidence({{"login", "mori"}, {"password", "x"}})}));
  EXPECT_NE(asked, nullptr) << "the link's name counts, not what the front writes";
  gate->on_message(relay_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  fake.timers.settle();
  EXPECT_EQ(relay.last<seam::Reply>(), nullptr);
}

TEST_F(GateTest, EveryCodeItGivesHasWords) {
  for (const char* given : {"certificate.revoked",
                            "desktop.none",
                            "device.clone_suspected",
                            "gate.unavailable",
                            "login.expired",
                            "login.unknown_handle",
                            "pool.exhausted",
                            "posture.quarantine",
                            "posture.refused_before_login",
                            "report.missed",
                            "session.absolute_limit",
                            "session.ended_by_staff",
                            "session.idle",
                            "session.logged_out",
                            "session.no_tunnel",
                            "session.not_given",
                            "session.other_certificate",
                            "session.reconnect_expired",
                            "session.replaced",
                            "session.right_ended",
                            "session.unknown_cookie",
                            "stop.all",
                            "stop.path",
                            "zone.other_path"}) {
    const auto all = admission::all_refusals();
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Refusal& r) { return r.code == given; })) << given;
  }
}

TEST(AddressPool, OneAddressHasOneOwnerAndComesBackLast) {
  AddressPool pool("10.202.0.1", 29);
  EXPECT_EQ(pool.free(), 5u);
  const auto first = pool.take();
  ASSERT_EQ(first, "10.202.0.2");
  EXPECT_FALSE(pool.take("10.202.0.2"));
  EXPECT_FALSE(pool.take("10.202.0.1"));
  EXPECT_FALSE(pool.take("10.202.0.7")) << "broadcast";
  EXPECT_TRUE(pool.take("10.202.0.4"));
  pool.give_back(*first);
  EXPECT_EQ(pool.take(), "10.202.0.3");
  EXPECT_EQ(pool.take(), "10.202.0.5");
  EXPECT_EQ(pool.take(), "10.202.0.6");
  EXPECT_EQ(pool.take(), "10.202.0.2");
  EXPECT_EQ(pool.take(), std::nullopt);
}

}  // namespace
}  // namespace sekisho::gate
