// ScreenStage: a screen between a browser and a guest made by hand, and its recording over a disk in memory; for tests
// and harnesses. Threads: one; the recorder works when told.
#pragma once
#include "audit/testing/memory_disk.hpp"
#include "console/rfb/testing/streams.hpp"
#include "recording/file.hpp"
#include "recording/notes.hpp"
#include "recording/player.hpp"
#include "recording/verify.hpp"
#include "screens/screen.hpp"
#include "screens/screen_recording.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::screens {

using rfb::Bytes;
using rfb::View;
using rfb::testing::operator+;

inline const Instant kMorning = *parse_rfc3339("2026-11-22T09:00:00Z");

/// A frame as a browser writes it.
inline Bytes browser_frame(View payload, std::uint8_t opcode = 2, bool final = true) {
  Bytes out;
  rfb::put8(out, static_cast<std::uint8_t>((final ? 0x80U : 0U) | opcode));
  if (payload.size() < 126) {
    rfb::put8(out, static_cast<std::uint8_t>(0x80U | payload.size()));
  } else {
    rfb::put8(out, 0x80U | 126U);
    rfb::put16(out, static_cast<std::uint16_t>(payload.size()));
  }
  const Bytes mask = rfb::testing::hex("11223344");
  rfb::put(out, mask);
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(payload[i] ^ mask[i % 4]);
  return out;
}

/// What a browser makes of the server's bytes.
struct BrowserReader {
  Bytes stream;  ///< payloads of binary frames
  std::size_t pings = 0, pongs = 0;
  std::uint16_t close_code = 0;  ///< 0: none came
  std::string close_reason;

  void read(View bytes) {
    rfb::put(raw, bytes);
    for (;;) {
      if (raw.size() < 2) return;
      std::size_t head = 2, size = rfb::u8(raw, 1);
      if (size == 126) {
        if (raw.size() < 4) return;
        head = 4;
        size = rfb::be16(raw, 2);
      } else if (size == 127) {
        if (raw.size() < 10) return;
        head = 10;
        size = rfb::be32(raw, 6);
      }
      if (raw.size() < head + size) return;
      const std::uint8_t opcode = rfb::u8(raw, 0) & 15U;
      const View body = View(raw).subspan(head, size);
      if (opcode == 2) rfb::put(stream, body);
      if (opcode == 9) ++pings;
      if (opcode == 10) ++pongs;
      if (opcode == 8 && size >= 2) {
        close_code = rfb::be16(body, 0);
        close_reason.assign(reinterpret_cast<const char*>(body.data()) + 2, size - 2);
      }
      raw.erase(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(head + size));
    }
  }
  Bytes raw;
};

struct ScreenStage {
  explicit ScreenStage(bool with_recording = true, ScreenOptions options = {},
                       recording::RecorderOptions recorder = recorder_options()) {
    if (options.console.name.empty()) options.console.name = "web-01";
    if (with_recording) {
      header.id.fill(7);
      header.started_at = now;
      header.session = "S20261122-1-000042";
      header.person = "mori";
      header.target = "web-01";
      file = std::move(recording::RecordingFile::create(disk, header).value());
      journal.push_back(recording::opened_entry(header, file->header_hash(), file->name(), now));
      tape = std::make_shared<Tape>(now, [this] { ++wakes; });
      recording = std::make_unique<ScreenRecording>(recorder, packer, header, file->header_hash(), tape);
    }
    screen = std::make_unique<Screen>(std::move(options), tape, now);
  }

  // --- the browser and the guest, who read at once unless told otherwise
  void browser_says(View payload) { browser_raw(browser_frame(payload)); }
  void browser_raw(View bytes) {
    rfb::put(browser_out, bytes);
    move();
  }
  void guest_says(View bytes) {
    rfb::put(guest_out, bytes);
    move();
  }
  /// Moves what can move, as the driver would.
  void move() {
    for (bool moved = true; moved;) {
      moved = false;
      const auto hand_in = [&](Bytes& from, std::size_t room, auto feed) {
        if (from.empty() || room == 0) return;
        const std::size_t taken = feed(View(from).first(std::min({from.size(), room, piece})));
        from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(taken));
        moved |= taken != 0;
      };
      hand_in(browser_out, screen->room_from_browser(), [&](View in) { return screen->from_browser(in, now); });
      hand_in(guest_out, screen->room_from_guest(), [&](View in) { return screen->from_guest(in, now); });
      if (browser_reads && !screen->to_browser().empty()) {
        const std::size_t size = std::min(piece, screen->to_browser().size());
        browser.read(screen->to_browser().first(size));
        screen->sent_to_browser(size, now);
        moved = true;
      }
      if (guest_reads && !screen->to_guest().empty()) {
        const std::size_t size = std::min(piece, screen->to_guest().size());
        rfb::put(guest_heard, screen->to_guest().first(size));
        screen->sent_to_guest(size, now);
        moved = true;
      }
      if (recording && recorder_works && tape->room() < Tape::kCapacity / 2) {
        record();
        moved = true;
      }
      for (const rfb::Notice& notice : screen->take_notices()) notices.push_back(notice);
    }
  }
  /// Both handshakes, and what noVNC says first.
  void open(rfb::Size size = {640, 480}) {
    using rfb::testing::hex;
    guest_says(hex("524642203030332e3030380a") + hex("0101") + hex("00000000"));
    Bytes init;
    rfb::put16(init, size.width);
    rfb::put16(init, size.height);
    const auto format = rfb::pixel_format(rfb::PixelOrder::bgrx);
    rfb::put(init, std::as_bytes(std::span(format)));
    rfb::put32(init, 4);
    rfb::put(init, std::string_view("vm-1"));
    guest_says(init);
    browser_says(hex("524642203030332e3030380a"));
    browser_says(hex("01"));
    browser_says(hex("01"));
    browser_says(rfb::testing::novnc_opening(size));
    browser.stream.clear();
    guest_heard.clear();
  }
  /// A raw rectangle of one colour, as the guest sends it.
  static Bytes picture(std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h, std::uint32_t colour) {
    Bytes out = rfb::testing::update(1) + rfb::testing::rect({x, y, w, h, rfb::kRaw});
    for (std::size_t i = 0; i < std::size_t{w} * h; ++i) rfb::put32(out, colour);
    return out;
  }

  // --- time and the recorder
  /// Turn after turn until it has caught up, or one.
  void record() {
    do {
      recording->work(now);
      while (writes) {
        const recording::Chunk* chunk = recording->next_chunk(now);
        if (chunk == nullptr) break;
        auto end = file->append(*chunk);
        if (end) journal.push_back(recording::chunk_entry(header, recording::note_of(*chunk), now));
        recording->durable(now, end);
      }
    } while (recording->behind() && !recording->failure() && !one_turn);
  }
  void pass(std::chrono::milliseconds time, std::chrono::milliseconds step = std::chrono::milliseconds(100)) {
    for (const Instant until = now + time; now < until;) {
      now += std::min<std::chrono::microseconds>(step, until - now);
      if (recording && recorder_works) record();
      screen->tick(now);
      move();
    }
  }
  [[nodiscard]] recording::Verification check() {
    recording::Notes notes;
    for (const auto& entry : journal) static_cast<void>(recording::add_note(notes, header.id, entry));
    recording::sort_notes(notes);
    const auto opened = disk.open(file->name(), audit::Access::read).value();
    return recording::verify(*opened, notes).value();
  }

  Instant now = kMorning;
  audit::MemoryDisk disk;
  recording::TilePacker packer;
  recording::FileHeader header;
  std::unique_ptr<recording::RecordingFile> file;
  std::vector<audit::Entry> journal;
  std::shared_ptr<Tape> tape;
  std::unique_ptr<ScreenRecording> recording;
  std::unique_ptr<Screen> screen;
  BrowserReader browser;
  Bytes browser_out, guest_out;  ///< said, not yet taken
  Bytes guest_heard;
  std::vector<rfb::Notice> notices;
  std::size_t piece = 65536;  ///< at most so much moves at once
  std::size_t wakes = 0;
  bool browser_reads = true, guest_reads = true;
  bool recorder_works = true, writes = true;  ///< the thread lives, the disk answers
  bool one_turn = false;                      ///< the thread is slow: record() is one turn of it
};

}  // namespace sekisho::screens
