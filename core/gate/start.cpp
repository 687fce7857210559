// A gate's beginning and end: what it may not start with, and what the store and the journal say of the life before:
// sessions go on, unless they were not given, have ended or lost their right in the meantime.
#include "admission/assurance.hpp"
#include "gate/consoles.hpp"
#include "gate/lines.hpp"
#include "gate/rdp.hpp"
#include "gate/state.hpp"

#include <algorithm>

namespace sekisho::gate {
namespace {

struct Loaded {
  std::shared_ptr<const registry::Registry> registry;
  std::vector<store::SessionRow> open;
  std::vector<std::string> not_given;
  std::vector<store::SessionRow> not_told;        // ended in the store, and the journal has not heard of it
  std::map<std::string, GivenDesktop> desktops;   // by session
  std::vector<recording::FileHeader> recordings;  // without an end
  std::vector<OpenScreen> screens;                // likewise
  std::optional<Error> error;
};

}  // namespace

Gate::State::State(GateOptions o, run::Services s, std::shared_ptr<store::Store> st, audit::Journal& j, GatePlugins p)
    : options(std::move(o)),
      services(s),
      jobs(std::make_shared<store::JobQueue>(std::move(st))),
      journal(j),
      plugins(std::move(p)),
      registry(std::make_shared<const registry::Registry>()),
      desk(std::make_shared<admission::PostureDesk>(options.posture, plugins.checks, s.entropy)) {
  for (const GatePath& path : options.paths)
    pools.emplace(path.policy.path, AddressPool(path.gate_address, path.prefix));
  // Nothing of it is called back after its end, and its end is this one's.
  hypervisors = std::make_unique<Hypervisors>(options.hypervisors, services,
                                              [this](const desktops::Note& note) { note_desktop(note); });
  consoles = std::make_unique<Consoles>(*this);
  rdp = std::make_unique<Rdp>(*this);
  lines = std::make_unique<Lines>(*this);
}

Gate::State::~State() = default;

Gate::Gate(GateOptions options, run::Services services, std::shared_ptr<store::Store> store, audit::Journal& journal,
           GatePlugins plugins)
    : state_(std::make_shared<State>(std::move(options), services, std::move(store), journal, std::move(plugins))) {}

Gate::~Gate() {
  state_->closing = true;
}

void Gate::start(GrantedInJournal granted, std::function<void(Result<void>)> done, EndedInJournal ended,
                 DesktopsInJournal desktops, RecordingsInJournal recordings, ScreensInJournal screens) {
  State& s = *state_;
  s.started_at = s.now();
  for (const GatePath& path : s.options.paths) {
    for (const std::string& factor : path.policy.factors) {
      if (!s.plugins.authenticators.contains(factor)) {
        return done(fail("gate.factor_not_loaded", path.policy.path + ": " + factor));
      }
    }
    const auto fault =
        admission::assurance_fault(path.policy.factors, s.plugins.authenticators, path.policy.least_factors);
    if (fault) return done(fail("gate." + fault->code, path.policy.path + ": " + fault->why.en));
    for (const admission::CheckPolicy& check : path.policy.checks) {
      if (check.mode != admission::CheckMode::off && !s.plugins.checks.contains(check.check)) {
        return done(fail("gate.check_not_loaded", path.policy.path + ": " + check.check));
      }
    }
  }
  s.in_store<Loaded>(
      [granted = std::move(granted), ended = std::move(ended), desktops = std::move(desktops),
       recordings = std::move(recordings), screens = std::move(screens), from = s.now() - std::chrono::hours{48},
       at = s.now(), node = s.options.node, shared = s.options.shared_store](store::Tx& tx) {
        Loaded out;
        if (shared) tx.put_beat(node, at);
        out.registry = std::make_shared<const registry::Registry>(tx.registry());
        out.open = tx.open_sessions();
        // False: the journal could not say, and nothing may start.
        const auto ask = [&](const auto& question, auto& into) {
          if (!question) return true;
          auto answer = question(from);
          if (!answer) {
            out.error = answer.error();
            return false;
          }
          into = std::move(*answer);
          return true;
        };
        std::vector<std::string> unfinished, over;
        if (!ask(granted, unfinished)) return out;
        for (std::string& number : unfinished) {
          auto row = tx.session(number);
          if (!row) {
            out.not_given.push_back(std::move(number));
          } else if (row->state == "ended" && (row->node.empty() || row->node == node)) {
            out.not_told.push_back(std::move(*row));
          }
        }
        if (!ask(desktops, out.desktops)) return out;
        if (!ask(recordings, out.recordings)) return out;
        if (!ask(screens, out.screens)) return out;
        if (!shared) {
          if (!ask(ended, over)) return out;
          const std::set<std::string> numbers(over.begin(), over.end());
          std::erase_if(out.open, [&](store::SessionRow& row) {
            if (!numbers.contains(row.number)) return false;
            row.state = "ended";
            row.ended_at = at;
            row.end_code = "session.right_ended";
            tx.put_session(row);
            return true;
          });
        }
        return out;
      },
      [weak = s.weak_from_this(), done = std::move(done)](Result<Loaded> loaded) {
        const auto self = weak.lock();
        if (!self) return;
        if (!loaded) return done(loaded.error());
        if (loaded->error) return done(*loaded->error);
        self->registry = loaded->registry;
        for (const std::string& number : loaded->not_given) {
          audit::Entry entry;
          entry.event = "session.ended";
          entry.session = number;
          entry.code = "session.not_given";
          entry.result = "ended";
          self->record(std::move(entry));
        }
        for (const store::SessionRow& row : loaded->not_told) {
          audit::Entry entry;
          entry.event = "session.ended";
          entry.session = row.number;
          entry.person = row.person;
          entry.path = row.path;
          entry.code = row.end_code;
          entry.result = "ended";
          entry.detail = {{"by", "store"}, {"at", row.ended_at ? to_rfc3339(*row.ended_at) : std::string()}};
          self->record(std::move(entry));
        }
        self->consoles->broke_off(loaded->screens, loaded->recordings);
        std::erase_if(loaded->open, [&](const store::SessionRow& row) {
          if (!self->options.shared_store || row.node.empty() || row.node == self->options.node) return false;
          self->elsewhere.emplace(row.number, row);
          const auto pool = self->pools.find(row.path);
          if (pool != self->pools.end() && pool->second.take(row.address)) {
            self->foreign_addresses.emplace(row.path, row.address);
          }
          return true;
        });
        // Before a fresh desktop is wanted for anybody: what somebody works at is his.
        for (const store::SessionRow& row : loaded->open) {
          const auto given = loaded->desktops.find(row.number);
          if (given != loaded->desktops.end()) self->keep_desktop(row, given->second);
        }
        for (store::SessionRow& row : loaded->open) {
          row.node = self->options.node;
          const GatePath* path = self->path(row.path);
          const bool usable = path != nullptr && row.until > self->now() && self->pools.at(row.path).take(row.address);
          auto session = std::make_shared<Session>(
              row, watch_of(row, path != nullptr ? path->policy : admission::PathPolicy{}, self->now()));
          if (!usable) {
            row.state = "ended";
            row.ended_at = self->now();
            row.end_code = "session.right_ended";
            audit::Entry entry;
            entry.event = "session.ended";
            entry.session = row.number;
            entry.person = row.person;
            entry.code = row.end_code;
            entry.result = "ended";
            self->record(std::move(entry));
            self->store_row(row);
            self->hypervisors->left(row.number);
            continue;
          }
          session->state = row.state == "admitted" ? SessionState::admitted : SessionState::quarantine;
          session->last_activity = self->now();
          session->tunnel_by = self->now() + path->policy.reconnect_grace;
          self->adopt_session(session);
        }
        self->adopt_registry(loaded->registry);
        self->refresh_kernel();
        if (self->options.authenticator_refresh.count() > 0) self->refresh_authenticators();
        if (self->options.generation_poll.count() > 0) self->poll_generation();
        audit::Entry entry;
        entry.event = "gate.started";
        entry.result = "ok";
        entry.detail = {{"node", self->options.node}, {"sessions", self->sessions.size()}};
        self->record(std::move(entry));
        done({});
      });
}

}  // namespace sekisho::gate
