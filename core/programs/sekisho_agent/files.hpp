// The agent's own files: a private key, a token, a state that survives a crash. Symbolic links are not followed, other
// users' and open files are not trusted, and whatever is written is on disk before the call returns.
// Threads: one. Errors: the code that the caller gives; `detail` names the path and the reason.
// Source: threats.md law 10.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace sekisho::agent {

struct FileCodes {
  const char* unreadable;  ///< absent, not a regular file, too large, an I/O error
  const char* open;        ///< others may read or write it, or it belongs to another user
};

[[nodiscard]] bool exists(const std::string& path);
/// Any regular file.
[[nodiscard]] Result<std::string> read_plain(const std::string& path, std::size_t most, const char* unreadable);
/// A file of this user (or root) that nobody else may read or write.
[[nodiscard]] Result<Secret> read_private(const std::string& path, std::size_t most, FileCodes codes);
/// Made with 0600; an existing file stays and is an error.
[[nodiscard]] Result<void> write_new_private(const std::string& path, std::string_view content, const char* unwritable);
/// Replaced as a whole or not at all, 0600.
[[nodiscard]] Result<void> replace_private(const std::string& path, std::string_view content, const char* unwritable);

}  // namespace sekisho::agent
