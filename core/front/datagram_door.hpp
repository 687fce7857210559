// DatagramDoor: the DTLS associations at one UDP socket, without the socket. It knows who speaks by his address and
// port.
//
//   unknown sender: a ClientHello is answered by the listener, without keeping anything of him; anything else is
//   dropped cookie shown:   Engine::accept() (the caps of newcomers), then a driver of his own, a "guest" guest: every
//   datagram is one call of his driver; a new ClientHello of his goes to the listener again, and he
//                   is replaced once he has shown its cookie (RFC 6347 §4.2.8)
//
// A client whose address changes makes a new association from there; his session's cookie and certificate bring his
// tunnel after him. Threads: the front's. Ownership: parts, engine and sender are borrowed. Sans-I/O: datagrams come
// and go as spans. Limits: FrontLimits of newcomers, hellos_per_second. Errors: all of them end one guest alone.
// Source: RFC 6347; threats.md §9 "Connections", T-47.
#pragma once
#include "front/engine.hpp"
#include "net/tls/dtls_channel.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

namespace sekisho::front {

/// Address and port as the network has them; IPv4 in the first four bytes.
struct DatagramPeer {
  std::array<std::byte, 16> address{};
  std::uint16_t port = 0;
  bool ipv6 = false;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const DatagramPeer&, const DatagramPeer&) = default;
};

class DatagramSender {
 public:
  virtual ~DatagramSender() = default;
  /// `bytes` are datagrams one after the other, of `sizes`. Returns how many were taken (or lost, which is the same);
  /// fewer than all: the socket is full, DatagramDoor::writable() follows. Never blocks.
  [[nodiscard]] virtual std::size_t send(const DatagramPeer& to, std::span<const std::byte> bytes,
                                         std::span<const std::uint16_t> sizes) = 0;
  /// Call DatagramDoor::service() after the current event. Comes once until then.
  virtual void wake() = 0;
};

class DatagramDoor {
 public:
  struct Parts {
    const run::Clock& clock;
    run::Timers& timers;
    Entropy& entropy;
    Log& log;
    const tls::DtlsServerContext& dtls;
    std::string path_name;
    FrontLimits limits = {};
  };
  struct Counters {
    std::uint64_t dropped = 0;  ///< of unknown senders, no ClientHello
    std::uint64_t hellos = 0;   ///< answered with a cookie
    std::uint64_t flooded = 0;  ///< not looked at: hellos_per_second
    std::uint64_t accepted = 0;
  };
  DatagramDoor(Parts parts, Engine& engine, DatagramSender& sender);
  ~DatagramDoor();
  DatagramDoor(const DatagramDoor&) = delete;
  DatagramDoor& operator=(const DatagramDoor&) = delete;

  /// `now`: the same for all that are at hand.
  void on_datagram(const DatagramPeer& from, std::span<const std::byte> datagram, Instant now);
  /// Sends what waits and ends who has ended; call after each batch of datagrams and after DatagramSender::wake().
  void service();
  void writable();

  [[nodiscard]] std::size_t guests() const { return guests_.size(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Guest;
  struct Hash {
    std::uint64_t seed = 0;
    std::size_t operator()(const DatagramPeer& peer) const;
  };
  using Guests = std::unordered_map<DatagramPeer, std::shared_ptr<Guest>, Hash>;

  void on_stranger(const DatagramPeer& from, std::span<const std::byte> datagram, Instant now);
  void touch(Guest& guest);
  [[nodiscard]] bool serve(Guest& guest);
  void end(Guest& guest, std::string_view why);
  [[nodiscard]] bool may_answer_hello();

  Parts parts_;
  Engine& engine_;
  DatagramSender& sender_;
  tls::DtlsListener listener_;
  Guests guests_;
  Guest* latest_ = nullptr;  ///< who spoke last: the next datagram is mostly his
  std::deque<std::shared_ptr<Guest>> touched_;
  bool blocked_ = false, wake_asked_ = false, serving_ = false;
  std::size_t hellos_left_;
  Instant hellos_at_{};
  std::uint64_t flooded_told_ = 0;
  run::Timers::Id flood_timer_ = 0;
  Counters counters_;
};

}  // namespace sekisho::front
