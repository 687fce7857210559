#include "offices.hpp"

#include "world.hpp"

#include <utility>

namespace sekisho::sim {

Answer<FrontReply> Front::ask(GateRequest request) {
  Answer<FrontReply> answer;
  const std::uint64_t number = next_++;
  world_.judge().asked(path_, role_, number, request);
  if (wire_ == nullptr) {
    world_.heap().in(0, milliseconds(1), [answer] { answer.give(std::nullopt); });
    return answer;
  }
  const Heap::Id limit = world_.heap().in(0, Seconds(3), [this, number] { give(number, std::nullopt); });
  waiting_.emplace(number, Waiting{answer, limit});
  wire_->end(Wire::other).send(seam::Request{number, std::move(request)});
  return answer;
}

Answer<std::string> Front::open_tunnel(const SessionView& view) {
  forget(view.session, "taken over");
  Tunnel tunnel{view.address, view.state, {}};
  const Answer<std::string> closed = tunnel.closed;
  tunnels_.emplace(view.session, std::move(tunnel));
  world_.judge().changed();
  tell(TunnelUp{view.session, "tls"});
  return closed;
}

void Front::close_tunnel(const std::string& session, bool by_person) {
  if (!tunnels_.contains(session)) return;
  tell(TunnelDown{session, by_person, by_person ? "closed" : "connection lost", 4000, 90000, 0});
  forget(session, by_person ? "closed" : "lost");
}

void Front::tell(FrontNotice notice) {
  if (wire_ != nullptr) wire_->end(Wire::other).send(seam::Notice{std::move(notice)});
}

void Front::forget(const std::string& session, const std::string& why) {
  const auto found = tunnels_.find(session);
  if (found == tunnels_.end()) return;
  const Answer<std::string> closed = found->second.closed;
  tunnels_.erase(found);
  // What went through the tunnel is gone with it.
  if (Relay* relay = world_.relay(path_)) relay->hang_up(session);
  world_.heap().in(0, milliseconds(1), [closed, why] { closed.give(why); });
}

void Front::give(std::uint64_t number, FrontReply reply) {
  const auto asked = waiting_.extract(number);
  if (asked.empty()) return;
  world_.heap().cancel(asked.mapped().limit);
  asked.mapped().answer.give(std::move(reply));
}

void Front::lose_questions() {
  const auto lost = std::exchange(waiting_, {});
  for (const auto& [number, asked] : lost) {
    world_.heap().cancel(asked.limit);
    asked.answer.give(std::nullopt);
  }
}

void Front::set_wire(Wire* wire) {
  wire_ = wire;
  const std::uint64_t life = ++lives_;
  if (wire != nullptr) {
    for (const auto& [session, tunnel] : tunnels_) tell(TunnelUp{session, "tls"});
    return;
  }
  lose_questions();
  world_.heap().in(0, Seconds(120), [this, life] {
    if (lives_ != life) return;  // a gate came back
    while (!tunnels_.empty()) forget(std::string(tunnels_.begin()->first), "without a gate");
  });
}

void Front::crash() {
  lose_questions();
  while (!tunnels_.empty()) forget(std::string(tunnels_.begin()->first), "front died");
}

void Front::on_message(seam::Message message, int) {
  if (auto* reply = std::get_if<seam::Reply>(&message)) {
    world_.judge().answered(path_, role_, reply->number, reply->body);
    return give(reply->number, std::move(reply->body));
  }
  const auto* push = std::get_if<seam::Push>(&message);
  if (push == nullptr) return;
  if (const auto* ended = std::get_if<SessionEnded>(&push->body)) {
    if (world_.options().flaw == Flaw::late_front) {
      world_.heap().in(0, Seconds(4), [this, ended = *ended] { forget(ended.session, ended.code); });
      return;
    }
    return forget(ended->session, ended->code);
  }
  const SessionView& view = std::get<SessionChanged>(push->body).view;
  if (const auto found = tunnels_.find(view.session); found != tunnels_.end()) found->second.state = view.state;
}

void Front::on_closed(std::string_view) {
  set_wire(nullptr);
}

void Netd::on_message(seam::Message message, int) {
  const auto* desired = std::get_if<seam::DesiredNet>(&message);
  if (desired == nullptr) return;
  const bool works = failing_ == 0;
  if (!works) {
    --failing_;
    world_.judge().disturbed_until(world_.heap().now() + milliseconds(1100));  // until the gate tries again
  }
  if (works) {
    auto& rights = rights_[desired->tun];
    rights.clear();
    for (const seam::KernelRight& right : desired->rights) {
      rights[right.address] = {right.filter, world_.heap().now() + Seconds(right.ttl_s)};
    }
    world_.judge().changed();
  }
  if (wire_ != nullptr) {
    wire_->end(Wire::other).send(seam::NetApplied{desired->number, works, works ? "" : "the kernel said no"});
  }
}

Answer<std::optional<seam::EntranceGrant>> Relay::knock(const std::string& address) {
  Answer<std::optional<seam::EntranceGrant>> answer;
  if (wire_ == nullptr) {
    world_.heap().in(0, milliseconds(1), [answer] { answer.give(std::nullopt); });
    return answer;
  }
  const std::uint64_t number = next_++;
  waiting_.emplace(number, answer);
  world_.heap().in(0, Seconds(5), [this, number] {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    const auto late = std::move(found->second);
    waiting_.erase(found);
    late.give(std::nullopt);
  });
  wire_->end(Wire::other).send(seam::EntranceAsk{number, address});
  return answer;
}

void Relay::hang_up(const std::string& session) {
  if (open_.erase(session) == 0) return;
  if (wire_ != nullptr) wire_->end(Wire::other).send(seam::EntranceClosed{session, 1000, 500000});
}

void Relay::on_message(seam::Message message, int) {
  if (auto* grant = std::get_if<seam::EntranceGrant>(&message)) {
    const auto found = waiting_.find(grant->number);
    if (found == waiting_.end()) return;
    const auto answer = std::move(found->second);
    waiting_.erase(found);
    // The peer that knocked is still there only while its tunnel is.
    if (grant->ok && world_.front(path_).tunnels().contains(grant->session)) {
      open_[grant->session] = grant->desktop;
      world_.judge().changed();
    }
    return answer.give(std::move(*grant));
  }
  if (const auto* end = std::get_if<seam::EntranceEnd>(&message)) hang_up(end->session);
}

}  // namespace sekisho::sim
