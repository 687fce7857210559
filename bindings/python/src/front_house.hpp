// FrontHouse: the production's front without its sockets, on a gate's virtual time: newcomers and their penalties, TLS,
// the path's connections, every deadline, the packet filter and the data path. Ciphertext and packets are carried by
// the caller: FrontSocket is one peer's socket, packets for the inside are taken from the house.
//
//   peer ──feed()──▶ FrontSocket ──▶ ConnectionDriver ─┐                       ┌─▶ take_packets() ──▶ inside
//        ◀──take()──                                   ├─▶ Engine ──▶ Tunnels ─┤
//                                   Gate ══ codec ═════┘                       └── inside() ◀──────── inside
//
// Threads: one. Ownership: the house keeps time, path and its end of the link; sockets may outlive it and are dead
// then. Close it before its gate. Errors: Failure tls.certificate, tls.key, tls.client_ca.
#pragma once
#include "base/testing/memory_log.hpp"
#include "front/engine.hpp"
#include "gate_house.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::python {

class FrontHouse;

class FrontSocket final : public front::Transport {
 public:
  FrontSocket() = default;
  FrontSocket(const FrontSocket&) = delete;
  FrontSocket& operator=(const FrontSocket&) = delete;

  /// What the peer has sent.
  void feed(std::span<const std::byte> ciphertext);
  /// What there is for the peer; at most about 256 KiB a call.
  [[nodiscard]] std::string take();
  /// The peer's socket is gone.
  void gone(std::string_view why);
  [[nodiscard]] bool is_open() const { return driver_ != nullptr; }
  /// Nothing more will come for the peer.
  [[nodiscard]] bool at_end() const { return !driver_ || half_closed_; }
  [[nodiscard]] const std::string& why() const { return why_; }

  void wake() override {}  // the caller looks after every event
  void tunnel_opened() override {}

 private:
  friend class FrontHouse;
  void look();
  FrontHouse* house_ = nullptr;
  std::unique_ptr<front::ConnectionDriver> driver_;
  bool half_closed_ = false;
  std::string why_;
};

struct FrontSettings {
  std::string role = "front", name;
  tls::ServerSettings tls;
  bool filters = true;  ///< false: every packet with the session's source passes
  std::uint64_t seed = 2;
};

class FrontHouse {
 public:
  FrontHouse(GateHouse& gate, std::shared_ptr<AccessPath> path, const FrontSettings& settings);
  ~FrontHouse() { close(); }
  FrontHouse(const FrontHouse&) = delete;
  FrontHouse& operator=(const FrontHouse&) = delete;

  /// A stranger connects; nullptr: he is not let in.
  [[nodiscard]] std::shared_ptr<FrontSocket> connect(const std::string& address, std::uint16_t port);
  /// One IPv4 packet from the inside.
  void inside(std::span<const std::byte> packet);
  /// Packets for the inside since the last call, as the TUN would be given them.
  [[nodiscard]] std::vector<std::string> take_packets();
  /// The process is gone: so are its connections.
  void close();
  [[nodiscard]] const std::vector<std::string>& log() const { return log_.lines; }
  [[nodiscard]] front::Engine& engine();

 private:
  std::shared_ptr<VirtualTime> time_;
  std::shared_ptr<AccessPath> path_;
  MemoryLog log_{Level::info};
  run::testing::FakeEntropy entropy_;
  tls::TlsServerContext tls_;
  std::unique_ptr<front::PacketFilter> filter_;
  std::vector<std::string> packets_;
  std::shared_ptr<Neighbour> neighbour_;
  std::unique_ptr<front::Engine> engine_;
  std::vector<std::weak_ptr<FrontSocket>> sockets_;
};

}  // namespace sekisho::python
