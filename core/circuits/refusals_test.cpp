// Every code of a circuit has its words: the list is what the sources say, so that no new code is forgotten.
#include "circuits/refusals.hpp"

#include "circuits/events.hpp"
#include "registry/findings.hpp"
#include "registry/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace sekisho::circuits {
namespace {

const std::filesystem::path kCore = std::filesystem::path(SEKISHO_SOURCE_DIR) / "core";

/// Quoted codes "circuit.…", "circuits.…", "line_…", "line.…" of a room's sources, without its tests. Conditions of
/// health end with a colon; their words stand in sekishoctl, with a test of their own.
std::set<std::string> codes_in(const std::string& room) {
  static const std::regex kCode("\"((?:circuits?|line)[._][a-z_]+)\"");
  std::set<std::string> out;
  for (const auto& file : std::filesystem::directory_iterator(kCore / room)) {
    const std::string name = file.path().filename();
    if (!file.is_regular_file() || name.ends_with("_test.cpp")) continue;
    std::ifstream stream(file.path());
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    for (std::sregex_iterator at(text.begin(), text.end(), kCode), end; at != end; ++at) out.insert((*at)[1]);
  }
  return out;
}
const Event* event(const std::string& id) {
  for (const Event* each : {&kCircuitOpened, &kCircuitClosed, &kLineUp, &kLineDown, &kCharonLost, &kCharonBack,
                            &kLoadFailed, &kCloseLate, &kStray, &kLineLost, &kLineBack}) {
    if (each->id == id) return each;
  }
  return nullptr;
}
void expect_words(const std::string& code, const std::string& ja, const std::string& en) {
  EXPECT_FALSE(en.empty()) << code;
  EXPECT_TRUE(registry::shows_plainly(ja, false)) << code;
  EXPECT_TRUE(std::ranges::any_of(ja, [](char c) { return static_cast<unsigned char>(c) >= 0xE3; }))
      << code << " " << ja;
}

TEST(CircuitWords, EveryCodeOfTheSourcesHasThem) {
  std::set<std::string> codes;
  for (const char* room : {"circuits", "gate", "admission", "registry"}) codes.merge(codes_in(room));
  for (const char* known : {"circuit.no_device", "circuit.weak", "circuit.line_down", "circuit.line_unknown",
                            "circuits.line_up", "circuit.line_lost", "circuit.overlap"}) {
    EXPECT_TRUE(codes.contains(known)) << known << ": the sources were read";
  }
  const auto findings = registry::all_finding_codes();
  for (const std::string& code : codes) {
    const auto refusal = find_refusal(code);
    const auto finding = std::ranges::find(findings, code, &registry::Finding::code);
    const Event* told = event(code);
    EXPECT_TRUE(refusal || finding != findings.end() || told != nullptr) << code << " has no words";
    if (refusal) {
      for (const Text& text : {refusal->what, refusal->why, refusal->remedy}) expect_words(code, text.ja, text.en);
    }
    if (told != nullptr) expect_words(code, std::string(told->meaning.ja), std::string(told->meaning.en));
  }
}

TEST(CircuitWords, EachCodeOnceAndNoneOfAnotherCatalogue) {
  std::set<std::string> seen;
  for (const Refusal& each : all_refusals()) {
    EXPECT_TRUE(seen.insert(each.code).second) << each.code;
    EXPECT_EQ(find_refusal(each.code), each);
    EXPECT_TRUE(each.rule.starts_with("R")) << each.code;
  }
  EXPECT_EQ(find_refusal("circuit.ceased")->code, "circuit.ceased") << "the registry's";
  EXPECT_EQ(find_refusal("stop.all")->code, "stop.all");
  EXPECT_FALSE(find_refusal("circuit.purple"));
}

}  // namespace
}  // namespace sekisho::circuits
