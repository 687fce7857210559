// The built program as the supervisor starts it: pages and a screen over TLS, and its recording, with the sandbox
// closed. The guest is a socket of this test; hyperd and the gatekeeper are this test.
#include "programs/relay/testing/relay_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace sekisho::relay::testing {
namespace {

using rfb::testing::hex;

constexpr const char* kZone = "internet_business";
constexpr const char* kMachine = "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01";

class RelayProgram : LoopOfTest, public ::testing::Test, public RelayProcess {
 protected:
  RelayProgram() : RelayProcess(LoopOfTest::loop, LoopOfTest::clock, LoopOfTest::timers) {}
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: the relay becomes a user of its own";
    answers = [this](const seam::ConsoleRequest& asked) -> seam::ConsoleAnswer {
      if (std::holds_alternative<seam::WantThumbnail>(asked.body)) {
        return seam::ThumbnailRight{kMachine, "servers", kSession, kZone, Secret(std::string(64, 'b'))};
      }
      if (!std::holds_alternative<seam::OpenScreen>(asked.body)) return seam::ConsoleDone{};
      seam::ScreenRight right;
      right.console = next_console++;
      right.session = kSession;
      right.person = "mori";
      right.target = right.title = "web-01";
      right.zone = kZone;
      if (at_hyperd) {
        right.machine = kMachine;
        right.driver = "servers";
        right.ticket = Secret(std::string(64, 'a'));
      } else {
        right.address = "127.0.0.1";
        right.port = guest_port != 0 ? guest_port : guest_listener.local_endpoint().port();
      }
      return right;
    };
  }
  void TearDown() override { stop(); }

  using RelayProcess::clock;
  using RelayProcess::loop;
  using RelayProcess::timers;
  tcp::acceptor guest_listener{RelayProcess::loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::uint16_t guest_port = 0;  ///< of a real server; 0: this test's own
  bool at_hyperd = false;        ///< the screen is a machine's
  std::uint64_t next_console = 7;
};

TEST_F(RelayProgram, ServesItsPageAndItsQuestions) {
  start();
  auto peer = browser();
  peer->say("GET /console/ HTTP/1.1\r\nHost: " + console + "\r\n\r\n");
  const std::string page = hear(*peer, "</title>");
  EXPECT_NE(page.find("Permissions-Policy"), std::string::npos) << page;
  EXPECT_NE(page.find("Strict-Transport-Security"), std::string::npos);
  const std::string body = R"({"person":"mori","password":"x"})";
  peer->say(head("POST /api/console/login") + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_NE(hear(*peer, "\r\n\r\n{}").find("200 OK"), std::string::npos);
}

TEST_F(RelayProgram, RecordsAScreenIntoAFolderOfItsOwnThatVerifies) {
  start();
  screens::BrowserReader reader;
  auto peer = open_screen(reader);
  tcp::socket guest = guest_listener.accept();
  const auto guest_says = [&](rfb::View bytes) { asio::write(guest, asio::buffer(bytes.data(), bytes.size())); };
  for (const char* word :
       {"524642203030332e3030380a", "0101", "00000000", "0280 01e0 2018000100ff00ff00ff100800000000 00000000"}) {
    guest_says(hex(word));
  }
  const rfb::Bytes picture = screens::ScreenStage::picture(0, 0, 200, 100, 0x11223344);
  rfb::View left = picture;
  guest.non_blocking(true);
  ASSERT_TRUE(until([&] {
    boost::system::error_code error;
    if (!left.empty()) left = left.subspan(guest.write_some(asio::buffer(left.data(), left.size()), error));
    read(*peer, reader);
    return reader.stream.size() > picture.size();
  }));
  link->send(seam::EntranceEnd{kSession});
  ASSERT_TRUE(until([&] { return recording_closed && !closed.empty(); }));
  EXPECT_EQ(closed, "session.ended");
  EXPECT_EQ(closed_with(*peer, reader), "session.ended");
  expect_verified();
  struct stat about {};
  ASSERT_EQ(stat((folder / "recordings" / file).c_str(), &about), 0);
  EXPECT_EQ(about.st_uid, kUid);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

/// The other end of the link that the supervisor makes between this relay and a zone's hyperd.
struct FakeHyperd final : seam::Link::Handler {
  FakeHyperd(asio::io_context& loop, const run::Clock& clock, run::Timers& timers, run::Fd fd) {
    link = std::make_unique<run::PeerLink>(clock, timers, seam::Hello{seam::kVersion, "hyperd", kZone, "1"}, "relay",
                                           "internet", static_cast<seam::Link::Handler&>(*this));
    link->start(run::open_link(loop, std::move(fd), link->inner()));
  }
  void on_message(seam::Message message, int fd) override {
    if (fd >= 0) ::close(fd);
    if (auto* ask = std::get_if<seam::ScreenAsk>(&message)) asked.push_back(std::move(*ask));
    greeted = true;
  }
  void on_closed(std::string_view why) override { closed = why; }
  std::unique_ptr<run::PeerLink> link;
  std::vector<seam::ScreenAsk> asked;
  bool greeted = false;
  std::string closed;
};

TEST_F(RelayProgram, GetsAMachinesScreenAndPictureFromItsHyperd) {
  auto ends = run::make_link_pair();
  ASSERT_TRUE(ends);
  at_hyperd = true;
  start({{std::string("hyperd:") + kZone, (*ends)[1].get()}});
  (*ends)[1].reset();
  FakeHyperd hyperd(loop, clock, timers, std::move((*ends)[0]));
  ASSERT_TRUE(until([&] { return hyperd.greeted; }));

  auto peer = browser();
  peer->say(head("GET /api/console/servers/web-01/thumbnail") + "\r\n");
  ASSERT_TRUE(until([&] { return hyperd.asked.size() == 1; }));
  EXPECT_EQ(hyperd.asked[0].kind, seam::ScreenKind::picture);
  EXPECT_EQ(hyperd.asked[0].ticket.reveal(), std::string(64, 'b'));
  const std::string png = std::string("\x89PNG\r\n\x1a\n") + "pixels of a test";
  const int memory = ::memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(::write(memory, png.data(), png.size()), static_cast<ssize_t>(png.size()));
  ASSERT_EQ(::fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
  hyperd.link->send_with_fd(seam::ScreenAnswer{hyperd.asked[0].number, kZone, true, "image/png", {}}, memory);
  EXPECT_NE(hear(*peer, "pixels of a test").find("Content-Type: image/png"), std::string::npos);

  // The answer comes while the browser waits for its 101: by hand.
  screens::BrowserReader reader;
  std::unique_ptr<TlsBrowser> viewer;
  int guest[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, guest), 0);
  const run::Fd other(guest[1]);
  std::function<void()> serve = [&] {
    if (hyperd.asked.size() < 2) {
      timers.at(clock.now() + std::chrono::milliseconds(10), serve);
      return;
    }
    hyperd.link->send_with_fd(seam::ScreenAnswer{hyperd.asked[1].number, kZone, true, {}, {}}, guest[0]);
  };
  timers.post(serve);
  viewer = open_screen(reader);
  EXPECT_EQ(hyperd.asked[1].uuid, kMachine);
  EXPECT_EQ(hyperd.asked[1].session, kSession);
  EXPECT_EQ(hyperd.asked[1].manager, "servers");
  for (const char* word :
       {"524642203030332e3030380a", "0101", "00000000", "0280 01e0 2018000100ff00ff00ff100800000000 00000000"}) {
    const rfb::Bytes bytes = hex(word);
    ASSERT_EQ(::write(other.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  ASSERT_TRUE(until([&] { return read(*viewer, reader), reader.stream.size() >= 12 + 2 + 4 + 24 + 6; }));

  // A hyperd that goes leaves open screens alone, and opens no new one.
  hyperd.link.reset();
  screens::BrowserReader refused;
  auto late = open_socket(refused);
  EXPECT_EQ(closed_with(*late, refused), "console.unreachable");
  viewer->say(screens::browser_frame(rfb::testing::pointer(1, 100, 100)));
  EXPECT_TRUE(until([&] { return used == 1; })) << "what the person does is told";
  link->send(seam::EntranceEnd{kSession});
  EXPECT_EQ(closed_with(*viewer, reader), "session.ended");
}

TEST_F(RelayProgram, AHyperdThatSpeaksForAnotherZoneIsCutOff) {
  auto ends = run::make_link_pair();
  ASSERT_TRUE(ends);
  at_hyperd = true;
  start({{std::string("hyperd:") + kZone, (*ends)[1].get()}});
  (*ends)[1].reset();
  FakeHyperd hyperd(loop, clock, timers, std::move((*ends)[0]));
  ASSERT_TRUE(until([&] { return hyperd.greeted; }));
  hyperd.link->send(seam::ScreenAnswer{1, "my_number", false, {}, {}});
  EXPECT_TRUE(until([&] { return !hyperd.closed.empty(); }));
  screens::BrowserReader refused;
  auto peer = open_socket(refused);
  EXPECT_EQ(closed_with(*peer, refused), "console.unreachable");
}

constexpr const char* kXvnc = "/usr/bin/Xvnc";

TEST_F(RelayProgram, ShowsAndRecordsARealServersScreen) {
  if (!fs::exists(kXvnc)) GTEST_SKIP() << kXvnc << " is not installed";
  start();
  {
    const tcp::acceptor free(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    guest_port = free.local_endpoint().port();
  }
  const std::string display = ":" + std::to_string(2000 + guest_port % 20000), at = std::to_string(guest_port);
  std::vector<const char*> argv{
      kXvnc,       display.c_str(), "-rfbport", at.c_str(), "-interface", "127.0.0.1", "-SecurityTypes", "None",
      "-geometry", "640x480",       "-depth",   "24",       "-nolisten",  "tcp",       "-desktop",       "vm",
      nullptr};
  posix_spawn_file_actions_t quiet{};
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
  pid_t server = 0;
  ASSERT_EQ(posix_spawn(&server, kXvnc, &quiet, nullptr, const_cast<char**>(argv.data()), environ), 0);
  posix_spawn_file_actions_destroy(&quiet);
  const bool listens = until([&] {
    tcp::socket probe(loop);
    boost::system::error_code error;
    probe.connect(tcp::endpoint(asio::ip::address_v4::loopback(), guest_port), error);
    return !error;
  });
  EXPECT_TRUE(listens);
  screens::BrowserReader reader;
  auto peer = open_screen(reader);
  // Version, types, result, ServerInit (its name is the relay's, not the server's): then what noVNC says.
  ASSERT_TRUE(until([&] { return read(*peer, reader), reader.stream.size() >= 12 + 2 + 4 + 24 + 6; }));
  const std::string said(reinterpret_cast<const char*>(reader.stream.data()), reader.stream.size());
  EXPECT_EQ(said.substr(12 + 2 + 4 + 24, 6), "web-01");
  peer->say(screens::browser_frame(rfb::testing::novnc_opening({640, 480})));
  peer->say(screens::browser_frame(rfb::testing::pointer(1, 100, 100)));
  peer->say(screens::browser_frame(rfb::testing::key(true, 'a')));
  peer->say(screens::browser_frame(rfb::testing::cut_text(rfb::kClientCutText, 5, rfb::testing::zeros(5))));
  const std::size_t before = reader.stream.size();
  EXPECT_TRUE(until([&] { return read(*peer, reader), reader.stream.size() > before + 64; })) << "a picture";
  EXPECT_TRUE(closed.empty()) << closed;
  link->send(seam::EntranceEnd{kSession});
  EXPECT_TRUE(until([&] { return recording_closed && !closed.empty(); }));
  kill(server, SIGTERM);
  int status = 0;
  waitpid(server, &status, 0);
  EXPECT_EQ(closed, "session.ended");
  expect_verified();
}

}  // namespace
}  // namespace sekisho::relay::testing
