// Tiles as a record: u16 count | zstd(count ascending u16 numbers | count tiles of kTileBytes). Each record stands
// alone: a frame of zstd of its own, so that a reader needs one record's room and a damaged one harms no other.
// Threads: one packer or unpacker belongs to one thread; many recordings of a thread share one (its memory is a few
// MB). Ranges: 1..kTilesPerRecord tiles. Errors: recording.malformed; no memory throws. Source: consoles.md §4.
#pragma once
#include "recording/screen.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::recording {

class TilePacker {
 public:
  /// `level` of zstd; 1 costs the least.
  explicit TilePacker(int level = 1);
  ~TilePacker();
  TilePacker(const TilePacker&) = delete;
  TilePacker& operator=(const TilePacker&) = delete;
  /// The payload; borrowed until the next call.
  [[nodiscard]] std::string_view pack(const Screen& screen, std::span<const std::uint16_t> numbers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class TileUnpacker {
 public:
  TileUnpacker();
  ~TileUnpacker();
  TileUnpacker(const TileUnpacker&) = delete;
  TileUnpacker& operator=(const TileUnpacker&) = delete;
  /// Into the screen, which is unchanged by a malformed payload. Which tiles.
  [[nodiscard]] Result<std::vector<std::uint16_t>> unpack(std::string_view payload, Screen& screen);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::recording
