// The built program as the supervisor starts it: pages, a screen and its recording, with the sandbox closed. The guest
// is a socket of this test; the gatekeeper is this test.
#include "audit/disk.hpp"
#include "console/rfb/testing/streams.hpp"
#include "programs/sekisho/child_process.hpp"
#include "recording/notes.hpp"
#include "recording/verify.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"
#include "run/peer_link.hpp"
#include "screens/testing/screen_stage.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using rfb::testing::hex;

constexpr std::uint32_t kRelayUid = 64103;
constexpr auto kPatience = std::chrono::seconds(20);

class RelayProgram : public ::testing::Test, supervise::ChildProcess::Handler, seam::Link::Handler {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: the relay becomes a user of its own";
    std::string pattern = (fs::temp_directory_path() / "sekisho-relay-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    fs::permissions(folder, fs::perms::owner_all | fs::perms::others_exec | fs::perms::group_exec);
    fs::create_directories(folder / "pages");
    std::ofstream(folder / "pages/index.html") << "<!doctype html><title>page</title>";
    fs::create_directories(folder / "recordings");
    ASSERT_EQ(chown((folder / "recordings").c_str(), kRelayUid, kRelayUid), 0);
    console = "127.0.0.1:" + std::to_string(console_listener.local_endpoint().port());
    std::ifstream example(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
    auto document = nlohmann::json::parse(example);
    auto& path = document["paths"][0];
    path["tun"]["gate_address"] = "";
    path["entrance"] = "127.0.0.1:" + std::to_string(entrance_listener.local_endpoint().port());
    path["relay_uid"] = kRelayUid;
    path["pages"] = {
        {"console", {{"listen", console}, {"origin", "http://" + console}, {"files", (folder / "pages").string()}}},
        {"recordings", (folder / "recordings").string()}};
    entrance = path["entrance"];
    std::ofstream(folder / "gate.json") << document;
    start();
  }
  void TearDown() override {
    if (process) {
      process->signal(SIGTERM);
      until([&] { return exit.has_value(); });
      EXPECT_EQ(exit->signal, 0) << "killed: a call that the sandbox does not know?";
    }
    if (!folder.empty()) fs::remove_all(folder);
  }
  void start() {
    auto child = supervise::ChildProcess::start(
        loop, {SEKISHO_RELAY, "--config", (folder / "gate.json").string(), "--path", "internet"}, *this);
    ASSERT_TRUE(child) << child.error().detail;
    process = std::move(*child);
    auto ends = run::make_link_pair();
    ASSERT_TRUE(ends);
    link = std::make_unique<run::PeerLink>(clock, timers, seam::Hello{seam::kVersion, "sekishod", "", "1"}, "relay", "",
                                           static_cast<seam::Link::Handler&>(*this));
    link->start(run::open_link(loop, std::move((*ends)[0]), link->inner()));
    ASSERT_TRUE(process->hand_over("listener", entrance, entrance_listener.native_handle()));
    ASSERT_TRUE(process->hand_over("listener", console, console_listener.native_handle()));
    ASSERT_TRUE(process->hand_over("link", "sekishod", (*ends)[1].get()));
    ASSERT_TRUE(process->hand_over("end", "", -1));
    ASSERT_TRUE(until([&] { return ready || exit; }));
    ASSERT_TRUE(ready) << "ended with " << exit->code << ", signal " << exit->signal;
    ASSERT_TRUE(until([&] { return greeted; }));
  }

  // --- the supervisor's side
  void on_ready() override { ready = true; }
  void on_breach() override { ADD_FAILURE() << "the relay told the supervisor something else"; }
  void on_exit(supervise::Exit how) override { exit = how; }

  // --- the gatekeeper's side
  void on_message(seam::Message message, int fd) override {
    if (fd >= 0) ::close(fd);
    if (std::holds_alternative<seam::Hello>(message)) greeted = true;
    if (auto* asked = std::get_if<seam::ConsoleRequest>(&message)) {
      if (std::holds_alternative<seam::OpenScreen>(asked->body)) {
        seam::ScreenRight right;
        right.console = 7;
        right.session = "S20261122-1-000042";
        right.person = "mori";
        right.target = right.title = "web-01";
        right.address = "127.0.0.1";
        right.port = guest_port != 0 ? guest_port : guest_listener.local_endpoint().port();
        link->send(seam::ConsoleReply{asked->number, std::move(right)});
      } else {
        link->send(seam::ConsoleReply{asked->number, seam::ConsoleDone{}});
      }
    } else if (const auto* note = std::get_if<seam::RecordingNote>(&message)) {
      keep(*note);
      link->send(seam::RecordingNoted{note->number, true, {}});
    } else if (const auto* notice = std::get_if<seam::ConsoleNotice>(&message)) {
      if (const auto* over = std::get_if<seam::ScreenClosed>(&notice->body)) closed = over->code;
    }
  }
  void on_closed(std::string_view) override {}
  /// Into a journal that is a list, as the gatekeeper does.
  void keep(const seam::RecordingNote& note) {
    const auto at = [](std::uint64_t us) { return Instant(std::chrono::microseconds(static_cast<std::int64_t>(us))); };
    if (const auto* opened = std::get_if<seam::RecordingOpened>(&note.body)) {
      header.id = *recording::id_from_hex(opened->id);
      header.started_at = at(opened->started_at);
      file = opened->file;
      journal.push_back(recording::opened_entry(header, *audit::hash_from_hex(opened->header_hash), file, clock.now()));
    } else if (const auto* chunk = std::get_if<seam::RecordingChunk>(&note.body)) {
      journal.push_back(recording::chunk_entry(header,
                                               {chunk->number, chunk->offset, chunk->length, at(chunk->begin),
                                                at(chunk->end), *audit::hash_from_hex(chunk->hash)},
                                               clock.now()));
    } else if (const auto* over = std::get_if<seam::RecordingClosed>(&note.body)) {
      journal.push_back(recording::closed_entry(header, over->chunks, over->why, clock.now()));
      recording_closed = true;
    } else {
      ADD_FAILURE() << "the recording failed: " << std::get<seam::RecordingFailed>(note.body).code;
    }
  }

  template <class Check>
  bool until(Check check) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!check()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.run_one_for(std::chrono::milliseconds(10));
      loop.restart();
    }
    return true;
  }
  tcp::socket browser() {
    tcp::socket out(loop);
    out.connect(console_listener.local_endpoint());
    out.non_blocking(true);
    return out;
  }
  static void say(tcp::socket& socket, rfb::View bytes) {
    boost::system::error_code error;
    socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  }
  static void say(tcp::socket& socket, std::string_view text) { say(socket, std::as_bytes(std::span(text))); }
  static void hear(tcp::socket& socket, std::string& into) {
    char buffer[65536];
    boost::system::error_code error;
    into.append(buffer, socket.read_some(asio::buffer(buffer), error));
  }

  /// The file is whole and is what the notes say.
  void expect_verified() {
    const auto disk = audit::open_posix_disk((folder / "recordings").string(), audit::Make::no);
    ASSERT_TRUE(disk);
    const auto opened = (*disk)->open(file, audit::Access::read);
    ASSERT_TRUE(opened) << opened.error().detail;
    recording::Notes notes;
    for (const audit::Entry& entry : journal) EXPECT_TRUE(recording::add_note(notes, header.id, entry));
    recording::sort_notes(notes);
    const auto verified = recording::verify(**opened, notes);
    ASSERT_TRUE(verified);
    EXPECT_TRUE(verified->ok);
    EXPECT_TRUE(verified->closed);
  }
  tcp::socket open_screen(screens::BrowserReader& reader) {
    auto peer = browser();
    say(peer, "GET /ws/console HTTP/1.1\r\nHost: " + console + "\r\nOrigin: http://" + console +
                  "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary, sekisho.ticket." +
                  std::string(43, 'q') + "\r\n\r\n");
    std::string got;
    EXPECT_TRUE(until([&] { return hear(peer, got), got.find("\r\n\r\n") != std::string::npos; }));
    EXPECT_EQ(got.rfind("HTTP/1.1 101 ", 0), 0U) << got;
    const std::string first = got.substr(std::min(got.size(), got.find("\r\n\r\n") + 4));
    reader.read(std::as_bytes(std::span(first)));
    for (const char* word : {"524642203030332e3030380a", "01", "01"}) say(peer, screens::browser_frame(hex(word)));
    return peer;
  }
  void read(tcp::socket& peer, screens::BrowserReader& reader) {
    std::string more;
    hear(peer, more);
    reader.read(std::as_bytes(std::span(more)));
  }

  asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  tcp::acceptor entrance_listener{loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::acceptor console_listener{loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::acceptor guest_listener{loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  fs::path folder;
  std::string entrance, console;
  std::unique_ptr<supervise::ChildProcess> process;
  std::unique_ptr<run::PeerLink> link;
  std::optional<supervise::Exit> exit;
  std::uint16_t guest_port = 0;  ///< of a real server; 0: this test's own
  bool ready = false, greeted = false, recording_closed = false;
  std::string closed, file;
  recording::FileHeader header;
  std::vector<audit::Entry> journal;
};

TEST_F(RelayProgram, ServesItsPageAndItsQuestions) {
  auto peer = browser();
  std::string got;
  say(peer, "GET /console/ HTTP/1.1\r\nHost: " + console + "\r\n\r\n");
  ASSERT_TRUE(until([&] { return hear(peer, got), got.find("</title>") != std::string::npos; })) << got;
  EXPECT_NE(got.find("Permissions-Policy"), std::string::npos);
  got.clear();
  const std::string body = R"({"person":"mori","password":"x"})";
  say(peer, "POST /api/console/login HTTP/1.1\r\nHost: " + console + "\r\nOrigin: http://" + console +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  ASSERT_TRUE(until([&] { return hear(peer, got), got.find("\r\n\r\n{}") != std::string::npos; })) << got;
}

TEST_F(RelayProgram, RecordsAScreenIntoAFolderOfItsOwnThatVerifies) {
  screens::BrowserReader reader;
  auto peer = open_screen(reader);
  tcp::socket guest = guest_listener.accept();
  say(guest, hex("524642203030332e3030380a"));
  say(guest, hex("0101"));
  say(guest, hex("00000000"));
  say(guest, hex("0280 01e0 2018000100ff00ff00ff100800000000 00000000"));
  const rfb::Bytes picture = screens::ScreenStage::picture(0, 0, 200, 100, 0x11223344);
  rfb::View left = picture;
  guest.non_blocking(true);
  ASSERT_TRUE(until([&] {
    boost::system::error_code error;
    if (!left.empty()) left = left.subspan(guest.write_some(asio::buffer(left.data(), left.size()), error));
    read(peer, reader);
    return reader.stream.size() > picture.size();
  }));
  link->send(seam::EntranceEnd{"S20261122-1-000042"});
  ASSERT_TRUE(until([&] { return recording_closed && !closed.empty(); }));
  EXPECT_EQ(closed, "session.ended");

  expect_verified();
  struct stat about {};
  ASSERT_EQ(stat((folder / "recordings" / file).c_str(), &about), 0);
  EXPECT_EQ(about.st_uid, kRelayUid);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

constexpr const char* kXvnc = "/usr/bin/Xvnc";

TEST_F(RelayProgram, ShowsAndRecordsARealServersScreen) {
  if (!fs::exists(kXvnc)) GTEST_SKIP() << kXvnc << " is not installed";
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
  ASSERT_TRUE(until([&] { return read(peer, reader), reader.stream.size() >= 12 + 2 + 4 + 24 + 6; }));
  const std::string said(reinterpret_cast<const char*>(reader.stream.data()), reader.stream.size());
  EXPECT_EQ(said.substr(12 + 2 + 4 + 24, 6), "web-01");
  say(peer, screens::browser_frame(rfb::testing::novnc_opening({640, 480})));
  say(peer, screens::browser_frame(rfb::testing::pointer(1, 100, 100)));
  say(peer, screens::browser_frame(rfb::testing::key(true, 'a')));
  say(peer, screens::browser_frame(rfb::testing::cut_text(rfb::kClientCutText, 5, rfb::testing::zeros(5))));
  const std::size_t before = reader.stream.size();
  EXPECT_TRUE(until([&] { return read(peer, reader), reader.stream.size() > before + 64; })) << "a picture";
  EXPECT_TRUE(closed.empty()) << closed;
  link->send(seam::EntranceEnd{"S20261122-1-000042"});
  EXPECT_TRUE(until([&] { return recording_closed && !closed.empty(); }));
  kill(server, SIGTERM);
  int status = 0;
  waitpid(server, &status, 0);
  EXPECT_EQ(closed, "session.ended");
  expect_verified();
}

}  // namespace
}  // namespace sekisho::relay
