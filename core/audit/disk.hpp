// Disk: one directory of plain files, as the journal needs it, so that tests and the simulator can hand in one that
// fails or forgets at any call. Production: PosixDisk. Threads: a Disk may be used by several threads as long as each
// File belongs to one. Ownership: a File outlives nothing: destroy it before its Disk. Names: no '/', not empty, no
// leading dot. Errors: audit.full (no space, quota), audit.absent, audit.exists, audit.locked, audit.unwritable
// (everything else, with the system's words in detail). Source: threats.md T-72, T-75.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::audit {

class File {
 public:
  virtual ~File() = default;
  /// All of `bytes`, or an error after which the region holds anything.
  [[nodiscard]] virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  /// Everything written before is on the disk when it returns well. After an error nothing may be assumed about what
  /// was written since the last good sync: write it again before the next sync.
  [[nodiscard]] virtual Result<void> sync() = 0;
  /// At most `size` bytes; fewer only at the end of the file.
  [[nodiscard]] virtual Result<std::string> read_at(std::uint64_t offset, std::size_t size) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
  [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
};

struct Space {
  std::uint64_t total = 0, free = 0;  ///< bytes; free: for this user
};

/// Held as long as it lives.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

enum class Access : std::uint8_t { read, write };

class Disk {
 public:
  virtual ~Disk() = default;
  /// A new empty file of mode 0600.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> create(const std::string& name) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& name, Access access) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;  ///< sorted
  [[nodiscard]] virtual Result<void> rename(const std::string& from,
                                            const std::string& to) = 0;  ///< over what is there
  [[nodiscard]] virtual Result<void> remove(const std::string& name) = 0;
  /// Makes creations, renames and removals durable.
  [[nodiscard]] virtual Result<void> sync_names() = 0;
  [[nodiscard]] virtual Result<Space> space() = 0;
  /// The one writer's lock; audit.locked when another holds it.
  [[nodiscard]] virtual Result<std::unique_ptr<DiskLock>> lock() = 0;
  /// Whether some writer holds the lock right now.
  [[nodiscard]] virtual bool locked() = 0;
};

/// A new file with `content` in place of `name`: complete or not there at all, even after a power cut. Mode 0600.
[[nodiscard]] Result<void> replace_file(Disk& disk, const std::string& name, std::string_view content);
/// The whole file; audit.malformed when it is larger than `max_bytes`.
[[nodiscard]] Result<std::string> read_file(Disk& disk, const std::string& name, std::size_t max_bytes);

enum class Make : std::uint8_t { no, yes };
/// `directory` must be a directory of its own name (no symbolic link as last part); Make::yes makes it with mode 0700.
[[nodiscard]] Result<std::unique_ptr<Disk>> open_posix_disk(const std::string& directory, Make make);

}  // namespace sekisho::audit
