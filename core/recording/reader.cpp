#include "recording/reader.hpp"

#include "recording/bytes.hpp"

#include <algorithm>

namespace sekisho::recording {
namespace {

Error in_chunk(std::uint64_t number, const Error& error) {
  return fail(error.code, "chunk " + std::to_string(number) + ": " + error.detail);
}

ChunkInfo info_of(const ChunkHeader& header, std::uint64_t offset) {
  return {header.number, offset, header.length, header.flags, header.width, header.height, header.begin, header.end};
}

/// The last chunk, found from the end of the file; nullopt: there is no good end.
std::optional<ChunkInfo> last_chunk(audit::File& file, std::uint64_t size, const FileHeader& of) {
  if (size < kHeaderBytes + kChunkHeaderBytes + kFooterBytes) return std::nullopt;
  const auto footer = file.read_at(size - 8, 8);
  if (!footer || footer->size() != 8 || footer->substr(4) != "CRKS") return std::nullopt;
  const auto length = get<std::uint32_t>(*footer, 0);
  if (length < kChunkHeaderBytes + kFooterBytes || length > size - kHeaderBytes) return std::nullopt;
  const auto head = file.read_at(size - length, kChunkHeaderBytes);
  if (!head) return std::nullopt;
  const auto header = decode_chunk_header(*head);
  if (!header || header->length != length || (header->flags & flag_last) == 0 || header->id != of.id) {
    return std::nullopt;
  }
  return info_of(*header, size - length);
}

/// The index in the last chunk, with that chunk behind it; nullopt: none, or it does not fit.
std::optional<std::vector<ChunkInfo>> read_index(audit::File& file, const FileHeader& of, const ChunkInfo& last) {
  Sha256 sha;
  const auto chunk = load_chunk(file, of, last, sha);
  if (!chunk) return std::nullopt;
  RecordWalker walker(chunk->bytes, chunk->header);
  for (;;) {
    const auto record = walker.next();
    if (!record || !*record) return std::nullopt;
    if ((*record)->kind != static_cast<std::uint8_t>(RecordKind::index)) continue;
    auto chunks = decode_index((*record)->payload);
    if (!chunks) return std::nullopt;
    const std::uint64_t end = chunks->empty() ? kHeaderBytes : chunks->back().offset + chunks->back().length;
    const bool follows = chunks->empty() || chunks->back().end == last.begin;
    if (chunks->size() + 1 != last.number || end != last.offset || !follows) return std::nullopt;
    chunks->push_back(last);
    return std::move(*chunks);
  }
}

Result<void> walk(audit::File& file, std::uint64_t size, Contents& out) {
  std::uint64_t offset = kHeaderBytes;
  while (size - offset >= kChunkHeaderBytes + kFooterBytes && !out.complete) {
    const auto head = file.read_at(offset, kChunkHeaderBytes);
    if (!head) return head.error();
    const auto header = decode_chunk_header(*head);
    if (!header || header->length > size - offset || header->id != out.header.id ||
        header->number != out.chunks.size() + 1) {
      break;
    }
    if (!out.chunks.empty() && header->begin != out.chunks.back().end) break;
    if (out.chunks.size() == kMaxChunks) return fail("recording.malformed", "more chunks than a recording may have");
    out.chunks.push_back(info_of(*header, offset));
    out.complete = (header->flags & flag_last) != 0;
    offset += header->length;
  }
  // What a killed writer left may look whole and not be.
  Sha256 sha;
  if (!out.chunks.empty() && !load_chunk(file, out.header, out.chunks.back(), sha)) {
    offset = out.chunks.back().offset;
    out.chunks.pop_back();
    out.complete = false;
  }
  out.loose_bytes = size - offset;
  return {};
}

}  // namespace

std::uint64_t Contents::bytes() const {
  return chunks.empty() ? kHeaderBytes : chunks.back().offset + chunks.back().length;
}

std::uint16_t Contents::width() const {
  std::uint16_t out = 1;
  for (const ChunkInfo& chunk : chunks) out = std::max(out, chunk.width);
  return out;
}

std::uint16_t Contents::height() const {
  std::uint16_t out = 1;
  for (const ChunkInfo& chunk : chunks) out = std::max(out, chunk.height);
  return out;
}

Result<Contents> read_contents(audit::File& file) {
  const auto size = file.size();
  if (!size) return size.error();
  if (*size < kHeaderBytes) return fail("recording.malformed", "the file is shorter than its header");
  const auto head = file.read_at(0, kHeaderBytes);
  if (!head) return head.error();
  Sha256 sha;
  auto header = decode_header(*head, sha);
  if (!header) return header.error();
  Contents out;
  out.header = std::move(*header);
  out.header_hash = header_hash(*head, sha);
  if (const auto last = last_chunk(file, *size, out.header)) {
    if (auto chunks = read_index(file, out.header, *last)) {
      out.chunks = std::move(*chunks);
      out.complete = out.indexed = true;
      return out;
    }
  }
  if (auto done = walk(file, *size, out); !done) return done.error();
  return out;
}

Result<LoadedChunk> load_chunk(audit::File& file, const FileHeader& of, const ChunkInfo& info, Sha256& sha) {
  auto bytes = file.read_at(info.offset, info.length);
  if (!bytes) return in_chunk(info.number, bytes.error());
  LoadedChunk out;
  out.bytes = std::move(*bytes);
  auto header = decode_chunk_header(out.bytes);
  if (!header) return in_chunk(info.number, header.error());
  auto hash = check_chunk(out.bytes, sha);
  if (!hash) return in_chunk(info.number, hash.error());
  out.header = *header;
  out.hash = *hash;
  if (header->id != of.id) return in_chunk(info.number, fail("recording.malformed", "of another recording"));
  if (header->number != info.number || header->begin != info.begin || header->end != info.end ||
      header->flags != info.flags || header->width != info.width || header->height != info.height) {
    return in_chunk(info.number, fail("recording.malformed", "another chunk than was announced"));
  }
  return out;
}

}  // namespace sekisho::recording
