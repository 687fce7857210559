// ScreenSource: where the guests' screens come from. A relay asks it for what the gatekeeper has allowed, and for
// nothing else. Production: HyperScreens (hyper_screens.hpp) for machines, and behind it TcpScreens for desktops at an
// address. Threads: the loop's; answers come there, never inside the call. Ownership: the caller owns the descriptor it
// is given. Errors: console.unreachable, or a code of hyper/refusals.hpp ("screen.ticket"); detail is the operator's.
#pragma once
#include "run/asio_fwd.hpp"
#include "run/link.hpp"
#include "run/services.hpp"

#include <sekisho/sdk/secret.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sekisho::relay {

struct ScreenTarget {
  std::string machine, driver;  ///< UUID and its manager; or, with an empty driver,
  std::string address;          ///< what answers there
  std::uint16_t port = 0;
  // with a driver: whose screen it is, whose hyperd has it, and what opens it there, once
  std::string session{}, zone{};
  Secret ticket{};
};

class ScreenSource {
 public:
  virtual ~ScreenSource() = default;
  /// A connected stream socket on which RFB begins; within 5 s.
  virtual void open(ScreenTarget target, std::function<void(Result<run::Fd>)> done) = 0;
  /// A still picture (PNG); within 5 s.
  virtual void thumbnail(ScreenTarget target, std::function<void(Result<std::string>)> done) = 0;
};

/// Connects to address and port; knows nothing of machines behind a driver.
class TcpScreens final : public ScreenSource {
 public:
  TcpScreens(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers);
  ~TcpScreens() override;
  void open(ScreenTarget target, std::function<void(Result<run::Fd>)> done) override;
  void thumbnail(ScreenTarget target, std::function<void(Result<std::string>)> done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::relay
