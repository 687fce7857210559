// One suite over every store: in memory, SQLite, and a PostgreSQL server of the test's own.
#include "store/store.hpp"

#include "registry/testing/cast.hpp"
#include "store/testing/memory_store.hpp"
#include "store/testing/postgres_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace sekisho::store {
namespace {

using registry::testing::cast;
using registry::testing::kNow;

/// A directory of its own for each test, gone afterwards.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "sekisho-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string url() const { return "sqlite://" + (path_ / "sekisho.db").string(); }

 private:
  std::filesystem::path path_;
};

/// One server for all tests of the suite, each in a database of its own.
testing::PostgresServer& server() {
  static testing::PostgresServer the_server;
  return the_server;
}

class StoreSuite : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "memory") {
      store_ = std::make_unique<testing::MemoryStore>();
    } else if (GetParam() == "sqlite") {
      auto opened = open(scratch_.url());
      ASSERT_TRUE(opened) << opened.error().detail;
      store_ = *std::move(opened);
    } else {
      if (const auto reason = testing::PostgresServer::probe()) GTEST_SKIP() << *reason;
      auto opened = open(server().fresh_url());
      ASSERT_TRUE(opened) << opened.error().detail;
      store_ = *std::move(opened);
    }
  }
  void run(const std::function<void(Tx&)>& job) {
    const auto done = store_->transact(job);
    ASSERT_TRUE(done) << done.error().code << ": " << done.error().detail;
  }
  template <class F>
  auto ask(F&& question) {
    std::optional<decltype(question(std::declval<Tx&>()))> answer;
    run([&](Tx& tx) { answer = question(tx); });
    return answer.value();
  }
  /// Unique names, so that a database that outlives a test disturbs none.
  [[nodiscard]] static std::string fresh(const std::string& stem) {
    static const auto start = std::chrono::steady_clock::now().time_since_epoch().count();
    static std::atomic<int> count{0};
    return stem + std::to_string(start) + "-" + std::to_string(++count);
  }

  Scratch scratch_;
  std::unique_ptr<Store> store_;
};

void expect_same(const registry::Registry& a, const registry::Registry& b) {
  EXPECT_EQ(a.contractors, b.contractors);
  EXPECT_EQ(a.systems, b.systems);
  EXPECT_EQ(a.servers, b.servers);
  EXPECT_EQ(a.contracts, b.contracts);
  EXPECT_EQ(a.people, b.people);
  EXPECT_EQ(a.certificates, b.certificates);
  EXPECT_EQ(a.terminals, b.terminals);
  EXPECT_EQ(a.desktops, b.desktops);
  EXPECT_EQ(a.circuits, b.circuits);
  EXPECT_EQ(a.applications, b.applications);
  EXPECT_EQ(a.exceptions, b.exceptions);
  EXPECT_EQ(a.stops, b.stops);
}

TEST_P(StoreSuite, ARegistryComesBackAsItWasAndItsGenerationRises) {
  const auto first = ask([](Tx& tx) { return tx.generation(); });
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    const registry::Registry next = registry::testing::random_registry(seed, 12);
    run([&](Tx& tx) { tx.replace_registry(next); });
    const registry::Registry back = ask([](Tx& tx) { return tx.registry(); });
    expect_same(back, next);
    EXPECT_EQ(back.generation, first + seed + 1);
    EXPECT_EQ(ask([](Tx& tx) { return tx.generation(); }), first + seed + 1);
  }
}

TEST_P(StoreSuite, ASecondStateInTheSameTransactionIsSeenAtOnce) {
  run([&](Tx& tx) {
    tx.replace_registry(cast());
    registry::Registry next = tx.registry();
    next.people.at("mori").roles = {};
    next.people.at("mori").name = "別名";
    next.terminals.at("pc-mori").macs.emplace_back("00:1b:21:00:00:09");
    next.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
    tx.replace_registry(next);
    expect_same(tx.registry(), next);
  });
}

TEST_P(StoreSuite, AJobThatThrowsLeavesNothingBehind) {
  run([&](Tx& tx) { tx.replace_registry(cast()); });
  const auto generation = ask([](Tx& tx) { return tx.generation(); });
  const std::string name = fresh("n"), day = fresh("d");
  const auto done = store_->transact([&](Tx& tx) {
    tx.replace_registry({});
    tx.put_value(name, "x");
    tx.put_login({name, "{}", kNow});
    tx.put_factor_state("account", name, "code", {{"tries", 1}}, kNow);
    tx.put_posture({name, 1, kNow, "pass", "[]", "{}"});
    SessionRow row;
    row.number = name;
    row.state = "admitted";
    tx.put_session(row);
    EXPECT_EQ(tx.next_session_count(day), 1U);
    throw std::runtime_error("the job gave up");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "store.aborted");
  EXPECT_EQ(done.error().detail, "the job gave up");
  run([&](Tx& tx) {
    EXPECT_EQ(tx.generation(), generation);
    expect_same(tx.registry(), cast());
    EXPECT_FALSE(tx.value(name));
    EXPECT_FALSE(tx.login(name));
    EXPECT_TRUE(tx.factor_state("account", name, "code").is_null());
    EXPECT_FALSE(tx.posture(name));
    EXPECT_FALSE(tx.session(name));
    EXPECT_EQ(tx.next_session_count(day), 1U);
  });
  EXPECT_EQ(store_->transact([](Tx&) { throw 7; }).error().code, "store.aborted");
  // A registry rolled back must not be remembered under a generation that comes again.
  registry::Registry other = cast();
  other.contractors.at("mori-kogyo").name = "後";
  run([&](Tx& tx) { tx.replace_registry(other); });
  expect_same(ask([](Tx& tx) { return tx.registry(); }), other);
}

TEST_P(StoreSuite, FactorStatesHangOnScopeKeyAndFactor) {
  const std::string who = fresh("p");
  run([&](Tx& tx) {
    EXPECT_TRUE(tx.factor_state("account", who, "password").is_null());
    tx.put_factor_state("account", who, "password", {{"failures", 3}, {"until", nullptr}}, kNow);
    tx.put_factor_state("account", who, "code", {{"failures", 4}}, kNow);
    tx.put_factor_state("source", who, "password", {{"failures", 5}}, kNow);
    tx.put_factor_state("account", who, "password", {{"failures", 6}, {"文字", "ok"}}, kNow);
  });
  EXPECT_EQ(ask([&](Tx& tx) { return tx.factor_state("account", who, "password"); }),
            (nlohmann::json{{"failures", 6}, {"文字", "ok"}}));
  EXPECT_EQ(ask([&](Tx& tx) { return tx.factor_state("account", who, "code"); })["failures"], 4);
  EXPECT_EQ(ask([&](Tx& tx) { return tx.factor_state("source", who, "password"); })["failures"], 5);
}

TEST_P(StoreSuite, LoginsArePutReplacedDroppedAndSweptWhenLate) {
  const std::string a = fresh("h"), b = fresh("h"), c = fresh("h");
  run([&](Tx& tx) {
    tx.put_login({a, R"({"slot":1})", kNow + Seconds(10)});
    tx.put_login({b, "{}", kNow});
    tx.put_login({c, "{}", kNow + Seconds(5)});
    tx.put_login({a, R"({"slot":2})", kNow + Seconds(20)});
  });
  const auto found = ask([&](Tx& tx) { return tx.login(a); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->document, R"({"slot":2})");
  EXPECT_EQ(found->expires_at, kNow + Seconds(20));
  run([&](Tx& tx) { tx.drop_logins_before(kNow); });
  EXPECT_FALSE(ask([&](Tx& tx) { return tx.login(b); }));
  EXPECT_TRUE(ask([&](Tx& tx) { return tx.login(c); }));
  run([&](Tx& tx) {
    tx.drop_login(c);
    tx.drop_login(fresh("unknown"));
  });
  EXPECT_FALSE(ask([&](Tx& tx) { return tx.login(c); }));
}

TEST_P(StoreSuite, SessionsAreNumberedByDay) {
  const std::string monday = fresh("d"), tuesday = fresh("d");
  run([&](Tx& tx) {
    EXPECT_EQ(tx.next_session_count(monday), 1U);
    EXPECT_EQ(tx.next_session_count(monday), 2U);
    EXPECT_EQ(tx.next_session_count(tuesday), 1U);
  });
  EXPECT_EQ(ask([&](Tx& tx) { return tx.next_session_count(monday); }), 3U);
}

TEST_P(StoreSuite, SessionsAreFoundByCookieAndNumberUntilTheyEnd) {
  const std::string number = fresh("S"), cookie = fresh("c");
  SessionRow row{number,
                 cookie,
                 "fp",
                 "mori",
                 "pc-mori",
                 "mori-kogyo",
                 "c-web",
                 "a-mori",
                 "internet",
                 "internet_business",
                 "vdi-01",
                 "10.0.0.9",
                 "198.51.100.7",
                 "ja",
                 "quarantine",
                 kNow,
                 kNow + Seconds(3600),
                 {},
                 "",
                 "1"};
  run([&](Tx& tx) { tx.put_session(row); });
  const auto found = ask([&](Tx& tx) { return tx.session_by_cookie(cookie); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, number);
  EXPECT_EQ(found->desktop, "vdi-01");
  EXPECT_EQ(found->language, "ja");
  EXPECT_EQ(found->until, row.until);
  EXPECT_FALSE(found->ended_at);
  const auto open_numbers = [&] {
    std::vector<std::string> out;
    for (const SessionRow& open_row : ask([](Tx& tx) { return tx.open_sessions(); })) {
      if (open_row.number.starts_with(number)) out.push_back(open_row.number);
    }
    return out;
  };
  EXPECT_EQ(open_numbers(), std::vector<std::string>{number});
  row.state = "ended";
  row.ended_at = kNow + Seconds(1);
  row.end_code = "session.stopped";
  run([&](Tx& tx) { tx.put_session(row); });
  EXPECT_TRUE(open_numbers().empty());
  const auto ended = ask([&](Tx& tx) { return tx.session(number); });
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->ended_at, kNow + Seconds(1));
  EXPECT_EQ(ended->end_code, "session.stopped");
  EXPECT_FALSE(ask([&](Tx& tx) { return tx.session_by_cookie("no such"); }));
  EXPECT_FALSE(ask([&](Tx& tx) { return tx.session("no such"); }));
}

/// An open session of a path, with an address of its own.
SessionRow open_session(const std::string& number, const std::string& person, const std::string& address) {
  SessionRow row;
  row.number = number;
  row.cookie_hash = "cookie of " + number;
  row.person = person;
  row.path = "internet";
  row.address = address;
  row.state = "admitted";
  row.granted_at = kNow;
  row.until = kNow + Seconds(60);
  row.node = "2";
  return row;
}

TEST_P(StoreSuite, AnAddressHasOneOpenSession) {
  const std::string one = fresh("S"), two = fresh("S");
  run([&](Tx& tx) { tx.put_session(open_session(one, "mori", "10.0.0.9")); });
  const auto taken = store_->transact([&](Tx& tx) { tx.put_session(open_session(two, "tani", "10.0.0.9")); });
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, "store.conflict");
  EXPECT_FALSE(ask([&](Tx& tx) { return tx.session(two); }));
  run([&](Tx& tx) {
    SessionRow other_path = open_session(fresh("S"), "tani", "10.0.0.9");
    other_path.path = "closed";
    tx.put_session(other_path);
    SessionRow ended = open_session(one, "mori", "10.0.0.9");
    ended.state = "ended";
    tx.put_session(ended);
    tx.put_session(open_session(two, "tani", "10.0.0.9"));
  });
  EXPECT_EQ(ask([&](Tx& tx) { return tx.session(two); })->node, "2");
}

TEST_P(StoreSuite, JobsThatShareACommitAreUndoneOneByOne) {
  const std::string one = fresh("S"), two = fresh("S"), three = fresh("S"), name = fresh("p");
  const std::vector<Job> jobs{
      [&](Tx& tx) {
        tx.put_session(open_session(one, "mori", "10.0.0.9"));
        tx.put_factor_state("account", name, "code", {{"tries", 1}}, kNow);
      },
      [&](Tx& tx) {
        tx.put_factor_state("account", name, "code", {{"tries", 2}}, kNow);
        tx.put_session(open_session(two, "tani", "10.0.0.9"));  // taken, by a row that is not committed yet
      },
      [&](Tx&) { throw std::runtime_error("gave up"); },
      [&](Tx& tx) {
        EXPECT_EQ(tx.factor_state("account", name, "code")["tries"], 1);
        tx.put_session(open_session(three, "tani", "10.0.0.8"));
      }};
  const auto ends = store_->transact_each(jobs);
  ASSERT_EQ(ends.size(), 4U);
  EXPECT_TRUE(ends[0]);
  ASSERT_FALSE(ends[1]);
  EXPECT_EQ(ends[1].error().code, "store.conflict");
  ASSERT_FALSE(ends[2]);
  EXPECT_EQ(ends[2].error().code, "store.aborted");
  EXPECT_TRUE(ends[3]);
  EXPECT_TRUE(ask([&](Tx& tx) { return tx.session(one); }));
  EXPECT_FALSE(ask([&](Tx& tx) { return tx.session(two); }));
  EXPECT_TRUE(ask([&](Tx& tx) { return tx.session(three); }));
  EXPECT_EQ(ask([&](Tx& tx) { return tx.factor_state("account", name, "code"); })["tries"], 1);
  EXPECT_TRUE(store_->transact_each({}).empty());
}

TEST_P(StoreSuite, OpenSessionsOfAPersonAreFound) {
  const std::string mori = fresh("p"), one = fresh("S"), two = fresh("S");
  run([&](Tx& tx) {
    tx.put_session(open_session(one, mori, "10.0.0.1"));
    tx.put_session(open_session(fresh("S"), fresh("p"), "10.0.0.2"));
    SessionRow ended = open_session(two, mori, "10.0.0.3");
    ended.state = "ended";
    tx.put_session(ended);
  });
  const auto found = ask([&](Tx& tx) { return tx.open_sessions_of(mori); });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].number, one);
}

TEST_P(StoreSuite, EveryChangeOfASessionIsCounted) {
  const auto before = ask([](Tx& tx) { return tx.session_changes(); });
  run([&](Tx& tx) { tx.put_session(open_session(fresh("S"), "mori", "10.0.0.1")); });
  const auto after = ask([](Tx& tx) { return tx.session_changes(); });
  EXPECT_GT(after, before);
  EXPECT_EQ(ask([](Tx& tx) { return tx.session_changes(); }), after);
}

TEST_P(StoreSuite, NodesSayThatTheyLive) {
  run([](Tx& tx) {
    tx.put_beat("1", kNow);
    tx.put_beat("2", kNow + Seconds(1));
    tx.put_beat("1", kNow + Seconds(2));
  });
  EXPECT_EQ(ask([](Tx& tx) { return tx.beats(); }),
            (std::map<std::string, Instant>{{"1", kNow + Seconds(2)}, {"2", kNow + Seconds(1)}}));
}

TEST_P(StoreSuite, TheNewestPostureOfATerminalIsKept) {
  const std::string terminal = fresh("t");
  run([&](Tx& tx) {
    EXPECT_FALSE(tx.posture(terminal));
    tx.put_posture({terminal, 5, kNow, "pass", "[]", "{}"});
    tx.put_posture(
        {terminal, 1'000'000'000'000, kNow + Seconds(1), "fail", R"([{"check":"antivirus"}])", R"({"a":1})"});
  });
  const auto row = ask([&](Tx& tx) { return tx.posture(terminal); });
  ASSERT_TRUE(row);
  EXPECT_EQ(row->last_seq, 1'000'000'000'000);
  EXPECT_EQ(row->reported_at, kNow + Seconds(1));
  EXPECT_EQ(row->verdict, "fail");
  EXPECT_EQ(row->results, R"([{"check":"antivirus"}])");
  EXPECT_EQ(row->memory, R"({"a":1})");
}

TEST_P(StoreSuite, KeptValuesAreBytesNotText) {
  const std::string name = fresh("v");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  run([&](Tx& tx) {
    EXPECT_FALSE(tx.value(name));
    tx.put_value(name, "first");
    tx.put_value(name, bytes);
  });
  EXPECT_EQ(ask([&](Tx& tx) { return tx.value(name); }), bytes);
}

TEST_P(StoreSuite, HostileTextIsStoredAsText) {
  const std::string name = fresh("'; DROP TABLE logins; -- :hash $1 \"");
  run([&](Tx& tx) { tx.put_login({name, R"(":x' ? %s)", kNow}); });
  const auto found = ask([&](Tx& tx) { return tx.login(name); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->document, R"(":x' ? %s)");
}

TEST_P(StoreSuite, ManyCallersLoseNothing) {
  const std::string day = fresh("d"), who = fresh("p");
  std::vector<std::thread> callers;
  std::atomic<int> failed{0};
  for (int t = 0; t < 8; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        // Read, then write: the pattern that a deferred transaction loses.
        const auto done = store_->transact([&](Tx& tx) {
          nlohmann::json state = tx.factor_state("account", who, "code");
          const int tries = state.is_null() ? 0 : state["tries"].get<int>();
          tx.put_factor_state("account", who, "code", {{"tries", tries + 1}}, kNow);
          (void)tx.next_session_count(day);
        });
        if (!done) ++failed;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(ask([&](Tx& tx) { return tx.factor_state("account", who, "code"); })["tries"], 200);
  EXPECT_EQ(ask([&](Tx& tx) { return tx.next_session_count(day); }), 201U);
}

TEST_P(StoreSuite, TwelveTimesTheRowsCostNotTheSquareOfThat) {
  // The best of a few: this machine may be busy with other things, an accidental O(n²) is not chance.
  const auto cost = [&](std::size_t people) {
    const registry::Registry wanted = registry::testing::random_registry(1, people);
    auto best = std::chrono::steady_clock::duration::max();
    for (int round = 0; round < 5; ++round) {
      run([&](Tx& tx) { tx.replace_registry({}); });
      const auto begin = std::chrono::steady_clock::now();
      run([&](Tx& tx) { tx.replace_registry(wanted); });
      best = std::min(best, std::chrono::steady_clock::now() - begin);
    }
    return std::chrono::duration_cast<std::chrono::microseconds>(best).count();
  };
  const auto some = cost(10), many = cost(120);  // some 120 objects with their lists, and some 1,400
  RecordProperty("some_us", std::to_string(some));
  RecordProperty("many_us", std::to_string(many));
  EXPECT_LT(many, 30 * std::max<decltype(some)>(some, 1));
}

INSTANTIATE_TEST_SUITE_P(Every, StoreSuite, ::testing::Values("memory", "sqlite", "postgresql"),
                         [](const auto& info) { return info.param; });

TEST(MemoryStore, CanBeToldToFail) {
  testing::MemoryStore store;
  store.fail_next(fail("store.unavailable", "full"));
  EXPECT_EQ(store.transact([](Tx& tx) { tx.put_value("a", "b"); }).error().code, "store.unavailable");
  ASSERT_TRUE(store.transact([](Tx& tx) { EXPECT_FALSE(tx.value("a")); }));
}

}  // namespace
}  // namespace sekisho::store
