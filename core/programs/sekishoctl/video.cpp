#include "programs/sekishoctl/video.hpp"

#include "recording/player.hpp"
#include "run/link.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <vector>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace sekisho::ctl {
namespace {

using recording::Player;

std::string words_of(int number) {
  return std::generic_category().message(number);
}

// --- the picture

/// Digits of 3x5 dots, a row each from the top, for the clock.
constexpr std::array<std::array<std::uint8_t, 5>, 10> kDigits{{{7, 5, 5, 5, 7},
                                                               {2, 6, 2, 2, 7},
                                                               {7, 1, 7, 4, 7},
                                                               {7, 1, 7, 1, 7},
                                                               {5, 5, 7, 1, 1},
                                                               {7, 4, 7, 1, 7},
                                                               {7, 4, 7, 5, 7},
                                                               {7, 1, 2, 2, 2},
                                                               {7, 5, 7, 5, 7},
                                                               {7, 5, 7, 1, 7}}};
constexpr std::array<std::uint8_t, 5> kDash{0, 0, 7, 0, 0}, kColon{0, 2, 0, 2, 0}, kBlank{};
constexpr std::size_t kDot = 3, kBand = 7 * kDot + 3;  // even: encoders want even sizes

const std::array<std::uint8_t, 5>& glyph(char c) {
  if (c >= '0' && c <= '9') return kDigits[static_cast<std::size_t>(c - '0')];
  return c == '-' ? kDash : c == ':' ? kColon : kBlank;
}

constexpr std::size_t even(std::size_t n) {
  return n + n % 2;
}

/// One frame of the film: the screen at the top left, the clock below.
class Canvas {
 public:
  Canvas(std::size_t width, std::size_t height) : width_(even(width)), height_(even(height) + kBand) {
    pixels_.resize(3 * width_ * height_);
  }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t height() const { return height_; }
  [[nodiscard]] const std::vector<std::byte>& pixels() const { return pixels_; }

  void draw(const Player& player) {
    const recording::Screen& screen = player.screen();
    const std::size_t row = std::size_t{3} * screen.width();
    if (row < 3 * width_ || screen.height() + kBand < height_) std::fill(pixels_.begin(), band(), std::byte{0});
    for (std::uint16_t y = 0; y < screen.height(); ++y) {
      screen.row(y, std::span(pixels_).subspan(3 * width_ * y, row));
    }
    if (const auto& pointer = player.pointer()) draw_pointer(pointer->x, pointer->y, pointer->buttons != 0);
  }
  /// "2026-11-22T00:31:05.…" as dots, UTC.
  void draw_clock(Instant at) {
    std::fill(band(), pixels_.end(), std::byte{0});
    std::size_t x = kDot;
    for (const char c : to_rfc3339(at).substr(0, 19)) {
      for (std::size_t dot = 0; dot < 15; ++dot) {
        if ((glyph(c)[dot / 3] >> (2 - dot % 3) & 1) == 0) continue;
        fill(x + dot % 3 * kDot, height_ - kBand + kDot + dot / 3 * kDot, kDot, kDot);
      }
      x += 4 * kDot;
    }
  }

 private:
  [[nodiscard]] std::vector<std::byte>::iterator band() {
    return pixels_.end() - static_cast<std::ptrdiff_t>(3 * width_ * kBand);
  }
  void fill(std::size_t x, std::size_t y, std::size_t w, std::size_t h) {
    for (std::size_t row = y; row < std::min(y + h, height_); ++row) {
      for (std::size_t column = x; column < std::min(x + w, width_); ++column) {
        std::fill_n(pixels_.begin() + static_cast<std::ptrdiff_t>(3 * (row * width_ + column)), 3, std::byte{0xFF});
      }
    }
  }
  /// A cross that is seen on any ground: its pixels are turned to their opposite; larger while a button is down.
  void draw_pointer(std::size_t x, std::size_t y, bool pressed) {
    const std::size_t arm = pressed ? 9 : 5;
    const auto turn = [this](std::size_t at_x, std::size_t at_y) {
      if (at_x >= width_ || at_y >= height_ - kBand) return;
      for (std::size_t i = 0; i < 3; ++i) pixels_[3 * (at_y * width_ + at_x) + i] ^= std::byte{0xFF};
    };
    for (std::size_t i = 0; i <= 2 * arm; ++i) {
      if (x + i >= arm) turn(x + i - arm, y);
      if (y + i >= arm && i != arm) turn(x, y + i - arm);
    }
  }

  std::size_t width_, height_;
  std::vector<std::byte> pixels_;
};

// --- the child

class Ffmpeg {
 public:
  Ffmpeg() = default;
  Ffmpeg(const Ffmpeg&) = delete;
  Ffmpeg& operator=(const Ffmpeg&) = delete;
  ~Ffmpeg() {
    pipe_ = run::Fd();
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    static_cast<void>(wait());
  }

  Result<void> start(const VideoOptions& options, const std::string& to, std::size_t width, std::size_t height) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail("video.failed", words_of(errno));
    const run::Fd read_end(ends[0]);
    pipe_ = run::Fd(ends[1]);
    std::vector<std::string> words{options.ffmpeg,
                                   "-hide_banner",
                                   "-nostdin",
                                   "-loglevel",
                                   "error",
                                   "-n",
                                   "-f",
                                   "rawvideo",
                                   "-pixel_format",
                                   "rgb24",
                                   "-video_size",
                                   std::to_string(width) + "x" + std::to_string(height),
                                   "-framerate",
                                   std::to_string(options.frames_per_second),
                                   "-i",
                                   "pipe:0",
                                   "-an"};
    const std::vector<std::string> how =
        options.format == "mp4"
            ? std::vector<std::string>{"-c:v", "libx264", "-preset",   "veryfast",
                                       "-crf", "23",      "-movflags", "+faststart"}
            : std::vector<std::string>{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M"};
    words.insert(words.end(), how.begin(), how.end());
    // "file:": no name is taken for an address or an option.
    for (const std::string& word : {std::string("-pix_fmt"), std::string("yuv420p"), std::string("-metadata"),
                                    "title=" + options.title, std::string("-f"), options.format, "file:" + to}) {
      words.push_back(word);
    }
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, read_end.get(), 0);
    ::posix_spawn_file_actions_adddup2(&actions, 2, 1);  // our stdout holds the answer
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const mode_t before = ::umask(077);
    const int error = ::posix_spawnp(&pid_, options.ffmpeg.c_str(), &actions, &attributes, argv.data(), environ);
    ::umask(before);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
      pid_ = -1;
      return fail(error == ENOENT ? "video.no_ffmpeg" : "video.failed", options.ffmpeg + ": " + words_of(error));
    }
    return {};
  }

  Result<void> feed(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(pipe_.get(), bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return fail("video.failed", "ffmpeg takes no more: " + words_of(errno));
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return {};
  }

  Result<void> finish() {
    pipe_ = run::Fd();
    const int status = wait();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return fail("video.no_ffmpeg", "it cannot be started");
    return fail("video.failed", "ffmpeg ended with " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : -1));
  }

 private:
  int wait() {
    int status = -1;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  pid_t pid_ = -1;
  run::Fd pipe_;
};

/// SIGPIPE would end us when ffmpeg ends early.
class WithoutSigpipe {
 public:
  WithoutSigpipe() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~WithoutSigpipe() { std::signal(SIGPIPE, before_); }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  void (*before_)(int);
};

Result<VideoFacts> feed_all(Player& player, const VideoOptions& options, Canvas& canvas, Ffmpeg& ffmpeg) {
  using std::chrono::microseconds;
  VideoFacts facts;
  facts.width = static_cast<std::uint32_t>(canvas.width());
  facts.height = static_cast<std::uint32_t>(canvas.height());
  const microseconds frame(1'000'000 / options.frames_per_second), pause(options.pause);
  microseconds played(0);
  const auto begins = [&] { return frame * static_cast<std::int64_t>(facts.frames); };
  Instant last = player.contents().begin();
  canvas.draw(player);
  // Frames until `at`, with the picture as it was before.
  const auto show_until = [&](Instant at) -> Result<void> {
    const microseconds gap = std::max(microseconds(0), at - last);
    const microseconds shown = std::min(gap, pause);
    for (; begins() < played + shown; ++facts.frames) {
      const microseconds into = std::max(microseconds(0), begins() - played);
      canvas.draw_clock(last + into);
      if (auto done = ffmpeg.feed(canvas.pixels()); !done) return done;
    }
    played += shown;
    last = std::max(last, at);
    return {};
  };
  for (;;) {
    auto moment = player.step();
    if (!moment) return moment.error();
    if (*moment == nullptr) break;
    const auto* picture = std::get_if<recording::PictureChanged>(&(*moment)->what);
    if ((picture != nullptr && picture->whole) || std::holds_alternative<recording::Pointer>((*moment)->what)) {
      // What is due every 30 s, the picture with the pointer's place, is the format's, and no end of a pause.
      Canvas next = canvas;
      next.draw(player);
      if (next.pixels() == canvas.pixels()) continue;
    }
    if (auto done = show_until((*moment)->at); !done) return done.error();
    canvas.draw(player);
  }
  // The last picture too, however short it was.
  if (auto done = show_until(std::max(player.contents().end(), last + frame)); !done) return done.error();
  facts.plays = std::chrono::duration_cast<std::chrono::milliseconds>(begins());
  return facts;
}

}  // namespace

Result<VideoFacts> make_video(audit::File& recording, const VideoOptions& options) {
  auto player = Player::open(recording);
  if (!player) return player.error();
  const recording::Contents& contents = (*player)->contents();
  if (contents.chunks.empty()) return fail("recording.empty", contents.header.session);
  struct stat there {};
  if (::lstat(options.out.c_str(), &there) == 0) return fail("video.exists", options.out);
  const std::string part = options.out + ".part";
  if (::lstat(part.c_str(), &there) == 0) return fail("video.exists", part);

  const WithoutSigpipe quiet;
  Canvas canvas(contents.width(), contents.height());
  Ffmpeg ffmpeg;
  if (auto done = ffmpeg.start(options, part, canvas.width(), canvas.height()); !done) return done.error();
  auto facts = feed_all(**player, options, canvas, ffmpeg);
  Result<void> end = facts ? ffmpeg.finish() : Result<void>(facts.error());
  // link(), not rename(): it never writes over what has come meanwhile.
  if (end && ::link(part.c_str(), options.out.c_str()) != 0) {
    end = fail(errno == EEXIST ? "video.exists" : "ctl.unwritable", options.out + ": " + words_of(errno));
  }
  ::unlink(part.c_str());
  if (!end) return end.error();
  return facts;
}

}  // namespace sekisho::ctl
