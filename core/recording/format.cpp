#include "recording/format.hpp"

#include "recording/bytes.hpp"

#include <algorithm>
#include <limits>

namespace sekisho::recording {
namespace {

constexpr std::string_view kMagic = "SEKISHOR", kChunkMagic = "SKRC", kFooterMagic = "CRKS";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kNamesAt = 64, kNameField = 1 + kMaxName, kSumAt = kHeaderBytes - sizeof(Hash);
constexpr std::size_t kIndexEntryBytes = 32;
/// How pixels are kept: RGB of 8 bits, zstd, tiles of 2^6, no cipher.
constexpr std::string_view kKinds("\x01\x01\x06\x00", 4);

Error malformed(const char* why) {
  return fail("recording.malformed", why);
}

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

Hash get_hash(std::string_view bytes, std::size_t at) {
  Hash out{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  return out;
}

RecordingId get_id(std::string_view bytes, std::size_t at) {
  RecordingId out{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  return out;
}

std::string_view view_of(const RecordingId& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

Instant get_instant(std::string_view bytes, std::size_t at) {
  return Instant(std::chrono::microseconds(get<std::int64_t>(bytes, at)));
}

/// Years 1970 to 2262: differences of two never overflow.
bool plausible(Instant at) {
  const auto us = at.time_since_epoch().count();
  return us >= 0 && us <= std::numeric_limits<std::int64_t>::max() / 1000;
}

bool size_fits(std::uint16_t width, std::uint16_t height) {
  return width >= 1 && width <= kMaxWidth && height >= 1 && height <= kMaxHeight;
}

bool code_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/// The longest beginning of `text` that is good UTF-8 without control characters, at most `cap` bytes.
std::size_t good_text(std::string_view text, std::size_t cap) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    std::size_t more = 0;
    std::uint32_t point = lead, least = 0;
    if (lead < 0x80) {
      if (lead < 0x20 || lead == 0x7F) break;
    } else if (lead >= 0xC2 && lead < 0xE0) {
      more = 1, point = lead & 0x1F, least = 0x80;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      more = 2, point = lead & 0x0F, least = 0x800;
    } else if (lead >= 0xF0 && lead < 0xF5) {
      more = 3, point = lead & 0x07, least = 0x10000;
    } else {
      break;
    }
    if (at + more >= text.size() || at + more >= cap) break;
    bool good = true;
    for (std::size_t i = 1; i <= more; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      good = good && (byte & 0xC0) == 0x80;
      point = point << 6 | (byte & 0x3F);
    }
    if (!good || point < least || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) break;
    at += more + 1;
  }
  return at;
}

}  // namespace

std::string to_hex(const RecordingId& id) {
  return audit::to_hex(view_of(id));
}

std::optional<RecordingId> id_from_hex(std::string_view hex) {
  const auto bytes = audit::from_hex(hex);
  if (!bytes || bytes->size() != RecordingId{}.size()) return std::nullopt;
  return get_id(*bytes, 0);
}

// --- the file's header

std::string encode_header(const FileHeader& header, Sha256& sha) {
  std::string out(kMagic);
  out.reserve(kHeaderBytes);
  put(out, kVersion);
  put(out, static_cast<std::uint32_t>(kHeaderBytes));
  out += view_of(header.id);
  put(out, header.started_at.time_since_epoch().count());
  out += kKinds;
  out.resize(kNamesAt, '\0');
  for (const std::string* name : {&header.session, &header.person, &header.target}) {
    const std::string_view text = std::string_view(*name).substr(0, good_text(*name, kMaxName));
    put(out, static_cast<std::uint8_t>(text.size()));
    out += text;
    out.resize(out.size() + kMaxName - text.size(), '\0');
  }
  out.resize(kSumAt, '\0');
  out += view(sha({out}));
  return out;
}

Result<FileHeader> decode_header(std::string_view bytes, Sha256& sha) {
  if (bytes.size() < kHeaderBytes) return malformed("the file is shorter than its header");
  bytes = bytes.substr(0, kHeaderBytes);
  if (bytes.substr(0, kMagic.size()) != kMagic) return malformed("no recording");
  if (get<std::uint32_t>(bytes, 8) != kVersion) return malformed("a version of the format that is not known here");
  if (sha({bytes.substr(0, kSumAt)}) != get_hash(bytes, kSumAt)) return malformed("the file's header was changed");
  if (bytes.substr(40, kKinds.size()) != kKinds) return malformed("pixels are kept in a way that is not known here");
  FileHeader out;
  out.id = get_id(bytes, 16);
  out.started_at = get_instant(bytes, 32);
  if (!plausible(out.started_at)) return malformed("a start outside of time");
  std::size_t at = kNamesAt;
  for (std::string* name : {&out.session, &out.person, &out.target}) {
    const auto size = get<std::uint8_t>(bytes, at);
    if (size > kMaxName) return malformed("a name in the header is too long");
    *name = bytes.substr(at + 1, size);
    at += kNameField;
  }
  if (encode_header(out, sha) != bytes) return malformed("the header holds more than it may");
  return out;
}

Hash header_hash(std::string_view header, Sha256& sha) {
  return sha({header.substr(0, kHeaderBytes)});
}

// --- chunks

Result<ChunkHeader> decode_chunk_header(std::string_view bytes) {
  if (bytes.size() < kChunkHeaderBytes) return malformed("a chunk shorter than its header");
  if (bytes.substr(0, kChunkMagic.size()) != kChunkMagic) return malformed("no chunk where one should begin");
  ChunkHeader out;
  out.length = get<std::uint32_t>(bytes, 4);
  out.number = get<std::uint64_t>(bytes, 8);
  out.begin = get_instant(bytes, 16);
  out.end = get_instant(bytes, 24);
  out.records = get<std::uint32_t>(bytes, 32);
  out.width = get<std::uint16_t>(bytes, 36);
  out.height = get<std::uint16_t>(bytes, 38);
  out.flags = get<std::uint8_t>(bytes, 40);
  out.id = get_id(bytes, 48);
  out.before = get_hash(bytes, 64);
  if (out.length < kChunkHeaderBytes + kFooterBytes || out.length > kMaxChunkBytes) {
    return malformed("a chunk of an impossible length");
  }
  if (out.number == 0) return malformed("a chunk without a number");
  if (!plausible(out.begin) || !plausible(out.end) || out.end < out.begin) return malformed("a chunk outside of time");
  if (!size_fits(out.width, out.height)) return malformed("a screen of an impossible size");
  if (out.flags >= 2 * flag_last || !all_zero(bytes.substr(41, 7))) return malformed("a chunk header of another kind");
  if (out.number == 1 && (out.flags & flag_key) == 0) return malformed("a first chunk without a whole picture");
  return out;
}

Result<Hash> check_chunk(std::string_view chunk, Sha256& sha) {
  auto header = decode_chunk_header(chunk);
  if (!header) return header.error();
  if (header->length != chunk.size()) return malformed("a chunk of another length than it says");
  const std::size_t footer = chunk.size() - kFooterBytes;
  const Hash hash = sha({chunk.substr(0, footer)});
  if (get_hash(chunk, footer) != hash) return malformed("the chunk was changed");
  if (get<std::uint32_t>(chunk, footer + sizeof(Hash)) != header->length ||
      chunk.substr(footer + sizeof(Hash) + 4) != kFooterMagic) {
    return malformed("the chunk's footer was changed");
  }
  return hash;
}

RecordWalker::RecordWalker(std::string_view chunk, const ChunkHeader& header)
    : chunk_(chunk.substr(0, chunk.size() - kFooterBytes)), header_(header) {}

Result<std::optional<Record>> RecordWalker::next() {
  const std::string_view rest = chunk_.substr(position_);
  if (rest.empty()) {
    if (seen_ != header_.records) return malformed("a chunk of another number of records than it says");
    return std::optional<Record>();
  }
  if (rest.size() < kRecordHeadBytes) return malformed("a record that is cut off");
  Record out;
  out.kind = get<std::uint8_t>(rest, 0);
  const auto length = get<std::uint32_t>(rest, 4);
  const auto since = get<std::uint32_t>(rest, 8);
  out.at = header_.begin + std::chrono::microseconds(since);
  if (!all_zero(rest.substr(1, 3))) return malformed("a record head of another kind");
  if (length > rest.size() - kRecordHeadBytes) return malformed("a record longer than its chunk");
  if (since < since_ || out.at > header_.end) return malformed("a record outside of its chunk's time");
  out.payload = rest.substr(kRecordHeadBytes, length);
  position_ += kRecordHeadBytes + length;
  since_ = since;
  ++seen_;
  return std::optional<Record>(out);
}

ChunkBuilder::ChunkBuilder(ChunkHeader header) : header_(header), bytes_(kChunkHeaderBytes, '\0') {
  header_.records = 0;
}

void ChunkBuilder::add(RecordKind kind, Instant at, std::string_view payload) {
  using std::chrono::microseconds;
  const auto since = (at - header_.begin).count();
  // A clock that jumps by more than an hour within a chunk is none.
  since_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(since, since_, 3'600'000'000));
  put(bytes_, static_cast<std::uint8_t>(kind));
  bytes_.append(3, '\0');
  put(bytes_, static_cast<std::uint32_t>(payload.size()));
  put(bytes_, since_);
  bytes_ += payload;
  ++header_.records;
}

ChunkBuilder::Sealed ChunkBuilder::seal(Instant end, Sha256& sha) && {
  Sealed out;
  header_.end = std::max(end, header_.begin + std::chrono::microseconds(since_));
  header_.length = static_cast<std::uint32_t>(size());
  SEKISHO_ASSERT(header_.length <= kMaxChunkBytes);
  std::string head(kChunkMagic);
  put(head, header_.length);
  put(head, header_.number);
  put(head, header_.begin.time_since_epoch().count());
  put(head, header_.end.time_since_epoch().count());
  put(head, header_.records);
  put(head, header_.width);
  put(head, header_.height);
  put(head, header_.flags);
  head.append(7, '\0');
  head += view_of(header_.id);
  head += view(header_.before);
  SEKISHO_ASSERT(head.size() == kChunkHeaderBytes);
  bytes_.replace(0, head.size(), head);
  out.hash = sha({bytes_});
  bytes_ += view(out.hash);
  put(bytes_, header_.length);
  bytes_ += kFooterMagic;
  out.bytes = std::move(bytes_);
  out.header = header_;
  return out;
}

// --- records

std::string encode(const Pointer& pointer) {
  std::string out;
  put(out, pointer.x);
  put(out, pointer.y);
  put(out, pointer.buttons);
  return out;
}

Result<Pointer> decode_pointer(std::string_view payload) {
  if (payload.size() != 6) return malformed("a pointer record of another length");
  return Pointer{get<std::uint16_t>(payload, 0), get<std::uint16_t>(payload, 2), get<std::uint16_t>(payload, 4)};
}

std::string encode(const Key& key) {
  std::string out;
  put(out, static_cast<std::uint8_t>(key.down));
  put(out, static_cast<std::uint8_t>(key.masked));
  out.append(2, '\0');
  put(out, key.masked ? 0 : key.keysym);
  put(out, key.masked ? 0 : key.scancode);
  return out;
}

Result<Key> decode_key(std::string_view payload) {
  if (payload.size() != 12) return malformed("a key record of another length");
  const Key out{payload[0] != 0, payload[1] != 0, get<std::uint32_t>(payload, 4), get<std::uint32_t>(payload, 8)};
  if (encode(out) != payload) return malformed("a key record that holds more than it may");
  return out;
}

std::string encode(const PolicyEvent& event) {
  std::string code = event.code.substr(0, kMaxEventCode);
  if (code.empty()) code = "unnamed";
  std::ranges::replace_if(
      code, [](char c) { return !code_char(c); }, '_');
  std::string out;
  put(out, static_cast<std::uint8_t>(code.size()));
  out += code;
  out += std::string_view(event.text).substr(0, good_text(event.text, kMaxEventText));
  return out;
}

Result<PolicyEvent> decode_event(std::string_view payload) {
  if (payload.empty()) return malformed("an empty event record");
  const auto size = get<std::uint8_t>(payload, 0);
  if (size == 0 || size > kMaxEventCode || payload.size() < 1U + size) {
    return malformed("an event record without its code");
  }
  PolicyEvent out{std::string(payload.substr(1, size)), std::string(payload.substr(1 + size))};
  if (encode(out) != payload) return malformed("an event record that holds more than it may");
  return out;
}

std::string encode_index(std::span<const ChunkInfo> chunks) {
  std::string out;
  out.reserve(chunks.size() * kIndexEntryBytes);
  for (const ChunkInfo& chunk : chunks) {
    put(out, chunk.length);
    put(out, chunk.width);
    put(out, chunk.height);
    put(out, chunk.flags);
    out.append(7, '\0');
    put(out, chunk.begin.time_since_epoch().count());
    put(out, chunk.end.time_since_epoch().count());
  }
  return out;
}

Result<std::vector<ChunkInfo>> decode_index(std::string_view payload) {
  if (payload.size() % kIndexEntryBytes != 0 || payload.size() / kIndexEntryBytes > kMaxIndexed) {
    return malformed("an index of an impossible length");
  }
  std::vector<ChunkInfo> out;
  out.reserve(payload.size() / kIndexEntryBytes);
  std::uint64_t offset = kHeaderBytes;
  for (std::size_t at = 0; at < payload.size(); at += kIndexEntryBytes) {
    ChunkInfo chunk;
    chunk.number = out.size() + 1;
    chunk.offset = offset;
    chunk.length = get<std::uint32_t>(payload, at);
    chunk.width = get<std::uint16_t>(payload, at + 4);
    chunk.height = get<std::uint16_t>(payload, at + 6);
    chunk.flags = get<std::uint8_t>(payload, at + 8);
    chunk.begin = get_instant(payload, at + 16);
    chunk.end = get_instant(payload, at + 24);
    if (chunk.length < kChunkHeaderBytes + kFooterBytes || chunk.length > kMaxChunkBytes ||
        !size_fits(chunk.width, chunk.height) || chunk.flags >= flag_last || !plausible(chunk.begin) ||
        !plausible(chunk.end) || chunk.end < chunk.begin || !all_zero(payload.substr(at + 9, 7))) {
      return malformed("an index entry that cannot be");
    }
    if (out.empty() ? (chunk.flags & flag_key) == 0 : chunk.begin != out.back().end) {
      return malformed("an index with a gap");
    }
    offset += chunk.length;
    out.push_back(chunk);
  }
  return out;
}

}  // namespace sekisho::recording
