// Tape: what a screen showed and what was done to it, on its way from the thread that relays to the one that records.
// The relay's side writes (it is the observer of an rfb::Console), the recorder's side takes everything at once.
//
// Threads: each member from any thread; writing from one, taking from one. Memory: what is written and not yet taken,
// at most kCapacity when the writer heeds room(), and once more while the other side works on what it took.
// Ownership: shared by both sides, because either may end first. Errors: none; the recorder's state travels back as
// TapeState.
#pragma once
#include "console/rfb/observer.hpp"

#include <sekisho/sdk/time.hpp>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::screens {

/// What the recorder's side makes of a tape.
class TapeSink : public rfb::Observer {
 public:
  /// What follows happened then.
  virtual void time(Instant at) = 0;
  virtual void event(std::string_view code, std::string_view text) = 0;
  virtual void close(std::string_view why) = 0;
};

/// What the relay's side must know of the recorder.
struct TapeState {
  Instant alive{};          ///< when it was last at work
  Instant durable_until{};  ///< everything before it is on the disk and in the journal
  bool closed = false;      ///< a good end is durable
  std::string failure;      ///< code; not empty: nothing is recorded any more
};

class Tape final : public rfb::Observer {
 public:
  static constexpr std::size_t kCapacity = 512 * 1024;

  /// `wake`: called from the writing thread, outside of any lock, when something waits that did not before. May be
  /// empty.
  Tape(Instant now, std::function<void()> wake);

  // --- the relay's side
  /// Bytes that may be written; 0: hold the streams back.
  [[nodiscard]] std::size_t room() const;
  /// What is written from now on happens at `now`.
  void at(Instant now);
  void screen(rfb::Size size, rfb::PixelOrder order) override;
  void rect(const rfb::RectHead& head) override;
  void rect_bytes(rfb::View bytes) override;
  void rect_done() override;
  void update_done() override;
  void key(bool down, std::uint32_t symbol, std::uint32_t scan_code) override;
  void pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) override;
  /// `code` and `text` are cut to 255 and 512 bytes.
  void event(std::string_view code, std::string_view text);
  /// The last word; later ones are not taken.
  void close(std::string_view why);
  [[nodiscard]] TapeState state() const;

  // --- the recorder's side
  /// Moves what is written into `out`, whose own bytes are dropped.
  void take(rfb::Bytes& out);
  void set_state(TapeState state);

 private:
  /// Appends one entry; `body` writes it.
  template <class Body>
  void write(Body body);

  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  rfb::Bytes written_;                  // guarded
  std::optional<std::size_t> growing_;  // guarded: where the length of a last entry of payload stands
  std::optional<Instant> now_, said_;   // guarded: the time, and the one last written
  bool closed_ = false;                 // guarded
  TapeState state_;                     // guarded
};

/// Reads what take() gave, in order. It was written by a Tape: anything else is a fault of this program.
/// Stops behind the entry with which `pixels` of rectangles and new screens have been read (the last may be as large as
/// the largest screen); what is left comes back.
[[nodiscard]] rfb::View replay(rfb::View taken, TapeSink& sink, std::uint64_t pixels = UINT64_MAX);

}  // namespace sekisho::screens
