#include "circuits/circuits.hpp"

#include "circuits/events.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::circuits {
namespace {

using registry::Line;
using std::chrono::milliseconds;
using vici::Section;

constexpr milliseconds kAnswerWithin{3000}, kUrgentWithin{1000}, kCloseAgain{1000};
constexpr milliseconds kLaterTurn{50};
constexpr std::size_t kMostInLine = 64;  ///< the client's line has an end, and a look must find room in it
constexpr Seconds kLookEvery{10};
// Charon tells of every tunnel's rekeying: however many events come, looks have this long between them.
constexpr milliseconds kLookPause{100};
constexpr const char* kEvents[] = {"ike-updown", "child-updown", "ike-rekey", "child-rekey"};

milliseconds pause_before_try(unsigned failures) {
  return std::min(milliseconds(5000), milliseconds(250) * (1 << std::min(failures, 5U)));
}
Seconds pause_before_load(unsigned failures) {
  return std::min(Seconds(60), Seconds(1 << std::min(failures, 6U)));
}

bool carries(const Section& child) {
  return child.is("state", "INSTALLED") || child.is("state", "REKEYING");
}
bool stands(const Section& tunnel) {
  return tunnel.is("state", "ESTABLISHED") || tunnel.is("state", "REKEYING");
}

/// What an established tunnel has that ours never has; empty: nothing. Charon has judged it already, by settings of
/// ours; this looks once more, since its operator can load others.
std::string_view objection(const Section& tunnel, const std::string& identity) {
  if (!tunnel.is("version", "2")) return "circuit.ike_version";
  if (!tunnel.is("remote-id", identity)) return "circuit.other_identity";
  if (!tunnel.is("encr-alg", "AES_GCM_16")) return "circuit.weak";
  const Section* children = tunnel.section("child-sas");
  if (children == nullptr) return "";
  for (const vici::Item& item : children->items()) {
    const auto* child = std::get_if<Section>(&item.held);
    if (child != nullptr && carries(*child) && !child->is("encr-alg", "AES_GCM_16")) return "circuit.weak";
  }
  return "";
}

}  // namespace

Circuits::Circuits(Settings settings) : settings_(std::move(settings)) {
  for (const char* event : kEvents) static_cast<void>(client_.listen(event, Instant{}));  // sends nothing yet
}

// --- what is meant

Actions Circuits::registry_is(const registry::Registry& registry, Instant now) {
  Actions out;
  registry_ = registry::Registry{};
  registry_.circuits = registry.circuits;
  registry_.contracts = registry.contracts;
  registry_.stops = registry.stops;
  wanted(now, out);
  settle(now, out);
  return out;
}

void Circuits::wanted(Instant now, Actions& out) {
  std::map<std::string, Meant> next;
  std::map<std::string, std::string> codes;  // by circuit
  for (const auto& [id, circuit] : registry_.circuits) {
    std::string code(closed_because(registry_, circuit, settings_.path, now));
    if (code.empty()) {
      Meant meant;
      meant.circuit = id, meant.contractor = circuit.contractor, meant.identity = circuit.device_name;
      meant.connection = connection_of(circuit, settings_);
      std::string name = name_of(circuit, meant.connection);
      const auto before = meant_.find(name);
      Meant& kept = next.emplace(std::move(name), before == meant_.end() ? std::move(meant) : std::move(before->second))
                        .first->second;
      kept.contractor = circuit.contractor;  // no part of the connection
      code = "circuit.changed";              // of another connection that stood for it
    }
    codes.emplace(id, std::move(code));
  }
  for (auto& [name, old] : meant_) {
    if (next.contains(name)) continue;
    const auto code = codes.find(old.circuit);
    const std::string why = code == codes.end() ? "circuit.removed" : code->second;
    set_line(old.circuit, old.contractor, nullptr, why, out);
    lines_.erase(old.circuit), up_.erase(old.circuit);
    if (old.held) leaving_[name] = Leaving{old.circuit, old.contractor, why, now, now};
  }
  meant_ = std::move(next);
  if (here_) {
    for (const auto& [name, meant] : meant_) lines_.try_emplace(meant.circuit, Line::down);
  }
  next_change_ = next_change(registry_, now);
}

void Circuits::settle(Instant now, Actions& out) {
  if (!here_) return;
  std::vector<std::string> due;
  for (const auto& [name, leaving] : leaving_) {
    if (leaving.next <= now) due.push_back(name);
  }
  for (const std::string& name : due) {
    if (client_.waiting() >= kMostInLine) {
      leaving_.at(name).next = now + kLaterTurn;
    } else {
      close(name, now, out);
    }
  }
  due.clear();
  for (const auto& [name, meant] : meant_) {
    if (!meant.loaded && !meant.asked && meant.next <= now && !leaving_.contains(name)) due.push_back(name);
  }
  for (const std::string& name : due) {
    const auto meant = meant_.find(name);
    if (meant == meant_.end()) continue;
    if (client_.waiting() >= kMostInLine) {
      meant->second.next = now + kLaterTurn;
      continue;
    }
    meant->second.asked = meant->second.held = true;
    Section message;
    message.put_section(name, meant->second.connection);
    ask(Purpose::load, name, {.command = "load-conn", .message = std::move(message), .within = kAnswerWithin}, now,
        out);
  }
  if (look_again_ && !looking_ && look_not_before_ <= now) look(now, out);
}

void Circuits::close(const std::string& name, Instant now, Actions& out) {
  Leaving& leaving = leaving_.at(name);
  leaving.next = now + kCloseAgain;
  if (!leaving.unloaded) {
    Section which;
    which.put("name", name);
    ask(Purpose::unload, name,
        {.command = "unload-conn", .message = std::move(which), .within = kUrgentWithin, .urgent = true}, now, out);
  }
  terminate("ike", name, now, out);
  look_again_ = true, look_not_before_ = now;
}

void Circuits::terminate(const char* by, const std::string& value, Instant now, Actions& out) {
  Section which;  // by force: whoever does not answer any more is gone as well; and charon does not wait for him
  which.put(by, value).put("force", "yes").put("timeout", "-1");
  ask(Purpose::terminate, value,
      {.command = "terminate", .message = std::move(which), .within = kUrgentWithin, .urgent = true}, now, out);
}

void Circuits::look(Instant now, Actions& out) {
  looking_ = true, look_again_ = false;
  next_look_ = now + kLookEvery, look_not_before_ = now + kLookPause;
  ask(Purpose::list_tunnels, {}, {.command = "list-sas", .stream = "list-sa", .within = kAnswerWithin, .urgent = true},
      now, out);
}

// --- charon

bool Circuits::wants_connection(Instant now) const {
  return !client_.is_open() && now >= next_try_;
}

Actions Circuits::connected(Instant now) {
  Actions out;
  happened(client_.opened(now), now, out);
  if (client_.is_open()) {
    ask(Purpose::list_connections, {}, {.command = "list-conns", .stream = "list-conn", .within = kAnswerWithin}, now,
        out);
  }
  return out;
}

Actions Circuits::failed(Instant now) {
  Actions out;
  if (client_.is_open()) {
    happened(client_.closed(now), now, out);
  } else {
    gone(fail("vici.closed", "charon's socket cannot be opened"), now, out);
  }
  return out;
}

Actions Circuits::feed(vici::View bytes, Instant now) {
  Actions out;
  happened(client_.feed(bytes, now), now, out);
  settle(now, out);
  return out;
}

Actions Circuits::tick(Instant now) {
  Actions out;
  happened(client_.tick(now), now, out);
  if (next_change_ && *next_change_ <= now) wanted(now, out);
  if (here_ && next_look_ <= now) look_again_ = true;
  overdue(now, out);
  settle(now, out);
  return out;
}

std::optional<Instant> Circuits::next_deadline() const {
  std::optional<Instant> next = client_.next_deadline();
  const auto consider = [&](Instant at) { next = next ? std::min(*next, at) : at; };
  if (next_change_) consider(*next_change_);
  if (!client_.is_open()) consider(next_try_);
  for (const auto& [name, leaving] : leaving_) {
    if (!leaving.told) consider(leaving.since + kCloseWithin);
    if (here_) consider(leaving.next);
  }
  if (!here_) return next;
  if (!looking_) consider(look_again_ ? look_not_before_ : next_look_);
  for (const auto& [name, meant] : meant_) {
    if (!meant.loaded && !meant.asked && !leaving_.contains(name)) consider(meant.next);
  }
  return next;
}

void Circuits::overdue(Instant now, Actions& out) {
  for (auto& [name, leaving] : leaving_) {
    if (leaving.told || now < leaving.since + kCloseWithin) continue;
    leaving.told = true;
    out.notes.push_back({.event = &kCloseLate,
                         .circuit = leaving.circuit,
                         .code = leaving.code,
                         .words = here_ ? "" : "charon is away"});
  }
}

void Circuits::gone(const Error& why, Instant now, Actions& out) {
  here_ = looking_ = look_again_ = false;
  questions_.clear();
  for (auto& [name, meant] : meant_) meant.loaded = meant.asked = false;
  for (auto& [name, leaving] : leaving_) leaving.unloaded = false;
  for (const auto& [circuit, line] : lines_) out.changes.push_back({circuit, Line::unknown});
  lines_.clear(), up_.clear();
  next_try_ = now + pause_before_try(failures_++);
  if (std::exchange(told_away_, true)) return;
  out.notes.push_back({.event = &kCharonLost, .code = why.code, .words = why.detail});
}

void Circuits::ask(Purpose purpose, const std::string& name, vici::Request request, Instant now, Actions& out) {
  auto asked = client_.ask(std::move(request), now);
  questions_[asked.id] = {purpose, name};
  happened(std::move(asked.happened), now, out);
}

void Circuits::happened(std::vector<vici::Happening> more, Instant now, Actions& out) {
  for (vici::Happening& each : more) {
    if (auto* done = std::get_if<vici::Done>(&each)) {
      const auto question = questions_.extract(done->id);
      // What a lost connection leaves unanswered is read anew on the next one.
      if (!question.empty() && client_.is_open()) answered(question.mapped(), std::move(*done), now, out);
    } else if (std::holds_alternative<vici::Heard>(each)) {
      look_again_ = true;
    } else {
      gone(std::get<vici::Lost>(each).why, now, out);
    }
  }
}

void Circuits::answered(const Question& question, vici::Done done, Instant now, Actions& out) {
  const bool list = question.purpose == Purpose::list_connections || question.purpose == Purpose::list_tunnels;
  // What changes something says that it did; an answer that says nothing of it is none.
  const bool good = done.answer.has_value() && (list || done.answer->is("success", "yes"));
  if (list && !good) {
    static_cast<void>(client_.closed(now));
    return gone(done.answer.error(), now, out);
  }
  const Error why = done.answer ? fail("vici.malformed", "an answer without success") : done.answer.error();
  switch (question.purpose) {
    case Purpose::list_connections:
      return connections(done.rows, now, out);
    case Purpose::list_tunnels:
      looking_ = false;
      return tunnels(done.rows, now, out);
    case Purpose::load: {
      const auto meant = meant_.find(question.name);
      if (meant == meant_.end()) {
        // It closed while this waited in line, and its unloading went ahead.
        if (!good) return;
        const Leaving fresh{circuit_in(question.name).value_or(""), {}, "circuit.changed", now, now};
        Leaving& leaving = leaving_.try_emplace(question.name, fresh).first->second;
        leaving.unloaded = false, leaving.next = now;
        return;
      }
      meant->second.asked = false;
      meant->second.loaded = good;
      if (good) {
        meant->second.failures = 0;
        out.notes.push_back(
            {.event = &kCircuitOpened, .circuit = meant->second.circuit, .contractor = meant->second.contractor});
        return;
      }
      meant->second.next = now + pause_before_load(++meant->second.failures);
      if (meant->second.failures == 1) {
        out.notes.push_back(
            {.event = &kLoadFailed, .circuit = meant->second.circuit, .code = why.code, .words = why.peer});
      }
      return;
    }
    case Purpose::unload: {
      // Refused means that there is none of this name: as good as done.
      const auto leaving = leaving_.find(question.name);
      const bool settled = good || why.code == "vici.refused";
      if (leaving != leaving_.end() && settled) leaving->second.unloaded = true;
      return;
    }
    case Purpose::terminate:
      return;  // what became of it is looked up
  }
}

void Circuits::connections(const std::vector<Section>& rows, Instant now, Actions& out) {
  std::set<std::string> held;
  for (const Section& row : rows) {
    for (const vici::Item& item : row.items()) {
      if (circuit_in(item.name)) held.insert(item.name);
    }
  }
  for (auto& [name, meant] : meant_) meant.loaded = held.contains(name), meant.held = meant.held || meant.loaded;
  for (auto& [name, leaving] : leaving_) leaving.unloaded = !held.contains(name), leaving.next = now;
  for (const std::string& name : held) {
    if (meant_.contains(name) || leaving_.contains(name)) continue;
    leaving_[name] = Leaving{*circuit_in(name), {}, "circuit.not_meant", now, now};
  }
  look(now, out);
}

void Circuits::see(const std::string& name, const Section& tunnel, std::map<std::string, Tunnel>& up, Instant now,
                   Actions& out) {
  const Tunnel facts{std::string(tunnel.text("remote-host")), std::string(tunnel.text("remote-id")),
                     std::string(tunnel.text("encr-alg")) + "-" + std::string(tunnel.text("encr-keysize"))};
  const auto stray = [&](const std::string& circuit, std::string_view code) {
    out.notes.push_back({.event = &kStray,
                         .circuit = circuit,
                         .code = std::string(code),
                         .peer = facts.peer,
                         .identity = facts.identity});
  };
  if (leaving_.contains(name)) return;  // also when it is meant again: this tunnel goes first
  const auto meant = meant_.find(name);
  if (meant == meant_.end()) {
    const std::string circuit = *circuit_in(name);
    stray(circuit, "circuit.not_meant");
    leaving_[name] = Leaving{circuit, {}, "circuit.not_meant", now, now};
    return;
  }
  if (!stands(tunnel)) return;
  if (const auto code = objection(tunnel, meant->second.identity); !code.empty()) {
    stray(meant->second.circuit, code);
    return terminate("ike-id", std::string(tunnel.text("uniqueid")), now, out);
  }
  const Section* children = tunnel.section("child-sas");
  const bool carrying = children != nullptr && std::ranges::any_of(children->items(), [](const vici::Item& item) {
                          const auto* child = std::get_if<Section>(&item.held);
                          return child != nullptr && carries(*child);
                        });
  if (carrying) up[meant->second.circuit] = facts;
}

void Circuits::tunnels(const std::vector<Section>& rows, Instant now, Actions& out) {
  std::map<std::string, Tunnel> up;
  std::set<std::string> seen;
  for (const Section& row : rows) {
    for (const vici::Item& item : row.items()) {
      const auto* tunnel = std::get_if<Section>(&item.held);
      if (tunnel == nullptr || !circuit_in(item.name)) continue;
      seen.insert(item.name);
      see(item.name, *tunnel, up, now, out);
    }
  }
  if (!client_.is_open()) return;
  if (!std::exchange(here_, true)) {
    failures_ = 0, told_away_ = false;
    for (const auto& [name, meant] : meant_) lines_.emplace(meant.circuit, Line::unknown);
    out.notes.push_back({.event = &kCharonBack, .number = static_cast<std::int64_t>(meant_.size())});
  }
  for (const auto& [name, meant] : meant_) {
    const auto tunnel = up.find(meant.circuit);
    set_line(meant.circuit, meant.contractor, tunnel == up.end() ? nullptr : &tunnel->second, "circuit.line_down", out);
  }
  for (auto entry = leaving_.begin(); entry != leaving_.end();) {
    const Leaving& leaving = entry->second;
    if (!leaving.unloaded || seen.contains(entry->first)) {
      ++entry;
      continue;
    }
    const auto took = std::chrono::ceil<milliseconds>(now - leaving.since);
    out.notes.push_back({.event = &kCircuitClosed,
                         .circuit = leaving.circuit,
                         .contractor = leaving.contractor,
                         .code = leaving.code,
                         .number = took.count()});
    // Meant again in the meantime: what charon held under this name is gone with the rest.
    if (const auto again = meant_.find(entry->first); again != meant_.end()) again->second.loaded = false;
    entry = leaving_.erase(entry);
  }
}

void Circuits::set_line(const std::string& circuit, const std::string& contractor, const Tunnel* tunnel,
                        std::string_view code, Actions& out) {
  const Line line = tunnel != nullptr ? Line::up : Line::down;
  const auto known = lines_.find(circuit);
  if (known == lines_.end()) return;  // charon is away: it is unknown already
  if (tunnel != nullptr) up_[circuit] = *tunnel;
  const Line before = std::exchange(known->second, line);
  if (before == line) return;
  if (line != Line::up) up_.erase(circuit);
  out.changes.push_back({circuit, line});
  if (line == Line::up) {
    out.notes.push_back({.event = &kLineUp,
                         .circuit = circuit,
                         .contractor = contractor,
                         .peer = tunnel->peer,
                         .identity = tunnel->identity,
                         .cipher = tunnel->cipher});
  } else if (before == Line::up) {
    out.notes.push_back({.event = &kLineDown, .circuit = circuit, .contractor = contractor, .code = std::string(code)});
  }
}

// --- what is shown

Line Circuits::line(const std::string& circuit) const {
  const auto found = lines_.find(circuit);
  return here_ && found != lines_.end() ? found->second : Line::unknown;
}

std::map<std::string, View> Circuits::view(Instant now) const {
  std::map<std::string, View> out;
  for (const auto& [id, circuit] : registry_.circuits) {
    View& view = out[id];
    view.closed_because = closed_because(registry_, circuit, settings_.path, now);
    view.line = line(id);
    if (const auto tunnel = up_.find(id); tunnel != up_.end()) {
      view.peer = tunnel->second.peer, view.identity = tunnel->second.identity, view.cipher = tunnel->second.cipher;
    }
  }
  for (const auto& [name, meant] : meant_) {
    if (const auto view = out.find(meant.circuit); view != out.end()) view->second.loaded = meant.loaded;
  }
  return out;
}

}  // namespace sekisho::circuits
