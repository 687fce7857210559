// RelayHouse: the production's sekisho-relay of one path without its listeners and without its process: pages in TLS,
// screens, WebSockets, RFB both ways and recordings, on a gate's virtual time. Ciphertext is carried by the caller
// (RelaySocket is one browser's socket); a guest's screen is a descriptor whose other end is in this process.
//
//   browser ──feed()──▶ RelaySocket ══ PageServer ─▶ ScreenDesk ─▶ guest's descriptor (hyperd's, or dialled)
//           ◀──take()──                    │             └─▶ recordings in the folder
//                                   Gate ══ codec ═══════┘
//
// Threads: one. Ownership: the house keeps time and its end of the link; sockets may outlive it and are dead then.
// Close it before its gate. Errors: Failure tls.certificate, tls.key, relay.pages, and those of the folder.
#pragma once
#include "base/testing/memory_log.hpp"
#include "gate_house.hpp"
#include "programs/relay/hyper_screens.hpp"
#include "programs/relay/page_server.hpp"
#include "programs/relay/screen_desk.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sekisho::python {

/// One browser's end of a connection.
class RelaySocket {
 public:
  RelaySocket(std::shared_ptr<VirtualTime> time, run::Fd fd) : time_(std::move(time)), fd_(std::move(fd)) {}
  RelaySocket(const RelaySocket&) = delete;
  RelaySocket& operator=(const RelaySocket&) = delete;
  void feed(std::span<const std::byte> ciphertext);
  /// At most about 256 KiB a call.
  [[nodiscard]] std::string take();
  void gone();
  [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
  /// Nothing more will come.
  [[nodiscard]] bool at_end() const { return !fd_ || at_end_; }

 private:
  void push();
  std::shared_ptr<VirtualTime> time_;
  run::Fd fd_;
  std::string waits_;  // what the relay has not taken yet
  bool at_end_ = false;
};

struct RelayPage {
  seam::Place place{};
  std::string origin;  ///< "https://10.202.0.1:8444"
  std::string files;   ///< folder of the built page; empty: it has no files
};

/// Connects to a desktop that stands at an address; nothing: nobody answers there.
using Dial = std::function<std::optional<run::Fd>(const std::string& address, std::uint16_t port)>;

struct RelaySettings {
  std::string name;             ///< of its path
  std::set<std::string> zones;  ///< of its path
  std::vector<RelayPage> pages;
  tls::ServerSettings tls;
  std::string recordings;  ///< folder; empty: nothing is ever recorded
  Dial dial;
  Neighbour::Hear hear;  ///< what the gate says of the bare entrance, which the caller plays
  std::uint64_t seed = 3;
};

class RelayHouse {
 public:
  RelayHouse(GateHouse& gate, RelaySettings settings);
  ~RelayHouse() { close(); }
  RelayHouse(const RelayHouse&) = delete;
  RelayHouse& operator=(const RelayHouse&) = delete;

  /// Somebody at this address connects to the page.
  [[nodiscard]] std::shared_ptr<RelaySocket> connect(seam::Place place, const std::string& address);
  /// For the bare entrance.
  void send(const seam::Message& message);
  /// The process is gone: so are its connections and screens.
  void close();
  /// The same with nothing written any more, as kill -9 does it.
  void kill();
  /// Whether the recordings' disk has room (audit.full).
  [[nodiscard]] bool has_room() const { return *room_; }
  void set_room(bool room) { *room_ = room; }
  [[nodiscard]] const std::vector<std::string>& log() const { return log_.lines; }
  [[nodiscard]] bool is_open() const { return desk_ != nullptr; }
  [[nodiscard]] std::size_t screens() const { return desk_ ? desk_->screens() : 0; }
  [[nodiscard]] const std::string& name() const { return settings_.name; }
  /// For a hyperd: its screens. Throws Failure relay.closed.
  [[nodiscard]] relay::HyperScreens& hyper_screens();

 private:
  /// Desktops of the registry, at their address.
  class Addresses final : public relay::ScreenSource {
   public:
    Addresses(run::Timers& timers, Dial dial) : timers_(timers), dial_(std::move(dial)) {}
    void open(relay::ScreenTarget target, std::function<void(Result<run::Fd>)> done) override;
    void thumbnail(relay::ScreenTarget target, std::function<void(Result<std::string>)> done) override;

   private:
    run::Timers& timers_;
    const Dial dial_;
  };
  struct Page {
    screens::StaticFiles files;
    std::unique_ptr<screens::Pages> pages;
    std::shared_ptr<relay::PageTls> tls;
    std::unique_ptr<relay::PageServer> server;
  };

  std::shared_ptr<VirtualTime> time_;
  const RelaySettings settings_;
  const std::shared_ptr<bool> room_ = std::make_shared<bool>(true);
  MemoryLog log_{Level::info};
  run::testing::FakeEntropy entropy_;
  Addresses addresses_;
  std::shared_ptr<Neighbour> neighbour_;
  std::unique_ptr<relay::HyperScreens> screens_;
  std::unique_ptr<relay::ScreenDesk> desk_;
  std::map<seam::Place, std::unique_ptr<Page>> pages_;
};

/// Both ends of a stream inside this process.
[[nodiscard]] std::pair<run::Fd, run::Fd> stream_pair();

}  // namespace sekisho::python
