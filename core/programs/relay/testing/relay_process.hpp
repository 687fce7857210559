// The built sekisho-relay as a child of a test that is its supervisor, its gatekeeper and its browsers. One page, the
// console page, over TLS. Threads: the loop's. Needs root (the relay becomes a user of its own), and SEKISHO_RELAY, the
// program's path.
#pragma once
#include "audit/disk.hpp"
#include "net/tls/testing/certificates.hpp"
#include "programs/relay/testing/tls_browser.hpp"
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
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::relay::testing {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;

/// First base of a fixture that has a RelayProcess: what it runs on.
struct LoopOfTest {
  asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
};

class RelayProcess : supervise::ChildProcess::Handler, seam::Link::Handler {
 public:
  static constexpr std::uint32_t kUid = 64104;
  static constexpr const char* kSession = "S20261122-1-000042";
  using Links = std::vector<std::pair<std::string, int>>;

  RelayProcess(asio::io_context& the_loop, const run::Clock& the_clock, run::Timers& the_timers)
      : loop(the_loop), clock(the_clock), timers(the_timers), authority("pages of a test") {}
  ~RelayProcess() override {
    if (process) process->signal(SIGKILL);
    until([&] { return !process || exit.has_value(); });
    if (!folder.empty()) fs::remove_all(folder);
  }
  RelayProcess(const RelayProcess&) = delete;
  RelayProcess& operator=(const RelayProcess&) = delete;

  /// `links`: beside sekishod's, name and descriptor (lent).
  void start(const Links& links = {}) {
    std::string pattern = (fs::temp_directory_path() / "sekisho-relay-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    fs::permissions(folder, fs::perms::owner_all | fs::perms::others_exec | fs::perms::group_exec);
    fs::create_directories(folder / "pages");
    std::ofstream(folder / "pages/index.html") << "<!doctype html><title>page</title>";
    fs::create_directories(folder / "recordings");
    ASSERT_EQ(chown((folder / "recordings").c_str(), kUid, kUid), 0);
    const auto leaf = authority.issue({.name = "gate", .ip = {"127.0.0.1"}, .client = false});
    std::ofstream(folder / "page.pem") << leaf.certificate_pem;
    std::ofstream(folder / "page.key") << leaf.key_pem;
    fs::permissions(folder / "page.key", fs::perms::owner_read);
    console = "127.0.0.1:" + std::to_string(console_listener.local_endpoint().port());
    std::ifstream example(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
    auto document = nlohmann::json::parse(example);
    auto& path = document["paths"][0];
    path["tun"]["gate_address"] = "";
    path["entrance"] = entrance = "127.0.0.1:" + std::to_string(entrance_listener.local_endpoint().port());
    path["relay_uid"] = kUid;
    path["pages"] = {
        {"console",
         {{"listen", console},
          {"origin", "https://" + console},
          {"files", (folder / "pages").string()},
          {"tls",
           {{"certificate_file", (folder / "page.pem").string()}, {"key_file", (folder / "page.key").string()}}}}},
        {"recordings", (folder / "recordings").string()}};
    std::ofstream(folder / "gate.json") << document;
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
    for (const auto& [name, fd] : links) ASSERT_TRUE(process->hand_over("link", name, fd));
    ASSERT_TRUE(process->hand_over("end", "", -1));
    ASSERT_TRUE(until([&] { return ready || exit; }));
    ASSERT_TRUE(ready) << "ended with " << exit->code << ", signal " << exit->signal;
    ASSERT_TRUE(until([&] { return greeted; }));
  }
  void stop() {
    if (!process) return;
    process->signal(SIGTERM);
    ASSERT_TRUE(until([&] { return exit.has_value(); }));
    EXPECT_EQ(exit->signal, 0) << "killed: a call that the sandbox does not know?";
    process.reset();
  }
  template <class Check>
  bool until(Check check) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!check()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.run_one_for(std::chrono::milliseconds(10));
      loop.restart();
    }
    return true;
  }

  // --- browsers
  std::unique_ptr<TlsBrowser> browser() {
    auto out = std::make_unique<TlsBrowser>(loop, console_listener.local_endpoint(), authority.pem(), "127.0.0.1");
    std::string nothing;
    EXPECT_TRUE(until([&] { return out->hear(nothing) && out->state() == tls::ChannelState::open; }));
    return out;
  }
  [[nodiscard]] std::string head(const std::string& request) const {
    return request + " HTTP/1.1\r\nHost: " + console + "\r\nOrigin: https://" + console + "\r\n";
  }
  /// What the browser hears until `what` stands in it, or the end.
  std::string hear(TlsBrowser& peer, const std::string& what) {
    std::string got;
    EXPECT_TRUE(until([&] { return !peer.hear(got) || got.find(what) != std::string::npos; }));
    return got;
  }
  static void read(TlsBrowser& peer, screens::BrowserReader& reader) {
    std::string more;
    peer.hear(more);
    reader.read(std::as_bytes(std::span(more)));
  }
  /// A WebSocket with a ticket, as a browser opens it; what came behind the 101 is read.
  std::unique_ptr<TlsBrowser> open_socket(screens::BrowserReader& reader) {
    auto peer = browser();
    peer->say(head("GET /ws/console") +
              "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary, sekisho.ticket." +
              std::string(43, 'q') + "\r\n\r\n");
    const std::string got = hear(*peer, "\r\n\r\n");
    EXPECT_EQ(got.rfind("HTTP/1.1 101 ", 0), 0U) << got;
    const std::string first = got.substr(std::min(got.size(), got.find("\r\n\r\n") + 4));
    reader.read(std::as_bytes(std::span(first)));
    return peer;
  }
  /// The same, and the viewer's part of RFB's handshake.
  std::unique_ptr<TlsBrowser> open_screen(screens::BrowserReader& reader) {
    auto peer = open_socket(reader);
    for (const char* word : {"524642203030332e3030380a", "01", "01"}) {
      peer->say(screens::browser_frame(rfb::testing::hex(word)));
    }
    return peer;
  }
  /// The reason that the socket is closed with.
  std::string closed_with(TlsBrowser& peer, screens::BrowserReader& reader) {
    EXPECT_TRUE(until([&] { return read(peer, reader), reader.close_code != 0; }));
    return reader.close_reason;
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

  asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
  const tls::testing::Authority authority;
  tcp::acceptor entrance_listener{loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::acceptor console_listener{loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  fs::path folder;
  std::string entrance, console;
  std::unique_ptr<supervise::ChildProcess> process;
  std::unique_ptr<run::PeerLink> link;
  std::optional<supervise::Exit> exit;
  /// The gatekeeper: what it says to a question.
  std::function<seam::ConsoleAnswer(const seam::ConsoleRequest&)> answers;
  bool ready = false, greeted = false, recording_closed = false;
  std::size_t used = 0;
  std::string closed, file;
  recording::FileHeader header;
  std::vector<audit::Entry> journal;

 private:
  // --- the supervisor's side
  void on_ready() override { ready = true; }
  void on_breach() override { ADD_FAILURE() << "the relay told the supervisor something else"; }
  void on_exit(supervise::Exit how) override { exit = how; }

  // --- the gatekeeper's side
  void on_message(seam::Message message, int fd) override {
    if (fd >= 0) ::close(fd);
    if (std::holds_alternative<seam::Hello>(message)) greeted = true;
    if (const auto* asked = std::get_if<seam::ConsoleRequest>(&message)) {
      link->send(seam::ConsoleReply{asked->number, answers(*asked)});
    } else if (const auto* note = std::get_if<seam::RecordingNote>(&message)) {
      keep(*note);
      link->send(seam::RecordingNoted{note->number, true, {}});
    } else if (const auto* notice = std::get_if<seam::ConsoleNotice>(&message)) {
      if (const auto* over = std::get_if<seam::ScreenClosed>(&notice->body)) closed = over->code;
      if (std::holds_alternative<seam::ScreenUsed>(notice->body)) ++used;
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
};

}  // namespace sekisho::relay::testing
