#include "front/gate_line.hpp"

#include <utility>
#include <vector>

namespace sekisho::front {
namespace {

std::size_t size_of(const Arrival& arrival) {
  std::size_t size = 256 + arrival.user_agent.size();
  for (const std::string& certificate : arrival.certificate_chain) size += certificate.size();
  return size;
}

std::size_t size_of(const Evidence& evidence) {
  std::size_t size = 0;
  for (const auto& [name, value] : evidence) size += name.size() + value.size();
  return size;
}

std::size_t size_of(const GateRequest& request) {
  return std::visit(
      [](const auto& body) {
        std::size_t size = size_of(body.arrival);
        if constexpr (requires { body.evidence; }) size += size_of(body.evidence);
        if constexpr (requires { body.body; }) size += body.body.size();
        return size;
      },
      request);
}

}  // namespace

Refusal gate_unavailable() {
  return {"R15",
          "gate.unavailable",
          {"接続できません。", "You cannot connect."},
          {"関所の管理プロセスが応答しません。", "The gatekeeper does not answer."},
          {"しばらく待ってからやり直してください。", "Wait a while and try again."}};
}

GateLine::GateLine(const run::Clock& clock, run::Timers& timers, const FrontLimits& limits, Answer answer)
    : clock_(clock), timers_(timers), limits_(limits), answer_(std::move(answer)) {}

GateLine::~GateLine() {
  timers_.cancel(timer_);
}

std::uint64_t GateLine::ask(ConnectionId connection, GateRequest request) {
  const std::uint64_t number = next_++;
  const std::size_t bytes = size_of(request);
  if (link_ == nullptr || bytes_ + bytes > limits_.asked_bytes) {
    refuse_soon(connection, number);
    return number;
  }
  waiting_.emplace(number, Waiting{connection, clock_.now() + limits_.answer, bytes});
  bytes_ += bytes;
  arm();
  link_->send(seam::Request{number, std::move(request)});
  return number;
}

void GateLine::refuse_soon(ConnectionId connection, std::uint64_t number) {
  timers_.post([this, alive = std::weak_ptr(alive_), connection, number] {
    if (!alive.expired()) answer_(connection, number, Refused{gate_unavailable(), false}, false);
  });
}

void GateLine::take_out(std::map<std::uint64_t, Waiting>::iterator at) {
  bytes_ -= at->second.bytes;
  waiting_.erase(at);
}

void GateLine::on_reply(seam::Reply reply) {
  const auto found = waiting_.find(reply.number);
  if (found == waiting_.end()) return;  // too late, or its connection is gone
  const ConnectionId connection = found->second.connection;
  take_out(found);
  answer_(connection, reply.number, std::move(reply.body), true);
}

void GateLine::set_link(seam::Link* link) {
  link_ = link;
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    refuse_soon(first->second.connection, first->first);
    take_out(first);
  }
}

void GateLine::forget(ConnectionId connection) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto next = std::next(at);
    if (at->second.connection == connection) take_out(at);
    at = next;
  }
}

void GateLine::arm() {
  if (timer_ != 0 || waiting_.empty()) return;
  timer_ = timers_.at(waiting_.begin()->second.due, [this] {
    timer_ = 0;
    refuse_late();
  });
}

void GateLine::refuse_late() {
  const Instant now = clock_.now();
  std::vector<std::pair<ConnectionId, std::uint64_t>> late;
  while (!waiting_.empty() && waiting_.begin()->second.due <= now) {
    late.emplace_back(waiting_.begin()->second.connection, waiting_.begin()->first);
    take_out(waiting_.begin());
  }
  arm();
  for (const auto& [connection, number] : late) answer_(connection, number, Refused{gate_unavailable(), false}, false);
}

}  // namespace sekisho::front
