#include "gate_house.hpp"

#include "audit/reader.hpp"
#include "errors.hpp"
#include "programs/sekishod/journal_at_start.hpp"

#include <unistd.h>

namespace sekisho::python {

void PumpedJournal::append(audit::Entry entry, audit::Durable durable) {
  journal_->stage.journal->append(std::move(entry), std::move(durable));
  come_at(clock_.now());
}

bool PumpedJournal::healthy() const {
  return journal_->stage.journal->healthy();
}

void PumpedJournal::pump() {
  journal_->stage.now = clock_.now();
  journal_->stage.journal->pump(clock_.now());
  if (const auto next = journal_->stage.journal->next_deadline()) come_at(std::max(*next, clock_.now() + Seconds{1}));
}

void PumpedJournal::come_at(Instant at) {
  timers_.cancel(timer_);
  timer_ = timers_.at(at, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

void Neighbour::End::on_message(seam::Message message, int fd) {
  if (fd >= 0) ::close(fd);  // nobody hands descriptors over here
  if (hear) hear(std::move(message));
}

Neighbour::Neighbour(gate::Gate& gate, VirtualTime& time, const std::string& role, const std::string& name, Hear hear)
    : gate_(&gate) {
  far_.hear = std::move(hear);
  near_.hear = [this](seam::Message message) {
    if (gate_ != nullptr) gate_->on_message(id_, std::move(message));
  };
  links_ = run::testing::make_memory_links(time.fake.timers, near_, far_);
  id_ = gate.attach(role, name, *links_.first);
}

void Neighbour::send(const seam::Message& message) {
  if (gate_ == nullptr) throw Failure(fail("gate.closed", "this link has been closed"));
  auto packet = seam::encode(message);  // the link itself is silent about what does not fit
  if (!packet) throw Failure(packet.error());
  links_.second->send(message);
}

void Neighbour::close() {
  if (gate_ == nullptr) return;
  gate_->detach(id_);
  gate_ = nullptr;
  links_.first->close();
  links_.second->close();
}

GateHouse::GateHouse(HouseParts parts) : parts_(std::move(parts)) {
  auto& timers = parts_.time->fake.timers;
  parts_.journal->stage.now = timers.now();
  journal_ = std::make_shared<PumpedJournal>(parts_.journal, timers, timers);
  gate::GatePlugins plugins;
  for (const auto& one : parts_.authenticators) plugins.authenticators[std::string(one->factor())] = one.get();
  for (const auto& one : parts_.checks) plugins.checks[std::string(one->name())] = one.get();
  plugins.verify_password = parts_.verify_password;
  plugins.line_of = [this](const std::string& path, const std::string& circuit) {
    const auto found = lines_.find({path, circuit});
    return found == lines_.end() ? registry::Line::unknown : found->second;
  };
  gate_ = std::make_unique<gate::Gate>(parts_.options, parts_.time->fake.services(), parts_.store, *journal_,
                                       std::move(plugins));
  std::optional<Result<void>> started;
  const auto told = std::make_shared<programs::JournalAtStart>(
      [journal = journal_](const audit::Query& query, const std::vector<std::string>& events) {
        return audit::search_any(journal->memory().stage.disk, query, events);
      });
  gate_->start(
      [told](Instant from) { return told->unfinished(from); },
      [&started](Result<void> end) { started = std::move(end); }, [told](Instant from) { return told->ended(from); },
      [told](Instant from) { return told->given_desktops(from); },
      [told](Instant from) { return told->recordings(from); }, [told](Instant from) { return told->screens(from); });
  timers.settle();
  if (!started) throw Failure(fail("gate.late", "the store did not answer"));
  unwrap(*started);
  play_netd();
}

void GateHouse::play_netd() {
  // Weak, because the house keeps the neighbour: it would keep itself.
  auto self = std::make_shared<std::weak_ptr<Neighbour>>();
  const auto netd = attach("netd", "netd", [this, self](seam::Message message) {
    const auto neighbour = self->lock();
    if (!neighbour) return;
    std::optional<std::uint64_t> number;
    if (const auto* desired = std::get_if<seam::DesiredNet>(&message)) {
      number = desired->number;
      if (netd_works) kernel[desired->tun] = desired->rights;
    } else if (const auto* rdp = std::get_if<seam::DesiredRdp>(&message)) {
      number = rdp->number;
      if (netd_works) kernel_rdp = rdp->rights;
    }
    if (number) neighbour->send(seam::NetApplied{*number, netd_works, netd_works ? "" : "told to fail"});
  });
  *self = netd;
  netd_ = netd;
  time().fake.timers.settle();
}

void GateHouse::set_line(const std::string& path, const std::string& circuit, registry::Line line) {
  lines_[{path, circuit}] = line;
  running().line_changed(path, circuit);
  time().fake.timers.settle();
}

void GateHouse::refuse_rdp(const std::string& source, const std::string& destination, std::uint8_t protocol) {
  const auto netd = netd_.lock();
  if (!netd) throw Failure(fail("gate.closed", "the house plays no netd any more"));
  netd->send(seam::RdpRefused{{{source, destination, protocol, 1, 1}}});
  time().fake.timers.settle();
}

std::shared_ptr<Neighbour> GateHouse::attach(const std::string& role, const std::string& name, Neighbour::Hear hear) {
  auto made = std::make_shared<Neighbour>(running(), *parts_.time, role, name, std::move(hear));
  neighbours_.push_back(made);
  return made;
}

gate::Gate& GateHouse::running() {
  if (!gate_) throw Failure(fail("gate.closed", "the gate has been closed"));
  return *gate_;
}

void GateHouse::close() {
  for (const auto& neighbour : neighbours_) neighbour->close();
  gate_.reset();
  if (journal_) journal_->pump();  // what waits is written: a good end
  journal_.reset();
  neighbours_.clear();
}

}  // namespace sekisho::python
