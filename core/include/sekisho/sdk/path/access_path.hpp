// AccessPath: how strangers speak to one front. A plugin makes one PathConnection for each TLS connection; the front
// drives it with plaintext bytes, gatekeeper replies, inner packets and time, and it acts through PathHost.
// Threads: one front is one thread; every call below happens there, none of them may block.
// Ownership: spans are borrowed until the call returns. PathHost outlives the connection. A connection may be destroyed
// inside none of its own calls: close() takes effect after the current call has returned.
// Source: design.md; threats.md §2, §4, §9. Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace sekisho {

/// What a connection may do; implemented by the front (core/front) and by fakes in tests.
class PathHost {
 public:
  virtual ~PathHost() = default;
  /// Plaintext to the peer, at most 16,384 bytes a call; one call is one TLS record. Over datagrams at most 1,415
  /// bytes; one call is one datagram, which may be lost.
  virtual void write(std::span<const std::byte> plaintext) = 0;
  /// Closes after everything written has left (or after 2 s).
  virtual void close(std::string_view why) = 0;
  /// Asks the gatekeeper; exactly one on_reply() follows with the returned number, unless the connection dies first.
  [[nodiscard]] virtual std::uint64_t ask(GateRequest request) = 0;
  virtual void notice(FrontNotice notice) = 0;
  /// From now on packets for `view.address` come to this connection; an older owner gets on_replaced().
  virtual void attach_tunnel(const SessionView& view) = 0;
  virtual void detach_tunnel() = 0;
  /// The peer has agreed to packets of up to `bytes` (0: no more). The front makes such ones of TCP alone, of flows
  /// whose end at the peer has said that it takes them, and never larger than the line carries in a moment.
  virtual void large_packets(std::uint16_t bytes) { static_cast<void>(bytes); }
  /// After large_packets(): the peer may send TCP packets as large as that too. The front tells hosts' SYN-ACKs so, and
  /// cuts what comes to the session's usual size; other large packets are dropped.
  virtual void large_uploads() {}
  /// The peer takes no packet above `largest` bytes: the attached tunnel's are cut to that, or to the session's MRU
  /// when that is smaller. Ranges: 576 and more.
  virtual void limit_packets(std::uint16_t largest) { static_cast<void>(largest); }
  /// One IPv4 packet from the client. The front checks source and filter, then hands it to the TUN.
  virtual void deliver(std::span<const std::byte> packet) = 0;
  [[nodiscard]] virtual Entropy& entropy() = 0;
  /// Whether this front also takes datagrams (DTLS) at the addresses where it listens.
  [[nodiscard]] virtual bool takes_datagrams() const { return false; }
};

/// Packets waiting for one session, oldest first, bounded by the front.
class PacketSource {
 public:
  virtual ~PacketSource() = default;
  /// The next packet, or an empty span; stays valid until pop() or until control returns to the front.
  [[nodiscard]] virtual std::span<const std::byte> front() const = 0;
  virtual void pop() = 0;
};

class PathConnection {
 public:
  virtual ~PathConnection() = default;
  /// Decrypted bytes from the peer, in order, in any pieces. Over datagrams: one whole datagram, in any order, never
  /// twice.
  virtual void on_bytes(std::span<const std::byte> plaintext, Instant now) = 0;
  virtual void on_reply(std::uint64_t request, GateReply reply, Instant now) = 0;
  virtual void on_push(const GatePush& push, Instant now) = 0;
  /// Another, newer connection took this session's tunnel over.
  virtual void on_replaced(Instant now) = 0;
  /// The transport is gone (peer closed or reset). Last call but the destructor.
  virtual void on_gone(Instant now) = 0;
  /// Fills one record (`record.size()` <= 16,384, over datagrams 1,415) with whole frames taken from `source`; returns
  /// bytes used. Called only while a tunnel is attached and the peer's socket takes more.
  [[nodiscard]] virtual std::size_t fill_record(PacketSource& source, std::span<std::byte> record, Instant now) = 0;
  /// When on_deadline() wants to be called; nullopt: never. Asked again after every call.
  [[nodiscard]] virtual std::optional<Instant> next_deadline() const = 0;
  virtual void on_deadline(Instant now) = 0;
};

class AccessPath {
 public:
  virtual ~AccessPath() = default;
  /// `arrival` is complete but for user_agent and language, which the path reads from the requests.
  [[nodiscard]] virtual std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) = 0;
  /// Whether this path carries IP packets (needs a TUN queue).
  [[nodiscard]] virtual bool carries_packets() const = 0;
  /// Whether open_datagrams() is there.
  [[nodiscard]] virtual bool speaks_datagrams() const { return false; }
  /// As open(), for one DTLS association; its peer has proved a certificate of the client CA.
  [[nodiscard]] virtual std::unique_ptr<PathConnection> open_datagrams(PathHost&, Arrival, Instant) { return nullptr; }
};

}  // namespace sekisho
