#include "recording/tiles.hpp"

#include "recording/bytes.hpp"

#include <sekisho/sdk/memory.hpp>

#include <zstd.h>

namespace sekisho::recording {
namespace {

constexpr std::size_t raw_bytes(std::size_t count) {
  return count * (2 + kTileBytes);
}

Error malformed(const char* why) {
  return fail("recording.malformed", why);
}

}  // namespace

struct TilePacker::Impl {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::string raw, out;
};

TilePacker::TilePacker(int level) : impl_(std::make_unique<Impl>()) {
  need_memory(impl_->context != nullptr);
  // The frame's size stands in it; a checksum would double the chunk's hash.
  SEKISHO_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(impl_->context, ZSTD_c_compressionLevel, level)) == 0);
}

TilePacker::~TilePacker() {
  ZSTD_freeCCtx(impl_->context);
}

std::string_view TilePacker::pack(const Screen& screen, std::span<const std::uint16_t> numbers) {
  SEKISHO_ASSERT(!numbers.empty() && numbers.size() <= kTilesPerRecord);
  Impl& s = *impl_;
  s.raw.clear();
  for (const std::uint16_t number : numbers) put(s.raw, number);
  for (const std::uint16_t number : numbers) {
    const auto tile = screen.tile(number);
    s.raw.append(reinterpret_cast<const char*>(tile.data()), tile.size());
  }
  s.out.clear();
  put(s.out, static_cast<std::uint16_t>(numbers.size()));
  s.out.resize(2 + ZSTD_compressBound(s.raw.size()));
  const std::size_t size = ZSTD_compress2(s.context, s.out.data() + 2, s.out.size() - 2, s.raw.data(), s.raw.size());
  need_memory(ZSTD_isError(size) == 0);  // the room is enough and the parameters are right
  return std::string_view(s.out).substr(0, 2 + size);
}

struct TileUnpacker::Impl {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::string raw;
};

TileUnpacker::TileUnpacker() : impl_(std::make_unique<Impl>()) {
  need_memory(impl_->context != nullptr);
  impl_->raw.resize(raw_bytes(kTilesPerRecord));
}

TileUnpacker::~TileUnpacker() {
  ZSTD_freeDCtx(impl_->context);
}

Result<std::vector<std::uint16_t>> TileUnpacker::unpack(std::string_view payload, Screen& screen) {
  Impl& s = *impl_;
  if (payload.size() < 2) return malformed("a tile record that is cut off");
  const std::size_t count = get<std::uint16_t>(payload, 0);
  if (count == 0 || count > kTilesPerRecord) return malformed("a tile record of an impossible count");
  payload.remove_prefix(2);
  const std::size_t size =
      ZSTD_decompressDCtx(s.context, s.raw.data(), raw_bytes(count), payload.data(), payload.size());
  if (ZSTD_isError(size) != 0 || size != raw_bytes(count)) return malformed("a tile record that does not decompress");
  std::vector<std::uint16_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    numbers[i] = get<std::uint16_t>(s.raw, 2 * i);
    if (numbers[i] >= screen.tiles()) return malformed("a tile outside of the screen");
    if (i != 0 && numbers[i] <= numbers[i - 1]) return malformed("tiles out of their order");
  }
  const auto tiles = std::as_bytes(std::span(s.raw)).subspan(2 * count);
  for (std::size_t i = 0; i < count; ++i) screen.set_tile(numbers[i], tiles.subspan(i * kTileBytes, kTileBytes));
  return numbers;
}

}  // namespace sekisho::recording
