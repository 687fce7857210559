#include "audit/disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace sekisho::audit {
namespace {

constexpr const char* kLockName = "writer.lock";

Error from_errno(const std::string& what, int number) {
  const char* code = number == ENOSPC || number == EDQUOT ? "audit.full"
                     : number == ENOENT                   ? "audit.absent"
                     : number == EEXIST                   ? "audit.exists"
                                                          : "audit.unwritable";
  return fail(code, what + ": " + std::generic_category().message(number));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile : public File {
 public:
  PosixFile(Descriptor fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t done = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return from_errno("write " + name_, errno);
      if (done == 0) return fail("audit.unwritable", "write " + name_ + ": nothing taken");
      bytes.remove_prefix(static_cast<std::size_t>(done));
      offset += static_cast<std::uint64_t>(done);
    }
    return {};
  }

  Result<void> sync() override {
    // No retry after EINTR or anything else: the kernel reports a lost page only once.
    if (::fdatasync(fd_.get()) != 0) return from_errno("sync " + name_, errno);
    return {};
  }

  Result<std::string> read_at(std::uint64_t offset, std::size_t size) override {
    std::string out(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t done = ::pread(fd_.get(), out.data() + got, size - got, static_cast<off_t>(offset + got));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return from_errno("read " + name_, errno);
      if (done == 0) break;
      got += static_cast<std::size_t>(done);
    }
    out.resize(got);
    return out;
  }

  Result<std::uint64_t> size() override {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return from_errno("stat " + name_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return from_errno("truncate " + name_, errno);
    return {};
  }

 private:
  Descriptor fd_;
  std::string name_;
};

struct PosixLock : DiskLock {
  explicit PosixLock(Descriptor fd) : held(std::move(fd)) {}
  Descriptor held;
};

/// OFD locks belong to the open file, not to the process: two journals in one process exclude each other too.
struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

class PosixDisk : public Disk {
 public:
  explicit PosixDisk(Descriptor directory) : directory_(std::move(directory)) {}

  Result<std::unique_ptr<File>> create(const std::string& name) override {
    return open_file(name, O_RDWR | O_CREAT | O_EXCL);
  }

  Result<std::unique_ptr<File>> open(const std::string& name, Access access) override {
    return open_file(name, access == Access::write ? O_RDWR : O_RDONLY);
  }

  Result<std::vector<std::string>> list() override {
    const int again = ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0) return from_errno("list", errno);
    DIR* stream = ::fdopendir(again);
    if (stream == nullptr) {
      ::close(again);
      return from_errno("list", errno);
    }
    std::vector<std::string> out;
    errno = 0;
    while (const dirent* item = ::readdir(stream)) {  // NOLINT(concurrency-mt-unsafe): the stream is our own
      if (item->d_name[0] != '.') out.emplace_back(item->d_name);
      errno = 0;
    }
    const int number = errno;
    ::closedir(stream);
    if (number != 0) return from_errno("list", number);
    std::sort(out.begin(), out.end());
    return out;
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::renameat(directory_.get(), from.c_str(), directory_.get(), to.c_str()) != 0) {
      return from_errno("rename " + from, errno);
    }
    return {};
  }

  Result<void> remove(const std::string& name) override {
    if (::unlinkat(directory_.get(), name.c_str(), 0) != 0) return from_errno("remove " + name, errno);
    return {};
  }

  Result<void> sync_names() override {
    if (::fsync(directory_.get()) != 0) return from_errno("sync directory", errno);
    return {};
  }

  Result<Space> space() override {
    struct statvfs status {};
    if (::fstatvfs(directory_.get(), &status) != 0) return from_errno("space", errno);
    return Space{static_cast<std::uint64_t>(status.f_blocks) * status.f_frsize,
                 static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize};
  }

  Result<std::unique_ptr<DiskLock>> lock() override {
    Descriptor file(
        ::openat(directory_.get(), kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (file.get() < 0) return from_errno("lock", errno);
    struct flock request = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &request) != 0) {
      if (errno == EAGAIN || errno == EACCES) return fail("audit.locked", "another program writes this journal");
      return from_errno("lock", errno);
    }
    return std::unique_ptr<DiskLock>(std::make_unique<PosixLock>(std::move(file)));
  }

  bool locked() override {
    const Descriptor file(::openat(directory_.get(), kLockName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.get() < 0) return false;
    struct flock request = whole_file();
    return ::fcntl(file.get(), F_OFD_GETLK, &request) == 0 && request.l_type != F_UNLCK;
  }

 private:
  Result<std::unique_ptr<File>> open_file(const std::string& name, int flags) {
    if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) {
      return fail("audit.unwritable", "not a plain file name");
    }
    // O_NONBLOCK: a planted fifo must not hold the program up.
    Descriptor file(::openat(directory_.get(), name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (file.get() < 0) return from_errno("open " + name, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return from_errno("open " + name, errno);
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
      return fail("audit.unwritable", "open " + name + ": not a regular file with one name");
    }
    return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(file), name));
  }

  Descriptor directory_;
};

}  // namespace

Result<std::unique_ptr<Disk>> open_posix_disk(const std::string& directory, Make make) {
  if (make == Make::yes && ::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return from_errno("make " + directory, errno);
  }
  Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd.get() < 0) return from_errno("open " + directory, errno);
  return std::unique_ptr<Disk>(std::make_unique<PosixDisk>(std::move(fd)));
}

}  // namespace sekisho::audit
