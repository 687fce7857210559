// Segments: the journal's files as one place to append to: the current segment, the zero-filled spare that follows it,
// and the way from one to the next. Zeros are written beforehand so that a group commit changes no metadata
// (performance.md finding 9) and cannot run out of space. Threads: the writer's; make_spare() may run elsewhere.
// Errors: those of Disk. Source: threats.md T-70, T-72.
#pragma once
#include "audit/disk.hpp"
#include "audit/format.hpp"

#include <memory>
#include <optional>

namespace sekisho::audit {

inline constexpr std::size_t kMaxBatch = 256 * 1024;  ///< bytes written between two syncs; bounds what a crash can tear
inline constexpr std::size_t kMinSegment = 24 * 1024;

/// Makes the file "spare": `bytes` zeros, synced. Keeps a good one that is there already. audit.full when less than
/// `reserve_percent` of the file system would stay free.
[[nodiscard]] Result<std::unique_ptr<File>> make_spare(Disk& disk, std::uint64_t bytes, std::uint32_t reserve_percent);

/// Where spares come from: made inline, or by a thread of its own while the current segment still has room.
class SpareSource {
 public:
  virtual ~SpareSource() = default;
  /// Begins to make one if none is there; after an error, begins again.
  virtual void want() = 0;
  /// Waits for it and gives it away.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> take() = 0;
  /// Why the last attempt failed, if it did.
  [[nodiscard]] virtual std::optional<Error> trouble() = 0;
};
/// make_spare() in the caller's thread.
[[nodiscard]] std::unique_ptr<SpareSource> inline_spares(Disk& disk, std::uint64_t bytes,
                                                         std::uint32_t reserve_percent);
/// make_spare() in a thread of its own.
[[nodiscard]] std::unique_ptr<SpareSource> threaded_spares(Disk& disk, std::uint64_t bytes,
                                                           std::uint32_t reserve_percent);

class Segments {
 public:
  Segments(Disk& disk, std::uint64_t segment_bytes, SpareSource& spares);

  /// Goes on in an existing segment at `offset`.
  void resume(std::unique_ptr<File> file, std::uint64_t number, std::uint64_t segment_bytes, std::uint64_t offset);
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// Whether `bytes` more fit behind `used` bytes that are not written yet.
  [[nodiscard]] bool fits(std::size_t used, std::size_t bytes) const;
  /// True past the middle: time to want a spare.
  [[nodiscard]] bool wants_spare() const;

  /// Writes behind the last record and syncs. After an error the region is dirty: clean() first.
  [[nodiscard]] Result<void> append(std::string_view records);
  /// Overwrites with zeros what a failed append may have left behind.
  [[nodiscard]] Result<void> clean();
  /// Closes the current segment for good and begins the next one; may be repeated after an error. `header.number` and
  /// `header.segment_bytes` are filled in; `header_bytes` gets what was written.
  [[nodiscard]] Result<void> roll_over(SegmentHeader header, Sha256& sha, std::string& header_bytes);

 private:
  Disk& disk_;
  SpareSource& spares_;
  std::uint64_t next_size_, size_ = 0, number_ = 0, offset_ = 0, dirty_until_ = 0;
  std::unique_ptr<File> file_, pending_;
  bool closed_ = true;
};

}  // namespace sekisho::audit
