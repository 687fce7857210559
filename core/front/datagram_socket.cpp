#include "front/datagram_socket.hpp"

#include "front/events.hpp"
#include "front/read_pace.hpp"
#include "front/watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

// Older C library headers lack them.
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace sekisho::front {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

/// The places are no power of two apart, or the beginnings of all of them would share a few lines of the cache.
constexpr std::size_t kMessages = 32, kMessageBytes = 65'536, kMessageStride = kMessageBytes + 1'536;
constexpr int kBatchesPerEvent = 2;
constexpr std::chrono::milliseconds kRest{100};
/// udp(7): at most 64 segments and 65,507 bytes in one call.
constexpr std::size_t kSegments = 64, kSegmentBytes = 65'000;
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int));

sockaddr_storage to_socket(const DatagramPeer& peer, socklen_t& size) {
  sockaddr_storage out{};
  if (peer.ipv6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(peer.port);
    memcpy(&v6.sin6_addr, peer.address.data(), 16);
    size = sizeof(v6);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(peer.port);
    memcpy(&v4.sin_addr, peer.address.data(), 4);
    size = sizeof(v4);
  }
  return out;
}

bool from_socket(const sockaddr_storage& from, DatagramPeer& out) {
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    out.port = ntohs(v4.sin_port);
    memcpy(out.address.data(), &v4.sin_addr, 4);
    return true;
  }
  if (from.ss_family != AF_INET6) return false;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
  out.ipv6 = true;
  out.port = ntohs(v6.sin6_port);
  memcpy(out.address.data(), &v6.sin6_addr, 16);
  return true;
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/// What the kernel has glued together, as one datagram's size; 0: nothing.
std::size_t glued_size(msghdr& message) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_UDP || at->cmsg_type != UDP_GRO) continue;
    int size = 0;
    memcpy(&size, CMSG_DATA(at), sizeof(size));
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  return 0;
}

}  // namespace

struct DatagramSocket::State final : DatagramSender, std::enable_shared_from_this<State> {
  State(asio::io_context& l, run::Fd socket, DatagramDoor::Parts p, Engine& e)
      : loop(l),
        parts(p),
        engine(e),
        watch(l),
        buffers(kMessages * kMessageStride),
        door(std::make_unique<DatagramDoor>(std::move(p), e, *this)) {
    if (!watch.open(std::move(socket))) {  // out of memory or of the user's watches: clients use TLS
      parts.log.event(kDatagramsPaused, {{"path", parts.path_name}, {"error", "cannot be watched"}});
      closing = true;
      return;
    }
    const int fd = watch.fd();
    gro = set_option(fd, SOL_UDP, UDP_GRO, 1);
    gso = set_option(fd, SOL_UDP, UDP_SEGMENT, 0);
    // Never "do not fragment": a path that is narrower than 1,500 bytes costs fragments, not the tunnel.
    set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    for (std::size_t i = 0; i < kMessages; ++i) {
      places[i] = {buffers.data() + i * kMessageStride, kMessageBytes};
      messages[i].msg_hdr.msg_iov = &places[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &names[i];
    }
    parts.log.event(kDatagramsServing, {{"path", parts.path_name}, {"gso", gso}, {"gro", gro}});
  }

  asio::io_context& loop;
  const DatagramDoor::Parts parts;
  Engine& engine;
  Watch watch;
  bool gso = false, gro = false, writing = false, closing = false, posted = false;
  run::Timers::Id rest = 0;
  ReadPace pace;
  std::vector<std::byte> buffers;
  std::array<mmsghdr, kMessages> messages{};
  std::array<iovec, kMessages> places{};
  std::array<sockaddr_storage, kMessages> names{};
  std::array<std::array<char, kControlBytes>, kMessages> controls{};
  std::unique_ptr<DatagramDoor> door;

  // --- receiving
  void wait_readable() {
    const bool waits = watch.wait(stream_descriptor::wait_read, [self = shared_from_this()](error_code error) {
      if (error || self->closing) return;
      self->on_readable();
    });
    if (!waits) look_again(kRest);
  }
  void look_again(std::chrono::microseconds in) {
    rest = parts.timers.at(parts.clock.now() + in, [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && !self->closing) self->on_readable();
    });
  }

  void on_readable() {
    int failed = 0;
    std::size_t datagrams = 0;
    posted = true;  // service() below
    bool drained = false;
    const Instant now = parts.clock.now();
    for (int turn = 0; turn < kBatchesPerEvent && failed == 0 && !drained; ++turn) {
      const int count = receive(failed);
      for (int i = 0; i < count; ++i) datagrams += take(messages[static_cast<std::size_t>(i)], now);
      drained = count < static_cast<int>(kMessages);
    }
    engine.flush();
    posted = false;
    door->service();
    if (failed != 0) {
      parts.log.event(kDatagramsPaused, {{"path", parts.path_name}, {"error", strerror(failed)}});
      watch.leave_alone();
      return look_again(kRest);
    }
    const auto pause = pace.after(now, datagrams);
    if (pause == ReadPace::kNone || !drained) return wait_readable();
    watch.leave_alone();
    look_again(pause);
  }

  int receive(int& failed) {
    for (std::size_t i = 0; i < kMessages; ++i) {
      msghdr& header = messages[i].msg_hdr;
      header.msg_namelen = sizeof(names[i]);
      header.msg_control = controls[i].data();
      header.msg_controllen = controls[i].size();
      header.msg_flags = 0;
    }
    const int count = recvmmsg(watch.fd(), messages.data(), kMessages, MSG_DONTWAIT, nullptr);
    if (count >= 0) return count;
    // An ICMP answer to what we sent is no fault of the socket.
    if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != ENETUNREACH) {
      failed = errno;
    }
    return 0;
  }

  /// How many datagrams it was.
  std::size_t take(mmsghdr& message, Instant now) {
    DatagramPeer from;
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) return 1;
    if (!from_socket(*static_cast<sockaddr_storage*>(message.msg_hdr.msg_name), from)) return 1;
    std::size_t count = 0;
    auto bytes = std::span(static_cast<const std::byte*>(message.msg_hdr.msg_iov->iov_base), message.msg_len);
    const std::size_t glued = glued_size(message.msg_hdr);
    const std::size_t each = glued == 0 ? bytes.size() : glued;
    while (!bytes.empty()) {
      const auto datagram = bytes.first(std::min(each, bytes.size()));
      bytes = bytes.subspan(datagram.size());
      ++count;
      if (datagram.size() <= kLargestIn) door->on_datagram(from, datagram, now);
    }
    return count;
  }
  static constexpr std::size_t kLargestIn = 16'384;

  // --- sending
  std::size_t send(const DatagramPeer& to, std::span<const std::byte> bytes,
                   std::span<const std::uint16_t> sizes) override {
    socklen_t name_size = 0;
    sockaddr_storage name = to_socket(to, name_size);
    std::size_t taken = 0;
    while (taken < sizes.size()) {
      // A run of equal datagrams, the last of which may be shorter.
      const std::size_t each = sizes[taken];
      std::size_t count = 1, length = each;
      while (gso && taken + count < sizes.size() && count < kSegments && sizes[taken + count] <= each &&
             length + sizes[taken + count] <= kSegmentBytes) {
        length += sizes[taken + count++];
        if (sizes[taken + count - 1] < each) break;
      }
      if (!send_run(name, name_size, bytes.first(length), each, count)) {
        if (errno == EAGAIN || errno == ENOBUFS) break;
        if (count > 1 && (errno == EINVAL || errno == EMSGSIZE || errno == EIO)) {
          // This way out takes no runs (a narrow device, no checksums in it): one by one.
          if (errno == EIO) gso = false;
          if (!send_singly(name, name_size, bytes, sizes.subspan(taken, count))) break;
        }
        // Anything else loses the datagram, as the network may.
      }
      taken += count;
      bytes = bytes.subspan(length);
    }
    if (taken < sizes.size()) wait_writable();
    return taken;
  }

  bool send_run(sockaddr_storage& name, socklen_t name_size, std::span<const std::byte> bytes, std::size_t each,
                std::size_t count) {
    iovec place{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_name = &name;
    message.msg_namelen = name_size;
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    if (count > 1) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* segment = CMSG_FIRSTHDR(&message);
      segment->cmsg_level = SOL_UDP;
      segment->cmsg_type = UDP_SEGMENT;
      segment->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
      const auto size = static_cast<std::uint16_t>(each);
      memcpy(CMSG_DATA(segment), &size, sizeof(size));
    }
    ssize_t done = -1;
    do done = sendmsg(watch.fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (done < 0 && errno == EINTR);
    return done >= 0;
  }

  /// What the socket does not take now is lost: a run that went half is not begun again. False: nothing went.
  bool send_singly(sockaddr_storage& name, socklen_t name_size, std::span<const std::byte> bytes,
                   std::span<const std::uint16_t> sizes) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto one = bytes.first(sizes[i]);
      bytes = bytes.subspan(sizes[i]);
      if (!send_run(name, name_size, one, one.size(), 1) && (errno == EAGAIN || errno == ENOBUFS)) return i > 0;
    }
    return true;
  }

  void wait_writable() {
    if (std::exchange(writing, true)) return;
    auto go_on = [self = shared_from_this()](error_code error) {
      self->writing = false;
      if (error || self->closing) return;
      self->door->writable();
    };
    if (watch.wait(stream_descriptor::wait_write, go_on)) return;
    parts.timers.at(parts.clock.now() + kRest, [go_on = std::move(go_on)] { go_on({}); });
  }

  void wake() override {
    if (std::exchange(posted, true)) return;
    asio::post(loop, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->closing) return;
      self->posted = false;
      self->engine.flush();
      self->door->service();
    });
  }
};

DatagramSocket::DatagramSocket(asio::io_context& loop, run::Fd socket, DatagramDoor::Parts parts, Engine& engine)
    : state_(std::make_shared<State>(loop, std::move(socket), std::move(parts), engine)) {
  if (!state_->closing) state_->wait_readable();
}

DatagramSocket::~DatagramSocket() {
  state_->closing = true;
  state_->parts.timers.cancel(state_->rest);
  state_->watch.close();
  state_->door.reset();  // its drivers go before the engine; what is posted may keep the state a little longer
}

const DatagramDoor& DatagramSocket::door() const {
  return *state_->door;
}

}  // namespace sekisho::front
