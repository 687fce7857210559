#include "store/job_queue.hpp"

#include <algorithm>
#include <exception>

namespace sekisho::store {
namespace {

struct Dropped final : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "nobody waits for this job"; }
};

}  // namespace

std::vector<Result<void>> Store::transact_each(std::span<const Job> jobs) {
  std::vector<Result<void>> ends;
  ends.reserve(jobs.size());
  for (const Job& job : jobs) ends.push_back(transact(job));
  return ends;
}

JobQueue::TicketPtr JobQueue::push(Job job, Commit commit) {
  auto ticket = std::make_shared<Ticket>();
  ticket->job = std::move(job);
  ticket->commit = commit;
  const std::lock_guard lock(mutex_);
  waiting_.push_back(ticket);
  return ticket;
}

std::optional<Result<void>> JobQueue::drop(const TicketPtr& ticket) {
  const std::lock_guard lock(mutex_);
  ticket->dropped = true;
  std::erase(waiting_, ticket);
  if (ticket->taken) return std::nullopt;
  return ticket->end;
}

std::vector<JobQueue::TicketPtr> JobQueue::next() {
  std::vector<TicketPtr> out;
  out.reserve(kMostTogether);
  const std::lock_guard lock(mutex_);
  while (!waiting_.empty() && out.size() < kMostTogether) {
    const bool alone = waiting_.front()->commit == Commit::alone;
    if (alone && !out.empty()) break;
    out.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (alone) break;
  }
  return out;
}

void JobQueue::run(const std::vector<TicketPtr>& tickets) {
  SEKISHO_ASSERT(!tickets.empty());
  std::vector<Result<void>> ends;
  try {
    std::vector<Job> jobs;
    jobs.reserve(tickets.size());
    for (const TicketPtr& one : tickets) {
      jobs.emplace_back([this, one = one.get()](Tx& tx) {
        {
          const std::lock_guard lock(mutex_);
          if (one->dropped) throw Dropped();  // while those before it ran
        }
        one->job(tx);
      });
    }
    if (jobs.size() == 1) {
      ends.push_back(store_->transact(jobs.front()));
    } else {
      ends = store_->transact_each(jobs);
    }
  } catch (...) {
    ends.clear();
  }
  // Whatever happened, each has an end: one without would be waited for in vain.
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    tickets[i]->end = i < ends.size() ? std::move(ends[i]) : fail("store.aborted", "out of memory");
  }
}

Result<void> JobQueue::finish(const TicketPtr& ticket) {
  const std::lock_guard running(running_);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (ticket->dropped) return fail("store.dropped", "nobody waits for this job");
      if (ticket->end) {
        Result<void> end = *ticket->end;
        ticket->taken = true;
        return end;
      }
    }
    run(next());
  }
}

}  // namespace sekisho::store
