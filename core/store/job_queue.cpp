#include "store/job_queue.hpp"

#include <algorithm>

namespace sekisho::store {

std::vector<Result<void>> Store::transact_each(std::span<const Job> jobs) {
  std::vector<Result<void>> ends;
  ends.reserve(jobs.size());
  for (const Job& job : jobs) ends.push_back(transact(job));
  return ends;
}

JobQueue::TicketPtr JobQueue::push(Job job, Commit commit) {
  auto ticket = std::make_shared<Ticket>(Ticket{std::move(job), commit, std::nullopt, false});
  const std::lock_guard lock(mutex_);
  waiting_.push_back(ticket);
  return ticket;
}

void JobQueue::drop(const TicketPtr& ticket) {
  const std::lock_guard lock(mutex_);
  ticket->dropped = true;
  std::erase(waiting_, ticket);
}

std::vector<JobQueue::TicketPtr> JobQueue::next() {
  const std::lock_guard lock(mutex_);
  std::vector<TicketPtr> out;
  while (!waiting_.empty() && out.size() < kMostTogether) {
    const bool alone = waiting_.front()->commit == Commit::alone;
    if (alone && !out.empty()) break;
    out.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (alone) break;
  }
  return out;
}

Result<void> JobQueue::finish(const TicketPtr& ticket) {
  const std::lock_guard running(running_);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (ticket->end) return *ticket->end;
      if (ticket->dropped) return fail("store.dropped", "nobody waits for this job");
    }
    const std::vector<TicketPtr> tickets = next();
    SEKISHO_ASSERT(!tickets.empty());
    std::vector<Job> jobs;
    jobs.reserve(tickets.size());
    for (const TicketPtr& one : tickets) jobs.emplace_back([one = one.get()](Tx& tx) { one->job(tx); });
    auto ends = jobs.size() == 1 ? std::vector{store_->transact(jobs.front())} : store_->transact_each(jobs);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < tickets.size(); ++i) tickets[i]->end = std::move(ends.at(i));
  }
}

}  // namespace sekisho::store
