// Recorder: one console's recording, from its first frame to its last; a machine without disk, thread or clock.
//
//   recording ──close()──▶ closing ──last chunk durable──▶ closed
//       └──────────────────────┴── recording.stalled, .flooded, .bad_rectangle, .screen_too_large ──▶ failed
//
// The driver feeds what passes the relay, writes each chunk that next_chunk() hands out where it says, lets the journal
// have its hash, and answers with durable(); it calls tick() at next_deadline(). What was fed becomes durable within
// 10 s (5 s until its chunk is sealed, 5 s to write it and to enter its hash), or the recording has failed: the console
// must then be closed at once (T-63). A failed recording never becomes good again; what it has written stays.
//
// At most ten pictures a second are kept; between two the changes come together. While more waits for the disk than
// `max_waiting` no picture is taken, so that memory stays bounded: the changes come together for longer.
//
// Threads: one. Ownership: borrows the packer, which many recorders of a thread share; pixels are borrowed for the
// call. Units: gate time; an instant before the last one counts as the last. Memory: the screen (screen.hpp), what
// waits (max_waiting, or one whole picture), 48 bytes a chunk up to kMaxIndexed.
// Source: issue "Desktops and consoles" part 3; consoles.md §4; threats.md T-63, T-66, R-08.
#pragma once
#include "recording/tiles.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::recording {

/// What is kept of the keyboard: nothing, that keys were used, or which (T-66).
enum class Keys : std::uint8_t { none, masked, clear };

struct RecorderOptions {
  std::chrono::milliseconds frame_every{100};
  Seconds chunk_every{5};  ///< a chunk covers at most this
  Seconds stall{5};        ///< to make a sealed chunk durable
  std::chrono::milliseconds retry{500};
  Seconds key_every{30};  ///< between whole pictures, when something happened
  /// And after this many screens' worth of changed tiles; a chunk holds at most the second (each: or that many MiB).
  std::size_t key_screens = 8, chunk_screens = 4;
  std::size_t chunk_bytes = 2u << 20;        ///< a chunk is sealed once it is as large
  std::size_t max_waiting = 4u << 20;        ///< bytes sealed and pending at which no picture is taken
  std::size_t max_input_waiting = 2u << 20;  ///< bytes of input and events at which the recording fails
  std::size_t max_resizes = 100;             ///< within key_every
  Keys keys = Keys::none;
};

/// A chunk for the disk and its hash for the journal.
struct Chunk {
  ChunkInfo info;
  std::string bytes;
  Hash hash{};
};

class Recorder {
 public:
  enum class State : std::uint8_t { recording, closing, closed, failed };

  /// `header_hash`: of the file's header, which the driver has written and the journal has. The screen is black.
  Recorder(const RecorderOptions& options, TilePacker& packer, const FileHeader& header, const Hash& header_hash,
           std::uint16_t width, std::uint16_t height);

  // --- what passes the relay; ignored unless recording
  void rectangle(const Rectangle& rectangle);
  void copied(const CopiedRectangle& rectangle);
  /// A new size: black until it is drawn anew.
  void resize(Instant now, std::uint16_t width, std::uint16_t height);
  void pointer(Instant now, Pointer pointer);
  void key(Instant now, Key key);
  /// For a secret entry; leaves an event.
  void set_keys(Instant now, Keys keys);
  void event(Instant now, const PolicyEvent& event);
  /// The last picture and why it ends ("session.ended", "console.closed"); then the last chunk.
  void close(Instant now, std::string_view why);
  void tick(Instant now);

  // --- the driver's side
  /// The next chunk to write, once; borrowed until durable() or failure. nullptr: none, or one is out.
  [[nodiscard]] const Chunk* next_chunk(Instant now);
  /// How the chunk that is out ended: written, synced and in the journal, or not (it comes out again later).
  void durable(Instant now, const Result<void>& end);

  [[nodiscard]] State state() const { return state_; }
  /// When failed. recording.stalled holds the disk's last error in detail.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] std::uint64_t chunks_durable() const { return durable_; }
  /// Everything before it is durable.
  [[nodiscard]] Instant durable_until() const { return durable_until_; }
  [[nodiscard]] const Screen& screen() const { return screen_; }
  /// Bytes of chunks that wait for the disk, sealed and pending.
  [[nodiscard]] std::size_t waiting() const { return sealed_bytes_ + (pending_ ? pending_->size() : 0); }
  /// What it holds by its own count, in bytes: the screen, what waits and the index. The packer is its thread's.
  [[nodiscard]] std::size_t memory() const {
    return screen_.memory() + waiting() + index_.capacity() * sizeof(ChunkInfo);
  }

 private:
  [[nodiscard]] bool feed(Instant now);  ///< moves time on; false: nothing more is taken
  void open(Instant now, bool key);
  void add_whole_picture(Instant now);
  void finish(Instant now);
  void seal(Instant end);
  void seal_if_full(Instant now);
  [[nodiscard]] bool key_due(Instant now) const;
  [[nodiscard]] std::size_t screens(std::size_t count) const;
  void take_frame(Instant now);
  void add_tiles(Instant now, std::span<const std::uint16_t> numbers);
  void add_pointer(Instant now);
  void add_record(Instant now, RecordKind kind, std::string_view payload);
  void add_input(Instant now, RecordKind kind, std::string_view payload);
  void changed(Instant now);
  void fail_with(const char* code, std::string detail = {});
  [[nodiscard]] Instant stalls_at() const;

  RecorderOptions options_;
  TilePacker& packer_;
  Sha256 sha_;
  RecordingId id_;
  State state_ = State::recording;
  std::optional<Error> failure_, write_error_;
  Instant now_;
  Keys keys_;

  Screen screen_;
  std::uint16_t width_, height_;  ///< wanted, when resize_
  bool resize_ = false;
  std::size_t resizes_ = 0;
  Instant resizes_since_;
  std::string why_;                       ///< of the end, when closing
  std::optional<Instant> changed_since_;  ///< picture or pointer, not yet in a chunk
  Instant last_frame_;
  std::optional<Pointer> moved_;  ///< not yet in a chunk
  std::uint16_t buttons_ = 0;
  std::optional<Pointer> last_pointer_;

  std::optional<ChunkBuilder> pending_;
  std::uint64_t next_number_ = 1, next_offset_ = kHeaderBytes;
  Hash before_;
  Instant key_at_;
  std::size_t raw_since_key_ = 0, raw_in_chunk_ = 0;  ///< bytes of tiles before they were packed
  std::size_t input_in_chunk_ = 0, input_waiting_ = 0;
  bool active_since_key_ = false;
  std::vector<ChunkInfo> index_;

  struct Waiting {
    Chunk chunk;
    Instant sealed_at;
    std::size_t input = 0;
  };
  std::deque<Waiting> sealed_;
  std::size_t sealed_bytes_ = 0;
  bool out_ = false;
  std::optional<Instant> retry_at_;
  std::uint64_t durable_ = 0;
  Instant durable_until_;
};

}  // namespace sekisho::recording
