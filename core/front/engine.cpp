#include "front/engine.hpp"

#include "front/events.hpp"

#include <new>
#include <utility>
#include <vector>

namespace sekisho::front {
namespace {

constexpr Seconds kTurnedAwayEvery{10}, kBarredEvery{10};
/// What changes within this time reaches the kernel together.
constexpr std::chrono::milliseconds kBarTogether{200};
constexpr std::size_t kBarredNamed = 5;
constexpr const char* kEndedCode = "session.right_ended";

Text time_is_up() {
  return {"利用できる時間が終わりました。", "The time of this session has run out."};
}

std::uint64_t seed_from(Entropy& entropy) {
  std::uint64_t seed = 0;
  entropy.fill(std::as_writable_bytes(std::span(&seed, 1)));
  return seed;
}

}  // namespace

Engine::Engine(Parts parts, Callbacks callbacks)
    : parts_(std::move(parts)),
      callbacks_(std::move(callbacks)),
      driver_parts_{.clock = parts_.clock,
                    .timers = parts_.timers,
                    .entropy = parts_.entropy,
                    .limits = parts_.limits,
                    .tls = parts_.tls,
                    .path = parts_.path,
                    .path_name = parts_.path_name,
                    .takes_datagrams = parts_.dtls != nullptr},
      newcomers_(parts_.limits, parts_.entropy),
      barred_(parts_.entropy),
      line_(parts_.clock, parts_.timers, parts_.limits,
            [this](ConnectionId connection, std::uint64_t number, GateReply reply, bool from_gate) {
              on_answer(connection, number, std::move(reply), from_gate);
            }),
      tunnels_(parts_.clock, parts_.timers, parts_.limits, parts_.filter, seed_from(parts_.entropy),
               {.write_tun = [this](std::span<const std::byte> frame) { callbacks_.write_tun(frame); },
                .notice = [this](FrontNotice notice) { send(std::move(notice)); }}) {
  gate_timer_ = parts_.timers.at(parts_.clock.now() + parts_.limits.without_gate, [this] { abandon(); });
}

Engine::~Engine() {
  SEKISHO_ASSERT(drivers_.empty());
  for (const auto timer : {gate_timer_, ends_timer_, turned_timer_, bar_timer_}) parts_.timers.cancel(timer);
}

// --- newcomers
// --------------------------------------------------------------------------------------------------------------

std::unique_ptr<ConnectionDriver> Engine::accept(const std::string& address, std::uint16_t port, Transport& transport,
                                                 std::unique_ptr<tls::SecureChannel> channel) {
  const auto source = source_of(address);
  if (!source) return nullptr;
  Admission admission = newcomers_.ask(*source);
  if ((admission == Admission::full || admission == Admission::early_drop) && make_room()) {
    admission = newcomers_.ask(*source, true);
  }
  if (admission != Admission::welcome) {
    turned_away(admission);
    fruitless(*source);
    return nullptr;
  }
  while (!handshaking_.empty()) {
    const auto oldest = drivers_.find(handshaking_.front().id);
    if (oldest != drivers_.end() && oldest->second->handshaking()) break;
    handshaking_.pop_front();
  }
  const ConnectionId id = next_++;
  ConnectionHub& hub = *this;
  std::unique_ptr<ConnectionDriver> driver;
  try {
    driver = std::make_unique<ConnectionDriver>(driver_parts_, hub, transport, id, Peer{address, port, *source},
                                                std::move(channel));
  } catch (const std::bad_alloc&) {
    newcomers_.left(*source, false);
    return nullptr;
  }
  drivers_.emplace(id, driver.get());
  handshaking_.push_back({id, parts_.clock.now()});
  return driver;
}

/// Slow openings hold places that a person needs for a moment only: the oldest of them goes (T-07, T-30).
bool Engine::make_room() {
  while (!handshaking_.empty()) {
    const Arrived oldest = handshaking_.front();
    const auto found = drivers_.find(oldest.id);
    const bool waits = found != drivers_.end() && found->second->handshaking();
    if (waits && parts_.clock.now() < oldest.at + parts_.limits.yields) return false;
    handshaking_.pop_front();
    if (!waits) continue;
    found->second->make_room();
    return true;
  }
  return false;
}

void Engine::turned_away(Admission why) {
  ++turned_away_[static_cast<std::size_t>(why)];
  if (turned_timer_ != 0) return;
  turned_timer_ = parts_.timers.at(parts_.clock.now() + kTurnedAwayEvery, [this] {
    turned_timer_ = 0;
    const auto counts = std::exchange(turned_away_, {});
    parts_.log.event(kTurnedAway, {{"path", parts_.path_name},
                                   {"full", counts[static_cast<std::size_t>(Admission::full)]},
                                   {"crowded_source", counts[static_cast<std::size_t>(Admission::crowded_source)]},
                                   {"early_drop", counts[static_cast<std::size_t>(Admission::early_drop)]}});
  });
}

/// While places are short, who only takes them is barred (decision 0024).
void Engine::fruitless(const Source& source) {
  if (!callbacks_.bar || !newcomers_.short_of_places()) return;
  const auto time = barred_.fruitless(source, parts_.clock.now());
  if (time) bar_soon(source, std::chrono::ceil<std::chrono::seconds>(*time));
}

void Engine::vouch(const Source& source) {
  if (callbacks_.bar && barred_.vouch(source, parts_.clock.now())) bar_soon(source, {});
}

void Engine::bar_soon(const Source& source, std::chrono::seconds time) {
  std::erase_if(bars_, [&](const Bar& bar) { return bar.source == source; });  // the newest word counts
  try {
    if (bars_.size() < BarredSources::kMost) bars_.push_back({source, time});
    if (bar_timer_ == 0) bar_timer_ = parts_.timers.at(parts_.clock.now() + kBarTogether, [this] { bar(); });
  } catch (const std::bad_alloc&) {
    // A connection's end needs no memory; who goes on is told of again.
  }
}

void Engine::bar() {
  bar_timer_ = 0;
  const auto bars = std::exchange(bars_, {});
  callbacks_.bar(bars);
  const Instant now = parts_.clock.now();
  if (now < bar_told_ + kBarredEvery) return;
  std::string some;
  std::size_t named = 0;
  for (const Bar& bar : bars) {
    if (bar.time.count() == 0 || named == kBarredNamed) continue;
    some += (named++ == 0 ? "" : ", ") + source_text(bar.source);
  }
  if (named == 0) return;
  bar_told_ = now;
  parts_.log.event(kSourcesBarred, {{"path", parts_.path_name}, {"sources", barred_.barred(now)}, {"some", some}});
}

bool Engine::may_speak(ConnectionDriver& who) {
  if (!who.certificate_proved()) return !newcomers_.penalised(who.peer().source, parts_.clock.now());
  vouch(who.peer().source);
  return true;
}

void Engine::gone(ConnectionDriver& who) {
  drivers_.erase(who.id());
  if (who.asked > 0) line_.forget(who.id());
  newcomers_.left(who.peer().source, who.known);
  if (!who.known && !who.certificate_proved()) {
    newcomers_.penalise(who.peer().source, who.handshake_was_late() ? Penalty::deadline : Penalty::no_login,
                        parts_.clock.now());
    if (who.abandoned()) fruitless(who.peer().source);
  }
  parts_.log.event(kConnectionClosed, {{"path", parts_.path_name}, {"peer", who.peer().address}, {"why", who.why()}});
}

// --- the gatekeeper
// ---------------------------------------------------------------------------------------------------------

std::uint64_t Engine::ask(ConnectionDriver& who, GateRequest request) {
  return line_.ask(who.id(), std::move(request));
}

void Engine::on_answer(ConnectionId connection, std::uint64_t number, GateReply reply, bool from_gate) {
  const auto found = drivers_.find(connection);
  if (found == drivers_.end()) return;
  ConnectionDriver& driver = *found->second;
  if (from_gate) {
    const bool good = std::holds_alternative<Granted>(reply) || std::holds_alternative<Resumed>(reply);
    if (good && !std::exchange(driver.known, true)) {
      newcomers_.known(driver.peer().source);
      vouch(driver.peer().source);
    }
    if (std::holds_alternative<Refused>(reply) && !driver.known && !driver.certificate_proved()) {
      newcomers_.penalise(driver.peer().source, Penalty::failed_login, parts_.clock.now());
    }
  }
  driver.on_reply(number, std::move(reply));
}

void Engine::set_gate(seam::Link* link) {
  const bool had_one = gate_ != nullptr;
  gate_ = link;
  line_.set_link(link);
  if (link == nullptr) {
    if (had_one && !abandoned_) parts_.log.event(kGateLost, {{"path", parts_.path_name}, {"tunnels", tunnels_.size()}});
    if (gate_timer_ == 0 && !abandoned_) {
      gate_timer_ = parts_.timers.at(parts_.clock.now() + parts_.limits.without_gate, [this] { abandon(); });
    }
    return;
  }
  parts_.timers.cancel(std::exchange(gate_timer_, 0));
  std::size_t announced = 0;
  tunnels_.each([&](Tunnel& tunnel) {
    if (!tunnel.announced) return;
    ++announced;
    send(TunnelUp{tunnel.view.session, tunnel.transport});
  });
  parts_.log.event(kGateThere, {{"path", parts_.path_name}, {"tunnels", announced}});
}

void Engine::abandon() {
  gate_timer_ = 0;
  abandoned_ = true;
  parts_.log.event(kAbandoned, {{"path", parts_.path_name}, {"tunnels", tunnels_.size()}});
  const Refusal reason = gate_unavailable();
  std::vector<std::string> sessions;
  tunnels_.each([&](Tunnel& tunnel) { sessions.push_back(tunnel.view.session); });
  for (const std::string& session : sessions) end_session({session, reason.code, reason.why});
  if (callbacks_.on_abandoned) callbacks_.on_abandoned();
}

void Engine::on_gate_message(seam::Message message) {
  if (auto* reply = std::get_if<seam::Reply>(&message)) {
    line_.on_reply(std::move(*reply));
  } else if (auto* push = std::get_if<seam::Push>(&message)) {
    on_push(std::move(push->body));
  }
}

void Engine::on_push(GatePush push) {
  if (const auto* ended = std::get_if<SessionEnded>(&push)) return end_session(*ended);
  const SessionView& view = std::get<SessionChanged>(push).view;
  Tunnel* tunnel = tunnels_.find(view.session);
  if (tunnel == nullptr) return;
  if (view.state == SessionState::ended || view.address != tunnel->view.address) {
    // An address never changes within a session; whoever says so is not believed.
    return end_session({view.session, kEndedCode, time_is_up()});
  }
  tunnels_.change(*tunnel, view);
  schedule_ends();
  if (tunnel->owner != nullptr) tunnel->owner->on_push(push);
}

void Engine::end_session(const SessionEnded& ended) {
  Tunnel* tunnel = tunnels_.find(ended.session);
  if (tunnel == nullptr || tunnel->ended) return;
  tunnels_.shut(*tunnel);
  ConnectionDriver* owner = tunnel->owner;
  owner->end_by(parts_.clock.now() + parts_.limits.ended_session);
  owner->on_push(ended);
}

void Engine::send(FrontNotice notice) {
  if (gate_ != nullptr) gate_->send(seam::Notice{std::move(notice)});
}

void Engine::notice(ConnectionDriver& who, FrontNotice notice) {
  if (const auto* up = std::get_if<TunnelUp>(&notice)) {
    if (who.tunnel == nullptr || who.tunnel->view.session != up->session) return;
    who.tunnel->announced = true;
    who.tunnel->transport = up->transport;
  } else if (auto* down = std::get_if<TunnelDown>(&notice)) {
    down->dropped = who.tunnel != nullptr ? who.tunnel->dropped : who.dropped;
  }
  send(std::move(notice));
}

// --- tunnels
// ----------------------------------------------------------------------------------------------------------------

void Engine::attach(ConnectionDriver& who, const SessionView& view) {
  if (abandoned_) return;
  // One address has one owner: an older session at it is over, whether its end was heard or not.
  const auto address = datapath::parse_ipv4(view.address);
  if (Tunnel* other = address ? tunnels_.at_address(*address) : nullptr;
      other != nullptr && other->view.session != view.session) {
    end_session({other->view.session, kEndedCode, time_is_up()});
  }
  ConnectionDriver* before = tunnels_.attach(who, view);
  schedule_ends();
  if (before != nullptr) before->on_replaced();
}

void Engine::detach(ConnectionDriver& who) {
  tunnels_.detach(who);
}

void Engine::broke(ConnectionDriver& who, std::string_view what) {
  parts_.log.event(kConnectionBroke, {{"path", parts_.path_name}, {"peer", who.peer().address}, {"what", what}});
}

void Engine::allow_large(ConnectionDriver& who, std::uint16_t bytes) {
  tunnels_.allow_large(*who.tunnel, bytes);
}

void Engine::allow_large_uploads(ConnectionDriver& who) {
  who.tunnel->large_uploads = true;
}

void Engine::deliver(ConnectionDriver& who, std::span<const std::byte> packet) {
  tunnels_.deliver(*who.tunnel, packet);
}

void Engine::schedule_ends() {
  std::optional<Instant> next;
  tunnels_.each([&](Tunnel& tunnel) {
    if (!tunnel.ended && (!next || tunnel.ends_at < *next)) next = tunnel.ends_at;
  });
  if (!next || (ends_timer_ != 0 && ends_armed_ <= *next)) return;
  parts_.timers.cancel(ends_timer_);
  ends_armed_ = *next;
  ends_timer_ = parts_.timers.at(*next, [this] {
    ends_timer_ = 0;
    end_due();
  });
}

/// The right's end holds even while the gatekeeper cannot say so.
void Engine::end_due() {
  const Instant now = parts_.clock.now();
  std::vector<std::string> due;
  tunnels_.each([&](Tunnel& tunnel) {
    if (!tunnel.ended && now >= tunnel.ends_at) due.push_back(tunnel.view.session);
  });
  for (const std::string& session : due) {
    end_session({session, kEndedCode, time_is_up()});
  }
  schedule_ends();
}

}  // namespace sekisho::front
