#include "front/packet_queue.hpp"

#include "net/datapath/testing/packets.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

namespace sekisho::front {
namespace {

using datapath::Bytes;
using datapath::PacketInfo;

const Instant kNow = *parse_rfc3339("2026-11-22T00:00:00Z");

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
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(queue.push(packet(1300, i), flow(1), kNow));
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
  while (queue.push(packet(1354, taken), flow(file), kNow)) ++taken;
  EXPECT_GT(taken, 100u);
  ASSERT_TRUE(queue.push(packet(60, 999'999), flow(keys), kNow)) << "a full bulk leaves room for sparse flows";
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
    refused += !queue.push(packet(1200, i), flow(static_cast<std::uint16_t>(i % 300)), kNow);
    ASSERT_LE(queue.bytes(), 100'000u);
  }
  EXPECT_GT(refused, 900u);
}

TEST(PacketQueue, APlaceThatIsGivenBackLeavesNoTrace) {
  QueuePool pool(3);
  PacketQueue queue(pool, 100'000);
  ASSERT_FALSE(queue.prepare(flow(1), 1354).empty());
  queue.commit(0, kNow);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.front().empty());
  ASSERT_TRUE(queue.push(packet(100, 5), flow(1), kNow));
  ASSERT_FALSE(queue.prepare(flow(1), 1354).empty());
  queue.commit(0, kNow);
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
        if (queue.push(packet(size, ++number), flow(port), kNow)) {
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

struct Line {
  std::chrono::microseconds longest{0};  ///< wait, in the last 20 s of 40
  std::size_t dropped = 0, left = 0;
};
/// A sender that keeps a window in flight (one packet more each 40 ms, half of it after a loss) into a line that takes
/// `per_ms` packets a millisecond.
Line run_line(int per_ms) {
  QueuePool pool(1);
  PacketQueue queue(pool, 256 * 1024);
  std::map<std::uint32_t, Instant> since;
  std::deque<Instant> answers;  // when what left is known to have arrived
  Line line;
  std::uint32_t number = 0;
  double window = 10;
  std::size_t in_flight = 0;
  Instant halved = kNow;
  const auto lost = [&](Instant now, std::size_t count) {
    in_flight -= count;
    if (count > 0 && now >= halved + std::chrono::milliseconds(40)) window = std::max(window / 2, 2.0), halved = now;
  };
  for (int ms = 0; ms < 40'000; ++ms) {
    const Instant now = kNow + std::chrono::milliseconds(ms);
    for (; !answers.empty() && answers.front() <= now; answers.pop_front()) --in_flight, window += 1 / window;
    while (static_cast<double>(in_flight) < window) {
      since[++number] = now;
      ++in_flight;
      if (queue.push(packet(1300, number), flow(1), now)) continue;
      lost(now, 1);
      break;
    }
    for (int i = 0; i < per_ms; ++i) {
      const std::size_t dropped = queue.tend(now);
      line.dropped += dropped;
      lost(now, dropped);
      if (queue.empty()) break;
      const std::chrono::microseconds waited = now - since[number_of(queue.front())];
      if (ms >= 20'000) line.longest = std::max(line.longest, waited);
      answers.push_back(now + std::chrono::milliseconds(40));
      queue.pop();
      ++line.left;
    }
  }
  return line;
}

TEST(PacketQueue, AThinLineIsSharedWithoutLongWaits) {
  const Line line = run_line(1);
  EXPECT_GT(line.dropped, 0u);
  EXPECT_LT(line.longest, std::chrono::milliseconds(60)) << "a full queue of 256 KiB would be 170 ms";
  EXPECT_GT(line.left, 36'000u) << "and the line stays busy";
}

TEST(PacketQueue, AFastLineNeverMeetsTheDelayLaw) {
  // 12 packets of 1,300 bytes a millisecond are 125 Mbit/s: even a full queue leaves in 16 ms.
  EXPECT_EQ(run_line(12).dropped, 0u);
}

TEST(DelayLaw, DropsOneAndThenEverCloserTogetherUntilTheWaitIsShort) {
  using std::chrono::milliseconds;
  DelayLaw law;
  std::vector<int> drops;
  for (int ms = 0; ms < 2000; ++ms) {
    if (law.drop(kNow + milliseconds(ms), milliseconds(30))) drops.push_back(ms);
  }
  ASSERT_GT(drops.size(), 5u);
  EXPECT_EQ(drops[0], 200) << "not before the wait was long for an interval";
  for (std::size_t i = 2; i < drops.size(); ++i) EXPECT_LE(drops[i] - drops[i - 1], drops[i - 1] - drops[i - 2] + 1);
  EXPECT_FALSE(law.drop(kNow + milliseconds(2000), milliseconds(24)));
  EXPECT_FALSE(law.drop(kNow + milliseconds(2001), milliseconds(30))) << "a short wait begins it anew";
}

TEST(PacketQueue, TheSeedDecidesWhichFlowsShareABucket) {
  int same = 0;
  for (std::uint16_t port = 0; port < 1000; ++port)
    same += QueuePool(1).bucket(flow(port)) == QueuePool(2).bucket(flow(port));
  EXPECT_LT(same, 50);
}

}  // namespace
}  // namespace sekisho::front
