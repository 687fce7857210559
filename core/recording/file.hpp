// RecordingFile: where a recorder's chunks go; made once, only appended to, never opened for writing again (T-65).
// Threads: one at a time; append() blocks for the disk. Ownership: borrows the disk, which outlives it.
// Errors: those of audit::Disk; audit.full also when less than the reserve is free at the start, so that what already
// records can end well (T-72). Source: threats.md T-63, T-65.
#pragma once
#include "audit/disk.hpp"
#include "recording/recorder.hpp"

#include <memory>
#include <string>

namespace sekisho::recording {

inline constexpr std::uint32_t kReservePercent = 5;

/// "S20261122-1-000042-0123456789abcdef.skr": the session and the first half of the id.
[[nodiscard]] std::string file_name(const FileHeader& header);

class RecordingFile {
 public:
  /// Writes and syncs the header and the name.
  [[nodiscard]] static Result<std::unique_ptr<RecordingFile>> create(audit::Disk& disk, const FileHeader& header,
                                                                     std::uint32_t reserve_percent = kReservePercent);
  /// On the disk when it returns well. After an error the same chunk may be appended again.
  [[nodiscard]] Result<void> append(const Chunk& chunk);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Hash& header_hash() const { return header_hash_; }

 private:
  RecordingFile() = default;
  std::unique_ptr<audit::File> file_;
  std::string name_;
  Hash header_hash_{};
};

}  // namespace sekisho::recording
