// What sekishod makes of its configuration, and what it reads back from its journal.
#include "programs/sekishod/settings.hpp"

#include "audit/journal.hpp"
#include "base/site_config_parse.hpp"
#include "pki/authority.hpp"
#include "run/asio_services.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
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

/// A configuration whose files are there: a path over the Internet, and one of the closed network.
class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "sekisho-files-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    const Instant now = std::chrono::time_point_cast<Instant::duration>(std::chrono::system_clock::now());
    good_ = authority(now, std::chrono::days{2});
    old_ = authority(now - std::chrono::days{30}, std::chrono::days{2});
    auto config = load_site_config(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
    EXPECT_TRUE(config.value);
    config_ = std::move(*config.value);
    PathConfig closed = config_.paths[0];
    closed.name = "closed";
    closed.tun = TunConfig{};
    closed.zones = {"my_number"};
    closed.listen = {"10.95.0.1:443"};
    closed.entrance = "10.95.0.1:5900";
    closed.closed.gate_address = "10.95.0.1";
    closed.closed.ike_certificate_file = put("ike.pem", good_);
    closed.closed.ike_ca_file = put("sites.pem", old_ + good_);  // an old authority beside its successor
    config_.paths.push_back(closed);
    config_.mail.ca_file = put("mail.pem", good_);
    config_.posture.tls.certificate_file = put("posture.pem", good_);
    for (PathConfig& path : config_.paths) path.tls.certificate_file = config_.posture.tls.certificate_file;
  }
  ~FilesTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static std::string authority(Instant at, std::chrono::days life) {
    run::KernelEntropy entropy;
    auto made = pki::make_authority({.name = "A test CA", .life = life}, entropy, at);
    EXPECT_TRUE(made);
    return made->certificate_pem;
  }
  std::string put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  [[nodiscard]] std::string told() const {
    const auto made = gate_options(config_, false);
    return made ? "ok" : made.error().code + " " + made.error().detail;
  }
  std::string folder_, good_, old_;
  SiteConfig config_;
};

TEST_F(FilesTest, EachIsNamedWithWhatIsWrongWithIt) {
  EXPECT_EQ(told(), "ok");
  const struct {
    const char *file, *code;
    std::function<std::string()> text;
    const char* why;
  } rows[] = {
      {"posture.pem", "config.not_pem", [] { return "nothing of the kind"; }, "no PEM block"},
      {"posture.pem", "config.not_pem", [this] { return good_ + "rubbish"; }, "behind the last block"},
      {"posture.pem", "config.not_pem", [this] { return good_.substr(0, good_.size() / 2); }, "broken"},
      {"mail.pem", "config.not_pem", [] { return ""; }, "no PEM block"},
      {"mail.pem", "config.authority", [this] { return old_; }, "has expired"},
      {"ike.pem", "config.not_pem", [this] { return good_ + "-----BEGIN CERTIF"; }, "broken"},
      {"sites.pem", "config.not_pem", [this] { return good_ + "x"; }, "behind the last block"},
      {"sites.pem", "config.authority", [this] { return old_; }, "has expired"},
  };
  for (const auto& row : rows) {
    put(row.file, row.text());
    const std::string words = told();
    EXPECT_EQ(words.rfind(std::string(row.code) + " " + folder_ + "/" + row.file + ": ", 0), 0U) << words;
    EXPECT_NE(words.find(row.why), std::string::npos) << words;
    put(row.file, good_);
  }
  for (const char* file : {"posture.pem", "mail.pem", "ike.pem", "sites.pem"}) {
    std::filesystem::remove(folder_ + "/" + file);
    const std::string words = told();
    EXPECT_EQ(words.rfind("config.unreadable " + folder_ + "/" + file + ": ", 0), 0U) << words;
    EXPECT_NE(words.find("No such file"), std::string::npos) << words;
    put(file, good_);
  }
  EXPECT_EQ(told(), "ok");
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
