// What a gate process gets from the machine it runs on: blocking work that takes modelled time, a mail spool, a journal
// on a disk whose syncs take time. All of it belongs to one process and dies with it.
// Threads: one. Ownership: borrows heap, chance, disks; the gate borrows these. Units: modelled times are stated below.
#pragma once
#include "audit/stepped_journal.hpp"
#include "chance.hpp"
#include "heap.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::sim {

/// The store's one thread takes 0.2 to 2 ms a job, or hangs; a password hash 60 to 140 ms on one of four workers.
class MachineBlocking final : public run::Blocking {
 public:
  MachineBlocking(Heap& heap, Chance& chance, Owner owner) : heap_(heap), chance_(chance), owner_(owner) {}
  void run(sekisho::run::Pool pool, milliseconds limit, std::function<void()> work,
           std::function<void(Result<void>)> done) override;
  void hang_store_until(Instant when) { store_free_ = std::max(store_free_, when); }

 private:
  Heap& heap_;
  Chance& chance_;
  Owner owner_;
  Instant store_free_{};
  std::array<Instant, 4> hash_free_{};
};

struct DeliveredMail {
  Instant sent_at{}, arrived_at{};
  SendMail mail;
};

/// The next hop takes a mail after 5 to 300 ms or refuses it; it arrives 0.5 to 20 s later, in any order, or never.
class MachineMail final : public run::Mail {
 public:
  using Deliver = std::function<void(DeliveredMail)>;
  using Watch = std::function<void(const SendMail&)>;
  MachineMail(Heap& heap, Chance& chance, Owner owner, Deliver deliver, Watch watch)
      : heap_(heap), chance_(chance), owner_(owner), deliver_(std::move(deliver)), watch_(std::move(watch)) {}
  void send(SendMail mail, std::function<void(Result<void>)> done) override;

 private:
  Heap& heap_;
  Chance& chance_;
  Owner owner_;
  Deliver deliver_;
  Watch watch_;
};

/// The production writer; what is appended is written and synced together 0.3 to 4 ms later.
class MachineJournal final : public audit::Journal {
 public:
  using Watch = std::function<void(const audit::Entry&)>;
  MachineJournal(Heap& heap, Chance& chance, Owner owner, const run::Clock& clock,
                 std::unique_ptr<audit::SteppedJournal> journal, Watch watch);
  void append(audit::Entry entry, audit::Durable durable) override;
  [[nodiscard]] bool healthy() const override { return journal_->healthy(); }
  [[nodiscard]] audit::SteppedJournal& journal() { return *journal_; }

 private:
  void pump();
  void arm();
  Heap& heap_;
  Chance& chance_;
  Owner owner_;
  const run::Clock& clock_;
  std::unique_ptr<audit::SteppedJournal> journal_;
  Watch watch_;
  bool pumping_ = false;
  Heap::Id timer_ = 0;
  Instant armed_for_{};
};

}  // namespace sekisho::sim
