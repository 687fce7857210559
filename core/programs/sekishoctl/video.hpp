// Video: a recording turned into a film that any player shows, by ffmpeg as a child that is fed through a pipe.
// The clock of the recording stands below the picture, because pauses are shortened. The pointer is drawn.
// Threads: one; blocks until the film is made. Ownership: borrows the file. The film appears at `out` only whole, with
// mode 0600; nothing that is there is written over.
// Errors: recording.malformed, recording.empty, video.exists, video.no_ffmpeg, video.failed, ctl.unwritable.
#pragma once
#include "audit/disk.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace sekisho::ctl {

struct VideoOptions {
  std::string out;
  std::string format = "webm";     ///< "webm" (VP8) or "mp4" (H.264)
  std::string ffmpeg = "ffmpeg";   ///< found in PATH
  unsigned frames_per_second = 5;  ///< 1..25
  Seconds pause{2};                ///< where nothing happens for longer, this much is shown
  std::string title;               ///< into the film's own data
};
struct VideoFacts {
  std::uint64_t frames = 0;
  std::uint32_t width = 0, height = 0;
  std::chrono::milliseconds plays{0};
};

[[nodiscard]] Result<VideoFacts> make_video(audit::File& recording, const VideoOptions& options);

}  // namespace sekisho::ctl
