#include "gate/hypervisors.hpp"

#include "registry/rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::gate {
namespace {

constexpr Seconds kAnswerWithin(75);  // hyperd's longest verb has 62
constexpr Seconds kPageWithin(4);     // a page waits for it, and its relay 5 s
constexpr std::uint8_t kTicketLifeS = 30;
/// Numbers of questions that no broker has asked.
constexpr std::uint64_t kOwn = std::uint64_t{1} << 63;

using Answered = std::function<void(Result<std::vector<seam::HyperMachine>>)>;

}  // namespace

struct Hypervisors::State : std::enable_shared_from_this<Hypervisors::State> {
  State(run::Services s, Record r) : services(s), record(std::move(r)) {}

  struct Zone {
    Zone(registry::Zone zone, std::vector<desktops::Pool> pools, Entropy& entropy)
        : name(registry::to_string(zone)), broker(zone, std::move(pools), entropy) {}
    std::string name;
    desktops::Broker broker;
    seam::Link* link = nullptr;
  };
  struct Question {
    Zone* zone = nullptr;
    Instant until{};
    std::vector<seam::HyperMachine> machines;
    Answered done;
  };
  run::Services services;
  Record record;
  std::map<registry::Zone, Zone> zones;
  std::map<std::uint64_t, Question> questions;
  std::uint64_t next = kOwn;
  run::Timers::Id timer = 0;

  [[nodiscard]] Instant now() const { return services.clock.now(); }
  [[nodiscard]] Zone* find(const std::string& name) {
    for (auto& [zone, entry] : zones) {
      if (entry.name == name) return &entry;
    }
    return nullptr;
  }

  void take(Zone& zone, desktops::Actions actions) {
    for (seam::HyperAsk& ask : actions.asks) {
      if (zone.link != nullptr) zone.link->send(std::move(ask));
    }
    for (const desktops::Note& note : actions.notes) record(note);
    schedule();
  }

  /// One timer for all that has a time.
  void schedule() {
    std::optional<Instant> due;
    const auto no_later = [&](std::optional<Instant> at) {
      if (at) due = due ? std::min(*due, *at) : *at;
    };
    for (const auto& [zone, entry] : zones) no_later(entry.broker.next_deadline());
    for (const auto& [number, question] : questions) no_later(question.until);
    services.timers.cancel(std::exchange(timer, 0));
    if (!due) return;
    timer = services.timers.at(*due, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->tick();
    });
  }
  void tick() {
    timer = 0;
    fail_where([this](const Question& question) { return question.until <= now(); }, "hyper.no_answer");
    for (auto& [zone, entry] : zones) take(entry, entry.broker.tick(now()));
    schedule();
  }
  void fail_where(auto&& which, const char* code) {
    std::vector<Answered> ended;
    for (auto it = questions.begin(); it != questions.end();) {
      if (which(it->second)) {
        ended.push_back(std::move(it->second.done));
        it = questions.erase(it);
      } else {
        ++it;
      }
    }
    for (const Answered& done : ended) done(fail(code));
  }

  void ask(registry::Zone in, const std::string& manager, Seconds limit, seam::HyperVerb verb, Answered done) {
    const auto zone = zones.find(in);
    if (zone == zones.end() || zone->second.link == nullptr) return done(fail("hyper.gone", "no hyperd of this zone"));
    const std::uint64_t number = next++;
    questions[number] = {&zone->second, now() + limit, {}, std::move(done)};
    zone->second.link->send(seam::HyperAsk{number, zone->second.name, manager, std::move(verb)});
    schedule();
  }

  void answered(const Zone& zone, const seam::HyperAnswer& answer) {
    const auto found = questions.find(answer.number);
    if (found == questions.end() || found->second.zone != &zone) return;
    if (const auto* part = std::get_if<seam::HyperMachines>(&answer.result)) {
      auto& all = found->second.machines;
      all.insert(all.end(), part->machines.begin(), part->machines.end());
      if (part->more) return;
    }
    Question question = std::move(found->second);
    questions.erase(found);
    schedule();
    if (const auto* failed = std::get_if<seam::HyperFailed>(&answer.result)) {
      return question.done(fail(failed->code, failed->detail));
    }
    question.done(std::move(question.machines));
  }

  /// 256 random bits as 64 hexadecimal digits.
  [[nodiscard]] Secret new_ticket() const {
    std::array<std::byte, 32> bytes{};
    services.entropy.fill(bytes);
    std::string text;
    for (const std::byte byte : bytes) {
      text += "0123456789abcdef"[std::to_integer<unsigned>(byte >> 4)];
      text += "0123456789abcdef"[std::to_integer<unsigned>(byte & std::byte{15})];
    }
    wipe(bytes.data(), bytes.size());
    return Secret(std::move(text));
  }
};

Hypervisors::Hypervisors(std::vector<ZoneOptions> zones, run::Services services, Record record)
    : state_(std::make_shared<State>(services, std::move(record))) {
  for (ZoneOptions& options : zones) {
    state_->zones.try_emplace(options.zone, options.zone, std::move(options.pools), services.entropy);
  }
}

Hypervisors::~Hypervisors() {
  state_->services.timers.cancel(state_->timer);
}

bool Hypervisors::expects(const std::string& zone) const {
  const State::Zone* found = state_->find(zone);
  return found != nullptr && found->link == nullptr;
}

bool Hypervisors::here(registry::Zone zone) const {
  const auto found = state_->zones.find(zone);
  return found != state_->zones.end() && found->second.link != nullptr;
}

std::vector<std::string> Hypervisors::missing() const {
  std::vector<std::string> out;
  for (const auto& [zone, entry] : state_->zones) {
    if (entry.link == nullptr) out.push_back(entry.name);
  }
  return out;
}

void Hypervisors::attached(const std::string& zone, seam::Link& link) {
  State::Zone* found = state_->find(zone);
  if (found == nullptr) return;
  detached(zone);
  found->link = &link;
  state_->take(*found, found->broker.hyperd_here(state_->now()));
}

void Hypervisors::detached(const std::string& zone) {
  State::Zone* found = state_->find(zone);
  if (found == nullptr) return;
  found->link = nullptr;
  found->broker.hyperd_gone();
  state_->fail_where([found](const State::Question& question) { return question.zone == found; }, "hyper.gone");
  state_->schedule();
}

void Hypervisors::on_message(const std::string& zone, const seam::Message& message) {
  State::Zone* found = state_->find(zone);
  if (found == nullptr || found->link == nullptr) return;
  if (const auto* answer = std::get_if<seam::HyperAnswer>(&message)) {
    if (answer->zone != found->name) return;  // another zone's words are nobody's
    if (answer->number >= kOwn) return state_->answered(*found, *answer);
    state_->take(*found, found->broker.answer(*answer, state_->now()));
  } else if (const auto* saw = std::get_if<seam::HyperSaw>(&message)) {
    state_->take(*found, found->broker.saw(*saw, state_->now()));
  }
}

bool Hypervisors::want(const std::string& session, registry::Zone zone, const std::string& desktop) {
  const auto found = state_->zones.find(zone);
  if (found == state_->zones.end()) return false;
  desktops::Actions out;
  const bool known = found->second.broker.want(session, desktop, state_->now(), out);
  state_->take(found->second, std::move(out));
  return known;
}

bool Hypervisors::knows(registry::Zone zone, const std::string& desktop) const {
  const auto found = state_->zones.find(zone);
  return found != state_->zones.end() && found->second.broker.knows(desktop);
}

bool Hypervisors::adopt(const std::string& session, registry::Zone zone, const std::string& desktop,
                        const std::string& machine, const std::string& address) {
  const auto found = state_->zones.find(zone);
  return found != state_->zones.end() && found->second.broker.adopt(session, desktop, machine, address);
}

void Hypervisors::left(const std::string& session) {
  for (auto& [zone, entry] : state_->zones) state_->take(entry, entry.broker.left(session, state_->now()));
  withdraw(session);
}

void Hypervisors::withdraw(const std::string& session) {
  for (const auto& [zone, entry] : state_->zones) {
    if (entry.link == nullptr) continue;  // without the gatekeeper hyperd keeps no ticket
    state_->ask(zone, {}, kAnswerWithin, seam::HyperWithdraw{session},
                [](const Result<std::vector<seam::HyperMachine>>&) {});
  }
}

std::optional<desktops::View> Hypervisors::view(const std::string& session) const {
  for (const auto& [zone, entry] : state_->zones) {
    if (auto view = entry.broker.view(session, state_->now())) return view;
  }
  return std::nullopt;
}

void Hypervisors::allow(registry::Zone zone, Right right, std::function<void(Result<Secret>)> done) {
  auto ticket = std::make_shared<Secret>(state_->new_ticket());
  seam::HyperAllow verb{
      ticket->clone(), std::move(right.session), std::move(right.machine), std::move(right.relay), right.kind,
      kTicketLifeS};
  state_->ask(zone, right.manager, kPageWithin, std::move(verb),
              [ticket, done = std::move(done)](const Result<std::vector<seam::HyperMachine>>& answer) {
                if (!answer) return done(answer.error());
                done(std::move(*ticket));
              });
}

void Hypervisors::list(registry::Zone zone, const std::string& manager,
                       std::function<void(Result<std::vector<seam::HyperMachine>>)> done) {
  state_->ask(zone, manager, kPageWithin, seam::HyperList{}, std::move(done));
}

void Hypervisors::power(registry::Zone zone, const std::string& manager, const std::string& machine, PowerAction action,
                        std::function<void(Result<void>)> done) {
  state_->ask(zone, manager, kAnswerWithin, seam::HyperPower{machine, action},
              [done = std::move(done)](const Result<std::vector<seam::HyperMachine>>& answer) {
                answer ? done({}) : done(answer.error());
              });
}

}  // namespace sekisho::gate
