// What sekishod makes of its configuration, and what it reads back from its journal.
#include "programs/sekishod/settings.hpp"

#include "audit/journal.hpp"
#include "base/site_config_parse.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sekisho::programs {
namespace {

TEST(Settings, PoolsAndSeatsBecomeTheBrokersOfTheirZones) {
  const auto config = load_site_config(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
  ASSERT_TRUE(config.value);
  const auto zones = hypervisor_zones(*config.value);
  ASSERT_EQ(zones.size(), 1U);
  EXPECT_EQ(zones[0].zone, registry::Zone::internet_business);
  ASSERT_EQ(zones[0].pools.size(), 1U);
  const desktops::Pool& pool = zones[0].pools[0];
  EXPECT_EQ(pool.name, "win11");
  EXPECT_EQ(pool.manager, "desks");
  EXPECT_EQ(pool.model, "win11");
  EXPECT_EQ(pool.account, "maint");
  EXPECT_EQ(pool.desktops, std::vector<std::string>{"vdi-02"});
  EXPECT_EQ(pool.spare, 1U);
  EXPECT_EQ(pool.starts_at_once, 2U);
  EXPECT_EQ(pool.start, Seconds{20});
  EXPECT_EQ(pool.boot_limit, Seconds{300});
  ASSERT_EQ(pool.seats.size(), 2U);
  EXPECT_EQ(pool.seats[0].desktop, "vdi-01");
  EXPECT_EQ(pool.seats[0].mac, "52:54:00:20:00:11");
  EXPECT_EQ(pool.seats[0].address, "10.20.0.11");
  EXPECT_EQ(pool.seats[0].port, 0) << "its screen is hyperd's alone";
  EXPECT_EQ(pool.seats[1].desktop, "");
}

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "sekisho-settings-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    audit::JournalConfig config;
    config.directory = folder_ + "/journal";
    config.signing_key_file = folder_ + "/journal.key";
    config.node = "1";
    auto journal = audit::open_journal(std::move(config), [at = now_] { return at; });
    EXPECT_TRUE(journal);
    if (journal) journal_ = std::move(*journal);
  }
  ~JournalTest() override {
    journal_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void write(const char* event, const char* session, const char* machine, const char* address = "10.20.0.11") {
    audit::Entry entry;
    entry.at = now_;
    entry.event = event;
    entry.session = session;
    entry.result = "ok";
    entry.detail = {{"desktop", "vdi-01"}, {"machine", machine}, {"address", address}};
    std::atomic<int> end = 0;
    journal_->append(std::move(entry), [&end](Result<std::uint64_t> durable) { end = durable ? 1 : 2; });
    while (end == 0) std::this_thread::yield();
    EXPECT_EQ(end, 1);
  }
  [[nodiscard]] std::map<std::string, gate::GivenDesktop> given(Seconds ago = Seconds{3600}) const {
    auto out = given_desktops(folder_ + "/journal", now_ - ago);
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

}  // namespace
}  // namespace sekisho::programs
