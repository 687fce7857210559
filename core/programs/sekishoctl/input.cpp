#include "programs/sekishoctl/input.hpp"

#include "base/json.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace sekisho::ctl {
namespace {

constexpr std::size_t kMostInput = 16u << 20;
constexpr std::size_t kMostSecret = 1024;

/// All of a descriptor, at most `most` bytes and one more.
Result<std::string> read_all(int fd, const std::string& path, std::size_t most) {
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("ctl.unreadable", path + ": " + std::strerror(errno));
    if (got == 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
    if (out.size() > most) return fail("ctl.unreadable", path + ": too long");
  }
  wipe(buffer, sizeof buffer);
  return out;
}

Result<std::string> read_path(const std::string& path, std::size_t most) {
  if (path == "-") return read_all(STDIN_FILENO, "stdin", most);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail("ctl.unreadable", path + ": " + std::strerror(errno));
  auto out = read_all(fd, path, most);
  ::close(fd);
  return out;
}

/// Ends the text at its first line feed.
Result<Secret> first_line(Result<std::string> text) {
  if (!text) return text.error();
  const std::size_t end = text->find_first_of("\r\n");
  if (end != std::string::npos) {
    if (text->find_first_not_of("\r\n", end) != std::string::npos) {
      wipe(text->data(), text->size());
      return fail("ctl.empty_secret", "more than one line");
    }
    wipe(text->data() + end, text->size() - end);
    text->resize(end);
  }
  if (text->empty()) return fail("ctl.empty_secret");
  return Secret(std::move(*text));
}

/// Switches the terminal's echo off while it lives.
class Quiet {
 public:
  Quiet() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool changed_ = false;
};

Result<Secret> ask(const std::string& prompt) {
  std::fprintf(stderr, "%s: ", prompt.c_str());
  const Quiet quiet;
  std::string line;
  for (;;) {
    char c = 0;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') break;
    line += c;
    if (line.size() > kMostSecret) break;
  }
  std::fputs("\n", stderr);
  if (line.empty() || line.size() > kMostSecret) return fail("ctl.empty_secret");
  return Secret(std::move(line));
}

}  // namespace

Result<std::string> read_input(const std::string& path) {
  return read_path(path, kMostInput);
}

Result<nlohmann::json> read_json(const std::string& path) {
  auto text = read_input(path);
  if (!text) return text.error();
  return parse_json(*text, {.bytes = kMostInput, .depth = 10});
}

Result<Secret> read_secret(const std::string& path, const std::string& prompt, bool twice) {
  if (path != "-" || ::isatty(STDIN_FILENO) != 1) return first_line(read_path(path, kMostSecret));
  auto first = ask(prompt);
  if (!first || !twice) return first;
  const auto second = ask(prompt);
  if (!second) return second.error();
  if (!equal_in_constant_time(first->reveal(), second->reveal())) return fail("ctl.secrets_differ");
  return first;
}

}  // namespace sekisho::ctl
