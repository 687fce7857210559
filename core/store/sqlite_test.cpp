// What only a file can do wrong: modes, versions, damage, two processes.
#include "registry/testing/cast.hpp"
#include "store/migrations.hpp"
#include "store/store.hpp"
#include "store/testing/earlier_rows.hpp"

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace sekisho::store {
namespace {

using registry::testing::cast;
using registry::testing::kNow;

class SqliteFile : public ::testing::Test {
 protected:
  SqliteFile() {
    std::string name = (std::filesystem::temp_directory_path() / "sekisho-sqlite-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
    path_ = (directory_ / "sekisho.db").string();
  }
  ~SqliteFile() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] Result<std::unique_ptr<Store>> open_it() const { return open("sqlite://" + path_); }
  [[nodiscard]] static std::string code(const Result<std::unique_ptr<Store>>& result) {
    return result ? "ok" : result.error().code;
  }
  [[nodiscard]] unsigned mode(const std::string& path) const {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 07777U : 0U;
  }

  std::filesystem::path directory_;
  std::string path_;
};

TEST_F(SqliteFile, IsReadableByItsOwnerOnly) {
  const mode_t before = ::umask(0);
  {
    auto store = open_it();
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->transact([](Tx& tx) { tx.put_value("a", "b"); }));
    EXPECT_EQ(mode(path_), 0600U);
    EXPECT_EQ(mode(path_ + "-wal"), 0600U);
    EXPECT_EQ(mode(path_ + "-shm"), 0600U);
  }
  ::chmod(path_.c_str(), 0644);
  EXPECT_EQ(code(open_it()), "ok");
  EXPECT_EQ(mode(path_), 0600U);
  ::umask(before);
}

TEST_F(SqliteFile, IsNoLinkAndNoPipe) {
  const std::string other = (directory_ / "other").string();
  std::ofstream(other).put('x');
  std::filesystem::create_symlink(other, path_);
  EXPECT_EQ(code(open_it()), "store.unavailable");
  std::filesystem::remove(path_);
  std::filesystem::create_hard_link(other, path_);
  EXPECT_EQ(code(open_it()), "store.unavailable");
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(code(open_it()), "store.unavailable");
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(code(open_it()), "store.unavailable");
}

TEST_F(SqliteFile, SurvivesItsProcess) {
  {
    auto store = open_it();
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->transact([](Tx& tx) { tx.replace_registry(cast()); }));
  }
  auto store = open_it();
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->transact([](Tx& tx) {
    EXPECT_EQ(tx.generation(), 1U);
    EXPECT_EQ(tx.registry().people, cast().people);
  }));
}

TEST_F(SqliteFile, IsBroughtUpFromEveryEarlierVersion) {
  for (std::int64_t version = 0; version < newest_version(); ++version) {
    std::filesystem::remove(path_);
    {
      soci::session sql(soci::sqlite3, "db=\"" + path_ + "\"");
      sql << "BEGIN IMMEDIATE";
      ASSERT_TRUE(migrate(sql, version));
      testing::put_earlier_rows(sql, version);
      sql << "COMMIT";
    }
    auto store = open_it();
    ASSERT_TRUE(store) << version << ": " << store.error().detail;
    ASSERT_TRUE((*store)->transact([&](Tx& tx) {
      testing::expect_earlier_rows(tx.registry(), version, kNow);
      tx.replace_registry(cast());
      EXPECT_EQ(tx.next_session_count("2026-11-22"), 1U);
    }));
  }
}

TEST_F(SqliteFile, OfANewerVersionIsRefused) {
  ASSERT_EQ(code(open_it()), "ok");
  {
    soci::session sql(soci::sqlite3, "db=\"" + path_ + "\"");
    sql << "UPDATE schema_version SET version = " << newest_version() + 1;
  }
  const auto again = open_it();
  EXPECT_EQ(code(again), "store.schema_newer");
}

TEST_F(SqliteFile, ThatIsDamagedIsNamedCorrupt) {
  std::ofstream(path_) << std::string(8192, 'x');
  EXPECT_EQ(code(open_it()), "store.corrupt");
  std::filesystem::remove(path_);
  {
    auto store = open_it();
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->transact([](Tx& tx) { tx.replace_registry(registry::testing::random_registry(1, 30)); }));
  }
  // Whole pages of the middle are overwritten, the header stays.
  const auto size = std::filesystem::file_size(path_);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 3);
    for (std::uintmax_t at = 4096 * 3; at + 4096 < size; at += 8) file.write("\xde\xad\xbe\xef\x00\xff\x11\x22", 8);
  }
  EXPECT_EQ(code(open_it()), "store.corrupt");
}

TEST_F(SqliteFile, WithValuesThatCannotBeIsNamedCorrupt) {
  auto store = open_it();
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->transact([](Tx& tx) { tx.replace_registry(cast()); }));
  soci::session sql(soci::sqlite3, "db=\"" + path_ + "\"");
  for (const char* spoil : {"UPDATE systems SET zone = 'everywhere'", "UPDATE desktops SET port = 70000",
                            "UPDATE person_roles SET value = 'king'", "UPDATE contracts SET number_handling = 2"}) {
    sql << "BEGIN IMMEDIATE";
    sql << spoil;
    sql << "UPDATE registry_state SET generation = generation + 1";
    sql << "COMMIT";
    const auto done = (*store)->transact([](Tx& tx) { (void)tx.registry(); });
    ASSERT_FALSE(done) << spoil;
    EXPECT_EQ(done.error().code, "store.corrupt") << spoil;
  }
}

TEST_F(SqliteFile, TakesNoRegistryWhoseReferencesLeadNowhere) {
  auto store = open_it();
  ASSERT_TRUE(store);
  registry::Registry broken = cast();
  broken.contractors.erase("mori-kogyo");
  const auto done = (*store)->transact([&](Tx& tx) { tx.replace_registry(broken); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "store.conflict");
  ASSERT_TRUE((*store)->transact([](Tx& tx) {
    EXPECT_EQ(tx.generation(), 0U);
    EXPECT_TRUE(tx.registry().people.empty());
  }));
}

TEST_F(SqliteFile, ErrorsTellNoStoredSecret) {
  auto store = open_it();
  ASSERT_TRUE(store);
  registry::Registry broken = cast();
  broken.people.at("mori").password_hash = "$argon2id$very-secret";
  broken.contractors.erase("mori-kogyo");
  const auto done = (*store)->transact([&](Tx& tx) { tx.replace_registry(broken); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().detail.find("secret"), std::string::npos);
}

TEST_F(SqliteFile, StatementsOutliveAChangeOfTheSchemaAndAnError) {
  auto store = open_it();
  ASSERT_TRUE(store);
  const auto put = [&](const char* handle) {
    return (*store)->transact([&](Tx& tx) { tx.put_login({handle, "{}", kNow + Seconds(9)}); });
  };
  const auto has = [&](const char* handle) {
    bool found = false;
    EXPECT_TRUE((*store)->transact([&](Tx& tx) { found = tx.login(handle).has_value(); }));
    return found;
  };
  ASSERT_TRUE(put("a"));
  soci::session other(soci::sqlite3, "db=\"" + path_ + "\"");
  other << "ALTER TABLE logins ADD COLUMN later TEXT NOT NULL DEFAULT ''";
  ASSERT_TRUE(put("b"));
  EXPECT_TRUE(has("a") && has("b"));
  other << "ALTER TABLE logins RENAME TO elsewhere";
  EXPECT_FALSE(put("c"));
  other << "ALTER TABLE elsewhere RENAME TO logins";
  ASSERT_TRUE(put("c"));
  EXPECT_TRUE(has("c"));
}

TEST_F(SqliteFile, NoStatementHoldsATransactionOpen) {
  auto store = open_it();
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->transact([](Tx& tx) {
    tx.put_login({"a", "{}", kNow});
    EXPECT_TRUE(tx.login("a"));
    EXPECT_EQ(tx.next_session_count("d"), 1U);
    EXPECT_TRUE(tx.beats().empty());
  }));
  // An open reader would keep the log from being emptied.
  soci::session other(soci::sqlite3, "db=\"" + path_ + "\"");
  long long busy = -1, in_log = -1, done = -1;
  other << "PRAGMA wal_checkpoint(TRUNCATE)", soci::into(busy), soci::into(in_log), soci::into(done);
  EXPECT_EQ(busy, 0);
  EXPECT_EQ(in_log, 0);
}

TEST_F(SqliteFile, AJobThatLosesTheTransactionFailsAllThatShareIt) {
  auto store = open_it();
  ASSERT_TRUE(store);
  registry::Registry broken = cast();
  broken.contractors.erase("mori-kogyo");
  const std::vector<Job> jobs{[](Tx& tx) {
                                tx.put_login({"a", "{}", kNow});
                              },
                              // What the header forbids: its references are judged at the commit.
                              [&](Tx& tx) { tx.replace_registry(broken); },
                              [](Tx&) { throw std::runtime_error("its own reason"); }};
  const auto ends = (*store)->transact_each(jobs);
  ASSERT_EQ(ends.size(), 3U);
  EXPECT_EQ(ends[0].error().code, "store.conflict");
  EXPECT_EQ(ends[1].error().code, "store.conflict");
  EXPECT_EQ(ends[2].error().code, "store.aborted");
  ASSERT_TRUE((*store)->transact([](Tx& tx) {
    EXPECT_FALSE(tx.login("a"));
    EXPECT_EQ(tx.generation(), 0U);
    EXPECT_TRUE(tx.registry().people.empty());
  }));
}

TEST_F(SqliteFile, TwoStoresOverOneFileSeeEachOther) {
  auto one = open_it(), two = open_it();
  ASSERT_TRUE(one && two);
  ASSERT_TRUE((*one)->transact([](Tx& tx) { tx.replace_registry(cast()); }));
  ASSERT_TRUE((*two)->transact([](Tx& tx) {
    registry::Registry next = tx.registry();
    next.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
    tx.replace_registry(next);
  }));
  ASSERT_TRUE((*one)->transact([](Tx& tx) { EXPECT_EQ(tx.registry().stops.size(), 1U); }));
  std::vector<std::thread> callers;
  std::atomic<int> failed{0};
  for (Store* store : {one->get(), two->get(), one->get(), two->get()}) {
    callers.emplace_back([&failed, store] {
      for (int i = 0; i < 25; ++i) {
        if (!store->transact([](Tx& tx) { (void)tx.next_session_count("d"); })) ++failed;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(failed, 0);
  ASSERT_TRUE((*one)->transact([](Tx& tx) { EXPECT_EQ(tx.next_session_count("d"), 101U); }));
}

TEST(StoreUrl, OfAnotherKindIsRefused) {
  for (const char* url : {"", "sqlite://relative.db", "mysql://x", "/var/lib/x.db", "sqlite:///no/such/directory/x.db",
                          "sqlite:///tmp/a\"b.db"}) {
    EXPECT_EQ(open(url).error().code, "store.unavailable") << url;
  }
}

}  // namespace
}  // namespace sekisho::store
