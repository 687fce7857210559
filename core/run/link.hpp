// Links between processes over SOCK_SEQPACKET pairs (seam/codec.hpp), driven by an Asio loop.
// Threads: everything on the loop's thread; callbacks come there, never inside the caller's own send() or close().
// Ownership: open_link() takes `fd`; the handler is borrowed and must live until on_closed() has come or the link has
// been destroyed or closed. A handler may destroy its link inside its own callbacks. Ends of a link, as on_closed()
// tells them: the peer closed; a packet was malformed, too long, or carried a descriptor where none belongs; 4 MiB were
// waiting; a message of ours did not fit (only a Request, which holds strangers' words, is dropped instead). Source:
// design.md "The seam".
#pragma once
#include "run/asio_fwd.hpp"
#include "seam/codec.hpp"

#include <sekisho/sdk/result.hpp>

#include <array>
#include <cstddef>
#include <memory>

namespace sekisho::run {

inline constexpr std::size_t kLinkQueueBytes = 4u << 20;

/// Owns one file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release();
  void reset();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Two connected ends, close-on-exec and non-blocking. Errors: run.link.
[[nodiscard]] Result<std::array<Fd, 2>> make_link_pair();

[[nodiscard]] std::unique_ptr<seam::Link> open_link(boost::asio::io_context& loop, Fd fd, seam::Link::Handler& handler);

}  // namespace sekisho::run
