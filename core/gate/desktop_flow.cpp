// Desktops of sessions: wanted when a session begins, shown while it lives, destroyed with it (R11). The broker behind
// Hypervisors has them; a desktop that no pool serves is what the registry says, and stands ready.
#include "base/json_object.hpp"
#include "gate/rdp.hpp"
#include "gate/state.hpp"

#include <utility>

namespace sekisho::gate {
namespace {

/// One that ended or failed is shown so for this long; whoever asks then gets a fresh one.
constexpr Seconds kShownEnded{10};

}  // namespace

const registry::Desktop* Gate::State::desktop_of(const store::SessionRow& row) const {
  const auto desktop = registry->desktops.find(row.desktop);
  if (desktop == registry->desktops.end() || desktop->second.person != row.person) return nullptr;
  return &desktop->second;
}

void Gate::State::want_desktop(const store::SessionRow& row) {
  const registry::Desktop* desktop = desktop_of(row);
  if (desktop == nullptr) return;
  static_cast<void>(hypervisors->want(row.number, desktop->zone, desktop->id));
}

void Gate::State::keep_desktop(const store::SessionRow& row, const GivenDesktop& given) {
  const registry::Desktop* desktop = desktop_of(row);
  if (desktop == nullptr) return;
  static_cast<void>(hypervisors->adopt(row.number, desktop->zone, desktop->id, given.machine, given.address));
}

void Gate::State::drop_desktop(const store::SessionRow& row) {
  stopped_desktops.erase(row.number);
  hypervisors->left(row.number);
}

void Gate::State::look_at_desktop(const store::SessionRow& row) {
  const auto view = hypervisors->view(row.number);
  if (!view || (view->state != "ended" && view->state != "failed")) {
    stopped_desktops.erase(row.number);
    return;
  }
  const auto [shown, fresh] = stopped_desktops.try_emplace(row.number, now());
  if (fresh || now() < shown->second + kShownEnded) return;
  stopped_desktops.erase(shown);
  want_desktop(row);
}

DesktopNow Gate::State::desktop_now(const store::SessionRow& row, const registry::Desktop& desktop) const {
  DesktopNow out;
  if (!hypervisors->knows(desktop.zone, desktop.id)) {
    out.machine = desktop.id;
    out.address = desktop.address;
    out.port = desktop.port;
    return out;
  }
  out.state = "preparing";
  out.progress = 0;
  auto view = hypervisors->view(row.number);
  if (!view) return out;
  out.state = std::move(view->state);
  out.progress = view->progress;
  out.expected_s = view->expected_s;
  out.account = std::move(view->account);
  out.password = std::move(view->password);
  out.machine = std::move(view->machine);
  out.driver = std::move(view->manager);
  out.address = std::move(view->address);
  out.port = view->port;
  return out;
}

void Gate::State::note_desktop(const desktops::Note& note) {
  if (plugins.tell_desktop) plugins.tell_desktop(note);
  if (!closing && !note.session.empty()) rdp->changed(note.session);  // where the desktop stands, and whether it does
  if (!note.event->audit) return;
  audit::Entry entry;
  entry.event = note.event->id;
  entry.session = note.session;
  if (const auto found = sessions.find(note.session); found != sessions.end()) {
    entry.person = found->second->row.person;
    entry.path = found->second->row.path;
  }
  entry.rule = "R11";
  entry.code = note.code;
  entry.result = note.event->level == Level::info ? "ok" : "ended";
  entry.detail = json_object("desktop", note.desktop, "machine", note.machine, "address", note.address);
  record(std::move(entry));
}

void Gate::State::desktop_conditions(nlohmann::json& conditions) const {
  for (const std::string& zone : hypervisors->missing()) conditions.push_back("link.hyperd_missing:" + zone);
  for (const Hypervisors::ZoneOptions& zone : options.hypervisors) {
    const auto look = [&](const std::string& id) {
      const auto found = registry->desktops.find(id);
      if (found == registry->desktops.end() || found->second.zone != zone.zone) {
        conditions.push_back("desktop.not_registered:" + id);
      }
    };
    for (const desktops::Pool& pool : zone.pools) {
      for (const std::string& id : pool.desktops) look(id);
      for (const desktops::Seat& seat : pool.seats) {
        if (!seat.desktop.empty()) look(seat.desktop);
      }
    }
  }
}

}  // namespace sekisho::gate
