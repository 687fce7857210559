// ScreenSource: where the guests' screens come from. A relay asks it for what the gatekeeper has allowed, and for
// nothing else. Production: TcpScreens for desktops at an address; whoever drives hypervisors stands behind the same
// interface and hands over a descriptor. Threads: the loop's; answers come there, never inside the call.
// Ownership: the caller owns the descriptor it is given. Errors: console.unreachable, with the reason in detail.
#pragma once
#include "run/asio_fwd.hpp"
#include "run/link.hpp"
#include "run/services.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::relay {

struct ScreenTarget {
  std::string machine, driver;  ///< UUID and name of the console driver; or, with an empty driver,
  std::string address;          ///< what answers there
  std::uint16_t port = 0;
};

class ScreenSource {
 public:
  virtual ~ScreenSource() = default;
  /// A connected stream socket on which RFB begins; within 5 s.
  virtual void open(const ScreenTarget& target, std::function<void(Result<run::Fd>)> done) = 0;
  /// A still picture (PNG); within 5 s.
  virtual void thumbnail(const ScreenTarget& target, std::function<void(Result<std::string>)> done) = 0;
  /// "on", "off" or "unknown" for each; within 2 s.
  virtual void states(const std::vector<ScreenTarget>& targets, std::function<void(std::vector<std::string>)> done) = 0;
};

/// Connects to address and port; knows nothing of machines behind a driver.
class TcpScreens final : public ScreenSource {
 public:
  TcpScreens(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers);
  ~TcpScreens() override;
  void open(const ScreenTarget& target, std::function<void(Result<run::Fd>)> done) override;
  void thumbnail(const ScreenTarget& target, std::function<void(Result<std::string>)> done) override;
  void states(const std::vector<ScreenTarget>& targets, std::function<void(std::vector<std::string>)> done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::relay
