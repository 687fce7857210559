// What netd shall let through: the wanted state of a path, whole, at most one on its way. What changes meanwhile goes
// with the next one, so that a crowd of logins, or an emergency stop, costs the kernel few transactions.
#include "gate/rdp.hpp"
#include "gate/state.hpp"

#include <utility>

namespace sekisho::gate {
namespace {

constexpr std::chrono::seconds kNetLimit{2};
constexpr std::chrono::seconds kNetRetry{1};  ///< a right that ended must not live on until the next refresh

}  // namespace

void Gate::State::apply_net(const std::string& path_name, std::function<void(bool)> done) {
  if (path(path_name) == nullptr || link_of("netd", "netd") == nullptr) {
    if (done) done(false);
    return;
  }
  NetChange& change = net_changes[path_name];
  if (done) change.waiting.push_back(std::move(done));
  if (std::exchange(change.wanted, true) || change.on_its_way != 0) return;
  services.timers.post([weak = weak_from_this(), path_name] {
    if (const auto self = weak.lock()) self->send_net(path_name);
  });
}

void Gate::State::send_net(const std::string& path_name) {
  NetChange& change = net_changes[path_name];
  if (!change.wanted || change.on_its_way != 0) return;
  change.wanted = false;
  change.asked = std::exchange(change.waiting, {});
  const std::uint64_t number = change.on_its_way = next_net++;
  const GatePath* p = path(path_name);
  seam::Link* netd = link_of("netd", "netd");
  if (p == nullptr || netd == nullptr) return net_applied(number, false);
  change.limit = services.timers.at(now() + kNetLimit, [weak = weak_from_this(), number] {
    if (const auto self = weak.lock()) self->net_applied(number, false);
  });
  seam::DesiredNet desired;
  desired.number = number;
  desired.tun = p->tun;
  for (const auto& [session_number, session] : sessions) {
    if (session->row.path != path_name) continue;
    auto filter = filter_of(*session);
    if (filter.empty()) continue;
    desired.rights.push_back({session->row.address, std::move(filter), options.kernel_right_ttl_s});
  }
  netd->send(desired);
}

void Gate::State::net_applied(std::uint64_t number, bool ok) {
  for (auto& [name, change] : net_changes) {
    if (number == 0 || change.on_its_way != number) continue;
    change.on_its_way = 0;
    services.timers.cancel(std::exchange(change.limit, 0));
    const auto asked = std::exchange(change.asked, {});
    if (change.wanted) {
      services.timers.post([weak = weak_from_this(), path_name = name] {
        if (const auto self = weak.lock()) self->send_net(path_name);
      });
    }
    if (!ok) {
      services.timers.at(now() + kNetRetry, [weak = weak_from_this(), path_name = name] {
        if (const auto self = weak.lock()) self->apply_net(path_name);
      });
    }
    for (const auto& done : asked) done(ok);
    return;
  }
}

void Gate::State::netd_is_new() {
  // What the old one was told gets no answer any more; the new one is told everything.
  std::vector<std::uint64_t> lost;
  for (const auto& [name, change] : net_changes) lost.push_back(change.on_its_way);
  for (const std::uint64_t number : lost) net_applied(number, false);
  for (const GatePath& p : options.paths) apply_net(p.policy.path);
  rdp->netd_is_new();
}

void Gate::State::refresh_kernel() {
  for (const GatePath& p : options.paths) apply_net(p.policy.path);
  rdp->renew();
  refresh_timer = services.timers.at(now() + Seconds{options.kernel_right_ttl_s / 4}, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->refresh_kernel();
  });
}

}  // namespace sekisho::gate
