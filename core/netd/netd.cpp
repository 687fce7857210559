#include "netd/netd.hpp"

#include "netd/bar_rules.hpp"
#include "netd/events.hpp"

#include <map>
#include <string>
#include <utility>
#include <variant>

namespace sekisho::netd {
namespace {

constexpr auto kLookEvery = std::chrono::seconds(1);

std::string text_of(const Error& error) {
  return error.code + ": " + error.detail;
}

}  // namespace

Netd::Netd(std::vector<NetPath> paths, Filter& filter, const run::Clock& clock, run::Timers& timers, Log& log,
           std::function<void()> on_broken)
    : plan_(paths),
      rdp_(std::move(paths)),
      filter_(filter),
      clock_(clock),
      timers_(timers),
      log_(log),
      on_broken_(std::move(on_broken)),
      counts_(plan_.paths().size()) {}

Netd::~Netd() {
  timers_.cancel(timer_);
}

Result<void> Netd::install() {
  const Instant now = clock_.now();
  for (const FoundRight& found : filter_.rights()) {
    plan_.adopt(found.set, found.destination, found.right, found.left, now);
  }
  for (const FoundRdp& found : filter_.rdp_rights()) rdp_.adopt(found.pair, found.left, now);
  // What an older netd may not have told yet is told again rather than never.
  if (const auto tried = filter_.rdp_tried()) rdp_watch_.look(0, *tried);
  if (auto done = put_table(now); !done) return done.error();
  log_.event(kTableInstalled, {{"paths", plan_.paths().size()}, {"rights", plan_.rights(now)}});
  return {};
}

Result<void> Netd::put_table(Instant now) {
  if (auto done = filter_.run(plan_.install(now, rdp_.rights(now))); !done) return done.error();
  auto shape = filter_.shape();
  if (!shape) return shape.error();
  shape_ = std::move(*shape);
  for (Count& count : counts_) count.seen = count.stray_seen = 0;
  rdp_watch_.restart();
  return {};
}

void Netd::serve(Devices& devices) {
  devices_ = &devices;
  timer_ = timers_.at(clock_.now() + kLookEvery, [this] { tick(); });
}

void Netd::attach_gatekeeper(seam::Link& link) {
  gatekeeper_ = &link;
  tell();
}

void Netd::detach_gatekeeper() {
  gatekeeper_ = nullptr;
}

void Netd::on_gatekeeper(const seam::Message& message) {
  if (const auto* wanted = std::get_if<seam::DesiredNet>(&message)) desired(*wanted);
  if (const auto* wanted = std::get_if<seam::DesiredRdp>(&message)) desired_rdp(*wanted);
}

void Netd::desired(const seam::DesiredNet& wanted) {
  seam::NetApplied answer{wanted.number, true, {}};
  auto change = plan_.change(wanted, clock_.now());
  if (!change) {
    answer = {wanted.number, false, text_of(change.error())};
    log_.event(kRightsRefused, {{"device", wanted.tun}, {"detail", answer.error}});
  } else {
    const std::string refused = change->refused;
    const bool nothing = change->gone.empty() && change->fresh.empty();
    auto done = nothing ? Result<void>() : filter_.change(plan_.paths()[change->path], change->gone, change->fresh);
    plan_.commit(std::move(*change));
    answer = answer_to(wanted.number, std::move(done), wanted.tun, refused);
  }
  if (gatekeeper_ != nullptr) gatekeeper_->send(answer);
}

void Netd::desired_rdp(const seam::DesiredRdp& wanted) {
  auto change = rdp_.change(wanted, clock_.now());
  const std::string refused = change.refused;
  const std::string commands = rdp_change_commands(change.gone, change.fresh);
  auto done = commands.empty() ? Result<void>() : filter_.run(commands);
  rdp_.commit(std::move(change));
  const seam::NetApplied answer = answer_to(wanted.number, std::move(done), "rdp", refused);
  if (gatekeeper_ != nullptr) gatekeeper_->send(answer);
}

seam::NetApplied Netd::answer_to(std::uint64_t number, Result<void> done, const std::string& device,
                                 const std::string& refused) {
  if (!done) done = restore(done.error().detail);
  if (!done) {
    log_.event(kNotApplied, {{"device", device}, {"detail", text_of(done.error())}});
    return {number, false, text_of(done.error())};
  }
  if (refused.empty()) return {number, true, {}};
  log_.event(kRightsRefused, {{"device", device}, {"detail", refused}});
  return {number, false, "netd.refused: " + refused};
}

Result<void> Netd::restore(const std::string& why) {
  const Instant now = clock_.now();
  if (auto done = put_table(now); !done) {
    log_.event(kTableLost, {{"detail", done.error().detail}});
    broken();
    return done.error();
  }
  log_.event(kTableRestored, {{"detail", why}, {"rights", plan_.rights(now)}});
  return {};
}

void Netd::look() {
  if (on_broken_ == nullptr) return;
  const auto shape = filter_.shape();
  if (!shape || *shape != shape_) {
    static_cast<void>(restore(shape ? "its rules have changed" : shape.error().detail));
  }
}

void Netd::tick() {
  timer_ = timers_.at(clock_.now() + kLookEvery, [this] { tick(); });
  look();
  for (std::size_t i = 0; i < plan_.paths().size(); ++i) {
    if (plan_.paths()[i].closed || devices_->alive(i)) continue;
    log_.event(kDeviceGone, {{"device", plan_.paths()[i].tun}});
    return broken();
  }
  if (const auto counters = filter_.counters()) {
    count(*counters);
    const auto refused = counters->find(kRdpRefused);
    const auto tried = filter_.rdp_tried();  // after the counter
    if (refused != counters->end() && tried) rdp_watch_.look(refused->second, *tried);
  }
  tell();
}

void Netd::count(const std::map<std::string, std::uint64_t>& counters) {
  const auto grown = [](std::uint64_t& seen, std::uint64_t now) {
    const std::uint64_t more = now >= seen ? now - seen : now;  // somebody reset it
    seen = now;
    return more;
  };
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const NetPath& path = plan_.paths()[i];
    const auto refused = counters.find(refused_counter(path)), stray = counters.find(stray_counter(path));
    if (refused != counters.end()) counts_[i].refused += grown(counts_[i].seen, refused->second);
    if (stray != counters.end()) counts_[i].stray += grown(counts_[i].stray_seen, stray->second);
  }
}

void Netd::tell() {
  if (gatekeeper_ == nullptr) return;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    Count& count = counts_[i];
    if (count.refused + count.stray == 0) continue;
    const std::string& tun = plan_.paths()[i].tun;
    log_.event(kPacketsRefused, {{"device", tun}, {"packets", count.refused}, {"stray", count.stray}});
    gatekeeper_->send(seam::KernelRefused{tun, count.refused + count.stray});
    count.refused = count.stray = 0;
  }
  tell_rdp();
}

void Netd::tell_rdp() {
  const seam::RdpRefused refused = rdp_watch_.take();
  if (refused.tries.empty()) return;
  // A sweep of hundreds of destinations is one line of its source; the journal has who and where.
  struct Source {
    std::string to;
    std::uint64_t tries = 0, destinations = 0;
  };
  std::map<std::string, Source> sources;
  for (const seam::RdpTry& one : refused.tries) {
    Source& source = sources[one.source];
    if (std::exchange(source.to, one.destination) != one.destination) ++source.destinations;
    source.tries += one.tries;
  }
  for (const auto& [from, source] : sources) {
    log_.event(kRdpRefusedHere,
               {{"from", from}, {"to", source.to}, {"destinations", source.destinations}, {"tries", source.tries}});
  }
  gatekeeper_->send(refused);
}

void Netd::attach_front(const std::string& name, seam::Link& link) {
  const NetPath* path = plan_.path(name);
  if (path == nullptr || path->closed || devices_ == nullptr || on_broken_ == nullptr) return;
  const auto index = static_cast<std::size_t>(path - plan_.paths().data());
  devices_->rest(index);  // what waited for an older front is of no use to this one
  auto queue = devices_->hand_out(index);
  if (!queue) {
    log_.event(kQueueNotHandedOver, {{"device", path->tun}, {"path", name}, {"detail", queue.error().detail}});
    return broken();
  }
  link.send_with_fd(seam::Handover{"tun", path->tun}, queue->release());
  log_.event(kQueueHandedOver, {{"device", path->tun}, {"path", name}});
}

void Netd::detach_front(const std::string& name) {
  const NetPath* path = plan_.path(name);
  if (path == nullptr || path->closed || devices_ == nullptr) return;
  devices_->rest(static_cast<std::size_t>(path - plan_.paths().data()));
}

void Netd::bar(const std::string& name, const seam::BarSources& wanted) {
  if (plan_.path(name) == nullptr || on_broken_ == nullptr) return;
  const Instant now = clock_.now();
  Instant& last = barred_at_[name];
  if (now < last + kBarEvery) return;
  last = now;
  const auto bars = read_bars(wanted);
  auto done = bars ? Result<void>() : Result<void>(bars.error());
  if (bars && !bars->empty()) done = filter_.run(bar_commands(*bars));
  if (!done) log_.event(kNotBarred, {{"path", name}, {"detail", text_of(done.error())}});
}

void Netd::broken() {
  if (devices_ != nullptr) devices_->remove_all();  // no table, no device
  if (auto end = std::exchange(on_broken_, nullptr)) timers_.post(std::move(end));
}

}  // namespace sekisho::netd
