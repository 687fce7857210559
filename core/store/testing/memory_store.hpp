// MemoryStore: a Store without a file, with the same semantics (order of jobs, all or nothing), for gate tests and the
// simulator. Rolling back costs what the job changed, not what the store holds.
// Threads: as Store. Errors: store.aborted when the job throws; whatever fail_next() or lose_next_answer() was
// told.
#pragma once
#include "store/store.hpp"

#include <memory>

namespace sekisho::store::testing {

class MemoryStore final : public Store {
 public:
  MemoryStore();
  ~MemoryStore() override;
  [[nodiscard]] Result<void> transact(const std::function<void(Tx&)>& job) override;

  /// The next transact() runs its job, keeps nothing and answers with this error.
  void fail_next(Error error);
  /// The next transact() keeps what its job did and answers with this error all the same: a commit whose answer is
  /// lost.
  void lose_next_answer(Error error);

 private:
  struct State;
  class MemoryTx;
  std::unique_ptr<State> state_;
};

}  // namespace sekisho::store::testing
