// Two gates over one store, in one process: cookies, ends, stops, addresses, a node that dies, a store that is lost.
#include "gate/testing/gate_bench.hpp"

namespace sekisho::gate::testing {
namespace {

using admission::testing::Scripted;

/// The store, until it is lost.
struct LossyStore final : store::Store {
  Result<void> transact(const std::function<void(store::Tx&)>& job) override {
    if (lost) return fail("store.unavailable", "no connection");
    return inner.transact(job);
  }
  store::testing::MemoryStore inner;
  bool lost = false;
};

std::string leaf_of(const std::string& who) {
  return "leaf of " + who;
}

/// One gate of several, with neighbours that say yes.
struct Node {
  Node(std::string name, run::testing::FakeServices& services, std::shared_ptr<store::Store> store) : fake(services) {
    GateOptions options;
    options.node = std::move(name);
    options.gate_id = "gate.seki.test";
    options.shared_store = true;
    options.generation_poll = std::chrono::milliseconds{500};
    GatePath path;
    path.policy.path = "internet";
    path.policy.zones = {registry::Zone::internet_business, registry::Zone::internet_dmz};
    path.policy.factors = {"certificate"};
    path.tun = "sekisho0";
    path.gate_address = "10.202.0.1";
    path.posture_page = {"10.202.0.1", 8443, 6};
    path.entrance = {"10.202.0.1", 5900, 6};
    options.paths = {path};
    path.policy.path = "closed";
    path.policy.zones = {registry::Zone::my_number};
    path.policy.lent_only = true;
    path.tun = "ipsec0";
    path.gate_address = "10.90.0.1";
    path.prefix = 16;
    path.posture_page = {path.gate_address, 443, 6};
    path.entrance.address = path.gate_address;
    path.closed = true;
    options.paths.push_back(path);
    GatePlugins plugins;
    plugins.line_of = [](const std::string&, const std::string&) { return registry::Line::up; };
    plugins.authenticators = {{"certificate", &certificate}};
    plugins.verify_password = [](const VerifyPassword&) { return false; };
    gate = std::make_unique<Gate>(std::move(options), fake.services(), std::move(store), journal, std::move(plugins));
    bool started = false;
    gate->start([](Instant) -> Result<std::vector<std::string>> { return std::vector<std::string>{}; },
                [&](Result<void> end) { started = end.has_value(); });
    fake.timers.settle();
    EXPECT_TRUE(started);
    netd.on_send = [this](const seam::Message& message) {
      if (const auto* desired = std::get_if<seam::DesiredNet>(&message)) {
        fake.timers.post([this, number = desired->number] {
          if (gate) gate->on_message(netd_id, seam::NetApplied{number, netd_works, {}});
        });
      }
    };
    netd_id = gate->attach("netd", "netd", netd);
    front_id = gate->attach("front", "internet", front);
    closed_front_id = gate->attach("front", "closed", closed_front);
    static_cast<void>(gate->attach("relay", "internet", relay));
    fake.timers.settle();
  }

  static Arrival arrival(const std::string& who) {
    Arrival out;
    out.path = "internet";
    out.peer_address = "198.51.100.7";
    out.certificate_chain = {leaf_of(who)};
    return out;
  }
  /// Over the closed path, from his lent terminal.
  static Arrival closed_arrival(const std::string& address) {
    Arrival out = arrival("sato");
    out.path = "closed";
    out.peer_address = address;
    return out;
  }
  /// The gate's answer: "granted:NUMBER", "resumed:NUMBER", "refused:CODE".
  std::string ask(GateRequest request) { return ask(front_id, front, std::move(request)); }
  std::string ask_closed(GateRequest request) { return ask(closed_front_id, closed_front, std::move(request)); }
  std::string ask(Gate::LinkId link, FakeLink& answers, GateRequest request) {
    gate->on_message(link, seam::Request{++number, std::move(request)});
    fake.timers.settle();
    for (const seam::Message& message : answers.sent) {
      const auto* reply = std::get_if<seam::Reply>(&message);
      if (reply == nullptr || reply->number != number) continue;
      if (const auto* granted = std::get_if<Granted>(&reply->body)) {
        cookie = std::string(granted->cookie.reveal());
        return "granted:" + granted->session;
      }
      if (const auto* resumed = std::get_if<Resumed>(&reply->body)) {
        view = resumed->view;
        return "resumed:" + resumed->view.session;
      }
      if (const auto* refused = std::get_if<Refused>(&reply->body)) return "refused:" + refused->refusal.code;
      return "other";
    }
    return "nothing";
  }
  std::string login(const std::string& who) {
    Evidence evidence;
    evidence.emplace("login", Secret(who));
    return ask(BeginLogin{arrival(who), std::move(evidence)});
  }
  /// Passes and opens the tunnel; the session's number.
  std::string pass(const std::string& who) {
    const std::string end = login(who);
    EXPECT_EQ(end.rfind("granted:", 0), 0U) << end;
    const std::string session = end.substr(end.find(':') + 1);
    gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
    fake.timers.settle();
    return session;
  }
  std::string resume(const std::string& shown, const std::string& who = "mori") {
    return ask(ResumeSession{Secret(shown), arrival(who), true});
  }
  [[nodiscard]] SessionInfo info(const std::string& session) const {
    for (const SessionInfo& each : gate->sessions()) {
      if (each.number == session) return each;
    }
    return {};
  }
  /// Code of the end that the front was told, or "".
  [[nodiscard]] std::string told_end(const std::string& session) const {
    for (const seam::Message& message : front.sent) {
      const auto* push = std::get_if<seam::Push>(&message);
      const auto* ended = push != nullptr ? std::get_if<SessionEnded>(&push->body) : nullptr;
      if (ended != nullptr && ended->session == session) return ended->code;
    }
    return {};
  }
  [[nodiscard]] std::size_t rights() const {
    for (auto it = netd.sent.rbegin(); it != netd.sent.rend(); ++it) {
      const auto* desired = std::get_if<seam::DesiredNet>(&*it);
      if (desired != nullptr && desired->tun == "sekisho0") return desired->rights.size();
    }
    return 0;
  }

  run::testing::FakeServices& fake;
  FakeJournal journal;
  Scripted certificate{"certificate", [](AuthRequest request) {
                         const std::string terminal = "pc-" + request.subject.person;
                         AuthStep step = admission::testing::says_yes(std::move(request));
                         step.terminal = terminal;
                         return step;
                       }};
  FakeLink netd, front, closed_front, relay;
  bool netd_works = true;
  std::unique_ptr<Gate> gate;
  Gate::LinkId netd_id = 0, front_id = 0, closed_front_id = 0;
  std::uint64_t number = 0;
  std::string cookie;
  SessionView view;
};

class NodesTest : public ::testing::Test {
 protected:
  NodesTest() : fake(1, registry::testing::kNow) {
    registry::Registry cast = registry::testing::cast();
    registry::Certificate pattern = cast.certificates.at(std::string(64, 'a'));
    cast.certificates.clear();
    for (const std::string who : {"mori", "tani", "sato"}) {
      registry::Certificate each = pattern;
      each.fingerprint_sha256 = sha256_hex(leaf_of(who));
      each.person = who;
      each.terminal = "pc-" + who;
      cast.certificates.emplace(each.fingerprint_sha256, each);
    }
    EXPECT_TRUE(store->transact([&](store::Tx& tx) { tx.replace_registry(cast); }));
    one = std::make_unique<Node>("1", fake, store);
    two = std::make_unique<Node>("2", fake, store);
  }
  store::SessionRow row(const std::string& session) {
    std::optional<store::SessionRow> out;
    EXPECT_TRUE(store->transact([&](store::Tx& tx) { out = tx.session(session); }));
    return out.value_or(store::SessionRow{});
  }
  void advance(int seconds) {
    for (int i = 0; i < seconds; ++i) fake.timers.advance(Seconds{1});
  }
  /// The process is gone with everything in its memory.
  void kill(std::unique_ptr<Node>& node) {
    node->gate.reset();
    fake.timers.settle();
  }

  run::testing::FakeServices fake;
  std::shared_ptr<LossyStore> store = std::make_shared<LossyStore>();
  std::unique_ptr<Node> one, two;
};

TEST_F(NodesTest, ACookieOfOneIsResumedByTheOther) {
  const std::string session = one->pass("mori");
  const std::string address = one->info(session).address;
  EXPECT_EQ(two->resume(one->cookie), "resumed:" + session);
  EXPECT_EQ(two->view.address, address) << "the client keeps its address";
  EXPECT_EQ(two->rights(), 1U);
  EXPECT_EQ(row(session).node, "2");
  EXPECT_EQ(two->journal.count("session.taken_over"), 1u);
  advance(2);
  EXPECT_EQ(one->told_end(session), "session.moved");
  EXPECT_EQ(one->rights(), 0U);
  EXPECT_EQ(one->journal.count("session.moved"), 1u);
  EXPECT_EQ(one->journal.count("session.ended"), 0u) << "it goes on";
  EXPECT_EQ(row(session).state, "quarantine");
  EXPECT_EQ(one->info(session).node, "2");
  // And back again.
  EXPECT_EQ(one->resume(one->cookie), "resumed:" + session);
  advance(2);
  EXPECT_EQ(two->told_end(session), "session.moved");
  EXPECT_EQ(one->info(session).node, "1");
}

TEST_F(NodesTest, ItIsResumedByItsOwnCertificateAlone) {
  const std::string session = one->pass("mori");
  EXPECT_EQ(two->resume(one->cookie, "tani"), "refused:session.other_certificate");
  EXPECT_EQ(two->resume("no such cookie"), "refused:session.unknown_cookie");
  EXPECT_EQ(row(session).node, "1");
  EXPECT_EQ(two->journal.count("session.resume_refused"), 2u);
}

TEST_F(NodesTest, WhatItsIssuerHasTakenBackIsResumedNowhere) {
  const std::string session = one->pass("mori");
  two->certificate.taken_back.emplace(Node::arrival("mori").certificate_chain.front());
  EXPECT_EQ(two->resume(one->cookie), "refused:certificate.revoked");
  EXPECT_EQ(row(session).node, "1");
  two->certificate.taken_back.clear();
  EXPECT_EQ(two->resume(one->cookie), "resumed:" + session);
  two->certificate.taken_back.emplace(Node::arrival("mori").certificate_chain.front());
  two->fake.timers.advance(Seconds{31});
  EXPECT_EQ(two->journal.count("session.ended", "certificate.revoked"), 1u) << "taken over with its chain";
}

TEST_F(NodesTest, OverAPathThatThisNodeDoesNotHaveNothingIsResumed) {
  const std::string session = one->pass("mori");
  FakeLink elsewhere;
  const auto id = two->gate->attach("front", "elsewhere", elsewhere);
  EXPECT_EQ(two->ask(id, elsewhere, ResumeSession{Secret(one->cookie), Node::arrival("mori")}),
            "refused:session.unknown_cookie");
  EXPECT_EQ(row(session).node, "1");
}

TEST_F(NodesTest, OverTheClosedPathItIsResumedFromItsOwnAddressAlone) {
  Evidence evidence;
  evidence.emplace("login", Secret("sato"));
  const std::string end = one->ask_closed(BeginLogin{Node::closed_arrival("10.90.1.10"), std::move(evidence)});
  ASSERT_EQ(end.rfind("granted:", 0), 0U) << end;
  const std::string session = end.substr(end.find(':') + 1);
  const auto resume_from = [&](const char* address) {
    return two->ask_closed(ResumeSession{Secret(one->cookie), Node::closed_arrival(address), true});
  };
  EXPECT_EQ(resume_from("10.90.1.11"), "refused:session.other_address");
  EXPECT_EQ(row(session).node, "1") << "it stays where it is";
  EXPECT_EQ(resume_from("10.90.1.10"), "resumed:" + session);
  EXPECT_EQ(row(session).node, "2");
}

TEST_F(NodesTest, ADeadNodesSessionsGoOnWithinTheGraceAlone) {
  const std::string session = one->pass("mori");
  const std::string late = one->pass("tani"), late_cookie = one->cookie;
  kill(one);
  advance(100);
  EXPECT_EQ(row(session).state, "quarantine") << "nobody ends it within the grace";
  advance(19);
  EXPECT_EQ(two->resume(late_cookie, "tani"), "resumed:" + late);
  advance(4);
  EXPECT_EQ(row(session).state, "quarantine");
  advance(10);
  EXPECT_EQ(row(session).state, "ended") << "the others end what nobody came back to";
  EXPECT_EQ(row(session).end_code, "session.reconnect_expired");
  EXPECT_EQ(two->journal.count("session.ended", "session.reconnect_expired"), 1u);
}

TEST_F(NodesTest, AfterTheGraceADeadNodesCookieIsRefused) {
  const std::string session = one->pass("mori");
  kill(one);
  advance(121);
  EXPECT_EQ(two->resume(one->cookie), "refused:session.reconnect_expired");
  EXPECT_EQ(row(session).node, "1");
}

TEST_F(NodesTest, ASessionWhoseTimeIsOverIsNotTakenOver) {
  const std::string session = one->pass("mori");
  store::SessionRow over = row(session);
  over.until = fake.timers.now();
  EXPECT_TRUE(store->transact([&](store::Tx& tx) { tx.put_session(over); }));
  EXPECT_EQ(two->resume(one->cookie), "refused:session.right_ended");
  EXPECT_EQ(row(session).node, "1");
}

TEST_F(NodesTest, WithoutTheKernelsRightATakenOverSessionIsNotResumed) {
  const std::string session = one->pass("mori");
  two->netd_works = false;
  EXPECT_EQ(two->resume(one->cookie), "refused:gate.unavailable");
  two->netd_works = true;
  EXPECT_EQ(two->resume(one->cookie), "resumed:" + session) << "he may try again";
}

TEST_F(NodesTest, WhatEndsBeforeTheKernelHasAnsweredIsNotResumed) {
  const std::string session = one->pass("mori");
  two->netd.on_send = nullptr;
  EXPECT_EQ(two->resume(one->cookie), "nothing");
  two->gate->end_session(session, "uid:0", "", [](Result<void> end) { EXPECT_TRUE(end); });
  two->gate->on_message(two->netd_id, seam::NetApplied{two->netd.last<seam::DesiredNet>()->number, true, {}});
  fake.timers.settle();
  const auto* reply = two->front.last<seam::Reply>();
  ASSERT_NE(reply, nullptr);
  const auto* refused = std::get_if<Refused>(&reply->body);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "session.right_ended");
}

TEST_F(NodesTest, AFrontOfNoPathOfOursResumesNothing) {
  const std::string session = one->pass("mori");
  FakeLink stray;
  const auto stray_id = two->gate->attach("front", "closed", stray);
  two->gate->on_message(stray_id, seam::Request{1, ResumeSession{Secret(one->cookie), Node::arrival("mori"), true}});
  fake.timers.settle();
  const auto* reply = stray.last<seam::Reply>();
  ASSERT_NE(reply, nullptr);
  const auto* refused = std::get_if<Refused>(&reply->body);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "session.unknown_cookie");
  EXPECT_EQ(row(session).node, "1");
}

TEST_F(NodesTest, AnEndOnOneReachesTheOtherWithinTwoSeconds) {
  const std::string session = one->pass("mori");
  advance(1);
  EXPECT_EQ(two->info(session).node, "1") << "staff see it on either node";
  std::string end = "nothing";
  two->gate->end_session(session, "uid:0", "試験", [&](Result<void> done) { end = done ? "ok" : done.error().code; });
  fake.timers.settle();
  EXPECT_EQ(end, "ok");
  EXPECT_EQ(two->journal.count("session.ended", "session.ended_by_staff"), 1u);
  advance(2);
  EXPECT_EQ(one->told_end(session), "session.ended_by_staff");
  EXPECT_EQ(one->rights(), 0U);
  EXPECT_EQ(row(session).end_code, "session.ended_by_staff");
  EXPECT_EQ(one->resume(one->cookie), "refused:session.unknown_cookie");
  EXPECT_EQ(two->resume(one->cookie), "refused:session.unknown_cookie");
}

TEST_F(NodesTest, AnEmergencyStopOnOneReachesTheOtherWithinTwoSeconds) {
  const std::string session = one->pass("mori");
  bool done = false;
  two->gate->stop({"all", "", {}, "yama", "試験"}, [&](Result<std::size_t> end) { done = end.has_value(); });
  fake.timers.settle();
  EXPECT_TRUE(done);
  EXPECT_EQ(two->resume(one->cookie), "refused:stop.all") << "no way around it over the other node";
  advance(2);
  EXPECT_EQ(one->told_end(session), "stop.all");
  EXPECT_EQ(one->login("tani"), "refused:stop.all");
}

TEST_F(NodesTest, ANewLoginReplacesTheSessionOnTheOtherNode) {
  const std::string old = one->pass("mori");
  const std::string fresh = two->pass("mori");
  advance(2);
  EXPECT_EQ(one->told_end(old), "session.replaced");
  EXPECT_EQ(row(old).end_code, "session.replaced");
  EXPECT_EQ(row(fresh).state, "quarantine");
}

TEST_F(NodesTest, NoAddressIsGivenTwice) {
  const std::string mori = one->pass("mori");
  const std::string tani = two->pass("tani");  // before it has heard of mori's
  EXPECT_NE(row(mori).address, row(tani).address);
  advance(2);
  const std::string again = two->pass("mori");
  EXPECT_NE(row(again).address, row(tani).address);
  EXPECT_EQ(two->journal.count("session.granted"), 3u) << "one was tried with mori's address and never given";
  // Addresses of sessions that ended elsewhere come back.
  one->gate->stop({"all", "", {}, "yama", "試験"}, [](Result<std::size_t>) {});
  advance(3);
  EXPECT_TRUE(two->gate->sessions().empty());
  EXPECT_TRUE(one->gate->sessions().empty());
}

TEST_F(NodesTest, ALostStoreRefusesNewcomersAndKeepsThoseInside) {
  const std::string session = one->pass("mori");
  advance(2);
  store->lost = true;
  advance(90);
  EXPECT_EQ(one->login("tani"), "refused:gate.unavailable");
  EXPECT_EQ(two->resume(one->cookie), "refused:gate.unavailable");
  EXPECT_EQ(one->resume(one->cookie), "resumed:" + session) << "his own node knows him";
  EXPECT_EQ(one->told_end(session), "");
  EXPECT_EQ(one->rights(), 1U);
  EXPECT_NE(one->gate->health().at("conditions").dump().find("store.unavailable"), std::string::npos);
  store->lost = false;
  advance(3);
  EXPECT_EQ(one->gate->health().at("conditions").dump().find("store.unavailable"), std::string::npos);
  EXPECT_EQ(row(session).state, "quarantine");
  EXPECT_EQ(one->told_end(session), "");
  EXPECT_EQ(one->login("tani").rfind("granted:", 0), 0U);
}

TEST_F(NodesTest, AStoreThatComesBackLetsEveryNodeSpeakBeforeAnyIsThoughtDead) {
  const std::string session = one->pass("mori");
  advance(1);
  store->lost = true;
  advance(100);
  kill(one);  // it could not say since when it lives
  store->lost = false;
  advance(60);
  EXPECT_EQ(row(session).state, "quarantine");
  advance(80);
  EXPECT_EQ(row(session).state, "ended");
}

TEST_F(NodesTest, ANodeThatStartsAgainTakesItsOwnSessionsAlone) {
  const std::string mori = one->pass("mori"), tani = two->pass("tani");
  advance(1);
  kill(one);
  one = std::make_unique<Node>("1", fake, store);
  EXPECT_EQ(one->info(mori).node, "1");
  EXPECT_EQ(one->info(tani).node, "2");
  EXPECT_EQ(one->rights(), 1U);
  advance(2);
  EXPECT_EQ(two->told_end(tani), "");
}

TEST_F(NodesTest, WithoutAJournalNothingIsTakenOver) {
  const std::string session = one->pass("mori");
  two->journal.broken = true;
  EXPECT_EQ(two->resume(one->cookie), "refused:gate.unavailable");
  EXPECT_EQ(row(session).node, "1");
  advance(2);
  EXPECT_EQ(one->told_end(session), "");
}

}  // namespace
}  // namespace sekisho::gate::testing
