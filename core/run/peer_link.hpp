// PeerLink: what every link between two processes does the same way: Hello first, Heartbeat every 10 s, a silent peer
// is dead after 30 s. It stands between a raw link (run/link.hpp, run/testing/memory_link.hpp) and its user. Threads:
// the loop of `timers`. Ownership: clock, timers and the user's handler are borrowed and outlive it; it owns the raw
// link. The user may destroy it inside its own callbacks. What reaches the user: the peer's Hello once it has been
// found good, Heartbeats (their generation matters), everything else after the Hello. Ends told by on_closed(): those
// of the raw link, a wrong or missing Hello, silence. Source: seam/messages.hpp (Hello, Heartbeat).
#pragma once
#include "run/services.hpp"
#include "seam/codec.hpp"

#include <memory>
#include <string>

namespace sekisho::run {

inline constexpr auto kHeartbeatEvery = std::chrono::seconds(10);
inline constexpr auto kSilenceLimit = std::chrono::seconds(30);

class PeerLink final : public seam::Link {
 public:
  /// `role`: what the peer's Hello must say; `name`: likewise, or empty for any.
  PeerLink(const Clock& clock, Timers& timers, seam::Hello own, std::string role, std::string name,
           seam::Link::Handler& user);
  ~PeerLink() override;
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  /// The handler to open the raw link with; then start() takes that link and says Hello.
  [[nodiscard]] seam::Link::Handler& inner();
  void start(std::unique_ptr<seam::Link> raw);
  /// What own Heartbeats say from now on; one is sent at once, so that a new generation is known everywhere quickly.
  void set_generation(std::uint64_t generation);
  [[nodiscard]] bool greeted() const;  ///< the peer's Hello has come

  void send(const seam::Message& message) override;
  void send_with_fd(const seam::Message& message, int fd) override;
  void close() override;

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace sekisho::run
