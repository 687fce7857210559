// What only a server can do: vanish, come back, hang, ask for a password, serve several nodes.
#include "registry/testing/cast.hpp"
#include "store/migrations.hpp"
#include "store/statements.hpp"
#include "store/store.hpp"
#include "store/testing/earlier_rows.hpp"
#include "store/testing/postgres_server.hpp"

#include <gtest/gtest.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <thread>

namespace sekisho::store {
namespace {

using registry::testing::cast;
using registry::testing::kNow;
using testing::PostgresServer;

class Postgres : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!PostgresServer::probe()) server_ = new PostgresServer;
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    if (const auto reason = PostgresServer::probe()) GTEST_SKIP() << *reason;
    url_ = server_->fresh_url();
  }
  static std::unique_ptr<Store> open_it(const std::string& url) {
    auto opened = open(url);
    EXPECT_TRUE(opened) << opened.error().code << ": " << opened.error().detail;
    return opened ? *std::move(opened) : nullptr;
  }
  static std::string code(const Result<void>& result) { return result ? "ok" : result.error().code; }
  static void run(const std::string& url, const std::string& statement) {
    soci::session sql(soci::postgresql, url);
    sql << statement;
  }
  static inline PostgresServer* server_ = nullptr;
  std::string url_;
};

TEST_F(Postgres, IsBroughtUpFromEveryEarlierVersion) {
  for (std::int64_t version = 0; version < newest_version(); ++version) {
    const std::string url = server_->fresh_url();
    {
      soci::session sql(soci::postgresql, url);
      sql << "BEGIN";
      ASSERT_TRUE(migrate(sql, version));
      testing::put_earlier_rows(sql, version);
      sql << "COMMIT";
    }
    auto store = open_it(url);
    ASSERT_TRUE(store) << version;
    ASSERT_TRUE(store->transact([&](Tx& tx) {
      testing::expect_earlier_rows(tx.registry(), version, kNow);
      tx.replace_registry(cast());
      EXPECT_EQ(tx.next_session_count("2026-11-22"), 1U);
    }));
  }
}

TEST_F(Postgres, OfANewerVersionIsRefused) {
  ASSERT_TRUE(open_it(url_));
  run(url_, "UPDATE schema_version SET version = version + 1");
  EXPECT_EQ(open(url_).error().code, "store.schema_newer");
}

TEST_F(Postgres, TwoNodesThatStartTogetherMakeOneSchema) {
  std::vector<std::future<std::string>> nodes;
  for (int n = 0; n < 4; ++n) {
    nodes.push_back(std::async(std::launch::async, [this] {
      const auto opened = open(url_);
      return opened ? std::string("ok") : opened.error().code;
    }));
  }
  for (auto& node : nodes) EXPECT_EQ(node.get(), "ok");
}

TEST_F(Postgres, NodesSeeEachOthersChangesAndLoseNone) {
  auto one = open_it(url_), two = open_it(url_);
  ASSERT_TRUE(one && two);
  ASSERT_TRUE(one->transact([](Tx& tx) { tx.replace_registry(cast()); }));
  ASSERT_TRUE(two->transact([](Tx& tx) {
    registry::Registry next = tx.registry();
    next.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
    tx.replace_registry(next);
  }));
  ASSERT_TRUE(one->transact([](Tx& tx) { EXPECT_EQ(tx.registry().stops.size(), 1U); }));
  std::vector<std::thread> callers;
  std::atomic<int> failed{0};
  for (Store* store : {one.get(), two.get(), one.get(), two.get()}) {
    callers.emplace_back([&failed, store] {
      for (int i = 0; i < 25; ++i) {
        // A code's tries: read, then write, on both nodes at once.
        const auto done = store->transact([](Tx& tx) {
          nlohmann::json state = tx.factor_state("account", "mori", "code");
          const int tries = state.is_null() ? 0 : state["tries"].get<int>();
          tx.put_factor_state("account", "mori", "code", {{"tries", tries + 1}}, kNow);
        });
        if (!done) ++failed;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(failed, 0);
  ASSERT_TRUE(one->transact([](Tx& tx) { EXPECT_EQ(tx.factor_state("account", "mori", "code")["tries"], 100); }));
}

TEST_F(Postgres, AConnectionThatWasCutIsOpenedAnewUnnoticed) {
  auto store = open_it(url_);
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->transact([](Tx& tx) { tx.put_value("a", "b"); }));
  run(url_,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sekishod' AND "
      "datname = current_database()");
  EXPECT_EQ(code(store->transact([](Tx& tx) { EXPECT_EQ(tx.value("a"), "b"); })), "ok");
}

TEST_F(Postgres, AConnectionCutInTheMiddleOfAJobKeepsNothingOfIt) {
  auto store = open_it(url_);
  ASSERT_TRUE(store);
  const auto done = store->transact([&](Tx& tx) {
    tx.put_value("half", "done");
    run(url_,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sekishod' AND "
        "datname = current_database()");
    tx.put_value("other", "half");
  });
  EXPECT_EQ(code(done), "store.unavailable");
  ASSERT_TRUE(store->transact([](Tx& tx) {
    EXPECT_FALSE(tx.value("half"));
    EXPECT_FALSE(tx.value("other"));
  }));
}

TEST_F(Postgres, StatementsAreMadeAnewForANewConnection) {
  auto store = open_it(url_);
  ASSERT_TRUE(store);
  const auto put = [&](const char* handle) {
    return store->transact([&](Tx& tx) {
      tx.put_login({handle, "{}", kNow});
      EXPECT_TRUE(tx.login(handle));
      EXPECT_GE(tx.next_session_count("d"), 1U);
    });
  };
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(code(put("a")), "ok");
    run(url_,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sekishod' AND "
        "datname = current_database()");
    EXPECT_EQ(code(put("b")), "ok") << "after the cut";
  }
  // Another node brings the schema up meanwhile.
  run(url_, "ALTER TABLE logins ADD COLUMN later TEXT NOT NULL DEFAULT ''");
  EXPECT_EQ(code(put("c")), "ok");
}

TEST_F(Postgres, NoStatementIsKeptByTheServer) {
  soci::session sql(soci::postgresql, url_);
  Statements statements(sql);
  statements.run("CREATE TABLE t (n BIGINT NOT NULL, w TEXT NOT NULL)");
  for (long long n = 1; n <= 3; ++n) statements.run("INSERT INTO t (n, w) VALUES (:n, :w)", {n, std::string("w")});
  long long n = 0, sum = 0;
  std::string word;
  for (int round = 0; round < 2; ++round) {
    statements.each("SELECT n, w FROM t WHERE n >= :least ORDER BY n", {2LL}, {n, word}, [&] { sum += n; });
  }
  EXPECT_EQ(sum, 10);
  EXPECT_EQ(statements.size(), 3U);
  long long kept = -1;
  sql << "SELECT count(*) FROM pg_prepared_statements", soci::into(kept);
  EXPECT_EQ(kept, 0) << "a pooler may give the next transaction another connection";
}

TEST_F(Postgres, AConnectionCutUnderOneJobFailsAllThatShareItsCommit) {
  auto store = open_it(url_);
  ASSERT_TRUE(store);
  const std::vector<Job> jobs{
      [](Tx& tx) { tx.put_value("first", "done"); },
      [this](Tx& tx) {
        run(url_,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sekishod' AND "
            "datname = current_database()");
        tx.put_value("second", "half");
      },
      [](Tx& tx) { tx.put_value("third", "never"); }};
  for (const Result<void>& end : store->transact_each(jobs)) EXPECT_EQ(code(end), "store.unavailable");
  ASSERT_TRUE(store->transact([](Tx& tx) {
    for (const char* name : {"first", "second", "third"}) EXPECT_FALSE(tx.value(name)) << name;
  }));
}

TEST_F(Postgres, ALostServerIsAnErrorUntilItIsBack) {
  auto store = open_it(url_);
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->transact([](Tx& tx) { tx.put_value("kept", "yes"); }));
  server_->stop();
  for (int i = 0; i < 3; ++i) {
    bool ran = false;
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(code(store->transact([&](Tx&) { ran = true; })), "store.unavailable");
    EXPECT_FALSE(ran);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{2});
  }
  EXPECT_EQ(open(url_).error().code, "store.unavailable");
  server_->start();
  EXPECT_EQ(code(store->transact([](Tx& tx) { EXPECT_EQ(tx.value("kept"), "yes"); })), "ok");
}

TEST_F(Postgres, ANodeThatHoldsTheLockAndHangsIsThrownOut) {
  auto store = open_it(url_);
  ASSERT_TRUE(store);
  soci::session other(soci::postgresql, url_);
  long long got = 0;
  other << "BEGIN";
  other << "SELECT 1 FROM pg_advisory_xact_lock(7305804402)", soci::into(got);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(code(store->transact([](Tx&) {})), "store.unavailable") << "late, not never";
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{4});
  other << "ROLLBACK";
  EXPECT_EQ(code(store->transact([](Tx&) {})), "ok");
}

TEST_F(Postgres, APasswordComesFromItsFileAndStandsInNoError) {
  run(server_->fresh_url(),
      "DO $$ BEGIN CREATE ROLE guarded SUPERUSER LOGIN PASSWORD 'geheim-42'; "
      "EXCEPTION WHEN duplicate_object THEN NULL; END $$");
  const std::string file =
      (std::filesystem::temp_directory_path() / ("sekisho-pass-" + std::to_string(::getpid()))).string();
  const std::string url = server_->fresh_url("guarded", "passfile=" + file);
  const auto without = open(url);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, "store.unavailable");
  const auto write = [&](const std::string& password) {
    std::ofstream(file, std::ios::trunc) << "*:*:*:guarded:" << password << "\n";
    ::chmod(file.c_str(), 0600);
  };
  write("geheim-43");
  const auto wrong = open(url);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().detail.find("geheim"), std::string::npos) << wrong.error().detail;
  write("geheim-42");
  EXPECT_TRUE(open_it(url));
  ::unlink(file.c_str());
}

TEST_F(Postgres, ErrorsTellNoStoredSecret) {
  auto store = open_it(url_);
  ASSERT_TRUE(store);
  registry::Registry broken = cast();
  broken.people.at("mori").password_hash = "$argon2id$very-secret";
  broken.contractors.erase("mori-kogyo");
  const auto done = store->transact([&](Tx& tx) { tx.replace_registry(broken); });
  EXPECT_EQ(code(done), "store.conflict");
  EXPECT_EQ(done.error().detail.find("secret"), std::string::npos) << done.error().detail;
  ASSERT_TRUE(store->transact([](Tx& tx) { EXPECT_TRUE(tx.registry().people.empty()); }));
}

}  // namespace
}  // namespace sekisho::store
