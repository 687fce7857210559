#include "programs/sekisho_agent/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sekisho::agent {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error failed(const char* code, const std::string& path, const char* what) {
  std::array<char, 128> text{};
  return fail(code, path + ": " + what + ": " + ::strerror_r(errno, text.data(), text.size()));
}

Result<Secret> read_open(int fd, const std::string& path, std::size_t most, const char* code) {
  std::string out(most + 1, '\0');
  std::size_t used = 0;
  while (used < out.size()) {
    const ssize_t got = ::read(fd, out.data() + used, out.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      Secret cleared(std::move(out));
      return failed(code, path, "read");
    }
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  Secret whole(std::move(out));
  if (used > most) return fail(code, path + ": too large");
  return Secret(std::string(whole.reveal().substr(0, used)));
}

/// Opened for reading without waiting for a FIFO's writer; a regular file or nothing.
int open_regular(const std::string& path, int more, struct stat& status) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | more);
  if (fd < 0) return -1;
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return fd;
  ::close(fd);
  errno = EINVAL;
  return -1;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_folder(const std::string& path, const char* code) {
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return failed(code, path, "sync of the folder");
  return {};
}

/// A fresh file beside `path` with all of `content` on disk.
Result<std::string> write_part(const std::string& path, std::string_view content, const char* code) {
  const std::string part = path + ".part." + std::to_string(::getpid());
  ::unlink(part.c_str());  // of a crashed run with our number
  const Descriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failed(code, part, "create");
  std::size_t used = 0;
  while (used < content.size()) {
    const ssize_t put = ::write(file.get(), content.data() + used, content.size() - used);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      Error error = failed(code, part, "write");
      ::unlink(part.c_str());
      return error;
    }
    used += static_cast<std::size_t>(put);
  }
  if (::fchmod(file.get(), 0600) != 0 || ::fsync(file.get()) != 0) {
    Error error = failed(code, part, "sync");
    ::unlink(part.c_str());
    return error;
  }
  return part;
}

}  // namespace

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

Result<std::string> read_plain(const std::string& path, std::size_t most, const char* unreadable) {
  struct stat status {};
  const Descriptor file(open_regular(path, 0, status));
  if (!file) return failed(unreadable, path, "open");
  auto content = read_open(file.get(), path, most, unreadable);
  if (!content) return content.error();
  return std::string(content->reveal());
}

Result<Secret> read_private(const std::string& path, std::size_t most, FileCodes codes) {
  struct stat status {};
  const Descriptor file(open_regular(path, O_NOFOLLOW, status));
  if (!file) return failed(codes.unreadable, path, "open");
  if ((status.st_mode & 077U) != 0) return fail(codes.open, path + ": group or others have permissions");
  if (status.st_uid != ::geteuid() && status.st_uid != 0) return fail(codes.open, path + ": belongs to another user");
  return read_open(file.get(), path, most, codes.unreadable);
}

Result<void> write_new_private(const std::string& path, std::string_view content, const char* unwritable) {
  const auto part = write_part(path, content, unwritable);
  if (!part) return part.error();
  const bool linked = ::link(part->c_str(), path.c_str()) == 0;  // fails when `path` exists
  Result<void> end = linked ? Result<void>() : failed(unwritable, path, "create");
  ::unlink(part->c_str());
  if (!end) return end;
  return sync_folder(path, unwritable);
}

Result<void> replace_private(const std::string& path, std::string_view content, const char* unwritable) {
  const auto part = write_part(path, content, unwritable);
  if (!part) return part.error();
  if (::rename(part->c_str(), path.c_str()) != 0) {
    Error error = failed(unwritable, path, "replace");
    ::unlink(part->c_str());
    return error;
  }
  return sync_folder(path, unwritable);
}

}  // namespace sekisho::agent
