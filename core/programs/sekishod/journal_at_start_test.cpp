// What sekishod reads back from its journal when it starts.
#include "programs/sekishod/journal_at_start.hpp"

#include "audit/reader.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sekisho::programs {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "sekisho-at-start-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    audit::JournalConfig config;
    config.directory = folder_ + "/journal";
    config.signing_key_file = folder_ + "/journal.key";
    config.node = "1";
    auto journal = audit::open_journal(config, [at = now_] { return at; });
    EXPECT_TRUE(journal);
    if (journal) journal_ = std::move(*journal);
  }
  ~JournalTest() override {
    journal_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void write(const char* event, const char* session, const char* machine, const char* address = "10.20.0.11") {
    write(event, session, nlohmann::json{{"desktop", "vdi-01"}, {"machine", machine}, {"address", address}});
  }
  void write(const char* event, const char* session, nlohmann::json detail) {
    audit::Entry entry;
    entry.at = now_;
    entry.event = event;
    entry.session = session;
    entry.result = "ok";
    entry.detail = std::move(detail);
    std::atomic<int> end = 0;
    journal_->append(std::move(entry), [&end](Result<std::uint64_t> durable) { end = durable ? 1 : 2; });
    while (end == 0) std::this_thread::yield();
    EXPECT_EQ(end, 1);
  }
  [[nodiscard]] std::map<std::string, gate::GivenDesktop> given(Seconds ago = Seconds{3600}) const {
    auto out = JournalAtStart(folder_ + "/journal").given_desktops(now_ - ago);
    EXPECT_TRUE(out);
    return out ? *out : std::map<std::string, gate::GivenDesktop>{};
  }

  Instant now_{std::chrono::hours(500000)};
  std::string folder_;
  std::unique_ptr<audit::Journal> journal_;
};

TEST_F(JournalTest, SaysWhichDesktopEachSessionHas) {
  EXPECT_TRUE(given().empty());
  write("desktop.ready", "S1", "m1");
  write("desktop.ready", "S2", "m2", "10.20.0.21");
  ASSERT_EQ(given().size(), 2U);
  EXPECT_EQ(given().at("S2").machine, "m2");
  EXPECT_EQ(given().at("S2").address, "10.20.0.21");
  write("desktop.stopped", "S1", "m1");
  write("desktop.ready", "S1", "m3");
  EXPECT_EQ(given().at("S1").machine, "m3") << "the newer one";
  write("desktop.destroyed", "S2", "m2");
  EXPECT_FALSE(given().contains("S2"));
  write("desktop.stray", "", "m3");
  EXPECT_TRUE(given().empty()) << "what was destroyed is nobody's";
}

TEST_F(JournalTest, AnOldDesktopIsNobodys) {
  write("desktop.ready", "S1", "m1");
  now_ += Seconds{7200};
  EXPECT_TRUE(given().empty());
  EXPECT_EQ(given(Seconds{7300}).size(), 1U);
}

TEST_F(JournalTest, OneWalkAnswersEveryQuestionOfAStart) {
  write("session.granted", "S1", nlohmann::json::object());
  write("session.granted", "S2", nlohmann::json::object());
  write("session.ended", "S2", nlohmann::json::object());
  write("desktop.ready", "S1", "m1");
  write("recording.opened", "S1", nlohmann::json{{"recording", std::string(32, 'a')}, {"target", "web-01"}});
  write("recording.opened", "S1", nlohmann::json{{"recording", std::string(32, 'b')}, {"target", "web-01"}});
  write("recording.closed", "S1", nlohmann::json{{"recording", std::string(32, 'b')}, {"chunks", 1}});
  int walks = 0;
  JournalAtStart told([&](const audit::Query& query, const std::vector<std::string>& events) {
    ++walks;
    return audit::search_any(folder_ + "/journal", query, events);
  });
  const Instant from = now_ - Seconds{3600};
  EXPECT_EQ(told.unfinished(from).value(), std::vector<std::string>{"S1"});
  EXPECT_EQ(told.given_desktops(from).value().at("S1").machine, "m1");
  const auto recordings = told.recordings(from).value();
  ASSERT_EQ(recordings.size(), 1U);
  EXPECT_EQ(recording::to_hex(recordings[0].id), std::string(32, 'a'));
  EXPECT_EQ(told.ended(from).value(), std::vector<std::string>{"S2"});
  EXPECT_EQ(walks, 1);
  EXPECT_TRUE(told.ended(from - Seconds{1}));
  EXPECT_EQ(walks, 2) << "another question";
}

TEST_F(JournalTest, SaysWhichScreensHaveNoEnd) {
  const std::uint64_t first = 1'795'000'000'000ULL * 1024;  // as a gate counts them
  write("console.opened", "S1", nlohmann::json{{"console", first}, {"target", "web-01"}, {"recorded", true}});
  write("desktop.opened", "S1", nlohmann::json{{"console", first + 1}, {"target", "vdi-01"}, {"recorded", false}});
  write("console.opened", "S2", nlohmann::json{{"console", first + 2}, {"target", "web-01"}, {"recorded", true}});
  write("console.closed", "S2", nlohmann::json{{"console", first + 2}, {"target", "web-01"}});
  write("desktop.opened", "S3", nlohmann::json{{"desktop", "vdi-02"}});  // at the bare entrance
  for (const auto& nonsense : {nlohmann::json{{"console", -1}, {"target", "web-01"}}, nlohmann::json{{"console", "7"}},
                               nlohmann::json{{"console", 7}}, nlohmann::json{{"target", "web-01"}}}) {
    write("console.opened", "S4", nonsense);
    write("console.closed", "S4", nonsense);
  }
  const auto open = JournalAtStart(folder_ + "/journal").screens(now_ - Seconds{3600}).value();
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].console, first);
  EXPECT_FALSE(open[0].of_desktop);
  EXPECT_EQ(open[0].session, "S1");
  EXPECT_EQ(open[0].target, "web-01");
  EXPECT_EQ(open[1].console, first + 1);
  EXPECT_TRUE(open[1].of_desktop);
  EXPECT_EQ(open[1].target, "vdi-01");
}

TEST_F(JournalTest, AnEntryThatHoldsNothingOrNonsenseKeepsNoGateFromStarting) {
  for (const nlohmann::json& detail :
       {nlohmann::json::object(), nlohmann::json(), nlohmann::json{{"machine", 7}},
        nlohmann::json{{"machine", nullptr}}, nlohmann::json{{"machine", "m9"}, {"address", nlohmann::json::array()}},
        nlohmann::json{{"recording", 1}}}) {
    for (const char* event : {"desktop.ready", "desktop.stopped", "session.granted", "recording.opened"}) {
      if (detail.contains("machine") && std::string_view(event) == "desktop.stopped") continue;
      write(event, "", detail);
    }
  }
  write("desktop.ready", "S1", "m1");
  JournalAtStart told(folder_ + "/journal");
  const Instant from = now_ - Seconds{3600};
  const auto desktops = told.given_desktops(from);
  ASSERT_TRUE(desktops);
  EXPECT_EQ(desktops->at("S1").machine, "m1");
  EXPECT_EQ(desktops->at("").address, "");
  EXPECT_TRUE(told.unfinished(from));
  EXPECT_TRUE(told.recordings(from).value().empty());
}

TEST(JournalAtStart, AJournalThatCannotBeReadIsAnErrorForEveryQuestion) {
  JournalAtStart told("/nowhere/at/all");
  EXPECT_FALSE(told.unfinished({}));
  EXPECT_FALSE(told.ended({}));
  EXPECT_FALSE(told.given_desktops({}));
  EXPECT_FALSE(told.recordings({}));
}

}  // namespace
}  // namespace sekisho::programs
