// Plain streams at an entrance, where a lab has opened it: whom it lets in, and what the journal has of each from its
// opening to its end (core/decisions/0019).
#include "admission/enforce.hpp"
#include "base/json_object.hpp"
#include "gate/consoles.hpp"
#include "gate/lines.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::gate {

/// R11: from the tunnel a person reaches his own desktop's screen, through the relay, and nothing else. Here that is to
/// be told where: what passes the entrance is neither recorded nor filtered (core/decisions/0019).
void Consoles::enter(const LinkEntry& link, const seam::EntranceAsk& ask) {
  const auto session = gate_.session_at(ask.peer_address);
  const auto answer_refusal = [&](std::string_view code) {
    seam::EntranceGrant grant;
    grant.number = ask.number;
    grant.refusal = admission::refusal(code);
    audit::Entry entry;
    entry.event = "desktop.refused";
    if (session) {
      entry.session = session->row.number;
      entry.person = session->row.person;
    }
    entry.from = ask.peer_address;
    entry.path = link.name;
    entry.rule = grant.refusal.rule;
    entry.code = grant.refusal.code;
    entry.result = "refused";
    gate_.record(std::move(entry));
    link.link->send(grant);
  };
  if (!admission::enforce("R11", "session.unknown_cookie", session && session->row.path == link.name)) {
    return answer_refusal("session.unknown_cookie");
  }
  if (!admission::enforce("R02", "circuit.line_down", gate_.lines->carries(session->row))) {
    return answer_refusal("circuit.line_down");
  }
  if (!admission::enforce("R10", "posture.quarantine", session->state == SessionState::admitted)) {
    return answer_refusal("posture.quarantine");
  }
  const auto desktop = gate_.registry->desktops.find(session->row.desktop);
  if (!admission::enforce("R11", "desktop.none",
                          desktop != gate_.registry->desktops.end() && desktop->second.person == session->row.person)) {
    return answer_refusal("desktop.none");
  }
  // Whatever the session was granted: a path shows desktops of its own zones.
  const auto& zones = gate_.path(link.name)->policy.zones;
  if (!admission::enforce("R01", "console.other_zone", std::ranges::find(zones, desktop->second.zone) != zones.end())) {
    return answer_refusal("console.other_zone");
  }
  // A desktop has one way to its screen, which is recorded and lets nothing out (R14, R15).
  const bool bare = gate_.options.bare_entrance && !gate_.hypervisors->knows(desktop->second.zone, desktop->second.id);
  if (!admission::enforce("R15", "desktop.page_only", bare)) return answer_refusal("desktop.page_only");
  seam::EntranceGrant grant;
  grant.number = ask.number;
  grant.ok = true;
  grant.session = session->row.number;
  grant.desktop = desktop->second.id;
  grant.address = desktop->second.address;
  grant.port = desktop->second.port;
  audit::Entry entry;
  entry.event = "desktop.opened";
  entry.session = session->row.number;
  entry.person = session->row.person;
  entry.from = ask.peer_address;
  entry.path = link.name;
  entry.rule = "R11";
  entry.result = "ok";
  entry.detail = json_object("desktop", desktop->second.id);
  gate_.record(std::move(entry), [this, asked_by = link.id, path = link.name, person = session->row.person,
                                  grant](Result<std::uint64_t> durable) mutable {
    const auto opened_for_nothing = [&](std::string_view code) {
      if (durable) tell_end(bare_closed_entry(grant.session, person, path, code));
    };
    // To the link that asked, never to a relay started since: it counts its peers anew.
    const auto relay = gate_.links.find(asked_by);
    if (relay == gate_.links.end()) return opened_for_nothing("relay.gone");
    // What the session lost while the entry was being written was told to the relay before this.
    const auto found = gate_.sessions.find(grant.session);
    const bool lives = found != gate_.sessions.end();
    if (!durable || !lives || found->second->state != SessionState::admitted) {
      grant.ok = false;
      grant.refusal = admission::refusal(!durable ? "gate.unavailable"
                                         : lives  ? "posture.quarantine"
                                                  : "session.right_ended");
      opened_for_nothing(grant.refusal.code);
    } else {
      ++found->second->viewers;
      BareViews& views = bare_views_[{asked_by, grant.session}];
      views.person = person;
      views.path = path;
      ++views.count;
    }
    relay->second.link->send(grant);
  });
}

void Consoles::entrance_closed(const LinkEntry& link, const seam::EntranceClosed& closed) {
  const auto session = gate_.sessions.find(closed.session);
  if (session != gate_.sessions.end() && session->second->viewers != 0) --session->second->viewers;
  // A relay that has outlived a gatekeeper tells of streams that this one has not seen open.
  std::string person;
  if (const auto views = bare_views_.find({link.id, closed.session}); views != bare_views_.end()) {
    person = views->second.person;
    if (--views->second.count == 0) bare_views_.erase(views);
  }
  audit::Entry entry = bare_closed_entry(closed.session, person, link.name, {});
  entry.detail = json_object("bytes_in", closed.bytes_in, "bytes_out", closed.bytes_out);
  tell_end(std::move(entry));
}

audit::Entry Consoles::bare_closed_entry(const std::string& session, const std::string& person, const std::string& path,
                                         std::string_view code) {
  audit::Entry out;
  out.event = "desktop.closed";
  out.session = session;
  out.person = person;
  out.path = path;
  out.rule = "R11";
  out.code = code;
  out.result = "ended";
  return out;
}

void Consoles::bare_views_gone(Gate::LinkId link) {
  std::erase_if(bare_views_, [&](const auto& entry) {
    const auto& [of, views] = entry;
    if (of.first != link) return false;
    const auto session = gate_.sessions.find(of.second);
    for (std::size_t left = views.count; left != 0; --left) {
      if (session != gate_.sessions.end() && session->second->viewers != 0) --session->second->viewers;
      untold_.push_back(bare_closed_entry(of.second, views.person, views.path, "relay.gone"));
    }
    return true;
  });
}

}  // namespace sekisho::gate
