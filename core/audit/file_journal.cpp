#include "audit/file_journal.hpp"

#include "audit/writer.hpp"

#include <sys/random.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

namespace sekisho::audit {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxWaiting = 65536;
constexpr std::size_t kMaxWaitingBytes = 32u << 20;
/// Where entries follow one another, the next is looked for so long before the thread sleeps: waking it costs a third
/// of what a durable append does. What comes seldom finds it asleep.
constexpr std::chrono::microseconds kSoon{50};

class SystemEntropy : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      const ssize_t got = ::getrandom(out.data(), out.size(), 0);
      SEKISHO_ASSERT(got > 0 || errno == EINTR);
      if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
    }
  }
};

class FileJournal : public Journal {
 public:
  FileJournal(JournalParts parts, std::function<Instant()> clock, std::unique_ptr<SpareSource> spares)
      : parts_(std::move(parts)), clock_(std::move(clock)), spares_(std::move(spares)) {}

  ~FileJournal() override {
    {
      const std::lock_guard hold(mutex_);
      closing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> begin(const JournalConfig& config) {
    auto writer = JournalWriter::open(config, *parts_.journal, *parts_.keys,
                                      std::filesystem::path(config.signing_key_file).filename(), *parts_.entropy,
                                      *spares_, clock_());
    if (!writer) return writer.error();
    writer_ = std::move(*writer);
    well_ = !writer_->trouble();
    thread_ = std::thread([this] { run(); });
    return {};
  }

  void append(Entry entry, Durable durable) override {
    Append item = prepare(entry, std::move(durable));
    const char* refused = take(item);
    if (refused == nullptr) {
      wake_.notify_one();
    } else if (item.durable) {
      item.durable(fail(refused, "the journal takes no entry"));
    }
  }

  bool healthy() const override {
    const auto since = busy_since_.load();
    const bool stalled =
        since != 0 && Steady::now().time_since_epoch() - Steady::duration(since) > parts_.stalled_after;
    return well_ && !stalled;
  }

 private:
  /// Why it takes none; nullptr: `item` waits in the queue.
  const char* take(Append& item) {
    const std::lock_guard hold(mutex_);
    if (closing_) return "audit.closed";
    if (queue_.size() >= kMaxWaiting || queued_bytes_ + item.json.size() > kMaxWaitingBytes) return "audit.full";
    queued_bytes_ += item.json.size();
    queue_.push_back(std::move(item));
    arrived_.fetch_add(1, std::memory_order_release);
    return nullptr;
  }

  /// Nothing waits. Looks for a moment whether something comes, if the last did so soon; then sleeps until `due`.
  void rest(std::unique_lock<std::mutex>& hold, std::optional<Instant> due) {
    const auto since = Steady::now();
    if (follows_) {
      const std::uint64_t seen = arrived_.load(std::memory_order_relaxed);
      hold.unlock();
      while (arrived_.load(std::memory_order_acquire) == seen && Steady::now() < since + kSoon) {
        std::this_thread::yield();
      }
      hold.lock();
    }
    // At most a second: the clock that is handed in may be stepped by a test.
    auto wait = std::chrono::microseconds(std::chrono::seconds(1));
    if (due) wait = std::clamp(*due - clock_(), std::chrono::microseconds(0), wait);
    wake_.wait_for(hold, wait, [this] { return !queue_.empty() || closing_; });
    follows_ = !queue_.empty() && Steady::now() < since + 3 * kSoon;  // a sleeper's waking is in it
  }

  void run() {
    std::unique_lock hold(mutex_);
    for (;;) {
      const auto due = writer_->next_deadline();
      if (queue_.empty() && !closing_) rest(hold, due);
      std::vector<Append> batch = std::exchange(queue_, {});
      queued_bytes_ = 0;
      const bool closing = closing_;
      hold.unlock();
      busy_since_ = Steady::now().time_since_epoch().count();
      const Instant now = clock_();
      if (!batch.empty()) writer_->commit(std::move(batch), now);
      if (due && now >= *due) writer_->tick(now);
      if (closing) writer_->close(now);
      well_ = !writer_->trouble();
      busy_since_ = 0;
      if (closing) return;
      hold.lock();
    }
  }

  JournalParts parts_;
  std::function<Instant()> clock_;
  std::unique_ptr<SpareSource> spares_;
  std::unique_ptr<JournalWriter> writer_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Append> queue_;
  std::size_t queued_bytes_ = 0;
  bool closing_ = false;
  bool follows_ = false;                    // the thread's own
  std::atomic<std::uint64_t> arrived_ = 0;  // entries, ever

  std::atomic<bool> well_ = true;
  std::atomic<Steady::rep> busy_since_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Journal>> open_journal_with(JournalParts parts, const JournalConfig& config,
                                                   std::function<Instant()> clock) {
  auto spares = threaded_spares(*parts.journal, config.segment_bytes, config.reserve_percent);
  auto journal = std::make_unique<FileJournal>(std::move(parts), std::move(clock), std::move(spares));
  if (auto done = journal->begin(config); !done) return done.error();
  return std::unique_ptr<Journal>(std::move(journal));
}

Result<std::unique_ptr<Journal>> open_journal(const JournalConfig& config, std::function<Instant()> clock) {
  const std::filesystem::path key(config.signing_key_file);
  if (config.directory.empty() || !key.has_filename()) {
    return fail("audit.config", "the journal needs a directory and a signing key file");
  }
  JournalParts parts;
  auto journal = open_posix_disk(config.directory, Make::yes);
  if (!journal) return journal.error();
  auto keys = open_posix_disk(key.has_parent_path() ? key.parent_path().string() : ".", Make::no);
  if (!keys) return keys.error();
  parts.journal = std::move(*journal);
  parts.keys = std::move(*keys);
  parts.entropy = std::make_unique<SystemEntropy>();
  return open_journal_with(std::move(parts), config, std::move(clock));
}

}  // namespace sekisho::audit
