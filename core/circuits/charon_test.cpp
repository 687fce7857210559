// The circuits against strongSwan's own charon, with a site's device (a second charon) at the other end of a cable.
#include "circuits/circuits.hpp"
#include "circuits/events.hpp"
#include "registry/testing/cast.hpp"
#include "vici/testing/real_charon.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

namespace sekisho::circuits {
namespace {

using registry::Line;
using std::chrono::milliseconds;
using std::chrono::seconds;
using vici::Section;
using namespace vici::testing;
using Side = RealCharon::Side;

std::string base64(const std::string& bytes) {
  static constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t held = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      held = held << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : kDigits[held >> (18 - 6 * j) & 63U];
    }
  }
  return out;
}

/// The loop that the gate will be: one socket, bytes both ways, ticks.
class Loop {
 public:
  Loop(Settings settings, std::string path) : circuits(std::move(settings)), path_(std::move(path)) {}
  ~Loop() { close(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  bool turn(const std::function<bool()>& done, milliseconds limit) {
    const Instant until = Wire::now() + limit;
    while (!done()) {
      const Instant now = Wire::now();
      if (now >= until) return false;
      if (fd_ < 0 && circuits.wants_connection(now)) connect();
      if (fd_ >= 0) exchange();
      if (fd_ < 0) std::this_thread::sleep_for(milliseconds(5));
      take(circuits.tick(Wire::now()));
    }
    return true;
  }
  void registry_is(const registry::Registry& r) { take(circuits.registry_is(r, Wire::now())); }
  bool said(const Event& event) const {
    return std::ranges::any_of(notes, [&](const Note& n) { return n.event == &event; });
  }

  Circuits circuits;
  std::vector<Note> notes;

 private:
  void take(Actions actions) {
    for (Note& note : actions.notes) notes.push_back(std::move(note));
    if (!circuits.is_connected()) close();
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close();
      return take(circuits.failed(Wire::now()));
    }
    take(circuits.connected(Wire::now()));
  }
  void exchange() {
    const vici::Bytes out = circuits.take_output();
    for (std::size_t at = 0; at < out.size();) {
      const ssize_t sent = ::send(fd_, out.data() + at, out.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) break;
      at += static_cast<std::size_t>(sent);
    }
    pollfd readable{fd_, POLLIN, 0};
    poll(&readable, 1, 10);
    std::array<std::byte, 65'536> buffer;
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      take(circuits.feed(vici::View(buffer).first(static_cast<std::size_t>(got)), Wire::now()));
    } else if (got == 0 || errno != EAGAIN) {
      close();
      take(circuits.failed(Wire::now()));
    }
  }
  std::string path_;
  int fd_ = -1;
};

class CircuitsCharonTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = RealCharon::unavailable(); !why.empty()) GTEST_SKIP() << why;
    bench = std::make_unique<RealCharon>();
    start_gate();
    bench->start(Side::device);
    device = std::make_unique<Wire>(bench->socket(Side::device));
    device->connect();
    gate = std::make_unique<Loop>(settings(), bench->socket(Side::gate));
  }
  /// The operator's part: charon and the gate's key.
  void start_gate() {
    bench->start(Side::gate);
    Wire operator_(bench->socket(Side::gate));
    operator_.connect();
    Section key;
    key.put("type", "any").put("data", bench->file("gate.key"));
    ASSERT_TRUE(operator_.ask({.command = "load-key", .message = key}).answer);
  }
  void load_list(const char* name) {
    Wire operator_(bench->socket(Side::gate));
    operator_.connect();
    Section list;
    list.put("type", "X509_CRL").put("data", bench->file(name));
    const vici::Done done = operator_.ask({.command = "load-cert", .message = list});
    ASSERT_TRUE(done.answer) << done.answer.error().peer;
    // Charon goes on with a list that it has verified once, until it is told to forget it.
    ASSERT_TRUE(operator_.ask({.command = "flush-certs", .message = Section().put("type", "X509_CRL")}).answer);
  }
  /// The device gives its side up.
  void end_of_device() {
    Section all;
    all.put("ike", "closed").put("timeout", "2000");
    static_cast<void>(device->ask({.command = "terminate", .message = all}));
  }
  Settings settings() {
    return {.path = "closed",
            .address = kGateLine,
            .name = kGateName,
            .certificate = bench->file("gate.crt"),
            .authorities = {bench->file("ca.crt")},
            .entrances = {std::string(kEntrance) + "/32"}};
  }
  /// The cast around today, with the bench's device.
  registry::Registry today(const std::string& certificate = "device.crt") {
    registry::Registry r = registry::testing::cast();
    const Instant now = Wire::now();
    registry::Circuit& line = r.circuits.at("line-sato");
    line.ordered_at = now - std::chrono::days(90), line.usable_at = now - std::chrono::days(1);
    line.device_name = kDeviceName, line.device_certificate = base64(bench->file(certificate));
    r.contracts.at("c-num").period = {now - std::chrono::days(1), now + std::chrono::days(1)};
    return r;
  }
  bool line_is(Line line, milliseconds limit = seconds(8)) {
    return gate->turn([&] { return gate->circuits.line("line-sato") == line; }, limit);
  }
  void stand() {
    gate->registry_is(today());
    ASSERT_TRUE(gate->turn([&] { return gate->said(kCircuitOpened); }, seconds(8)));
    const vici::Done begun = device_begins(*bench, *device);
    ASSERT_TRUE(begun.answer) << begun.answer.error().peer << bench->log(Side::gate);
    ASSERT_TRUE(line_is(Line::up)) << bench->log(Side::gate);
  }

  std::unique_ptr<RealCharon> bench;
  std::unique_ptr<Wire> device;
  std::unique_ptr<Loop> gate;
};

TEST_F(CircuitsCharonTest, ACircuitThatEndsIsTornDownWithinTwoSecondsAndStaysDown) {
  stand();
  EXPECT_TRUE(bench->terminal_reaches_entrance());
  const View view = gate->circuits.view(Wire::now()).at("line-sato");
  EXPECT_EQ(view.peer, kDeviceLine);
  EXPECT_EQ(view.identity, kDeviceName);
  EXPECT_EQ(view.cipher, "AES_GCM_16-256");

  registry::Registry r = today();
  r.circuits.at("line-sato").ended_at = Wire::now();
  const Instant before = Wire::now();
  gate->registry_is(r);
  EXPECT_NE(gate->circuits.line("line-sato"), Line::up);
  ASSERT_TRUE(gate->turn([&] { return gate->said(kCircuitClosed); }, seconds(5)));
  const auto took = std::chrono::duration_cast<milliseconds>(Wire::now() - before);
  RecordProperty("closed_ms", static_cast<int>(took.count()));
  std::printf("a closed circuit's tunnel was gone after %d ms\n", static_cast<int>(took.count()));
  EXPECT_LT(took, kCloseWithin);
  EXPECT_FALSE(gate->said(kCloseLate));
  EXPECT_FALSE(bench->terminal_reaches_entrance());
  EXPECT_FALSE(device_begins(*bench, *device).answer);
  EXPECT_FALSE(bench->terminal_reaches_entrance());
}

TEST_F(CircuitsCharonTest, OnlyTheRegisteredDeviceByStrongIkev2ComesIn) {
  gate->registry_is(today());
  ASSERT_TRUE(gate->turn([&] { return gate->said(kCircuitOpened); }, seconds(8)));
  const std::vector<std::pair<const char*, DeviceSettings>> bad{
      {"another authority", {.certificate = "stranger.crt", .key = "stranger.key"}},
      {"another certificate of that name", {.certificate = "twin.crt", .key = "twin.key"}},
      {"another identity", {.certificate = "other.crt", .key = "other.key", .identity = "line-mori.closed.test"}},
      {"an identity that its certificate has not", {.identity = "line-mori.closed.test"}},
      {"a weak group", {.ike = "aes256gcm16-prfsha384-modp1024"}},
      {"a weak cipher", {.ike = "3des-sha1-modp2048"}},
      {"a weak cipher of the child", {.esp = "3des-sha1"}},
      {"no encryption of the child", {.esp = "null-sha256"}},
      {"IKEv1", {.ike = "aes256-sha256-ecp384", .version = "1"}},
      {"IKEv1, aggressive", {.ike = "aes256-sha256-ecp384", .version = "1", .aggressive = true}}};
  for (const auto& [name, how] : bad) {
    EXPECT_FALSE(device_begins(*bench, *device, how).answer) << name;
    gate->turn([] { return false; }, milliseconds(100));
    EXPECT_NE(gate->circuits.line("line-sato"), Line::up) << name;
    EXPECT_FALSE(bench->terminal_reaches_entrance()) << name;
  }
  const vici::Done good = device_begins(*bench, *device);  // proves that the refusals above can fail
  EXPECT_TRUE(good.answer) << bench->log(Side::gate);
  EXPECT_TRUE(line_is(Line::up));
}

TEST_F(CircuitsCharonTest, AnExpiredCertificateIsRefusedThoughItIsTheRegisteredOne) {
  // Charon by itself would take it: a pinned certificate is trusted at any age. So its days are judged on our side.
  gate->registry_is(today("expired.crt"));
  ASSERT_TRUE(gate->turn([&] { return gate->said(kCharonBack); }, seconds(8)));
  EXPECT_EQ(gate->circuits.view(Wire::now()).at("line-sato").closed_because, "circuit.device_expired");
  EXPECT_FALSE(device_begins(*bench, *device, {.certificate = "expired.crt", .key = "expired.key"}).answer);
  EXPECT_NE(gate->circuits.line("line-sato"), Line::up);
}

TEST_F(CircuitsCharonTest, ARevokedDeviceIsRefusedAndSoIsEveryOneWithoutAList) {
  Settings strict = settings();
  strict.revocation_lists = true;
  gate = std::make_unique<Loop>(strict, bench->socket(Side::gate));
  gate->registry_is(today());
  ASSERT_TRUE(gate->turn([&] { return gate->said(kCircuitOpened); }, seconds(8)));
  EXPECT_FALSE(device_begins(*bench, *device).answer);
  load_list("empty.crl");
  EXPECT_TRUE(device_begins(*bench, *device).answer) << bench->log(Side::gate);
  EXPECT_TRUE(line_is(Line::up));
  end_of_device();
  EXPECT_TRUE(line_is(Line::down));
  load_list("revoked.crl");
  EXPECT_FALSE(device_begins(*bench, *device).answer);
}

TEST_F(CircuitsCharonTest, ACharonThatDiesLeavesNoLineAndIsGivenAllWhenItIsBack) {
  stand();
  bench->kill(Side::gate);
  ASSERT_TRUE(line_is(Line::unknown, seconds(3)));
  EXPECT_TRUE(gate->said(kCharonLost));
  gate->notes.clear();
  start_gate();
  ASSERT_TRUE(gate->turn([&] { return gate->said(kCharonBack) && gate->said(kCircuitOpened); }, seconds(10)));
  EXPECT_EQ(gate->circuits.line("line-sato"), Line::down);
  end_of_device();
  EXPECT_TRUE(device_begins(*bench, *device).answer);
  EXPECT_TRUE(line_is(Line::up));
}

TEST_F(CircuitsCharonTest, AGateThatDiesFindsItsTunnelAgainAndWhatEndedMeanwhileEnds) {
  stand();
  gate = std::make_unique<Loop>(settings(), bench->socket(Side::gate));
  gate->registry_is(today());
  EXPECT_TRUE(line_is(Line::up));
  EXPECT_FALSE(gate->said(kCircuitOpened));  // nothing had to be loaded
  EXPECT_TRUE(bench->terminal_reaches_entrance());

  gate = std::make_unique<Loop>(settings(), bench->socket(Side::gate));
  registry::Registry r = today();
  r.contracts.at("c-num").ended_at = Wire::now();
  gate->registry_is(r);
  ASSERT_TRUE(gate->turn([&] { return gate->said(kCircuitClosed); }, seconds(5)));
  EXPECT_FALSE(bench->terminal_reaches_entrance());
}

TEST_F(CircuitsCharonTest, AnotherCertificateOfTheDeviceIsAnotherTunnel) {
  stand();
  gate->notes.clear();
  gate->registry_is(today("twin.crt"));
  ASSERT_TRUE(gate->turn([&] { return gate->said(kCircuitClosed) && gate->said(kCircuitOpened); }, seconds(5)));
  EXPECT_FALSE(bench->terminal_reaches_entrance());
  EXPECT_FALSE(device_begins(*bench, *device).answer);
  EXPECT_TRUE(device_begins(*bench, *device, {.certificate = "twin.crt", .key = "twin.key"}).answer);
  EXPECT_TRUE(line_is(Line::up));
}

TEST_F(CircuitsCharonTest, NothingButTheEntrancesPortPassesWhereOneIsNamed) {
  Settings narrow = settings();
  narrow.entrances = {std::string(kEntrance) + "/32[tcp/443]"};
  gate = std::make_unique<Loop>(narrow, bench->socket(Side::gate));
  stand();
  EXPECT_FALSE(bench->terminal_reaches_entrance());  // a ping is no tcp/443
}

}  // namespace
}  // namespace sekisho::circuits
