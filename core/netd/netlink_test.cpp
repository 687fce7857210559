#include "netd/netlink.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sekisho::netd {
namespace {

NetlinkBytes bytes(std::initializer_list<unsigned> values) {
  NetlinkBytes out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

}  // namespace

TEST(Netlink, FindsAnAttributeBehindTheBody) {
  // Body of 4 bytes, attribute 1 of 5 bytes (padded), attribute 2 of 8 bytes with the mark "nested".
  const auto message = bytes({9, 9, 9, 9, 5, 0, 1, 0, 7, 0, 0, 0, 8, 0, 2, 0x80, 1, 2, 3, 4});
  EXPECT_EQ(load<std::uint8_t>(attribute(message, 4, 1)), 7);
  EXPECT_EQ(load<std::uint32_t>(attribute(message, 4, 2)), 0x04030201u);
  EXPECT_TRUE(attribute(message, 4, 3).empty());
  EXPECT_EQ(load<std::uint32_t>(attribute(message, 4, 1)), std::nullopt) << "shorter than asked for";
}

TEST(Netlink, AnAttributeThatLiesAboutItsLengthEndsTheSearch) {
  for (const auto& message : {
           bytes({0, 0, 1, 0, 8, 0, 2, 0, 1, 2, 3, 4}),   // length 0
           bytes({3, 0, 1, 0, 8, 0, 2, 0, 1, 2, 3, 4}),   // shorter than its head
           bytes({13, 0, 1, 0, 8, 0, 2, 0, 1, 2, 3, 4}),  // beyond the end
           bytes({255, 255, 1, 0, 8, 0, 2, 0, 1, 2, 3, 4}),
           bytes({8, 0}),
           bytes({}),
       }) {
    EXPECT_TRUE(attribute(message, 0, 2).empty());
  }
  EXPECT_TRUE(attribute(bytes({8, 0, 2, 0, 1, 2, 3, 4}), 100, 2).empty());
}

TEST(Netlink, AnyBytesAreReadWithinTheirEnd) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    NetlinkBytes message(random() % 64);
    for (auto& one : message) one = static_cast<std::byte>(random() % 12);
    const auto found = attribute(message, random() % 8, static_cast<std::uint16_t>(random() % 12));
    if (found.empty()) continue;
    ASSERT_GE(found.data(), message.data());
    ASSERT_LE(found.data() + found.size(), message.data() + message.size());
  }
}

TEST(Netlink, ARequestKnowsItsNestedLengths) {
  NetlinkRequest request(16, 0, bytes({1, 2, 3, 4}));
  const std::size_t outer = request.begin(26);
  const std::size_t inner = request.begin(2);
  request.add_value(8, std::uint32_t{1});
  request.end(inner);
  request.end(outer);
  request.add_text(3, "lo");
  const NetlinkBytes made = std::move(request).take();
  const std::span body = std::span(made).subspan(16);
  const auto nested = attribute(body, 4, 26);
  EXPECT_EQ(nested.size(), 12u);
  EXPECT_EQ(load<std::uint32_t>(attribute(attribute(nested, 0, 2), 0, 8)), 1u);
  EXPECT_EQ(attribute(body, 4, 3).size(), 3u) << "with its NUL, without padding";
  EXPECT_EQ(made.size() % 4, 0u);
}

}  // namespace sekisho::netd
