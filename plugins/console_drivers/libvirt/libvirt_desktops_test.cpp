// Desktops on libvirt's test hypervisor: made fresh, ended whole, nobody else's machine touched.
#include "domain_xml.hpp"
#include "testing/scratch_host.hpp"

#include <gtest/gtest.h>

namespace sekisho::libvirt {
namespace {

using namespace libvirt::testing;

// Of the test hypervisor's sites only this one is shared by the connections of a process.
constexpr const char* kUri = "test:///default";
constexpr const char* kForeign = "6695eb01-f6a4-8304-79aa-97f2502e193f";  ///< the machine that is always there
const DesktopOrder kOrder{kDesktop, "win11", "52:54:00:00:00:01"};

class Desktops : public ::testing::Test {
 protected:
  void SetUp() override {
    config_ = desktops(kUri);
    config_.models[0].pool = "default-pool";
    driver_ = make(config_, host_);
    ASSERT_TRUE(driver_->machines(kLimit));
  }
  Host host_;
  Config config_;
  std::unique_ptr<LibvirtDriver> driver_;
};

TEST_F(Desktops, AreMadeRunAndAreGoneAfterwards) {
  const auto made = driver_->create(kOrder, kLimit);
  ASSERT_TRUE(made) << made.error().detail << made.error().peer;
  EXPECT_EQ(made->uuid, kDesktop);
  EXPECT_EQ(made->state, MachineState::running);
  const auto seen = driver_->machine(kDesktop, kLimit);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->answers) << "without an agent running is all that can be known";
  ASSERT_EQ(driver_->machines(kLimit)->size(), 1u);

  ASSERT_TRUE(driver_->destroy(kDesktop, kLimit));
  EXPECT_EQ(driver_->machine(kDesktop, kLimit).error().code, "console.no_such_machine");
  EXPECT_TRUE(driver_->machines(kLimit)->empty()) << "an overlay is left";
  EXPECT_TRUE(driver_->destroy(kDesktop, kLimit)) << "gone already is a success";
}

TEST_F(Desktops, SeeAndTouchNoMachineThatIsNotTheirs) {
  EXPECT_TRUE(driver_->machines(kLimit)->empty());
  EXPECT_EQ(driver_->machine(kForeign, kLimit).error().code, "console.no_such_machine");
  EXPECT_EQ(driver_->picture(kForeign, kLimit).error().code, "console.no_such_machine");
  EXPECT_EQ(driver_->destroy(kForeign, kLimit).error().code, "console.refused");
  EXPECT_EQ(driver_->set_login(kForeign, "maint", Secret("x"), kLimit).error().code, "console.no_such_machine");
  const auto server = make(consoles(kUri), host_)->machine(kForeign, kLimit);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->state, MachineState::running);
}

TEST_F(Desktops, ASecondOneOfTheSameNameLeavesTheFirstAlone) {
  ASSERT_TRUE(driver_->create(kOrder, kLimit));
  EXPECT_FALSE(driver_->create(kOrder, kLimit));
  EXPECT_EQ(driver_->machine(kDesktop, kLimit)->state, MachineState::running);
  const auto all = driver_->machines(kLimit);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 1u);
  EXPECT_TRUE(driver_->destroy(kDesktop, kLimit));
}

TEST_F(Desktops, AnOrderThatMakesNoSenseMakesNothing) {
  const auto code = [&](DesktopOrder order) { return driver_->create(order, kLimit).error().code; };
  EXPECT_EQ(code({"desk", kOrder.model, kOrder.mac}), "console.no_such_machine");
  EXPECT_EQ(code({kDesktop, "win10", kOrder.mac}), "console.refused");
  for (const char* mac : {"", "52:54:00:00:00", "52:54:00:00:00:0g", "53:54:00:00:00:01", "52:54:00:00:00:01'/>"}) {
    EXPECT_EQ(code({kDesktop, kOrder.model, mac}), "console.refused") << mac;
  }
  EXPECT_TRUE(driver_->machines(kLimit)->empty());
}

TEST_F(Desktops, WhatAFailedStartLeavesBehindIsListedAndRemoved) {
  // The overlay alone, as after a crash between its making and the machine's.
  const Connect connect(virConnectOpen(kUri));
  ASSERT_TRUE(connect);
  const Pool pool(virStoragePoolLookupByName(connect.get(), "default-pool"));
  ASSERT_TRUE(pool);
  const Volume overlay(virStorageVolCreateXML(pool.get(), overlay_xml(config_.models[0], kDesktop).c_str(), 0));
  ASSERT_TRUE(overlay);
  const auto all = driver_->machines(kLimit);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().uuid, kDesktop);
  EXPECT_EQ(all->front().state, MachineState::stopped);
  EXPECT_TRUE(driver_->destroy(kDesktop, kLimit));
  EXPECT_TRUE(driver_->machines(kLimit)->empty());
}

TEST_F(Desktops, APasswordGoesToTheModelsAccountAlone) {
  ASSERT_TRUE(driver_->create(kOrder, kLimit));
  EXPECT_EQ(driver_->set_login(kDesktop, "", Secret("x"), kLimit).error().code, "console.refused");
  EXPECT_EQ(driver_->set_login(kDesktop, "Administrator", Secret("x"), kLimit).error().code, "console.refused");
  EXPECT_TRUE(driver_->destroy(kDesktop, kLimit));
}

}  // namespace
}  // namespace sekisho::libvirt
