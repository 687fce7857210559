// What holds when admission does not (R01): in this program rights come without the rule that a path leads to its own
// zones alone, and the gate must still show nothing of another path's zone.
#include "base/testing/next_definition.hpp"
#include "gate/testing/console_bench.hpp"
#include "registry/rules.hpp"

namespace sekisho::registry {

// The program's own definition comes before the library's.
RightsAnswer rights_by(const Registry& registry, std::string_view person, std::string_view terminal,
                       std::string_view path, const std::vector<Zone>&, bool lent_only, Instant now,
                       std::optional<std::string_view> by) {
  static auto* const real = sekisho::testing::next_definition(&rights_by);
  Registry flat = registry;  // everything in one zone
  for (auto& [id, system] : flat.systems) system.zone = Zone::internet_business;
  for (auto& [id, desktop] : flat.desktops) desktop.zone = Zone::internet_business;
  return real(flat, person, terminal, path, {Zone::internet_business}, lent_only, now, by);
}

RightsAnswer rights_of(const Registry& registry, std::string_view person, std::string_view terminal,
                       std::string_view path, const std::vector<Zone>& zones, bool lent_only, Instant now) {
  return rights_by(registry, person, terminal, path, zones, lent_only, now, std::nullopt);
}

}  // namespace sekisho::registry

namespace sekisho::gate::testing {
namespace {

/// Mori's system and desktop have come to stand in the My Number zone; he is inside over the Internet path.
class GuardsTest : public ConsoleTest {
 protected:
  GuardsTest() {
    EXPECT_TRUE(store->transact([&](store::Tx& tx) {
      registry::Registry r = tx.registry();
      r.systems.at("web").zone = registry::Zone::my_number;
      r.desktops.at("vdi-01").zone = registry::Zone::my_number;
      tx.replace_registry(r);
    }));
    start();
  }
};

TEST_F(GuardsTest, TheEntranceShowsNoDesktopOfAnotherPathsZone) {
  ASSERT_FALSE(session.empty()) << "rights without zones, or this shows nothing";
  const auto* grant = enter(session);
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.rule + "/" + grant->refusal.code, "R01/console.other_zone");
  EXPECT_EQ(grant->address, "");
  EXPECT_EQ(journal.count("desktop.opened"), 0U);
}

TEST_F(GuardsTest, TheDesktopPageOpensNoDesktopOfAnotherPathsZone) {
  const std::string ticket = ticket_for("");
  ASSERT_FALSE(ticket.empty());
  EXPECT_EQ(refused(at_desktop(seam::OpenScreen{Secret(ticket)})), "console.other_zone");
  EXPECT_EQ(journal.count("desktop.opened"), 0U);
}

TEST_F(GuardsTest, TheConsolePageOpensNoServerOfAnotherPathsZone) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::string ticket = ticket_for("web-01");
  ASSERT_FALSE(ticket.empty());
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(ticket)})), "console.other_zone");
  EXPECT_EQ(journal.count("console.opened"), 0U);
}

}  // namespace
}  // namespace sekisho::gate::testing
