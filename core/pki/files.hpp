// Files that are whole or not there: written beside their name, synced, then renamed over it (or linked to it, when an
// existing file must stay). Symbolic links are not followed at the last step.
// Threads: any. Errors: pki.file (name and the system's words), pki.file_exists.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <string>
#include <string_view>

namespace sekisho::pki {

inline constexpr unsigned kPrivateMode = 0600, kPublicMode = 0644;

enum class Existing : bool { kept, replaced };
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode,
                                      Existing existing);
/// At most `most` bytes of a regular file.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most = 64u << 20);
[[nodiscard]] bool exists(const std::string& path);
/// Makes the folder when it is missing (its parent exists). The mode is set on a new one alone.
[[nodiscard]] Result<void> make_folder(const std::string& path, unsigned mode);

/// Holds the folder's lock file while it lives; waits for another holder at most 10 s.
class FolderLock {
 public:
  [[nodiscard]] static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace sekisho::pki
