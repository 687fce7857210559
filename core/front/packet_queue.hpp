// PacketQueue: packets waiting for one session, bounded in bytes, sparse flows first. A packet of a flow that has
// little waiting goes ahead of the bulk (a key stroke passes a file); within a flow the order stays. What does not fit
// is dropped before anything is encrypted. Threads: the front's. Ownership: the pool is borrowed and outlives its
// queues; an empty queue holds no memory. Units: bytes of packets. Source: performance.md finding 7; RFC 8290 (sparse
// flows).
#pragma once
#include "front/delay_law.hpp"
#include "front/line_rate.hpp"
#include "net/datapath/ipv4.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace sekisho::front {

/// Memory of all queues of a front, reused.
class QueuePool {
 public:
  static constexpr std::size_t kChunkBytes = 32 * 1024;
  static constexpr std::size_t kFlows = 256;
  using Chunk = std::unique_ptr<std::array<std::byte, kChunkBytes>>;
  /// Bytes waiting by flow; all zero when nothing waits.
  struct Flows {
    std::array<std::uint32_t, kFlows> sparse{}, bulk{};
  };

  /// `seed` keeps strangers from choosing flows that share a bucket.
  explicit QueuePool(std::uint64_t seed, std::size_t keep = 64) : seed_(seed), keep_(keep) {}
  [[nodiscard]] Chunk take_chunk();
  void give(Chunk chunk);
  [[nodiscard]] std::unique_ptr<Flows> take_flows();
  void give(std::unique_ptr<Flows> flows);
  [[nodiscard]] std::uint8_t bucket(const datapath::PacketInfo& info) const;

 private:
  std::uint64_t seed_;
  std::size_t keep_;
  std::vector<Chunk> chunks_;
  std::vector<std::unique_ptr<Flows>> flows_;
};

class PacketQueue final : public PacketSource {
 public:
  /// Of one flow, ahead of the bulk.
  static constexpr std::size_t kSparseBytes = 3000;
  /// Of the limit, kept for sparse flows.
  static constexpr std::size_t kSparseReserve = 32 * 1024;

  PacketQueue(QueuePool& pool, std::size_t limit);
  ~PacketQueue() override;
  PacketQueue(const PacketQueue&) = delete;
  PacketQueue& operator=(const PacketQueue&) = delete;

  /// Where the next packet, of at most `most` bytes, is to be written; empty: there is no room, it is dropped.
  /// `most` <= 16,384.
  [[nodiscard]] std::span<std::byte> prepare(const datapath::PacketInfo& info, std::size_t most);
  /// The packet stands there, `size` bytes of it; 0 gives the place back.
  void commit(std::size_t size, Instant now);
  [[nodiscard]] bool push(std::span<const std::byte> packet, const datapath::PacketInfo& info, Instant now);
  /// Before packets are taken out: drops of the bulk what the delay law says. Returns how many.
  std::size_t tend(Instant now);
  void clear();

  [[nodiscard]] std::span<const std::byte> front() const override;
  void pop() override;
  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// How fast packets have left lately.
  [[nodiscard]] const LineRate& rate() const { return rate_; }

 private:
  struct Piece {
    QueuePool::Chunk chunk;
    std::size_t read = 0, written = 0;
  };
  struct Lane {
    std::deque<Piece> pieces;
    [[nodiscard]] bool empty() const { return pieces.empty() || pieces.front().read == pieces.front().written; }
  };
  [[nodiscard]] const Lane& next_lane() const { return sparse_.empty() ? bulk_ : sparse_; }
  void pop(Lane& lane);

  QueuePool& pool_;
  std::size_t limit_, bytes_ = 0;
  std::unique_ptr<QueuePool::Flows> flows_;
  Lane sparse_, bulk_;
  DelayLaw law_;
  LineRate rate_;
  Lane* prepared_ = nullptr;
  std::uint8_t prepared_bucket_ = 0;
};

}  // namespace sekisho::front
