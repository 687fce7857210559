// The kernel is asked: openings of a barred source to a front's port are not there, and nothing else is touched.
#include "netd/testing/real_netd.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <vector>

namespace sekisho::netd {
namespace {

using namespace testing;

constexpr std::uint16_t kFront = 8443, kOther = 8022;
constexpr const char* kBad = "127.0.0.66";
constexpr const char* kGood = "127.0.0.67";

std::vector<NetPath> with_front() {
  auto paths = test_paths();
  paths.front().front_ports = {kFront};
  return paths;
}

/// A listener on the loopback of this namespace, and those who come to it from its addresses.
class Door {
 public:
  Door(RealNetd& house, const std::string& address, std::uint16_t port) : house_(house), where_(at(address, port)) {
    listener_ = run::Fd(::socket(where_.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(listener_.get(), general(where_), sizeof(where_)), 0) << address;
    EXPECT_EQ(::listen(listener_.get(), 64), 0);
  }
  [[nodiscard]] run::Fd come_from(const std::string& source) {
    run::Fd fd(::socket(where_.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    auto own = at(source, 0);
    EXPECT_EQ(::bind(fd.get(), general(own), sizeof(own)), 0) << source;
    static_cast<void>(::connect(fd.get(), general(where_), sizeof(where_)));
    return fd;
  }
  /// Whether the opening became a connection: either it does, or the kernel counts it as one that it left unanswered.
  /// A busy kernel carries a handshake over the loopback later than within connect().
  [[nodiscard]] bool answers(const std::string& source) {
    const std::uint64_t before = house_.count("barred");
    const auto fd = come_from(source);
    pollfd look{.fd = fd.get(), .events = POLLOUT, .revents = 0};
    for (int left = 1000; left > 0; --left) {
      if (::poll(&look, 1, 10) == 1) return (look.revents & (POLLERR | POLLHUP)) == 0;
      if (house_.count("barred") != before) return false;
    }
    ADD_FAILURE() << source << " was neither answered nor counted";
    return false;
  }
  [[nodiscard]] run::Fd accept() {
    pollfd look{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&look, 1, 10'000), 1);
    return run::Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  }

 private:
  static sockaddr* general(sockaddr_storage& of) { return reinterpret_cast<sockaddr*>(&of); }
  static sockaddr_storage at(const std::string& text, std::uint16_t port) {
    sockaddr_storage out{};
    if (auto* v4 = reinterpret_cast<sockaddr_in*>(&out); inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = htons(port);
    } else if (auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
               inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(port);
    }
    return out;
  }
  RealNetd& house_;
  sockaddr_storage where_;
  run::Fd listener_;
};

}  // namespace

TEST_F(InNamespace, OpeningsOfABarredSourceAreLeftUnansweredAndCounted) {
  RealNetd house(with_front());
  Door front(house, "127.0.0.1", kFront), other(house, "127.0.0.1", kOther);
  ASSERT_TRUE(front.answers(kBad));
  house.bar({{kBad, 600}});
  EXPECT_FALSE(front.answers(kBad));
  EXPECT_EQ(house.count("barred"), 1u);
  EXPECT_TRUE(front.answers(kGood));
  EXPECT_TRUE(other.answers(kBad)) << "another service of this machine";
  house.bar({{kBad, 0}, {kGood, 600}});
  EXPECT_TRUE(front.answers(kBad)) << "it is free again";
  EXPECT_FALSE(front.answers(kGood));
  house.bar({{"192.0.2.1", 0}});
  EXPECT_FALSE(house.log.has("netd.not_barred")) << "to free who is not barred is no fault";
}

TEST_F(InNamespace, AConnectionThatStandsGoesOnAlthoughItsSourceIsBarred) {
  RealNetd house(with_front());
  Door front(house, "127.0.0.1", kFront);
  const auto from = front.come_from(kBad);
  const auto to = front.accept();
  house.bar({{kBad, 600}});
  ASSERT_FALSE(front.answers(kBad));
  ASSERT_EQ(::send(from.get(), "hello", 5, MSG_NOSIGNAL), 5);
  EXPECT_EQ(received(to.get()), "hello");
  ASSERT_EQ(::send(to.get(), "hi", 2, MSG_NOSIGNAL), 2);
  EXPECT_EQ(received(from.get()), "hi");
}

TEST_F(InNamespace, AnIpv6NetworkIsBarredAsAWhole) {
  RealNetd house(with_front());
  if (!give_ipv6("lo", "2001:db8:1:2::1") || !give_ipv6("lo", "2001:db8:1:2:3:4:5:6") ||
      !give_ipv6("lo", "2001:db8:1:3::1")) {
    GTEST_SKIP() << "this kernel has no IPv6";
  }
  Door front(house, "2001:db8:1:2::1", kFront);
  ASSERT_TRUE(front.answers("2001:db8:1:2:3:4:5:6"));
  house.bar({{"2001:db8:1:2::", 600}});
  EXPECT_FALSE(front.answers("2001:db8:1:2:3:4:5:6"));
  EXPECT_TRUE(front.answers("2001:db8:1:3::1"));
}

TEST_F(InNamespace, ABarIsNoChangeOfTheTableAndEndsByItself) {
  RealNetd house(with_front());
  Door front(house, "127.0.0.1", kFront);
  house.bar({{kBad, 1}});
  ASSERT_FALSE(front.answers(kBad));
  house.netd->look();
  EXPECT_FALSE(house.log.has("netd.table_restored"));
  bool free = false;
  for (int left = 1000; left > 0 && !free; --left) free = front.answers(kBad);
  EXPECT_TRUE(free) << "the second is over";
}

TEST_F(InNamespace, AsManyAsAFrontMayNameAreTaken) {
  RealNetd house(with_front());
  Door front(house, "127.0.0.1", kFront);
  std::vector<seam::BarredSource> many{{kBad, 600}};
  for (int i = 0; many.size() < 400; ++i) {
    many.push_back({"10.9." + std::to_string(i / 200) + "." + std::to_string(1 + i % 200), 600});
  }
  house.bar(many);
  EXPECT_FALSE(house.log.has("netd.not_barred"));
  EXPECT_FALSE(front.answers(kBad));
}

}  // namespace sekisho::netd
