#include "programs/sekishoctl/client.hpp"

#include "base/json.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sekisho::ctl {
namespace {

constexpr std::size_t kMaxAnswer = 64u << 20;

struct Socket {
  int fd = -1;
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Result<Answer> call(const std::string& socket, const std::string& method, const nlohmann::json& params) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (socket.size() >= sizeof at.sun_path) return fail("ctl.no_gate", "the socket's path is too long: " + socket);
  std::memcpy(at.sun_path, socket.data(), socket.size());
  const Socket s{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (s.fd < 0 || ::connect(s.fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return fail("ctl.no_gate", socket + ": " + std::strerror(errno));
  }
  const timeval limit{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const std::string line = nlohmann::json{{"id", 1}, {"method", method}, {"params", params}}.dump() + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = ::send(s.fd, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return fail("ctl.broken", std::strerror(errno));
    sent += static_cast<std::size_t>(n);
  }
  std::string answer;
  std::array<char, 65536> buffer{};
  while (answer.empty() || answer.back() != '\n') {
    const ssize_t n = ::recv(s.fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return fail("ctl.late", socket);
    if (n == 0 && answer.empty()) return fail("ctl.not_allowed", socket);
    if (n <= 0) return fail("ctl.broken", n == 0 ? "half an answer" : std::strerror(errno));
    answer.append(buffer.data(), static_cast<std::size_t>(n));
    if (answer.size() > kMaxAnswer) return fail("ctl.broken", "the answer is too long");
  }
  auto parsed = parse_json(answer, {.bytes = kMaxAnswer, .depth = 16});
  if (!parsed || !parsed->is_object()) return fail("ctl.broken", "the answer is no JSON object");
  Answer out;
  if (parsed->contains("error")) {
    out.error = (*parsed)["error"];
  } else {
    out.result = parsed->value("result", nlohmann::json());
  }
  return out;
}

}  // namespace sekisho::ctl
