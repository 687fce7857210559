// Watch: a descriptor that the loop looks at only while somebody waits for it. Asio keeps what it was given in its
// epoll set, where every packet wakes the loop whether anybody waits or not; a socket that is left alone
// (read_pace.hpp) has to leave that set. Threads: the loop's. Ownership: the descriptor is its own; the loop is
// borrowed. Errors: false where the loop cannot watch (no memory, or the user's epoll watches are used up): the caller
// comes again by a timer.
#pragma once
#include "run/link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <utility>

namespace sekisho::front {

class Watch {
 public:
  using Descriptor = boost::asio::posix::stream_descriptor;
  using Ready = Descriptor::wait_type;

  explicit Watch(boost::asio::io_context& loop) : descriptor_(loop) {}
  ~Watch() { close(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Takes the descriptor; false: it cannot be watched, and is closed.
  [[nodiscard]] bool open(run::Fd fd) {
    fd_ = std::move(fd);
    if (watched()) return true;
    fd_ = run::Fd();
    return false;
  }
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// `handler(error)` on the loop, once; it keeps this object alive. False: it will not be called.
  template <class Handler>
  [[nodiscard]] bool wait(Ready ready, Handler handler) {
    if (!watched()) return false;
    ++waiting_;
    descriptor_.async_wait(ready, [this, handler = std::move(handler)](boost::system::error_code error) mutable {
      --waiting_;
      handler(error);
    });
    return true;
  }

  /// Out of the loop's sight until the next wait(); not while somebody waits.
  void leave_alone() {
    if (waiting_ == 0 && descriptor_.is_open()) static_cast<void>(descriptor_.release());
  }

  /// Who waits hears of it (operation_aborted).
  void close() {
    if (descriptor_.is_open()) static_cast<void>(descriptor_.release());
    fd_ = run::Fd();
  }

 private:
  bool watched() {
    if (!fd_) return false;
    if (descriptor_.is_open()) return true;
    boost::system::error_code failed;
    descriptor_.assign(fd_.get(), failed);
    return !failed;
  }

  run::Fd fd_;
  Descriptor descriptor_;
  int waiting_ = 0;
};

}  // namespace sekisho::front
