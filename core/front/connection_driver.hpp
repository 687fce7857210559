// ConnectionDriver: one TLS connection or DTLS association without its socket. Ciphertext goes in, ciphertext comes
// out; between them stand TLS, the path plugin's PathConnection and every deadline of the connection. It is the
// PathHost of that plugin.
//
//   handshaking ──▶ open ──close()──▶ closing (what was written leaves, <= 2 s) ──▶ finished
//        └────────────┴── peer gone, deadline, peer does not read ────────────────────┘
//
// The transport calls on_ciphertext(), on_transport_gone(), output()/sent(), fill(), and looks at wants_half_close()
// and finished() after each of them and after each Transport::wake(). It destroys the driver only outside of these
// calls. Over DTLS one call of on_ciphertext() is one datagram, and there is no half close: who wants it is gone.
// Threads: the front's. Ownership: shared parts, hub and transport are borrowed and outlive it. Errors: all of
// them end this connection alone; why() says it for the operator.
#pragma once
#include "front/gate_line.hpp"
#include "front/limits.hpp"
#include "front/newcomers.hpp"
#include "front/packet_queue.hpp"
#include "net/tls/tls_channel.hpp"
#include "run/services.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::front {

class ConnectionDriver;
struct Tunnel;

/// The socket's side.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Something is to be sent or closed: look at the driver after the current event. May come several times.
  virtual void wake() = 0;
  /// From now on this connection carries packets.
  virtual void tunnel_opened() = 0;
};

/// The front's side: what a connection reaches beyond itself.
class ConnectionHub {
 public:
  virtual ~ConnectionHub() = default;
  /// The handshake is done; false: this peer is not spoken to.
  [[nodiscard]] virtual bool may_speak(ConnectionDriver& who) = 0;
  [[nodiscard]] virtual std::uint64_t ask(ConnectionDriver& who, GateRequest request) = 0;
  virtual void notice(ConnectionDriver& who, FrontNotice notice) = 0;
  /// Sets who.tunnel.
  virtual void attach(ConnectionDriver& who, const SessionView& view) = 0;
  virtual void detach(ConnectionDriver& who) = 0;
  /// Something was thrown at this connection's edge; it ends.
  virtual void broke(ConnectionDriver& who, std::string_view what) = 0;
  virtual void allow_large(ConnectionDriver& who, std::uint16_t bytes) = 0;
  virtual void allow_large_uploads(ConnectionDriver& who) = 0;
  virtual void deliver(ConnectionDriver& who, std::span<const std::byte> packet) = 0;
  [[nodiscard]] virtual PacketQueue& waiting(Tunnel& tunnel) = 0;
  /// Last word of a connection.
  virtual void gone(ConnectionDriver& who) = 0;
};

struct Peer {
  std::string address;  ///< textual, of the socket
  std::uint16_t port = 0;
  Source source;
};

/// What all connections of a front use together.
struct DriverParts {
  const run::Clock& clock;
  run::Timers& timers;
  Entropy& entropy;
  const FrontLimits& limits;
  const tls::TlsServerContext& tls;
  AccessPath& path;
  std::string path_name;
  bool takes_datagrams = false;
  tls::BufferPool buffers{};
  /// Scratch of one call.
  std::vector<std::byte> plain = std::vector<std::byte>(tls::TlsChannel::kLargestRecord);
  std::vector<std::byte> record = std::vector<std::byte>(tls::TlsChannel::kLargestRecord);
};

class ConnectionDriver final : private PathHost {
 public:
  /// `channel`: of the server's role; nullptr: a new TLS connection.
  ConnectionDriver(DriverParts& parts, ConnectionHub& hub, Transport& transport, ConnectionId id, Peer peer,
                   std::unique_ptr<tls::SecureChannel> channel = nullptr);
  ~ConnectionDriver() override;
  ConnectionDriver(const ConnectionDriver&) = delete;
  ConnectionDriver& operator=(const ConnectionDriver&) = delete;

  // --- the transport
  void on_ciphertext(std::span<const std::byte> bytes);
  /// One of several datagrams at hand; settle() after the last of them.
  void on_datagram(std::span<const std::byte> datagram, Instant now);
  void settle();
  void on_transport_gone(std::string_view why);
  /// To be sent; borrowed until the next call.
  [[nodiscard]] std::span<const std::byte> output() const { return channel_->output(); }
  /// Of a DTLS association: the sizes of the datagrams in output().
  [[nodiscard]] std::span<const std::uint16_t> datagram_sizes() const { return channel_->datagram_sizes(); }
  void sent(std::size_t bytes);
  /// Turns waiting packets into output, at most limits.gather of it; call when output() is empty. False: there is none.
  bool fill();
  /// Everything has left after close(): say so to the peer (shutdown), go on reading until it is gone.
  [[nodiscard]] bool wants_half_close() const { return state_ == State::closing && channel_->output().empty(); }
  /// Nothing more comes of it: close the socket and destroy the driver.
  [[nodiscard]] bool finished() const { return state_ == State::finished; }

  // --- the front
  void on_reply(std::uint64_t number, GateReply reply);
  void on_push(const GatePush& push);
  void on_replaced();
  /// Packets wait: makes the transport look.
  void packets_waiting() { transport_.wake(); }
  /// Cut off at `at` at the latest.
  void end_by(Instant at);

  [[nodiscard]] bool handshaking() const { return state_ == State::handshaking; }
  /// Leaves for a newcomer; only while handshaking().
  void make_room() {
    abandoned_ = true;
    finish("gave its place to a newcomer");
  }
  /// It ended in an opening that led to nothing: its peer is owed no orderly close, which would cost this side a closed
  /// connection's minute in the kernel (RFC 9293 section 3.6) and a stranger nothing.
  [[nodiscard]] bool abandoned() const { return abandoned_; }

  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] bool certificate_proved() const;
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] bool handshake_was_late() const { return handshake_was_late_; }
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  Tunnel* tunnel = nullptr;   ///< the front's, while attached
  std::uint64_t dropped = 0;  ///< packets that the filter refused, of the tunnel that was
  bool known = false;         ///< the gatekeeper has granted or resumed a session here
  std::size_t asked = 0;      ///< questions without an answer

 private:
  enum class State : std::uint8_t { handshaking, open, closing, finished };

  // PathHost
  void write(std::span<const std::byte> plaintext) override;
  void close(std::string_view why) override;
  std::uint64_t ask(GateRequest request) override;
  void notice(FrontNotice notice) override;
  void attach_tunnel(const SessionView& view) override;
  void detach_tunnel() override;
  void large_packets(std::uint16_t bytes) override;
  void large_uploads() override;
  void limit_packets(std::uint16_t largest) override;
  void deliver(std::span<const std::byte> packet) override;
  Entropy& entropy() override { return parts_.entropy; }
  [[nodiscard]] bool takes_datagrams() const override { return parts_.takes_datagrams; }

  /// The connection's edge: what is thrown in `fn` (no memory, a plugin that breaks its contract) ends this connection
  /// and nothing else.
  template <class Fn>
  void at_edge(Fn fn) {
    try {
      fn();
    } catch (const std::exception& error) {
      broke(error.what());
    } catch (...) {
      broke("not an exception of the standard library");
    }
  }
  void broke(std::string_view what);
  void read(std::span<const std::byte> bytes, Instant now);
  void gather();
  [[nodiscard]] bool open_path(Instant now);
  void finish(std::string_view why);
  void note_output();
  void after_path();
  void arm();
  void on_time();

  DriverParts& parts_;
  ConnectionHub& hub_;
  Transport& transport_;
  const ConnectionId id_;
  const Peer peer_;
  std::unique_ptr<tls::SecureChannel> channel_;
  std::unique_ptr<PathConnection> path_;
  State state_ = State::handshaking;
  bool in_path_ = false;  ///< a call into the plugin is running: it must not be destroyed
  bool overrun_ = false, handshake_was_late_ = false, abandoned_ = false;
  std::string why_;
  Instant until_;  ///< of the handshake, of closing
  std::optional<Instant> end_by_, stalled_at_;
  run::Timers::Id timer_ = 0;
  Instant armed_for_{};
};

}  // namespace sekisho::front
