// Files of a directory that nobody may have tampered with: regular, not writable by everybody, no link followed.
// Threads: plain functions. Errors: files.unreadable, files.unsafe, files.too_large. Source: threats.md T-75.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <cstddef>
#include <string>

namespace sekisho::plugin {

/// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  File(File&& other) noexcept : fd_(other.release()) {}
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();
  [[nodiscard]] int fd() const { return fd_; }
  /// Gives the descriptor away.
  [[nodiscard]] int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

/// `name` must be one path component. A fifo does not block and is refused.
[[nodiscard]] Result<File> open_in(const std::string& directory, const std::string& name);
/// An absolute path whose last component is no link.
[[nodiscard]] Result<File> open_absolute(const std::string& path);
[[nodiscard]] Result<std::string> read_whole(const File& file, std::size_t max_bytes);
/// Lower-case hex SHA-256 of all bytes from the beginning.
[[nodiscard]] Result<std::string> sha256_of(const File& file);

}  // namespace sekisho::plugin
