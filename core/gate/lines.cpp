#include "gate/lines.hpp"

#include "admission/circuit_rule.hpp"
#include "base/json_object.hpp"
#include "circuits/events.hpp"
#include "gate/vici_socket.hpp"
#include "registry/circuits.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::gate {
namespace {

constexpr std::array kOutcomes{
    CircuitOutcome{circuits::kCircuitOpened.id, "R03", "ok"},
    CircuitOutcome{circuits::kCircuitClosed.id, "R03", "ended"},
    CircuitOutcome{circuits::kLineUp.id, "R02", "ok"},
    CircuitOutcome{circuits::kLineDown.id, "R02", "ended"},
    CircuitOutcome{circuits::kCharonLost.id, "R02", "error"},
    CircuitOutcome{circuits::kCharonBack.id, "R02", "ok"},
    CircuitOutcome{circuits::kLoadFailed.id, "R03", "error"},
    CircuitOutcome{circuits::kCloseLate.id, "R19", "error"},
    CircuitOutcome{circuits::kStray.id, "R03", "refused"},
};
const CircuitOutcome& outcome_of(const Event& event) {
  const auto found = std::ranges::find(kOutcomes, std::string_view(event.id), &CircuitOutcome::event);
  SEKISHO_ASSERT(found != kOutcomes.end());
  return *found;
}

nlohmann::json moment(const std::optional<Instant>& at) {
  if (!at) return nullptr;
  return to_rfc3339(*at);
}

}  // namespace

std::span<const CircuitOutcome> circuit_outcomes() {
  return kOutcomes;
}

/// One closed path: its circuits and the socket to its charon.
class Lines::Path final : public ViciSocket::Handler {
 public:
  Path(Lines& lines, std::string name, circuits::Settings settings, ViciSocket* socket)
      : lines_(lines), name_(std::move(name)), circuits_(std::move(settings)), socket_(socket) {}
  ~Path() override {
    if (timer_ != 0) lines_.gate_.services.timers.cancel(timer_);
    if (socket_ != nullptr) socket_->close();
  }

  void registry_is(const registry::Registry& registry) { run(circuits_.registry_is(registry, now())); }
  [[nodiscard]] registry::Line line(const std::string& circuit) const { return circuits_.line(circuit); }
  [[nodiscard]] std::map<std::string, circuits::View> view() const { return circuits_.view(now()); }
  [[nodiscard]] bool has_charon() const { return circuits_.is_connected(); }
  void changed(const std::string& circuit) { since_[circuit] = now(); }
  [[nodiscard]] Instant since(const std::string& circuit) const {
    const auto found = since_.find(circuit);
    return found == since_.end() ? Instant{} : found->second;
  }

 private:
  [[nodiscard]] Instant now() const { return lines_.gate_.now(); }

  void on_open() override {
    opening_ = false;
    open_ = true;
    run(circuits_.connected(now()));
  }
  void on_failed() override {
    opening_ = open_ = false;
    run(circuits_.failed(now()));
  }
  void on_bytes(vici::View bytes) override { run(circuits_.feed(bytes, now())); }

  void run(circuits::Actions actions) {
    if (socket_ != nullptr) drive();
    for (const circuits::Note& note : actions.notes) lines_.note(name_, note);
    for (const circuits::LineChange& change : actions.changes) since_[change.circuit] = now();
    if (!actions.changes.empty()) lines_.follow(name_);
    plan();
  }
  void drive() {
    if (open_ && !circuits_.is_connected()) {
      socket_->close();
      open_ = false;
    }
    if (auto bytes = circuits_.take_output(); open_ && !bytes.empty()) socket_->send(std::move(bytes));
    if (!open_ && !opening_ && circuits_.wants_connection(now())) {
      opening_ = true;
      socket_->open(*this);
    }
  }
  void plan() {
    run::Timers& timers = lines_.gate_.services.timers;
    if (timer_ != 0) timers.cancel(std::exchange(timer_, 0));
    auto next = circuits_.next_deadline();
    if (!next || socket_ == nullptr) return;  // without charon nothing is due
    // What waits for a connection under way must not spin.
    const auto pause = opening_ ? std::chrono::milliseconds{1000} : std::chrono::milliseconds{1};
    timer_ = timers.at(std::max(*next, now() + pause), [this] {
      timer_ = 0;
      run(circuits_.tick(now()));
    });
  }

  Lines& lines_;
  const std::string name_;
  circuits::Circuits circuits_;
  ViciSocket* const socket_;
  std::map<std::string, Instant> since_;
  run::Timers::Id timer_ = 0;
  bool open_ = false, opening_ = false;
};

std::vector<registry::Finding> outside(const std::vector<AddressPool>& networks, const registry::Registry& registry) {
  std::vector<registry::Finding> out;
  if (networks.empty()) return out;  // this gate has no closed path: the registry may be another's too
  std::size_t index = 0;
  for (const auto& [id, circuit] : registry.circuits) {
    const std::string at = "/circuits/" + std::to_string(index++) + "/prefixes/";
    for (std::size_t i = 0; i < circuit.prefixes.size(); ++i) {
      const std::string& prefix = circuit.prefixes[i];
      const bool inside =
          std::ranges::any_of(networks, [&](const AddressPool& network) { return network.contains_network(prefix); });
      if (!inside) out.push_back(registry::finding(at + std::to_string(i), "circuit.other_network"));
    }
  }
  return out;
}

std::vector<AddressPool> Lines::networks() const {
  std::vector<AddressPool> out;
  for (const GatePath& path : gate_.options.paths) {
    if (path.closed) out.emplace_back(path.gate_address, path.prefix);
  }
  return out;
}

Lines::Lines(Gate::State& gate) : gate_(gate) {
  for (const GatePath& path : gate.options.paths) {
    if (!path.closed) continue;
    const auto socket = gate.plugins.vici.find(path.policy.path);
    circuits::Settings settings = path.circuits;
    settings.path = path.policy.path;
    paths_[path.policy.path] = std::make_unique<Path>(*this, path.policy.path, std::move(settings),
                                                      socket == gate.plugins.vici.end() ? nullptr : socket->second);
  }
}

Lines::~Lines() = default;

void Lines::registry_is_new() {
  for (const auto& [name, path] : paths_) {
    path->registry_is(*gate_.registry);
    follow(name);
  }
}

void Lines::changed(const std::string& path, const std::string& circuit) {
  const auto found = paths_.find(path);
  if (found == paths_.end()) return;
  found->second->changed(circuit);
  follow(path);
}

registry::Line Lines::line(std::string_view path, const std::string& circuit) const {
  const auto found = paths_.find(path);
  if (found != paths_.end() && gate_.plugins.line_of) return gate_.plugins.line_of(found->first, circuit);
  return found == paths_.end() ? registry::Line::unknown : found->second->line(circuit);
}

void Lines::place(Arrival& arrival) const {
  if (!paths_.contains(arrival.path) || !arrival.circuit.empty()) return;
  const auto* circuit = registry::circuit_of(*gate_.registry, arrival.peer_address, gate_.now());
  if (circuit != nullptr) arrival.circuit = circuit->id;
}

std::optional<Refusal> Lines::refuse(const Arrival& arrival, std::string_view terminal) const {
  const GatePath* path = gate_.path(arrival.path);
  if (path == nullptr) return admission::refusal("zone.other_path");
  const registry::Line its = line(arrival.path, arrival.circuit);
  if (terminal.empty()) return admission::refuse_arrival(path->policy, *gate_.registry, arrival, its, gate_.now());
  return admission::refuse_circuit(path->policy, *gate_.registry, terminal, arrival, its, gate_.now());
}

std::string Lines::circuit_of(const store::SessionRow& row) const {
  if (!paths_.contains(row.path)) return {};
  const auto terminal = gate_.registry->terminals.find(row.terminal);
  return terminal == gate_.registry->terminals.end() ? std::string() : terminal->second.circuit;
}

bool Lines::carries(const store::SessionRow& row) const {
  return !paths_.contains(row.path) || line(row.path, circuit_of(row)) == registry::Line::up;
}

void Lines::adopt(Session& session) const {
  if (!paths_.contains(session.row.path)) return;
  session.tunnel_up = carries(session.row);
  session.tunnel_by.reset();
  if (!session.tunnel_up) session.tunnel_by = gate_.now() + gate_.path(session.row.path)->policy.reconnect_grace;
}

void Lines::follow(const std::string& path) {
  bool any = false;
  for (const auto& [number, session] : gate_.sessions) {
    if (session->row.path != path) continue;
    const std::string circuit = circuit_of(session->row);
    const registry::Line its = line(path, circuit);
    const bool up = its == registry::Line::up;
    if (session->tunnel_up == up) continue;
    any = true;
    adopt(*session);
    if (up) session->last_activity = gate_.now();
    gate_.push_view(*session);
    audit::Entry entry;
    entry.event = (up ? circuits::kLineBack : circuits::kLineLost).id;
    entry.session = number;
    entry.person = session->row.person;
    entry.path = path;
    entry.from = session->row.peer;
    entry.rule = "R02";
    entry.result = up ? "ok" : "ended";
    entry.detail = json_object("circuit", circuit, "line", registry::to_string(its));
    gate_.record(std::move(entry));
  }
  if (!any) return;
  gate_.apply_net(path);
  gate_.schedule_sweep();
}

void Lines::note(const std::string& path, const circuits::Note& note) {
  if (gate_.plugins.tell_circuit) gate_.plugins.tell_circuit(path, note);
  if (!note.event->audit) return;
  audit::Entry entry;
  entry.event = note.event->id;
  entry.path = path;
  entry.code = note.code;
  const CircuitOutcome& outcome = outcome_of(*note.event);
  entry.rule = outcome.rule;
  entry.from = note.peer;
  entry.result = outcome.result;
  entry.detail = nlohmann::json::object();
  const std::pair<const char*, const std::string*> texts[] = {{"circuit", &note.circuit},
                                                              {"contractor", &note.contractor},
                                                              {"identity", &note.identity},
                                                              {"cipher", &note.cipher},
                                                              {"words", &note.words}};
  for (const auto& [name, text] : texts) {
    if (note.event->has_field(name) && !text->empty()) entry.detail[name] = text->substr(0, 200);
  }
  for (const char* name : {"took_ms", "circuits"}) {
    if (note.event->has_field(name)) entry.detail[name] = note.number;
  }
  gate_.record(std::move(entry));
}

nlohmann::json Lines::view() const {
  nlohmann::json out = nlohmann::json::array();
  const auto& registry = *gate_.registry;
  const auto row_of = [&](const registry::Circuit& circuit) {
    nlohmann::json addresses = nlohmann::json::array();
    for (const std::string& prefix : circuit.prefixes) addresses.push_back(prefix);
    return nlohmann::json{{"circuit", circuit.id},
                          {"contractor", circuit.contractor},
                          {"site", circuit.site},
                          {"state", registry::to_string(registry::state_of(circuit, gate_.now()))},
                          {"addresses", std::move(addresses)},
                          {"ordered_at", moment(circuit.ordered_at)},
                          {"usable_at", moment(circuit.usable_at)},
                          {"expected_at", moment(registry::expected_at(circuit))},
                          {"late", registry::is_late(circuit, gate_.now())}};
  };
  for (const auto& [name, path] : paths_) {
    const auto views = path->view();
    for (const auto& [id, circuit] : registry.circuits) {
      nlohmann::json row = row_of(circuit);
      const auto found = views.find(id);
      const circuits::View seen = found == views.end() ? circuits::View{} : found->second;
      const Instant since = path->since(id);
      nlohmann::json sessions = nlohmann::json::array();
      for (const auto& [number, session] : gate_.sessions) {
        if (session->row.path == name && circuit_of(session->row) == id) sessions.push_back(number);
      }
      row["path"] = name;
      row["line"] = registry::to_string(line(name, id));
      row["since"] = since == Instant{} ? nlohmann::json() : nlohmann::json(to_rfc3339(since));
      row["closed_because"] = seen.closed_because;
      row["loaded"] = seen.loaded;
      row["peer"] = seen.peer;
      row["identity"] = seen.identity;
      row["cipher"] = seen.cipher;
      row["in_use_by"] = std::move(sessions);
      out.push_back(std::move(row));
    }
  }
  if (!paths_.empty()) return out;
  for (const auto& [id, circuit] : registry.circuits) out.push_back(row_of(circuit));  // no closed path: days alone
  return out;
}

void Lines::conditions(nlohmann::json& conditions) const {
  for (const auto& [name, path] : paths_) {
    if (gate_.plugins.line_of) continue;
    if (!path->has_charon()) {
      conditions.push_back("circuits.charon_away:" + name);
      continue;
    }
    for (const auto& [id, seen] : path->view()) {
      if (seen.closed_because.empty() && seen.line != registry::Line::up) {
        conditions.push_back("circuits.line_down:" + id);
      }
    }
  }
  for (const auto& [id, circuit] : gate_.registry->circuits) {
    if (registry::is_late(circuit, gate_.now())) conditions.push_back("circuits.late:" + id);
  }
}

}  // namespace sekisho::gate
