#include "pki/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

namespace sekisho::pki {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Error from_errno(const std::string& path, int number) {
  return fail(number == EEXIST ? "pki.file_exists" : "pki.file", path + ": " + std::generic_category().message(number));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_folder(const std::string& path) {
  const std::string folder = folder_of(path);
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return from_errno(folder, errno);
  return {};
}

Result<void> fill(const std::string& part, std::string_view bytes, unsigned mode) {
  ::unlink(part.c_str());  // of a run that was cut off
  const Descriptor fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (fd.get() < 0) return from_errno(part, errno);
  if (::fchmod(fd.get(), mode) != 0) return from_errno(part, errno);  // whatever the umask says
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return from_errno(part, done == 0 ? EIO : errno);
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  if (::fsync(fd.get()) != 0) return from_errno(part, errno);
  return {};
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode, Existing existing) {
  const std::string part = path + ".part" + std::to_string(::getpid());
  Result<void> done = fill(part, bytes, mode);
  if (done) {
    const int moved =
        existing == Existing::replaced ? ::rename(part.c_str(), path.c_str()) : ::link(part.c_str(), path.c_str());
    if (moved != 0) done = from_errno(path, errno);
  }
  if (!done || existing == Existing::kept) ::unlink(part.c_str());
  return done ? sync_folder(path) : done;
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return from_errno(path, errno);
  if (!S_ISREG(status.st_mode)) return fail("pki.file", path + ": no regular file");
  if (static_cast<std::size_t>(status.st_size) > most) return fail("pki.file", path + ": too large");
  std::string out(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t got = 0;
  while (got < out.size()) {
    const ssize_t done = ::read(fd.get(), out.data() + got, out.size() - got);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return from_errno(path, errno);
    if (done == 0) break;
    got += static_cast<std::size_t>(done);
  }
  out.resize(got);
  return out;
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

Result<void> make_folder(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    if (::chmod(path.c_str(), mode) != 0) return from_errno(path, errno);
    return sync_folder(path);
  }
  struct stat status {};
  if (errno == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return from_errno(path, errno == EEXIST ? ENOTDIR : errno);
}

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kPrivateMode);
  if (fd < 0) return from_errno(path, errno);
  FolderLock out(fd);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return from_errno(path, errno);
    if (std::chrono::steady_clock::now() > limit) return fail("pki.busy", path);
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return out;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace sekisho::pki
