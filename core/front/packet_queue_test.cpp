#include "front/packet_queue.hpp"

#include "net/datapath/testing/packets.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sekisho::front {
namespace {

using datapath::Bytes;
using datapath::PacketInfo;

PacketInfo flow(std::uint16_t port) {
  PacketInfo info;
  info.source = 0x0aca0001;
  info.destination = 0x0aca000a;
  info.protocol = datapath::kTcp;
  info.source_port = 5900;
  info.destination_port = port;
  return info;
}

Bytes packet(std::size_t size, std::uint32_t number = 0) {
  Bytes out(size, std::byte{0x5a});
  datapath::store32(out, 0, number);
  return out;
}

std::uint32_t number_of(std::span<const std::byte> bytes) {
  return datapath::load32(bytes, 0);
}

/// Two ports whose flows do not share a bucket.
std::pair<std::uint16_t, std::uint16_t> two_flows(const QueuePool& pool) {
  std::uint16_t second = 2;
  while (pool.bucket(flow(second)) == pool.bucket(flow(1))) ++second;
  return {1, second};
}

TEST(PacketQueue, GivesWhatItTookInOrder) {
  QueuePool pool(1);
  PacketQueue queue(pool, 1 << 20);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(queue.push(packet(1300, i), flow(1)));
  EXPECT_EQ(queue.bytes(), 130'000u);
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_EQ(queue.front().size(), 1300u);
    EXPECT_EQ(number_of(queue.front()), i);
    queue.pop();
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.front().empty());
}

TEST(PacketQueue, AKeyStrokePassesAFile) {
  QueuePool pool(7);
  PacketQueue queue(pool, 256 * 1024);
  const auto [file, keys] = two_flows(pool);
  std::uint32_t taken = 0;
  while (queue.push(packet(1354, taken), flow(file))) ++taken;
  EXPECT_GT(taken, 100u);
  ASSERT_TRUE(queue.push(packet(60, 999'999), flow(keys))) << "a full bulk leaves room for sparse flows";
  // In front of it only what the file's own start was allowed.
  int ahead = 0;
  while (number_of(queue.front()) != 999'999) ++ahead, queue.pop();
  EXPECT_LE(ahead, 2);
}

TEST(PacketQueue, NeverHoldsMoreThanItsLimit) {
  QueuePool pool(3);
  PacketQueue queue(pool, 100'000);
  std::size_t refused = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    refused += !queue.push(packet(1200, i), flow(static_cast<std::uint16_t>(i % 300)));
    ASSERT_LE(queue.bytes(), 100'000u);
  }
  EXPECT_GT(refused, 900u);
}

TEST(PacketQueue, APlaceThatIsGivenBackLeavesNoTrace) {
  QueuePool pool(3);
  PacketQueue queue(pool, 100'000);
  ASSERT_FALSE(queue.prepare(flow(1), 1354).empty());
  queue.commit(0);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.front().empty());
  ASSERT_TRUE(queue.push(packet(100, 5), flow(1)));
  ASSERT_FALSE(queue.prepare(flow(1), 1354).empty());
  queue.commit(0);
  EXPECT_EQ(number_of(queue.front()), 5u);
  queue.pop();
  EXPECT_TRUE(queue.empty());
}

// Against a plain model: nothing is lost, doubled or changed, and no flow is reordered.
TEST(PacketQueue, KeepsEveryFlowInOrderUnderAnyMixture) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    QueuePool pool(seed);
    PacketQueue queue(pool, 60'000);
    std::map<std::uint16_t, std::uint32_t> sent, seen;
    std::map<std::uint32_t, std::uint16_t> port_of;
    std::map<std::uint32_t, std::size_t> size_of;
    std::uint32_t number = 0;
    std::size_t waiting = 0, bytes = 0;
    for (int step = 0; step < 5000; ++step) {
      if (random() % 100 < 55) {
        const auto port = static_cast<std::uint16_t>(random() % 6);
        const std::size_t size = 20 + random() % 1334;
        if (queue.push(packet(size, ++number), flow(port))) {
          port_of[number] = port;
          size_of[number] = size;
          sent[port] = number;
          ++waiting;
          bytes += size;
        }
      } else if (!queue.front().empty()) {
        const std::uint32_t got = number_of(queue.front());
        ASSERT_TRUE(port_of.contains(got));
        ASSERT_EQ(queue.front().size(), size_of[got]);
        ASSERT_GT(got, seen[port_of[got]]) << "reordered within a flow, seed " << seed;
        seen[port_of[got]] = got;
        bytes -= queue.front().size();
        --waiting;
        queue.pop();
      }
      ASSERT_EQ(queue.bytes(), bytes);
      ASSERT_EQ(queue.empty(), waiting == 0);
    }
    for (; !queue.front().empty(); queue.pop()) {
      const std::uint32_t got = number_of(queue.front());
      ASSERT_GT(got, seen[port_of[got]]);
      seen[port_of[got]] = got;
      --waiting;
    }
    EXPECT_EQ(waiting, 0u);
    EXPECT_EQ(seen, sent);
  }
}

TEST(PacketQueue, TheSeedDecidesWhichFlowsShareABucket) {
  int same = 0;
  for (std::uint16_t port = 0; port < 1000; ++port)
    same += QueuePool(1).bucket(flow(port)) == QueuePool(2).bucket(flow(port));
  EXPECT_LT(same, 50);
}

}  // namespace
}  // namespace sekisho::front
