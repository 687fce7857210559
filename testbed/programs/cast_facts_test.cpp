// The cast's facts (sekisho_testbed/cast.py) against the real check plugins and the real desk, as a lab's sekishod sets
// them up: whatever the testbed calls a good terminal must pass, and must stop passing when one thing is wrong.
#include "admission/posture.hpp"
#include "admission/posture_envelope.hpp"
#include "agent/facts.hpp"
#include "base/testing/memory_log.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"
#include "run/asio_services.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace sekisho {
namespace {

constexpr const char* kMac = "3c:7c:3f:1a:2b:01";
constexpr std::array kChecks{"registered_terminal", "windows_version", "antivirus", "windows_update"};

std::string facts_of_the_cast(Instant now) {
  const std::string at = std::to_string(std::chrono::duration_cast<Seconds>(now.time_since_epoch()).count());
  const std::string command = "PYTHONPATH='" SEKISHO_SOURCE_DIR "/testbed' '" SEKISHO_PYTHON
                              "' -c 'import datetime, json; from sekisho_testbed import cast;"
                              "print(json.dumps(cast.good_facts(datetime.datetime.fromtimestamp(" +
                              at + ", datetime.timezone.utc), \"" + kMac + "\", \"mori-pc\")))'";
  std::string out;
  std::FILE* pipe = ::popen(command.c_str(), "re");
  SEKISHO_ASSERT(pipe != nullptr);
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), got);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return out;
}

class CastFacts : public ::testing::Test {
 protected:
  CastFacts() {
    std::vector<PluginConfig> wanted;
    for (const char* name : kChecks) {
      PluginConfig config;
      config.plugin = name;
      config.config = nlohmann::json::object();
      wanted.push_back(config);
    }
    auto all = plugin::load_all(loader_, wanted, PluginKind::posture_check);
    EXPECT_TRUE(all.refused.empty()) << all.refused.front().code << " " << all.refused.front().detail;
    loaded_ = std::move(all.plugins);
    std::map<std::string, const PostureCheck*> checks;
    for (auto& one : loaded_) {
      const auto& check = std::get<std::unique_ptr<PostureCheck>>(one.object);
      checks[std::string(check->name())] = check.get();
    }
    admission::PostureOptions options;
    options.gate_id = "gate";
    options.server_fingerprints = {std::string(64, 'a')};
    options.allow_simulator = true;
    desk_ = std::make_unique<admission::PostureDesk>(options, checks, entropy_);
    policy_.path = "internet";
    for (const char* name : kChecks) policy_.checks.push_back({name, admission::CheckMode::enforce});
    registry::Terminal terminal;
    terminal.id = "pc-mori";
    terminal.macs = {kMac};
    terminal.binding = 1;
    terminal.key_thumbprint = key_.public_key().thumbprint();
    terminal.key_jwk = key_.public_key().jwk();
    registry_.terminals["pc-mori"] = terminal;
  }

  admission::ReportVerdict report(const nlohmann::json& facts) {
    const auto challenge = nlohmann::json::parse(desk_->challenge(std::nullopt, now_));
    admission::ReportPayload payload;
    payload.aud = "gate";
    payload.sid = challenge["sid"];
    payload.nonce = challenge["nonce"];
    payload.srv = std::string(64, 'a');
    payload.iat = std::chrono::duration_cast<Seconds>(now_.time_since_epoch()).count();
    payload.seq = ++seq_;
    payload.reason = "connect";
    payload.facts = facts;
    return desk_->report(
        *admission::seal_report(payload, key_), std::nullopt, registry_, policy_, "",
        [](const std::string&) { return admission::TerminalPosture{}; }, now_);
  }

  run::KernelEntropy entropy_;
  MemoryLog log_;
  plugin::SystemPluginHost host_{"cast_facts_test", entropy_, log_};
  plugin::Loader loader_{SEKISHO_PLUGIN_DIR, host_};
  std::vector<plugin::LoadedPlugin> loaded_;
  std::unique_ptr<admission::PostureDesk> desk_;
  admission::DeviceKey key_ = *admission::DeviceKey::generate();
  registry::Registry registry_;
  admission::PathPolicy policy_;
  std::int64_t seq_ = 0;
  // The labs run on today's clock, and the plugins' tables must hold for it.
  const Instant now_ = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
};

TEST_F(CastFacts, PassEveryRealCheckToday) {
  const auto facts = agent::read_facts(facts_of_the_cast(now_));
  ASSERT_TRUE(facts) << facts.error().detail;
  const auto verdict = report(*facts);
  EXPECT_TRUE(verdict.counted);
  EXPECT_TRUE(verdict.passed) << verdict.answer;
  std::set<std::string> judged;
  for (const CheckResult& r : verdict.results) judged.insert(r.check);
  EXPECT_EQ(judged, (std::set<std::string>(kChecks.begin(), kChecks.end())));
}

TEST_F(CastFacts, FailWithTheRightCodeWhenOneThingIsWrong) {
  const auto good = agent::read_facts(facts_of_the_cast(now_));
  ASSERT_TRUE(good);
  const std::pair<const char*, nlohmann::json> cases[] = {
      {"device.mac_not_registered",
       {{"network", {{"interfaces", {{{"mac", "3c:7c:3f:aa:bb:cc"}, {"permanent_mac", "3c:7c:3f:aa:bb:cc"}}}}}}}},
      {"os.not_windows", {{"os", {{"family", "linux"}}}}},
      {"av.none", {{"antivirus", {{"products", nlohmann::json::array()}}}}},
      {"update.too_long_ago", {{"updates", {{"last_installed_at", to_rfc3339(now_ - std::chrono::hours(46 * 24))}}}}},
  };
  for (const auto& [code, change] : cases) {
    nlohmann::json facts = *good;
    facts.merge_patch(change);
    const auto verdict = report(facts);
    EXPECT_TRUE(verdict.counted) << code;
    EXPECT_FALSE(verdict.passed) << code;
    ASSERT_TRUE(verdict.refusal) << code;
    EXPECT_EQ(verdict.refusal->code, code) << verdict.answer;
  }
}

}  // namespace
}  // namespace sekisho
