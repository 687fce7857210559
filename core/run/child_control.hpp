// ChildControl: the child's side of the supervisor's protocol (README.md, "A child of the supervisor"). The supervisor
// hands over listeners and links on fd 3; the child answers Ready once it has all and serves.
// Threads: the loop's thread. Ownership: `loop` and the handler are borrowed; each descriptor belongs to the handler.
// Errors: on_supervisor_gone() comes once, when the control link ends or breaks the protocol: the child then stops.
#pragma once
#include "run/asio_fwd.hpp"
#include "run/link.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sekisho::run {

/// In front of the address, in the name of a listener that is a bound UDP socket.
inline constexpr std::string_view kDatagramListener = "udp/";

class ChildControl final : private seam::Link::Handler {
 public:
  struct Handler {
    virtual ~Handler() = default;
    /// `address` is "address:port" as the configuration writes it, perhaps behind kDatagramListener, or "control".
    /// Already listening or about to: accept from it like from any other listener.
    virtual void on_listener(std::string address, Fd fd) = 0;
    /// A fresh link to the process `name`: open it with open_link() and drop any older one to that process.
    virtual void on_link(std::string name, Fd fd) = 0;
    /// Everything that the supervisor gives at the start has come. Comes once; on_link() may still come at any time
    /// later, when a neighbour was restarted.
    virtual void on_complete() = 0;
    virtual void on_supervisor_gone(std::string_view why) = 0;
  };

  static constexpr int kControlFd = 3;
  ChildControl(boost::asio::io_context& loop, Handler& handler, int fd = kControlFd);
  ~ChildControl() override;
  ChildControl(const ChildControl&) = delete;
  ChildControl& operator=(const ChildControl&) = delete;

  /// "Everything opened, sandbox closed, serving." Once.
  void ready();

 private:
  void on_message(seam::Message message, int fd) override;
  void on_closed(std::string_view why) override;
  Handler& handler_;
  std::unique_ptr<seam::Link> link_;
  bool complete_ = false, ready_ = false;
};

}  // namespace sekisho::run
