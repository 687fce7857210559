#include "template_console_driver.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace sekisho::template_console_driver {
namespace {

constexpr std::string_view kSuffix = ".rfb";

/// Waits until `fd` can be written or `limit` is over; true when the connection stands.
bool connected_within(int fd, std::chrono::milliseconds limit) {
  pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
  if (poll(&wanted, 1, static_cast<int>(limit.count())) != 1) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

std::string SocketDriver::path_of(std::string_view uuid) const {
  return config_.directory + "/" + std::string(uuid) + std::string(kSuffix);
}

Result<std::vector<Machine>> SocketDriver::machines(std::chrono::milliseconds) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(config_.directory.c_str()), &closedir);
  if (!directory) return fail("console.unreachable", config_.directory + ": " + std::strerror(errno));
  std::vector<Machine> out;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name.size() != 36 + kSuffix.size() || name.substr(36) != kSuffix || !is_machine_uuid(name.substr(0, 36)))
      continue;
    out.push_back({.uuid = std::string(name.substr(0, 36)), .name = std::string(name), .state = MachineState::running});
  }
  return out;
}

Result<Machine> SocketDriver::machine(std::string_view uuid, std::chrono::milliseconds) {
  if (!is_machine_uuid(uuid)) return fail("console.no_such_machine", "not a canonical UUID");
  struct stat facts {};
  if (lstat(path_of(uuid).c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) {
    return fail("console.no_such_machine", "no socket of this machine");
  }
  return Machine{
      .uuid = std::string(uuid), .name = std::string(uuid) + std::string(kSuffix), .state = MachineState::running};
}

Result<int> SocketDriver::screen(std::string_view uuid, std::chrono::milliseconds limit) {
  const auto known = machine(uuid, limit);
  if (!known) return known.error();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = path_of(uuid);
  if (path.size() >= sizeof address.sun_path) return fail("console.unreachable", "the socket's path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail("console.unreachable", std::strerror(errno));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      !(errno == EAGAIN && connected_within(fd, limit))) {
    const int error = errno;
    close(fd);
    return fail(error == EAGAIN ? "console.timed_out" : "console.unreachable", std::strerror(error));
  }
  return fd;
}

}  // namespace sekisho::template_console_driver
