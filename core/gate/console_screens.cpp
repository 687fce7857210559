// Screens, thumbnails and states of machines: the gate has decided, hyperd holds the machine. Its ticket goes to the
// relay only once hyperd knows it (T-60), and only if all that was decided on still holds by then.
#include "base/json_object.hpp"
#include "gate/consoles.hpp"
#include "registry/rules.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::gate {
namespace {

constexpr Seconds kInTime{4};  ///< a relay waits 5 s and knows nothing of what comes later

/// What a page is told when hyperd does not do as the gate has decided.
std::string_view code_for(const Error& error) {
  return error.code == "hyper.gone" ? "console.no_hypervisor" : "console.unreachable";
}

}  // namespace

void Consoles::reserve(const Asking& asking, seam::ScreenRight& right, std::string server) {
  const store::SessionRow& row = asking.session->row;
  const ConsolePolicy& policy = gate_.options.consoles;
  right.console = next_console_++;
  right.session = row.number;
  right.person = row.person;
  right.title = right.target;
  right.recorded = policy.recorded;
  right.keys = static_cast<std::uint8_t>(policy.keys);
  Screen& screen = screens_[right.console];
  screen.link = asking.link;
  screen.path = asking.path;
  screen.session = row.number;
  screen.person = row.person;
  screen.server = std::move(server);
  screen.target = right.target;
  screen.recorded = policy.recorded;
}

void Consoles::ask_hyperd(const AskingPtr& asking, registry::Zone zone, seam::ScreenRight right) {
  right.zone = registry::to_string(zone);
  auto held = std::make_shared<seam::ScreenRight>(std::move(right));
  gate_.hypervisors->allow(zone, {held->session, held->driver, held->machine, asking->path, seam::ScreenKind::screen},
                           [this, asking, held](Result<Secret> ticket) {
                             if (!ticket) {
                               screens_.erase(held->console);
                               return refuse(*asking, code_for(ticket.error()));
                             }
                             held->ticket = std::move(*ticket);
                             give(asking, std::move(*held));
                           });
}

std::string Consoles::no_longer(const Asking& asking, const seam::ScreenRight& right) const {
  const auto screen = screens_.find(right.console);
  if (asking.session->state != SessionState::admitted) return "session.right_ended";
  if (screen == screens_.end() || screen->second.closed) return "ticket.bad";
  if (gate_.now() >= asking.at + kInTime) return "console.unreachable";
  if (!screen->second.server.empty()) {
    const Found found = find_server(*asking.session, screen->second.server);
    return found.server == nullptr ? found.refused : std::string();
  }
  const registry::Desktop* desktop = desktop_of(*asking.session);
  if (desktop == nullptr) return "desktop.none";
  const DesktopNow now = now_of(*asking.session, *desktop);
  const bool same = now.state == "ready" && now.machine == right.machine && now.driver == right.driver;
  return same ? std::string() : "desktop.not_ready";
}

void Consoles::want_thumbnail(const AskingPtr& asking, const std::string& wanted) {
  const Found found = find_server(*asking->session, wanted);
  if (found.server == nullptr) return refuse(*asking, found.refused);
  const registry::Zone zone = zone_of(*gate_.registry, *found.server);
  auto right = std::make_shared<seam::ThumbnailRight>();
  right->machine = found.server->machine;
  right->driver = found.server->manager;
  right->session = asking->session->row.number;
  right->zone = registry::to_string(zone);
  gate_.hypervisors->allow(zone,
                           {right->session, right->driver, right->machine, asking->path, seam::ScreenKind::picture},
                           [this, asking, right, wanted](Result<Secret> ticket) {
                             if (!ticket) return refuse(*asking, code_for(ticket.error()));
                             if (asking->session->state != SessionState::admitted) {
                               return refuse(*asking, "session.right_ended");
                             }
                             const Found still = find_server(*asking->session, wanted);
                             if (still.server == nullptr) return refuse(*asking, still.refused);
                             right->ticket = std::move(*ticket);
                             answer(*asking, std::move(*right));
                           });
}

void Consoles::list_servers(const AskingPtr& asking) {
  struct Looking {
    std::set<std::pair<registry::Zone, std::string>> waits;
    std::map<std::pair<registry::Zone, std::string>, Result<MachineStates::States>> known;
  };
  auto looking = std::make_shared<Looking>();
  for (const registry::Server* server : servers_of(*asking->session)) {
    if (server->kind != registry::ServerKind::virtual_machine) continue;
    looking->waits.emplace(zone_of(*gate_.registry, *server), server->manager);
  }
  const auto told = [this, asking, looking] {
    if (!looking->waits.empty()) return;
    if (asking->session->state != SessionState::admitted) return refuse(*asking, "session.right_ended");
    answer_servers(*asking, looking->known);
  };
  if (looking->waits.empty()) return told();
  const auto all = looking->waits;
  for (const auto& each : all) {
    states_.of(each.first, each.second, [looking, each, told](const Result<MachineStates::States>& states) {
      looking->known.emplace(each, states);
      looking->waits.erase(each);
      told();
    });
  }
}

void Consoles::answer_servers(
    const Asking& asking,
    const std::map<std::pair<registry::Zone, std::string>, Result<MachineStates::States>>& known) {
  seam::ServerList list;
  const Session& session = *asking.session;
  list.session = session.row.number;
  const auto person = gate_.registry->people.find(session.row.person);
  const bool named = person != gate_.registry->people.end() && !person->second.name.empty();
  list.person = named ? person->second.name.substr(0, 200) : session.row.person;
  list.left_s = gate_.view(session).remaining_s;
  list.watermark = gate_.options.consoles.watermark;
  list.recorded = gate_.options.consoles.recorded;
  for (const registry::Server* server : servers_of(session)) {
    seam::ServerView view;
    view.id = server->id;
    view.name = {server->id, server->id};
    const bool physical = server->kind == registry::ServerKind::physical;
    view.kind = physical ? "physical" : "vm";
    view.machine = server->machine;
    view.driver = server->manager;
    view.may_open = !physical;
    if (physical) view.why_not = admission::refusal("console.physical");
    const auto states = known.find({zone_of(*gate_.registry, *server), server->manager});
    if (!physical && states != known.end() && states->second) {
      const auto state = states->second->find(server->machine);
      if (state != states->second->end()) view.state = state->second;
    } else if (!physical && states != known.end()) {
      view.may_open = false;
      view.why_not = admission::refusal(code_for(states->second.error()));
    }
    list.servers.push_back(std::move(view));
  }
  answer(asking, std::move(list));
}

}  // namespace sekisho::gate
