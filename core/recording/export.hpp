// ExportRequest: somebody wants a recording as a video, outside of the environment (R15); the gate decides.
// Threads: pure functions. Source: issue "Desktops and consoles" part 3.
#pragma once
#include "audit/journal.hpp"

#include <string>
#include <string_view>

namespace sekisho::recording {

struct ExportRequest {
  std::string recording;  ///< its id, hex
  std::string session;
  std::string by;      ///< the person who takes it
  std::string format;  ///< "webm", "mp4"
  std::string reason;
};
/// `caller`: who asked the gate for it. `refusal`: empty, or why it is not let out.
[[nodiscard]] audit::Entry export_entry(const ExportRequest& wanted, std::string_view caller, std::string_view refusal,
                                        Instant now);

}  // namespace sekisho::recording
