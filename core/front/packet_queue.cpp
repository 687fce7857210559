#include "front/packet_queue.hpp"

#include <cstring>
#include <utility>

namespace sekisho::front {
namespace {

/// In front of each packet in a chunk.
struct Mark {
  std::uint16_t size = 0;
  std::uint16_t bucket = 0;
  std::uint32_t since = 0;  // in units of 64 microseconds, going round
};

std::uint32_t stamp(Instant now) {
  return static_cast<std::uint32_t>(now.time_since_epoch().count() >> 6);
}
Instant::duration waited(std::uint32_t since, Instant now) {
  return std::chrono::microseconds(std::int64_t{stamp(now) - since} << 6);
}

}  // namespace

QueuePool::Chunk QueuePool::take_chunk() {
  if (chunks_.empty()) return std::make_unique_for_overwrite<std::array<std::byte, kChunkBytes>>();
  Chunk chunk = std::move(chunks_.back());
  chunks_.pop_back();
  return chunk;
}

void QueuePool::give(Chunk chunk) {
  if (chunks_.size() < keep_) chunks_.push_back(std::move(chunk));
}

std::unique_ptr<QueuePool::Flows> QueuePool::take_flows() {
  if (flows_.empty()) return std::make_unique<Flows>();
  auto flows = std::move(flows_.back());
  flows_.pop_back();
  return flows;
}

void QueuePool::give(std::unique_ptr<Flows> flows) {
  if (flows_.size() < keep_) flows_.push_back(std::move(flows));
}

std::uint8_t QueuePool::bucket(const datapath::PacketInfo& info) const {
  std::uint64_t mixed = seed_ ^ (std::uint64_t{info.source} << 32 | info.destination);
  mixed *= 0x9e3779b97f4a7c15ULL;
  mixed ^= mixed >> 29;
  mixed ^= std::uint64_t{info.source_port} << 32 | std::uint64_t{info.destination_port} << 8 | info.protocol;
  mixed *= 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::uint8_t>(mixed >> 56);
}

PacketQueue::PacketQueue(QueuePool& pool, std::size_t limit) : pool_(pool), limit_(limit) {}

PacketQueue::~PacketQueue() {
  clear();
}

std::span<std::byte> PacketQueue::prepare(const datapath::PacketInfo& info, std::size_t most) {
  SEKISHO_ASSERT(prepared_ == nullptr && most > 0 && most <= 16384);
  if (bytes_ + most > limit_) return {};
  if (!flows_) flows_ = pool_.take_flows();
  const std::uint8_t bucket = pool_.bucket(info);
  const bool sparse = flows_->bulk[bucket] == 0 && flows_->sparse[bucket] + most <= kSparseBytes;
  if (!sparse && bytes_ + most + kSparseReserve > limit_) {
    if (bytes_ == 0) pool_.give(std::move(flows_));
    return {};
  }
  Lane& lane = sparse ? sparse_ : bulk_;
  if (lane.pieces.empty() || QueuePool::kChunkBytes - lane.pieces.back().written < sizeof(Mark) + most) {
    lane.pieces.push_back({pool_.take_chunk(), 0, 0});
  }
  prepared_ = &lane;
  prepared_bucket_ = bucket;
  Piece& piece = lane.pieces.back();
  return std::span(*piece.chunk).subspan(piece.written + sizeof(Mark), most);
}

void PacketQueue::commit(std::size_t size, Instant now) {
  SEKISHO_ASSERT(prepared_ != nullptr);
  Lane& lane = *std::exchange(prepared_, nullptr);
  Piece& piece = lane.pieces.back();
  if (size > 0) {
    const Mark mark{static_cast<std::uint16_t>(size), prepared_bucket_, stamp(now)};
    std::memcpy(piece.chunk->data() + piece.written, &mark, sizeof(mark));
    piece.written += sizeof(mark) + size;
    bytes_ += size;
    (&lane == &sparse_ ? flows_->sparse : flows_->bulk)[prepared_bucket_] += static_cast<std::uint32_t>(size);
  } else if (piece.read == piece.written) {
    pool_.give(std::move(piece.chunk));
    lane.pieces.pop_back();
  }
  if (bytes_ == 0 && flows_) pool_.give(std::move(flows_));
}

bool PacketQueue::push(std::span<const std::byte> packet, const datapath::PacketInfo& info, Instant now) {
  const auto place = prepare(info, packet.size());
  if (place.empty()) return false;
  std::memcpy(place.data(), packet.data(), packet.size());
  commit(packet.size(), now);
  return true;
}

std::span<const std::byte> PacketQueue::front() const {
  const Lane& lane = next_lane();
  if (lane.empty()) return {};
  const Piece& piece = lane.pieces.front();
  Mark mark;
  std::memcpy(&mark, piece.chunk->data() + piece.read, sizeof(mark));
  return std::span<const std::byte>(*piece.chunk).subspan(piece.read + sizeof(mark), mark.size);
}

void PacketQueue::pop() {
  pop(sparse_.empty() ? bulk_ : sparse_);
}

void PacketQueue::pop(Lane& lane) {
  SEKISHO_ASSERT(!lane.empty() && prepared_ == nullptr);
  Piece& piece = lane.pieces.front();
  Mark mark;
  std::memcpy(&mark, piece.chunk->data() + piece.read, sizeof(mark));
  piece.read += sizeof(mark) + mark.size;
  bytes_ -= mark.size;
  rate_.count(mark.size);
  (&lane == &sparse_ ? flows_->sparse : flows_->bulk)[mark.bucket] -= mark.size;
  if (piece.read == piece.written) {
    pool_.give(std::move(piece.chunk));
    lane.pieces.pop_front();
  }
  if (bytes_ == 0) pool_.give(std::move(flows_));
  if (bulk_.empty()) law_.rest();
}

std::size_t PacketQueue::tend(Instant now) {
  rate_.look(now);
  std::size_t dropped = 0;
  while (!bulk_.empty()) {
    Mark mark;
    std::memcpy(&mark, bulk_.pieces.front().chunk->data() + bulk_.pieces.front().read, sizeof(mark));
    if (!law_.drop(now, waited(mark.since, now))) break;
    pop(bulk_);
    ++dropped;
  }
  return dropped;
}

void PacketQueue::clear() {
  while (!empty()) pop();
}

}  // namespace sekisho::front
