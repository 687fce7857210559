// ScreenRecording: the recorder's side of one screen. Takes the tape, decodes the rectangles, keeps the picture.
//
//   Tape ─▶ replay ─▶ picture::Decoder ─▶ recording::Recorder ─▶ next_chunk() … durable()
//                      key, pointer, events ─▶┘
//
// The driver calls work() when the tape wakes it and at next_deadline(), writes what next_chunk() gives, lets the
// journal have its note, and answers with durable(). Half a megabyte of tape may say minutes of painting (a copy of
// the whole screen is twenty bytes): one call of work() does about kTurn of it, so that recordings of one thread take
// turns and a guest that asks for too much holds back itself alone. What cannot be decoded or kept fails it for good,
// and the screen closes (T-63): the tape carries that back.
//
// Threads: one, never the relay's. Ownership: shares the tape, borrows the packer. Memory: the recorder's, the
// decoder's (at most six zlib streams of 40 KiB) and one tape's worth. Errors: failure(). Source: threats.md T-63.
#pragma once
#include "console/picture/decoder.hpp"
#include "recording/recorder.hpp"
#include "screens/tape.hpp"

#include <memory>
#include <optional>

namespace sekisho::screens {

/// A recorder's options for a console's share of memory (16 MiB at 1080p): less waits for the disk than a recorder
/// alone would let wait.
[[nodiscard]] inline recording::RecorderOptions recorder_options(recording::Keys keys = recording::Keys::none) {
  recording::RecorderOptions out;
  out.max_waiting = 2U << 20U;
  out.keys = keys;
  return out;
}

class ScreenRecording final : private TapeSink {
 public:
  /// How often at least it says that it lives.
  static constexpr std::chrono::seconds kAlive{1};
  /// Pixels painted in one turn; with the rectangle that goes beyond, less than two of the largest screens.
  static constexpr std::uint64_t kTurn = 2U << 20U;

  /// `header` is on the disk and in the journal.
  ScreenRecording(const recording::RecorderOptions& options, recording::TilePacker& packer,
                  const recording::FileHeader& header, const recording::Hash& header_hash, std::shared_ptr<Tape> tape);

  void work(Instant now);
  /// More was taken from the tape than one turn could do: next_deadline() is at once.
  [[nodiscard]] bool behind() const { return !left_.empty(); }
  /// As Recorder's; nullptr once it has failed.
  [[nodiscard]] const recording::Chunk* next_chunk(Instant now);
  void durable(Instant now, const Result<void>& end);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] bool closed() const { return recorder_.state() == recording::Recorder::State::closed; }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  /// With closed(): why it was closed.
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] const recording::FileHeader& header() const { return header_; }
  [[nodiscard]] std::uint64_t chunks_durable() const { return recorder_.chunks_durable(); }
  [[nodiscard]] const recording::Recorder& recorder() const { return recorder_; }

 private:
  // --- TapeSink
  void time(Instant at) override;
  void screen(rfb::Size size, rfb::PixelOrder order) override;
  void rect(const rfb::RectHead& head) override;
  void rect_bytes(rfb::View bytes) override;
  void rect_done() override;
  void update_done() override;
  void key(bool down, std::uint32_t symbol, std::uint32_t scan_code) override;
  void pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) override;
  void event(std::string_view code, std::string_view text) override;
  void close(std::string_view why) override;
  void look(Instant now);
  void publish(Instant now);

  /// Where the decoder paints.
  struct Painter final : picture::Canvas {
    explicit Painter(ScreenRecording& the_owner) : owner(the_owner) {}
    void resize(rfb::Size size) override;
    void paint(const picture::Area& area, rfb::View pixels) override;
    void copy(const picture::Area& area, std::uint16_t from_x, std::uint16_t from_y) override;
    void update_done() override {}
    ScreenRecording& owner;
  };

  const recording::FileHeader header_;
  std::shared_ptr<Tape> tape_;
  recording::Recorder recorder_;
  Painter painter_{*this};
  picture::Decoder decoder_;
  rfb::Bytes taken_;
  rfb::View left_;       ///< of taken_, for the next turn
  Instant now_, alive_;  ///< the recording's time, which never passes what is left; the thread's
  std::string why_;
  std::optional<Error> failure_;
};

}  // namespace sekisho::screens
