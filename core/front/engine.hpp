// Engine: one front without its sockets. It joins newcomers, connections, the line to the gatekeeper and the tunnels.
//
// Links: set_gate() with every greeted link, set_gate(nullptr) when it is lost. Then what was asked is refused, tunnels
// go on for limits.without_gate, and on the link's return every announced tunnel is announced again; the gatekeeper
// ends those that have no session any more. Without the gatekeeper for longer, every tunnel is closed and on_abandoned
// comes. Threads: the front's. Ownership: everything in Parts is borrowed and outlives the engine; drivers belong to
// the transports and must be gone before the engine. Errors: none leave it. Source: design.md "Processes"; decisions.md
// "Who pins source addresses".
#pragma once
#include "base/log.hpp"
#include "front/barred_sources.hpp"
#include "front/connection_driver.hpp"
#include "front/gate_line.hpp"
#include "front/newcomers.hpp"
#include "front/tunnels.hpp"
#include "net/tls/dtls_channel.hpp"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

namespace sekisho::front {

class Engine final : private ConnectionHub {
 public:
  struct Parts {
    const run::Clock& clock;
    run::Timers& timers;
    Entropy& entropy;
    Log& log;
    const tls::TlsServerContext& tls;
    AccessPath& path;
    const PacketFilter& filter;
    std::string path_name;  ///< for arrivals
    FrontLimits limits = {};
    const tls::DtlsServerContext* dtls = nullptr;  ///< there: the path also takes datagrams
  };
  struct Callbacks {
    std::function<void(std::span<const std::byte> frame)> write_tun;
    /// No gatekeeper for limits.without_gate; all tunnels have been told. Comes once.
    std::function<void()> on_abandoned;
    /// Sources whose openings are to be left unanswered from now on, or answered again. Not set: nobody is barred.
    std::function<void(std::span<const Bar>)> bar = {};
  };
  Engine(Parts parts, Callbacks callbacks);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// A stranger has connected; nullptr: he is not let in (close the socket). `channel`: one that he has shown a DTLS
  /// cookie for.
  [[nodiscard]] std::unique_ptr<ConnectionDriver> accept(const std::string& address, std::uint16_t port,
                                                         Transport& transport,
                                                         std::unique_ptr<tls::SecureChannel> channel = nullptr);
  /// A greeted link or nullptr; borrowed until the next call.
  void set_gate(seam::Link* link);
  void on_gate_message(seam::Message message);
  void on_frame(std::span<const std::byte> frame) { tunnels_.on_frame(frame); }
  /// After each batch of ciphertext: what the Coalescer holds goes out.
  void flush() { tunnels_.flush(); }

  /// Where channels of this front keep their output.
  [[nodiscard]] tls::BufferPool& buffers() { return driver_parts_.buffers; }
  [[nodiscard]] std::size_t connections() const { return drivers_.size(); }
  [[nodiscard]] std::size_t unknown() const { return newcomers_.unknown(); }
  [[nodiscard]] std::size_t tunnels() const { return tunnels_.size(); }
  [[nodiscard]] const Tunnels::Counters& counters() const { return tunnels_.counters(); }

 private:
  bool may_speak(ConnectionDriver& who) override;
  std::uint64_t ask(ConnectionDriver& who, GateRequest request) override;
  void notice(ConnectionDriver& who, FrontNotice notice) override;
  void attach(ConnectionDriver& who, const SessionView& view) override;
  void detach(ConnectionDriver& who) override;
  void broke(ConnectionDriver& who, std::string_view what) override;
  void allow_large(ConnectionDriver& who, std::uint16_t bytes) override;
  void allow_large_uploads(ConnectionDriver& who) override;
  void deliver(ConnectionDriver& who, std::span<const std::byte> packet) override;
  PacketQueue& waiting(Tunnel& tunnel) override { return tunnel.queue; }
  void gone(ConnectionDriver& who) override;

  void on_answer(ConnectionId connection, std::uint64_t number, GateReply reply, bool from_gate);
  void on_push(GatePush push);
  void end_session(const SessionEnded& ended);
  void send(FrontNotice notice);
  void abandon();
  void schedule_ends();
  void end_due();
  void turned_away(Admission why);
  void fruitless(const Source& source);
  void vouch(const Source& source);
  void bar_soon(const Source& source, std::chrono::seconds time);
  void bar();
  [[nodiscard]] bool make_room();

  Parts parts_;
  Callbacks callbacks_;
  DriverParts driver_parts_;
  Newcomers newcomers_;
  BarredSources barred_;
  GateLine line_;
  Tunnels tunnels_;
  std::unordered_map<ConnectionId, ConnectionDriver*> drivers_;
  struct Arrived {
    ConnectionId id;
    Instant at;
  };
  std::deque<Arrived> handshaking_;  // in order of arrival; who has gone on is dropped when he comes to the front
  ConnectionId next_ = 1;
  seam::Link* gate_ = nullptr;
  run::Timers::Id gate_timer_ = 0, ends_timer_ = 0, turned_timer_ = 0, bar_timer_ = 0;
  Instant ends_armed_{}, bar_told_{};
  std::vector<Bar> bars_;  ///< not told yet
  bool abandoned_ = false;
  std::array<std::uint64_t, 4> turned_away_{};  // by Admission, since the last log line
};

}  // namespace sekisho::front
