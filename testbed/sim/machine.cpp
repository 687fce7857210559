#include "machine.hpp"

#include <algorithm>

namespace sekisho::sim {

void MachineBlocking::run(sekisho::run::Pool pool, milliseconds limit, std::function<void()> work,
                          std::function<void(Result<void>)> done) {
  const Instant now = heap_.now();
  Instant* free = &store_free_;
  microseconds cost = chance_.span(microseconds(200), microseconds(2000));
  if (pool == sekisho::run::Pool::password) {
    free = &*std::min_element(hash_free_.begin(), hash_free_.end());
    cost = chance_.span(milliseconds(60), milliseconds(140));
  }
  const Instant end = std::max(now, *free) + cost;
  *free = end;
  if (end - now < limit) {
    // The work is done, then the loop hears of it: a process may die in between.
    heap_.at(owner_, end, [this, work = std::move(work), done = std::move(done)]() mutable {
      work();
      heap_.in(owner_, microseconds(100), [done = std::move(done)] { done({}); });
    });
    return;
  }
  heap_.at(owner_, now + limit, [done = std::move(done)] { done(fail("run.late", "the work took too long")); });
  heap_.at(owner_, end, std::move(work));
}

void MachineMail::send(SendMail mail, std::function<void(Result<void>)> done) {
  watch_(mail);
  const Instant sent = heap_.now();
  const bool refused = chance_.one_in(60), lost = chance_.one_in(40);
  const auto taken = chance_.span(milliseconds(5), milliseconds(300));
  heap_.in(owner_, taken, [done = std::move(done), refused] {
    done(refused ? Result<void>(fail("mail.refused", "the next hop refused it")) : Result<void>());
  });
  if (refused || lost) return;
  const auto travel =
      chance_.one_in(20) ? chance_.span(Seconds(60), Seconds(400)) : chance_.span(milliseconds(500), Seconds(20));
  // From the next hop on it needs this process no more.
  heap_.in(0, taken + travel, [deliver = deliver_, sent, mail = std::move(mail), heap = &heap_] {
    deliver(DeliveredMail{sent, heap->now(), mail});
  });
}

MachineJournal::MachineJournal(Heap& heap, Chance& chance, Owner owner, const run::Clock& clock,
                               std::unique_ptr<audit::SteppedJournal> journal, Watch watch)
    : heap_(heap),
      chance_(chance),
      owner_(owner),
      clock_(clock),
      journal_(std::move(journal)),
      watch_(std::move(watch)) {
  arm();
}

void MachineJournal::append(audit::Entry entry, audit::Durable durable) {
  watch_(entry);
  journal_->append(std::move(entry), std::move(durable));
  if (pumping_) return;
  pumping_ = true;
  heap_.in(owner_, chance_.span(microseconds(300), microseconds(4000)), [this] {
    pumping_ = false;
    pump();
  });
}

void MachineJournal::pump() {
  journal_->pump(clock_.now());
  arm();
}

void MachineJournal::arm() {
  const auto due = journal_->next_deadline();
  if (!due || (timer_ != 0 && armed_for_ <= *due)) return;
  if (timer_ != 0) heap_.cancel(timer_);
  armed_for_ = *due;
  const auto wait = std::max(*due - clock_.now(), Instant::duration(milliseconds(1)));
  timer_ = heap_.in(owner_, wait, [this] {
    timer_ = 0;
    pump();
  });
}

}  // namespace sekisho::sim
