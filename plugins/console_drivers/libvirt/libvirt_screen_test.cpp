// The whole way of a screen, with the built programs in their sandboxes: a browser's WebSocket over TLS, sekisho-relay,
// sekisho-hyperd, a libvirtd and a QEMU guest of the test's own. The gatekeeper is this test.
#include "programs/hyperd/testing/hyperd_process.hpp"
#include "programs/relay/testing/relay_process.hpp"
#include "testing/private_libvirtd.hpp"
#include "testing/scratch_host.hpp"

#include <gtest/gtest.h>

namespace sekisho::libvirt {
namespace {

using hyperd::testing::kTicket;
using hyperd::testing::kZone;
using relay::testing::RelayProcess;
using testing::kServer;
using testing::PrivateLibvirtd;

constexpr std::uint32_t kNobody = 65534;  ///< libvirtd wants a name for its peer's number
constexpr std::size_t kBeforePictures = 12 + 2 + 4 + 24 + 6;

struct ScreensOfGuests : hyperd::testing::HyperdProcess {
  void SetUp() override {
    if (!daemon_.why().empty()) GTEST_SKIP() << daemon_.why();
    HyperdProcess::SetUp();
    ASSERT_EQ(daemon_.define_server(kServer), "");
    configure([&](auto& document) {
      auto& managers = document["hypervisors"][0]["managers"];
      managers[0]["plugin"]["config"] = {{"uri", daemon_.uri()}, {"role", "consoles"}};
      managers.erase(1);
      document["hypervisors"][0].erase("pools");
      document["hypervisors"][0]["uid"] = kNobody;
    });
    start();
    auto ends = run::make_link_pair();
    ASSERT_TRUE(ends);
    // As the supervisor does: one end each.
    ASSERT_TRUE(process_->hand_over("link", "relay:internet", (*ends)[0].get()));
    page_.answers = [this](const seam::ConsoleRequest& asked) { return gatekeeper(asked); };
    page_.start({{std::string("hyperd:") + kZone, (*ends)[1].get()}});
  }
  void TearDown() override {
    page_.stop();
    HyperdProcess::TearDown();
  }
  seam::ConsoleAnswer gatekeeper(const seam::ConsoleRequest& asked) {
    if (std::holds_alternative<seam::WantThumbnail>(asked.body)) {
      return seam::ThumbnailRight{kServer, "servers", RelayProcess::kSession, kZone, Secret(kTicket)};
    }
    seam::ScreenRight right;
    right.console = next_console_++;
    right.session = RelayProcess::kSession;
    right.person = "mori";
    right.target = right.title = "web-01";
    right.machine = kServer;
    right.driver = "servers";
    right.zone = kZone;
    right.ticket = Secret(kTicket);
    return right;
  }
  /// hyperd knows the ticket that the gatekeeper gives next.
  std::string allow(seam::ScreenKind kind) {
    return ask("servers", seam::HyperAllow{Secret(kTicket), RelayProcess::kSession, kServer, "internet", kind, 30});
  }

  PrivateLibvirtd daemon_;
  RelayProcess page_{loop_, clock_, timers_};
  std::uint64_t next_console_ = 1;
};

TEST_F(ScreensOfGuests, ABrowserSeesTheFirstFrameAndItsRecordingVerifies) {
  ASSERT_EQ(allow(seam::ScreenKind::screen), "done");
  screens::BrowserReader reader;
  auto browser = page_.open_screen(reader);
  const auto read = [&] { RelayProcess::read(*browser, reader); };
  ASSERT_TRUE(until([&] { return read(), reader.stream.size() >= kBeforePictures; }));
  const rfb::View said(reader.stream);
  const rfb::Size size{rfb::be16(said, 18), rfb::be16(said, 20)};
  EXPECT_GE(size.width, 320);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(said.data()) + 42, 6), "web-01");
  browser->say(screens::browser_frame(rfb::testing::novnc_opening(size)));
  ASSERT_TRUE(until([&] { return read(), reader.stream.size() > kBeforePictures + 16; })) << page_.closed;
  EXPECT_EQ(rfb::u8(rfb::View(reader.stream), kBeforePictures), 0) << "FramebufferUpdate";
  EXPECT_GE(rfb::be16(rfb::View(reader.stream), kBeforePictures + 2), 1) << "with a rectangle";
  browser->say(screens::browser_frame(rfb::testing::key(true, 'a')));
  EXPECT_TRUE(until([&] { return page_.used == 1; }));
  EXPECT_EQ(daemon_.listeners(), 0) << "a screen is no TCP port";

  // Shown once is used up: the next one is told so, and this one goes on.
  screens::BrowserReader refused;
  auto second = page_.open_socket(refused);
  EXPECT_EQ(page_.closed_with(*second, refused), "screen.ticket");
  page_.closed.clear();

  // An open screen outlives hyperd; a new one is not had then.
  process_->signal(SIGKILL);
  ASSERT_TRUE(until([&] { return exit_.has_value(); }));
  process_.reset();
  screens::BrowserReader unreachable;
  auto third = page_.open_socket(unreachable);
  EXPECT_EQ(page_.closed_with(*third, unreachable), "console.unreachable");
  EXPECT_EQ(reader.close_code, 0);
  page_.closed.clear();

  page_.link->send(seam::EntranceEnd{RelayProcess::kSession});
  ASSERT_TRUE(until([&] { return page_.recording_closed; }));
  EXPECT_EQ(page_.closed_with(*browser, reader), "session.ended");
  page_.expect_verified();
}

TEST_F(ScreensOfGuests, ItsThumbnailIsAPngOnce) {
  ASSERT_EQ(allow(seam::ScreenKind::picture), "done");
  auto browser = page_.browser();
  const std::string question = page_.head("GET /api/console/servers/web-01/thumbnail") + "\r\n";
  browser->say(question);
  const std::string picture = page_.hear(*browser, "IEND");
  EXPECT_NE(picture.find("Content-Type: image/png"), std::string::npos) << picture.substr(0, 200);
  EXPECT_NE(picture.find("\r\n\r\n\x89PNG"), std::string::npos);
  auto again = page_.browser();
  again->say(question);
  const std::string refused = page_.hear(*again, "screen.ticket");
  EXPECT_EQ(refused.rfind("HTTP/1.1 503 ", 0), 0U);
}

TEST_F(ScreensOfGuests, AHyperdThatComesBackServesNewScreens) {
  process_->signal(SIGKILL);
  ASSERT_TRUE(until([&] { return exit_.has_value(); }));
  process_.reset();
  exit_.reset();
  ready_ = false;
  start();
  auto ends = run::make_link_pair();
  ASSERT_TRUE(ends);
  ASSERT_TRUE(process_->hand_over("link", "relay:internet", (*ends)[0].get()));
  ASSERT_TRUE(page_.process->hand_over("link", std::string("hyperd:") + kZone, (*ends)[1].get()));
  ASSERT_EQ(allow(seam::ScreenKind::screen), "done");
  screens::BrowserReader reader;
  auto browser = page_.open_screen(reader);
  EXPECT_TRUE(until([&] {
    RelayProcess::read(*browser, reader);
    return reader.stream.size() >= kBeforePictures;
  })) << page_.closed;
}

}  // namespace
}  // namespace sekisho::libvirt
