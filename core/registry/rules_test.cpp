#include "registry/rules.hpp"

#include "registry/application_rights.hpp"
#include "registry/refusals.hpp"
#include "registry/testing/cast.hpp"
#include "registry/text.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace sekisho::registry {
namespace {

using std::chrono::days;
using testing::cast;
using testing::kNow;

const std::vector<Zone> kInternet{Zone::internet_business, Zone::internet_dmz};
const std::vector<Zone> kNumber{Zone::my_number};

RightsAnswer mori(const Registry& r, Instant now = kNow) {
  return rights_of(r, "mori", "pc-mori", "internet", kInternet, false, now);
}
std::string code(const RightsAnswer& answer) {
  return answer.refusal ? answer.refusal->code : "granted";
}
void stop(Registry& r, const std::string& scope, const std::string& target) {
  r.stops.emplace(scope + ":" + target, Stop{scope, target, kNow, "yama", "試験"});
}

TEST(Login, EverySpellingOfANameIsOneIdentityOrRefused) {
  const std::vector<std::pair<std::string, std::optional<std::string>>> spellings{
      {"mori", "mori"},
      {"MORI", "mori"},
      {"  Mori ", "mori"},
      {"ｍｏｒｉ", "mori"},
      {"ＭＯＲＩ　", "mori"},              // ideographic space
      {"\xf0\x9d\x90\xa6ori", "mori"},     // mathematical bold m
      {"m\xd0\xberi", std::nullopt},       // Cyrillic o
      {"mor\xc4\xb1", std::nullopt},       // dotless i
      {"m\xe2\x80\x8bori", std::nullopt},  // zero width space
      {"mo\xcc\x88ri", std::nullopt},      // combining diaeresis
      {"\xe2\x80\xaeirom", std::nullopt},  // right-to-left override
      {"mori\xc2\xad", std::nullopt},      // soft hyphen
      {"mori\xef\xb8\x8f", std::nullopt},  // variation selector
      {std::string("mo\0ri", 5), std::nullopt},
      {"mori\n", std::nullopt},
      {"mo ri", std::nullopt},
      {"mo\xffri", std::nullopt},
      {"", std::nullopt},
      {"   ", std::nullopt},
      {std::string(65, 'a'), std::nullopt},
      {std::string(64, 'a'), std::string(64, 'a')},
      {"mori/../kato", std::nullopt},
      {"mori@Example.TEST", "mori@example.test"}};
  for (const auto& [typed, canonical] : spellings) EXPECT_EQ(canonical_login(typed), canonical) << typed;
}

TEST(Login, IsFoundByItsCanonicalFormOnly) {
  const Registry r = cast();
  ASSERT_NE(find_login(r, "mori"), nullptr);
  EXPECT_EQ(find_login(r, "mori")->id, "mori");
  EXPECT_EQ(find_login(r, "Mori"), nullptr);
  EXPECT_EQ(find_login(r, ""), nullptr);
}

TEST(Rights, AnAcceptedApplicationUnderAContractInForceCarriesThem) {
  const RightsAnswer answer = mori(cast());
  ASSERT_TRUE(answer.rights);
  EXPECT_FALSE(answer.refusal);
  EXPECT_EQ(answer.rights->contractor, "mori-kogyo");
  EXPECT_EQ(answer.rights->contract, "c-web");
  EXPECT_EQ(answer.rights->application, "a-mori");
  EXPECT_EQ(answer.rights->zone, Zone::internet_business);
  EXPECT_EQ(answer.rights->systems, std::vector<std::string>{"web"});
  EXPECT_EQ(answer.rights->desktop, "vdi-01");
  EXPECT_EQ(answer.rights->until, kNow + days(20));
}

TEST(Rights, EachQuestionRefusesWithItsOwnCode) {
  struct Case {
    const char* code;
    std::function<void(Registry&)> change;
  };
  const std::vector<Case> cases{
      {"stop.all", [](Registry& r) { stop(r, "all", ""); }},
      {"stop.path", [](Registry& r) { stop(r, "path", "internet"); }},
      {"stop.contractor", [](Registry& r) { stop(r, "contractor", "mori-kogyo"); }},
      {"stop.person", [](Registry& r) { stop(r, "person", "mori"); }},
      {"stop.terminal", [](Registry& r) { stop(r, "terminal", "pc-mori"); }},
      {"stop.desktop", [](Registry& r) { stop(r, "desktop", "vdi-01"); }},
      {"person.unknown", [](Registry& r) { r.people.erase("mori"); }},
      {"person.ended", [](Registry& r) { r.people.at("mori").ended_at = kNow; }},
      {"person.not_yet_valid", [](Registry& r) { r.people.at("mori").valid.from = kNow + Seconds(1); }},
      {"person.expired", [](Registry& r) { r.people.at("mori").valid.until = kNow; }},
      {"terminal.unknown", [](Registry& r) { r.terminals.erase("pc-mori"); }},
      {"terminal.ended", [](Registry& r) { r.terminals.at("pc-mori").ended_at = kNow; }},
      {"terminal.other_contractor", [](Registry& r) { r.terminals.at("pc-mori").contractor = "tani-denki"; }},
      {"terminal.not_own", [](Registry& r) { r.terminals.at("pc-mori").kind = TerminalKind::lent; }},
      {"contract.none", [](Registry& r) { r.contracts.erase("c-web"); }},
      {"contract.not_in_force", [](Registry& r) { r.contracts.at("c-web").period.until = kNow; }},
      {"contract.not_in_force", [](Registry& r) { r.contracts.at("c-web").ended_at = kNow; }},
      {"contract.not_in_force", [](Registry& r) { r.contracts.at("c-web").period.from = kNow + Seconds(1); }},
      {"application.none", [](Registry& r) { r.applications.erase("a-mori"); }},
      {"application.not_accepted",
       [](Registry& r) { r.applications.at("a-mori").state = ApplicationState::submitted; }},
      {"application.not_accepted", [](Registry& r) { r.applications.at("a-mori").state = ApplicationState::returned; }},
      {"application.not_accepted", [](Registry& r) { r.applications.at("a-mori").state = ApplicationState::ended; }},
      {"application.not_in_period", [](Registry& r) { r.applications.at("a-mori").period.until = kNow; }},
      {"application.person_missing", [](Registry& r) { r.applications.at("a-mori").people = {"tani"}; }},
      {"application.terminal_missing", [](Registry& r) { r.applications.at("a-mori").terminals = {"pc-tani"}; }},
      {"purpose.build_up", [](Registry& r) { r.applications.at("a-mori").purpose = Purpose::build_up; }},
      {"zone.other_path", [](Registry& r) { r.systems.at("web").zone = Zone::my_number; }},
      {"zone.other_path", [](Registry& r) { r.contracts.at("c-web").systems.clear(); }},
      {"desktop.none", [](Registry& r) { r.desktops.erase("vdi-01"); }},
      {"desktop.none", [](Registry& r) { r.desktops.at("vdi-01").person = "tani"; }},
      {"desktop.none", [](Registry& r) { r.desktops.at("vdi-01").zone = Zone::my_number; }}};
  for (const Case& c : cases) {
    Registry r = cast();
    c.change(r);
    const RightsAnswer answer = mori(r);
    EXPECT_EQ(code(answer), c.code);
    EXPECT_FALSE(answer.rights);
  }
}

TEST(Rights, WhoseOwnContractHasLapsedHearsOfThatNotOfHisColleagues) {
  Registry r = cast();
  Contract other = r.contracts.at("c-web");
  other.id = "c-other";
  r.contracts.emplace(other.id, other);
  Application theirs = r.applications.at("a-mori");
  theirs.id = "a-other";
  theirs.contract = other.id;
  theirs.people = {"tani"};
  r.applications.emplace(theirs.id, theirs);
  r.contracts.at("c-web").ended_at = kNow;
  EXPECT_EQ(code(mori(r)), "contract.not_in_force");
}

TEST(Rights, TheQuestionsAreAskedInTheOrderOfTheHeader) {
  // Everything is wrong at once; mending one thing after the other walks down the list.
  Registry r = cast();
  stop(r, "all", "");
  stop(r, "path", "internet");
  stop(r, "contractor", "mori-kogyo");
  stop(r, "person", "mori");
  stop(r, "terminal", "pc-mori");
  stop(r, "desktop", "vdi-01");
  Person& person = r.people.at("mori");
  person.ended_at = kNow;
  Terminal& terminal = r.terminals.at("pc-mori");
  terminal.ended_at = kNow;
  terminal.contractor = "tani-denki";
  terminal.kind = TerminalKind::lent;
  Contract& contract = r.contracts.at("c-web");
  contract.ended_at = kNow;
  Application& application = r.applications.at("a-mori");
  application.state = ApplicationState::submitted;
  application.period.until = kNow;
  application.people = {"tani"};
  application.terminals = {"pc-tani"};
  application.purpose = Purpose::build_up;
  r.systems.at("web").zone = Zone::my_number;
  r.desktops.erase("vdi-01");

  const std::vector<std::pair<const char*, std::function<void()>>> walk{
      {"stop.all", [&] { r.stops.erase("all:"); }},
      {"stop.path", [&] { r.stops.erase("path:internet"); }},
      {"stop.contractor", [&] { r.stops.erase("contractor:mori-kogyo"); }},
      {"stop.person", [&] { r.stops.erase("person:mori"); }},
      {"stop.terminal", [&] { r.stops.erase("terminal:pc-mori"); }},
      {"person.ended", [&] { person.ended_at.reset(); }},
      {"terminal.ended", [&] { terminal.ended_at.reset(); }},
      {"terminal.other_contractor", [&] { terminal.contractor = "mori-kogyo"; }},
      {"terminal.not_own", [&] { terminal.kind = TerminalKind::own; }},
      {"contract.not_in_force", [&] { contract.ended_at.reset(); }},
      {"application.not_accepted", [&] { application.state = ApplicationState::accepted; }},
      {"application.not_in_period", [&] { application.period.until = kNow + days(1); }},
      {"application.person_missing", [&] { application.people = {"mori"}; }},
      {"application.terminal_missing", [&] { application.terminals = {"pc-mori"}; }},
      {"purpose.build_up", [&] { application.build_up_exception = true; }},
      {"zone.other_path", [&] { r.systems.at("web").zone = Zone::internet_business; }},
      {"desktop.none", [&] {
         r.desktops.emplace("vdi-09", Desktop{"vdi-09", "mori", Zone::internet_business, "10.20.0.19", 5900});
       }}};
  for (const auto& [expected, mend] : walk) {
    EXPECT_EQ(code(mori(r)), expected);
    mend();
  }
  EXPECT_EQ(code(mori(r)), "granted");
}

TEST(Rights, TheMyNumberZoneTakesLentTerminalsWhateverThePathSays) {
  Registry r = cast();
  const auto sato = [&](bool lent_only) { return rights_of(r, "sato", "pc-sato", "closed", kNumber, lent_only, kNow); };
  EXPECT_EQ(code(sato(true)), "granted");
  r.terminals.at("pc-sato").kind = TerminalKind::own;
  EXPECT_EQ(code(sato(true)), "terminal.not_lent");
  EXPECT_EQ(code(sato(false)), "terminal.not_lent");
}

TEST(Rights, NoSessionReachesAZoneOfTheOtherPath) {
  Registry r = cast();
  r.applications.at("a-mori").systems = {"web", "num"};
  r.contracts.at("c-web").systems = {"web", "num"};
  const RightsAnswer answer = mori(r);
  ASSERT_TRUE(answer.rights);
  EXPECT_EQ(answer.rights->systems, std::vector<std::string>{"web"});
  // Even a path configured with all zones never mixes them: with a lent terminal and a desktop of the Internet side,
  // the My Number system stays out.
  Circuit line = r.circuits.at("line-sato");
  line.id = "line-mori", line.contractor = "mori-kogyo";
  r.circuits.emplace(line.id, line);
  Terminal& lent = r.terminals.at("pc-mori");
  lent.kind = TerminalKind::lent, lent.circuit = line.id, lent.handed_over_at = kNow;
  const auto mixed = rights_of(r, "mori", "pc-mori", "internet",
                               {Zone::internet_business, Zone::internet_dmz, Zone::my_number}, false, kNow);
  ASSERT_TRUE(mixed.rights);
  EXPECT_EQ(mixed.rights->systems, std::vector<std::string>{"web"});
}

TEST(Rights, EndWithWhateverEndsFirst) {
  const std::vector<std::function<void(Registry&, Instant)>> ends{
      [](Registry& r, Instant at) { r.contracts.at("c-web").period.until = at; },
      [](Registry& r, Instant at) { r.contracts.at("c-web").ended_at = at; },
      [](Registry& r, Instant at) { r.applications.at("a-mori").period.until = at; },
      [](Registry& r, Instant at) { r.people.at("mori").valid.until = at; },
      [](Registry& r, Instant at) { r.people.at("mori").ended_at = at; },
      [](Registry& r, Instant at) { r.terminals.at("pc-mori").ended_at = at; }};
  for (const auto& end : ends) {
    Registry r = cast();
    const Instant at = kNow + Seconds(90);
    end(r, at);
    const RightsAnswer before = mori(r, at - std::chrono::microseconds(1));
    ASSERT_TRUE(before.rights);
    EXPECT_EQ(before.rights->until, at);
    EXPECT_FALSE(mori(r, at).rights);
  }
}

TEST(Rights, TheLongestOfSeveralApplicationsCarriesThem) {
  Registry r = cast();
  Application longer = r.applications.at("a-mori");
  longer.id = "a-zz";
  longer.period.until += days(30);
  r.applications.emplace("a-zz", longer);
  EXPECT_EQ(mori(r).rights->application, "a-zz");
  r.applications.at("a-zz").state = ApplicationState::returned;
  EXPECT_EQ(mori(r).rights->application, "a-mori");
}

TEST(Rights, OfOneApplicationAreThoseThatItAloneWouldCarry) {
  Registry r = cast();
  Application longer = r.applications.at("a-mori");
  longer.id = "a-zz";
  longer.period.until += days(30);
  r.applications.emplace("a-zz", longer);
  const auto by = [](const Registry& registry, std::string_view application) {
    return rights_by(registry, "mori", "pc-mori", "internet", kInternet, false, kNow, application);
  };
  for (const char* application : {"a-mori", "a-zz", "a-none", ""}) {
    Registry alone = r;
    std::erase_if(alone.applications, [&](const auto& entry) { return entry.first != application; });
    const RightsAnswer answer = by(r, application), wanted = mori(alone);
    EXPECT_EQ(code(answer), code(wanted)) << application;
    EXPECT_TRUE(!answer.rights || answer.rights->application == application) << application;
  }
  EXPECT_EQ(code(by(r, "a-none")), "application.none");
  r.applications.at("a-mori").state = ApplicationState::returned;
  EXPECT_EQ(code(by(r, "a-mori")), "application.not_accepted");
}

TEST(Rights, ThePersonHearsOfHisOwnApplicationNotOfAColleagues) {
  Registry r = cast();
  Application colleague = r.applications.at("a-mori");
  colleague.id = "a-other";
  colleague.people = {"tani"};
  r.applications.emplace("a-other", colleague);
  r.applications.at("a-mori").state = ApplicationState::submitted;
  EXPECT_EQ(code(mori(r)), "application.not_accepted");
}

TEST(Rights, StaffWithoutContractorHaveNone) {
  Registry r = cast();
  r.terminals.at("pc-mori").contractor = "";
  EXPECT_EQ(code(rights_of(r, "yama", "pc-mori", "internet", kInternet, false, kNow)), "contract.none");
}

TEST(Rights, AStopOfOneDesktopLeavesTheOthers) {
  Registry r = cast();
  r.desktops.emplace("vdi-09", Desktop{"vdi-09", "mori", Zone::internet_business, "10.20.0.19", 5900});
  stop(r, "desktop", "vdi-01");
  ASSERT_TRUE(mori(r).rights);
  EXPECT_EQ(mori(r).rights->desktop, "vdi-09");
}

TEST(Refusals, EveryOneIsCompleteInBothLanguages) {
  std::set<std::string> codes;
  std::vector<Refusal> all = all_refusals();
  for (const Refusal& r : change_refusals()) all.push_back(r);
  for (const Refusal& r : all) {
    EXPECT_TRUE(codes.insert(r.code).second) << r.code;
    for (const Text* text : {&r.what, &r.why, &r.remedy}) {
      EXPECT_FALSE(text->ja.empty()) << r.code;
      EXPECT_FALSE(text->en.empty()) << r.code;
      EXPECT_TRUE(shows_plainly(text->ja, false)) << r.code;
    }
    EXPECT_TRUE(r.rule.starts_with("R") || r.rule.starts_with("T-")) << r.code;
    EXPECT_EQ(refusal(r.code), r);
  }
  EXPECT_FALSE(find_refusal("no.such_code"));
}

}  // namespace
}  // namespace sekisho::registry
