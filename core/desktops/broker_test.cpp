// Desktops: prepared ahead, given once, destroyed, never handed on.
#include "desktops/broker.hpp"

#include "desktops/testing/fake_hyperd.hpp"

#include <gtest/gtest.h>

namespace sekisho::desktops {
namespace {

using namespace desktops::testing;

TEST(Broker, PreparesOneAheadAndGivesItAtOnce) {
  Office office({pool(3)});
  office.here();
  EXPECT_EQ(office.hyperd.boxes.size(), 1u);
  EXPECT_EQ(office.broker.count().spare, 1u);
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.settle();
  const View view = office.view("S1");
  EXPECT_EQ(view.state, "ready");
  EXPECT_EQ(view.progress, 100);
  EXPECT_EQ(view.manager, "desks");
  EXPECT_EQ(view.address, "10.60.0.10");
  EXPECT_EQ(office.hyperd.boxes.at(view.machine).password, "maint:" + std::string(view.password.reveal()));
  EXPECT_EQ(office.hyperd.boxes.size(), 2u) << "the next one is prepared";
  EXPECT_EQ(office.noted("desktop.ready"), 1u);
}

TEST(Broker, ShowsHowLongItTakes) {
  Office office({pool(1, 0)});
  office.hyperd.boots = false;
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  EXPECT_EQ(office.view("S1").state, "starting");
  EXPECT_EQ(office.view("S1").expected_s, 20u);
  office.pass(Seconds(5));
  EXPECT_EQ(office.view("S1").progress, 25);
  EXPECT_EQ(office.view("S1").expected_s, 15u);
  office.pass(Seconds(95));
  EXPECT_EQ(office.view("S1").progress, 95) << "it is not there before it is there";
  EXPECT_EQ(office.view("S1").expected_s, 1u);
  office.hyperd.boxes.begin()->second.answers = true;
  office.pass(Seconds(2));
  EXPECT_EQ(office.view("S1").state, "ready");
  office.leave("S1");
  office.settle();
  ASSERT_TRUE(office.want("S2", "vdi"));
  EXPECT_NEAR(office.view("S2").expected_s, 101, 1) << "what was measured counts from now on";
}

TEST(Broker, ASessionsEndDestroysItsDesktopAndItsPassword) {
  Office office({pool(2)});
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.settle();
  const std::string machine = office.machine("S1");
  const std::string password(office.view("S1").password.reveal());
  ASSERT_TRUE(office.hyperd.boxes.contains(machine));
  office.leave("S1");
  office.settle();
  EXPECT_FALSE(office.hyperd.boxes.contains(machine));
  EXPECT_FALSE(office.broker.view("S1", office.now));
  EXPECT_EQ(office.noted("desktop.destroyed"), 1u);
  EXPECT_EQ(office.notes.back().session, "S1") << "whose it was";
  ASSERT_TRUE(office.want("S2", "vdi"));
  office.settle();
  EXPECT_NE(office.machine("S2"), machine);
  EXPECT_NE(office.view("S2").password.reveal(), password);
}

TEST(Broker, WhatCannotBeDestroyedIsHandedToNobody) {
  Office office({pool(1)});
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.settle();
  const std::string machine = office.machine("S1");
  office.hyperd.fails["destroy"] = "console.timed_out";
  office.leave("S1");
  ASSERT_TRUE(office.want("S2", "vdi"));
  office.pass(Seconds(600));
  EXPECT_EQ(office.view("S2").state, "preparing");
  EXPECT_TRUE(office.hyperd.boxes.contains(machine));
  office.hyperd.fails.clear();
  office.pass(Seconds(61));
  EXPECT_FALSE(office.hyperd.boxes.contains(machine));
  EXPECT_EQ(office.view("S2").state, "ready");
  EXPECT_NE(office.machine("S2"), machine);
}

TEST(Broker, APersonWhoLeavesBeforeHeGotItLeavesItClean) {
  Office office({pool(1, 0)});
  office.hyperd.boots = false;
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.pass(Seconds(3));
  const std::string machine = office.hyperd.boxes.begin()->first;
  office.leave("S1");
  ASSERT_TRUE(office.want("S2", "vdi"));
  office.hyperd.boxes.at(machine).answers = true;
  office.pass(Seconds(3));
  EXPECT_EQ(office.machine("S2"), machine) << "nobody could reach it before";
}

TEST(Broker, PersonalDesktopsAreTheirPersonsAlone) {
  Pool mine = pool(2, 2);
  mine.seats[0].desktop = "vdi-mori";
  Office office({mine});
  office.here();
  EXPECT_EQ(office.hyperd.boxes.size(), 1u) << "a personal one is not prepared for anybody";
  ASSERT_TRUE(office.want("S1", "vdi"));
  ASSERT_TRUE(office.want("S2", "vdi-mori"));
  ASSERT_TRUE(office.want("S3", "vdi"));
  office.settle();
  EXPECT_EQ(office.view("S1").address, "10.60.0.11");
  EXPECT_EQ(office.view("S2").address, "10.60.0.10");
  EXPECT_EQ(office.view("S3").state, "preparing") << "the personal seat is not for him";
  EXPECT_FALSE(office.want("S4", "vdi-tani"));
  EXPECT_FALSE(office.want("S4", ""));
}

TEST(Broker, ADesktopOfTheRegistryMayBeAnyOfAPool) {
  Pool any = pool(2);
  any.desktops = {"vdi-02", "vdi-03"};
  any.seats[0].desktop = "vdi-01";
  Office office({any});
  office.here();
  EXPECT_TRUE(office.broker.knows("vdi-01"));
  EXPECT_TRUE(office.broker.knows("vdi-03"));
  EXPECT_FALSE(office.broker.knows("vdi-04"));
  EXPECT_FALSE(office.broker.knows(""));
  ASSERT_TRUE(office.want("S2", "vdi-02"));
  office.settle();
  EXPECT_EQ(office.view("S2").address, any.seats[1].address);
  ASSERT_TRUE(office.want("S3", "vdi-03"));
  office.settle();
  EXPECT_EQ(office.view("S3").state, "preparing") << "the other seat has an owner";
  EXPECT_FALSE(office.want("S4", "vdi-04"));
}

TEST(Broker, WhoWaitsLongestGoesFirst) {
  Office office({pool(1)});
  office.here();
  for (const char* session : {"S1", "S2", "S3"}) ASSERT_TRUE(office.want(session, "vdi"));
  office.settle();
  EXPECT_EQ(office.view("S1").state, "ready");
  EXPECT_EQ(office.broker.count().waiting, 2u);
  office.leave("S1");
  office.settle();
  EXPECT_EQ(office.view("S2").state, "ready");
  EXPECT_EQ(office.view("S3").state, "preparing");
  office.leave("S3");
  office.leave("S2");
  office.settle();
  EXPECT_EQ(office.broker.count().waiting, 0u);
}

TEST(Broker, StartsOnlySoManyAtOnce) {
  Office office({pool(6, 6)});
  office.take(office.broker.hyperd_here(office.now));
  office.step();  // the list
  EXPECT_EQ(office.hyperd.waiting.size(), 2u);
  office.settle();
  EXPECT_EQ(office.broker.count().spare, 6u);
}

TEST(Broker, AStartThatFailsIsTriedAgainAndThePersonIsToldInTheEnd) {
  Office office({pool(1, 0)});
  office.hyperd.fails["create"] = "console.refused";
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.settle();
  EXPECT_EQ(office.view("S1").state, "preparing") << "it is tried again";
  office.pass(Seconds(300));
  EXPECT_EQ(office.view("S1").state, "failed");
  EXPECT_EQ(office.noted("desktop.failed"), 5u);
  office.hyperd.fails.clear();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.pass(Seconds(61));
  EXPECT_EQ(office.view("S1").state, "ready");
}

TEST(Broker, AMachineThatNeverAnswersIsGivenUp) {
  Pool slow = pool(1, 0);
  slow.boot_limit = Seconds(30);
  Office office({slow});
  office.hyperd.boots = false;
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.pass(Seconds(10));
  const std::string first = office.hyperd.boxes.begin()->first;
  office.pass(Seconds(25));
  EXPECT_FALSE(office.hyperd.boxes.contains(first));
  EXPECT_GE(office.noted("desktop.failed"), 1u);
}

TEST(Broker, ALoginThatCannotBeSetIsNoDesktop) {
  Office office({pool(1)});
  office.here();
  office.hyperd.fails["login"] = "console.timed_out";
  ASSERT_TRUE(office.want("S1", "vdi"));
  const std::string first = office.hyperd.boxes.begin()->first;
  office.settle();
  EXPECT_NE(office.view("S1").state, "ready");
  EXPECT_FALSE(office.hyperd.boxes.contains(first)) << "its password may have been set: nobody else gets it";
  office.hyperd.fails.clear();
  office.pass(Seconds(10));
  EXPECT_EQ(office.view("S1").state, "ready");
}

TEST(Broker, ADesktopThatStopsInUseIsDestroyedAndAFreshOneComesWhenAsked) {
  for (const auto& [state, told] :
       {std::pair(MachineState::stopped, "ended"), std::pair(MachineState::crashed, "failed")}) {
    Office office({pool(1)});
    office.here();
    ASSERT_TRUE(office.want("S1", "vdi"));
    office.settle();
    const std::string machine = office.machine("S1");
    office.happen(machine, state);
    EXPECT_EQ(office.view("S1").state, told);
    EXPECT_EQ(office.view("S1").password.reveal(), "");
    office.settle();
    EXPECT_FALSE(office.hyperd.boxes.contains(machine));
    EXPECT_EQ(office.noted("desktop.stopped"), 1u);
    ASSERT_TRUE(office.want("S1", "vdi"));
    office.settle();
    EXPECT_EQ(office.view("S1").state, "ready");
    EXPECT_NE(office.machine("S1"), machine);
  }
}

TEST(Broker, WhatItDoesNotKnowIsDestroyed) {
  Office office({pool(1, 0)});
  const std::string stray = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9bd1";
  office.hyperd.boxes[stray] = {"win11", "x", {}, "somebody", MachineState::stopped, false};
  office.here();
  EXPECT_TRUE(office.hyperd.boxes.empty());
  EXPECT_EQ(office.noted("desktop.stray"), 1u);
}

TEST(Broker, NothingStartsBeforeItIsKnownWhatIsThere) {
  Office office({pool(1)});
  ASSERT_TRUE(office.want("S1", "vdi"));
  EXPECT_TRUE(office.hyperd.waiting.empty()) << "there is no hyperd";
  office.hyperd.fails["list"] = "console.unreachable";
  office.here();
  EXPECT_EQ(office.hyperd.heard, std::vector<std::string>{"list"});
  office.hyperd.fails.clear();
  office.pass(Seconds(10));
  EXPECT_EQ(office.view("S1").state, "ready");
}

TEST(Broker, AHyperdThatComesBackFindsEverybodyWhereHeWas) {
  Office office({pool(3)});
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  ASSERT_TRUE(office.want("S2", "vdi"));
  office.settle();
  const std::string first = office.machine("S1"), second = office.machine("S2");
  office.broker.hyperd_gone();
  office.leave("S2");
  EXPECT_EQ(office.view("S1").state, "ready") << "an open desktop does not need it";
  office.hyperd.waiting.clear();
  office.here();
  EXPECT_EQ(office.machine("S1"), first);
  EXPECT_FALSE(office.hyperd.boxes.contains(second)) << "what could not be ended then is ended now";
  EXPECT_EQ(office.noted("desktop.stray"), 0u);
}

TEST(Broker, ADesktopThatWentWithItsManagerIsToldToItsPerson) {
  Office office({pool(1)});
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.settle();
  office.take(office.broker.saw({"internet_business", "desks", "", MachineState::unknown, true}, office.now));
  office.hyperd.boxes.clear();  // the host was started anew
  EXPECT_EQ(office.view("S1").state, "ready");
  office.take(office.broker.saw({"internet_business", "desks", "", MachineState::unknown, false}, office.now));
  office.settle();
  EXPECT_EQ(office.view("S1").state, "failed");
}

TEST(Broker, AHyperdThatNeverAnswersIsAFailure) {
  Office office({pool(1, 0)});
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  office.hyperd.waiting.clear();
  office.now += Seconds(76);
  office.take(office.broker.tick(office.now));
  EXPECT_EQ(office.noted("desktop.failed"), 1u);
  office.pass(Seconds(10));
  EXPECT_EQ(office.view("S1").state, "ready");
}

TEST(Broker, ASessionThatOutlivedTheGateKeepsItsDesktopWithANewPassword) {
  Office office({pool(2)});
  const std::string machine = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9bd1";
  office.hyperd.boxes[machine] = {"win11", "52:54:00:00:00:11", "maint:old", "S1", MachineState::running, true};
  EXPECT_FALSE(office.broker.adopt("S1", "vdi", machine, "10.60.0.99")) << "no such seat";
  EXPECT_TRUE(office.broker.adopt("S1", "vdi", machine, "10.60.0.11"));
  EXPECT_FALSE(office.broker.adopt("S1", "vdi", machine, "10.60.0.10"));
  EXPECT_FALSE(office.broker.adopt("S2", "vdi", machine, "10.60.0.11")) << "taken";
  EXPECT_FALSE(office.broker.adopt("S2", "other", machine, "10.60.0.10"));
  EXPECT_FALSE(office.broker.adopt("S2", "vdi", "web-01", "10.60.0.10"));
  office.here();
  EXPECT_EQ(office.view("S1").address, "10.60.0.11") << "the seat whose card it has";
  EXPECT_EQ(office.machine("S1"), machine);
  EXPECT_EQ(office.hyperd.boxes.at(machine).password, "maint:" + std::string(office.view("S1").password.reveal()));
  office.leave("S1");
  office.settle();
  EXPECT_FALSE(office.hyperd.boxes.contains(machine));
}

TEST(Broker, AnswersOfAnotherZoneOrToNoQuestionChangeNothing) {
  Office office({pool(1, 0)});
  office.here();
  ASSERT_TRUE(office.want("S1", "vdi"));
  const std::uint64_t number = office.hyperd.waiting.front().number;
  office.take(office.broker.answer({number, "my_number", seam::HyperMachines{}}, office.now));
  office.take(office.broker.answer({number + 7, "internet_business", seam::HyperDone{}}, office.now));
  EXPECT_EQ(office.view("S1").state, "starting");
  EXPECT_EQ(office.hyperd.waiting.size(), 1u);
  office.settle();
  EXPECT_EQ(office.view("S1").state, "ready");
  // A list that is none does not mean that nothing is there.
  office.now += Seconds(300);
  office.take(office.broker.tick(office.now));
  office.take(
      office.broker.answer({office.hyperd.waiting.front().number, "internet_business", seam::HyperDone{}}, office.now));
  EXPECT_EQ(office.view("S1").state, "ready");
}

TEST(Broker, PasswordsAreReadableAndPassWindowsRule) {
  Office office({pool(1)});
  office.here();
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const std::string session = "S" + std::to_string(i);
    ASSERT_TRUE(office.want(session, "vdi"));
    office.settle();
    const std::string password(office.view(session).password.reveal());
    EXPECT_EQ(password.size(), 16u);
    EXPECT_EQ(password.find_first_of("0O1lI"), std::string::npos) << password;
    EXPECT_NE(password.find_first_of("ABCDEFGHJKLMNPQRSTUVWXYZ"), std::string::npos);
    EXPECT_NE(password.find_first_of("abcdefghijkmnopqrstuvwxyz"), std::string::npos);
    EXPECT_NE(password.find_first_of("23456789"), std::string::npos);
    EXPECT_TRUE(seen.insert(password).second);
    office.leave(session);
    office.settle();
  }
}

}  // namespace
}  // namespace sekisho::desktops
