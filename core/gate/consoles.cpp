// Who stands at a page, what he may see there, and the screens that he opens (R11, R12, T-60).
#include "gate/consoles.hpp"

#include "admission/browser_rule.hpp"
#include "admission/enforce.hpp"
#include "base/json_object.hpp"
#include "gate/lines.hpp"
#include "gate/rdp.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::gate {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

constexpr Seconds kLookEvery{60};  // a page that asks on and on is one entry a minute
constexpr std::size_t kMostLooked = 1024;
constexpr Seconds kLastNotes{60};  // for a closed screen's last chunk
constexpr Seconds kAnswered{1};    // for the answer to who ends his session; every hop is to end within 2 s

/// What only looks: asked again and again by a page that stays open.
bool looks(const seam::ConsoleQuestion& question) {
  return std::holds_alternative<seam::ViewDesktop>(question) || std::holds_alternative<seam::ListServers>(question) ||
         std::holds_alternative<seam::WantThumbnail>(question);
}

Text name_of(const std::string& id) {
  return {id, id};
}

}  // namespace

void Consoles::request(const LinkEntry& link, seam::ConsoleRequest request) {
  forget_late();
  auto asking = std::make_shared<Asking>();
  asking->link = link.id;
  asking->path = link.name;
  asking->at = gate_.now();
  asking->request = std::move(request);
  if (const std::string code = who_asks(*asking); !code.empty()) return refuse(*asking, code);
  const bool at_desktop = asking->request.place == seam::Place::desktop;
  if (at_desktop) asking->session->page_seen = gate_.now();
  if (!looks(asking->request.body)) asking->session->last_activity = gate_.now();
  if (at_desktop) {
    // R09 for who logged in with the client's own form.
    Arrival arrival;
    arrival.path = asking->path;
    arrival.peer_address = asking->request.peer_address;
    arrival.user_agent = asking->request.user_agent;
    arrival.form = LoginForm::page;
    const auto refused =
        admission::refuse_browser(gate_.path(asking->path)->policy, gate_.plugins.checks, *gate_.registry,
                                  asking->session->row.terminal, arrival, gate_.now());
    if (refused) return refuse(*asking, *refused);
  }
  // Each question has one place; at the other nobody is who he would have to be there.
  const auto here = [&](seam::Place place, auto&& act) {
    if (asking->request.place == place) return act();
    refuse(*asking, at_desktop ? "console.not_a_desktop" : "session.unknown_cookie");
  };
  const auto after_login = [&](auto&& act) {
    here(seam::Place::console, [&] {
      if (!admission::enforce("R12", "console.not_logged_in", logged_in(*asking))) {
        return refuse(*asking, "console.not_logged_in");
      }
      act();
    });
  };
  std::visit(
      Overloaded{
          [&](const seam::ViewDesktop&) { here(seam::Place::desktop, [&] { view_desktop(*asking); }); },
          [&](const seam::EndByPerson&) { here(seam::Place::desktop, [&] { end_by_person(asking); }); },
          [&](seam::ConsoleLogin& wanted) { here(seam::Place::console, [&] { login(asking, std::move(wanted)); }); },
          [&](const seam::ListServers&) { after_login([&] { list_servers(asking); }); },
          [&](const seam::WantTicket& wanted) {
            if (at_desktop) return want_ticket(*asking, {});
            after_login([&] { want_ticket(*asking, wanted.server); });
          },
          [&](const seam::WantThumbnail& wanted) { after_login([&] { want_thumbnail(asking, wanted.server); }); },
          [&](const seam::OpenScreen& wanted) {
            if (at_desktop) return open_screen(asking, wanted.ticket);
            after_login([&] { open_screen(asking, wanted.ticket); });
          },
      },
      asking->request.body);
}

void Consoles::answer(const Asking& asking, seam::ConsoleAnswer body) {
  const auto found = gate_.links.find(asking.link);
  if (found != gate_.links.end()) found->second.link->send(seam::ConsoleReply{asking.request.number, std::move(body)});
}

void Consoles::refuse(const Asking& asking, std::string_view code) {
  refuse(asking, admission::refusal(code));
}

void Consoles::refuse(const Asking& asking, const Refusal& refusal) {
  bool journalled = true;
  if (looks(asking.request.body)) {
    if (looked_.size() >= kMostLooked) looked_.clear();
    auto [at, fresh] = looked_.try_emplace({asking.request.peer_address, refusal.code}, gate_.now());
    journalled = fresh || gate_.now() >= at->second + kLookEvery;
    if (journalled) at->second = gate_.now();
  }
  if (journalled) {
    audit::Entry entry;
    entry.event = asking.request.place == seam::Place::desktop ? "desktop.refused" : "console.refused";
    if (asking.session) {
      entry.session = asking.session->row.number;
      entry.person = asking.session->row.person;
    }
    entry.from = asking.request.peer_address;
    entry.path = asking.path;
    entry.rule = refusal.rule;
    entry.code = refusal.code;
    entry.result = "refused";
    gate_.record(std::move(entry));
  }
  const bool unavailable = refusal.code == "gate.unavailable" || refusal.code == "console.no_hypervisor";
  answer(asking, seam::ConsoleRefused{refusal, unavailable});
}

std::string Consoles::who_asks(Asking& asking) const {
  if (asking.request.place == seam::Place::desktop) {
    const auto session = gate_.session_at(asking.request.peer_address);
    if (!session || session->row.path != asking.path) return "session.unknown_cookie";
    asking.session = session;
  } else {
    // R12: the address of the desktop of a live session; of two the newer one.
    for (const auto& [number, session] : gate_.sessions) {
      if (session->row.path != asking.path || session->state != SessionState::admitted) continue;
      // Where the broker has put it; while it is not ready it is nowhere.
      const registry::Desktop* desktop = desktop_of(*session);
      const std::string address = desktop != nullptr ? now_of(*session, *desktop).address : std::string();
      const bool from_it = !address.empty() && address == asking.request.peer_address;
      if (!admission::enforce("R12", "console.not_a_desktop", from_it)) continue;
      if (!asking.session || asking.session->row.granted_at <= session->row.granted_at) asking.session = session;
    }
    if (!asking.session) return "console.not_a_desktop";
  }
  if (!admission::enforce("R02", "circuit.line_down", gate_.lines->carries(asking.session->row))) {
    return "circuit.line_down";
  }
  if (!admission::enforce("R10", "posture.quarantine", asking.session->state == SessionState::admitted)) {
    return "posture.quarantine";
  }
  return {};
}

const registry::Desktop* Consoles::desktop_of(const Session& session) const {
  return gate_.desktop_of(session.row);
}

DesktopNow Consoles::now_of(const Session& session, const registry::Desktop& desktop) const {
  return gate_.desktop_now(session.row, desktop);
}

bool Consoles::logged_in(const Asking& asking) const {
  const auto found = logins_.find(asking.session->row.number);
  return found != logins_.end() && found->second.address == asking.request.peer_address;
}

std::vector<const registry::Server*> Consoles::servers_of(const Session& session) const {
  std::vector<const registry::Server*> out;
  registry::Rights rights;
  if (gate_.fault_of(session.row, &rights)) return out;
  for (const auto& [id, server] : gate_.registry->servers) {
    if (std::ranges::find(rights.systems, server.system) != rights.systems.end()) out.push_back(&server);
  }
  return out;
}

Consoles::Found Consoles::find_server(const Session& session, std::string_view server) const {
  const auto servers = servers_of(session);
  const auto found = std::ranges::find(servers, server, &registry::Server::id);
  Found none{nullptr, "console.no_such_server"};
  if (!admission::enforce("R12", "console.no_such_server", found != servers.end())) return none;
  if (found == servers.end()) {  // only where a test has switched the rule off
    const auto any = gate_.registry->servers.find(std::string(server));
    if (any != gate_.registry->servers.end()) none.server = &any->second;
    return none;
  }
  if (!admission::enforce("R13", "console.physical", (*found)->kind == registry::ServerKind::virtual_machine)) {
    return {nullptr, "console.physical"};
  }
  return {*found, {}};
}

void Consoles::view_desktop(const Asking& asking) {
  const Session& session = *asking.session;
  const registry::Desktop* desktop = desktop_of(session);
  if (desktop == nullptr) return refuse(asking, "desktop.none");
  gate_.look_at_desktop(session.row);
  DesktopNow now = now_of(session, *desktop);
  seam::DesktopView view;
  view.session = session.row.number;
  const auto person = gate_.registry->people.find(session.row.person);
  const bool named = person != gate_.registry->people.end() && !person->second.name.empty();
  view.person = named ? person->second.name.substr(0, 200) : session.row.person;
  view.language = session.row.language;
  view.until = to_rfc3339(session.row.until);
  view.zone = session.row.zone;
  view.left_s = gate_.view(session).remaining_s;
  view.desktop = desktop->id;
  view.name = name_of(desktop->id);
  view.state = std::move(now.state);
  view.progress = now.progress;
  view.expected_s = now.expected_s;
  view.account = std::move(now.account);
  view.password = std::move(now.password);
  view.watermark = gate_.options.consoles.watermark;
  view.recorded = gate_.options.consoles.recorded;
  answer(asking, std::move(view));
}

void Consoles::end_by_person(const AskingPtr& asking) {
  auto end = [this, weak = gate_.weak_from_this(), session = asking->session] {
    if (weak.expired()) return;
    gate_.end(session, admission::refusal("session.logged_out"), session->row.person);
  };
  if (!ending_.insert(asking->session->row.number).second) {
    end();
    return answer(*asking, seam::ConsoleDone{});
  }
  store::SessionRow row = asking->session->row;
  row.until = std::min(row.until, gate_.now() + kAnswered);
  gate_.services.timers.at(gate_.now() + kAnswered, std::move(end));
  // Who is told that his session ends must not find it alive again because the gatekeeper died in that second.
  gate_.in_store<bool>(
      [row = std::move(row), node = gate_.options.node](store::Tx& tx) { return put_if_open(tx, row, node); },
      [this, weak = gate_.weak_from_this(), asking](const Result<bool>&) {
        if (!weak.expired()) answer(*asking, seam::ConsoleDone{});  // a lost store keeps nobody from leaving
      },
      Gate::State::Commit::shared);
}

void Consoles::want_ticket(const Asking& asking, const std::string& server) {
  admission::ScreenRight right;
  right.session = asking.session->row.number;
  if (asking.request.place == seam::Place::desktop) {
    const registry::Desktop* desktop = desktop_of(*asking.session);
    if (desktop == nullptr) return refuse(asking, "desktop.none");
    const DesktopNow now = now_of(*asking.session, *desktop);
    if (!admission::enforce("R11", "desktop.not_ready", now.state == "ready")) {
      return refuse(asking, "desktop.not_ready");
    }
    right.machine = now.machine;
    right.driver = now.driver;
  } else {
    const Found found = find_server(*asking.session, server);
    if (found.server == nullptr) return refuse(asking, found.refused);
    right.machine = found.server->machine;
    right.driver = found.server->manager;
  }
  auto ticket = tickets_.issue(right, gate_.now());
  if (!ticket) return refuse(asking, "gate.unavailable");
  answer(asking, seam::TicketGiven{std::move(*ticket)});
}

admission::ScreenRight Consoles::first_right(const Asking& asking) const {
  admission::ScreenRight out;
  if (asking.request.place == seam::Place::desktop) {
    if (const registry::Desktop* desktop = desktop_of(*asking.session)) {
      const DesktopNow now = now_of(*asking.session, *desktop);
      out.machine = now.machine;
      out.driver = now.driver;
    }
    return out;
  }
  for (const registry::Server* server : servers_of(*asking.session)) {
    if (server->kind != registry::ServerKind::virtual_machine) continue;
    out.machine = server->machine;
    out.driver = server->manager;
  }
  return out;
}

void Consoles::open_screen(const AskingPtr& asking, const Secret& ticket) {
  const Session& session = *asking->session;
  const auto redeemed = tickets_.redeem(ticket.reveal(), session.row.number, gate_.now());
  if (!admission::enforce("R12", "ticket.bad", redeemed.has_value())) return refuse(*asking, "ticket.bad");
  // Without a ticket only where a test has switched the rule off.
  const admission::ScreenRight wanted = redeemed ? *redeemed : first_right(*asking);
  const bool at_desktop = asking->request.place == seam::Place::desktop;
  const auto own = std::ranges::count_if(screens_, [&](const auto& entry) {
    const Screen& screen = entry.second;
    return !screen.closed && screen.session == session.row.number && screen.server.empty() == at_desktop;
  });
  const bool room = static_cast<std::size_t>(own) < gate_.options.consoles.screens_per_session;
  if (!admission::enforce("R12", "console.too_many", room)) return refuse(*asking, "console.too_many");
  seam::ScreenRight right;
  right.machine = wanted.machine;
  right.driver = wanted.driver;
  std::string server;
  registry::Zone zone = registry::Zone::internet_business;
  if (at_desktop) {
    // What the ticket was for must still be so (T-60): the same desktop, and ready.
    const registry::Desktop* desktop = desktop_of(session);
    if (desktop == nullptr) return refuse(*asking, "desktop.none");
    const DesktopNow now = now_of(session, *desktop);
    if (now.state != "ready") return refuse(*asking, "desktop.not_ready");
    if (now.machine != wanted.machine || now.driver != wanted.driver) return refuse(*asking, "ticket.bad");
    right.target = desktop->id;
    right.address = now.driver.empty() ? now.address : std::string();
    right.port = now.driver.empty() ? now.port : std::uint16_t{0};
    zone = desktop->zone;
  } else {
    for (const registry::Server* each : servers_of(session)) {
      if (each->machine == wanted.machine && each->manager == wanted.driver) server = each->id;
    }
    const Found found = find_server(session, server);
    if (found.server == nullptr) return refuse(*asking, found.refused);
    right.target = server;
    zone = zone_of(*gate_.registry, *found.server);
  }
  // R01: a path's consoles stand in its own zones; relay and kernel judge the same by themselves.
  const auto& zones = gate_.path(asking->path)->policy.zones;
  if (!admission::enforce("R01", "console.other_zone", std::ranges::find(zones, zone) != zones.end())) {
    return refuse(*asking, "console.other_zone");
  }
  right.zone = registry::to_string(zone);
  const bool plain = right.driver.empty();
  reserve(*asking, right, std::move(server));
  if (plain && at_desktop) return give(asking, std::move(right));
  ask_hyperd(asking, zone, std::move(right));
}

void Consoles::give(const AskingPtr& asking, seam::ScreenRight right) {
  // What the session lost while hyperd was asked counts, and is not written down as opened.
  if (const std::string fault = no_longer(*asking, right); !fault.empty()) {
    screens_.erase(right.console);
    return refuse(*asking, fault);
  }
  const store::SessionRow& row = asking->session->row;
  audit::Entry entry;
  const bool at_desktop = asking->request.place == seam::Place::desktop;
  entry.event = at_desktop ? "desktop.opened" : "console.opened";
  entry.session = row.number;
  entry.person = row.person;
  entry.from = asking->request.peer_address;
  entry.path = asking->path;
  entry.rule = at_desktop ? "R11" : "R12";
  entry.result = "ok";
  entry.detail = json_object("console", right.console, "target", right.target, "machine", right.machine, "recorded",
                             right.recorded);
  const Screen opening = screens_.at(right.console);
  auto held = std::make_shared<seam::ScreenRight>(std::move(right));
  gate_.record(std::move(entry), [this, asking, held, opening](Result<std::uint64_t> durable) {
    // The gate calls back only while it lives, and this lives as long. What the session lost meanwhile counts.
    const auto screen = screens_.find(held->console);
    const std::string fault = durable ? no_longer(*asking, *held) : "gate.unavailable";
    if (!fault.empty()) {
      // What the journal has as opened is over before anybody has seen it.
      if (durable) tell_end(closed_entry(held->console, opening, screen == screens_.end() ? "relay.gone" : fault));
      if (screen != screens_.end()) screens_.erase(screen);
      return refuse(*asking, fault);
    }
    screen->second.given = true;
    gate_.rdp->changed(held->session);
    answer(*asking, std::move(*held));
  });
}

void Consoles::left(const std::string& session) {
  tickets_.forget(session);
  logins_.erase(session);
  ending_.erase(session);
}

void Consoles::judge() {
  for (auto& [console, screen] : screens_) {
    if (screen.closed || screen.server.empty()) continue;
    const auto session = gate_.sessions.find(screen.session);
    if (session == gate_.sessions.end()) continue;  // its relay was told of the whole session
    const auto servers = servers_of(*session->second);
    if (std::ranges::find(servers, screen.server, &registry::Server::id) != servers.end()) continue;
    const auto link = gate_.links.find(screen.link);
    if (link != gate_.links.end()) link->second.link->send(seam::ScreenEnd{console, "console.no_such_server"});
  }
}

void Consoles::link_gone(Gate::LinkId link) {
  std::erase_if(screens_, [&](const auto& entry) {
    if (entry.second.link != link) return false;
    gate_.rdp->changed(entry.second.session);
    broke_off(entry.first, entry.second, "relay.gone");
    return true;
  });
  bare_views_gone(link);
  tell_untold();
}

std::set<std::string> Consoles::open_servers(const std::string& session) const {
  std::set<std::string> out;
  for (const auto& [console, screen] : screens_) {
    const bool is_open = screen.given && !screen.closed && !screen.server.empty();
    if (is_open && screen.session == session) out.insert(screen.server);
  }
  return out;
}

std::string Consoles::desktop_address(const Session& session) const {
  const registry::Desktop* desktop = desktop_of(session);
  if (desktop == nullptr) return {};
  DesktopNow now = now_of(session, *desktop);
  return now.state == "ready" ? std::move(now.address) : std::string();
}

std::size_t Consoles::open() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(screens_, [](const auto& entry) { return !entry.second.closed; }));
}

void Consoles::forget_late() {
  std::erase_if(screens_, [&](const auto& entry) {
    if (!entry.second.closed || gate_.now() < entry.second.closed_at + kLastNotes) return false;
    broke_off(entry.first, entry.second, "recording.no_end");
    return true;
  });
  tell_untold();
}

}  // namespace sekisho::gate
