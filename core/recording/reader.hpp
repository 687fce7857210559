// Reading a recording: what it holds, chunk by chunk. It may still be written while it is read.
// Threads: one. Ownership: borrows the file. Memory: 56 bytes a chunk, and one chunk. Ranges: at most kMaxChunks.
// Errors: recording.malformed (the file is hostile or damaged; the detail names the chunk), those of audit::File.
#pragma once
#include "audit/disk.hpp"
#include "recording/format.hpp"

#include <string>
#include <vector>

namespace sekisho::recording {

inline constexpr std::size_t kMaxChunks = 1u << 20;

struct Contents {
  FileHeader header;
  Hash header_hash{};
  std::vector<ChunkInfo> chunks;  ///< from number 1 without a gap; their heads follow each other
  bool complete = false;          ///< it has its last chunk: a good end
  bool indexed = false;           ///< known from the index, not walked
  std::uint64_t loose_bytes = 0;  ///< behind the last whole chunk: an unfinished write, or damage

  [[nodiscard]] Instant begin() const { return header.started_at; }
  [[nodiscard]] Instant end() const { return chunks.empty() ? header.started_at : chunks.back().end; }
  [[nodiscard]] std::uint64_t bytes() const;  ///< of header and chunks
  /// The largest screen in it.
  [[nodiscard]] std::uint16_t width() const;
  [[nodiscard]] std::uint16_t height() const;
};

/// From the index at the end, or by walking the chunks' heads. Nothing but the header, the heads and the last chunk is
/// checked: verify.hpp proves the rest.
[[nodiscard]] Result<Contents> read_contents(audit::File& file);

/// One whole chunk, its hash checked and its header the one that `info` announces.
struct LoadedChunk {
  std::string bytes;
  ChunkHeader header;
  Hash hash{};
};
[[nodiscard]] Result<LoadedChunk> load_chunk(audit::File& file, const FileHeader& of, const ChunkInfo& info,
                                             Sha256& sha);

}  // namespace sekisho::recording
