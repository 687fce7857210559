// JobQueue: jobs of many callers in the order in which they came; those that may share a commit wait for it together,
// so that a crowd of logins costs the disk few of them. A job's end is known only after the commit that holds it.
// Threads: any. Ownership: a ticket is shared with its caller. Errors: the store's; store.dropped for a dropped ticket;
// store.aborted also when memory ran out for a transaction: nothing of it is kept.
#pragma once
#include "store/store.hpp"

#include <deque>
#include <memory>
#include <mutex>

namespace sekisho::store {

class JobQueue {
 public:
  /// `alone`: a transaction of its own, as Store::transact() (the registry's changes). `shared`: see transact_each().
  enum class Commit : std::uint8_t { alone, shared };
  struct Ticket {
    Job job;
    Commit commit = Commit::alone;
    std::optional<Result<void>> end;
    bool taken = false;  ///< finish() has told the end
    bool dropped = false;
  };
  using TicketPtr = std::shared_ptr<Ticket>;
  static constexpr std::size_t kMostTogether = 32;

  explicit JobQueue(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  [[nodiscard]] TicketPtr push(Job job, Commit commit);
  /// Nobody waits in finish() for it any more: it does not begin. Its end, when another's finish() has brought it there
  /// already and nobody has been told; finish() tells no other then.
  [[nodiscard]] std::optional<Result<void>> drop(const TicketPtr& ticket);
  /// Runs what stands before the ticket, the ticket, and what may share its commit; blocks on the disk.
  [[nodiscard]] Result<void> finish(const TicketPtr& ticket);

 private:
  std::vector<TicketPtr> next();
  void run(const std::vector<TicketPtr>& tickets);

  std::shared_ptr<Store> store_;
  std::mutex running_;  // one finish() at a time; taken before mutex_
  std::mutex mutex_;    // guards what is below and the tickets
  std::deque<TicketPtr> waiting_;
};

}  // namespace sekisho::store
