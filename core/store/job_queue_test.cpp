#include "store/job_queue.hpp"

#include "store/testing/memory_store.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <utility>

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
    if (std::exchange(out_of_memory, false)) throw std::bad_alloc();
    std::vector<Result<void>> ends;
    for (const Job& job : jobs) ends.push_back(inner.transact(job));
    return ends;
  }
  testing::MemoryStore inner;
  std::vector<std::size_t> batches;
  bool out_of_memory = false;  ///< for the next one that several share
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
  EXPECT_FALSE(queue.drop(gone));
  EXPECT_TRUE(queue.finish(kept));
  EXPECT_EQ(queue.finish(gone).error().code, "store.dropped");
  EXPECT_EQ(ran, std::vector{2});
}

TEST_F(Jobs, ThatNobodyWaitsForAnyMoreWhileOthersRunDoNotBegin) {
  JobQueue::TicketPtr gone;
  const auto first = queue.push([&](Tx&) { EXPECT_FALSE(queue.drop(gone)); }, Commit::shared);
  gone = queue.push(note(1), Commit::shared);
  const auto last = queue.push(note(2), Commit::shared);
  EXPECT_TRUE(queue.finish(first));
  EXPECT_TRUE(queue.finish(last));
  EXPECT_EQ(store->batches, std::vector<std::size_t>{3});
  EXPECT_EQ(ran, std::vector{2});
}

TEST_F(Jobs, TellTheirEndOnceToWhoFinishesOrDropsThem) {
  const auto first = queue.push(note(1), Commit::shared), busy = queue.push(note(2), Commit::shared);
  const auto bad = queue.push([](Tx&) { throw std::runtime_error("no"); }, Commit::shared);
  EXPECT_TRUE(queue.finish(first));
  const auto end = queue.drop(busy), of_bad = queue.drop(bad);
  ASSERT_TRUE(end && of_bad) << "another's commit has brought them to their ends";
  EXPECT_TRUE(*end);
  EXPECT_EQ(of_bad->error().code, "store.aborted");
  EXPECT_EQ(queue.finish(busy).error().code, "store.dropped") << "whoever dropped it has its end";
  EXPECT_FALSE(queue.drop(first)) << "finish() has told it";
  EXPECT_EQ(ran, (std::vector{1, 2}));
}

TEST_F(Jobs, AllHaveAnEndWhenMemoryRunsOut) {
  const auto one = queue.push(note(1), Commit::shared), two = queue.push(note(2), Commit::shared);
  store->out_of_memory = true;
  EXPECT_EQ(queue.finish(one).error().code, "store.aborted");
  EXPECT_EQ(queue.finish(two).error().code, "store.aborted");
  const auto three = queue.push(note(3), Commit::shared);
  EXPECT_TRUE(queue.finish(three));
  EXPECT_EQ(ran, std::vector{3});
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
