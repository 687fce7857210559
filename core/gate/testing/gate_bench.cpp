#include "gate/testing/gate_bench.hpp"

namespace sekisho::gate::testing {

void FakeJournal::append(audit::Entry entry, audit::Durable durable) {
  entries.push_back(std::move(entry));
  if (!durable) return;
  if (broken) return durable(fail("audit.unwritable"));
  if (held) return waiting.push_back(std::move(durable));
  durable(entries.size());
}

std::size_t FakeJournal::count(std::string_view event, std::string_view code) const {
  return static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), [&](const audit::Entry& e) {
    return e.event == event && (code.empty() || e.code == code);
  }));
}

void FakeLink::send(const seam::Message& message) {
  auto packet = seam::encode(message);
  ASSERT_TRUE(packet);
  auto copy = seam::decode(packet->bytes());
  ASSERT_TRUE(copy);
  if (on_send) on_send(*copy);
  sent.push_back(std::move(*copy));
}

const SessionEnded* FakeLink::last_end() const {
  for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
    const auto* push = std::get_if<seam::Push>(&*it);
    if (push == nullptr) continue;
    if (const auto* found = std::get_if<SessionEnded>(&push->body)) return found;
  }
  return nullptr;
}

GateTest::GateTest() : fake(1, registry::testing::kNow) {
  registry::Registry cast = registry::testing::cast();
  registry::Certificate own = cast.certificates.at(std::string(64, 'a'));
  own.fingerprint_sha256 = sha256_hex(kLeaf);
  cast.certificates = {{own.fingerprint_sha256, own}};
  EXPECT_TRUE(store->transact([&](store::Tx& tx) { tx.replace_registry(cast); }));
  start();
}

GateTest::~GateTest() = default;

void GateTest::start() {
  GateOptions options;
  options.gate_id = "gate.seki.test";
  options.posture.gate_id = options.gate_id;
  options.posture.server_fingerprints = {admission::testing::kServer};
  options.generation_poll = std::chrono::milliseconds{0};
  options.consoles = console_policy;
  options.bare_entrance = bare_entrance;
  options.hypervisors = hypervisors;
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
  path.desktop_page = desktop_page;
  options.paths = {path};
  if (with_second_path) {
    path.policy.path = "second";
    path.tun = "sekisho1";
    path.gate_address = "10.203.0.1";
    path.posture_page.address = path.entrance.address = path.gate_address;
    options.paths.push_back(path);
  }
  if (with_closed_path) {
    path.policy.path = "closed";
    path.policy.reconnect_grace = Seconds{100};  // before a session that never reports ends for that
    path.policy.zones = {registry::Zone::my_number};
    path.policy.lent_only = true;
    path.policy.factors = {"certificate", "password"};
    path.tun = "ipsec0";
    path.gate_address = "10.90.0.1";
    path.prefix = 16;
    path.posture_page = {path.gate_address, 443, 6};
    path.entrance.address = path.gate_address;
    path.closed = true;
    path.circuits = circuits::Settings{.path = "closed",
                                       .address = "10.99.0.1",
                                       .name = "gate.closed.test",
                                       .certificate = "der",
                                       .authorities = {"der"},
                                       .entrances = {"10.90.0.1/32[tcp/443]"}};
    options.paths.push_back(path);
  }
  if (without_paths) options.paths.clear();
  GatePlugins plugins;
  plugins.authenticators = {{"certificate", &certificate}, {"password", &password}, {"code", &code}};
  plugins.checks = {{"browser", &browser}};
  plugins.verify_password = [](const VerifyPassword& work) { return work.candidate.reveal() == "candidate"; };
  plugins.tell_desktop = [this](const desktops::Note& note) { told.emplace_back(note.event->id); };
  if (with_closed_path && with_charon) plugins.vici["closed"] = &charon;
  gate = std::make_unique<Gate>(std::move(options), fake.services(), store, journal, std::move(plugins));
  bool started = false;
  gate->start([this](Instant) -> Result<std::vector<std::string>> { return unfinished; },
              [&](Result<void> end) { started = end.has_value(); },
              [this](Instant) -> Result<std::vector<std::string>> { return ended; },
              [this](Instant) -> Result<std::map<std::string, GivenDesktop>> { return given; },
              [this](Instant) -> Result<std::vector<recording::FileHeader>> { return recordings_without_end; },
              [this](Instant) -> Result<std::vector<OpenScreen>> { return screens_without_end; });
  settle();
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
  hyperd.listen(fake.timers, [this](seam::Message message) { gate->on_message(hyperd_id, std::move(message)); });
  if (with_hyperd) hyperd_id = gate->attach("hyperd", hyperd.zone, hyperd.link);
  if (with_second_path) second_front_id = gate->attach("front", "second", second_front);
  if (with_closed_path) {
    closed_front_id = gate->attach("front", "closed", closed_front);
    closed_relay_id = gate->attach("relay", "closed", closed_relay);
  }
  settle();
}

Arrival GateTest::arrival(std::string leaf) {
  Arrival out;
  out.path = "internet";
  out.peer_address = "198.51.100.7";
  out.certificate_chain = {std::move(leaf)};
  return out;
}

Evidence GateTest::evidence(std::initializer_list<std::pair<const char*, const char*>> members) {
  Evidence out;
  for (const auto& [name, value] : members) out.emplace(name, Secret(value));
  return out;
}

const seam::Reply& GateTest::ask(GateRequest request) {
  gate->on_message(front_id, seam::Request{++number, std::move(request)});
  settle();
  return reply();
}

const seam::Reply& GateTest::reply() const {
  for (auto it = front.sent.rbegin(); it != front.sent.rend(); ++it) {
    const auto* found = std::get_if<seam::Reply>(&*it);
    if (found != nullptr && found->number == number) return *found;
  }
  static const seam::Reply kNone{0, Done{}};
  return kNone;
}

std::string GateTest::refused_code() const {
  const auto* refused = as<Refused>(reply());
  return refused != nullptr ? refused->refusal.code : std::string();
}

std::string GateTest::pass() {
  const auto* asked = as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})}));
  if (asked == nullptr) return {};
  const auto* granted =
      as<Granted>(ask(AnswerLogin{asked->handle, arrival(), evidence({{"login", "mori"}, {"code", "right"}})}));
  if (granted == nullptr) return {};
  cookie = std::string(granted->cookie.reveal());
  return granted->session;
}

void GateTest::put_posture(std::string verdict, std::string results, Instant reported_at) {
  store::PostureRow row;
  row.terminal = "pc-mori";
  row.reported_at = reported_at;
  row.verdict = std::move(verdict);
  row.results = std::move(results);
  row.memory = "{}";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.put_posture(row); }));
}

void GateTest::change(Control::Change change) {
  bool changed = false;
  gate->change_registry(std::move(change), "uid:0", "試験", [&](Result<std::uint64_t> end) {
    EXPECT_TRUE(end) << end.error().code << " " << end.error().detail;
    changed = end.has_value();
  });
  settle();
  ASSERT_TRUE(changed);
}

std::string GateTest::address_of(const std::string& session) const {
  for (const auto& s : gate->sessions()) {
    if (s.number == session) return s.address;
  }
  return {};
}

store::SessionRow GateTest::row_of(const std::string& session) {
  std::optional<store::SessionRow> row;
  EXPECT_TRUE(store->transact([&](store::Tx& tx) { row = tx.session(session); }));
  return row.value_or(store::SessionRow{});
}

const seam::EntranceGrant* GateTest::enter(const std::string& session) {
  gate->on_message(relay_id, seam::EntranceAsk{++number, address_of(session)});
  settle();
  const auto* grant = relay.last<seam::EntranceGrant>();
  return grant != nullptr && grant->number == number ? grant : nullptr;
}

}  // namespace sekisho::gate::testing
