#include "run/link.hpp"

#include "run/link_packet.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/descriptor_base.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sekisho::run {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() {
  return std::exchange(fd_, -1);
}

void Fd::reset() {
  if (fd_ >= 0) ::close(release());
}

Result<std::array<Fd, 2>> make_link_pair() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    return fail("run.link", strerror(errno));
  }
  return std::array<Fd, 2>{Fd(ends[0]), Fd(ends[1])};
}

int send_packet(int socket, std::span<const std::byte> packet, int pass) {
  iovec part{const_cast<std::byte*>(packet.data()), packet.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  if (pass >= 0) {
    head.msg_control = control.data();
    head.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&head);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &pass, sizeof(pass));
  }
  for (;;) {
    if (sendmsg(socket, &head, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

namespace {

constexpr std::size_t kDescriptorsLookedAt = 8;  // more in one packet is cut off by the kernel and closes the link
constexpr int kPacketsPerTurn = 64;

/// Lives as long as a wait is in flight; `handler` is null once nobody may be called any more.
class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(boost::asio::io_context& loop, Fd fd, seam::Link::Handler& handler)
      : loop_(loop), socket_(loop), handler_(&handler), buffer_(seam::kMaxPacket) {
    const int raw = fd.release();
    fcntl(raw, F_SETFL, fcntl(raw, F_GETFL) | O_NONBLOCK);
    socket_.assign(raw);
  }

  void wait_read() {
    if (!socket_.is_open()) return;
    socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (!error) self->read();
                       });
  }

  void send(const seam::Message& message, Fd fd) {
    if (!socket_.is_open() || ended_) return;
    auto packet = seam::encode(message);
    if (!packet) {
      // A stranger's words that do not fit get no answer; anything else that does not fit must not be silently lost.
      if (!std::holds_alternative<seam::Request>(message)) end_soon("a message of ours did not fit");
      return;
    }
    const std::size_t size = packet->bytes().size();
    if (queued_bytes_ + size > kLinkQueueBytes) return end_soon("the peer does not read: 4 MiB are waiting");
    queued_bytes_ += size;
    queue_.push_back({std::move(*packet), std::move(fd)});
    if (!waiting_to_write_) flush();
  }

  /// Silent: nobody is called any more.
  void shut() {
    handler_ = nullptr;
    release();
  }

 private:
  struct Waiting {
    seam::Packet packet;
    Fd fd;
  };

  void release() {
    boost::system::error_code ignored;
    if (socket_.is_open()) socket_.close(ignored);
    queue_.clear();
    queued_bytes_ = 0;
  }

  void end(std::string why) {
    release();
    if (auto* handler = std::exchange(handler_, nullptr)) handler->on_closed(why);
  }
  void end_soon(std::string why) {
    if (std::exchange(ended_, true)) return;
    boost::asio::post(loop_, [self = shared_from_this(), why = std::move(why)] { self->end(why); });
  }

  void flush() {
    while (!queue_.empty()) {
      const auto& next = queue_.front();
      const int error = send_packet(socket_.native_handle(), next.packet.bytes(), next.fd.get());
      if (error == EAGAIN || error == ENOBUFS) {
        waiting_to_write_ = true;
        socket_.async_wait(boost::asio::posix::descriptor_base::wait_write,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             self->waiting_to_write_ = false;
                             if (!error && self->socket_.is_open()) self->flush();
                           });
        return;
      }
      if (error != 0) return end_soon(std::string("sending failed: ") + strerror(error));
      queued_bytes_ -= next.packet.bytes().size();
      queue_.pop_front();
    }
  }

  void read() {
    const auto self = shared_from_this();  // a handler may destroy the link
    for (int turn = 0; turn < kPacketsPerTurn && handler_ != nullptr && socket_.is_open(); ++turn) {
      if (!read_one()) return;
    }
    if (handler_ != nullptr) wait_read();
  }

  /// False when there is nothing more to do in this turn.
  bool read_one() {
    iovec part{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsLookedAt * sizeof(int))> control{};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    head.msg_control = control.data();
    head.msg_controllen = control.size();
    const ssize_t got = recvmsg(socket_.native_handle(), &head, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) return true;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return wait_read(), false;
    if (got < 0) return end(std::string("receiving failed: ") + strerror(errno)), false;

    std::vector<Fd> fds;
    for (cmsghdr* c = CMSG_FIRSTHDR(&head); c != nullptr; c = CMSG_NXTHDR(&head, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int raw = -1;
        memcpy(&raw, CMSG_DATA(c) + i * sizeof(int), sizeof(raw));
        fds.emplace_back(raw);
      }
    }
    if (got == 0) return end("the peer closed the link"), false;
    if ((head.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return end("a packet too large"), false;

    auto message = seam::decode(std::span(buffer_).first(static_cast<std::size_t>(got)));
    wipe(buffer_.data(), static_cast<std::size_t>(got));
    if (!message) return end("malformed: " + message.error().detail), false;
    if (fds.size() > 1 || (!fds.empty() && !seam::carries_descriptor(*message))) {
      return end("a descriptor where none belongs"), false;
    }
    handler_->on_message(std::move(*message), fds.empty() ? -1 : fds.front().release());
    return true;
  }

  boost::asio::io_context& loop_;
  boost::asio::posix::stream_descriptor socket_;
  seam::Link::Handler* handler_;
  std::vector<std::byte> buffer_;
  std::deque<Waiting> queue_;
  std::size_t queued_bytes_ = 0;
  bool waiting_to_write_ = false, ended_ = false;
};

class SocketLink final : public seam::Link {
 public:
  SocketLink(boost::asio::io_context& loop, Fd fd, Handler& handler)
      : core_(std::make_shared<Core>(loop, std::move(fd), handler)) {
    core_->wait_read();
  }
  ~SocketLink() override { core_->shut(); }
  SocketLink(const SocketLink&) = delete;
  SocketLink& operator=(const SocketLink&) = delete;
  void send(const seam::Message& message) override { core_->send(message, Fd()); }
  void send_with_fd(const seam::Message& message, int fd) override {
    Fd owned(fd);
    SEKISHO_ASSERT(seam::carries_descriptor(message));
    core_->send(message, std::move(owned));
  }
  void close() override { core_->shut(); }

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<seam::Link> open_link(boost::asio::io_context& loop, Fd fd, seam::Link::Handler& handler) {
  return std::make_unique<SocketLink>(loop, std::move(fd), handler);
}

}  // namespace sekisho::run
