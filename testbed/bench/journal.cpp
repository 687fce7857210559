// bench-journal: durable appends per second, the gate's journal or SQLite, by N writers that each wait for their entry.
//
//   bench-journal sekisho|sqlite THREADS SECONDS DIRECTORY     {"appends_per_s", "p50_us", "p99_us", "cpu_us"}
//
// Both store one entry of the same text; both are durable when a writer goes on (fdatasync; WAL with synchronous=FULL,
// a connection for each thread).
#include "audit/journal.hpp"

#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;

sekisho::Instant wall_now() {
  return std::chrono::time_point_cast<sekisho::Instant::duration>(std::chrono::system_clock::now());
}

sekisho::audit::Entry entry() {
  sekisho::audit::Entry out;
  out.at = wall_now();
  out.event = "session.granted";
  out.session = "S20261122-1-000042";
  out.person = "mori";
  out.from = "198.18.0.11";
  out.path = "internet";
  out.rule = "R04";
  out.result = "ok";
  out.detail = {
      {"contract", "c-web-2026"}, {"application", "a-mori"}, {"terminal", "pc-mori"}, {"address", "10.202.0.10"}};
  return out;
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "bench-journal: %s\n", what.c_str());
  std::exit(1);
}

/// Appends once and returns when it is durable. One call per thread at a time.
using Append = std::function<void()>;

struct Peer {
  virtual ~Peer() = default;
  virtual Append writer() = 0;
};

class Sekisho final : public Peer {
 public:
  explicit Sekisho(const std::string& directory) {
    sekisho::audit::JournalConfig config;
    config.directory = directory + "/journal";
    config.signing_key_file = directory + "/journal.key";
    auto opened = sekisho::audit::open_journal(config, wall_now);
    if (!opened) die(opened.error().code + ": " + opened.error().detail);
    journal_ = std::move(*opened);
  }
  Append writer() override {
    struct Wait {
      std::mutex mutex;
      std::condition_variable woken;
      bool done = false;
    };
    auto wait = std::make_shared<Wait>();
    return [this, wait] {
      wait->done = false;
      journal_->append(entry(), [wait](sekisho::Result<std::uint64_t> written) {
        if (!written) die(written.error().code);
        const std::lock_guard lock(wait->mutex);
        wait->done = true;
        wait->woken.notify_one();
      });
      std::unique_lock lock(wait->mutex);
      wait->woken.wait(lock, [&] { return wait->done; });
    };
  }

 private:
  std::unique_ptr<sekisho::audit::Journal> journal_;
};

class Sqlite final : public Peer {
 public:
  explicit Sqlite(const std::string& directory) : file_(directory + "/peer.db") {
    const auto db = open();
    run(db.get(), "CREATE TABLE entries(id INTEGER PRIMARY KEY, at REAL, text TEXT)");
  }
  Append writer() override {
    auto db = open();
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db.get(), "INSERT INTO entries(at, text) VALUES(?, ?)", -1, &raw, nullptr) != SQLITE_OK)
      die(sqlite3_errmsg(db.get()));
    std::shared_ptr<sqlite3_stmt> insert(raw, [db](sqlite3_stmt* s) { sqlite3_finalize(s); });
    return [db, insert] {
      const sekisho::audit::Entry one = entry();
      const std::string text =
          nlohmann::json{{"event", one.event}, {"session", one.session}, {"person", one.person}, {"from", one.from},
                         {"path", one.path},   {"rule", one.rule},       {"result", one.result}, {"detail", one.detail}}
              .dump();
      int end = SQLITE_BUSY;
      while (end == SQLITE_BUSY) {
        sqlite3_reset(insert.get());
        sqlite3_bind_double(insert.get(), 1, static_cast<double>(one.at.time_since_epoch().count()));
        sqlite3_bind_text(insert.get(), 2, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
        end = sqlite3_step(insert.get());
      }
      sqlite3_reset(insert.get());
      if (end != SQLITE_DONE) die(sqlite3_errmsg(db.get()));
    };
  }

 private:
  std::shared_ptr<sqlite3> open() {
    sqlite3* raw = nullptr;
    if (sqlite3_open(file_.c_str(), &raw) != SQLITE_OK) die("sqlite cannot open " + file_);
    std::shared_ptr<sqlite3> db(raw, sqlite3_close);
    sqlite3_busy_timeout(raw, 10'000);
    run(raw, "PRAGMA journal_mode=WAL");
    run(raw, "PRAGMA synchronous=FULL");
    return db;
  }
  static void run(sqlite3* db, const char* statement) {
    if (sqlite3_exec(db, statement, nullptr, nullptr, nullptr) != SQLITE_OK) die(sqlite3_errmsg(db));
  }
  std::string file_;
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) die("usage: bench-journal sekisho|sqlite THREADS SECONDS DIRECTORY");
  const int threads = std::atoi(argv[2]);
  const double limit = std::strtod(argv[3], nullptr);
  std::unique_ptr<Peer> peer;
  if (std::string_view(argv[1]) == "sekisho") {
    peer = std::make_unique<Sekisho>(argv[4]);
  } else if (std::string_view(argv[1]) == "sqlite") {
    peer = std::make_unique<Sqlite>(argv[4]);
  } else {
    die("which peer?");
  }
  std::atomic<bool> stop = false;
  std::vector<std::vector<double>> took(static_cast<std::size_t>(threads));
  std::vector<std::thread> writers;
  const double cpu_before = cpu_seconds();
  const auto begun = Steady::now();
  for (auto& own : took) {
    writers.emplace_back([&own, &stop, append = peer->writer()] {
      while (!stop) {
        const auto at = Steady::now();
        append();
        own.push_back(std::chrono::duration<double, std::micro>(Steady::now() - at).count());
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(limit));
  stop = true;
  for (auto& writer : writers) writer.join();
  const double seconds = std::chrono::duration<double>(Steady::now() - begun).count();
  const double cpu = cpu_seconds() - cpu_before;
  std::vector<double> all;
  for (const auto& own : took) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all.empty() ? 0 : all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
  };
  const auto count = static_cast<double>(all.size());
  std::printf("{\"appends_per_s\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"cpu_us\": %.2f}\n", count / seconds,
              at(0.5), at(0.99), cpu * 1e6 / count);
  return 0;
}
