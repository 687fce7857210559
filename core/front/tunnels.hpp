// Tunnels: the sessions whose packets this front carries, and the data path between them and the one TUN.
//
//   TUN frame ─▶ session by destination ─▶ filter ─▶ Segmenter ─▶ its queue ─▶ ConnectionDriver::fill()
//   client's packet ─▶ inspect ─▶ filter ─▶ checksum, MSS ─▶ Coalescer ─▶ TUN frame (flush() after each batch)
//
// Threads: the front's. Ownership: filter, clock and timers are borrowed; a Tunnel belongs to this table, its owner to
// the front. Sans-I/O: frames come and go as spans. Limits: see FrontLimits::queue; one PacketsRefused a second and
// session. Source: performance.md "Data path, in rooms"; threats.md T-42.
#pragma once
#include "front/connection_driver.hpp"
#include "front/packet_filter.hpp"
#include "front/packet_queue.hpp"
#include "net/datapath/coalescer.hpp"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace sekisho::front {

/// One session's tunnel.
struct Tunnel {
  Tunnel(QueuePool& pool, std::size_t limit) : queue(pool, limit) {}
  SessionView view;
  SessionRights rights;
  ConnectionDriver* owner = nullptr;
  PacketQueue queue;
  std::uint16_t large = 0;                 ///< packet size that the path has agreed on with the peer; 0: none
  bool large_uploads = false;              ///< and it may send such packets as well
  std::uint16_t peer_mss = 0;              ///< smallest of the peer's SYNs; 0: none seen
  bool announced = false;                  ///< TunnelUp was said
  std::string transport;                   ///< as it was said then
  std::uint16_t largest_packet = 65'535;   ///< what the peer takes
  bool ended = false;                      ///< the session is over; nothing passes any more
  Instant ends_at{};                       ///< the right's end, as last heard
  std::uint64_t dropped = 0, refused = 0;  ///< by the filter: in all, since the last notice
  FilterRule last_refused;
  Instant refused_told{};
  run::Timers::Id refused_timer = 0;
};

class Tunnels {
 public:
  struct Callbacks {
    std::function<void(std::span<const std::byte> frame)> write_tun;
    std::function<void(FrontNotice notice)> notice;
  };
  struct Counters {
    std::uint64_t to_nobody = 0;  ///< frames for an address without tunnel
    std::uint64_t refused_in = 0, refused_out = 0;
    std::uint64_t no_room = 0;    ///< dropped because the session's queue was full
    std::uint64_t malformed = 0;  ///< frames of the TUN that are no packets
    std::uint64_t too_big = 0;
  };
  Tunnels(const run::Clock& clock, run::Timers& timers, const FrontLimits& limits, const PacketFilter& filter,
          std::uint64_t seed, Callbacks callbacks);
  ~Tunnels();
  Tunnels(const Tunnels&) = delete;
  Tunnels& operator=(const Tunnels&) = delete;

  /// `owner` gets the session's packets from now on. Returns who had them before, or nullptr.
  [[nodiscard]] ConnectionDriver* attach(ConnectionDriver& owner, const SessionView& view);
  void detach(ConnectionDriver& owner);
  /// See PathHost::large_packets().
  void allow_large(Tunnel& tunnel, std::uint16_t bytes);
  /// nullptr: no such tunnel here.
  [[nodiscard]] Tunnel* find(std::string_view session);
  [[nodiscard]] Tunnel* at_address(std::uint32_t address);
  void change(Tunnel& tunnel, const SessionView& view);
  /// From now on nothing passes, whatever becomes of the connection.
  void shut(Tunnel& tunnel);

  void deliver(Tunnel& tunnel, std::span<const std::byte> packet);
  void flush();
  void on_frame(std::span<const std::byte> frame);

  [[nodiscard]] std::size_t size() const { return by_session_.size(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  template <class Fn>
  void each(Fn fn) {
    for (auto& [session, tunnel] : by_session_) fn(*tunnel);
  }

 private:
  void refuse(Tunnel& tunnel, const Destination& wanted);
  void tell_refused(Tunnel& tunnel);
  void answer_too_big(Tunnel& tunnel, std::span<const std::byte> packet);
  [[nodiscard]] static std::uint16_t large_now(const Tunnel& tunnel);
  void remove(Tunnel& tunnel);

  const run::Clock& clock_;
  run::Timers& timers_;
  const FrontLimits& limits_;
  const PacketFilter& filter_;
  Callbacks callbacks_;
  QueuePool pool_;
  datapath::Coalescer coalescer_;
  std::vector<std::byte> scratch_;
  std::unordered_map<std::string, std::unique_ptr<Tunnel>> by_session_;
  std::unordered_map<std::uint32_t, Tunnel*> by_address_;
  Counters counters_;
};

}  // namespace sekisho::front
