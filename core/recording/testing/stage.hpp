// RecordingStage: a recorder over a disk in memory with a clock of its own and a journal that is a list, for tests.
// Threads: one.
#pragma once
#include "audit/testing/memory_disk.hpp"
#include "recording/file.hpp"
#include "recording/notes.hpp"
#include "recording/player.hpp"
#include "recording/verify.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sekisho::recording {

inline FileHeader test_header(std::uint8_t seed = 1) {
  FileHeader out;
  out.id.fill(seed);
  out.started_at = *parse_rfc3339("2026-11-22T00:31:00Z");
  out.session = "S20261122-1-000042";
  out.person = "mori";
  out.target = "web-01";
  return out;
}

/// What a screen should show, kept apart from the code under test: B, G, R, X rows.
struct Canvas {
  Canvas(std::uint16_t w, std::uint16_t h) : width(w), height(h), pixels(std::size_t{4} * w * h) {}

  /// Fills a part with one colour; its pixels, for a Rectangle.
  std::vector<std::byte> fill(std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h, std::uint32_t rgb) {
    std::vector<std::byte> out(std::size_t{4} * w * h);
    for (std::size_t i = 0; i < out.size(); i += 4) set(out.data() + i, rgb);
    draw(x, y, w, h, out);
    return out;
  }
  std::vector<std::byte> noise(std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h,
                               std::mt19937& chance) {
    std::vector<std::byte> out(std::size_t{4} * w * h);
    for (std::size_t i = 0; i < out.size(); i += 4) set(out.data() + i, static_cast<std::uint32_t>(chance()));
    draw(x, y, w, h, out);
    return out;
  }
  void draw(std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h, const std::vector<std::byte>& from) {
    for (std::size_t row = 0; row < h; ++row) {
      std::memcpy(pixels.data() + 4 * ((y + row) * width + x), from.data() + 4 * row * w, std::size_t{4} * w);
    }
  }
  [[nodiscard]] bool shown_by(const Screen& screen) const {
    if (screen.width() != width || screen.height() != height) return false;
    std::vector<std::byte> row(std::size_t{3} * width);
    for (std::uint16_t y = 0; y < height; ++y) {
      screen.row(y, row);
      for (std::size_t x = 0; x < width; ++x) {
        const std::byte* pixel = pixels.data() + 4 * (std::size_t{y} * width + x);
        if (row[3 * x] != pixel[2] || row[3 * x + 1] != pixel[1] || row[3 * x + 2] != pixel[0]) return false;
      }
    }
    return true;
  }

  std::uint16_t width, height;
  std::vector<std::byte> pixels;

 private:
  static void set(std::byte* pixel, std::uint32_t rgb) {
    pixel[0] = static_cast<std::byte>(rgb);
    pixel[1] = static_cast<std::byte>(rgb >> 8);
    pixel[2] = static_cast<std::byte>(rgb >> 16);
    pixel[3] = std::byte{0x5A};  // counts for nothing
  }
};

struct RecordingStage {
  explicit RecordingStage(std::uint16_t width = 320, std::uint16_t height = 200, RecorderOptions wanted = {},
                          FileHeader head = test_header())
      : options(wanted), header(std::move(head)), now(header.started_at), canvas(width, height) {
    file = std::move(RecordingFile::create(disk, header).value());
    journal.push_back(opened_entry(header, file->header_hash(), file->name(), now));
    recorder = std::make_unique<Recorder>(options, packer, header, file->header_hash(), width, height);
  }

  // --- what passes
  void fill(std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h, std::uint32_t rgb) {
    const auto pixels = canvas.fill(x, y, w, h, rgb);
    recorder->rectangle({now, x, y, w, h, pixels});
  }
  void noise(std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h) {
    const auto pixels = canvas.noise(x, y, w, h, chance);
    recorder->rectangle({now, x, y, w, h, pixels});
  }
  void resize(std::uint16_t width, std::uint16_t height) {
    recorder->resize(now, width, height);
    canvas = Canvas(width, height);
  }

  // --- the driver: a disk that answers at once
  void write() {
    while (const Chunk* chunk = recorder->next_chunk(now)) {
      auto end = file->append(*chunk);
      if (end) journal.push_back(chunk_entry(header, note_of(*chunk), now));
      recorder->durable(now, end);
    }
  }
  /// Lets time pass in the recorder's own steps.
  void pass(std::chrono::microseconds time) {
    const Instant until = now + time;
    while (const auto next = recorder->next_deadline()) {
      if (*next > until) break;
      now = std::max(now, *next);
      recorder->tick(now);
      if (writes) write();
      if (*next <= now && recorder->next_deadline() == next && !writes) break;
    }
    now = until;
    recorder->tick(now);
    if (writes) write();
  }
  void close(std::string_view why = "session.ended") {
    recorder->close(now, why);
    write();
    if (recorder->state() == Recorder::State::closed) {
      journal.push_back(closed_entry(header, recorder->chunks_durable(), why, now));
    }
  }

  // --- looking at it
  [[nodiscard]] std::string bytes() const { return disk.contents().at(file->name()); }
  void set_bytes(std::string bytes) { disk.set_contents({{file->name(), std::move(bytes)}}); }
  [[nodiscard]] std::unique_ptr<audit::File> open() { return disk.open(file->name(), audit::Access::read).value(); }
  [[nodiscard]] Notes notes() const {
    Notes out;
    for (const auto& entry : journal) static_cast<void>(add_note(out, header.id, entry));
    sort_notes(out);
    return out;
  }
  [[nodiscard]] Verification check() {
    const auto opened = open();
    return verify(*opened, notes()).value();
  }

  RecorderOptions options;
  FileHeader header;
  Instant now;
  Canvas canvas;
  std::mt19937 chance{7};
  audit::MemoryDisk disk;
  TilePacker packer;
  std::unique_ptr<RecordingFile> file;
  std::unique_ptr<Recorder> recorder;
  std::vector<audit::Entry> journal;
  bool writes = true;  ///< false: the disk hangs
};

}  // namespace sekisho::recording
