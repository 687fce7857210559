// Memory that runs out at any allocation of a transaction: nothing is kept that was not said, and the store works on.
#include "registry/testing/cast.hpp"
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

namespace {

thread_local long allocations_left = -1;  ///< the one that finds 0 fails; below: none does
thread_local bool all_fail = false;       ///< and all that follow
thread_local bool failed = false;         ///< one has

}  // namespace

void* operator new(std::size_t bytes) {
  if (allocations_left == 0) {
    failed = true;
    if (!all_fail) allocations_left = -1;
    throw std::bad_alloc();
  }
  if (allocations_left > 0) --allocations_left;
  if (void* out = std::malloc(bytes == 0 ? 1 : bytes)) return out;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace sekisho::store {
namespace {

using registry::testing::kNow;

struct Refused final : std::exception {};

class OutOfMemory : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(OnceOrForLong, OutOfMemory, ::testing::Bool());

TEST_P(OutOfMemory, LosesWhatWasNotCommittedAndNoMore) {
  std::string folder = (std::filesystem::temp_directory_path() / "sekisho-memory-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  {
    auto store = open("sqlite://" + folder + "/sekisho.db");
    ASSERT_TRUE(store);
    long spared = 0;
    for (failed = true; failed; ++spared) {
      const std::string first = "first " + std::to_string(spared), second = "second " + std::to_string(spared);
      const std::vector<Job> jobs{[](Tx&) { throw Refused(); },
                                  [&](Tx& tx) {
                                    tx.put_login({first, "{}", kNow + Seconds(9)});
                                    EXPECT_GT(tx.next_session_count("d"), 0U);
                                  },
                                  [&](Tx& tx) {
                                    tx.put_posture({second, 1, kNow, "pass", "[]", "{}"});
                                    static_cast<void>(tx.login(first));
                                  }};
      std::vector<Result<void>> ends;
      failed = false;
      all_fail = GetParam();
      allocations_left = spared;
      try {
        ends = (*store)->transact_each(jobs);
      } catch (const std::bad_alloc&) {
        ends.clear();
      }
      allocations_left = -1;
      bool has_first = false, has_second = false;
      const auto looked = (*store)->transact([&](Tx& tx) {
        has_first = tx.login(first).has_value();
        has_second = tx.posture(second).has_value();
      });
      ASSERT_TRUE(looked) << spared << ": " << looked.error().detail;
      ASSERT_EQ(has_first, ends.size() == 3 && ends[1]) << spared;
      ASSERT_EQ(has_second, ends.size() == 3 && ends[2]) << spared;
    }
    EXPECT_GT(spared, 50) << "the allocations are not counted";
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sekisho::store
