#include "audit/format.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sekisho::audit {
namespace {

constexpr std::string_view kMagic = "SEKISHOJ";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kNodeAt = 128, kPeaksAt = 192, kSumAt = kHeaderBytes - sizeof(Hash);

template <class Number>
void put(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF);
  }
}

template <class Number>
Number get(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return static_cast<Number>(value);
}

Hash get_hash(std::string_view bytes, std::size_t at) {
  Hash out{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  return out;
}

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

std::string frame(std::uint32_t length, Kind kind, std::uint64_t sequence) {
  std::string out;
  put(out, length);
  put(out, static_cast<std::uint8_t>(kind));
  out.append(3, '\0');
  put(out, sequence);
  return out;
}

Hash record_hash(Sha256& sha, const Hash& before, std::string_view frame, std::string_view payload) {
  return sha({std::string_view("\x03", 1), view(before), frame, payload});
}

void move_on(Chain& chain, Kind kind, std::string_view payload, const Hash& hash, Sha256& sha) {
  chain.hash = hash;
  if (kind == Kind::entry) chain.tree.append(sha, payload);
  if (kind == Kind::head) ++chain.heads;
}

}  // namespace

std::string encode_header(const SegmentHeader& header, Sha256& sha) {
  SEKISHO_ASSERT(header.node.size() <= kMaxNode);
  std::string out(kMagic);
  out.reserve(kHeaderBytes);
  put(out, kVersion);
  put(out, static_cast<std::uint32_t>(kHeaderBytes));
  put(out, header.number);
  put(out, header.segment_bytes);
  put(out, header.epoch);
  put(out, header.before.entries());
  put(out, header.created_at.time_since_epoch().count());
  put(out, header.key_period);
  out += view(header.key);
  out += view(header.before.hash);
  SEKISHO_ASSERT(out.size() == kNodeAt);
  put(out, static_cast<std::uint8_t>(header.node.size()));
  out += header.node;
  out.resize(kPeaksAt, '\0');
  put(out, header.before.heads);
  for (const auto& peak : header.before.tree.peaks()) out += view(peak);
  out.resize(kSumAt, '\0');
  out += view(sha({out}));
  return out;
}

Result<SegmentHeader> decode_header(std::string_view bytes, Sha256& sha) {
  const auto bad = [](const char* why) { return fail("audit.malformed", why); };
  if (bytes.size() < kHeaderBytes) return bad("the segment is shorter than its header");
  bytes = bytes.substr(0, kHeaderBytes);
  if (bytes.substr(0, kMagic.size()) != kMagic) return bad("no journal segment");
  if (get<std::uint32_t>(bytes, 8) != kVersion) return bad("a version of the segment that this program does not know");
  if (sha({bytes.substr(0, kSumAt)}) != get_hash(bytes, kSumAt)) return bad("the segment's header was changed");
  SegmentHeader out;
  out.number = get<std::uint64_t>(bytes, 16);
  out.segment_bytes = get<std::uint64_t>(bytes, 24);
  out.epoch = get<std::uint64_t>(bytes, 32);
  const auto entries = get<std::uint64_t>(bytes, 40);
  out.created_at = Instant(std::chrono::microseconds(get<std::int64_t>(bytes, 48)));
  out.key_period = get<std::uint64_t>(bytes, 56);
  out.key = get_hash(bytes, 64);
  out.before.hash = get_hash(bytes, 96);
  const auto node = get<std::uint8_t>(bytes, kNodeAt);
  if (node > kMaxNode) return bad("the header's node name is too long");
  out.node = bytes.substr(kNodeAt + 1, node);
  out.before.heads = get<std::uint64_t>(bytes, kPeaksAt);
  std::vector<Hash> peaks;
  for (std::uint64_t bits = entries; bits != 0; bits &= bits - 1) {
    peaks.push_back(get_hash(bytes, kPeaksAt + 8 + peaks.size() * sizeof(Hash)));
  }
  auto tree = MerkleTree::restore(entries, std::move(peaks));
  if (!tree) return bad("the header's tree is not one of so many entries");
  out.before.tree = std::move(*tree);
  if (encode_header(out, sha) != bytes) return bad("the header holds more than it may");
  return out;
}

Hash header_hash(std::string_view header, Sha256& sha) {
  return sha({std::string_view("\x02", 1), header.substr(0, kHeaderBytes)});
}

void append_record(std::string& out, Chain& chain, Kind kind, std::string_view payload, Sha256& sha) {
  SEKISHO_ASSERT(!payload.empty() && payload.size() <= kMaxPayload);
  const std::uint64_t sequence = chain.entries() + (kind == Kind::entry ? 1 : 0);
  const std::string head = frame(static_cast<std::uint32_t>(payload.size()), kind, sequence);
  const Hash hash = record_hash(sha, chain.hash, head, payload);
  out += head;
  out += payload;
  out += view(hash);
  move_on(chain, kind, payload, hash, sha);
}

SegmentWalker::SegmentWalker(std::string_view segment, Chain start, Sha256& sha, Tree tree)
    : segment_(segment), chain_(std::move(start)), sha_(sha), tree_(tree) {}

Result<std::optional<Record>> SegmentWalker::next() {
  const auto bad = [](const char* why) { return fail("audit.malformed", why); };
  const std::string_view rest = segment_.substr(std::min(position_, segment_.size()));
  const bool no_room = rest.size() < record_bytes(1);
  if (no_room || get<std::uint32_t>(rest, 0) == 0) {
    if (!all_zero(rest)) return bad("bytes that are no record follow the last entry");
    return std::optional<Record>();
  }
  const auto length = get<std::uint32_t>(rest, 0);
  if (length > kMaxPayload || record_bytes(length) > rest.size()) return bad("a record of an impossible length");
  const auto kind = static_cast<Kind>(rest[4]);
  if (kind != Kind::entry && kind != Kind::head && kind != Kind::key) return bad("a record of an unknown kind");
  if (!all_zero(rest.substr(5, 3))) return bad("a frame that holds more than it may");
  Record record;
  record.kind = kind;
  record.sequence = get<std::uint64_t>(rest, 8);
  record.payload = rest.substr(kFrameBytes, length);
  record.hash = get_hash(rest, kFrameBytes + length);
  if (record.sequence != chain_.entries() + (kind == Kind::entry ? 1 : 0)) return bad("a record out of its order");
  if (record_hash(sha_, chain_.hash, rest.substr(0, kFrameBytes), record.payload) != record.hash) {
    return bad("the record does not fit the chain");
  }
  if (tree_ == Tree::counted && kind == Kind::entry) {
    chain_.hash = record.hash;
    chain_.tree.count();
  } else {
    move_on(chain_, kind, record.payload, record.hash, sha_);
  }
  position_ += record_bytes(length);
  return std::optional<Record>(record);
}

std::string segment_name(std::uint64_t number) {
  std::array<char, 40> out{};
  std::snprintf(out.data(), out.size(), "%08llu.journal", static_cast<unsigned long long>(number));
  return out.data();
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  constexpr std::string_view kSuffix = ".journal";
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  if (name.size() < 8 || name.size() > 18) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number == 0 || segment_name(number) != std::string(name) + std::string(kSuffix)) return std::nullopt;
  return number;
}

}  // namespace sekisho::audit
