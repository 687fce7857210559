#include "judge.hpp"

#include "audit/canonical.hpp"
#include "audit/reader.hpp"
#include "model_signatures.hpp"
#include "world.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sekisho::sim {
namespace {

constexpr Seconds kEndWithin{2};
constexpr Seconds kCodeLife{300};
constexpr Seconds kSlack{4};  ///< between what is shown and when the gate judged it

std::string leaf_of(const Arrival& arrival) {
  return arrival.certificate_chain.empty() ? std::string() : to_hex(sha256(arrival.certificate_chain.front()));
}

std::string shown(const Evidence& evidence, const char* name) {
  const auto found = evidence.find(name);
  return found == evidence.end() ? std::string() : std::string(found->second.reveal());
}

bool is_rule(const std::string& rule) {
  return rule.size() == 3 && rule[0] == 'R' && rule >= "R01" && rule <= "R22";
}

bool in(const std::vector<std::string>& list, const std::string& one) {
  return std::ranges::find(list, one) != list.end();
}

/// Keeps it, too.
bool is_new(std::vector<std::string_view>& seen, std::string_view one) {
  if (std::ranges::find(seen, one) != seen.end()) return false;
  seen.push_back(one);
  return true;
}

bool over(const std::optional<Instant>& ended, Instant at) {
  return ended && *ended <= at;
}

}  // namespace

void Judge::violated(std::string invariant, std::string what) {
  if (!told_.insert(invariant).second) return;
  world_.say("VIOLATION " + invariant + ": " + what);
  violations_.push_back({std::move(invariant), std::move(what), world_.heap().now()});
}

const Contractor* Judge::person(const std::string& id) const {
  const auto found = std::ranges::find(world_.prefecture().people, id, &Contractor::id);
  return found == world_.prefecture().people.end() ? nullptr : &*found;
}

// --- what people show
// ---------------------------------------------------------------------------------------------------

void Judge::asked(const std::string& path, const std::string& role, std::uint64_t number, const GateRequest& request) {
  if (role != "front") return;
  Proof proof;
  if (const auto* begin = std::get_if<BeginLogin>(&request)) {
    proof.path = path;
    proof.login = shown(begin->evidence, "login");
    proof.password = shown(begin->evidence, "password");
    proof.code = shown(begin->evidence, "code");
    proof.leaf_at_begin = proof.leaf_now = leaf_of(begin->arrival);
  } else if (const auto* answer = std::get_if<AnswerLogin>(&request)) {
    const auto known = logins_.find(answer->handle);
    if (known == logins_.end()) return;
    proof = known->second;
    if (proof.path != path) proof.path = "two paths";
    if (auto code = shown(answer->evidence, "code"); !code.empty()) proof.code = std::move(code);
    if (auto word = shown(answer->evidence, "password"); !word.empty()) proof.password = std::move(word);
    proof.leaf_now = leaf_of(answer->arrival);
  } else {
    return;
  }
  proof.asked_at = world_.heap().now();
  proof.asked_at_gate = world_.gate_now();
  asked_.insert_or_assign({path, number}, std::move(proof));
}

void Judge::answered(const std::string& path, const std::string& role, std::uint64_t number, const GateReply& reply) {
  if (const auto* refused = std::get_if<Refused>(&reply)) check_refusal(refused->refusal, "a reply on " + path);
  if (const auto* posture = std::get_if<PostureAnswer>(&reply)) {
    const bool denies = posture->status != 200 || posture->body.find("\"deny\"") != std::string::npos;
    if (denies) {
      const auto body = nlohmann::json::parse(posture->body, nullptr, false);
      const auto told = body.is_object() ? body.find("refusal") : body.end();
      if (!body.is_object() || told == body.end() || !is_rule(told->value("rule", "")) ||
          told->value("code", "").empty()) {
        violated("refusal", "the posture page denies without a rule: " + posture->body.substr(0, 200));
      }
    }
  }
  if (role != "front") return;
  const auto asked = asked_.extract(std::pair(path, number));
  if (asked.empty()) return;
  if (const auto* more = std::get_if<LoginAsked>(&reply)) logins_.insert_or_assign(more->handle, asked.mapped());
  if (const auto* granted = std::get_if<Granted>(&reply)) check_grant(asked.mapped(), *granted, path);
}

void Judge::check_refusal(const Refusal& refusal, const std::string& from) {
  const auto blank = [](const Text& text) { return text.ja.empty() || text.en.empty(); };
  if (is_rule(refusal.rule) && !refusal.code.empty() && !blank(refusal.what) && !blank(refusal.why) &&
      !blank(refusal.remedy)) {
    return;
  }
  violated("refusal", from + " refuses without saying why: [" + refusal.rule + "] " + refusal.code);
}

void Judge::mailed(const SendMail& mail) {
  const auto to = std::ranges::find(world_.prefecture().people, mail.to, &Contractor::mail);
  const std::string digits = code_in(mail.body);
  if (to == world_.prefecture().people.end() || digits.empty()) return;
  codes_.push_back({to->id, digits, world_.heap().now(), world_.gate_now(), false});
}

void Judge::check_grant(const Proof& proof, const Granted& granted, const std::string& path) {
  const auto found = sessions_.find(granted.session);
  if (found == sessions_.end()) {
    return violated("durable", "a front got session " + granted.session + " that no journal entry names");
  }
  Session& session = found->second;
  session.given = true;
  const Contractor* who = person(session.person);
  const std::string about = granted.session + " of " + session.person;
  if (who == nullptr || proof.path != path || session.path != path) {
    return violated("factors", about + " was given on another path than its login's");
  }
  const auto certificate = registry_.certificates.find(proof.leaf_now);
  const bool certified = certificate != registry_.certificates.end() && certificate->second.person == who->id &&
                         certificate->second.terminal == session.terminal && proof.leaf_at_begin == proof.leaf_now;
  if (!certified) violated("factors", about + " without its own certificate");
  session.certificate = proof.leaf_now;
  if (proof.login != who->login) violated("factors", about + " under another login");
  if (proof.password != who->password) violated("factors", about + " without the password");
  // The newest code mailed to him, young enough, never used.
  const auto newest = std::find_if(codes_.rbegin(), codes_.rend(), [&](const Code& code) {
    return code.person == who->id && code.sent_at <= proof.asked_at;
  });
  if (newest == codes_.rend() || newest->digits != proof.code) {
    const bool older = std::ranges::any_of(
        codes_, [&](const Code& code) { return code.person == who->id && code.digits == proof.code; });
    violated("factors", about + (older ? " with an older code" : " without the mailed code"));
  } else {
    if (newest->used) violated("code", about + " with a code that was used before");
    newest->used = true;
    if (proof.asked_at_gate - newest->sent_at_gate > kCodeLife + kSlack)
      violated("factors", about + " with a code past its life");
  }
  recompute(session);
}

// --- what the gate does
// -------------------------------------------------------------------------------------------------

void Judge::journalled(const audit::Entry& entry) {
  if (entry.result == "refused" &&
      (entry.event == "login.refused" || entry.event == "desktop.refused" || entry.event == "session.resume_refused")) {
    if (!is_rule(entry.rule) || entry.code.empty()) violated("refusal", entry.event + " is journalled without a rule");
  }
  if (entry.session.empty()) return;
  if (entry.event == "session.granted") {
    Session session;
    session.number = entry.session;
    session.person = entry.person;
    session.path = entry.path;
    session.terminal = entry.detail.value("terminal", "");
    session.application = entry.detail.value("application", "");
    session.contract = entry.detail.value("contract", "");
    session.address = entry.detail.value("address", "");
    session.admitted = entry.detail.value("state", "") == "admitted";
    session.granted_at = entry.at;
    if (const Contractor* who = person(session.person)) session.certificate = who->leaf->row.fingerprint_sha256;
    if (sessions_.contains(session.number)) violated("address", "session number " + session.number + " is given twice");
    const auto before = newest_at_.find({session.path, session.address});
    if (before != newest_at_.end() && !sessions_.at(before->second).ended) {
      Session& older = sessions_.at(before->second);
      // On the closed path the address is the terminal's own; his next session there takes the older one's place, whose
      // right is over with that.
      if (session.path == kClosed && older.person == session.person && older.terminal == session.terminal) {
        older.replaced_at = world_.gate_now();
        session.replaces = older.number;
        recompute(older);
      } else if (older.given) {
        // A grant whose entry could not be written was never given; it does not hold its address.
        violated("address", session.address + " is given to " + session.number + " and " + before->second);
      }
    }
    newest_at_[{session.path, session.address}] = session.number;
    recompute(session);
    sessions_.insert_or_assign(entry.session, std::move(session));
  }
  const auto found = sessions_.find(entry.session);
  if (found == sessions_.end()) return;
  if (entry.event == "session.admitted") found->second.admitted = true;
  if (entry.event == "session.quarantined") found->second.admitted = false;
  if (entry.event == "session.ended") {
    found->second.ended = true;
    found->second.lawful_until = std::min(found->second.lawful_until, world_.gate_now());
    next_due_ = std::min(next_due_, found->second.lawful_until + kEndWithin);
    if (entry.code == "session.not_given") give_back_the_place_of(found->second);
  }
  if (entry.event == "session.granted" || entry.event == "session.admitted" || entry.event == "desktop.opened" ||
      entry.event == "session.ended") {
    entries_[{entry.event, entry.session}] = audit::canonical_json(entry);
  }
}

void Judge::give_back_the_place_of(const Session& never_given) {
  const auto older = sessions_.find(never_given.replaces);
  if (older == sessions_.end() || older->second.ended) return;
  older->second.replaced_at.reset();
  newest_at_[{older->second.path, older->second.address}] = older->first;
  recompute(older->second);
}

void Judge::gate_died() {
  for (auto& [number, session] : sessions_) {
    if (!session.ended) continue;
    const auto text = entries_.find({"session.ended", number});
    if (text == entries_.end() || world_.journal_disk().durable_holds(text->second)) continue;
    session.ended = false;
    session.given = false;  // who knows what the store kept: it holds its address no more
    recompute(session);
  }
}

void Judge::check_durable(const std::string& event, const std::string& session) {
  const auto text = entries_.find({event, session});
  if (text == entries_.end()) return violated("durable", event + " of " + session + " was never journalled");
  if (!world_.journal_disk().durable_holds(text->second)) {
    violated("durable", event + " of " + session + " has left the gate and is not on the disk");
  }
}

void Judge::gate_sends(const std::string& link, const seam::Message& message) {
  if (const auto* reply = std::get_if<seam::Reply>(&message)) {
    if (const auto* granted = std::get_if<Granted>(&reply->body)) check_durable("session.granted", granted->session);
  } else if (const auto* grant = std::get_if<seam::EntranceGrant>(&message)) {
    check_entrance(link.substr(link.find(':') + 1), *grant);
    if (grant->ok) check_durable("desktop.opened", grant->session);
  } else if (const auto* desired = std::get_if<seam::DesiredNet>(&message)) {
    check_kernel(*desired);
  } else if (const auto* push = std::get_if<seam::Push>(&message)) {
    const auto* changed = std::get_if<SessionChanged>(&push->body);
    if (changed == nullptr || changed->view.state != SessionState::admitted) return;
    const bool since = entries_.contains({"session.admitted", changed->view.session});
    check_durable(since ? "session.admitted" : "session.granted", changed->view.session);
  }
}

void Judge::check_entrance(const std::string& path, const seam::EntranceGrant& grant) {
  if (!grant.ok) return check_refusal(grant.refusal, "the entrance of " + path);
  const auto session = sessions_.find(grant.session);
  const auto desktop = registry_.desktops.find(grant.desktop);
  if (session == sessions_.end() || session->second.path != path) {
    return violated("zones", "the entrance of " + path + " opened for " + grant.session);
  }
  if (line_lost(session->second)) violated("line", grant.session + " reached a desktop while its line is lost");
  if (!session->second.admitted) {
    violated("posture", grant.session + " reached a desktop from quarantine");
  }
  if (desktop == registry_.desktops.end() || desktop->second.person != session->second.person) {
    return violated("zones", grant.session + " reached somebody else's desktop " + grant.desktop);
  }
  const bool closed_zone = desktop->second.zone == registry::Zone::my_number;
  if (closed_zone != (path == kClosed))
    violated("zones", grant.session + " crossed from " + path + " to " + grant.desktop);
}

// --- rights and their ends
// ----------------------------------------------------------------------------------------------

void Judge::registry_is(const registry::Registry& registry) {
  registry_ = registry;
  for (auto& [number, session] : sessions_) {
    if (!session.ended) recompute(session);
  }
}

void Judge::line_is(const std::string& circuit, bool up) {
  if (up) {
    lost_.erase(circuit);
  } else {
    lost_.try_emplace(circuit, world_.heap().now());
  }
  next_due_ = std::min(next_due_, world_.gate_now() + kEndWithin);
  changed_ = true;
}

std::optional<Instant> Judge::line_lost(const Session& session) const {
  if (session.path != kClosed) return std::nullopt;
  const auto terminal = registry_.terminals.find(session.terminal);
  const auto lost = terminal == registry_.terminals.end() ? lost_.end() : lost_.find(terminal->second.circuit);
  return lost == lost_.end() ? std::nullopt : std::optional(lost->second);
}

std::optional<Instant> Judge::lawful(const Session& session, Instant at) const {
  const registry::Registry& r = registry_;
  const auto stop = [&](const std::string& key) { return r.stops.contains(key); };
  const auto person = r.people.find(session.person);
  const auto terminal = r.terminals.find(session.terminal);
  const auto application = r.applications.find(session.application);
  const auto contract = r.contracts.find(session.contract);
  const auto certificate = r.certificates.find(session.certificate);
  if (person == r.people.end() || terminal == r.terminals.end() || application == r.applications.end() ||
      contract == r.contracts.end() || certificate == r.certificates.end()) {
    return std::nullopt;
  }
  if (stop("all:") || stop("path:" + session.path) || stop("contractor:" + person->second.contractor) ||
      stop("person:" + session.person) || stop("terminal:" + session.terminal)) {
    return std::nullopt;
  }
  const registry::Application& a = application->second;
  const bool named = a.contract == contract->first && in(a.people, session.person) &&
                     in(a.terminals, session.terminal) && a.state == registry::ApplicationState::accepted &&
                     a.purpose == registry::Purpose::maintenance;
  const bool lent = terminal->second.kind == registry::TerminalKind::lent;
  const bool ours = contract->second.contractor == person->second.contractor &&
                    terminal->second.contractor == person->second.contractor && lent == (session.path == kClosed);
  const bool now = a.period.holds(at) && contract->second.period.holds(at) && person->second.valid.holds(at) &&
                   !over(contract->second.ended_at, at) && !over(person->second.ended_at, at) &&
                   !over(terminal->second.ended_at, at) && !over(certificate->second.revoked_at, at) &&
                   at < certificate->second.not_after;
  if (!named || !ours || !now) return std::nullopt;
  return std::min({a.period.until, contract->second.period.until, person->second.valid.until,
                   certificate->second.not_after, session.granted_at + std::chrono::hours(12)});
}

void Judge::recompute(Session& session) {
  const Instant now = world_.gate_now();
  session.lawful_until = lawful(session, now).value_or(now);
  if (session.replaced_at) session.lawful_until = std::min(session.lawful_until, *session.replaced_at);
  next_due_ = std::min(next_due_, session.lawful_until + kEndWithin);
  changed_ = true;
}

Judge::Session* Judge::session_of(const std::string& path, const std::string& address) {
  const auto newest = newest_at_.find({path, address});
  return newest == newest_at_.end() ? nullptr : &sessions_.at(newest->second);
}

void Judge::check() {
  const Instant now = world_.gate_now();
  if (!changed_ && now <= next_due_) return;
  if (changed_) check_addresses();
  changed_ = false;
  check_hops();
}

void Judge::check_addresses() {
  std::vector<std::string_view> seen;  // a handful: a path has few tunnels at once
  for (const auto& [path, front] : world_.fronts()) {
    seen.clear();
    for (const auto& [session, tunnel] : front.tunnels()) {
      if (!is_new(seen, tunnel.address)) violated("address", tunnel.address + " has two tunnels on " + path);
      const auto known = sessions_.find(session);
      if (known == sessions_.end() || known->second.path != path || known->second.address != tunnel.address) {
        violated("zones", "a tunnel of " + session + " on " + path + " under " + tunnel.address);
      }
    }
  }
}

void Judge::check_kernel(const seam::DesiredNet& desired) {
  const std::string path = World::path_of_tun(desired.tun);
  std::vector<std::string_view> seen;
  for (const seam::KernelRight& right : desired.rights) {
    const Session* owner = session_of(path, right.address);
    if (!is_new(seen, right.address)) violated("address", right.address + " has two kernel rights on " + path);
    if (owner == nullptr) {
      violated("zones", "the kernel shall let " + right.address + " through, which nobody was given");
      continue;
    }
    if (line_lost(*owner)) violated("line", "the kernel shall let " + right.address + " through over a lost line");
    for (const FilterRule& rule : right.filter) {
      const bool page = rule == World::posture_page(path), entrance = rule == World::entrance(path);
      if (!page && !entrance) violated("zones", right.address + " may reach " + rule.address + " on " + path);
      if (entrance && !owner->admitted) {
        violated("posture", right.address + " may reach the entrance from quarantine");
      }
    }
  }
}

void Judge::alive(const std::string& hop, const Session* session, const std::string& name) {
  if (session == nullptr) return violated("late", hop + " of " + name + ", which nobody was given");
  const Instant now = world_.gate_now();
  if (now <= session->lawful_until + kEndWithin) {
    next_due_ = std::min(next_due_, session->lawful_until + kEndWithin);
    return;
  }
  if (world_.heap().now() <= calm_from_ + kEndWithin || !world_.gate_serves()) {
    next_due_ = now;  // looked at again at the next event
    return;
  }
  violated("late", hop + " of " + session->number + " lives at " + to_rfc3339(now) + ", its right ended at " +
                       to_rfc3339(session->lawful_until));
}

void Judge::check_right(const Session* session, const std::string& address) {
  alive("the kernel right", session, address);
  const auto lost = session == nullptr ? std::nullopt : line_lost(*session);
  if (!lost) return;
  const Instant now = world_.heap().now(), due = std::max(*lost, calm_from_) + kEndWithin;
  if (now > due && world_.gate_serves()) {
    return violated("line", "the kernel lets " + address + " through, its line is lost since " + to_rfc3339(*lost));
  }
  next_due_ = std::min(next_due_, world_.gate_now() + std::max(due - now, Instant::duration(0)));
}

void Judge::check_hops() {
  next_due_ = Instant::max();
  const auto find = [&](const std::string& number) -> const Session* {
    const auto found = sessions_.find(number);
    return found == sessions_.end() ? nullptr : &found->second;
  };
  for (const auto& [path, front] : world_.fronts()) {
    // On the closed path the tunnel is charon's, of a circuit and not of a session: a front that comes back to a new
    // gate is told nothing of it. What ends there is the kernel's right.
    if (path == kClosed) continue;
    for (const auto& [number, tunnel] : front.tunnels()) alive("the tunnel", find(number), number);
  }
  for (const auto& [path, relay] : world_.relays()) {
    for (const auto& [number, desktop] : relay.open()) alive("the desktop", find(number), number);
  }
  for (const auto& [tun, rights] : world_.netd().rights()) {
    for (const auto& [address, right] : rights) {
      if (right.ends > world_.heap().now()) check_right(session_of(World::path_of_tun(tun), address), address);
    }
  }
}

void Judge::check_journal(bool at_end) {
  auto& disk = world_.journal_disk();
  const auto result = audit::verify(disk, world_.trust());
  if (!result.ok) violated("journal", "entry " + std::to_string(result.first_bad) + ": " + result.why);
  if (!at_end) return;
  for (const auto& [number, session] : sessions_) {
    if (!session.given) continue;
    const auto text = entries_.find({"session.granted", number});
    if (text == entries_.end() || !disk.durable_holds(text->second)) {
      violated("journal", number + " was given and the journal has lost it");
    }
  }
}

}  // namespace sekisho::sim
