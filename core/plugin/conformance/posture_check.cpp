#include "plugin/conformance.hpp"
#include "plugin/conformance/contracts.hpp"

#include <gtest/gtest.h>

namespace sekisho::conformance {
namespace {

using nlohmann::json;

/// A terminal with every fact of posture.md §2 filled in; what hostile reports are made from.
json full_facts() {
  return json::parse(R"({"schema":"sekisho.device-facts/1.0","collected_at":"2026-11-22T00:30:00Z",
    "collector":{"name":"sekisho-agent","version":"1.0.0","source":"agent","privilege":"system"},
    "device":{"hostname":"PC","manufacturer":"M","model":"N","serial":"1","smbios_uuid":"u","virtual":false},
    "os":{"family":"windows","product_type":"workstation","major":10,"minor":0,"build":26100,"ubr":1,
          "display_version":"24H2","edition":"Professional","channel":"general","arch":"x64"},
    "network":{"forwarding":false,"interfaces":[{"name":"n","mac":"3c:7c:3f:1a:2b:01",
          "permanent_mac":"3c:7c:3f:1a:2b:01","kind":"ethernet","bus":"pci","hardware":true,"up":true}]},
    "antivirus":{"products":[{"name":"Windows Defender","guid":"{}","via":"defender","raw_state":397568,"state":"on",
          "realtime":true,"signatures":"up_to_date","signature_version":"1.1","signature_updated_at":"2026-11-21T18:05:00Z",
          "mode":"normal","program_present":true,"signer":"Microsoft Corporation","signer_valid":true}]},
    "updates":{"last_installed_at":"2026-11-12T03:10:00Z","last_searched_at":"2026-11-21T22:00:00Z",
          "pending_reboot":false,"installed":[{"kb":"KB5100001","at":"2026-11-12T03:10:00Z","via":"wua"}]},
    "browsers":[{"name":"edge","version":"142.0.3595.80"}],
    "security":{"secure_boot":true,"tpm_version":"2.0","firewall_on":true,"disk_encrypted":true},"errors":[]})");
}

/// The least that the document's schema allows: everything else is unknown.
json unknown_facts() {
  return json::parse(R"({"schema":"sekisho.device-facts/1.0","collected_at":"2026-11-22T00:30:00Z",
    "collector":{"name":"a","version":"1","source":"agent"},"os":{"family":"unknown"}})");
}

void expect_contract(const CheckOutcome& outcome, const std::string& name) {
  EXPECT_FALSE(outcome.results.empty());
  for (const CheckResult& result : outcome.results) {
    EXPECT_EQ(result.check, name);
    EXPECT_TRUE(result.rule.size() == 3 && result.rule[0] == 'R') << result.rule;
    if (result.verdict == CheckVerdict::pass) {
      EXPECT_EQ(result.code, "");
    } else if (result.verdict != CheckVerdict::not_applicable) {
      EXPECT_TRUE(is_code(result.code)) << result.code;
      expect_complete(result.remedy, "remedy");
    }
    EXPECT_LE(result.observed.size(), 1024u);
    EXPECT_LE(result.required.size(), 1024u);
  }
  EXPECT_LE(outcome.memory.dump().size(), 4096u);
}

bool same(const CheckOutcome& a, const CheckOutcome& b) {
  if (a.results.size() != b.results.size() || a.memory != b.memory) return false;
  for (std::size_t i = 0; i < a.results.size(); ++i) {
    const CheckResult &x = a.results[i], &y = b.results[i];
    if (x.verdict != y.verdict || x.code != y.code || x.observed != y.observed || x.until != y.until) return false;
  }
  return true;
}

}  // namespace

void run_posture_check(const Spec& spec) {
  Bench bench(spec);
  auto loaded = bench.load(bench.config());
  ASSERT_TRUE(loaded) << loaded.error().code << ": " << loaded.error().detail;
  keep_contract(*std::get<std::unique_ptr<PostureCheck>>(loaded->object), spec.plugin);
}

void keep_contract(const PostureCheck& plugin, const std::string& name) {
  EXPECT_EQ(plugin.name(), name);
  const Instant start = parse_rfc3339("2026-11-22T00:31:00Z").value();

  const json nothing;
  const json unknown = unknown_facts();
  for (const json* facts : {&nothing, &unknown}) {
    CheckOutcome outcome;
    try {
      outcome = plugin.judge({.facts = *facts,
                              .now = start,
                              .terminal = {},
                              .registered_macs = {},
                              .signed_by_terminal = {},
                              .user_agent = {},
                              .memory = nothing});
    } catch (...) {
      FAIL() << "judge() threw on " << facts->dump();
    }
    expect_contract(outcome, name);
    for (const CheckResult& result : outcome.results) {
      EXPECT_TRUE(result.verdict != CheckVerdict::pass && result.verdict != CheckVerdict::warn)
          << "nothing is known and it is let through (" << facts->dump() << ")";
    }
  }

  Chaos chaos(20261123);
  json memory;
  for (unsigned i = 0; i < 3000 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("judgement " + std::to_string(i));
    json facts = full_facts();
    chaos.spoil(facts, static_cast<int>(chaos.below(6)));
    if (chaos.chance(5)) facts = chaos.json();
    if (chaos.chance(10)) memory = chaos.json();
    if (chaos.chance(15)) chaos.spoil(memory, 1);
    const CheckInput input{.facts = facts,
                           .now = start + std::chrono::seconds(chaos.below(90'000'000)),
                           .terminal = chaos.chance(80) ? "t1" : chaos.text(32),
                           .registered_macs = chaos.chance(70) ? std::vector<std::string>{"3c:7c:3f:1a:2b:01"}
                                                               : std::vector<std::string>{chaos.text(20), ""},
                           .signed_by_terminal = chaos.chance(70) ? "t1" : chaos.text(32),
                           .binding = static_cast<int>(chaos.below(6)) - 1,
                           .user_agent = chaos.arrival().user_agent,
                           .memory = memory,
                           .path = chaos.chance(50) ? "internet" : chaos.text(16)};
    CheckOutcome outcome;
    try {
      outcome = plugin.judge(input);
      EXPECT_TRUE(same(outcome, plugin.judge(input))) << "the same facts, another answer";
    } catch (...) {
      FAIL() << "judge() threw on " << facts.dump() << " with memory " << memory.dump();
    }
    expect_contract(outcome, name);
    memory = outcome.memory;
  }
}

}  // namespace sekisho::conformance
