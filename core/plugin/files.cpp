#include "plugin/files.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string_view>

namespace sekisho::plugin {
namespace {

Result<File> checked(int fd, const std::string& what) {
  if (fd < 0) return fail("files.unreadable", what + ": cannot be opened, or is a link");
  File file(fd);
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) return fail("files.unreadable", what + ": not a regular file");
  if ((facts.st_mode & S_IWOTH) != 0) return fail("files.unsafe", what + ": everybody may write it");
  return file;
}

constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

}  // namespace

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.release();
  }
  return *this;
}

File::~File() {
  if (fd_ >= 0) close(fd_);
}

Result<File> open_in(const std::string& directory, const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return fail("files.unreadable", "not one path component");
  }
  const File parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.fd() < 0) return fail("files.unreadable", directory + ": not a directory that can be opened");
  struct stat facts {};
  if (fstat(parent.fd(), &facts) != 0) return fail("files.unreadable", directory + ": cannot be examined");
  if ((facts.st_mode & S_IWOTH) != 0) return fail("files.unsafe", directory + ": everybody may write it");
  return checked(openat(parent.fd(), name.c_str(), kFlags), directory + "/" + name);
}

Result<File> open_absolute(const std::string& path) {
  if (path.substr(0, 1) != "/" || path.find('\0') != std::string::npos) {
    return fail("files.unreadable", "must be an absolute path");
  }
  return checked(open(path.c_str(), kFlags), path);
}

Result<std::string> read_whole(const File& file, std::size_t max_bytes) {
  std::string out;
  std::array<char, 16384> block{};
  for (;;) {
    const ssize_t n = pread(file.fd(), block.data(), block.size(), static_cast<off_t>(out.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail("files.unreadable", "reading failed");
    if (n == 0) return out;
    if (out.size() + static_cast<std::size_t>(n) > max_bytes) return fail("files.too_large", "larger than allowed");
    out.append(block.data(), static_cast<std::size_t>(n));
  }
}

Result<std::string> sha256_of(const File& file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    return fail("files.unreadable", "no SHA-256");
  }
  std::array<char, 65536> block{};
  for (off_t at = 0;;) {
    const ssize_t n = pread(file.fd(), block.data(), block.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail("files.unreadable", "reading failed");
    if (n == 0) break;
    if (EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(n)) != 1) {
      return fail("files.unreadable", "SHA-256 failed");
    }
    at += n;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) return fail("files.unreadable", "SHA-256 failed");
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

}  // namespace sekisho::plugin
