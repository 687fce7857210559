// The tunnel part of one connection: frames and PPP on one side, PathHost on the other.
//
// What ends it, and what the gatekeeper hears:
//   cause                                   TunnelDown   the person's PPP
//   SessionEnded push                       yes, at once Terminate-Request with the reason, <= 1 s, close
//   on_replaced (newer connection)          no (the newer one holds the session) Terminate-Request, <= 1 s, close
//   peer's Terminate-Request                yes          Terminate-Ack, close
//   silence, broken frames, PPP not open    yes          close
//   transport gone                          yes          -
// TunnelDown never says ended_by_person: openconnect sends Terminate-Request also before it reconnects with the same
// cookie, and a person who leaves for good is followed by GET /remote/logout on a new connection, which ends the
// session by itself. Without that request the reconnect grace ends it.
//
// The tunnel is attached as soon as the gatekeeper has opened it, so that an end of the session reaches it during the
// negotiation; packets pass in neither direction until IPCP is open (those waiting are dropped and counted).
//
// Over datagrams: each holds whole frames, or ends the tunnel; lost ones are PPP's own business. The server speaks only
// after the client's first frame (openconnect gives DTLS up otherwise). A datagram holds at most one full packet, so
// that a burst is a run of equal sizes, which the kernel sends in one call. Threads: the front's. Ownership: host
// outlives it. No allocation per packet.
#pragma once
#include "frames.hpp"
#include "ppp.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sekisho::fortinet {

class Tunnel {
 public:
  enum class Kind : std::uint8_t { stream, datagrams };
  struct Settings {
    std::uint16_t mru = 1354;
    std::uint16_t large_mru = 0;  ///< offered to this client; 0 or above `mru`; never over datagrams
    Seconds open_limit{30};
    Kind kind = Kind::stream;
    bool large_uploads = false;  ///< where `large_mru` was agreed, the client may send such packets too
  };
  /// `view` is usable() (settings_xml.hpp).
  Tunnel(PathHost& host, SessionView view, Settings settings, Instant now);

  void start(Instant now);
  void on_bytes(std::span<const std::byte> bytes, Instant now);
  void on_push(const GatePush& push, Instant now);
  void on_replaced(Instant now);
  void on_gone();
  [[nodiscard]] std::size_t fill_record(PacketSource& source, std::span<std::byte> record, Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void on_deadline(Instant now);

 private:
  void apply(PppEvents events, Instant now);
  void flush_control();
  void let_go(std::string_view why);
  void finish(std::string_view why);
  void note_traffic(Instant now);

  PathHost& host_;
  SessionView view_;
  const Kind kind_;
  const bool large_uploads_;
  const Seconds open_limit_;
  std::size_t largest_record_;
  std::optional<Instant> spoken_to_by_;  ///< datagrams: until the client's first frame
  Ppp ppp_;
  FrameReader frames_;
  std::vector<std::byte> control_;  ///< control frames of the current call, one record
  bool attached_ = false, announced_ = false, finished_ = false;
  /// PPP has ended: the peer reads its Ack and closes; we close at this time (a peer that meets the end of the stream
  /// together with the Ack takes it for a lost line and comes back).
  std::optional<Instant> close_at_;
  std::string close_why_;
  std::uint16_t large_ = 0;  ///< agreed with the peer
  bool traffic_ = false;     ///< since the last notice
  Instant noticed_;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0, unsendable_ = 0;
};

}  // namespace sekisho::fortinet
