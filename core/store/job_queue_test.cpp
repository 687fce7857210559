#include "store/job_queue.hpp"

#include "store/testing/memory_store.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sekisho::store {
namespace {

using Commit = JobQueue::Commit;

/// Remembers which jobs went into one transaction.
class CountingStore final : public Store {
 public:
  Result<void> transact(const Job& job) override {
    batches.push_back(1);
    return inner.transact(job);
  }
  std::vector<Result<void>> transact_each(std::span<const Job> jobs) override {
    batches.push_back(jobs.size());
    std::vector<Result<void>> ends;
    for (const Job& job : jobs) ends.push_back(inner.transact(job));
    return ends;
  }
  testing::MemoryStore inner;
  std::vector<std::size_t> batches;
};

class Jobs : public ::testing::Test {
 protected:
  Job note(int number) {
    return [this, number](Tx&) { ran.push_back(number); };
  }
  std::shared_ptr<CountingStore> store = std::make_shared<CountingStore>();
  JobQueue queue{store};
  std::vector<int> ran;
};

TEST_F(Jobs, ThatMayShareACommitDoSo) {
  const auto one = queue.push(note(1), Commit::shared), two = queue.push(note(2), Commit::shared),
             three = queue.push(note(3), Commit::shared);
  EXPECT_TRUE(queue.finish(one));
  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
  EXPECT_TRUE(queue.finish(two));
  EXPECT_TRUE(queue.finish(three));
  EXPECT_EQ(store->batches, std::vector<std::size_t>{3});
}

TEST_F(Jobs, KeepTheirOrderAcrossOneThatGoesAlone) {
  const auto one = queue.push(note(1), Commit::shared), two = queue.push(note(2), Commit::alone),
             three = queue.push(note(3), Commit::shared), four = queue.push(note(4), Commit::shared);
  EXPECT_TRUE(queue.finish(one));
  EXPECT_EQ(ran, std::vector{1});
  EXPECT_TRUE(queue.finish(four));
  EXPECT_EQ(ran, (std::vector{1, 2, 3, 4}));
  EXPECT_EQ(store->batches, (std::vector<std::size_t>{1, 1, 2}));
  EXPECT_TRUE(queue.finish(two));
  EXPECT_TRUE(queue.finish(three));
}

TEST_F(Jobs, FailOneByOne) {
  const auto good = queue.push(note(1), Commit::shared);
  const auto bad = queue.push([](Tx&) { throw std::runtime_error("no"); }, Commit::shared);
  const auto later = queue.push(note(2), Commit::shared);
  EXPECT_EQ(queue.finish(bad).error().code, "store.aborted");
  EXPECT_TRUE(queue.finish(good));
  EXPECT_TRUE(queue.finish(later));
  EXPECT_EQ(ran, (std::vector{1, 2}));
}

TEST_F(Jobs, ThatNobodyWaitsForDoNotBegin) {
  const auto gone = queue.push(note(1), Commit::shared), kept = queue.push(note(2), Commit::shared);
  queue.drop(gone);
  EXPECT_TRUE(queue.finish(kept));
  EXPECT_EQ(queue.finish(gone).error().code, "store.dropped");
  EXPECT_EQ(ran, std::vector{2});
}

TEST_F(Jobs, AreTakenInBatchesOfALimitedSize) {
  std::vector<JobQueue::TicketPtr> tickets;
  for (int n = 0; n < static_cast<int>(JobQueue::kMostTogether) + 5; ++n) {
    tickets.push_back(queue.push(note(n), Commit::shared));
  }
  EXPECT_TRUE(queue.finish(tickets.back()));
  EXPECT_EQ(store->batches, (std::vector<std::size_t>{JobQueue::kMostTogether, 5}));
  EXPECT_EQ(ran.size(), tickets.size());
}

}  // namespace
}  // namespace sekisho::store
