#include "recording/unfinished.hpp"

#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>

namespace sekisho::recording {
namespace {

std::vector<std::uint8_t> seeds(const Unfinished& unfinished) {
  std::vector<std::uint8_t> out;
  for (const FileHeader& header : unfinished.left()) out.push_back(header.id[0]);
  return out;
}

}  // namespace

TEST(RecordingsUnfinished, AreThoseThatBeganAndHaveNoEndOfAnyKind) {
  const Instant now = test_header().started_at;
  Unfinished unfinished;
  for (std::uint8_t seed = 1; seed <= 5; ++seed) {
    unfinished.take(opened_entry(test_header(seed), Hash{}, "a.skr", now));
    unfinished.take(chunk_entry(test_header(seed), {}, now));
  }
  EXPECT_EQ(seeds(unfinished), (std::vector<std::uint8_t>{1, 2, 3, 4, 5}));
  unfinished.take(closed_entry(test_header(2), 1, "session.ended", now));
  unfinished.take(failed_entry(test_header(3), 1, fail("recording.stalled"), now));
  unfinished.take(broken_off_entry(test_header(4), "relay.gone", now));
  unfinished.take(closed_entry(test_header(9), 1, "session.ended", now));
  EXPECT_EQ(seeds(unfinished), (std::vector<std::uint8_t>{1, 5}));
  const FileHeader left = unfinished.left().front();
  EXPECT_EQ(left.session, "S20261122-1-000042");
  EXPECT_EQ(left.person, "mori");
  EXPECT_EQ(left.target, "web-01");
}

TEST(RecordingsUnfinished, EntriesThatHoldNothingOrNonsenseArePassedOver) {
  Unfinished unfinished;
  audit::Entry entry;
  unfinished.take(entry);
  entry.event = "recording.opened";
  unfinished.take(entry);
  for (const nlohmann::json& detail : {nlohmann::json(), nlohmann::json::array(), nlohmann::json{{"recording", 7}},
                                       nlohmann::json{{"recording", "x"}}}) {
    entry.detail = detail;
    unfinished.take(entry);
  }
  EXPECT_TRUE(unfinished.left().empty());
  entry.detail = {{"recording", std::string(32, 'a')}, {"target", 5}};
  unfinished.take(entry);
  ASSERT_EQ(unfinished.left().size(), 1U);
  EXPECT_EQ(unfinished.left()[0].target, "");
}

}  // namespace sekisho::recording
