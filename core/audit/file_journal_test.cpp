#include "audit/file_journal.hpp"

#include "audit/reader.hpp"
#include "audit/testing/journal_stage.hpp"
#include "base/testing/environment.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <set>
#include <thread>

namespace sekisho::audit {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "sekisho-journal-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    fs::create_directory(path_ / "keys");
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] JournalConfig config() const {
    JournalConfig out;
    out.directory = (path_ / "journal").string();
    out.signing_key_file = (path_ / "keys" / "journal.pem").string();
    out.segment_bytes = 64 * 1024;
    out.reserve_percent = 0;
    return out;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] Trust trust(bool with_head = true) const {
    Trust out{read("keys/journal.pem.pub"), {}, read("keys/journal.pem.tail")};
    if (with_head) out.published_heads.push_back(read("keys/journal.pem.head"));
    return out;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Instant wall_clock() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

Entry entry_of(std::string event) {
  Entry out;
  out.at = wall_clock();
  out.event = std::move(event);
  out.result = "ok";
  return out;
}

/// Lets syncs wait until told otherwise.
class SlowDisk : public Disk {
 public:
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    change_.notify_all();
  }
  void wait_until_somebody_waits() {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [this] { return waiting_ > 0; });
  }

  Result<std::unique_ptr<File>> create(const std::string& name) override { return wrap(disk_.create(name)); }
  Result<std::unique_ptr<File>> open(const std::string& name, Access access) override {
    return wrap(disk_.open(name, access));
  }
  Result<std::vector<std::string>> list() override { return disk_.list(); }
  Result<void> rename(const std::string& from, const std::string& to) override { return disk_.rename(from, to); }
  Result<void> remove(const std::string& name) override { return disk_.remove(name); }
  Result<void> sync_names() override { return disk_.sync_names(); }
  Result<Space> space() override { return disk_.space(); }
  Result<std::unique_ptr<DiskLock>> lock() override { return disk_.lock(); }
  bool locked() override { return disk_.locked(); }

 private:
  struct SlowFile : File {
    SlowFile(SlowDisk& d, std::unique_ptr<File> f) : disk(d), file(std::move(f)) {}
    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
      return file->write_at(offset, bytes);
    }
    Result<void> sync() override {
      std::unique_lock lock(disk.mutex_);
      ++disk.waiting_;
      disk.change_.notify_all();
      disk.change_.wait(lock, [this] { return !disk.held_; });
      --disk.waiting_;
      return file->sync();
    }
    Result<std::string> read_at(std::uint64_t offset, std::size_t size) override { return file->read_at(offset, size); }
    Result<std::uint64_t> size() override { return file->size(); }
    Result<void> truncate(std::uint64_t size) override { return file->truncate(size); }
    SlowDisk& disk;
    std::unique_ptr<File> file;
  };
  Result<std::unique_ptr<File>> wrap(Result<std::unique_ptr<File>> inner) {
    if (!inner) return inner.error();
    return std::unique_ptr<File>(std::make_unique<SlowFile>(*this, std::move(*inner)));
  }

  MemoryDisk disk_;
  std::mutex mutex_;
  std::condition_variable change_;
  bool held_ = false;
  int waiting_ = 0;
};

}  // namespace

TEST(FileJournal, TakesEntriesFromManyThreadsAndVerifiesWhileItIsWritten) {
  const Folder folder;
  auto journal = open_journal(folder.config(), wall_clock);
  ASSERT_TRUE(journal) << journal.error().detail;
  constexpr int kWriters = 4, kEach = 1500;
  std::atomic<int> durable = 0, wrong = 0, looks = 0;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        if (i == kEach / 2)
          looks.wait(0);  // however slow a look is, the first one happens while entries are still to come
        (*journal)->append(entry_of("w" + std::to_string(w)),
                           [&](const Result<std::uint64_t>& end) { ++(end ? durable : wrong); });
      }
    });
  }
  while (looks < 2 || durable + wrong < kWriters * kEach) {
    const auto verification = verify(folder.config().directory, folder.trust());
    EXPECT_TRUE(verification.ok) << "entry " << verification.first_bad << ": " << verification.why;
    EXPECT_TRUE(search(folder.config().directory, {}));
    ++looks;
    looks.notify_all();
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE((*journal)->healthy());
  journal->reset();
  const auto verification = verify(folder.config().directory, folder.trust());
  EXPECT_TRUE(verification.ok) << verification.why;
  EXPECT_EQ(verification.entries, static_cast<std::uint64_t>(kWriters * kEach + 1));
  Query query;
  query.event = "w2";
  query.limit = kEach + 1;
  EXPECT_EQ(search(folder.config().directory, query)->size(), static_cast<std::size_t>(kEach));
}

TEST(FileJournal, SignsAndPublishesWhenItIsClosed) {
  const Folder folder;
  {
    auto journal = open_journal(folder.config(), wall_clock);
    ASSERT_TRUE(journal);
    for (int i = 0; i < 5; ++i) (*journal)->append(entry_of("a"));
  }
  const auto head = read_head(folder.read("keys/journal.pem.head"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->tree_size, 6U);
  struct stat status {};
  ASSERT_EQ(::stat((folder.path() / "keys/journal.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((folder.path() / "journal").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST(FileJournal, IsUnhealthyWhileTheDiskStallsAndWellAfterwards) {
  JournalParts parts;
  auto slow = std::make_unique<SlowDisk>();
  SlowDisk& disk = *slow;
  parts.journal = std::move(slow);
  parts.keys = std::make_unique<MemoryDisk>();
  parts.entropy = std::make_unique<SeededEntropy>(1);
  parts.stalled_after = std::chrono::milliseconds(0);
  const Folder folder;
  auto journal = open_journal_with(std::move(parts), folder.config(), wall_clock);
  ASSERT_TRUE(journal) << journal.error().detail;
  disk.hold();
  std::promise<bool> ended;
  (*journal)->append(entry_of("a"), [&](const Result<std::uint64_t>& end) { ended.set_value(end.has_value()); });
  disk.wait_until_somebody_waits();
  while ((*journal)->healthy()) std::this_thread::yield();

  // Meanwhile newcomers are queued, up to a limit, and never block.
  std::atomic<int> refused = 0, taken = 0;
  while (refused == 0) {
    (*journal)->append(entry_of("b"), [&](const Result<std::uint64_t>& end) {
      EXPECT_TRUE(end || end.error().code == "audit.full");
      ++(end ? taken : refused);
    });
  }
  EXPECT_EQ(taken, 0);
  disk.release();
  EXPECT_TRUE(ended.get_future().get());
  for (bool sent = false; !sent;) {
    std::promise<bool> took;
    (*journal)->append(entry_of("c"), [&](const Result<std::uint64_t>& end) { took.set_value(end.has_value()); });
    sent = took.get_future().get();
  }
  while (!(*journal)->healthy()) std::this_thread::yield();
  EXPECT_GT(taken, 60000);
}

TEST(FileJournal, RecoversByItselfFromAnUnwritableDisk) {
  JournalParts parts;
  auto memory = std::make_unique<MemoryDisk>();
  MemoryDisk& disk = *memory;
  parts.journal = std::move(memory);
  parts.keys = std::make_unique<MemoryDisk>();
  parts.entropy = std::make_unique<SeededEntropy>(1);
  const Folder folder;
  std::atomic<std::int64_t> later = 0;
  auto journal = open_journal_with(std::move(parts), folder.config(), [&] { return wall_clock() + Seconds(later); });
  ASSERT_TRUE(journal);
  disk.fail_after(0, 1'000'000, fail("audit.unwritable", "EIO"));
  std::promise<std::string> ended;
  (*journal)->append(entry_of("a"),
                     [&](const Result<std::uint64_t>& end) { ended.set_value(end ? "" : end.error().code); });
  EXPECT_EQ(ended.get_future().get(), "audit.unwritable");
  while ((*journal)->healthy()) std::this_thread::yield();
  disk.heal();
  later = 60;
  std::promise<std::string> again;
  (*journal)->append(entry_of("b"),
                     [&](const Result<std::uint64_t>& end) { again.set_value(end ? "" : end.error().code); });
  EXPECT_EQ(again.get_future().get(), "");
  while (!(*journal)->healthy()) std::this_thread::yield();
}

// T-71. SEKISHO_KILLS says how often (the slow run has 1,000), SEKISHO_SEED after how many entries.
TEST(FileJournal, LosesNothingAcknowledgedWhenItIsKilled) {
  const std::uint32_t kills = number_from_environment("SEKISHO_KILLS", 40, 1);
  const Folder folder;
  std::mt19937 chance(number_from_environment("SEKISHO_SEED", 1));
  std::uint64_t acknowledged = 0, total = 0;
  for (std::uint32_t i = 0; i < kills; ++i) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      auto journal = open_journal(folder.config(), wall_clock);
      if (!journal) ::_exit(3);
      for (;;) {
        std::promise<void> answered;
        for (int n = 0; n < 5; ++n) {
          (*journal)->append(entry_of("e"), [&, n](const Result<std::uint64_t>& end) {
            const std::uint64_t sequence = end ? *end : 0;
            if (::write(ends[1], &sequence, sizeof sequence) != sizeof sequence) ::_exit(4);
            if (n == 4) answered.set_value();
          });
        }
        answered.get_future().wait();
      }
    }
    ::close(ends[1]);
    const std::uint64_t wanted = chance() % 200;
    std::uint64_t sequence = 0;
    for (std::uint64_t n = 0; n < wanted; ++n) {
      ASSERT_EQ(::read(ends[0], &sequence, sizeof sequence), static_cast<ssize_t>(sizeof sequence));
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    while (::read(ends[0], &sequence, sizeof sequence) == sizeof sequence) {
      ASSERT_GT(sequence, acknowledged) << "no entry may fail or go back";
      acknowledged = sequence;
    }
    if (sequence > acknowledged) acknowledged = sequence;
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  }
  {
    auto journal = open_journal(folder.config(), wall_clock);
    ASSERT_TRUE(journal) << journal.error().code << ' ' << journal.error().detail;
  }
  const auto verification = verify(folder.config().directory, folder.trust());
  ASSERT_TRUE(verification.ok) << "entry " << verification.first_bad << ": " << verification.why;
  total = verification.entries;
  EXPECT_GE(total, acknowledged);
  EXPECT_GT(acknowledged, static_cast<std::uint64_t>(kills));
}

TEST(FileJournal, SaysWhichConfigurationIsWrong) {
  const Folder folder;
  JournalConfig config = folder.config();
  config.directory.clear();
  EXPECT_EQ(open_journal(config, wall_clock).error().code, "audit.config");
  config = folder.config();
  config.signing_key_file = "/";
  EXPECT_EQ(open_journal(config, wall_clock).error().code, "audit.config");
  config = folder.config();
  config.signing_key_file = (folder.path() / "absent" / "key.pem").string();
  EXPECT_EQ(open_journal(config, wall_clock).error().code, "audit.absent");
  config = folder.config();
  auto first = open_journal(config, wall_clock);
  ASSERT_TRUE(first);
  EXPECT_EQ(open_journal(config, wall_clock).error().code, "audit.locked");
}

// T-75: planted names lead nowhere.
TEST(PosixDisk, FollowsNoLinkAndOpensNothingButPlainFiles) {
  const Folder folder;
  const fs::path inside = folder.path() / "keys";
  std::ofstream(folder.path() / "outside") << "outside";
  fs::create_symlink(folder.path() / "outside", inside / "link");
  fs::create_hard_link(folder.path() / "outside", inside / "hard");
  ASSERT_EQ(::mkfifo((inside / "fifo").c_str(), 0600), 0);
  fs::create_directory(inside / "folder");
  std::ofstream(inside / "plain") << "plain";
  auto disk = open_posix_disk(inside.string(), Make::no);
  ASSERT_TRUE(disk);
  for (const char* name : {"link", "hard", "fifo", "folder", "../outside", "", ".", "..", ".hidden", "a/b"}) {
    EXPECT_FALSE((*disk)->open(name, Access::read)) << name;
    EXPECT_FALSE((*disk)->open(name, Access::write)) << name;
  }
  EXPECT_FALSE((*disk)->create("link"));
  EXPECT_EQ((*disk)->create("plain").error().code, "audit.exists");
  EXPECT_EQ((*disk)->open("nothing", Access::read).error().code, "audit.absent");
  EXPECT_TRUE((*disk)->open("plain", Access::read));
  fs::create_directory_symlink(inside, folder.path() / "door");
  EXPECT_FALSE(open_posix_disk((folder.path() / "door").string(), Make::no));
}

TEST(PosixDisk, ReplacesAFileWholeAndWritesOnlyWhatWasOpenedForIt) {
  const Folder folder;
  auto disk = open_posix_disk((folder.path() / "keys").string(), Make::no);
  ASSERT_TRUE(disk);
  ASSERT_TRUE(replace_file(**disk, "a", "one"));
  ASSERT_TRUE(replace_file(**disk, "a", "two"));
  EXPECT_EQ(read_file(**disk, "a", 10).value(), "two");
  EXPECT_EQ(read_file(**disk, "a", 2).error().code, "audit.malformed");
  EXPECT_EQ((*disk)->list().value(), std::vector<std::string>{"a"});
  const auto space = (*disk)->space();
  ASSERT_TRUE(space);
  EXPECT_GT(space->total, space->free);
  EXPECT_GT(space->free, 0U);
  auto file = (*disk)->open("a", Access::read);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->write_at(0, "x").error().code, "audit.unwritable");
}

}  // namespace sekisho::audit
