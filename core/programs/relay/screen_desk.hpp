// ScreenDesk: a relay's pages and screens. Asks the gatekeeper, fetches the guest's side, opens the recording, drives
// the screen, and reports what happens on it.
//
//   ticket ─▶ gatekeeper ─right─▶ guest's socket ─▶ recording on the disk ─▶ noted in the journal ─▶ 101, Screen
//      any step refused or late: the page is told why, and the gatekeeper that the screen is closed
//
// Threads: the loop's; recordings are written where MakeRecordings says. Ownership: everything is borrowed and outlives
// it; the link is lent by set_link(). Limits: 5 s for the gatekeeper's answer and for each step; 256 screens in all;
// 120 s without the gatekeeper, then every screen is closed (recorded ones earlier: their chunks cannot be noted).
// Errors: a screen that cannot be recorded is not opened (console.not_recorded). Source: issue "Desktops and consoles"
// parts 2, 3 and 5; threats.md T-60, T-63.
#pragma once
#include "base/log.hpp"
#include "programs/relay/page_server.hpp"
#include "programs/relay/recordings.hpp"
#include "programs/relay/screen_source.hpp"

#include <sekisho/sdk/services.hpp>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sekisho::relay {

struct DeskLimits {
  /// `its_zones`: of this relay's path. No screen or picture of another one is fetched, whoever grants it (R01); with
  /// none, nothing is.
  explicit DeskLimits(std::set<std::string> its_zones) : zones(std::move(its_zones)) {}
  std::set<std::string> zones;
  Seconds answer{5}, step{5}, without_gate{120};
  std::size_t screens = 256;
};

class ScreenDesk final : public PageDesk {
 public:
  /// `recordings`: empty where nothing is ever recorded (a screen whose right says so is then refused).
  ScreenDesk(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Entropy& entropy, Log& log,
             ScreenSource& source, const MakeRecordings& recordings, DeskLimits limits);
  ~ScreenDesk() override;
  ScreenDesk(const ScreenDesk&) = delete;
  ScreenDesk& operator=(const ScreenDesk&) = delete;

  /// The pages of a place: how its answers are written. Before anything is asked there.
  void serve(const screens::Pages& pages);
  void ask(const Peer& peer, seam::ConsoleQuestion question, std::function<void(HttpResponse)> done) override;
  void open_screen(const Peer& peer, websocket::Upgrade upgrade, std::function<void(HttpResponse)> refuse,
                   std::function<std::unique_ptr<Handover>()> take) override;
  /// The same question once more: the gatekeeper, which has answered it, ends the session at the second one.
  void end_answered(const Peer& peer) override;

  /// The link to sekishod, or nullptr while there is none. A new one ends the screens that are open: they were another
  /// life's, whose successor has told the journal of their end.
  void set_link(seam::Link* link);
  /// What sekishod says; moves out what it needs. Messages of other subjects are left alone.
  void on_message(seam::Message& message);
  [[nodiscard]] std::size_t screens() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::relay
