#include "registry/json.hpp"

#include "base/json.hpp"
#include "registry/findings.hpp"
#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace sekisho::registry {
namespace {

using nlohmann::json;
using testing::cast;
using testing::kNow;

std::set<std::string> found(const std::vector<Finding>& findings) {
  std::set<std::string> out;
  for (const Finding& f : findings) out.insert(f.pointer + " " + f.code);
  return out;
}
json cast_json() {
  return export_registry(cast(), {.secrets = true});
}

bool same(const Registry& a, const Registry& b) {
  bool equal = a.generation == b.generation;
  const auto compare = [&](const auto& left, const auto& right) { equal = equal && left == right; };
  compare(a.contractors, b.contractors);
  compare(a.systems, b.systems);
  compare(a.servers, b.servers);
  compare(a.contracts, b.contracts);
  compare(a.people, b.people);
  compare(a.certificates, b.certificates);
  compare(a.terminals, b.terminals);
  compare(a.desktops, b.desktops);
  compare(a.circuits, b.circuits);
  compare(a.applications, b.applications);
  compare(a.exceptions, b.exceptions);
  compare(a.stops, b.stops);
  return equal;
}

TEST(RegistryJson, WhatIsExportedIsImportedUnchanged) {
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    const Registry before = testing::random_registry(seed, 12);
    const std::string text = export_registry(before, {.secrets = true}).dump();
    const auto parsed = parse_json(text, JsonLimits{.bytes = 16u << 20, .depth = 8});
    ASSERT_TRUE(parsed) << parsed.error().code;
    const Imported after = import_registry(*parsed);
    EXPECT_EQ(found(after.findings), std::set<std::string>{}) << "seed " << seed;
    EXPECT_TRUE(same(before, after.registry)) << "seed " << seed;
  }
}

TEST(RegistryJson, SecretsLeaveOnlyWhenAsked) {
  Registry r = cast();
  r.people.at("mori").password_hash = "$argon2id$secret";
  r.terminals.at("pc-mori").enrolment_hash = std::string(64, 'b');
  r.terminals.at("pc-mori").enrolment_until = kNow;
  const std::string plain = export_registry(r).dump(), full = export_registry(r, {.secrets = true}).dump();
  EXPECT_EQ(plain.find("argon2id"), std::string::npos);
  EXPECT_EQ(plain.find(std::string(64, 'b')), std::string::npos);
  EXPECT_EQ(plain.find("enrolment"), std::string::npos);
  EXPECT_NE(full.find("argon2id"), std::string::npos);
  EXPECT_NE(full.find(std::string(64, 'b')), std::string::npos);
}

TEST(RegistryJson, ADayBeginsAndEndsInJapan) {
  EXPECT_EQ(parse_moment("2026-04-01", Day::begin), parse_rfc3339("2026-03-31T15:00:00Z"));
  EXPECT_EQ(parse_moment("2027-03-31", Day::end), parse_rfc3339("2027-03-31T15:00:00Z"));
  EXPECT_EQ(parse_moment("2026-04-01T00:00:00Z", Day::end), parse_rfc3339("2026-04-01T00:00:00Z"));
  EXPECT_EQ(parse_moment("2026-04-01", Day::exact), std::nullopt);
  EXPECT_EQ(parse_moment("2026-02-30", Day::begin), std::nullopt);
  EXPECT_EQ(parse_moment("", Day::end), std::nullopt);
  EXPECT_EQ(format_moment(*parse_moment("2027-03-31", Day::end), Day::end), "2027-03-31");
  EXPECT_EQ(format_moment(*parse_moment("2027-03-31", Day::begin), Day::begin), "2027-03-31");
  EXPECT_EQ(format_moment(*parse_moment("2027-03-31", Day::begin), Day::exact), "2027-03-30T15:00:00.000000Z");
}

TEST(RegistryJson, APersonMayWorkUntilTheEndOfTheLastDay) {
  json document = cast_json();
  for (json& application : document["applications"])
    application["period"] = {{"from", "2026-11-20"}, {"until", "2026-11-25"}};
  const Imported in = import_registry(document);
  ASSERT_EQ(found(in.findings), std::set<std::string>{});
  const Period& period = in.registry.applications.at("a-mori").period;
  EXPECT_TRUE(period.holds(*parse_rfc3339("2026-11-25T14:59:59Z")));
  EXPECT_FALSE(period.holds(*parse_rfc3339("2026-11-25T15:00:00Z")));
  EXPECT_FALSE(period.holds(*parse_rfc3339("2026-11-19T14:59:59Z")));
  EXPECT_TRUE(period.holds(*parse_rfc3339("2026-11-19T15:00:00Z")));
}

TEST(RegistryJson, EveryMistakeComesAtOnceAtItsPlaceInTheDocument) {
  json document = cast_json();
  document["surprise"] = 1;
  document["contractor"] = json::array();  // the singular is no key of the document
  // Out of order on purpose: pointers must name the document's places, not the sorted map's.
  std::reverse(document["people"].begin(), document["people"].end());
  document["people"][0]["login"] = "Yama";
  document["people"][1].erase("name");
  document["people"][2]["shoe~size/"] = 27;
  document["terminals"][0]["macs"] = {"02:00:00:00:00:01", "00-1b-21", "00:1b:21:00:00:01", "00:1b:21:00:00:01"};
  document["terminals"][1]["kind"] = "borrowed";
  document["terminals"][2]["binding"] = 9;
  document["desktops"][0]["port"] = 70000;
  document["desktops"][1]["port"] = "5900";
  document["contracts"][0]["systems"] = {"no-such"};
  document["applications"][0]["period"] = {{"from", "2026-11-20"}, {"until", "20261125"}};
  document["systems"][0] = "web";
  const auto codes = found(import_registry(document).findings);
  for (const char* expected :
       {"/surprise field.unknown", "/contractor field.unknown", "/people/0/login login.not_canonical",
        "/people/1/name field.missing", "/people/2/shoe~0size~1 field.unknown",
        "/terminals/0/macs/0 terminal.mac_local", "/terminals/0/macs/1 terminal.mac",
        "/terminals/0/macs/3 list.duplicate", "/terminals/1/kind field.choice", "/terminals/2/binding field.range",
        "/desktops/0/port field.range", "/desktops/1/port field.type", "/contracts/0/systems/0 reference.unknown",
        "/applications/0/period/until field.moment", "/systems/0 document.not_an_object"}) {
    EXPECT_TRUE(codes.contains(expected)) << expected;
  }
}

TEST(RegistryJson, NumbersBeyondEveryRangeAreRefused) {
  for (const char* number : {"-1", "0", "65536", "9223372036854775807", "18446744073709551615", "1.5"}) {
    json document = cast_json();
    document["desktops"][0]["port"] = *parse_json(number);
    EXPECT_FALSE(import_registry(document).findings.empty()) << number;
  }
}

TEST(RegistryJson, DuplicateKeysWrongSchemaAndWrongShapesAreRefused) {
  json document = cast_json();
  document["people"].push_back(document["people"][0]);
  EXPECT_TRUE(found(import_registry(document).findings).contains("/people/5 key.duplicate"));
  document = cast_json();
  document["schema"] = "sekisho.registry/2";
  EXPECT_TRUE(found(import_registry(document).findings).contains("/schema document.schema"));
  EXPECT_TRUE(found(import_registry(json::array()).findings).contains(" document.not_an_object"));
  EXPECT_TRUE(found(import_registry({{"schema", "sekisho.registry/1"}, {"people", 7}}).findings)
                  .contains("/people field.type"));
  EXPECT_TRUE(import_registry({{"schema", "sekisho.registry/1"}}).findings.empty());
}

TEST(RegistryJson, EveryFieldThatIsDescribedTravels) {
  // A field with a value other than its default must change the export: nothing is described but not written.
  const Registry r = testing::random_registry(3, 3);
  for (const KindName& kind : kind_names()) {
    for_each_kind(r, [&](Kind each, const auto& map) {
      if (each != kind.kind || map.empty()) return;
      const auto object = export_object(r, each, map.begin()->first);
      ASSERT_TRUE(object) << kind.one;
      EXPECT_TRUE(object->is_object());
    });
    EXPECT_FALSE(export_object(r, kind.kind, "no-such-thing"));
    EXPECT_EQ(kind_of(kind.one), kind.kind);
    EXPECT_EQ(kind_of(kind.many), kind.kind);
  }
}

TEST(Findings, EveryOneSpeaksBothLanguages) {
  std::set<std::string> codes;
  for (const Finding& f : all_finding_codes()) {
    EXPECT_TRUE(codes.insert(f.code).second) << f.code;
    EXPECT_FALSE(f.text.ja.empty()) << f.code;
    EXPECT_FALSE(f.text.en.empty()) << f.code;
  }
  const Error error = invalid({finding("/people/0/\xff", "field.unknown")});
  EXPECT_EQ(error.code, "registry.invalid");
  EXPECT_TRUE(parse_json(error.detail));
}

}  // namespace
}  // namespace sekisho::registry
