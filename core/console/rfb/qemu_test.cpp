// The same promises against a real QEMU: a paused machine whose screen says that it has nothing to show yet.
// Skipped where there is no QEMU. No port, no network: a UNIX socket in a folder of its own.
#include "console/rfb/console.hpp"
#include "console/rfb/testing/streams.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace sekisho::rfb {
namespace {

using namespace testing;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{60};
constexpr const char* kQemuProgram = "/usr/bin/qemu-system-x86_64";
const Instant kNow = *parse_rfc3339("2026-11-22T09:00:00Z");
constexpr std::int32_t kExtendedClipboard = static_cast<std::int32_t>(0xc0a1e5ceU);

/// One connection to a screen's socket.
struct Line {
  explicit Line(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) break;
      ::close(fd);
      fd = -1;
      ::poll(nullptr, 0, 20);  // the program is still starting
    }
  }
  ~Line() { ::close(fd); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void write(View bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  /// What arrives within `limit`; empty when nothing does or the other end is gone.
  Bytes read(std::size_t most, std::chrono::milliseconds limit) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(limit.count())) != 1) return {};
    Bytes out(most);
    const ssize_t got = ::recv(fd, out.data(), out.size(), 0);
    gone = got <= 0;
    out.resize(gone ? 0 : static_cast<std::size_t>(got));
    return out;
  }
  int fd = -1;
  bool gone = false;
};

struct Drawn final : Observer {
  void screen(Size, PixelOrder) override {}
  void rect(const RectHead& head) override { pixels += head.encoding >= 0 ? std::size_t{head.width} * head.height : 0; }
  void rect_bytes(View) override {}
  void rect_done() override {}
  void update_done() override { ++updates; }
  void key(bool, std::uint32_t, std::uint32_t) override {}
  void pointer(std::uint8_t, std::uint16_t, std::uint16_t) override {}
  std::size_t pixels = 0;
  int updates = 0;
};

/// A viewer behind the relay; the test is the browser.
struct Relayed {
  explicit Relayed(const std::string& path) : line(path) {
    said = hex("524642203030332e3030380a 01");
    until([&] { return console.to_viewer().size() >= 18; });  // version, types, result
    said = hex("00");                                         // wants the screen for himself
    until([&] { return console.state() != Console::State::opening; });
    drop_seen();
  }
  void until(const std::function<bool()>& done) {
    const auto deadline = Clock::now() + kPatience;
    while (!done() && console.state() != Console::State::ended) {
      ASSERT_LT(Clock::now(), deadline) << "waited too long for QEMU";
      said.erase(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(console.from_viewer(said, kNow)));
      const Bytes out(console.to_guest().begin(), console.to_guest().end());
      line.write(out);
      console.sent_to_guest(out.size());
      if (const std::size_t room = console.room_from_guest(); room != 0) {
        const Bytes in = line.read(room, std::chrono::milliseconds(20));
        ASSERT_EQ(console.from_guest(in, kNow), in.size());
        if (line.gone) console.end(Cause::guest_gone);
      }
      if (console.state() == Console::State::open) collect();
    }
  }
  void collect() {
    put(seen, console.to_viewer());
    console.sent_to_viewer(console.to_viewer().size());
  }
  void drop_seen() {
    collect();
    seen.clear();
  }
  /// Asks for one pixel and waits for the whole answer: everything said before has been heard.
  void round_trip() {
    put(said, update_request(false, 0, 0, 1, 1));
    const int before = drawn.updates;
    until([&] { return drawn.updates > before; });
  }
  Drawn drawn;
  Line line;
  Console console{{.name = "vm"}, &drawn, kNow};
  Bytes said, seen;
};

/// A viewer without a relay, for what happens where none is.
struct Direct {
  Direct(const std::string& path, const std::vector<std::int32_t>& encodings) : line(path) { open(encodings); }
  void open(const std::vector<std::int32_t>& encodings) {
    Bytes out;
    while (!opening.result() && !line.gone) {
      // Byte by byte: nothing behind the opening is lost.
      const Bytes in = line.read(1, kPatience);
      ASSERT_FALSE(opening.feed(in, PixelOrder::bgrx, out).broken);
      line.write(out);
      out.clear();
    }
    agreed.size = opening.result()->size;
    line.write(set_encodings(encodings));
    round_trip();
  }
  void round_trip() {
    line.write(update_request(false, 0, 0, 1, 1));
    const int before = drawn.updates;
    const auto deadline = Clock::now() + kPatience;
    while (drawn.updates == before && !line.gone && Clock::now() < deadline) {
      ASSERT_FALSE(filter.feed(line.read(4096, std::chrono::milliseconds(100)), passed).broken);
    }
    EXPECT_GT(drawn.updates, before);
  }
  [[nodiscard]] std::uint64_t clipboards() const { return board.total(Cause::clipboard, Side::guest); }
  Line line;
  Caps caps{};
  GuestHandshake opening{caps, {}};
  Negotiation agreed;
  NoticeBoard board;
  Drawn drawn;
  GuestFilter filter{caps, agreed, board, &drawn};  // here only a reader that counts
  Bytes passed;
};

class RealQemu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(kQemuProgram, X_OK) != 0) GTEST_SKIP() << kQemuProgram << " is not installed";
    std::array<char, 32> pattern{"/tmp/sekisho-rfb-XXXXXX"};
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern.data();
    socket = folder + "/screen";
    const std::string screen = "unix:" + socket;
    std::vector<std::string> words{kQemuProgram, "-S",       "-m",   "16",   "-nodefaults", "-vga",
                                   "std",        "-display", "none", "-vnc", screen};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(::posix_spawn(&pid, kQemuProgram, &quiet, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&quiet);
  }
  void TearDown() override {
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }
  std::string folder, socket;
  pid_t pid = 0;
};

TEST_F(RealQemu, ShowsItsScreenToANoVncViewerAndTakesJapaneseKeys) {
  Relayed viewer(socket);
  ASSERT_EQ(viewer.console.state(), Console::State::open);
  EXPECT_EQ(viewer.console.size(), (Size{640, 480}));
  viewer.said = novnc_opening({640, 480});
  viewer.until([&] { return viewer.drawn.pixels >= std::size_t{640} * 480; });
  viewer.said = qemu_key(true, 0x5c, 0x7d) + qemu_key(false, 0x5c, 0x7d) + qemu_key(true, 0x5c, 0x73) +
                qemu_key(false, 0x5c, 0x73) + pointer(0, 10, 10);
  viewer.round_trip();
  viewer.round_trip();  // the first may have been the end of the picture
  EXPECT_EQ(viewer.console.state(), Console::State::open) << "QEMU took them and goes on";
  EXPECT_EQ(viewer.console.total(Cause::unasked_message, Side::viewer), 0U);
}

TEST_F(RealQemu, ASecondViewerDoesNotEndTheFirst) {
  Relayed first(socket);
  first.round_trip();
  Relayed second(socket);
  second.round_trip();
  first.round_trip();
  EXPECT_EQ(first.console.state(), Console::State::open);
  EXPECT_EQ(second.console.state(), Console::State::open);
}

TEST_F(RealQemu, IsNoWayForTheClipboardBetweenTwoViewersOfAMachine) {
  Direct listener(socket, {kRaw, kExtendedClipboard});
  const std::uint64_t before = listener.clipboards();
  {
    Relayed copier(socket);
    copier.said = cut_text(kClientCutText, 6, zeros(6)) + cut_text(kClientCutText, 0xfffffffcU, hex("08000001"));
    copier.round_trip();
    EXPECT_EQ(copier.console.total(Cause::clipboard, Side::viewer), 2U);
    listener.round_trip();
    EXPECT_EQ(listener.clipboards(), before) << "nothing of it reached QEMU";
  }
  // Without the relay QEMU carries it from one viewer to the others: what the lines above could have seen.
  Relayed other(socket);
  other.said = set_encodings({kRaw, kExtendedClipboard});
  other.round_trip();
  Direct copier(socket, {kRaw});
  copier.line.write(cut_text(kClientCutText, 6, zeros(6)));
  copier.round_trip();
  listener.round_trip();
  EXPECT_GT(listener.clipboards(), before);
  other.drop_seen();
  other.round_trip();
  EXPECT_EQ(u8(other.seen, 0), kUpdate) << "a relayed viewer hears of pictures alone";
  EXPECT_EQ(other.console.state(), Console::State::open);
}

}  // namespace
}  // namespace sekisho::rfb
