#include "admission/device_facts.hpp"

#include "admission/testing/posture_bench.hpp"
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace sekisho::admission {
namespace {

using nlohmann::json;
using testing::example_facts;
using Pointer = json::json_pointer;

std::string error_of(const json& facts) {
  const auto checked = check_facts(facts);
  return checked ? std::string() : checked.error().detail.substr(0, checked.error().detail.find(':'));
}

json schema() {
  std::ifstream in(std::string(SEKISHO_SOURCE_DIR) + "/core/admission/device_facts.schema.json");
  return json::parse(in);
}

TEST(DeviceFacts, TheExamplesAreValid) {
  for (const char* name : {"compliant", "outdated", "trend_micro"}) {
    const auto checked = check_facts(example_facts(name));
    EXPECT_TRUE(checked) << name << ": " << checked.error().detail;
  }
}

/// A smallest document that a subschema accepts.
json smallest(const json& node, const json& defs) {
  if (node.contains("$ref")) return smallest(defs.at(node["$ref"].get<std::string>().substr(8)), defs);
  if (node.contains("enum")) return node["enum"].front();
  const json type = node["type"].is_array() ? node["type"].front() : node["type"];
  if (type == "object") {
    json out = json::object();
    for (const auto& name : node.value("required", json::array())) {
      out[name.get<std::string>()] = smallest(node["properties"][name.get<std::string>()], defs);
    }
    return out;
  }
  if (type == "array") return json::array();
  if (type == "boolean") return true;
  if (type == "integer") return 0;
  const std::string pattern = node.value("pattern", "");
  if (node.value("format", "") == "date-time") return "2026-11-22T00:30:00Z";
  if (pattern.find("device-facts") != std::string::npos) return "sekisho.device-facts/1.0";
  if (pattern.find("KB") != std::string::npos) return "KB5100001";
  if (pattern.find("[0-9a-f]{2}") != std::string::npos) return "3c:7c:3f:1a:2b:01";
  return "x";
}

/// Walks the published schema beside the tables: whatever it demands, check_facts() demands at the same place.
struct Walk {
  json root = schema();
  json defs = root["$defs"];
  json document = smallest(root, defs);
  int places = 0;

  void expect_refused(const std::string& at, const json& value) {
    json broken = document;
    broken[Pointer(at)] = value;
    EXPECT_EQ(error_of(broken), at) << value.dump();
  }
  void expect_accepted(const std::string& at, const json& value) {
    json good = document;
    good[Pointer(at)] = value;
    EXPECT_EQ(error_of(good), "") << at << " = " << value.dump();
  }

  void visit(json node, const std::string& at) {
    if (node.contains("$ref")) node = defs.at(node["$ref"].get<std::string>().substr(8));
    ++places;
    if (node.contains("enum")) {
      for (const auto& word : node["enum"]) {
        if (at != "/collector/source" || word == "agent") expect_accepted(at, word);
      }
      for (const json& bad : {json("?"), json(nullptr), json(1), json::array()}) expect_refused(at, bad);
      return;
    }
    const bool nullable = node["type"].is_array();
    const json type = nullable ? node["type"].front() : node["type"];
    if (!at.empty()) (nullable ? expect_accepted(at, nullptr) : expect_refused(at, nullptr));
    if (type == "string") {
      for (const json& bad : {json(1), json(true), json::object()}) expect_refused(at, bad);
      if (node.contains("maxLength")) {
        std::string longest;
        for (int i = 0; i < 256; ++i) longest += "保";
        expect_accepted(at, longest);
        expect_refused(at, longest + "保");
      }
      if (node.contains("pattern")) expect_refused(at, "?");
    } else if (type == "boolean") {
      for (const json& bad : {json(1), json("true")}) expect_refused(at, bad);
    } else if (type == "integer") {
      for (const json& bad : {json(-1), json(1.5), json("1"), json(true)}) expect_refused(at, bad);
      expect_accepted(at, 4294967295U);
    } else if (type == "array") {
      expect_refused(at, json::object());
      const auto entry = smallest(node["items"], defs);
      const auto most = node["maxItems"].get<std::size_t>();
      expect_accepted(at, std::vector<json>(most, entry));
      expect_refused(at, std::vector<json>(most + 1, entry));
      const json before = document;
      document[Pointer(at)] = json::array({entry});
      visit(node["items"], at + "/0");
      document = before;
    } else {
      if (!at.empty()) expect_refused(at, json::array());
      for (const auto& name : node.value("required", json::array())) {
        json broken = document;
        (at.empty() ? broken : broken[Pointer(at)]).erase(name.get<std::string>());
        EXPECT_EQ(error_of(broken), at + "/" + name.get<std::string>());
      }
      for (const auto& [name, inner] : node["properties"].items()) {
        const std::string place = at + "/" + name;
        const json before = document;
        if (!document.contains(Pointer(place))) document[Pointer(place)] = smallest(inner, defs);
        visit(inner, place);
        document = before;
      }
    }
  }
};

TEST(DeviceFacts, RefuseWhatThePublishedSchemaRefuses) {
  Walk walk;
  ASSERT_EQ(error_of(walk.document), "");
  walk.visit(walk.root, "");
  EXPECT_GT(walk.places, 70) << "the walk visited the whole schema";
}

TEST(DeviceFacts, UnknownMembersAreIgnored) {
  json facts = example_facts("compliant");
  facts["weather"] = "fine";
  facts["os"]["mood"] = nullptr;
  EXPECT_EQ(error_of(facts), "");
}

TEST(DeviceFacts, AnotherMajorIsRefusedByNameAndANewMinorIsNot) {
  json facts = example_facts("compliant");
  facts["schema"] = "sekisho.device-facts/1.7";
  EXPECT_EQ(error_of(facts), "");
  for (const char* other : {"sekisho.device-facts/2.0", "sekisho.device-facts/1", "sekisho.device-facts/1.x"}) {
    facts["schema"] = other;
    ASSERT_FALSE(check_facts(facts)) << other;
    EXPECT_EQ(check_facts(facts).error().code, "report.other_schema");
  }
}

TEST(DeviceFacts, TimesAreUtcAndHardwareAddressesAreLowerCase) {
  json facts = example_facts("compliant");
  for (const char* bad : {"2026-11-22T00:30:00+09:00", "2026-11-22 00:30:00Z", "2026-02-30T00:00:00Z", "yesterday"}) {
    facts["collected_at"] = bad;
    EXPECT_EQ(error_of(facts), "/collected_at") << bad;
  }
  facts = example_facts("compliant");
  for (const char* bad : {"3C:7C:3F:1A:2B:01", "3c-7c-3f-1a-2b-01", "3c:7c:3f:1a:2b", "3c:7c:3f:1a:2b:01:02", ""}) {
    facts["network"]["interfaces"][0]["mac"] = bad;
    EXPECT_EQ(error_of(facts), "/network/interfaces/0/mac") << bad;
  }
}

TEST(Hostcheck, ReadsTheRawAndTheEncodedForm) {
  for (const char* form : {"hostcheck=0100,10.0.26100&check_virtual_desktop=3C:7C:3F:1A:2B:01|0a-0b-0c-0d-0e-0f",
                           "check_virtual_desktop=3c%3A7c%3A3f%3A1a%3A2b%3A01%7c0a:0b:0c:0d:0e:0f&x=y&"
                           "hostcheck=0100%2C10.0.26100%2Cmore"}) {
    const auto facts = facts_of_hostcheck(form, testing::kGateTime);
    ASSERT_TRUE(facts) << facts.error().detail;
    EXPECT_EQ(error_of(*facts), "");
    EXPECT_EQ((*facts)["collector"]["source"], "fortinet_hostcheck");
    EXPECT_EQ((*facts)["os"]["build"], 26100);
    EXPECT_EQ((*facts)["network"]["interfaces"][0]["mac"], "3c:7c:3f:1a:2b:01");
    EXPECT_EQ((*facts)["network"]["interfaces"][1]["mac"], "0a:0b:0c:0d:0e:0f");
  }
}

TEST(Hostcheck, EmptyValuesAreUnknownAndNeverNo) {
  const auto facts = facts_of_hostcheck("hostcheck=&check_virtual_desktop=", testing::kGateTime);
  ASSERT_TRUE(facts);
  EXPECT_EQ((*facts)["os"]["family"], "unknown");
  EXPECT_TRUE((*facts)["network"]["interfaces"].empty());
}

TEST(Hostcheck, RefusesWhatNoClientSends) {
  for (const std::string& bad :
       {std::string("hostcheck=0100,10.0.26100"), std::string("check_virtual_desktop="), std::string("x"),
        std::string("hostcheck=1&hostcheck=2&check_virtual_desktop="),
        std::string("hostcheck=%zz&check_virtual_desktop="), std::string("hostcheck=%0a&check_virtual_desktop="),
        std::string("hostcheck=%4&check_virtual_desktop="), "hostcheck=" + std::string(5000, '1')}) {
    EXPECT_FALSE(facts_of_hostcheck(bad, testing::kGateTime)) << bad.substr(0, 60);
  }
  std::string many = "hostcheck=&check_virtual_desktop=00:00:00:00:00:01";
  for (int i = 0; i < 64; ++i) many += "|00:00:00:00:00:01";
  EXPECT_FALSE(facts_of_hostcheck(many, testing::kGateTime));
}

}  // namespace
}  // namespace sekisho::admission
