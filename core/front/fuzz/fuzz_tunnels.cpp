// Fuzz: any packets of a client and any frames of the TUN. Whatever comes, only packets of the session and of its
// destinations come through, sound and small enough, and nothing is kept that was refused.
// Input, again and again: u8 flags (1 from the TUN, 2 make checksums right, 4 put the session's addresses in), u16
// size, little-endian, bytes.
#include "front/testing/engine_lab.hpp"
#include "net/datapath/segmenter.hpp"

#include <cstdlib>

namespace {

namespace dp = sekisho::datapath;
using namespace sekisho;
using namespace sekisho::front;
using Bytes = std::vector<std::byte>;

constexpr std::uint32_t kSession = 0x0aca000a, kGate = 0x0aca0001;

void require(bool condition) {
  if (!condition) std::abort();
}
bool allowed(std::uint32_t address, std::uint16_t port, std::uint8_t protocol) {
  return address == kGate && (port == 443 || port == 5900) && protocol == dp::kTcp;
}

/// One tunnel without a client: made once, for the keys' sake.
struct House final : ConnectionHub, Transport {
  bool may_speak(ConnectionDriver&) override { return true; }
  std::uint64_t ask(ConnectionDriver&, GateRequest) override { return 1; }
  void notice(ConnectionDriver&, FrontNotice) override {}
  void attach(ConnectionDriver&, const SessionView&) override {}
  void detach(ConnectionDriver&) override {}
  void broke(ConnectionDriver&, std::string_view) override { std::abort(); }
  void allow_large(ConnectionDriver&, std::uint16_t) override {}
  void allow_large_uploads(ConnectionDriver&) override {}
  void deliver(ConnectionDriver&, std::span<const std::byte>) override {}
  PacketQueue& waiting(Tunnel& tunnel) override { return tunnel.queue; }
  void gone(ConnectionDriver&) override {}
  void wake() override {}
  void tunnel_opened() override {}

  House() {
    const ConnectionDriver* before = tunnels.attach(driver, front::testing::view_of());
    require(before == nullptr && driver.tunnel != nullptr);
    tunnels.allow_large(*driver.tunnel, 16'000);
    driver.tunnel->large_uploads = true;
  }
  ~House() override { tunnels.detach(driver); }
  void on_written(std::span<const std::byte> frame) {
    auto cut = dp::Segmenter::open(frame, 65'535);
    require(cut.has_value());
    if (cut->info().protocol == dp::kIcmp) {  // "too big": to a destination of the session, from the gate
      require(cut->info().source == kGate && cut->info().destination == kGate);
      return;
    }
    require(cut->info().source == kSession);
    require(allowed(cut->info().destination, cut->info().destination_port, cut->info().protocol));
    Bytes room(65'535);
    while (const std::size_t size = cut->next(room)) {
      const auto packet = std::span<const std::byte>(room).first(size);
      const auto info = dp::inspect(packet);
      require(info.has_value() && !info->fragment && dp::transport_checksum_ok(packet, *info));
    }
  }
  void take_all() {
    for (auto packet = driver.tunnel->queue.front(); !packet.empty(); packet = driver.tunnel->queue.front()) {
      const auto info = dp::inspect(packet);
      require(info.has_value() && !info->fragment);
      require(packet.size() <= 1354 || (info->protocol == dp::kTcp && packet.size() <= 16'000));
      require(info->destination == kSession && allowed(info->source, info->source_port, info->protocol));
      driver.tunnel->queue.pop();
    }
    require(driver.tunnel->queue.bytes() == 0);
  }

  run::testing::FakeServices services;
  FrontLimits limits;
  StrictPacketFilter filter;
  front::testing::LinePath path;
  tls::TlsServerContext context = front::testing::Keys::get().server_context();
  DriverParts parts{services.timers, services.timers, services.entropy, limits, context, path, "internet"};
  Tunnels tunnels{
      services.timers,
      services.timers,
      limits,
      filter,
      1,
      {.write_tun = [this](std::span<const std::byte> frame) { on_written(frame); }, .notice = [](FrontNotice) {}}};
  ConnectionDriver driver{parts, *this, *this, 1, Peer{}};
};

void put_addresses(std::span<std::byte> packet, bool from_tun) {
  if (packet.size() < dp::kIpv4HeaderBytes) return;
  dp::store32(packet, 12, from_tun ? kGate : kSession);
  dp::store32(packet, 16, from_tun ? kSession : kGate);
}

void make_right(std::span<std::byte> packet) {
  if (packet.size() < dp::kIpv4HeaderBytes || packet.size() > 65'535) return;
  dp::finish_ipv4_header(packet);
  const auto transport = packet.subspan(dp::kIpv4HeaderBytes);
  const std::size_t field = dp::load8(packet, 9) == dp::kTcp ? 16 : 6;
  if (transport.size() < field + 2) return;
  dp::store16(transport, field, 0);
  dp::store16(transport, field,
              dp::checksum(dp::partial_sum(transport, dp::pseudo_header_sum(packet, transport.size()))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static House house;
  auto bytes = std::as_bytes(std::span(data, size));
  while (bytes.size() >= 3) {
    const std::uint8_t flags = dp::load8(bytes, 0);
    const std::size_t wanted = dp::load8(bytes, 1) | dp::load8(bytes, 2) << 8;
    bytes = bytes.subspan(3);
    const auto taken = bytes.first(std::min(wanted, bytes.size()));
    bytes = bytes.subspan(taken.size());
    Bytes one(taken.begin(), taken.end());
    const bool from_tun = (flags & 1) != 0;
    const std::size_t head = from_tun ? std::min(one.size(), dp::kVnetHeaderBytes) : 0;
    if (flags & 4) put_addresses(std::span(one).subspan(head), from_tun);
    if (flags & 2) make_right(std::span(one).subspan(head));
    if (from_tun) {
      house.tunnels.on_frame(one);
      house.take_all();
    } else {
      house.tunnels.deliver(*house.driver.tunnel, one);
    }
  }
  house.tunnels.flush();
  return 0;
}
