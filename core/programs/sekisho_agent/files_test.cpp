#include "programs/sekisho_agent/files.hpp"

#include "programs/sekisho_agent/state_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

namespace sekisho::agent {
namespace {

using namespace std::chrono_literals;
constexpr FileCodes kCodes{"t.unreadable", "t.open"};

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sekisho-agent-files.XXXXXX";
    folder = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder + "/" + name; }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
  }
  std::string folder;
};

TEST_F(Files, ANewPrivateFileIsItsOwnersAlone) {
  ASSERT_TRUE(write_new_private(path("key"), "secret", "t.unreadable"));
  struct stat status {};
  ASSERT_EQ(::stat(path("key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(read_private(path("key"), 64, kCodes)->reveal(), "secret");
  EXPECT_EQ(write_new_private(path("key"), "other", "t.exists").error().code, "t.exists");
  EXPECT_EQ(read_private(path("key"), 64, kCodes)->reveal(), "secret") << "an existing key stays";
  EXPECT_EQ(entries(), 1u) << "nothing is left behind";
}

TEST_F(Files, APrivateFileIsRefusedWhenOthersMayTouchIt) {
  ASSERT_TRUE(write_new_private(path("key"), "secret", "t.unreadable"));
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0777U}) {
    ::chmod(path("key").c_str(), mode);
    EXPECT_EQ(read_private(path("key"), 64, kCodes).error().code, "t.open") << mode;
  }
}

TEST_F(Files, OnlySmallRegularFilesAreRead) {
  ASSERT_TRUE(write_new_private(path("key"), "123456", "t.unreadable"));
  EXPECT_TRUE(read_private(path("key"), 6, kCodes));
  EXPECT_EQ(read_private(path("key"), 5, kCodes).error().code, "t.unreadable");
  std::filesystem::create_symlink(path("key"), path("link"));
  EXPECT_EQ(read_private(path("link"), 64, kCodes).error().code, "t.unreadable");
  ::mkfifo(path("fifo").c_str(), 0600);
  EXPECT_EQ(read_private(path("fifo"), 64, kCodes).error().code, "t.unreadable");
  EXPECT_EQ(read_plain(path("fifo"), 64, "t.unreadable").error().code, "t.unreadable");
  EXPECT_EQ(read_plain(folder, 64, "t.unreadable").error().code, "t.unreadable");
  EXPECT_EQ(read_plain(path("nothing"), 64, "t.unreadable").error().code, "t.unreadable");
}

TEST_F(Files, AReplacedFileIsWholeOrTheOldOne) {
  ASSERT_TRUE(replace_private(path("state"), "one", "t.unreadable"));
  ASSERT_TRUE(replace_private(path("state"), "two", "t.unreadable"));
  EXPECT_EQ(read_private(path("state"), 64, kCodes)->reveal(), "two");
  EXPECT_EQ(entries(), 1u);
  EXPECT_FALSE(replace_private(path("no/state"), "x", "t.unreadable"));
}

using State = Files;

TEST_F(State, NumbersRiseOverRunsAndAreDurableBeforeUse) {
  {
    StateFile state(path("state"), "kid");
    EXPECT_EQ(*state.take(), 0);
    EXPECT_EQ((*state.load())->seq, 0) << "on disk while the report is under way";
    state.settle();
    EXPECT_EQ(*state.take(), 1);
  }
  StateFile next(path("state"), "kid");
  EXPECT_EQ(*next.take(), 2);
}

TEST_F(State, OneReportAtATimeOverProcesses) {
  StateFile first(path("state"), "kid"), second(path("state"), "kid", 30ms);
  ASSERT_TRUE(first.take());
  EXPECT_EQ(second.take().error().code, "agent.state_busy");
  first.settle();
  EXPECT_EQ(*second.take(), 1);
}

TEST_F(State, NoNumberIsGivenTwiceUnderContention) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::multiset<std::int64_t> given;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      StateFile state(path("state"), "kid", 60s);
      for (int k = 0; k < 5; ++k) {
        const auto number = state.take();
        ASSERT_TRUE(number);
        {
          const std::lock_guard held(mutex);
          given.insert(*number);
        }
        state.settle();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(given.size(), 20u);
  EXPECT_EQ(std::set<std::int64_t>(given.begin(), given.end()).size(), 20u);
  EXPECT_EQ(*given.rbegin(), 19);
}

TEST_F(State, BelongsToOneKey) {
  StateFile mine(path("state"), "kid");
  ASSERT_TRUE(mine.enrolled("pc-mori", "gate"));
  EXPECT_EQ(**mine.load(), (AgentState{"kid", "pc-mori", "gate", -1}));
  StateFile other(path("state"), "another");
  EXPECT_EQ(other.load().error().code, "agent.state_of_other_key");
  EXPECT_EQ(other.take().error().code, "agent.state_of_other_key");
  EXPECT_TRUE(mine.take()) << "a refused number holds no lock";
  mine.settle();
  ASSERT_TRUE(mine.enrolled("pc-mori", "gate"));
  EXPECT_EQ((*mine.load())->seq, 0) << "the same key goes on counting";
  ASSERT_TRUE(other.enrolled("pc-mori", "gate"));
  EXPECT_EQ((*other.load())->seq, -1) << "a new key begins anew";
}

TEST_F(State, ABrokenStateGivesNoNumber) {
  for (const char* content : {"", "{}", "x", R"({"schema":"sekisho.agent-state/1","kid":"kid","seq":5})",
                              R"({"schema":"sekisho.agent-state/2","kid":"kid","terminal":"","gateway":"","seq":5})"}) {
    std::ofstream(path("state")) << content;
    ::chmod(path("state").c_str(), 0600);
    StateFile state(path("state"), "kid");
    EXPECT_EQ(state.take().error().code, "agent.state_unreadable") << content;
  }
  std::ofstream(path("state"))
      << R"({"schema":"sekisho.agent-state/1","kid":"kid","terminal":"","gateway":"","seq":9223372036854775807})";
  StateFile state(path("state"), "kid");
  EXPECT_EQ(state.take().error().code, "agent.state_unreadable");
}

}  // namespace
}  // namespace sekisho::agent
