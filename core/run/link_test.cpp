#include "run/link.hpp"

#include "run/testing/fake_services.hpp"
#include "run/testing/memory_link.hpp"
#include "run/testing/recording_handler.hpp"

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace sekisho::run {
namespace {

using testing::RecordingHandler;

/// Both kinds of links keep the same promises; what differs is how the loop is driven.
struct Ends {
  virtual ~Ends() = default;
  virtual void settle() = 0;
  RecordingHandler left, right;
  std::unique_ptr<seam::Link> a, b;
};

struct SocketEnds final : Ends {
  SocketEnds() {
    auto pair = make_link_pair();
    SEKISHO_ASSERT(pair);
    a = open_link(loop, std::move((*pair)[0]), left);
    b = open_link(loop, std::move((*pair)[1]), right);
  }
  ~SocketEnds() override { a.reset(), b.reset(), settle(); }
  void settle() override {
    loop.restart();
    while (loop.poll() > 0) loop.restart();
  }
  boost::asio::io_context loop;
};

struct MemoryEnds final : Ends {
  MemoryEnds() {
    auto links = testing::make_memory_links(fake.timers, left, right);
    a = std::move(links.first);
    b = std::move(links.second);
  }
  ~MemoryEnds() override { a.reset(), b.reset(); }
  void settle() override { fake.timers.settle(); }
  testing::FakeServices fake;
};

template <class E>
class Links : public ::testing::Test {
 public:
  E ends;
};
using Kinds = ::testing::Types<SocketEnds, MemoryEnds>;
TYPED_TEST_SUITE(Links, Kinds);

Fd pipe_end() {
  std::array<int, 2> ends{};
  SEKISHO_ASSERT(pipe2(ends.data(), O_CLOEXEC) == 0);
  ::close(ends[0]);
  return Fd(ends[1]);
}

ino_t inode(int fd) {
  struct stat about {};
  SEKISHO_ASSERT(fstat(fd, &about) == 0);
  return about.st_ino;
}

/// One raw end, so that a test can say what no Link says.
struct Raw : ::testing::Test {
  Raw() {
    auto pair = make_link_pair();
    SEKISHO_ASSERT(pair);
    raw = std::move((*pair)[0]);
    link = open_link(loop, std::move((*pair)[1]), user);
  }
  void settle() {
    loop.restart();
    while (loop.poll() > 0) loop.restart();
  }
  void say(std::span<const std::byte> bytes, std::size_t descriptors) {
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    std::vector<Fd> fds;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(64 * sizeof(int))> control{};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    if (descriptors > 0) {
      head.msg_control = control.data();
      head.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
      cmsghdr* rights = CMSG_FIRSTHDR(&head);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
      for (std::size_t i = 0; i < descriptors; ++i) {
        fds.push_back(pipe_end());
        const int fd = fds.back().get();
        memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof(fd));
      }
    }
    ASSERT_EQ(sendmsg(raw.get(), &head, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())) << strerror(errno);
  }
  void say(const seam::Message& message, std::size_t descriptors = 0) {
    say(seam::encode(message)->bytes(), descriptors);
  }
  static std::size_t open_descriptors() {
    std::size_t count = 0;
    for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  }

  boost::asio::io_context loop;
  RecordingHandler user;
  Fd raw;
  std::unique_ptr<seam::Link> link;
};

}  // namespace

TYPED_TEST(Links, CarryMessagesInOrderBothWays) {
  auto& ends = this->ends;
  for (std::uint64_t i = 0; i < 1000; ++i) ends.a->send(seam::Heartbeat{i});
  ends.b->send(seam::Hello{1, "netd", "", "1"});
  EXPECT_TRUE(ends.right.messages.empty());  // never inside send()
  ends.settle();
  ASSERT_EQ(ends.right.messages.size(), 1000u);
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(ends.right.template as<seam::Heartbeat>(i).generation, i);
  ASSERT_EQ(ends.left.messages.size(), 1u);
  EXPECT_EQ(ends.left.template as<seam::Hello>(0).role, "netd");
}

TYPED_TEST(Links, CarryTheLargestPacket) {
  auto& ends = this->ends;
  seam::DesiredNet net{7, "sekisho0", {}};
  while (seam::encode(net)) net.rights.resize(net.rights.size() + 16, {"10.202.0.2", {{"10.202.0.1", 443, 6}}, 120});
  net.rights.resize(net.rights.size() - 16);
  ASSERT_GT(seam::encode(net)->bytes().size(), seam::kMaxPacket - 1024);
  for (int i = 0; i < 8; ++i) ends.a->send(net);
  ends.settle();
  ASSERT_EQ(ends.right.messages.size(), 8u);
  EXPECT_EQ(ends.right.template as<seam::DesiredNet>(7).rights, net.rights);
}

TYPED_TEST(Links, HandADescriptorOver) {
  auto& ends = this->ends;
  Fd end = pipe_end();
  const ino_t which = inode(end.get());
  ends.a->send_with_fd(seam::Handover{"tun", "sekisho0"}, end.release());
  ends.a->send(seam::Handover{"end", ""});
  ends.settle();
  ASSERT_EQ(ends.right.messages.size(), 2u);
  ASSERT_GE(ends.right.fds[0], 0);
  EXPECT_EQ(inode(ends.right.fds[0]), which);
  EXPECT_EQ(fcntl(ends.right.fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(ends.right.fds[1], -1);
}

TYPED_TEST(Links, TellTheOtherSideOfTheEndAfterWhatWasSent) {
  auto& ends = this->ends;
  ends.a->send(seam::Heartbeat{1});
  ends.a->close();
  ends.a->send(seam::Heartbeat{2});
  ends.settle();
  EXPECT_EQ(ends.right.messages.size(), 1u);
  EXPECT_EQ(ends.right.closed, std::vector<std::string>{"the peer closed the link"});
  EXPECT_TRUE(ends.left.closed.empty());  // who closes knows
}

TYPED_TEST(Links, MayBeDestroyedInsideTheirOwnCallbacks) {
  auto& ends = this->ends;
  ends.right.then = [&] { ends.b.reset(); };
  ends.a->send(seam::Heartbeat{1});
  ends.a->send(seam::Heartbeat{2});
  ends.settle();
  EXPECT_EQ(ends.right.messages.size(), 1u);
  EXPECT_TRUE(ends.right.closed.empty());
  EXPECT_EQ(ends.left.closed.size(), 1u);
}

TYPED_TEST(Links, DropARequestThatDoesNotFitAndCloseOnAnythingElse) {
  auto& ends = this->ends;
  Arrival arrival;
  arrival.user_agent = std::string(5000, 'x');
  ends.a->send(seam::Request{1, LogoutSession{Secret("c"), arrival}});
  ends.a->send(seam::Heartbeat{1});
  ends.settle();
  ASSERT_EQ(ends.right.messages.size(), 1u);
  EXPECT_TRUE(ends.left.closed.empty());
  ends.a->send(seam::EntranceEnd{std::string(5000, 'x')});
  ends.settle();
  EXPECT_EQ(ends.left.closed, std::vector<std::string>{"a message of ours did not fit"});
  EXPECT_EQ(ends.right.closed.size(), 1u);
}

TEST_F(Raw, APeerThatDoesNotReadIsClosedAtFourMebibytes) {
  const seam::NetApplied large{1, false, std::string(4000, 'x')};
  std::size_t sent = 0;
  while (user.closed.empty() && sent < 4000) {
    link->send(large);
    ++sent;
    if (sent % 100 == 0) settle();
  }
  EXPECT_EQ(user.closed, std::vector<std::string>{"the peer does not read: 4 MiB are waiting"});
  EXPECT_GT(sent * 4000, kLinkQueueBytes - 8192);
}

TEST_F(Raw, APeerThatReadsLateGetsEverything) {
  for (std::uint64_t i = 0; i < 800; ++i) link->send(seam::NetApplied{i, false, std::string(4000, 'x')});
  settle();
  std::vector<std::byte> packet(seam::kMaxPacket);
  for (std::uint64_t i = 0; i < 800; ++i) {
    const ssize_t got = recv(raw.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    ASSERT_GT(got, 0) << i;
    EXPECT_EQ(std::get<seam::NetApplied>(*seam::decode(std::span(packet).first(static_cast<std::size_t>(got)))).number,
              i);
    settle();
  }
  EXPECT_TRUE(user.closed.empty());
}

TEST_F(Raw, MalformedPacketsEndTheLink) {
  say(seam::Heartbeat{1});
  say(std::vector<std::byte>{std::byte{250}}, 0);
  say(seam::Heartbeat{2});
  settle();
  EXPECT_EQ(user.messages.size(), 1u);
  ASSERT_EQ(user.closed.size(), 1u);
  EXPECT_EQ(user.closed[0], "malformed: an unknown kind");
  EXPECT_LT(send(raw.get(), "x", 1, MSG_NOSIGNAL), 0);
}

TEST_F(Raw, PacketsOverTheCapEndTheLink) {
  say(std::vector<std::byte>(seam::kMaxPacket + 1), 0);
  settle();
  EXPECT_EQ(user.closed, std::vector<std::string>{"a packet too large"});
}

TEST_F(Raw, DescriptorsThatNobodyAskedForAreClosed) {
  const std::size_t before = open_descriptors();
  say(seam::Heartbeat{1}, 1);
  settle();
  EXPECT_EQ(user.closed, std::vector<std::string>{"a descriptor where none belongs"});
  EXPECT_TRUE(user.messages.empty());
  EXPECT_EQ(open_descriptors(), before - 1);  // only the link's own end is gone
}

TEST_F(Raw, AScreensAnswerCarriesItsDescriptorAndNoQuestionDoes) {
  say(seam::ScreenAnswer{1, "my_number", true, {}, {}}, 1);
  settle();
  ASSERT_EQ(user.messages.size(), 1u);
  EXPECT_GE(user.fds.at(0), 0);
  EXPECT_TRUE(user.closed.empty());
  say(seam::ScreenAsk{1, "my_number", "servers", "S", {}, {}, {}}, 1);
  settle();
  EXPECT_EQ(user.closed, std::vector<std::string>{"a descriptor where none belongs"});
}

TEST_F(Raw, TwoDescriptorsEndTheLinkAndAreClosed) {
  const std::size_t before = open_descriptors();
  say(seam::Handover{"tun", "t"}, 2);
  settle();
  EXPECT_EQ(user.closed, std::vector<std::string>{"a descriptor where none belongs"});
  EXPECT_EQ(open_descriptors(), before - 1);
}

TEST_F(Raw, MoreDescriptorsThanLookedAtEndTheLinkAndAreClosed) {
  const std::size_t before = open_descriptors();
  say(seam::Handover{"tun", "t"}, 64);
  settle();
  EXPECT_EQ(user.closed, std::vector<std::string>{"a packet too large"});
  EXPECT_EQ(open_descriptors(), before - 1);
}

}  // namespace sekisho::run
