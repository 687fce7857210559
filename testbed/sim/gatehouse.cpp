#include "gatehouse.hpp"

#include "antivirus.hpp"
#include "audit/reader.hpp"
#include "certificate.hpp"
#include "email_code.hpp"
#include "password.hpp"
#include "registered_terminal.hpp"
#include "windows_update.hpp"
#include "windows_version.hpp"
#include "world.hpp"

#include <cstdlib>
#include <set>

namespace sekisho::sim {
namespace {

constexpr const char* kKey = "journal.key";
constexpr Seconds kPoll{30};

/// What plugins read: the CA and the list of the cast.
class PluginFiles final : public PluginHost {
 public:
  Entropy& entropy() override { std::abort(); }
  void log(std::string_view, const nlohmann::json&) override {}
  Result<std::string> read_file(std::string_view path) override {
    return path == "ca.pem" ? cast().ca_pem : cast().crl_pem;
  }
};

/// The certificate factor checks curves; it has no state but the chains it found good, so that one serves all worlds.
Authenticator& certificate_factor() {
  static PluginFiles host;
  static const std::unique_ptr<client_certificate::CertificateFactor> kFactor = [] {
    client_certificate::Config config;
    config.ca_file = "ca.pem";
    config.crl_file = "crl.pem";
    auto made = client_certificate::CertificateFactor::make(config, host);
    SEKISHO_ASSERT(made.has_value());
    return std::move(*made);
  }();
  return *kFactor;
}

/// Constant data, all of them.
const std::map<std::string, const PostureCheck*>& checks() {
  static const registered_terminal::TerminalCheck kTerminal{registered_terminal::Config{}};
  static const windows_version::WindowsCheck kWindows{
      windows_version::Config{}, *windows_version::parse_builds(windows_version::compiled_in_builds())};
  static const antivirus::AntivirusCheck kAntivirus = *antivirus::AntivirusCheck::make(
      antivirus::Config{}, *antivirus::parse_vendors(antivirus::compiled_in_vendors()));
  static const windows_update::UpdateCheck kUpdate{
      windows_update::Config{}, *windows_update::parse_releases(windows_update::compiled_in_updates())};
  static const std::map<std::string, const PostureCheck*> kChecks{{"registered_terminal", &kTerminal},
                                                                  {"windows_version", &kWindows},
                                                                  {"antivirus", &kAntivirus},
                                                                  {"windows_update", &kUpdate}};
  return kChecks;
}

/// A planted flaw: says yes to whatever code is typed.
class CredulousCode final : public Authenticator {
 public:
  explicit CredulousCode(Authenticator& inner) : inner_(inner) {}
  [[nodiscard]] std::string_view factor() const override { return inner_.factor(); }
  [[nodiscard]] unsigned weight() const override { return inner_.weight(); }
  [[nodiscard]] AuthStep step(AuthRequest request) override {
    const auto typed = request.evidence.find("code");
    const bool any = typed != request.evidence.end() && !typed->second.empty();
    AuthStep out = inner_.step(std::move(request));
    if (any) {
      out.verdict = Verdict::yes;
      out.refusal.reset();
      out.ask.reset();
    }
    return out;
  }

 private:
  Authenticator& inner_;
};

gate::GatePath gate_path(const std::string& name) {
  const bool closed = name == kClosed;
  gate::GatePath out;
  out.policy.path = name;
  out.policy.zones = closed ? std::vector{registry::Zone::my_number}
                            : std::vector{registry::Zone::internet_business, registry::Zone::internet_dmz};
  out.policy.lent_only = closed;
  out.policy.factors = {"certificate", "password", "code"};
  out.policy.least_factors = 2;
  for (const auto& [check, object] : checks()) out.policy.checks.push_back({check, admission::CheckMode::enforce});
  out.tun = World::tun_of(name);
  out.gate_address = closed ? "10.90.0.1" : "10.202.0.1";
  out.prefix = closed ? 16 : 28;  // small, so that addresses come round again
  out.closed = closed;            // without a charon: the world says which lines are up
  out.circuits.path = name;
  out.posture_page = World::posture_page(name);
  out.entrance = World::entrance(name);
  return out;
}

/// What the gate asks the journal at its start: granted and never ended, as sekishod does it, and ended. Both are asked
/// in one store job, and nothing is written in between: the second answer comes from the walk for the first.
struct ToldAtStart {
  Result<std::vector<std::string>> ended = std::vector<std::string>();
  Result<std::vector<std::string>> unfinished(audit::Disk& disk, Instant from) {
    audit::Query query;
    query.from = from;
    query.limit = 1'000'000;
    ended = std::vector<std::string>();
    const auto found = audit::search_any(disk, query, {"session.granted", "session.ended"});
    if (!found) {
      ended = found.error();
      return found.error();
    }
    std::set<std::string> open;
    for (const auto& entry : *found) {
      if (entry.entry.event == "session.granted") {
        open.insert(entry.entry.session);
      } else {
        ended->push_back(entry.entry.session);
      }
    }
    for (const std::string& number : *ended) open.erase(number);
    return std::vector<std::string>(open.begin(), open.end());
  }
};

}  // namespace

struct Gatehouse::Process {
  Process(World& world, Owner id, Instant::duration skew)
      : owner(id),
        timers(world.heap(), id, skew),
        blocking(world.heap(), world.chance(), id),
        mail(
            world.heap(), world.chance(), id, [&world](DeliveredMail mail) { world.deliver(std::move(mail)); },
            [&world](const SendMail& mail) { world.judge().mailed(mail); }),
        password(sekisho::password::Config{}, world.chance()) {
    email_code::Config config;
    config.pepper_file = "pepper";
    auto made = email_code::EmailCode::make(config, Secret("the pepper of the simulated gate, 32 bytes or more"),
                                            world.chance());
    SEKISHO_ASSERT(made.has_value());
    code = std::move(*made);
    credulous = std::make_unique<CredulousCode>(*code);
  }

  Owner owner;
  ProcessTimers timers;
  MachineBlocking blocking;
  MachineMail mail;
  sekisho::password::PasswordFactor password;
  std::unique_ptr<email_code::EmailCode> code;
  std::unique_ptr<CredulousCode> credulous;
  std::unique_ptr<MachineJournal> journal;
  std::unique_ptr<sekisho::gate::Gate> gate;
};

/// A process beside the gate, and its link.
struct Gatehouse::Neighbour final : seam::Link::Handler {
  std::string role, name;
  seam::Link::Handler* handler = nullptr;  // of the neighbour
  std::function<void(Wire*)> set_wire;     // of the neighbour
  std::unique_ptr<Wire> wire;
  sekisho::gate::Gate* gate = nullptr;
  sekisho::gate::Gate::LinkId id = 0;
  void on_message(seam::Message message, int) override {
    if (gate != nullptr) gate->on_message(id, std::move(message));
  }
  void on_closed(std::string_view) override {
    if (gate != nullptr) gate->detach(id);
  }
};

Gatehouse::Gatehouse(World& world)
    : world_(world),
      journal_disk_(static_cast<std::uint32_t>(world.chance().next())),
      key_disk_(static_cast<std::uint32_t>(world.chance().next())),
      store_(std::make_shared<store::testing::MemoryStore>()) {
  if (world.options().flaw == Flaw::lost_fsync) journal_disk_.lose_syncs(true);
  const auto add = [this](std::string role, std::string name, auto& object) {
    auto one = std::make_unique<Neighbour>();
    one->role = role;
    one->name = name;
    one->handler = &object;
    one->set_wire = [&object](Wire* wire) { object.set_wire(wire); };
    neighbours_.emplace(role + ":" + name, std::move(one));
  };
  for (auto& [path, front] : world.fronts()) add("front", path, front);
  for (auto& [path, relay] : world.relays()) add("relay", path, relay);
  add("posture", "posture", world.posture_front());
  add("netd", "netd", world.netd());
}

Gatehouse::~Gatehouse() {
  for (auto& [name, one] : neighbours_) one->wire.reset();
  process_.reset();
}

sekisho::gate::Gate* Gatehouse::process_gate() {
  return process_ ? process_->gate.get() : nullptr;
}

Instant Gatehouse::gate_now() const {
  return world_.heap().now() + skew_;
}

audit::Trust Gatehouse::trust() {
  audit::Trust out;
  for (const auto& [name, bytes] : key_disk_.contents()) {
    if (name == std::string(kKey) + ".pub") out.public_key_pem = bytes;
    if (name == std::string(kKey) + ".head") out.published_heads = {bytes};
    if (name == std::string(kKey) + ".tail") out.tail = bytes;
  }
  out.signatures = &signatures_;
  return out;
}

void Gatehouse::start() {
  skew_ = wall_skew_;
  process_ = std::make_unique<Process>(world_, next_owner_++, skew_);
  Process& p = *process_;
  if (world_.options().flaw == Flaw::late_end) p.timers.lateness = Seconds(3);
  audit::JournalConfig config;
  config.signing_key_file = std::string("keys/") + kKey;
  config.segment_bytes = 48 * 1024;
  auto opened =
      audit::SteppedJournal::open(config, journal_disk_, key_disk_, world_.chance(), p.timers.now(), signatures_);
  if (!opened) {
    world_.say("the journal does not open: " + opened.error().code + " " + opened.error().detail);
    const std::string& code = opened.error().code;
    if (code != "audit.full" && code != "audit.unwritable") {
      world_.judge().violated("journal", "it does not open any more: " + code + " " + opened.error().detail);
      end_process();
      return;
    }
    end_process();
    world_.heap().in(0, Seconds(3), [this] { start(); });
    return;
  }
  p.journal = std::make_unique<MachineJournal>(world_.heap(), world_.chance(), p.owner, p.timers, std::move(*opened),
                                               [this](const audit::Entry& entry) {
                                                 world_.said(entry);
                                                 world_.judge().journalled(entry);
                                               });
  gate::GateOptions options;
  options.gate_id = World::kGateId;
  options.bare_entrance = true;  // the weeks are judged by who reaches a desktop; screens and pages are not in them
  options.paths = {gate_path(kInternet), gate_path(kClosed)};
  options.authenticator_refresh = std::chrono::seconds{0};  // its list is in memory and stays as it is
  options.generation_poll = kPoll;                          // one node: only a change that was late comes this way
  options.posture.gate_id = World::kGateId;
  options.posture.server_fingerprints = {World::kServer};
  options.posture.verify = &model_device_holds;
  gate::GatePlugins plugins;
  Authenticator* code = p.code.get();
  if (world_.options().flaw == Flaw::guard_off) code = p.credulous.get();
  plugins.authenticators = {{"certificate", &certificate_factor()}, {"password", &p.password}, {"code", code}};
  plugins.checks = checks();
  plugins.line_of = [this](const std::string&, const std::string& circuit) {
    return world_.options().flaw == Flaw::line_kept ? registry::Line::up : world_.lines().of(circuit);
  };
  plugins.verify_password = [](const VerifyPassword& work) {
    return model_password_matches(work.encoded_hash, work.candidate.reveal());
  };
  p.gate = std::make_unique<sekisho::gate::Gate>(std::move(options),
                                                 run::Services{p.timers, p.timers, p.blocking, world_.chance(), p.mail},
                                                 store_, *p.journal, std::move(plugins));
  const auto told = std::make_shared<ToldAtStart>();
  p.gate->start([this, told](Instant from) { return told->unfinished(journal_disk_, from); },
                [this](Result<void> end) {
                  if (end) return attach_all();
                  world_.say("the gate does not start: " + end.error().code);
                  world_.heap().in(0, Seconds(3), [this] { kill(milliseconds(1)); });
                },
                [told](Instant) { return told->ended; });
}

void Gatehouse::attach_all() {
  serves_ = true;
  world_.judge().disturbed_until(world_.heap().now());
  for (auto& [name, one] : neighbours_) attach(*one);
  world_.lines().tell_lost();
  world_.say("the gate serves");
}

void Gatehouse::attach(Neighbour& one) {
  one.wire = std::make_unique<Wire>(world_.heap(), world_.chance(), Wire::Delay{});
  one.wire->set_handler(Wire::gate, &one);
  one.wire->set_handler(Wire::other, one.handler);
  one.wire->set_tap([this, name = one.role + ":" + one.name](const seam::Message& message) {
    world_.judge().gate_sends(name, message);
  });
  one.gate = process_gate();
  one.id = one.gate->attach(one.role, one.name, one.wire->end(Wire::gate));
  one.set_wire(one.wire.get());
}

void Gatehouse::end_process() {
  serves_ = false;
  for (auto& [name, one] : neighbours_) {
    one->gate = nullptr;
    if (one->wire) one->set_wire(nullptr);
  }
  if (!process_) return;
  world_.heap().drop(process_->owner);
  world_.judge().gate_died();
  process_.reset();
  for (auto& [name, one] : neighbours_) one->wire.reset();
}

void Gatehouse::kill(Instant::duration pause) {
  if (!process_) return;
  end_process();
  world_.heap().in(0, pause, [this] {
    if (!process_) start();
  });
}

void Gatehouse::cut_power(Instant::duration pause) {
  if (!process_) return;
  end_process();
  journal_disk_.crash();
  key_disk_.crash();
  world_.heap().in(0, pause, [this] {
    if (!process_) start();
  });
}

void Gatehouse::relink(const std::string& name, Instant::duration pause) {
  const auto found = neighbours_.find(name);
  if (found == neighbours_.end() || !serves_ || !found->second->wire) return;
  Neighbour& one = *found->second;
  one.set_wire(nullptr);
  one.wire->cut(Wire::other);
  world_.judge().disturbed_until(world_.heap().now() + pause + milliseconds(10));
  world_.heap().in(0, pause, [this, &one, process = process_.get()] {
    if (serves_ && process_.get() == process) attach(one);
  });
}

void Gatehouse::stall(const std::string& name, Instant::duration span) {
  const auto found = neighbours_.find(name);
  if (found == neighbours_.end() || !found->second->wire) return;
  found->second->wire->stall_until(world_.heap().now() + span);
  world_.judge().disturbed_until(world_.heap().now() + span + milliseconds(10));
}

void Gatehouse::hang_store(Instant::duration span) {
  if (process_) process_->blocking.hang_store_until(world_.heap().now() + span);
}

void Gatehouse::step_wall_clock(Instant::duration by) {
  wall_skew_ += by;
}

void Gatehouse::close() {
  if (process_ && process_->journal) process_->journal->journal().close(gate_now());
}

}  // namespace sekisho::sim
