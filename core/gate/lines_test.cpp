// The closed path in the gate: who comes in over which circuit, and how long he stays.
#include "gate/lines.hpp"

#include "circuits/events.hpp"
#include "gate/testing/gate_bench.hpp"
#include "gate/vici_socket.hpp"

namespace sekisho::gate::testing {

using registry::Registry;

constexpr const char* kSatoLeaf = "leaf of sato on pc-sato";
constexpr const char* kSatoAddress = "10.90.1.10";

class LinesTest : public GateTest {
 protected:
  LinesTest() {
    with_closed_path = true;
    certificate.becomes([this](AuthRequest request) {
      AuthStep step = admission::testing::says_yes(std::move(request));
      step.terminal = terminal;
      return step;
    });
    EXPECT_TRUE(store->transact([&](store::Tx& tx) {
      Registry r = tx.registry();
      registry::Certificate own;
      own.fingerprint_sha256 = sha256_hex(kSatoLeaf);
      own.serial_hex = "02", own.person = "sato", own.terminal = "pc-sato";
      own.not_before = registry::testing::kNow - std::chrono::hours(24);
      own.not_after = registry::testing::kNow + std::chrono::hours(24 * 200);
      r.certificates.emplace(own.fingerprint_sha256, own);
      tx.replace_registry(r);
    }));
    start();
  }
  /// What charon tells of is looked at soon, not for each word of its (circuits.cpp).
  void device(bool up, const char* identity = "line-sato.closed.test") {
    charon.device(up, identity);
    settle();
    fake.timers.advance(std::chrono::milliseconds{100});
    settle();
  }
  void line_up() { device(true); }
  /// His terminal has passed its inspection a moment ago.
  void inspected() {
    store::PostureRow row;
    row.terminal = "pc-sato";
    row.reported_at = fake.timers.now();
    row.verdict = "pass", row.results = "[]", row.memory = "{}";
    ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.put_posture(row); }));
  }
  static Arrival from(const char* address = kSatoAddress, const char* leaf = kSatoLeaf) {
    Arrival out = arrival(leaf);
    out.path = "closed";
    out.peer_address = address;
    return out;
  }
  /// A second person of his company, on his terminal and application.
  void with_sada() {
    change([](Registry r) -> Result<Registry> {
      registry::Person other = r.people.at("sato");
      other.id = other.login = "sada";
      r.people.emplace("sada", other);
      registry::Application& application = r.applications.at("a-sato");
      application.people.push_back("sada");
      registry::Desktop desktop = r.desktops.at("vdi-03");
      desktop.id = "vdi-04", desktop.person = "sada", desktop.address = "10.40.0.12";
      r.desktops.emplace("vdi-04", desktop);
      return r;
    });
  }
  /// The refusal that this request was answered with; "" when with none.
  static std::string answer_to(const FakeLink& link, std::uint64_t request) {
    for (const seam::Message& message : link.sent) {
      const auto* reply = std::get_if<seam::Reply>(&message);
      const auto* no = reply != nullptr ? std::get_if<Refused>(&reply->body) : nullptr;
      if (no != nullptr && reply->number == request) return no->refusal.rule + "/" + no->refusal.code;
    }
    return {};
  }
  const seam::Reply& ask_closed(GateRequest request) {
    gate->on_message(closed_front_id, seam::Request{++number, std::move(request)});
    settle();
    for (auto it = closed_front.sent.rbegin(); it != closed_front.sent.rend(); ++it) {
      const auto* found = std::get_if<seam::Reply>(&*it);
      if (found != nullptr && found->number == number) return *found;
    }
    static const seam::Reply kNone{0, Done{}};
    return kNone;
  }
  /// The session's number, or the refusal's code.
  std::string come(Arrival a = from(), const char* login = "sato") {
    const seam::Reply& said =
        ask_closed(BeginLogin{std::move(a), evidence({{"login", login}, {"password", "candidate"}})});
    if (const auto* grant = as<Granted>(said)) {
      cookie = std::string(grant->cookie.reveal());
      return grant->session;
    }
    if (const auto* refused = as<Refused>(said)) return refused->refusal.rule + "/" + refused->refusal.code;
    return "?";
  }
  /// What netd was told last of the closed path.
  [[nodiscard]] std::vector<seam::KernelRight> rights() const {
    for (auto it = netd.sent.rbegin(); it != netd.sent.rend(); ++it) {
      const auto* desired = std::get_if<seam::DesiredNet>(&*it);
      if (desired != nullptr && desired->tun == "ipsec0") return desired->rights;
    }
    return {};
  }
  std::string view(const char* member) { return gate->circuits().at(0).at(member).dump(); }
  bool has_condition(std::string_view code) {
    const nlohmann::json health = gate->health();
    for (const auto& each : health.at("conditions")) {
      if (each.get<std::string>() == code) return true;
    }
    return false;
  }
  std::string terminal = "pc-sato";
};

TEST_F(LinesTest, ALentTerminalOnItsCircuitComesInAndKeepsItsAddress) {
  line_up();
  inspected();
  const std::string session = come();
  ASSERT_TRUE(session.starts_with("S")) << session;
  EXPECT_EQ(address_of(session), kSatoAddress);
  ASSERT_EQ(rights().size(), 1U);
  EXPECT_EQ(rights()[0].address, kSatoAddress);
  const auto held = rights();
  for (const FilterRule& rule : held[0].filter) EXPECT_EQ(rule.address, "10.90.0.1") << "the entrance, nothing else";
  EXPECT_EQ(gate->sessions().at(0).tunnel_up, true);
  EXPECT_EQ(view("line"), "\"up\"");
  EXPECT_EQ(view("in_use_by"), "[\"" + session + "\"]");
  const auto granted = std::ranges::find(journal.entries, "session.granted", &audit::Entry::event);
  ASSERT_NE(granted, journal.entries.end());
  EXPECT_EQ(granted->detail.value("circuit", ""), "line-sato");
  EXPECT_GE(journal.count("circuits.line_up"), 1U);
}

TEST_F(LinesTest, WhoComesOtherwiseIsRefusedByItsRule) {
  EXPECT_EQ(come(), "R02/circuit.line_down");
  line_up();
  EXPECT_EQ(come(from("10.91.1.10")), "R03/circuit.unknown") << "no circuit has this address";
  Arrival claims = from("10.91.1.10");
  claims.circuit = "line-sato";
  EXPECT_EQ(come(claims), "R03/circuit.other_address") << "a circuit that the front claims is none of the address";
  EXPECT_EQ(come(from(kSatoAddress, kLeaf), "mori"), "R03/terminal.not_lent") << "his own terminal";
  terminal = "pc-mori";
  EXPECT_EQ(come(from(kSatoAddress, "nobody's"), "mori"), "R03/terminal.not_lent") << "known by its factor alone";
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(LinesTest, WithoutCharonNobodyComesIn) {
  with_charon = false;
  start();
  EXPECT_EQ(come(), "R02/circuit.line_unknown");
  EXPECT_TRUE(has_condition("circuits.charon_away:closed"));
}

TEST_F(LinesTest, ALentTerminalIsNoTerminalOfTheOtherPath) {
  line_up();
  Arrival internet = from();
  internet.path = "internet";
  internet.circuit = "line-sato";
  const auto* refused = as<Refused>(ask(BeginLogin{internet, evidence({{"login", "sato"}, {"password", "x"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "circuit.other_path");
}

TEST_F(LinesTest, ALineThatIsLostTakesTheKernelsRightsAtOnceAndTheSessionAfterTheGrace) {
  line_up();
  inspected();
  const std::string session = come();
  ASSERT_TRUE(session.starts_with("S")) << session;
  device(false);
  EXPECT_TRUE(rights().empty());
  EXPECT_EQ(gate->sessions().size(), 1U) << "he may come back";
  EXPECT_EQ(journal.count("circuit.line_lost"), 1U);
  EXPECT_TRUE(has_condition("circuits.line_down:line-sato"));
  gate->on_message(closed_relay_id, seam::EntranceAsk{++number, kSatoAddress});
  settle();
  const auto* grant = closed_relay.last<seam::EntranceGrant>();
  ASSERT_NE(grant, nullptr);
  EXPECT_EQ(grant->refusal.code, "circuit.line_down");
  line_up();
  EXPECT_EQ(rights().size(), 1U);
  EXPECT_EQ(journal.count("circuit.line_back"), 1U);
  device(false);
  fake.timers.advance(Seconds{99});
  EXPECT_EQ(gate->sessions().size(), 1U);
  fake.timers.advance(Seconds{2});
  EXPECT_TRUE(gate->sessions().empty());
  const auto ended = std::ranges::find(journal.entries, "session.ended", &audit::Entry::event);
  ASSERT_NE(ended, journal.entries.end());
  EXPECT_EQ(ended->code, "session.reconnect_expired");
}

TEST_F(LinesTest, CharonsDeathIsALineThatNobodyKnows) {
  line_up();
  ASSERT_TRUE(come().starts_with("S"));
  charon.die();
  settle();
  EXPECT_TRUE(rights().empty());
  EXPECT_EQ(view("line"), "\"unknown\"");
  EXPECT_EQ(come(), "R02/circuit.line_unknown");
  charon.running = true;
  fake.timers.advance(Seconds{10});
  EXPECT_EQ(charon.held.size(), 1U) << "its connection is loaded anew";
  line_up();
  EXPECT_EQ(rights().size(), 1U);
  EXPECT_EQ(gate->sessions().size(), 1U);
}

TEST_F(LinesTest, ASessionStandsWithTheLineOfTheCircuitThatItsTerminalIsGiven) {
  line_up();
  inspected();
  ASSERT_TRUE(come().starts_with("S"));
  ASSERT_EQ(rights().size(), 1U);
  change([](Registry r) -> Result<Registry> {
    registry::Circuit other = r.circuits.at("line-sato");
    other.id = "line-two", other.device_name = "line-two.closed.test";
    other.device_certificate = registry::testing::certificate_shape(2, registry::testing::kNow - std::chrono::hours(24),
                                                                    registry::testing::kNow + std::chrono::hours(2400));
    r.circuits.at("line-sato").prefixes = {"10.90.2.0/24"};
    r.circuits.emplace("line-two", other);
    r.terminals.at("pc-sato").circuit = "line-two";
    return r;
  });
  ASSERT_EQ(gate->sessions().size(), 1U) << "nothing is wrong with his right";
  EXPECT_TRUE(rights().empty()) << "nobody is known to stand at the other end of this line";
  EXPECT_FALSE(gate->sessions().at(0).tunnel_up);
  const auto lost = std::ranges::find(journal.entries, "circuit.line_lost", &audit::Entry::event);
  ASSERT_NE(lost, journal.entries.end());
  EXPECT_EQ(lost->detail.value("circuit", ""), "line-two");
}

struct End {
  const char* name;
  std::function<void(Registry&)> change;
  const char* code;
  bool tunnel_stays;  ///< the circuit's, for others
};
TEST_F(LinesTest, WhateverEndsEndsTheSessionAtOnceAndTheCircuitsTunnelWithTheCircuit) {
  const Instant now = registry::testing::kNow;
  const End ends[] = {
      {"circuit", [now](Registry& r) { r.circuits.at("line-sato").ended_at = now; }, "circuit.ceased", false},
      {"contract", [now](Registry& r) { r.contracts.at("c-num").ended_at = now; }, "contract.not_in_force", false},
      {"terminal", [now](Registry& r) { r.terminals.at("pc-sato").returned_at = now; }, "terminal.returned", true},
      {"person", [now](Registry& r) { r.people.at("sato").ended_at = now; }, "person.ended", true},
      {"network", [](Registry& r) { r.circuits.at("line-sato").prefixes = {"10.90.2.0/24"}; }, "circuit.other_address",
       false},
  };
  Registry whole;
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { whole = tx.registry(); }));
  for (const End& end : ends) {
    change([&](Registry) { return whole; });
    line_up();
    ASSERT_TRUE(come().starts_with("S")) << end.name;
    change([&](Registry r) -> Result<Registry> {
      end.change(r);
      return r;
    });
    EXPECT_TRUE(gate->sessions().empty()) << end.name;
    EXPECT_GE(journal.count("session.ended", end.code), 1U) << end.name;
    EXPECT_TRUE(rights().empty()) << end.name;
    EXPECT_EQ(charon.tunnels.size(), end.tunnel_stays ? 1U : 0U) << end.name;
  }
}

TEST_F(LinesTest, AStopOfTheContractorOrThePathClosesTheTunnelToo) {
  for (const char* scope : {"contractor", "path"}) {
    line_up();
    ASSERT_TRUE(come().starts_with("S")) << scope;
    registry::Stop stop;
    stop.scope = scope, stop.target = std::string(scope) == "path" ? "closed" : "sato-joho", stop.by = "uid:0";
    gate->stop(stop, [](Result<std::size_t> ended) { EXPECT_EQ(ended ? *ended : 0U, 1U); });
    settle();
    EXPECT_TRUE(gate->sessions().empty()) << scope;
    EXPECT_TRUE(charon.tunnels.empty()) << scope;
    EXPECT_TRUE(charon.held.empty()) << scope;
    gate->release(stop.scope, stop.target, "uid:0", [](Result<void> done) { EXPECT_TRUE(done); });
    settle();
  }
}

TEST_F(LinesTest, AnAddressIsOneSessions) {
  line_up();
  const std::string first = come();
  ASSERT_TRUE(first.starts_with("S"));
  const std::string second = come();
  ASSERT_TRUE(second.starts_with("S")) << "the same person anew";
  EXPECT_EQ(gate->sessions().size(), 1U);
  EXPECT_EQ(address_of(second), kSatoAddress);
  EXPECT_EQ(rights().size(), 1U);
  with_sada();
  EXPECT_EQ(come(from(), "sada"), "R03/session.address_in_use");
  EXPECT_EQ(gate->sessions().size(), 1U);
  EXPECT_EQ(journal.count("session.granted"), 2U) << "before anything is written down";
}

TEST_F(LinesTest, OfTwoWhoComeFromOneAddressAtOnceOneIsRefused) {
  line_up();
  with_sada();
  journal.held = true;  // both are granted by the time that either is written down
  EXPECT_EQ(come(), "?");
  EXPECT_EQ(come(from(), "sada"), "?");
  journal.held = false;
  for (const audit::Durable& durable : std::exchange(journal.waiting, {})) {
    durable(std::uint64_t{1});
    settle();
  }
  EXPECT_EQ(answer_to(closed_front, number), "R03/session.address_in_use");
  EXPECT_EQ(journal.count("session.ended", "session.not_given"), 1U);
  EXPECT_EQ(gate->sessions().size(), 1U);
}

TEST_F(LinesTest, ACircuitOutsideTheClosedNetworkLetsNobodyIn) {
  ASSERT_TRUE(store->transact([&](store::Tx& tx) {  // as it may stand in a store from before that was refused
    Registry r = tx.registry();
    r.circuits.at("line-sato").prefixes = {"10.91.1.0/24"};
    tx.replace_registry(r);
  }));
  start();
  line_up();
  EXPECT_EQ(come(from("10.91.1.10")), "R01/circuit.other_network");
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(LinesTest, ASessionOfTheOtherPathIsNoneOfThisFronts) {
  terminal = "pc-mori";
  put_posture();
  const std::string session = pass();
  ASSERT_FALSE(session.empty());
  const std::string inner = address_of(session);
  const seam::Reply& said = ask_closed(PostureRequest{"challenge", from(inner.c_str()), Secret(), {}});
  const auto* answer = as<PostureAnswer>(said);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->status, 403);
  EXPECT_NE(answer->body.find("zone.other_path"), std::string::npos) << answer->body;
}

TEST_F(LinesTest, WhileTheLineIsLostThePagesShowNothing) {
  line_up();
  inspected();
  ASSERT_TRUE(come().starts_with("S"));
  const auto look = [&] {
    gate->on_message(closed_relay_id,
                     seam::ConsoleRequest{++number, seam::Place::desktop, kSatoAddress, "", seam::ViewDesktop{}});
    settle();
    const auto* reply = closed_relay.last<seam::ConsoleReply>();
    const auto* no = reply != nullptr ? std::get_if<seam::ConsoleRefused>(&reply->body) : nullptr;
    return no != nullptr ? no->refusal.code : std::string("shown");
  };
  EXPECT_EQ(look(), "shown");
  device(false);
  EXPECT_EQ(look(), "circuit.line_down");
}

TEST_F(LinesTest, ACircuitOutsideTheClosedNetworkIsNotRegistered) {
  for (const char* prefix : {"10.91.1.0/24", "10.88.0.0/13", "10.90.0.0/24"}) {
    std::string error;
    gate->change_registry(
        [prefix](Registry r) -> Result<Registry> {
          r.circuits.at("line-sato").prefixes = {prefix};
          return r;
        },
        "uid:0", "test", [&](Result<std::uint64_t> end) { error = end ? "none" : end.error().detail; });
    settle();
    EXPECT_NE(error.find("circuit.other_network"), std::string::npos) << prefix << ": " << error;
  }
}

TEST_F(LinesTest, ACookieCountsAtItsAddressAlone) {
  line_up();
  ASSERT_TRUE(come().starts_with("S"));
  const auto resumed = [&](Arrival a) {
    const seam::Reply& said = ask_closed(ResumeSession{Secret(cookie), std::move(a), false});
    const auto* refused = as<Refused>(said);
    return refused != nullptr ? refused->refusal.code : std::string();
  };
  EXPECT_EQ(resumed(from()), "");
  EXPECT_EQ(resumed(from("10.90.1.11")), "session.other_address");
  EXPECT_EQ(resumed(from(kSatoAddress, kLeaf)), "session.other_certificate");
}

TEST_F(LinesTest, AFrontThatClaimsATunnelOpensNothing) {
  line_up();
  const std::string session = come();
  ASSERT_TRUE(session.starts_with("S"));
  device(false);
  settle();
  gate->on_message(closed_front_id, seam::Notice{TunnelUp{session, "tls"}});
  settle();
  EXPECT_FALSE(gate->sessions().at(0).tunnel_up);
  EXPECT_TRUE(rights().empty());
}

TEST_F(LinesTest, ARestartedFrontTakesNobodysSession) {
  line_up();
  ASSERT_TRUE(come().starts_with("S"));
  FakeLink next;
  gate->attach("front", "closed", next);
  settle();
  EXPECT_TRUE(gate->sessions().at(0).tunnel_up) << "its tunnel is charon's";
}

TEST_F(LinesTest, TheFrontTakesReportsOverItsCircuitsAlone) {
  const auto challenge = [&](const char* address) {
    const seam::Reply& said = ask_closed(PostureRequest{"challenge", from(address), Secret(), {}});
    const auto* answer = as<PostureAnswer>(said);
    return answer != nullptr ? static_cast<int>(answer->status) : 0;
  };
  EXPECT_EQ(challenge(kSatoAddress), 403) << "its line is not up";
  line_up();
  EXPECT_EQ(challenge(kSatoAddress), 200);
  EXPECT_EQ(challenge("10.91.1.10"), 403);
  EXPECT_EQ(challenge("10.202.0.2"), 403) << "an address of the other path";
}

/// One thing that happens to a circuit, and what the journal has of it.
struct Happens {
  const Event* event;
  std::function<void()> make;
  std::string code, from, detail;
  const char* words;  ///< what staff read of it, in English, begins so
};
TEST_F(LinesTest, EachOutcomeOfACircuitIsAnEntryWithItsRuleCodeAndWords) {
  const auto cease = [this](bool over) {
    change([over](Registry r) -> Result<Registry> {
      auto& circuit = r.circuits.at("line-sato");
      circuit.ended_at.reset();
      if (over) circuit.ended_at = registry::testing::kNow;
      return r;
    });
  };
  const auto terminate = charon.script.commands.at("terminate"), load = charon.script.commands.at("load-conn");
  const std::string its = R"("circuit":"line-sato")", whose = R"("contractor":"sato-joho")";
  const std::string peer = "10.99.0.2", identity = R"("identity":"line-sato.closed.test")";
  const Happens all[] = {
      {&circuits::kCharonLost, [this] { charon.die(), settle(); }, "vici.closed", "",
       R"({"words":"the connection is gone"})", "The IPsec engine (charon) cannot be reached"},
      {&circuits::kCharonBack,
       [this] {
         charon.running = true;
         fake.timers.advance(Seconds{10});
       },
       "", "", R"({"circuits":1})", "The IPsec engine (charon) is there"},
      {&circuits::kLineUp, [this] { device(true); }, "", peer,
       R"({"cipher":"AES_GCM_16-256",)" + its + "," + whose + "," + identity + "}",
       "The tunnel to a site's device is up"},
      {&circuits::kLineDown, [this] { device(false); }, "circuit.line_down", "", "{" + its + "," + whose + "}",
       "The tunnel to a site's device is down"},
      {&circuits::kStray, [this] { device(true, "line-hama.closed.test"); }, "circuit.other_identity", peer,
       "{" + its + R"(,"identity":"line-hama.closed.test"})", "A tunnel that does not fit the registry"},
      {&circuits::kCircuitClosed, [&] { cease(true); }, "circuit.ceased", "",
       "{" + its + "," + whose + R"(,"took_ms":0})", "A circuit was closed and its tunnels ended"},
      {&circuits::kLoadFailed,
       [&] {
         charon.script.commands["load-conn"] = [](const vici::Section&) {
           return vici::testing::no("no such certificate");
         };
         cease(false);
       },
       "vici.refused", "", "{" + its + R"(,"words":"no such certificate"})",
       "Charon does not take a circuit's connection"},
      {&circuits::kCircuitOpened,
       [&] {
         charon.script.commands["load-conn"] = load;
         fake.timers.advance(Seconds{3});
       },
       "", "", "{" + its + "," + whose + "}", "A circuit was opened"},
      {&circuits::kCloseLate,
       [&] {
         device(true);
         charon.script.commands["terminate"] = [](const vici::Section&) { return vici::testing::yes(); };
         cease(true);
         fake.timers.advance(std::chrono::milliseconds{1900});
         EXPECT_EQ(journal.count("circuits.close_late"), 0U);
         fake.timers.advance(std::chrono::milliseconds{200});
         charon.script.commands["terminate"] = terminate;
       },
       "circuit.ceased", "", "{" + its + "}", "It could not be confirmed within 2 s"},
  };
  std::set<std::string_view> walked;
  for (const Happens& each : all) {
    journal.entries.clear();
    each.make();
    const std::string_view event = each.event->id;
    const auto outcome = std::ranges::find(circuit_outcomes(), event, &CircuitOutcome::event);
    ASSERT_NE(outcome, circuit_outcomes().end()) << event;
    ASSERT_EQ(journal.count(event), 1U) << event;
    const audit::Entry& entry = *std::ranges::find(journal.entries, event, &audit::Entry::event);
    EXPECT_EQ(entry.path, "closed") << event;
    EXPECT_EQ(entry.rule, outcome->rule) << event;
    EXPECT_EQ(entry.result, outcome->result) << event;
    EXPECT_EQ(entry.code, each.code) << event;
    EXPECT_EQ(entry.from, each.from) << event;
    EXPECT_EQ(entry.detail.dump(), each.detail) << event;
    EXPECT_TRUE(std::string_view(each.event->meaning.en).starts_with(each.words)) << each.event->meaning.en;
    EXPECT_FALSE(std::string_view(each.event->meaning.ja).empty()) << event;
    walked.insert(event);
  }
  for (const CircuitOutcome& outcome : circuit_outcomes()) EXPECT_TRUE(walked.contains(outcome.event)) << outcome.event;
  EXPECT_EQ(walked.size(), circuit_outcomes().size());
}

TEST_F(LinesTest, WhatEachOutcomeOfACircuitIsByWhichRule) {
  // The table itself, once more: whoever changes one of them is to mean it.
  std::vector<std::string> rows;
  for (const CircuitOutcome& each : circuit_outcomes()) {
    rows.push_back(std::string(each.event) + " " + std::string(each.rule) + " " + std::string(each.result));
  }
  EXPECT_EQ(rows,
            (std::vector<std::string>{"circuits.opened R03 ok", "circuits.closed R03 ended", "circuits.line_up R02 ok",
                                      "circuits.line_down R02 ended", "circuits.charon_lost R02 error",
                                      "circuits.charon_back R02 ok", "circuits.load_failed R03 error",
                                      "circuits.close_late R19 error", "circuits.stray R03 refused"}));
}

TEST_F(LinesTest, ARestartedGateFindsItsSessionsAndTheirLine) {
  line_up();
  const std::string session = come();
  ASSERT_TRUE(session.starts_with("S"));
  unfinished = {session};
  gate.reset();
  netd.sent.clear();
  start();
  ASSERT_EQ(gate->sessions().size(), 1U);
  settle();
  EXPECT_TRUE(gate->sessions().at(0).tunnel_up) << "charon was asked, and it is up";
  EXPECT_EQ(rights().size(), 1U);
}

}  // namespace sekisho::gate::testing
