// R07 as a table, at the fixed gate time of posture.md.
#include "antivirus.hpp"

#include "admission/testing/posture_bench.hpp"
#include "product.hpp"

#include <gtest/gtest.h>

namespace sekisho::antivirus {
namespace {

using admission::testing::example_facts;
using admission::testing::kGateTime;
using nlohmann::json;

CheckOutcome judge(const json& facts, Config config = {}, Instant now = kGateTime, const json& memory = {},
                   const std::string& path = "internet") {
  const auto check = AntivirusCheck::make(std::move(config), *parse_vendors(compiled_in_vendors()));
  return check->judge({.facts = facts,
                       .now = now,
                       .terminal = "pc-mori",
                       .registered_macs = {},
                       .signed_by_terminal = "pc-mori",
                       .binding = 1,
                       .user_agent = {},
                       .memory = memory,
                       .path = path});
}
json defender() {
  return example_facts("compliant")["antivirus"]["products"][0];
}
json trend() {
  return example_facts("trend_micro")["antivirus"]["products"][0];
}
json with(json product, const json& change) {
  product.update(change);
  return product;
}
json facts_of(json products) {
  json facts = example_facts("compliant");
  facts["antivirus"]["products"] = std::move(products);
  return facts;
}
/// Codes in the order shown; "" is a pass.
using Codes = std::vector<std::string>;
Codes codes(const CheckOutcome& outcome) {
  Codes out;
  for (const CheckResult& r : outcome.results) {
    EXPECT_EQ(r.rule, "R07");
    EXPECT_EQ(r.verdict == CheckVerdict::unknown, r.code == "av.unknown");
    EXPECT_EQ(r.verdict == CheckVerdict::pass, r.code.empty());
    out.push_back(r.code);
  }
  return out;
}

TEST(Antivirus, JudgesTheExamplesAsWritten) {
  EXPECT_EQ(codes(judge(example_facts("compliant"))), Codes{""});
  EXPECT_EQ(codes(judge(example_facts("outdated"))), Codes{"av.signature_old"});
  EXPECT_EQ(codes(judge(example_facts("trend_micro"))), Codes{""});
}

TEST(Antivirus, KeepsEveryRowOfThePage) {
  struct Row {
    const char* promise;
    json products;
    Codes expected;
  };
  const json passive = with(defender(), {{"mode", "passive"}});
  const json removed = with(trend(), {{"program_present", false}, {"signer", nullptr}, {"signer_valid", nullptr}});
  const json webroot = {{"name", "Webroot SecureAnywhere"},
                        {"via", "wsc"},
                        {"state", "on"},
                        {"realtime", true},
                        {"signatures", "none_used"},
                        {"program_present", true},
                        {"signer", "Webroot, Inc."},
                        {"signer_valid", true}};
  const json unlisted = with(trend(), {{"name", "Kaspersky Free"}, {"signer", "Kaspersky Lab"}});
  for (const Row& row : std::vector<Row>{
           {"Defender on and fresh", {defender()}, {""}},
           {"Defender passive, alone", {with(passive, {{"state", "off"}, {"raw_state", 393472}})}, {"av.passive"}},
           {"Defender in EDR block mode", {with(defender(), {{"mode", "edr_block"}})}, {"av.passive"}},
           {"Defender not running", {with(defender(), {{"mode", "not_running"}})}, {"av.off"}},
           {"Defender whose mode is not known", {with(defender(), {{"mode", nullptr}})}, {"av.unknown"}},
           {"another product whose mode is not known", {trend()}, {""}},
           {"another product that is passive", {with(trend(), {{"mode", "passive"}})}, {"av.passive"}},
           {"real-time switched off",
            {with(defender(), {{"raw_state", 401664}, {"state", "snoozed"}})},
            {"av.snoozed"}},
           {"real-time flag off", {with(defender(), {{"realtime", false}})}, {"av.off"}},
           {"real-time not known", {with(defender(), {{"realtime", nullptr}})}, {"av.unknown"}},
           {"off", {with(defender(), {{"raw_state", 393472}, {"state", "off"}})}, {"av.off"}},
           {"expired", {with(trend(), {{"raw_state", nullptr}, {"state", "expired"}})}, {"av.expired"}},
           {"state not known", {with(defender(), {{"raw_state", nullptr}, {"state", "unknown"}})}, {"av.unknown"}},
           {"productState 344064", {with(defender(), {{"raw_state", 344064}})}, {"av.unknown"}},
           {"a state word that contradicts the word", {with(defender(), {{"raw_state", 0x63100}})}, {"av.expired"}},
           {"flag out of date", {with(defender(), {{"signatures", "out_of_date"}})}, {"av.signature_old"}},
           {"state word says old", {with(defender(), {{"raw_state", 397584}})}, {"av.signature_old"}},
           {"definitions of 259 200 s", {with(defender(), {{"signature_updated_at", "2026-11-19T00:31:00Z"}})}, {""}},
           {"definitions of 259 201 s",
            {with(defender(), {{"signature_updated_at", "2026-11-19T00:30:59Z"}})},
            {"av.signature_old"}},
           {"definitions from the future",
            {with(defender(), {{"signature_updated_at", "2026-11-22T00:36:01Z"}})},
            {"av.unknown"}},
           {"definitions a little ahead", {with(defender(), {{"signature_updated_at", "2026-11-22T00:36:00Z"}})}, {""}},
           {"a date without the flag", {with(defender(), {{"signatures", "unknown"}})}, {""}},
           {"neither date nor flag", {with(trend(), {{"signatures", "unknown"}})}, {"av.unknown"}},
           {"removed Trend still on, Defender normal", {removed, defender()}, {""}},
           {"removed Trend still on, Defender passive", {removed, passive}, {"av.passive", "av.program_missing"}},
           {"a faked registration, wrong signer", {with(trend(), {{"signer", "Evil Corp"}})}, {"av.signer_mismatch"}},
           {"a faked registration, invalid signature",
            {with(trend(), {{"signer_valid", false}})},
            {"av.signer_mismatch"}},
           {"an invalid signature without a name",
            {with(trend(), {{"signer", nullptr}, {"signer_valid", false}})},
            {"av.signer_mismatch"}},
           {"signer not collected", {with(trend(), {{"signer", nullptr}, {"signer_valid", nullptr}})}, {"av.unknown"}},
           {"validity not collected", {with(trend(), {{"signer_valid", nullptr}})}, {"av.unknown"}},
           {"half-width name", {with(trend(), {{"name", "ｳｲﾙｽﾊﾞｽﾀｰ ｸﾗｳﾄﾞ"}})}, {""}},
           {"full-width name",
            {with(trend(), {{"name", "ＥＳＥＴ Security"}, {"signer", "ESET, spol. s r.o."}})},
            {""}},
           {"an unlisted product on, Defender passive", {unlisted, passive}, {"av.passive", "av.not_allowed"}},
           {"two products on", {defender(), trend()}, {""}},
           {"Webroot needs no definitions", {webroot}, {""}},
           {"others do", {with(defender(), {{"signatures", "none_used"}})}, {"av.unknown"}},
           {"no product", json::array(), {"av.none"}},
           {"a product without a name", {with(defender(), {{"name", nullptr}})}, {"av.unknown"}},
           {"the better reason first",
            {unlisted, with(defender(), {{"signatures", "out_of_date"}}),
             with(trend(), {{"state", "off"}, {"raw_state", nullptr}})},
            {"av.signature_old", "av.off", "av.not_allowed"}},
       }) {
    SCOPED_TRACE(row.promise);
    EXPECT_EQ(codes(judge(facts_of(row.products))), row.expected);
  }
}

TEST(Antivirus, NoSectionIsUnknown) {
  json facts = example_facts("compliant");
  facts.erase("antivirus");
  EXPECT_EQ(codes(judge(facts)), Codes{"av.unknown"});
}

TEST(Antivirus, ReadsWindowsStateWordByFieldsAndNotByBits) {
  struct Row {
    std::uint32_t raw;
    const char *state, *signatures;
  };
  for (const Row& row : std::vector<Row>{{397568, "on", "up_to_date"},
                                         {397584, "on", "out_of_date"},
                                         {393472, "off", "up_to_date"},
                                         {401664, "snoozed", "up_to_date"},
                                         {266240, "on", "up_to_date"},
                                         {266256, "on", "out_of_date"},
                                         {262144, "off", "up_to_date"},
                                         {270336, "snoozed", "up_to_date"},
                                         {344064, "unknown", "up_to_date"},
                                         {0x63100, "expired", "up_to_date"},
                                         {0x61120, "on", "unknown"}}) {
    EXPECT_EQ(state_of_raw(row.raw), row.state) << row.raw;
    EXPECT_EQ(signatures_of_raw(row.raw), row.signatures) << row.raw;
  }
}

TEST(Antivirus, WarnsWhenAnUndatedVersionStandsStillForAWeek) {
  const json facts = facts_of({trend()});
  CheckOutcome outcome = judge(facts);
  EXPECT_EQ(codes(outcome), Codes{""});
  EXPECT_EQ(outcome.memory["trendmicro"]["version"], "20.411.00");
  outcome = judge(facts, {}, kGateTime + Seconds(604800), outcome.memory);
  EXPECT_EQ(codes(outcome), Codes{""});
  outcome = judge(facts, {}, kGateTime + Seconds(604801), outcome.memory);
  EXPECT_EQ(codes(outcome), Codes{"av.signature_stuck"});
  EXPECT_EQ(outcome.results[0].verdict, CheckVerdict::warn);
  outcome = judge(facts_of({with(trend(), {{"signature_version", "20.412.00"}})}), {}, kGateTime + Seconds(604802),
                  outcome.memory);
  EXPECT_EQ(codes(outcome), Codes{""}) << "a new version starts the week anew";
  EXPECT_EQ(codes(judge(facts_of({trend(), defender()}), {}, kGateTime, judge(facts).memory)), Codes{""});
}

TEST(Antivirus, AForeignMemoryIsNoMemory) {
  for (const char* memory : {"7", "[]", R"({"trendmicro":7})", R"({"trendmicro":{"version":"20.411.00","since":7}})",
                             R"({"trendmicro":{"version":"20.411.00","since":"2030-01-01T00:00:00Z"}})"}) {
    EXPECT_EQ(codes(judge(facts_of({trend()}), {}, kGateTime, json::parse(memory))), Codes{""}) << memory;
  }
}

TEST(Antivirus, OnlyAllowedVendorsProtect) {
  Config config;
  config.allowed = {"eset"};
  EXPECT_EQ(codes(judge(facts_of({defender()}), config)), Codes{"av.not_allowed"});
  config.allowed = {"nobody"};
  const auto made = AntivirusCheck::make(config, *parse_vendors(compiled_in_vendors()));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, "antivirus.unknown_vendor");
}

TEST(Antivirus, AClosedNetworkMayHaveALongerLimit) {
  Config config;
  config.paths.push_back({"ip_vpn", Seconds(604800), std::nullopt});
  const json facts = facts_of({with(defender(), {{"signature_updated_at", "2026-11-16T00:31:00Z"}})});
  EXPECT_EQ(codes(judge(facts, config)), Codes{"av.signature_old"});
  EXPECT_EQ(codes(judge(facts, config, kGateTime, {}, "ip_vpn")), Codes{""});
}

}  // namespace
}  // namespace sekisho::antivirus
