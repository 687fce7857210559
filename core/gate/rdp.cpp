#include "gate/rdp.hpp"

#include "base/json_object.hpp"
#include "gate/addresses.hpp"
#include "gate/consoles.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::gate {
namespace {

constexpr std::chrono::seconds kRetry{1};  ///< a right that ended must not live on until the next renewal
constexpr std::size_t kPerEntry = 32;      ///< destinations; an entry is at most 8 KiB
constexpr std::uint64_t kRepeats = 8;      ///< packets of one try that a client sends again by itself, at most

using admission::RdpGrant;

/// Grants of one source, in groups that fit an entry.
std::vector<std::vector<RdpGrant>> groups_of(std::vector<RdpGrant> grants) {
  std::vector<std::vector<RdpGrant>> out;
  std::map<std::pair<std::string, std::string>, std::size_t> open;
  for (RdpGrant& grant : grants) {
    const auto [at, fresh] = open.emplace(std::pair{grant.from, grant.source}, out.size());
    if (!fresh && out[at->second].size() >= kPerEntry) at->second = out.size();
    if (at->second == out.size()) out.emplace_back();
    out[at->second].push_back(std::move(grant));
  }
  return out;
}

}  // namespace

void Rdp::changed(const std::string& session) {
  dirty_.insert(session);
  if (std::exchange(flushing_, true)) return;
  gate_.services.timers.post([this, weak = gate_.weak_from_this()] {
    if (!weak.expired()) flush();
  });
}

void Rdp::changed_all() {
  for (const auto& [number, session] : gate_.sessions) changed(number);
}

void Rdp::flush() {
  flushing_ = false;
  bool tell_netd = false;
  for (const std::string& number : std::exchange(dirty_, {})) tell_netd = judge(number) || tell_netd;
  // However many sessions end at once, the kernel is told one state, and told it first.
  if (tell_netd || !removed_.empty()) tell();
  for (const Removed& each : std::exchange(removed_, {})) journal_removed(each.grants, each.why);
  for (auto& grants : std::exchange(granted_, {})) journal_granted(std::move(grants));
  std::erase_if(owners_, [this](const auto& owner) { return !gate_.sessions.contains(owner.first); });
}

void Rdp::tell_soon() {
  if (std::exchange(telling_, true)) return;
  gate_.services.timers.post([this, weak = gate_.weak_from_this()] {
    if (weak.expired()) return;
    telling_ = false;
    tell();
  });
}

void Rdp::renew() {
  changed_all();
  if (!rule_.rights(gate_.now()).empty()) tell();
}

bool Rdp::judge(const std::string& number) {
  const auto found = gate_.sessions.find(number);
  if (found == gate_.sessions.end()) {
    auto step = rule_.ended(number);
    if (!step.removed.empty()) removed_.push_back({std::move(step.removed), "session.ended"});
    full_.erase(number);
    return false;
  }
  if (gate_.registry->servers.empty() && !rule_.holds(number)) {  // nothing to grant, nothing to take away
    full_.erase(number);
    return false;
  }
  const Session& session = *found->second;
  const auto open = gate_.consoles->open_servers(number);
  std::set<std::string_view> covered;
  for (const registry::Server* server : gate_.consoles->servers_of(session)) covered.insert(server->id);
  const std::string desktop_address = gate_.consoles->desktop_address(session);
  admission::RdpFacts facts;
  facts.session = number;
  facts.admitted = session.state == SessionState::admitted;
  facts.until = session.row.until;
  facts.desktop = session.row.desktop;
  facts.desktop_address = desktop_address;
  for (const auto& [id, server] : gate_.registry->servers) {
    const bool physical = server.kind == registry::ServerKind::physical;
    // What is no address of this network opens nothing.
    const std::string_view address = parse_ipv4(server.address) ? std::string_view(server.address) : std::string_view();
    facts.servers.push_back({id, address, physical, covered.contains(id), open.contains(id)});
  }
  auto step = rule_.judge(facts, gate_.now());
  if (!step.granted.empty()) owners_[number] = {session.row.person, session.row.path};
  if (!step.removed.empty()) {
    removed_.push_back({std::move(step.removed), facts.admitted ? "right.changed" : "posture.quarantine"});
  }
  if (step.left_out > 0 && full_.insert(number).second) {
    audit::Entry entry;
    entry.event = "rdp.not_granted";
    entry.session = number;
    entry.person = session.row.person;
    entry.path = session.row.path;
    entry.rule = "R13";
    entry.code = "rdp.too_many";
    entry.result = "refused";
    entry.detail = json_object("left_out", step.left_out, "most", admission::RdpRule::kMost);
    gate_.record(std::move(entry));
  }
  if (step.left_out == 0) full_.erase(number);
  if (!step.granted.empty()) granted_.push_back(std::move(step.granted));
  return step.other_times;
}

audit::Entry Rdp::entry_of(std::string_view event, const std::vector<RdpGrant>& grants) const {
  const RdpGrant& first = grants.front();
  audit::Entry entry;
  entry.event = event;
  entry.session = first.session;
  const auto owner = owners_.find(first.session);
  if (owner != owners_.end()) {
    entry.person = owner->second.person;
    entry.path = owner->second.path;
  }
  entry.from = first.source;
  entry.rule = "R13";
  nlohmann::json to = nlohmann::json::array(), addresses = nlohmann::json::array();
  for (const RdpGrant& grant : grants) {
    to.push_back(grant.to);
    addresses.push_back(grant.destination);
  }
  entry.detail = json_object("exception", first.from_desktop ? "desktop_to_physical" : "console_to_server", "source",
                             first.from, "to", std::move(to), "addresses", std::move(addresses));
  return entry;
}

void Rdp::journal_granted(std::vector<RdpGrant> grants) {
  for (const auto& group : groups_of(std::move(grants))) {
    audit::Entry entry = entry_of("rdp.granted", group);
    entry.result = "ok";
    entry.detail["until"] = to_rfc3339(group.front().until);
    std::vector<std::uint64_t> numbers;
    numbers.reserve(group.size());
    for (const RdpGrant& grant : group) numbers.push_back(grant.number);
    // The gate calls back only while it lives, and this lives as long.
    gate_.record(std::move(entry), [this, numbers = std::move(numbers)](Result<std::uint64_t> durable) {
      bool changed = false;
      for (const std::uint64_t number : numbers) changed = rule_.entered(number, durable.has_value()) || changed;
      if (changed) tell_soon();
    });
  }
}

void Rdp::journal_removed(const std::vector<RdpGrant>& grants, std::string_view why) {
  for (const auto& group : groups_of(grants)) {
    audit::Entry entry = entry_of("rdp.removed", group);
    entry.result = "ended";
    const bool by_console = why == "right.changed" && !group.front().from_desktop &&
                            !gate_.consoles->open_servers(group.front().session).contains(group.front().from);
    entry.detail["why"] = by_console ? "console.closed" : why;
    gate_.record(std::move(entry));
  }
}

void Rdp::tell() {
  seam::Link* netd = gate_.link_of("netd", "netd");
  if (netd == nullptr) return;  // netd_is_new() follows
  seam::DesiredRdp desired;
  desired.number = told_ = gate_.next_net++;
  const Instant now = gate_.now();
  for (const auto& [pair, until] : rule_.rights(now)) {
    const auto left = std::chrono::ceil<Seconds>(until - now).count();
    const auto most = static_cast<Seconds::rep>(gate_.options.kernel_right_ttl_s);
    desired.rights.push_back({pair.first, pair.second, static_cast<std::uint32_t>(std::min(left, most))});
  }
  netd->send(desired);
}

void Rdp::applied(const seam::NetApplied& answer) {
  if (answer.ok || answer.number != told_) return;
  audit::Entry entry;
  entry.event = "rdp.not_applied";
  entry.rule = "R13";
  entry.code = answer.error.substr(0, answer.error.find(':')).substr(0, 64);
  entry.result = "error";
  entry.detail = json_object("said", answer.error.substr(0, 1024));
  gate_.record(std::move(entry));
  // What netd refuses by its own rules it refuses again; the rest of that state holds.
  if (answer.error.starts_with("netd.refused")) return;
  gate_.services.timers.at(gate_.now() + kRetry, [this, weak = gate_.weak_from_this(), number = answer.number] {
    if (!weak.expired() && number == told_) tell();
  });
}

bool Rdp::Tried::goes_on() const {
  return tries > 0 || packets > kRepeats;
}

void Rdp::forget_told() {
  const Instant now = gate_.now();
  std::erase_if(tried_, [now](const auto& known) {
    return !known.second.goes_on() && now >= known.second.journalled_at + kTellEvery;
  });
}

bool Rdp::sweeps(const std::string& source) const {
  std::ptrdiff_t destinations = 0;
  for (auto at = tried_.lower_bound(Pair{source, "", 0}); at != tried_.end() && std::get<0>(at->first) == source;
       ++at) {
    if (++destinations >= kMostOfSource) return true;
  }
  return false;
}

void Rdp::refused(const seam::RdpRefused& told) {
  forget_told();
  for (const seam::RdpTry& one : told.tries) {
    Pair pair{one.source, one.destination, one.protocol};
    // Who sweeps a network is named, and not with every address of it.
    if (!tried_.contains(pair) && sweeps(one.source)) pair = {one.source, "", one.protocol};
    if (tried_.size() >= kMostPairs && !tried_.contains(pair)) pair = {"", "", 0};
    Tried& tried = tried_[pair];
    tried.tries += one.tries;
    tried.packets += one.packets;
  }
  journal_tries();
}

void Rdp::journal_tries() {
  const Instant now = gate_.now();
  std::optional<Instant> next;
  forget_told();
  for (auto& [pair, tried] : tried_) {
    if (!tried.goes_on()) continue;
    const Instant due = tried.journalled_at + kTellEvery;
    if (now >= due) {
      journal_try(pair, tried);
    } else if (!next || due < *next) {
      next = due;
    }
  }
  if (!next || tries_timer_ != 0) return;
  tries_timer_ = gate_.services.timers.at(*next, [this, weak = gate_.weak_from_this()] {
    if (weak.expired()) return;
    tries_timer_ = 0;
    journal_tries();
  });
}

void Rdp::journal_try(const Pair& pair, Tried& tried) {
  const auto& [source, destination, protocol] = pair;
  std::string from, to;
  const auto session = session_of(source, &from);
  for (const auto& [id, server] : gate_.registry->servers) {
    if (!destination.empty() && server.address == destination) to = id;
  }
  audit::Entry entry;
  entry.event = "rdp.refused";
  if (session) {
    entry.session = session->row.number;
    entry.person = session->row.person;
    entry.path = session->row.path;
  }
  entry.from = source;
  entry.rule = "R13";
  entry.code = "rdp.closed";
  entry.result = "refused";
  entry.detail = json_object("source", from, "address", destination, "to", to, "protocol",
                             protocol == 6    ? "tcp"
                             : protocol == 17 ? "udp"
                                              : "",
                             "tries", tried.tries, "packets", tried.packets);
  nlohmann::json finding = entry.detail;
  last_try_ = tried.journalled_at = gate_.now();
  finding["at"] = to_rfc3339(last_try_);
  finding["from"] = source;
  finding["session"] = entry.session;
  finding["person"] = entry.person;
  findings_.push_back(std::move(finding));
  if (findings_.size() > kMostFindings) findings_.pop_front();
  tried.tries = tried.packets = 0;
  gate_.record(std::move(entry));
}

std::shared_ptr<Session> Rdp::session_of(const std::string& source, std::string* name) const {
  if (source.empty()) return nullptr;
  std::shared_ptr<Session> out;
  const auto newest = [&out](const std::shared_ptr<Session>& session) {
    if (!out || out->row.granted_at <= session->row.granted_at) out = session;
  };
  for (const auto& [number, session] : gate_.sessions) {
    if (gate_.consoles->desktop_address(*session) == source) newest(session);
  }
  if (out) {
    *name = out->row.desktop;
    return out;
  }
  for (const auto& [id, server] : gate_.registry->servers) {
    if (server.address == source) *name = id;
  }
  for (const auto& [number, session] : gate_.sessions) {
    if (!name->empty() && gate_.consoles->open_servers(number).contains(*name)) newest(session);
  }
  return out;
}

nlohmann::json Rdp::view() const {
  nlohmann::json findings = nlohmann::json::array();
  for (const auto& finding : findings_) findings.push_back(finding);
  return {{"rights", rule_.rights(gate_.now()).size()}, {"refused", std::move(findings)}};
}

bool Rdp::alarm() const {
  return !findings_.empty() && gate_.now() < last_try_ + kAlarm;
}

}  // namespace sekisho::gate
