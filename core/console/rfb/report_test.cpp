#include "console/rfb/report.hpp"

#include "console/rfb/events.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

namespace sekisho::rfb {
namespace {

class KeptLog final : public Log {
 public:
  KeptLog() : Log("test", Level::debug, [] { return Instant{}; }) {}
  void write(const Event& event, std::string line) override {
    events.push_back(&event);
    lines.push_back(std::move(line));
  }
  std::vector<const Event*> events;
  std::vector<std::string> lines;
};

TEST(Report, EveryCauseHasItsWordsInBothLanguages) {
  std::set<std::string_view> codes;
  for (std::size_t i = 0; i < kCauses; ++i) {
    const CauseWords& found = words(static_cast<Cause>(i));
    EXPECT_TRUE(found.code.starts_with("console.")) << i;
    EXPECT_TRUE(codes.insert(found.code).second) << found.code << " stands twice";
    EXPECT_NE(std::string_view(found.what.ja), "") << found.code;
    EXPECT_NE(std::string_view(found.what.en), "") << found.code;
    EXPECT_EQ(found.ends, static_cast<Cause>(i) >= Cause::clipboard_size) << found.code;
  }
}

TEST(Report, AStoppedTransferIsAnEntryWithItsNumbers) {
  KeptLog log;
  report(log, {"S20261122-1-000042", "0b6f6a2e-5c1c-4f3b-9a44-3d0f5f3f1c11"},
         {Cause::clipboard, Side::viewer, 3, 1500, 7});
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_EQ(log.events[0], &kStopped);
  EXPECT_TRUE(log.events[0]->audit);
  const auto line = nlohmann::json::parse(log.lines[0]);
  EXPECT_EQ(line.at("session"), "S20261122-1-000042");
  EXPECT_EQ(line.at("machine"), "0b6f6a2e-5c1c-4f3b-9a44-3d0f5f3f1c11");
  EXPECT_EQ(line.at("what"), "console.clipboard");
  EXPECT_EQ(line.at("by"), "viewer");
  EXPECT_EQ(line.at("count"), 3);
  EXPECT_EQ(line.at("bytes"), 1500);
  EXPECT_EQ(line.at("total"), 7);
}

TEST(Report, EveryCauseIsReportedWithFieldsThatItsEventDeclares) {
  KeptLog log;
  for (std::size_t i = 0; i < kCauses; ++i) {
    const auto cause = static_cast<Cause>(i);
    const std::size_t before = log.lines.size();
    report(log, {"S1", "m"}, {cause, Side::guest, 1, 0, 1}, "said");
    ASSERT_EQ(log.lines.size() - before, event_of(cause) == nullptr ? 0U : 1U) << words(cause).code;
    if (event_of(cause) == nullptr) continue;
    EXPECT_EQ(log.events.back(), event_of(cause));
    EXPECT_FALSE(nlohmann::json::parse(log.lines.back()).contains("undeclared_field")) << log.lines.back();
  }
}

TEST(Report, AnOrdinaryEndIsNoFault) {
  for (const Cause cause : {Cause::viewer_gone, Cause::guest_gone, Cause::closed}) EXPECT_EQ(event_of(cause), nullptr);
  for (const Cause cause : {Cause::file_transfer, Cause::malformed, Cause::unknown_message})
    EXPECT_EQ(event_of(cause), &kBroken);
}

}  // namespace
}  // namespace sekisho::rfb
