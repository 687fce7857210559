#include "programs/relay/hyper_screens.hpp"

#include "hyper/refusals.hpp"
#include "programs/relay/testing/relay_bench.hpp"
#include "run/testing/fake_services.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <optional>

namespace sekisho::relay::testing {
namespace {

constexpr const char* kZone = "internet_business";
constexpr const char* kMachine = "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01";
const std::string kPng = std::string("\x89PNG\r\n\x1a\n") + "pixels";

/// hyperd is the test: what was asked of it stands in `link`.
class HyperScreensTest : public ::testing::Test {
 protected:
  void SetUp() override { screens.set_link(kZone, &link); }
  [[nodiscard]] static ScreenTarget target(std::string driver = "servers") {
    return {kMachine, std::move(driver), {}, 0, "S1", kZone, Secret(std::string(64, 'a'))};
  }
  void open(ScreenTarget wanted) {
    const std::size_t before = opened.size();
    screens.open(std::move(wanted), [this](Result<run::Fd> got) { opened.push_back(std::move(got)); });
    EXPECT_EQ(opened.size(), before) << "never inside the call";
    timers.settle();
  }
  void look() {
    screens.thumbnail(target(), [this](Result<std::string> got) { pictures.push_back(std::move(got)); });
  }
  [[nodiscard]] seam::ScreenAnswer answer(bool ok = true) const {
    seam::ScreenAnswer out;
    out.number = link.last<seam::ScreenAsk>()->number;
    out.zone = kZone;
    out.ok = ok;
    return out;
  }
  [[nodiscard]] static std::pair<run::Fd, run::Fd> sockets() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return {run::Fd(ends[0]), run::Fd(ends[1])};
  }
  [[nodiscard]] static run::Fd memory_file(std::string_view bytes, int seals) {
    run::Fd out(::memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::write(out.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    EXPECT_EQ(::fcntl(out.get(), F_ADD_SEALS, seals), 0);
    return out;
  }
  [[nodiscard]] static bool closed(const run::Fd& other) {
    char byte = 0;
    return ::recv(other.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
  static constexpr int kSealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

  run::testing::FakeTimers timers{*parse_rfc3339("2026-11-22T09:00:00Z")};
  FakeSource addresses{timers};
  FakeLink link;
  HyperScreens screens{timers, timers, addresses};
  std::vector<Result<run::Fd>> opened;
  std::vector<Result<std::string>> pictures;
};

TEST_F(HyperScreensTest, AsksTheZonesHyperdWithTheTicketAndGivesItsDescriptor) {
  open(target());
  const auto* asked = link.last<seam::ScreenAsk>();
  ASSERT_NE(asked, nullptr);
  EXPECT_EQ(asked->zone, kZone);
  EXPECT_EQ(asked->manager, "servers");
  EXPECT_EQ(asked->session, "S1");
  EXPECT_EQ(asked->uuid, kMachine);
  EXPECT_EQ(asked->kind, seam::ScreenKind::screen);
  EXPECT_EQ(asked->ticket.reveal(), std::string(64, 'a'));
  auto [guest, other] = sockets();
  EXPECT_TRUE(screens.on_message(kZone, answer(), std::move(guest)));
  ASSERT_EQ(opened.size(), 1U);
  ASSERT_TRUE(opened[0]) << opened[0].error().detail;
  EXPECT_EQ(::write(opened[0]->get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(other.get(), &byte, 1), 1);
}

TEST_F(HyperScreensTest, ARefusalOfHyperdKeepsItsCodeAndAnUnknownOneBecomesUnreachable) {
  for (const auto& refusal : hyper::all_screen_refusals()) {
    opened.clear();
    open(target());
    auto no = answer(false);
    no.refusal = refusal;
    EXPECT_TRUE(screens.on_message(kZone, no, {}));
    ASSERT_EQ(opened.size(), 1U);
    ASSERT_FALSE(opened[0]);
    EXPECT_EQ(opened[0].error().code, refusal.code);
  }
  opened.clear();
  open(target());
  auto no = answer(false);
  no.refusal.code = "session.logged_out";
  EXPECT_TRUE(screens.on_message(kZone, no, {}));
  EXPECT_EQ(opened[0].error().code, "console.unreachable") << "no word that is not hyperd's to say";
}

TEST_F(HyperScreensTest, WithoutAHyperdATicketOrItsAnswerThereIsNoScreen) {
  auto elsewhere = target();
  elsewhere.zone = "my_number";
  open(std::move(elsewhere));
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].error().code, "console.unreachable");
  opened.clear();
  auto without = target();
  without.ticket = {};
  open(std::move(without));
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_FALSE(opened[0]);
  EXPECT_EQ(link.last<seam::ScreenAsk>(), nullptr) << "nobody was bothered";
  opened.clear();
  open(target());
  timers.advance(Seconds{4});
  EXPECT_TRUE(opened.empty());
  timers.advance(Seconds{1});
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].error().code, "console.unreachable");
  auto [guest, other] = sockets();
  EXPECT_TRUE(screens.on_message(kZone, answer(), std::move(guest)));
  EXPECT_EQ(opened.size(), 1U) << "too late";
  EXPECT_TRUE(closed(other)) << "and its descriptor is nobody's";
}

TEST_F(HyperScreensTest, AHyperdThatGoesEndsWhatWaitsForItAndANewOneIsAsked) {
  open(target());
  screens.set_link("my_number", nullptr);
  EXPECT_TRUE(opened.empty()) << "another zone's";
  screens.set_link(kZone, nullptr);
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].error().code, "console.unreachable");
  opened.clear();
  FakeLink fresh;
  screens.set_link(kZone, &fresh);
  open(target());
  EXPECT_NE(fresh.last<seam::ScreenAsk>(), nullptr);
  EXPECT_TRUE(opened.empty());
}

TEST_F(HyperScreensTest, OnlyAStreamSocketIsAScreen) {
  open(target());
  EXPECT_TRUE(screens.on_message(kZone, answer(), {}));
  open(target());
  EXPECT_TRUE(screens.on_message(kZone, answer(), memory_file("RFB 003.008\n", kSealed)));
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
  const run::Fd other(ends[1]);
  open(target());
  EXPECT_TRUE(screens.on_message(kZone, answer(), run::Fd(ends[0])));
  ASSERT_EQ(opened.size(), 3U);
  for (const auto& each : opened) EXPECT_FALSE(each);
}

TEST_F(HyperScreensTest, OnlyAPngThatNobodyCanChangeIsAPicture) {
  const auto shown = [&](run::Fd file) {
    pictures.clear();
    look();
    EXPECT_EQ(link.last<seam::ScreenAsk>()->kind, seam::ScreenKind::picture);
    EXPECT_TRUE(screens.on_message(kZone, answer(), std::move(file)));
    EXPECT_EQ(pictures.size(), 1U);
    return !pictures.empty() && pictures[0] ? *pictures[0] : std::string();
  };
  EXPECT_EQ(shown(memory_file(kPng, kSealed)), kPng);
  EXPECT_EQ(shown(memory_file(kPng, F_SEAL_GROW | F_SEAL_SHRINK)), "") << "may be written to";
  EXPECT_EQ(shown(memory_file(kPng, F_SEAL_WRITE | F_SEAL_GROW)), "") << "may be cut while it is read";
  EXPECT_EQ(shown(memory_file("P6 640 480", kSealed)), "");
  EXPECT_EQ(shown(memory_file("", kSealed)), "");
  run::Fd large(::memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::write(large.get(), kPng.data(), kPng.size()), static_cast<ssize_t>(kPng.size()));
  ASSERT_EQ(::ftruncate(large.get(), (8 << 20) + 1), 0);
  ASSERT_EQ(::fcntl(large.get(), F_ADD_SEALS, kSealed), 0);
  EXPECT_EQ(shown(std::move(large)), "");
  EXPECT_EQ(shown({}), "");
  auto [guest, other] = sockets();
  EXPECT_EQ(shown(std::move(guest)), "");
}

TEST_F(HyperScreensTest, AHyperdSpeaksForItsOwnZone) {
  open(target());
  auto foreign = answer();
  foreign.zone = "my_number";
  auto [guest, other] = sockets();
  EXPECT_FALSE(screens.on_message(kZone, foreign, std::move(guest)));
  EXPECT_TRUE(closed(other));
  EXPECT_FALSE(screens.on_message(kZone, seam::EntranceEnd{"S1"}, {}));
  EXPECT_TRUE(screens.on_message(kZone, seam::Heartbeat{}, {}));
  FakeLink second;
  screens.set_link("my_number", &second);
  EXPECT_TRUE(screens.on_message("my_number", foreign, {}));
  EXPECT_TRUE(opened.empty()) << "a neighbour's number opens nothing here";
}

TEST_F(HyperScreensTest, WhatHasNoDriverIsTheOthers) {
  open(target(""));
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_TRUE(opened[0]);
  EXPECT_EQ(link.last<seam::ScreenAsk>(), nullptr);
  EXPECT_EQ(addresses.targets.size(), 1U);
}

}  // namespace
}  // namespace sekisho::relay::testing
