// ScreenDriver: one Screen between its two sockets. Reads a side only while the screen has room for it, writes what
// waits, sleeps until the screen's deadline. Threads: the loop's. Ownership: kept alive by its own waits until it is
// done; the observer is borrowed until on_ended(). Memory: none of its own but what a peer's stream holds back; all
// screens of a loop read into one buffer. Errors: a peer's faults end this screen alone.
#pragma once
#include "programs/relay/browser_socket.hpp"
#include "run/asio_fwd.hpp"
#include "run/link.hpp"
#include "run/services.hpp"
#include "screens/screen.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::relay {

class ScreenDriver {
 public:
  struct Observer {
    virtual ~Observer() = default;
    virtual void on_notices(std::uint64_t console, const std::vector<rfb::Notice>& notices) = 0;
    /// The person typed or pointed; at most every kUsedEvery.
    virtual void on_used(std::uint64_t console) = 0;
    /// The screen has ended; the browser may still be reading its last words.
    virtual void on_ended(std::uint64_t console, const screens::ScreenEnd& why, std::uint64_t from_browser,
                          std::uint64_t from_guest) = 0;
  };
  static constexpr std::size_t kBuffer = 65536;
  static constexpr Seconds kUsedEvery{10};
  using Buffer = std::shared_ptr<std::vector<std::byte>>;  ///< shared by the screens of a loop
  [[nodiscard]] static Buffer make_buffer() { return std::make_shared<std::vector<std::byte>>(kBuffer); }

  /// `first`: what the browser has already sent behind its request; `greeting`: the 101 answer.
  static std::shared_ptr<ScreenDriver> start(std::uint64_t console, const run::Clock& clock, run::Timers& timers,
                                             BrowserSocket browser, run::Fd guest, screens::ScreenOptions options,
                                             std::shared_ptr<screens::Tape> tape, std::string greeting,
                                             std::vector<std::byte> first, Buffer buffer, Observer& observer);
  /// The gate's wish.
  void end(std::string_view code);
  /// Both sockets are closed at once, nothing more is told.
  void drop();
  /// The tape's state may have changed.
  void look();

 private:
  struct Inside;
  explicit ScreenDriver(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}
  std::shared_ptr<Inside> inside_;
};

}  // namespace sekisho::relay
