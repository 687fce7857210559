// Player: shows any moment of a recording, and what follows it.
//   player->seek(to);  while (auto moment = player->step()) … player->screen()
// A seek unpacks one whole picture and what has changed since: at most 30 s of changes and a bounded number of screens'
// worth of tiles (RecorderOptions), however long the recording is; Effort counts it.
// Threads: one. Ownership: borrows the file, which outlives it. Memory: one screen, one chunk, the contents.
// Errors: recording.malformed, those of audit::File; the player then stays where it is and may be sought elsewhere.
#pragma once
#include "recording/reader.hpp"
#include "recording/tiles.hpp"

#include <memory>
#include <optional>
#include <variant>

namespace sekisho::recording {

/// The picture has changed: look at screen().
struct PictureChanged {
  bool whole = false;                ///< everything may differ, the size too
  std::vector<std::uint16_t> tiles;  ///< else these
};
struct Ended {
  std::string why;
};
struct Moment {
  Instant at{};
  std::variant<PictureChanged, Pointer, Key, PolicyEvent, Ended> what;
};

/// What reading has cost.
struct Effort {
  std::uint64_t chunks = 0, bytes = 0, tiles = 0;
};

class Player {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Player>> open(audit::File& file);
  [[nodiscard]] const Contents& contents() const { return contents_; }

  /// Screen and pointer are as they were at `to`, which is moved into the recording; step() goes on behind it.
  [[nodiscard]] Result<void> seek(Instant to);
  /// The next thing that happens, borrowed until the next call; nullptr at the end of what there is.
  [[nodiscard]] Result<const Moment*> step();
  [[nodiscard]] const Screen& screen() const { return screen_; }
  [[nodiscard]] const std::optional<Pointer>& pointer() const { return pointer_; }
  [[nodiscard]] const Effort& effort() const { return effort_; }

 private:
  explicit Player(audit::File& file) : file_(file) {}
  [[nodiscard]] Result<void> load(std::size_t index);
  [[nodiscard]] Result<void> draw_whole();
  /// Into moment_; false: it is nothing that shows.
  [[nodiscard]] Result<bool> apply(const Record& record);
  /// The next record of the loaded chunk at or before `until`.
  [[nodiscard]] Result<std::optional<Record>> next_record(Instant until);

  audit::File& file_;
  Contents contents_;
  Screen screen_;
  std::optional<Pointer> pointer_;
  TileUnpacker unpacker_;
  Sha256 sha_;
  Effort effort_;

  std::size_t next_ = 0;  ///< index of the chunk after the loaded one
  std::optional<LoadedChunk> chunk_;
  std::optional<RecordWalker> walker_;
  std::optional<Record> ahead_;  ///< read, not yet applied
  Moment moment_;
};

}  // namespace sekisho::recording
